//! The values that guest memory can hold ([`ByteValued`], [`AtomicAccess`]), and the interface to read and write them:
//! [`Bytes`].

use crate::model::atomic_integer::AtomicInteger;
use crate::model::io::{ReadVolatile, WriteVolatile};
use crate::model::volatile_memory::VolatileSlice;
use std::io::{self, Read, Write};
use std::mem::MaybeUninit;
use std::ptr;
use std::slice;
use std::sync::atomic::Ordering;

/// A plain value that is nothing but its bytes, in the host's byte order.
///
/// ```
/// use guest_memory::ByteValued;
/// #[repr(C)]
/// #[derive(Clone, Copy)]
/// struct Descriptor {
///     address: u64,
///     length: u32,
///     flags: u16,
///     next: u16,
/// }
/// // SAFETY: integers only, and no padding between or after them.
/// unsafe impl ByteValued for Descriptor {}
/// assert_eq!(Descriptor::zeroed().as_slice(), [0; 16]);
/// ```
///
/// # Safety
/// - Every pattern of `size_of::<Self>()` bytes is a valid value: no references, no `bool`, no `enum`.
/// - No byte is padding.
/// - Nothing in it allows change through a shared reference.
pub unsafe trait ByteValued: Copy + Send + Sync {
    /// The value that `data` is, or `None` if its length differs from the type's size or it is not aligned for the
    /// type.
    fn from_slice(data: &[u8]) -> Option<&Self> {
        if data.len() != size_of::<Self>()
            || !data.as_ptr().addr().is_multiple_of(align_of::<Self>())
        {
            return None;
        }
        // SAFETY: only a cast reinterprets bytes in place. Size and alignment were checked, any bytes are a `Self`,
        // and the lifetime is the same as `data`'s.
        Some(unsafe { &*data.as_ptr().cast::<Self>() })
    }

    /// [`from_slice`](ByteValued::from_slice) for changing the value in place.
    fn from_mut_slice(data: &mut [u8]) -> Option<&mut Self> {
        if data.len() != size_of::<Self>()
            || !data.as_ptr().addr().is_multiple_of(align_of::<Self>())
        {
            return None;
        }
        // SAFETY: as in `from_slice`; and any `Self` is valid bytes, so `data` stays valid after any write.
        Some(unsafe { &mut *data.as_mut_ptr().cast::<Self>() })
    }

    /// The value's bytes.
    #[inline]
    fn as_slice(&self) -> &[u8] {
        // SAFETY: only a cast shows a value as bytes. They are all initialised, as there is no padding.
        unsafe { slice::from_raw_parts(ptr::from_ref(self).cast(), size_of::<Self>()) }
    }

    /// The value's bytes, to be changed: any bytes are a value.
    #[inline]
    fn as_mut_slice(&mut self) -> &mut [u8] {
        // SAFETY: as in `as_slice`; and any bytes are a valid `Self`.
        unsafe { slice::from_raw_parts_mut(ptr::from_mut(self).cast(), size_of::<Self>()) }
    }

    /// The value's bytes as volatile memory.
    fn as_bytes(&mut self) -> VolatileSlice<'_> {
        VolatileSlice::from(self.as_mut_slice())
    }

    /// The value whose bytes are all 0.
    #[inline]
    fn zeroed() -> Self {
        // SAFETY: safe code has no generic zero. Any bytes are a valid `Self`, zeros too.
        unsafe { MaybeUninit::zeroed().assume_init() }
    }

    /// Writes the value's bytes to `dst`.
    ///
    /// # Errors
    /// The error that `dst` returns.
    fn write_all_to<W: Write>(&self, mut dst: W) -> io::Result<()> {
        dst.write_all(self.as_slice())
    }

    /// Reads a value from `src`.
    ///
    /// # Errors
    /// The error that `src` returns; `UnexpectedEof` if it ends too early.
    fn read_exact_from<R: Read>(mut src: R) -> io::Result<Self> {
        let mut value = Self::zeroed();
        src.read_exact(value.as_mut_slice())?;
        Ok(value)
    }
}

macro_rules! impl_byte_valued {
    ($($T:ty)*) => {$(
        // SAFETY: an integer has neither padding nor invalid bit patterns.
        unsafe impl ByteValued for $T {}
    )*};
}

impl_byte_valued!(u8 u16 u32 u64 u128 usize i8 i16 i32 i64 i128 isize);

// SAFETY: an array has no padding of its own, and any bytes are an array of any-bytes elements.
unsafe impl<T: ByteValued, const N: usize> ByteValued for [T; N] {}

/// An integer that can be read and written in one indivisible access.
///
/// ```
/// use guest_memory::{AddressSpace, AtomicAccess, Bytes, GuestAddress, GuestMemory};
/// use std::sync::atomic::Ordering;
/// /// Gives an index to the driver, after all earlier writes.
/// fn publish<T: AtomicAccess>(memory: &impl GuestMemory, index: T) {
///     memory.store(index, GuestAddress(2), Ordering::Release).unwrap();
/// }
/// let space = AddressSpace::from_ranges(&[(GuestAddress(0), 0x1000)])?;
/// publish(&*space.view(), 5u16);
/// assert_eq!(space.read_obj::<u16>(GuestAddress(2))?, 5);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub trait AtomicAccess:
    ByteValued
    // The integer and the atomic's value are the same type. The conversions tell the compiler so.
    + From<<<Self as AtomicAccess>::A as AtomicInteger>::V>
    + Into<<<Self as AtomicAccess>::A as AtomicInteger>::V>
{
    /// The atomic integer of the same width.
    type A: AtomicInteger;
}

