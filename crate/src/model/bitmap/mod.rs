//! Dirty tracking: the traits by which an access tells a dirty tracker which bytes it wrote.
//!
//! A region owns a [`Bitmap`]; each slice of its bytes carries a [`BitmapSlice`], which knows its own offset in the
//! region and marks there. `()` tracks nothing, at no cost; `Option` is a tracker that may be absent.

#[cfg(feature = "backend-bitmap")]
mod backend;

use crate::model::guest_memory::GuestMemoryBackend;
use crate::model::region::GuestMemoryRegion;
use std::fmt::Debug;

#[cfg(feature = "backend-bitmap")]
pub use backend::{ArcSlice, AtomicBitmap, RefSlice};

/// Names the type of a bitmap's slice that is borrowed for `'a`.
///
/// ```
/// use guest_memory::bitmap::{Bitmap, WithBitmapSlice};
/// fn first_page<B: Bitmap>(bitmap: &B) -> <B as WithBitmapSlice<'_>>::S {
///     bitmap.slice_at(0)
/// }
/// assert_eq!(first_page(&()), ());
/// ```
pub trait WithBitmapSlice<'a> {
    /// The slice's type.
    type S: BitmapSlice;
}

/// A bitmap that is a part of another bitmap. A slice of it has the same type again.
///
/// ```
/// use guest_memory::VolatileSlice;
/// use guest_memory::bitmap::BitmapSlice;
/// /// Clears a buffer, and marks it in its dirty tracker.
/// fn clear<B: BitmapSlice>(buffer: &VolatileSlice<'_, B>) {
///     buffer.copy_from(&vec![0u8; buffer.len()]);
/// }
/// let mut backing = [7u8; 4];
/// clear(&VolatileSlice::from(&mut backing[..]));
/// assert_eq!(backing, [0; 4]);
/// ```
pub trait BitmapSlice: Bitmap + Clone + Debug + for<'a> WithBitmapSlice<'a, S = Self> {}

/// Keeps marks of the bytes that were written. Offsets and lengths are in bytes; the implementor chooses the grain,
/// often a page.
///
/// ```
/// use guest_memory::bitmap::{Bitmap, BitmapSlice, WithBitmapSlice};
/// use std::cell::Cell;
/// use std::rc::Rc;
///
/// /// Only counts the bytes that are written.
/// #[derive(Clone, Debug, Default)]
/// struct Counter(Rc<Cell<usize>>);
///
/// impl Bitmap for Counter {
///     fn mark_dirty(&self, _offset: usize, len: usize) {
///         self.0.set(self.0.get() + len);
///     }
///
///     fn dirty_at(&self, _offset: usize) -> bool {
///         self.0.get() > 0
///     }
///
///     fn slice_at(&self, _offset: usize) -> Self {
///         self.clone()
///     }
/// }
///
/// impl BitmapSlice for Counter {}
///
/// impl WithBitmapSlice<'_> for Counter {
///     type S = Self;
/// }
///
/// let counter = Counter::default();
/// counter.slice_at(0x1000).mark_dirty(0, 8);
/// assert_eq!(counter.0.get(), 8);
/// ```
pub trait Bitmap: for<'a> WithBitmapSlice<'a> {
    /// Marks the `len` bytes from `offset` as written. Bytes beyond the tracked range are ignored.
    fn mark_dirty(&self, offset: usize, len: usize);

    /// Whether the grain that holds `offset` was marked. `false` beyond the tracked range.
    fn dirty_at(&self, offset: usize) -> bool;

    /// The bitmap as seen by a slice that begins at `offset`.
    fn slice_at(&self, offset: usize) -> <Self as WithBitmapSlice<'_>>::S;
}

/// A bitmap that can be made for a given number of bytes.
///
/// ```
/// use guest_memory::bitmap::{Bitmap, NewBitmap};
/// fn clean<B: NewBitmap>(bytes: usize) -> B {
///     B::with_len(bytes)
/// }
/// assert!(!clean::<()>(0x1000).dirty_at(0));
/// ```
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
///
/// ```
/// use guest_memory::bitmap::{BS, Bitmap};
/// fn second_page<B: Bitmap>(bitmap: &B) -> BS<'_, B> {
///     bitmap.slice_at(0x1000)
/// }
/// assert!(second_page(&None::<()>).is_none());
/// ```
pub type BS<'a, B> = <B as WithBitmapSlice<'a>>::S;

/// The slice type of the bitmaps of a [`GuestMemoryBackend`]'s regions.
///
/// ```
/// use guest_memory::bitmap::MS;
/// use guest_memory::memory::Result;
/// use guest_memory::{AddressSpace, GuestAddress, GuestMemoryBackend, VolatileSlice};
/// fn header<M: GuestMemoryBackend>(memory: &M) -> Result<VolatileSlice<'_, MS<'_, M>>> {
///     memory.get_slice(GuestAddress(0), 16)
/// }
/// let space = AddressSpace::from_ranges(&[(GuestAddress(0), 0x1000)])?;
/// assert_eq!(header(space.view().flat())?.len(), 16);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub type MS<'a, M> = BS<'a, <<M as GuestMemoryBackend>::R as GuestMemoryRegion>::B>;

#[cfg(test)]
pub(crate) mod tests;
