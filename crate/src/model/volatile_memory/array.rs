//! [`VolatileArrayRef`]: several values of one type in volatile memory.

use super::{MmapInfo, PtrGuard, PtrGuardMut, VolatileRef, VolatileSlice, access};
use crate::model::bitmap::BitmapSlice;
use crate::model::bytes::ByteValued;
use std::marker::PhantomData;

/// Adjacent values that other code reads and writes at any time, at any alignment. Stores are marked in its bitmap.
///
/// ```
/// use guest_memory::{VolatileMemory, VolatileSlice};
/// let mut backing = [0u8; 8];
/// let memory = VolatileSlice::from(&mut backing[..]);
/// let array = memory.get_array_ref::<u16>(0, 4).unwrap();
/// array.copy_from(&[1, 2, 3]);
/// array.store(3, 4);
/// assert_eq!(array.load(2), 3);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct VolatileArrayRef<'a, T, B = ()> {
    addr: *mut u8,
    nelem: usize,
    bitmap: B,
    phantom: PhantomData<&'a T>,
}

impl<T: ByteValued> VolatileArrayRef<'_, T, ()> {
    /// The `nelem` values at `addr`, with no bitmap.
    ///
    /// # Safety
    /// As [`VolatileSlice::new`], for `nelem * size_of::<T>()` bytes, a number that a `usize` must hold. `addr` need
    /// not be aligned.
    pub unsafe fn new(addr: *mut u8, nelem: usize) -> Self {
        // SAFETY: the caller's promise.
        unsafe { Self::with_bitmap(addr, nelem, (), None) }
    }
}

impl<'a, T: ByteValued, B: BitmapSlice> VolatileArrayRef<'a, T, B> {
    /// The `nelem` values at `addr`, whose stores are marked in `bitmap` from its offset 0. `None` is the last
    /// argument.
    ///
    /// # Safety
    /// As [`new`](VolatileArrayRef::new).
    #[inline]
    pub unsafe fn with_bitmap(
        addr: *mut u8,
        nelem: usize,
        bitmap: B,
        _mmap: Option<&'a MmapInfo>,
    ) -> Self {
        VolatileArrayRef {
            addr,
            nelem,
            bitmap,
            phantom: PhantomData,
        }
    }

    /// Whether there are no elements.
    pub fn is_empty(&self) -> bool {
        self.nelem == 0
    }

    /// The number of elements.
    #[inline]
    pub fn len(&self) -> usize {
        self.nelem
    }

    /// The size of an element, in bytes.
    #[inline]
    pub fn element_size(&self) -> usize {
        size_of::<T>()
    }

    /// A pointer to the first byte, for reading. Its length is the number of elements.
    pub fn ptr_guard(&self) -> PtrGuard {
        PtrGuard::new(self.addr, self.nelem)
    }

    /// A pointer to the first byte, for writing; writes through it are not marked. Its length is the number of
    /// elements.
    pub fn ptr_guard_mut(&self) -> PtrGuardMut {
        PtrGuardMut::new(self.addr, self.nelem)
    }

    /// The bitmap in which stores are marked.
    pub fn bitmap(&self) -> &B {
        &self.bitmap
    }

    /// The bytes of all elements.
    pub fn to_slice(&self) -> VolatileSlice<'a, B> {
        // SAFETY: only a raw pointer makes a slice. It has the bytes of this array, for as long.
        unsafe {
            VolatileSlice::with_bitmap(
                self.addr,
                self.nelem * size_of::<T>(),
                self.bitmap.clone(),
                None,
            )
        }
    }

    /// The element `index`.
    ///
    /// # Panics
    /// If `index` is not below the number of elements.
    #[inline]
    pub fn ref_at(&self, index: usize) -> VolatileRef<'a, T, B> {
        if index >= self.nelem {
            no_element(index, self.nelem);
        }
        let offset = index * size_of::<T>();
        // SAFETY: only a raw pointer makes a reference to volatile bytes. The element is in bounds, for as long as
        // the array. Not `add`: the offset may be more than isize::MAX.
        unsafe {
            VolatileRef::with_bitmap(
                self.addr.wrapping_add(offset),
                self.bitmap.slice_at(offset),
                None,
            )
        }
    }

    /// Reads the element `index`.
    ///
    /// # Panics
    /// If `index` is not below the number of elements.
    #[inline]
    pub fn load(&self, index: usize) -> T {
        self.ref_at(index).load()
    }

    /// Writes the element `index`, and marks it.
    ///
    /// # Panics
    /// If `index` is not below the number of elements.
    #[inline]
    pub fn store(&self, index: usize, value: T) {
        self.ref_at(index).store(value);
    }

    /// Copies elements to `buf` until either ends, and returns their number.
    ///
    /// See [the access widths](crate::volatile_memory#access-widths).
    pub fn copy_to(&self, buf: &mut [T]) -> usize {
        let count = self.nelem.min(buf.len());
        // SAFETY: no slice may be made of volatile bytes. `count` values are in this array and in `buf`, which is
        // borrowed mutably and so apart from it.
        unsafe { access::load_values(self.addr, buf.as_mut_ptr(), count) };
        count
    }

    /// Copies bytes to `slice` until either ends, and marks them there. The two may overlap.
    pub fn copy_to_volatile_slice<S: BitmapSlice>(&self, slice: VolatileSlice<S>) {
        self.to_slice().copy_to_volatile_slice(slice);
    }

    /// Copies elements from `buf` until either ends, and marks them.
    ///
    /// See [the access widths](crate::volatile_memory#access-widths).
    pub fn copy_from(&self, buf: &[T]) {
        let count = self.nelem.min(buf.len());
        // SAFETY: no slice may be made of volatile bytes. `count` values are in this array and in `buf`.
        unsafe { access::store_values(buf.as_ptr(), self.addr, count) };
        self.bitmap.mark_dirty(0, count * size_of::<T>());
    }
}

