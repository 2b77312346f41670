//! `vm_memory::bytes`.

use crate::support::least::Region;
use std::io;
use std::sync::atomic::{AtomicU16, Ordering};
use vm_memory::bitmap::BitmapSlice;
use vm_memory::{
    AtomicAccess, AtomicInteger, ByteValued, Bytes, GuestAddress, GuestMemory, GuestMemoryError,
    GuestMemoryRegionBytes, MemoryRegionAddress, VolatileMemoryError, VolatileSlice,
};

#[derive(Clone, Copy)]
#[repr(transparent)]
struct Least(u16);

// SAFETY: transparent over an integer.
unsafe impl ByteValued for Least {}

impl From<u16> for Least {
    fn from(value: u16) -> Self {
        Least(value)
    }
}

impl From<Least> for u16 {
    fn from(value: Least) -> Self {
        value.0
    }
}

impl AtomicAccess for Least {
    type A = AtomicU16;
}

fn value<V: ByteValued>() {
    implements! { V: Copy, Send, Sync; }
    signatures! {
        V::from_slice => fn(&[u8]) -> Option<&V>;
        V::from_mut_slice => fn(&mut [u8]) -> Option<&mut V>;
        V::as_slice => fn(&V) -> &[u8];
        V::as_mut_slice => fn(&mut V) -> &mut [u8];
        V::as_bytes => fn(&mut V) -> VolatileSlice<'_>;
        V::zeroed => fn() -> V;
        V::write_all_to => fn(&V, io::Sink) -> io::Result<()>;
        V::read_exact_from => fn(io::Empty) -> io::Result<V>;
    }
}

fn atomic<V: AtomicAccess>() {
    value::<V>();
    signatures! {
        V::from => fn(<V::A as AtomicInteger>::V) -> V;
        V::into => fn(V) -> <V::A as AtomicInteger>::V;
    }
}

fn list<A, M: Bytes<A> + ?Sized>() {
    signatures! {
        M::write => fn(&M, &[u8], A) -> Result<usize, M::E>;
        M::read => fn(&M, &mut [u8], A) -> Result<usize, M::E>;
        M::write_slice => fn(&M, &[u8], A) -> Result<(), M::E>;
        M::read_slice => fn(&M, &mut [u8], A) -> Result<(), M::E>;
        M::write_obj => fn(&M, Least, A) -> Result<(), M::E>;
        M::read_obj => fn(&M, A) -> Result<Least, M::E>;
        M::read_volatile_from => fn(&M, A, &mut &'static [u8], usize) -> Result<usize, M::E>;
        M::read_exact_volatile_from => fn(&M, A, &mut &'static [u8], usize) -> Result<(), M::E>;
        M::write_volatile_to => fn(&M, A, &mut Vec<u8>, usize) -> Result<usize, M::E>;
        M::write_all_volatile_to => fn(&M, A, &mut Vec<u8>, usize) -> Result<(), M::E>;
        M::store => fn(&M, Least, A, Ordering) -> Result<(), M::E>;
        M::load => fn(&M, A, Ordering) -> Result<Least, M::E>;
    }
}

fn of_every_memory<M: GuestMemory + ?Sized>() {
    implements! { M: Bytes<GuestAddress, E = GuestMemoryError>; }
}

fn of_every_region<R: GuestMemoryRegionBytes>() {
    implements! { R: Bytes<MemoryRegionAddress, E = GuestMemoryError>; }
}

fn of_every_slice<B: BitmapSlice>() {
    implements! { VolatileSlice<'static, B>: Bytes<usize, E = VolatileMemoryError>; }
}

macro_rules! values {
    ($($int:ident)*) => {$(
        value::<$int>();
        arrays! { $int 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31 32 }
    )*};
}

macro_rules! arrays {
    ($int:ident $($length:literal)*) => { $( value::<[$int; $length]>(); )* };
}

#[test]
fn the_list_is_complete() {
    values! { u8 u16 u32 u64 u128 usize i8 i16 i32 i64 i128 isize }
    value::<Least>();
    atomic::<Least>();
    atomic::<i8>();
    atomic::<u8>();
    atomic::<i16>();
    atomic::<u16>();
    atomic::<i32>();
    atomic::<u32>();
    atomic::<isize>();
    atomic::<usize>();
    #[cfg(target_has_atomic = "64")]
    {
        atomic::<i64>();
        atomic::<u64>();
    }
    list::<MemoryRegionAddress, Region>();
    list::<usize, VolatileSlice<'static>>();
    of_every_memory::<crate::support::least::Backend>();
    of_every_slice::<()>();
    let _ = of_every_region::<crate::region::Marked>;
}
