//! [`BaseSlice`]: a bitmap from an offset on.

use crate::model::bitmap::{Bitmap, BitmapSlice, WithBitmapSlice};
use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

/// A bitmap seen from an offset on, in bytes. Users name one of its two kinds, [`RefSlice`] or [`ArcSlice`].
///
/// ```
/// use guest_memory::bitmap::{AtomicBitmap, Bitmap, RefSlice};
/// let bitmap = AtomicBitmap::new(0x4000, 0x1000.try_into().unwrap());
/// let upper_half = RefSlice::new(&bitmap, 0x2000);
/// upper_half.mark_dirty(0, 1);
/// assert!(bitmap.dirty_at(0x2000) && !upper_half.dirty_at(0x1000));
/// ```
#[derive(Clone, Copy, Default)]
pub struct BaseSlice<B> {
    inner: B,
    offset: usize,
}

impl<B> BaseSlice<B> {
    /// The bitmap that `inner` points to, from `offset` on.
    #[inline]
    pub fn new(inner: B, offset: usize) -> Self {
        BaseSlice { inner, offset }
    }
}

impl<B> WithBitmapSlice<'_> for BaseSlice<B>
where
    B: Clone + Deref,
    B::Target: Bitmap,
{
    type S = Self;
}

impl<B> BitmapSlice for BaseSlice<B>
where
    B: Clone + Deref,
    B::Target: Bitmap,
{
}

/// Offsets are added modulo `usize`, as in vm-memory.
impl<B> Bitmap for BaseSlice<B>
where
    B: Clone + Deref,
    B::Target: Bitmap,
{
    #[inline]
    fn mark_dirty(&self, offset: usize, len: usize) {
        self.inner.mark_dirty(self.offset.wrapping_add(offset), len);
    }

    #[inline]
    fn dirty_at(&self, offset: usize) -> bool {
        self.inner.dirty_at(self.offset.wrapping_add(offset))
    }

    #[inline]
    fn slice_at(&self, offset: usize) -> Self {
        BaseSlice::new(self.inner.clone(), self.offset.wrapping_add(offset))
    }
}

impl<B> fmt::Debug for BaseSlice<B> {
    // Without the bitmap, because a slice is printed along with each value that carries it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(bitmap slice)")
    }
}

/// A slice that borrows its bitmap.
///
/// ```
/// use guest_memory::bitmap::{AtomicBitmap, Bitmap, RefSlice};
/// let bitmap = AtomicBitmap::new(0x4000, 0x1000.try_into().unwrap());
/// let part: RefSlice<'_, AtomicBitmap> = bitmap.slice_at(0x1000);
/// part.mark_dirty(0, 1);
/// assert!(bitmap.is_bit_set(1));
/// ```
pub type RefSlice<'a, B> = BaseSlice<&'a B>;

/// A slice that shares ownership of its bitmap.
///
/// ```
/// use guest_memory::bitmap::{ArcSlice, AtomicBitmap, Bitmap};
/// use std::sync::Arc;
/// let bitmap = Arc::new(AtomicBitmap::new(0x4000, 0x1000.try_into().unwrap()));
/// let part = ArcSlice::new(bitmap.clone(), 0x1000); // may outlive `bitmap`
/// part.mark_dirty(0, 1);
/// assert!(bitmap.is_bit_set(1));
/// ```
pub type ArcSlice<B> = BaseSlice<Arc<B>>;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::bitmap::AtomicBitmap;
    use crate::model::bitmap::tests::{ByteMap, test_bitmap};
    use std::num::NonZeroUsize;

    #[test]
    fn a_slice_is_a_bitmap_from_its_offset_on() {
        let map = ByteMap::default();
        test_bitmap(&RefSlice::new(&map, 5), 1);
        assert_eq!(map.take(), [6, 7, 8]);
        let shared = Arc::new(AtomicBitmap::new(64, NonZeroUsize::MIN));
        test_bitmap(&ArcSlice::new(shared.clone(), 7), 1);
        assert_eq!(shared.get_and_reset(), [0b111 << 8]);
        assert_eq!(format!("{:?}", RefSlice::new(&map, 1)), "(bitmap slice)");
    }

    #[test]
    fn offsets_wrap() {
        let map = ByteMap::default();
        let slice = RefSlice::new(&map, usize::MAX);
        slice.mark_dirty(4, 1);
        assert!(slice.dirty_at(4) && slice.slice_at(3).dirty_at(1));
        assert_eq!(map.take(), [3]);
    }
}
