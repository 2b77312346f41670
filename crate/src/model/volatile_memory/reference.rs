//! [`VolatileRef`]: one value in volatile memory.

use super::{MmapInfo, PtrGuard, PtrGuardMut, VolatileSlice, access};
use crate::model::bitmap::BitmapSlice;
use crate::model::bytes::ByteValued;
use std::marker::PhantomData;

/// A value that other code reads and writes at any time, at any alignment. Stores through it are marked in its bitmap.
///
/// ```
/// use guest_memory::{VolatileMemory, VolatileSlice};
/// let mut backing = [0u8; 5];
/// let memory = VolatileSlice::from(&mut backing[..]);
/// let value = memory.get_ref::<u32>(1).unwrap();
/// value.store(500);
/// assert_eq!(value.load(), 500);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct VolatileRef<'a, T, B = ()> {
    addr: *mut u8,
    bitmap: B,
    phantom: PhantomData<&'a T>,
}

impl<T: ByteValued> VolatileRef<'_, T, ()> {
    /// The value at `addr`, with no bitmap.
    ///
    /// # Safety
    /// As [`VolatileSlice::new`], for `size_of::<T>()` bytes. `addr` need not be aligned.
    pub unsafe fn new(addr: *mut u8) -> Self {
        // SAFETY: the caller's promise.
        unsafe { Self::with_bitmap(addr, (), None) }
    }
}

impl<'a, T: ByteValued, B: BitmapSlice> VolatileRef<'a, T, B> {
    /// The value at `addr`, whose stores are marked in `bitmap` at its offset 0. `None` is the last argument.
    ///
    /// # Safety
    /// As [`new`](VolatileRef::new).
    #[inline]
    pub unsafe fn with_bitmap(addr: *mut u8, bitmap: B, _mmap: Option<&'a MmapInfo>) -> Self {
        VolatileRef {
            addr,
            bitmap,
            phantom: PhantomData,
        }
    }

    /// A pointer to the value's first byte, for reading.
    pub fn ptr_guard(&self) -> PtrGuard {
        PtrGuard::new(self.addr, self.len())
    }

    /// A pointer to the value's first byte, for writing. Writes through it are not marked.
    pub fn ptr_guard_mut(&self) -> PtrGuardMut {
        PtrGuardMut::new(self.addr, self.len())
    }

    /// The size of the value, in bytes.
    #[expect(
        clippy::len_without_is_empty,
        reason = "vm-memory's names, and a value is no collection"
    )]
    pub fn len(&self) -> usize {
        size_of::<T>()
    }

    /// The bitmap in which stores are marked.
    pub fn bitmap(&self) -> &B {
        &self.bitmap
    }

    /// Writes the value, in one access if it is an aligned integer, and marks it.
    #[inline]
    pub fn store(&self, v: T) {
        let size = size_of::<T>();
        if !access::is_one_access(self.addr.addr(), size) {
            return self.store_in_parts(v);
        }
        // SAFETY: no reference may be made, because other code may write at any time. The address has size_of::<T>()
        // bytes.
        unsafe { access::store_value(v, self.addr) };
        self.bitmap.mark_dirty(0, size);
    }

    /// `store` of a value that is not written in one access: out of the way of the others.
    #[inline(never)]
    fn store_in_parts(&self, v: T) {
        // SAFETY: as in `store`.
        unsafe { access::store_value(v, self.addr) };
        self.bitmap.mark_dirty(0, size_of::<T>());
    }

    /// Reads the value, in one access if it is an aligned integer.
    #[inline]
    pub fn load(&self) -> T {
        // SAFETY: as in `store`.
        unsafe { access::load_value(self.addr) }
    }

    /// The value's bytes.
    pub fn to_slice(&self) -> VolatileSlice<'a, B> {
        // SAFETY: only a raw pointer makes a slice. It has the bytes of this reference, for as long.
        unsafe { VolatileSlice::with_bitmap(self.addr, size_of::<T>(), self.bitmap.clone(), None) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::bitmap::Bitmap;
    use crate::model::volatile_memory::VolatileMemory;
    use crate::model::volatile_memory::tests::{Buffer, contents, marked};

    #[test]
    fn a_reference_is_one_value() {
        let mut buffer = Buffer::new();
        let (slice, map) = marked(&mut buffer);
        let value: VolatileRef<u32, _> = slice.get_ref(5).unwrap();
        value.store(0x0102_0304);
        assert_eq!(map.take(), [5, 6, 7, 8]);
        assert_eq!((value.load(), value.len()), (0x0102_0304, 4));
        assert_eq!(
            (value.ptr_guard().len(), value.ptr_guard_mut().len()),
            (4, 4)
        );
        assert_eq!(
            value.ptr_guard().as_ptr(),
            value.ptr_guard_mut().as_ptr().cast_const()
        );
        assert_eq!(contents(&value.to_slice()), 0x0102_0304u32.to_ne_bytes());
        value.to_slice().copy_from(&[9u8]);
        assert_eq!(map.take(), [5]);
        value.bitmap().mark_dirty(3, 1);
        assert_eq!(map.take(), [8]);
        let mut number = 7u16;
        // SAFETY: `number` has no other borrow.
        let plain = unsafe { VolatileRef::<u16>::new((&raw mut number).cast()) };
        plain.store(plain.load() + 1);
        assert_eq!(number, 8);
    }
}
