//! [`VolatileSlice`]: a run of volatile bytes.

use super::{Error, MmapInfo, PtrGuard, PtrGuardMut, Result, VolatileMemory, access};
use crate::model::atomic_integer::AtomicInteger;
use crate::model::bitmap::BitmapSlice;
use crate::model::bytes::{AtomicAccess, ByteValued, Bytes};
use crate::model::io::{ReadVolatile, WriteVolatile, uninterrupted};
use std::marker::PhantomData;
use std::sync::atomic::Ordering;

/// A run of bytes that other code reads and writes at any time. Writes through it are marked in its bitmap.
///
/// Offsets and lengths are in bytes. As [`Bytes<usize>`](Bytes), its addresses are offsets from its start.
///
/// ```
/// use guest_memory::VolatileSlice;
/// let mut backing = [1u8, 2, 3, 4];
/// let slice = VolatileSlice::from(&mut backing[..]);
/// slice.subslice(2, 2).unwrap().copy_from(&[7u8, 8, 9]); // 9 does not fit
/// let mut bytes = [0u8; 4];
/// assert_eq!(slice.copy_to(&mut bytes), 4);
/// assert_eq!(bytes, [1, 2, 7, 8]);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct VolatileSlice<'a, B = ()> {
    addr: *mut u8,
    size: usize,
    bitmap: B,
    phantom: PhantomData<&'a [u8]>,
}

impl<'a> VolatileSlice<'a, ()> {
    /// The `size` bytes at `addr`, with no bitmap.
    ///
    /// # Safety
    /// While `'a` lasts:
    /// - `addr` must be valid for reads and writes of `size` bytes, which may be more than `isize::MAX` where the
    ///   memory did not come from a Rust allocation;
    /// - no other reference to these bytes may be used, only volatile or atomic accesses and raw copies.
    #[inline]
    pub unsafe fn new(addr: *mut u8, size: usize) -> VolatileSlice<'a> {
        // SAFETY: the caller's promise.
        unsafe { Self::with_bitmap(addr, size, (), None) }
    }
}

impl<'a, B: BitmapSlice> VolatileSlice<'a, B> {
    /// The `size` bytes at `addr`, whose writes are marked in `bitmap` from its offset 0. `None` is the last
    /// argument.
    ///
    /// # Safety
    /// As [`new`](VolatileSlice::new).
    #[inline]
    pub unsafe fn with_bitmap(
        addr: *mut u8,
        size: usize,
        bitmap: B,
        _mmap: Option<&'a MmapInfo>,
    ) -> Self {
        VolatileSlice {
            addr,
            size,
            bitmap,
            phantom: PhantomData,
        }
    }

    /// A pointer to the first byte, for reading.
    pub fn ptr_guard(&self) -> PtrGuard {
        PtrGuard::new(self.addr, self.size)
    }

    /// A pointer to the first byte, for writing. Writes through it are not marked.
    pub fn ptr_guard_mut(&self) -> PtrGuardMut {
        PtrGuardMut::new(self.addr, self.size)
    }

    /// The length in bytes.
    #[inline]
    pub fn len(&self) -> usize {
        self.size
    }

