//! `vm_memory::guest_memory`.

use crate::support::least::{Backend, Region};
use std::fmt::Debug;
use std::fs::File;
use std::io;
use std::iter::FusedIterator;
use std::marker::PhantomData;
use std::ops::{BitAnd, BitOr};
use std::rc::Rc;
use std::sync::Arc;
use vm_memory::bitmap::{BS, MS};
use vm_memory::guest_memory::{
    Error, GuestMemoryBackendSliceIterator, GuestMemorySliceIterator, Result,
};
use vm_memory::{
    FileOffset, GuestAddress, GuestAddressSpace, GuestMemory, GuestMemoryBackend,
    GuestMemoryRegion, GuestUsize, MemoryRegionAddress, Permissions, VolatileMemoryError,
    VolatileSlice,
};

/// All variants, and no more.
fn errors(error: Error) {
    let _: Result<()> = Err(match error {
        Error::InvalidGuestAddress(GuestAddress(addr)) => {
            Error::InvalidGuestAddress(GuestAddress(addr))
        }
        Error::IOError(error) => Error::IOError(io::Error::from(error.kind())),
        Error::PartialBuffer {
            expected,
            completed,
        } => Error::PartialBuffer {
            expected: usize::max(expected, 1),
            completed: usize::min(completed, 1),
        },
        Error::InvalidBackendAddress => Error::InvalidBackendAddress,
        Error::HostAddressNotAvailable => Error::HostAddressNotAvailable,
        Error::CallbackOutOfRange => Error::CallbackOutOfRange,
        Error::GuestAddressOverflow => Error::GuestAddressOverflow,
        #[cfg(feature = "iommu")]
        Error::IommuError(error) => Error::IommuError(crate::iommu::errors(error)),
    });
}

fn space<S: GuestAddressSpace>() {
    implements! { S: Clone; S::T: Clone; S::M: GuestMemory; }
    signatures! {
        S::memory => fn(&S) -> S::T;
        <S::T as std::ops::Deref>::deref => fn(&S::T) -> &S::M;
    }
}

/// Handles of every sized memory.
fn handles<M: GuestMemory + 'static>() {
    space::<&'static M>();
    space::<Rc<M>>();
    space::<Arc<M>>();
    signatures! {
        |space| space.memory() => for<'a> fn(&'a &'static M) -> &'static M;
        Rc::memory => fn(&Rc<M>) -> Rc<M>;
        Arc::memory => fn(&Arc<M>) -> Arc<M>;
    }
}

struct LeastSpace(Arc<Backend>);

impl Clone for LeastSpace {
    fn clone(&self) -> Self {
        LeastSpace(self.0.clone())
    }
}

impl GuestAddressSpace for LeastSpace {
    type M = Backend;
    type T = Arc<Backend>;

    fn memory(&self) -> Arc<Backend> {
        self.0.clone()
    }
}

fn backend<M: GuestMemoryBackend>(memory: &M) {
    implements! { M::R: GuestMemoryRegion; M: GuestMemory; }
    type Slices<'a, M> = GuestMemoryBackendSliceIterator<'a, M>;
    type Slice<'a, M> = VolatileSlice<'a, MS<'a, M>>;
    signatures! {
        M::num_regions => fn(&M) -> usize;
        M::find_region => fn(&M, GuestAddress) -> Option<&M::R>;
        M::last_addr => fn(&M) -> GuestAddress;
        M::to_region_addr => fn(&M, GuestAddress) -> Option<(&M::R, MemoryRegionAddress)>;
        M::address_in_range => fn(&M, GuestAddress) -> bool;
        M::check_address => fn(&M, GuestAddress) -> Option<GuestAddress>;
        <M as GuestMemoryBackend>::check_range => fn(&M, GuestAddress, usize) -> bool;
        M::checked_offset => fn(&M, GuestAddress, usize) -> Option<GuestAddress>;
        M::get_host_address => fn(&M, GuestAddress) -> Result<*mut u8>;
        M::get_slice => fn(&M, GuestAddress, usize) -> Result<Slice<'_, M>>;
        <M as GuestMemoryBackend>::get_slices => fn(&M, GuestAddress, usize) -> Slices<'_, M>;
    }
    let _: Option<&M::R> = memory.iter().next();
    #[expect(deprecated, reason = "it is still part of the list")]
    let _: Result<usize> = memory.try_access(0, GuestAddress(0), callback::<M::R>);

    fn callback<R>(_done: usize, len: usize, _at: MemoryRegionAddress, _: &R) -> Result<usize> {
        Ok(len)
    }
}