macro_rules! impl_atomic_access {
    ($($T:ident $Atomic:ident),* $(,)?) => {$(
        impl AtomicAccess for $T {
            type A = std::sync::atomic::$Atomic;
        }
    )*};
}

impl_atomic_access! {
    i8 AtomicI8, u8 AtomicU8, i16 AtomicI16, u16 AtomicU16, i32 AtomicI32, u32 AtomicU32, isize AtomicIsize, usize AtomicUsize,
}
#[cfg(target_has_atomic = "64")]
impl_atomic_access! { i64 AtomicI64, u64 AtomicU64 }

/// Bytes that are read and written by copying, at addresses of the type `A`.
///
/// ```
/// use guest_memory::{Bytes, VolatileSlice};
/// let mut backing = [0u8; 4];
/// let memory = VolatileSlice::from(&mut backing[..]);
/// assert_eq!(memory.write(&[1, 2, 3], 2).unwrap(), 2); // partial: two bytes are left
/// assert!(memory.write_slice(&[4, 5, 6], 2).is_err()); // the whole, or nothing
/// assert_eq!(memory.read_obj::<u16>(2).unwrap().to_ne_bytes(), [1, 2]);
/// ```
pub trait Bytes<A> {
    /// The error of each access.
    type E;

    /// Writes as much of `buf` as fits at `addr`, and gives the number of bytes written. An empty `buf` gives 0
    /// anywhere.
    ///
    /// # Errors
    /// If not even one byte can be written.
    fn write(&self, buf: &[u8], addr: A) -> Result<usize, Self::E>;

    /// Reads as much as there is at `addr` into `buf`, and gives the number of bytes read. The rest of `buf` is
    /// untouched. An empty `buf` gives 0 anywhere.
    ///
    /// # Errors
    /// If not even one byte can be read.
    fn read(&self, buf: &mut [u8], addr: A) -> Result<usize, Self::E>;

    /// Writes the whole of `buf` at `addr`.
    ///
    /// # Errors
    /// If not all of it fits. The implementations in this crate check before they write, and write nothing then; in
    /// vm-memory the part that fits is written.
    fn write_slice(&self, buf: &[u8], addr: A) -> Result<(), Self::E>;

    /// Fills the whole of `buf` from `addr`.
    ///
    /// # Errors
    /// If fewer bytes are there. The implementations in this crate check before they read, and leave `buf` as it was
    /// then; in vm-memory the part that is there is read.
    fn read_slice(&self, buf: &mut [u8], addr: A) -> Result<(), Self::E>;

    /// Writes a value at `addr`, in the host's byte order. `addr` need not be aligned.
    ///
    /// # Errors
    /// As [`write_slice`](Bytes::write_slice).
    #[inline]
    fn write_obj<T: ByteValued>(&self, val: T, addr: A) -> Result<(), Self::E> {
        self.write_slice(val.as_slice(), addr)
    }

    /// Reads a value at `addr`, in the host's byte order. `addr` need not be aligned.
    ///
    /// # Errors
    /// As [`read_slice`](Bytes::read_slice).
    #[inline]
    fn read_obj<T: ByteValued>(&self, addr: A) -> Result<T, Self::E> {
        let mut value = T::zeroed();
        self.read_slice(value.as_mut_slice(), addr).map(|()| value)
    }

    /// Fills up to `count` bytes at `addr` from the stream, and gives the number of bytes read: fewer where the memory
    /// or the stream ends, or the stream has no more just now. Interrupted reads are tried again.
    ///
    /// # Errors
    /// If `count` is not 0 and `addr` is not in the memory; else the stream's error.
    fn read_volatile_from<F: ReadVolatile>(
        &self,
        addr: A,
        src: &mut F,
        count: usize,
    ) -> Result<usize, Self::E>;

    /// Fills exactly `count` bytes at `addr` from the stream.
    ///
    /// # Errors
    /// If not all of the range is in the memory: the implementations in this crate then read nothing. Else the
    /// stream's error. If the stream ends too early, `UnexpectedEof` for a slice or a region, and `PartialBuffer` for
    /// a whole memory, as in vm-memory; the bytes that it gave are in the memory.
    fn read_exact_volatile_from<F: ReadVolatile>(
        &self,
        addr: A,
        src: &mut F,
        count: usize,
    ) -> Result<(), Self::E>;

    /// Writes up to `count` bytes from `addr` to the stream, and gives the number of bytes written: fewer where the
    /// memory ends. Interrupted writes are tried again.
    ///
    /// # Errors
    /// If `count` is not 0 and `addr` is not in the memory; else the stream's error.
    fn write_volatile_to<F: WriteVolatile>(
        &self,
        addr: A,
        dst: &mut F,
        count: usize,
    ) -> Result<usize, Self::E>;

    /// Writes exactly `count` bytes from `addr` to the stream.
    ///
    /// # Errors
    /// If not all of the range is in the memory: the implementations in this crate then write nothing. Else the
    /// stream's error; `WriteZero` if the stream takes no more.
    fn write_all_volatile_to<F: WriteVolatile>(
        &self,
        addr: A,
        dst: &mut F,
        count: usize,
    ) -> Result<(), Self::E>;

    /// Writes an integer in one indivisible access.
    ///
    /// # Errors
    /// If `addr` is not naturally aligned in the host's memory, or the integer does not lie there in one piece.
    fn store<T: AtomicAccess>(&self, val: T, addr: A, order: Ordering) -> Result<(), Self::E>;

    /// Reads an integer in one indivisible access.
    ///
    /// # Errors
    /// As [`store`](Bytes::store).
    fn load<T: AtomicAccess>(&self, addr: A, order: Ordering) -> Result<T, Self::E>;
}

#[cfg(test)]
pub(crate) mod tests;