    /// Whether the length is 0.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.size == 0
    }

    /// The bitmap in which writes are marked.
    pub fn bitmap(&self) -> &B {
        &self.bitmap
    }

    /// The first `mid` bytes, and the rest.
    ///
    /// # Errors
    /// [`Error::OutOfBounds`] if there are fewer than `mid`.
    pub fn split_at(&self, mid: usize) -> Result<(Self, Self)> {
        let end = self.offset(mid)?;
        Ok((self.part(0, mid), end))
    }

    /// The `count` bytes from `offset`.
    ///
    /// # Errors
    /// [`Error::OutOfBounds`] or [`Error::Overflow`] if they are not all inside. An empty range at the very end is
    /// inside.
    #[inline]
    pub fn subslice(&self, offset: usize, count: usize) -> Result<Self> {
        self.compute_end_offset(offset, count)?;
        Ok(self.part(offset, count))
    }

    /// The rest of the slice after its first `count` bytes.
    ///
    /// # Errors
    /// [`Error::OutOfBounds`] if there are fewer.
    #[inline]
    pub fn offset(&self, count: usize) -> Result<Self> {
        match self.size.checked_sub(count) {
            Some(left) => Ok(self.part(count, left)),
            None => Err(Error::OutOfBounds { addr: count }),
        }
    }

    /// Copies whole values to `buf` until either ends, and returns their number.
    ///
    /// See [the access widths](crate::volatile_memory#access-widths). For a `T` of size 0 the number is `buf.len()`.
    #[inline]
    pub fn copy_to<T: ByteValued>(&self, buf: &mut [T]) -> usize {
        let count = self.count_of(buf);
        // SAFETY: no slice may be made of volatile bytes. `count` values are in this slice and in `buf`, which is
        // borrowed mutably and so apart from it.
        unsafe { access::load_values(self.addr, buf.as_mut_ptr(), count) };
        count
    }

    /// Copies whole values from `buf` until either ends, and marks them.
    ///
    /// See [the access widths](crate::volatile_memory#access-widths).
    #[inline]
    pub fn copy_from<T: ByteValued>(&self, buf: &[T]) {
        let count = self.count_of(buf);
        // SAFETY: no slice may be made of volatile bytes. `count` values are in this slice and in `buf`.
        unsafe { access::store_values(buf.as_ptr(), self.addr, count) };
        self.bitmap.mark_dirty(0, count * size_of::<T>());
    }

    /// Copies bytes to `slice` until either ends, and marks them there. The two may overlap: all bytes are read before
    /// the first is written.
    pub fn copy_to_volatile_slice<S: BitmapSlice>(&self, slice: VolatileSlice<S>) {
        let count = self.size.min(slice.size);
        // SAFETY: no slices may be made of volatile bytes. `count` bytes are in both.
        unsafe { access::copy(self.addr, slice.addr, count) };
        slice.bitmap.mark_dirty(0, count);
    }

    /// A pointer to the first byte.
    #[inline]
    pub(super) fn as_mut_ptr(&self) -> *mut u8 {
        self.addr
    }

    /// The bitmap, without a clone.
    #[inline]
    pub(super) fn into_bitmap(self) -> B {
        self.bitmap
    }

    /// Whether the first byte lies at a multiple of `alignment`, which is a power of two.
    #[inline]
    pub(super) fn check_alignment(&self, alignment: usize) -> Result<()> {
        let addr = self.addr.addr();
        if addr & (alignment - 1) != 0 {
            return Err(Error::Misaligned { addr, alignment });
        }
        Ok(())
    }

    /// The `count` bytes from `offset`, which the caller has checked to be inside.
    #[inline]
    fn part(&self, offset: usize, count: usize) -> Self {
        VolatileSlice {
            // Not `add`: the offset may be more than isize::MAX.
            addr: self.addr.wrapping_add(offset),
            size: count,
            bitmap: self.bitmap.slice_at(offset),
            phantom: PhantomData,
        }
    }

    /// The number of values that fit in both this slice and `buf`.
    #[inline]
    fn count_of<T>(&self, buf: &[T]) -> usize {
        match self.size.checked_div(size_of::<T>()) {
            Some(count) => count.min(buf.len()),
            None => buf.len(),
        }
    }

    /// The rest of the slice from `addr` on, `count` bytes at most, for a transfer that may be partial.
    #[inline]
    fn partial(&self, addr: usize, count: usize) -> Result<Self> {
        let left = self
            .size
            .checked_sub(addr)
            .filter(|left| *left > 0 || count == 0);
        match left {
            Some(left) => Ok(self.part(addr, left.min(count))),
            None if count == 0 => Ok(self.part(0, 0)),
            None => Err(Error::OutOfBounds { addr }),
        }
    }

    /// The `count` bytes from `addr`, for a stream of all of them. An empty range is allowed anywhere.
    fn stream(&self, addr: usize, count: usize) -> Result<Self> {
        self.subslice(if count == 0 { 0 } else { addr }, count)
    }

    /// The `count` bytes from `addr`, for a transfer of all of them.
    #[inline]
    fn whole(&self, addr: usize, count: usize) -> Result<Self> {
        let part = self.partial(addr, count)?;
        if part.size != count {
            return Err(Error::PartialBuffer {
                expected: count,
                completed: part.size,
            });
        }
        Ok(part)
    }
}

