//! `vm_memory::volatile_memory`.

use std::fmt::Debug;
use std::io;
use std::sync::atomic::AtomicU16;
use vm_memory::bitmap::{BS, Bitmap, BitmapSlice};
use vm_memory::volatile_memory::{Error, PtrGuard, PtrGuardMut, Result, compute_offset};
use vm_memory::{
    AtomicInteger, ByteValued, VolatileArrayRef, VolatileMemory, VolatileRef, VolatileSlice,
};

/// All variants, and no more.
fn errors(error: Error) {
    let _: Result<()> = Err(match error {
        Error::OutOfBounds { addr } => Error::OutOfBounds {
            addr: usize::max(addr, 1),
        },
        Error::Overflow { base, offset } => Error::Overflow {
            base: usize::max(base, 1),
            offset: usize::max(offset, 1),
        },
        Error::TooBig { nelements, size } => Error::TooBig {
            nelements: usize::max(nelements, 1),
            size: usize::max(size, 1),
        },
        Error::Misaligned { addr, alignment } => Error::Misaligned {
            addr: usize::max(addr, 1),
            alignment: usize::max(alignment, 1),
        },
        Error::IOError(error) => Error::IOError(io::Error::from(error.kind())),
        Error::PartialBuffer {
            expected,
            completed,
        } => Error::PartialBuffer {
            expected: usize::max(expected, 1),
            completed: usize::min(completed, 1),
        },
    });
}

struct Least;

impl VolatileMemory for Least {
    type B = ();

    fn len(&self) -> usize {
        0
    }

    fn get_slice(&self, _offset: usize, _count: usize) -> Result<VolatileSlice<'_>> {
        Err(Error::OutOfBounds { addr: 0 })
    }
}

type Of<'a, M> = BS<'a, <M as VolatileMemory>::B>;

fn memory<M: VolatileMemory, V: ByteValued, A: AtomicInteger>() {
    implements! { M::B: Bitmap; }
    signatures! {
        M::len => fn(&M) -> usize;
        M::is_empty => fn(&M) -> bool;
        M::get_slice => fn(&M, usize, usize) -> Result<VolatileSlice<'_, Of<'_, M>>>;
        M::as_volatile_slice => fn(&M) -> VolatileSlice<'_, Of<'_, M>>;
        M::get_ref => fn(&M, usize) -> Result<VolatileRef<'_, V, Of<'_, M>>>;
        M::get_array_ref => fn(&M, usize, usize) -> Result<VolatileArrayRef<'_, V, Of<'_, M>>>;
        M::aligned_as_ref => unsafe fn(&M, usize) -> Result<&V>;
        M::aligned_as_mut => unsafe fn(&M, usize) -> Result<&mut V>;
        M::get_atomic_ref => fn(&M, usize) -> Result<&A>;
        M::compute_end_offset => fn(&M, usize, usize) -> Result<usize>;
    }
}

fn guards() {
    implements! { PtrGuard: Debug; PtrGuardMut: Debug; }
    lacks! { Send: PtrGuard, PtrGuardMut; }
    lacks! { Sync: PtrGuard, PtrGuardMut; }
    signatures! {
        PtrGuard::as_ptr => fn(&PtrGuard) -> *const u8;
        PtrGuard::len => fn(&PtrGuard) -> usize;
        PtrGuardMut::as_ptr => fn(&PtrGuardMut) -> *mut u8;
        PtrGuardMut::len => fn(&PtrGuardMut) -> usize;
    }
}

