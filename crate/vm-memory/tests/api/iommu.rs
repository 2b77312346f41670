//! `vm_memory::iommu`.

use crate::support::least::Backend;
use std::fmt::Debug;
use std::iter::FusedIterator;
use std::ops::{Deref, Range};
use std::sync::Arc;
use vm_memory::bitmap::MS;
use vm_memory::guest_memory::GuestMemorySliceIterator;
use vm_memory::iommu::{
    Error, Iommu, IommuMemory, IommuMemorySliceIterator, Iotlb, IotlbFails, IotlbIterator,
    IovaRange, MappedRange,
};
use vm_memory::{GuestAddress, GuestMemory, GuestMemoryBackend, Permissions};

/// All variants, and no more.
pub fn errors(error: Error) -> Error {
    match error {
        Error::CannotResolve { iova_range, reason } => Error::CannotResolve {
            iova_range: IovaRange::clone(&iova_range),
            reason: String::clone(&reason),
        },
        Error::Fragmented {
            iova_range,
            continuous_length,
        } => Error::Fragmented {
            iova_range: IovaRange::clone(&iova_range),
            continuous_length: usize::max(continuous_length, 1),
        },
        Error::IommuMisconfigured { reason } => Error::IommuMisconfigured {
            reason: String::clone(&reason),
        },
    }
}

#[derive(Debug, Default)]
struct Least;

impl Iommu for Least {
    type IotlbGuard<'a> = &'a Iotlb;

    fn translate(
        &self,
        _iova: GuestAddress,
        _length: usize,
        _access: Permissions,
    ) -> Result<IotlbIterator<&Iotlb>, Error> {
        Err(errors(Error::IommuMisconfigured {
            reason: String::new(),
        }))
    }
}

fn iommu<I: Iommu>() {
    implements! { I: Debug, Send, Sync; }
    type Mapped<'a, I> = IotlbIterator<<I as Iommu>::IotlbGuard<'a>>;
    signatures! {
        I::translate => fn(&I, GuestAddress, usize, Permissions) -> Result<Mapped<'_, I>, Error>;
        |guard| &**guard => for<'a, 'b> fn(&'a I::IotlbGuard<'b>) -> &'a Iotlb;
    }
}

fn iotlb<D: Deref<Target = Iotlb>>() {
    signatures! {
        Iotlb::new => fn() -> Iotlb;
        Iotlb::set_mapping => fn(&mut Iotlb, GuestAddress, GuestAddress, usize, Permissions) -> Result<(), Error>;
        Iotlb::invalidate_mapping => fn(&mut Iotlb, GuestAddress, usize);
        Iotlb::invalidate_all => fn(&mut Iotlb);
        Iotlb::lookup => fn(D, GuestAddress, usize, Permissions) -> Result<IotlbIterator<D>, IotlbFails>;
    }
    implements! { IotlbIterator<D>: Iterator<Item = MappedRange>; }
}

fn memory<M: GuestMemoryBackend, I: Iommu>() {
    type Memory<M, I> = IommuMemory<M, I>;
    type Bitmap<M, I> = <Memory<M, I> as GuestMemory>::Bitmap;
    signatures! {
        Memory::new => fn(M, I, bool, Bitmap<M, I>) -> Memory<M, I>;
        Memory::with_replaced_backend => fn(&Memory<M, I>, M) -> Memory<M, I>;
        Memory::bitmap => fn(&Memory<M, I>) -> &Arc<Bitmap<M, I>>;
        Memory::set_iommu_enabled => fn(&mut Memory<M, I>, bool);
        Memory::get_iommu_enabled => fn(&Memory<M, I>) -> bool;
        Memory::iommu => fn(&Memory<M, I>) -> &Arc<I>;
        Memory::get_backend => fn(&Memory<M, I>) -> &M;
        Memory::physical_memory => fn(&Memory<M, I>) -> Option<&M>;
        |bitmap| bitmap => fn(Bitmap<M, I>) -> <M as GuestMemory>::Bitmap;
    }
}

fn slices<'a, M: GuestMemoryBackend + 'a, I: Iommu + 'a>() {
    type Slices<'a, M, I> = IommuMemorySliceIterator<'a, M, I>;
    implements! { Slices<'a, M, I>: Iterator, FusedIterator; }
    fn slice_iterator<
        'a,
        M: GuestMemoryBackend + 'a,
        S: GuestMemorySliceIterator<'a, MS<'a, M>>,
    >() {
    }
    slice_iterator::<M, Slices<'a, M, I>>();
}

#[test]
fn the_list_is_complete() {
    implements! {
        Error: std::error::Error, Send, Sync;
        Iotlb: Debug, Default, Send, Sync;
        IotlbIterator<&'static Iotlb>: Clone, Debug, Send, Sync;
        IovaRange: Clone, Debug, Eq, TryFrom<Range<u64>>, Send, Sync;
        MappedRange: Clone, Debug, Eq, Send, Sync;
        IotlbFails: Clone, Debug, Send, Sync;
        IommuMemory<Backend, Least>: Clone, Debug, Default, Send, Sync;
        IommuMemorySliceIterator<'static, Backend, Least>: Debug;
    }
    let range = IovaRange {
        base: GuestAddress(0),
        length: 1usize,
    };
    let _ = IotlbFails {
        misses: vec![range.clone()],
        access_fails: vec![range],
    };
    let _ = MappedRange {
        base: GuestAddress(0),
        length: 1usize,
    };
    iommu::<Least>();
    iotlb::<&'static Iotlb>();
    memory::<Backend, Least>();
    slices::<Backend, Least>();
}