/// Takes the numbers by value. If they were printed at the place of the access, they would have to be in memory there.
#[cold]
#[inline(never)]
fn no_element(index: usize, count: usize) -> ! {
    panic!("element {index} of {count}");
}

impl<'a, B: BitmapSlice> From<VolatileSlice<'a, B>> for VolatileArrayRef<'a, u8, B> {
    fn from(slice: VolatileSlice<'a, B>) -> Self {
        // SAFETY: only a raw pointer makes an array. It has the bytes of the slice, for as long.
        unsafe {
            VolatileArrayRef::with_bitmap(
                slice.as_mut_ptr(),
                slice.len(),
                slice.into_bitmap(),
                None,
            )
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::bitmap::Bitmap;
    use crate::model::volatile_memory::VolatileMemory;
    use crate::model::volatile_memory::tests::{Buffer, marked};

    #[test]
    fn an_array_is_several_values() {
        let mut buffer = Buffer::new();
        let (slice, map) = marked(&mut buffer);
        let array: VolatileArrayRef<u32, _> = slice.get_array_ref(2, 4).unwrap();
        assert_eq!(
            (array.len(), array.is_empty(), array.element_size()),
            (4, false, 4)
        );
        assert_eq!(
            (array.ptr_guard().len(), array.ptr_guard_mut().len()),
            (4, 4),
            "elements, as in vm-memory"
        );
        array.store(3, 0x0102_0304);
        assert_eq!(map.take(), [14, 15, 16, 17]);
        assert_eq!(
            (array.load(3), array.ref_at(3).load()),
            (0x0102_0304, 0x0102_0304)
        );
        array.copy_from(&[1, 2]);
        assert_eq!(map.take(), (2..10).collect::<Vec<_>>());
        let mut into = [0; 5];
        assert_eq!(array.copy_to(&mut into), 4);
        assert_eq!(into, [1, 2, 0, 0x0102_0304, 0]);
        assert_eq!(array.copy_to(&mut into[..1]), 1);
        array.copy_to_volatile_slice(slice.offset(40).unwrap());
        assert_eq!(map.take(), (40..56).collect::<Vec<_>>());
        assert_eq!(slice.get_ref::<u32>(52).unwrap().load(), 0x0102_0304);
        assert_eq!(array.to_slice().len(), 16);
        assert!(slice.get_array_ref::<u32>(96, 0).unwrap().is_empty());

        let bytes = VolatileArrayRef::from(slice.subslice(14, 4).unwrap());
        bytes.store(0, 5);
        bytes.bitmap().mark_dirty(1, 1);
        assert_eq!(
            (bytes.len(), bytes.load(0), map.take()),
            (4, 5, vec![14, 15])
        );
        let mut numbers = [7u16, 8];
        // SAFETY: `numbers` has no other borrow.
        unsafe { VolatileArrayRef::<u16>::new(numbers.as_mut_ptr().cast(), 2) }.store(1, 9);
        assert_eq!(numbers, [7, 9]);
    }

    #[test]
    #[should_panic(expected = "element 4 of 4")]
    fn an_element_outside_the_array_is_refused() {
        Buffer::new()
            .slice()
            .get_array_ref::<u32>(2, 4)
            .unwrap()
            .ref_at(4);
    }
}
