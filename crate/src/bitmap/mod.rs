//! Where writes are marked: the traits by which an access tells a dirty tracker what it wrote.
//!
//! A region owns a [`Bitmap`]; each slice of its bytes carries a [`BitmapSlice`], which knows its own offset in the
//! region and marks there. `()` is the tracker that tracks nothing, at no cost; `Option` is one that may be absent.

#[cfg(feature = "backend-bitmap")]
mod backend;

use crate::guest_memory::GuestMemoryBackend;
use crate::region::GuestMemoryRegion;
use std::fmt::Debug;

#[cfg(feature = "backend-bitmap")]
pub use backend::{ArcSlice, AtomicBitmap, RefSlice};

/// The slice of a bitmap that covers what is borrowed for `'a`.
pub trait WithBitmapSlice<'a> {
    /// The slice's type.
    type S: BitmapSlice;
}

/// A bitmap that is a part of another: slicing it again gives the same type.
pub trait BitmapSlice: Bitmap + Clone + Debug + for<'a> WithBitmapSlice<'a, S = Self> {}

/// Marks and tells which bytes were written. Offsets and lengths are in bytes; the grain is the implementor's, often
/// a page.
pub trait Bitmap: for<'a> WithBitmapSlice<'a> {
    /// Marks the `len` bytes from `offset` as written. What lies beyond the tracked range is ignored.
    fn mark_dirty(&self, offset: usize, len: usize);

    /// Whether the grain that holds `offset` was marked. `false` beyond the tracked range.
    fn dirty_at(&self, offset: usize) -> bool;

    /// The bitmap as seen by a slice that begins at `offset`.
    fn slice_at(&self, offset: usize) -> <Self as WithBitmapSlice<'_>>::S;
}

/// A bitmap that can be made for a number of bytes.
pub trait NewBitmap: Bitmap + Default {
    /// A bitmap with nothing marked, for `len` bytes.
    fn with_len(len: usize) -> Self;
}

impl WithBitmapSlice<'_> for () {
    type S = ();
}

impl BitmapSlice for () {}

impl Bitmap for () {
    #[inline]
    fn mark_dirty(&self, _offset: usize, _len: usize) {}

    #[inline]
    fn dirty_at(&self, _offset: usize) -> bool {
        false
    }

    #[inline]
    fn slice_at(&self, _offset: usize) -> Self {}
}

impl NewBitmap for () {
    fn with_len(_len: usize) -> Self {}
}

impl<'a, B: WithBitmapSlice<'a>> WithBitmapSlice<'a> for Option<B> {
    type S = Option<B::S>;
}

impl<B: BitmapSlice> BitmapSlice for Option<B> {}

impl<B: Bitmap> Bitmap for Option<B> {
    #[inline]
    fn mark_dirty(&self, offset: usize, len: usize) {
        if let Some(inner) = self {
            inner.mark_dirty(offset, len);
        }
    }

    #[inline]
    fn dirty_at(&self, offset: usize) -> bool {
        self.as_ref().is_some_and(|inner| inner.dirty_at(offset))
    }

    #[inline]
    fn slice_at(&self, offset: usize) -> Option<<B as WithBitmapSlice<'_>>::S> {
        self.as_ref().map(|inner| inner.slice_at(offset))
    }
}

/// The slice type of a bitmap.
pub type BS<'a, B> = <B as WithBitmapSlice<'a>>::S;

/// The slice type of the bitmaps of a [`GuestMemoryBackend`]'s regions.
pub type MS<'a, M> = BS<'a, <<M as GuestMemoryBackend>::R as GuestMemoryRegion>::B>;

#[cfg(test)]
pub(crate) mod tests;