fn slice<'a, B: BitmapSlice + Copy, S: BitmapSlice, V: ByteValued>() {
    type Slice<'a, B> = VolatileSlice<'a, B>;
    implements! { Slice<'a, B>: Copy, Debug; Slice<'a, S>: Clone, VolatileMemory; }
    signatures! {
        |slice| Slice::from(slice) => fn(&'a mut [u8]) -> Slice<'a, ()>;
        |bitmap| bitmap => fn(<Slice<'a, B> as VolatileMemory>::B) -> B;
        Slice::ptr_guard => fn(&Slice<'a, B>) -> PtrGuard;
        Slice::ptr_guard_mut => fn(&Slice<'a, B>) -> PtrGuardMut;
        Slice::len => fn(&Slice<'a, B>) -> usize;
        Slice::is_empty => fn(&Slice<'a, B>) -> bool;
        Slice::bitmap => for<'b> fn(&'b Slice<'a, B>) -> &'b B;
        Slice::split_at => fn(&Slice<'a, B>, usize) -> Result<(Slice<'a, B>, Slice<'a, B>)>;
        Slice::subslice => fn(&Slice<'a, B>, usize, usize) -> Result<Slice<'a, B>>;
        Slice::offset => fn(&Slice<'a, B>, usize) -> Result<Slice<'a, B>>;
        Slice::copy_to => fn(&Slice<'a, B>, &mut [V]) -> usize;
        Slice::copy_from => fn(&Slice<'a, B>, &[V]);
        Slice::copy_to_volatile_slice => fn(&Slice<'a, B>, Slice<'_, S>);
    }
}

fn reference<'a, V: ByteValued + Debug + 'a, B: BitmapSlice + Copy>() {
    type Ref<'a, V, B> = VolatileRef<'a, V, B>;
    implements! { Ref<'a, V, B>: Copy, Debug; }
    signatures! {
        Ref::ptr_guard => fn(&Ref<'a, V, B>) -> PtrGuard;
        Ref::ptr_guard_mut => fn(&Ref<'a, V, B>) -> PtrGuardMut;
        Ref::len => fn(&Ref<'a, V, B>) -> usize;
        Ref::bitmap => for<'b> fn(&'b Ref<'a, V, B>) -> &'b B;
        Ref::store => fn(&Ref<'a, V, B>, V);
        Ref::load => fn(&Ref<'a, V, B>) -> V;
        Ref::to_slice => fn(&Ref<'a, V, B>) -> VolatileSlice<'a, B>;
    }
}

fn array<'a, V: ByteValued + Debug + 'a, B: BitmapSlice + Copy, S: BitmapSlice>() {
    type Array<'a, V, B> = VolatileArrayRef<'a, V, B>;
    implements! { Array<'a, V, B>: Copy, Debug; }
    signatures! {
        Array::from => fn(VolatileSlice<'a, B>) -> Array<'a, u8, B>;
        Array::is_empty => fn(&Array<'a, V, B>) -> bool;
        Array::len => fn(&Array<'a, V, B>) -> usize;
        Array::element_size => fn(&Array<'a, V, B>) -> usize;
        Array::ptr_guard => fn(&Array<'a, V, B>) -> PtrGuard;
        Array::ptr_guard_mut => fn(&Array<'a, V, B>) -> PtrGuardMut;
        Array::bitmap => for<'b> fn(&'b Array<'a, V, B>) -> &'b B;
        Array::to_slice => fn(&Array<'a, V, B>) -> VolatileSlice<'a, B>;
        Array::ref_at => fn(&Array<'a, V, B>, usize) -> VolatileRef<'a, V, B>;
        Array::load => fn(&Array<'a, V, B>, usize) -> V;
        Array::store => fn(&Array<'a, V, B>, usize, V);
        Array::copy_to => fn(&Array<'a, V, B>, &mut [V]) -> usize;
        Array::copy_to_volatile_slice => fn(&Array<'a, V, B>, VolatileSlice<'_, S>);
        Array::copy_from => fn(&Array<'a, V, B>, &[V]);
    }
}

/// `with_bitmap` takes a last argument whose type has no name: `None`.
#[test]
fn what_trusts_its_caller_is_unsafe() {
    let mut backing = [0u16; 2];
    let start = backing.as_mut_ptr().cast::<u8>();
    // SAFETY: four bytes that no other code uses, and the references are used one after the other.
    unsafe {
        let slice: VolatileSlice<'_, ()> = VolatileSlice::new(start, 4);
        let same: VolatileSlice<'_, Option<()>> = VolatileSlice::with_bitmap(start, 4, None, None);
        assert_eq!(slice.len(), same.len());
        let value: VolatileRef<'_, u16, ()> = VolatileRef::new(start);
        let same: VolatileRef<'_, u16, Option<()>> = VolatileRef::with_bitmap(start, None, None);
        assert_eq!(value.len(), same.len());
        let values: VolatileArrayRef<'_, u16, ()> = VolatileArrayRef::new(start, 2);
        let same: VolatileArrayRef<'_, u16, Option<()>> =
            VolatileArrayRef::with_bitmap(start, 2, None, None);
        assert_eq!(values.len(), same.len());
    }
    // SAFETY: as above.
    assert_eq!(unsafe { VolatileSlice::new(start, 4) }.len(), 4);
    let memory = VolatileSlice::from(ByteValued::as_mut_slice(&mut backing));
    // SAFETY: the backing is not written meanwhile.
    assert_eq!(*unsafe { memory.aligned_as_ref::<u16>(2) }.unwrap(), 0);
    // SAFETY: the backing is not used meanwhile.
    *unsafe { memory.aligned_as_mut::<u16>(2) }.unwrap() = 5;
    assert_eq!(backing, [0, 5]);
}

#[test]
fn the_list_is_complete() {
    implements! { Error: std::error::Error, Send, Sync; }
    errors(Error::OutOfBounds { addr: 1 });
    signatures! { compute_offset => fn(usize, usize) -> Result<usize>; }
    memory::<Least, u16, AtomicU16>();
    guards();
    slice::<(), (), u16>();
    reference::<u16, ()>();
    array::<u16, (), ()>();
    lacks! { Send: VolatileSlice<'static>, VolatileRef<'static, u8>, VolatileArrayRef<'static, u8>; }
    lacks! { Sync: VolatileSlice<'static>, VolatileRef<'static, u8>, VolatileArrayRef<'static, u8>; }
}