impl<'a> From<&'a mut [u8]> for VolatileSlice<'a, ()> {
    fn from(value: &'a mut [u8]) -> Self {
        // SAFETY: a volatile slice is made of a raw pointer. The bytes are borrowed mutably while it lives, so there
        // is no other reference.
        unsafe { VolatileSlice::new(value.as_mut_ptr(), value.len()) }
    }
}

impl<B: BitmapSlice> VolatileMemory for VolatileSlice<'_, B> {
    type B = B;

    #[inline]
    fn len(&self) -> usize {
        self.size
    }

    #[inline]
    fn get_slice(&self, offset: usize, count: usize) -> Result<VolatileSlice<'_, B>> {
        self.subslice(offset, count)
    }
}

impl<B: BitmapSlice> Bytes<usize> for VolatileSlice<'_, B> {
    type E = Error;

    #[inline]
    fn write(&self, buf: &[u8], addr: usize) -> Result<usize> {
        let part = self.partial(addr, buf.len())?;
        part.copy_from(buf);
        Ok(part.size)
    }

    #[inline]
    fn read(&self, buf: &mut [u8], addr: usize) -> Result<usize> {
        let part = self.partial(addr, buf.len())?;
        Ok(part.copy_to(buf))
    }

    #[inline]
    fn write_slice(&self, buf: &[u8], addr: usize) -> Result<()> {
        self.whole(addr, buf.len())?.copy_from(buf);
        Ok(())
    }

    #[inline]
    fn read_slice(&self, buf: &mut [u8], addr: usize) -> Result<()> {
        self.whole(addr, buf.len())?.copy_to(buf);
        Ok(())
    }

    fn read_volatile_from<F: ReadVolatile>(
        &self,
        addr: usize,
        src: &mut F,
        count: usize,
    ) -> Result<usize> {
        let mut part = self.partial(addr, count)?;
        uninterrupted(|| src.read_volatile(&mut part))
    }

    fn read_exact_volatile_from<F: ReadVolatile>(
        &self,
        addr: usize,
        src: &mut F,
        count: usize,
    ) -> Result<()> {
        src.read_exact_volatile(&mut self.stream(addr, count)?)
    }

    fn write_volatile_to<F: WriteVolatile>(
        &self,
        addr: usize,
        dst: &mut F,
        count: usize,
    ) -> Result<usize> {
        let part = self.partial(addr, count)?;
        uninterrupted(|| dst.write_volatile(&part))
    }

    fn write_all_volatile_to<F: WriteVolatile>(
        &self,
        addr: usize,
        dst: &mut F,
        count: usize,
    ) -> Result<()> {
        dst.write_all_volatile(&self.stream(addr, count)?)
    }

    #[inline]
    fn store<T: AtomicAccess>(&self, val: T, addr: usize, order: Ordering) -> Result<()> {
        self.get_atomic_ref::<T::A>(addr)?.store(val.into(), order);
        self.bitmap.mark_dirty(addr, size_of::<T>());
        Ok(())
    }

    #[inline]
    fn load<T: AtomicAccess>(&self, addr: usize, order: Ordering) -> Result<T> {
        Ok(self.get_atomic_ref::<T::A>(addr)?.load(order).into())
    }
}

#[cfg(test)]
mod tests;
