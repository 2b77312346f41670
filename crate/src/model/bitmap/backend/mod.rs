//! Bitmaps that keep their marks.

mod atomic_bitmap;
mod slice;

pub use atomic_bitmap::AtomicBitmap;
pub use slice::{ArcSlice, RefSlice};