/// A backend, sized or not, is a memory that is its own physical memory.
fn blanket<M: GuestMemoryBackend + ?Sized>() {
    signatures! {
        GuestMemory::physical_memory => fn(&M) -> Option<&M>;
        |slice| slice => fn(BS<'static, <M as GuestMemory>::Bitmap>) -> MS<'static, M>;
    }
}

fn backend_slices<'a, M: GuestMemoryBackend + Debug>(
    slices: GuestMemoryBackendSliceIterator<'a, M>,
) {
    type Slices<'a, M> = GuestMemoryBackendSliceIterator<'a, M>;
    implements! { Slices<'a, M>: Debug; }
    let _ = slice_iterator::<MS<'a, M>, Slices<'a, M>>;
    let slices: Result<_> = slices.stop_on_error();
    let _: Option<VolatileSlice<'a, MS<'a, M>>> = slices.ok().and_then(|mut slices| slices.next());
}

fn slice_iterator<'a, B, I>(slices: I)
where
    B: vm_memory::bitmap::BitmapSlice,
    I: GuestMemorySliceIterator<'a, B>,
{
    implements! { I: FusedIterator; }
    signatures! { I::next => fn(&mut I) -> Option<Result<VolatileSlice<'a, B>>>; }
    let slices: Result<_> = slices.stop_on_error();
    let _: Option<VolatileSlice<'a, B>> = slices.ok().and_then(|mut slices| slices.next());
}

struct LeastSlices<'a>(PhantomData<&'a ()>);

impl<'a> Iterator for LeastSlices<'a> {
    type Item = Result<VolatileSlice<'a>>;

    fn next(&mut self) -> Option<Self::Item> {
        None
    }
}

impl FusedIterator for LeastSlices<'_> {}

impl<'a> GuestMemorySliceIterator<'a, ()> for LeastSlices<'a> {}

struct Least;

impl GuestMemory for Least {
    type PhysicalMemory = Backend;
    type Bitmap = ();

    fn check_range(&self, _addr: GuestAddress, _count: usize, _access: Permissions) -> bool {
        false
    }

    fn get_slices<'a>(
        &'a self,
        _addr: GuestAddress,
        _count: usize,
        _access: Permissions,
    ) -> Result<impl GuestMemorySliceIterator<'a, BS<'a, ()>>> {
        Ok(LeastSlices(PhantomData))
    }
}

fn memory<M: GuestMemory>(memory: &M) {
    signatures! {
        M::check_range => fn(&M, GuestAddress, usize, Permissions) -> bool;
        M::physical_memory => fn(&M) -> Option<&M::PhysicalMemory>;
    }
    if let Ok(slices) = memory.get_slices(GuestAddress(0), 0, Permissions::Read) {
        slice_iterator::<BS<'_, M::Bitmap>, _>(slices);
    }
}

#[test]
fn the_list_is_complete() {
    let _: GuestUsize = u64::MAX;
    implements! { Error: std::error::Error, Send, Sync, From<VolatileMemoryError>; }
    errors(Error::InvalidBackendAddress);

    implements! {
        FileOffset: Clone, Debug, Send, Sync;
        Permissions: Copy, Debug, Eq, BitAnd<Output = T>, BitOr<Output = T>, Send, Sync;
    }
    signatures! {
        FileOffset::new => fn(File, u64) -> FileOffset;
        FileOffset::from_arc => fn(Arc<File>, u64) -> FileOffset;
        FileOffset::file => fn(&FileOffset) -> &File;
        FileOffset::arc => fn(&FileOffset) -> &Arc<File>;
        FileOffset::start => fn(&FileOffset) -> u64;
        Permissions::allow => fn(&Permissions, Permissions) -> bool;
        Permissions::has_write => fn(&Permissions) -> bool;
    }
    let all = [
        Permissions::No,
        Permissions::Read,
        Permissions::Write,
        Permissions::ReadWrite,
    ];
    assert_eq!(
        (all.map(|one| one as u8), size_of::<Permissions>()),
        ([0, 1, 2, 3], 1)
    );

    space::<LeastSpace>();
    handles::<Least>();
    let none = Backend::<Region>::default();
    backend(&none);
    blanket::<Backend>();
    backend_slices(GuestMemoryBackend::get_slices(&none, GuestAddress(0), 0));
    memory(&Least);
    memory(&none);
}
