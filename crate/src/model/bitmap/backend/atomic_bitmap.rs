//! [`AtomicBitmap`]: a bit for each page, marked by any number of threads.

use super::RefSlice;
use crate::model::bitmap::{Bitmap, NewBitmap, WithBitmapSlice};
use crate::model::page_size::{DEFAULT_PAGE_SIZE, host_page_size};
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicU64, Ordering::Release, Ordering::SeqCst};

/// The number of bits in a word.
const BITS: usize = u64::BITS as usize;

/// A bit for each page of a range of bytes; the last page may be partial.
///
/// A writer first writes its bytes, then marks them. A collector first takes the marks, then reads the bytes. So no
/// write is lost.
///
/// ```
/// use guest_memory::bitmap::{AtomicBitmap, Bitmap};
/// let bitmap = AtomicBitmap::new(0x10_0000, 0x1000.try_into().unwrap());
/// bitmap.mark_dirty(0x1fff, 2);
/// assert!(bitmap.dirty_at(0x2fff) && !bitmap.dirty_at(0x3000));
/// assert_eq!(bitmap.get_and_reset(), [0b110, 0, 0, 0]);
/// assert!(!bitmap.dirty_at(0x1fff));
/// ```
#[derive(Debug)]
pub struct AtomicBitmap {
    /// The lowest bit is the lowest page. Bits past the last page are never set.
    words: Vec<AtomicU64>,
    pages: usize,
    byte_size: usize,
    page_size: NonZeroUsize,
}

impl AtomicBitmap {
    /// A bitmap for `byte_size` bytes in pages of `page_size` bytes, with nothing marked. `page_size` need not be a
    /// power of two.
    pub fn new(byte_size: usize, page_size: NonZeroUsize) -> Self {
        let pages = byte_size.div_ceil(page_size.get());
        AtomicBitmap {
            words: (0..pages.div_ceil(BITS))
                .map(|_| AtomicU64::new(0))
                .collect(),
            pages,
            byte_size,
            page_size,
        }
    }

    /// Adds `additional_size` unmarked bytes at the end. The size ends at `usize::MAX` at most.
    pub fn enlarge(&mut self, additional_size: usize) {
        self.byte_size = self.byte_size.saturating_add(additional_size);
        self.pages = self.byte_size.div_ceil(self.page_size.get());
        self.words
            .resize_with(self.pages.div_ceil(BITS), || AtomicU64::new(0));
    }

    /// Whether page `index` is marked. `false` past the end.
    pub fn is_bit_set(&self, index: usize) -> bool {
        let word = self.words.get(index / BITS);
        word.is_some_and(|word| word.load(SeqCst) & bit(index) != 0)
    }

    /// Whether the page with the byte at `addr` is marked. `false` past the end.
    pub fn is_addr_set(&self, addr: usize) -> bool {
        self.is_bit_set(self.page_of(addr))
    }

    /// Marks each page that holds one of the `len` bytes from `start_addr`. Bytes past the end are ignored.
    #[inline]
    pub fn set_addr_range(&self, start_addr: usize, len: usize) {
        self.for_words(start_addr, len, |word, mask| {
            if mask == u64::MAX {
                // A plain store of a full word loses no mark that another thread sets at the same time. A collector
                // that takes the mark must see the write that came before it.
                word.store(mask, Release);
            } else {
                word.fetch_or(mask, SeqCst);
            }
        });
    }

    /// Clears the mark of each page that holds one of the `len` bytes from `start_addr`.
    pub fn reset_addr_range(&self, start_addr: usize, len: usize) {
        self.for_words(start_addr, len, |word, mask| {
            word.fetch_and(!mask, SeqCst);
        });
    }

    /// Marks page `index`. An index past the end is ignored.
    pub fn set_bit(&self, index: usize) {
        if index < self.pages {
            self.words[index / BITS].fetch_or(bit(index), SeqCst);
        }
    }

    /// Clears the mark of page `index`. An index past the end is ignored.
    pub fn reset_bit(&self, index: usize) {
        if index < self.pages {
            self.words[index / BITS].fetch_and(!bit(index), SeqCst);
        }
    }

    /// The number of pages.
    #[expect(clippy::len_without_is_empty, reason = "vm-memory's names")]
    pub fn len(&self) -> usize {
        self.pages
    }

    /// The number of bytes.
    pub fn byte_size(&self) -> usize {
        self.byte_size
    }

    /// Returns all marks and clears them. Each word stands for 64 pages; its lowest bit is the lowest page.
    pub fn get_and_reset(&self) -> Vec<u64> {
        self.words.iter().map(|word| word.swap(0, SeqCst)).collect()
    }

    /// Clears all marks.
    pub fn reset(&self) {
        for word in &self.words {
            word.store(0, SeqCst);
        }
    }

    /// The page of the byte at `addr`.
    #[inline]
    fn page_of(&self, addr: usize) -> usize {
        let size = self.page_size.get();
        if size.is_power_of_two() {
            // A shift, because a division takes as long as all the rest.
            addr >> size.trailing_zeros()
        } else {
            addr / size
        }
    }

    /// Calls `change` for each word that has a page of the `len` bytes from `start`, with the bits of these pages.
    #[inline]
    fn for_words(&self, start: usize, len: usize, change: impl Fn(&AtomicU64, u64)) {
        let first = self.page_of(start);
        if len == 0 || first >= self.pages {
            return;
        }
        let last = self
            .page_of(start.saturating_add(len - 1))
            .min(self.pages - 1);
        let (first_word, last_word) = (first / BITS, last / BITS);
        let from_first = u64::MAX << (first % BITS);
        let to_last = u64::MAX >> (BITS - 1 - last % BITS);
        if first_word == last_word {
            return change(&self.words[first_word], from_first & to_last);
        }
        change(&self.words[first_word], from_first);
        for word in &self.words[first_word + 1..last_word] {
            change(word, u64::MAX);
        }
        change(&self.words[last_word], to_last);
    }
}

/// The bit of page `index` in its word.
#[inline]
fn bit(index: usize) -> u64 {
    1 << (index % BITS)
}

/// A copy of the marks as they are now.
impl Clone for AtomicBitmap {
    fn clone(&self) -> Self {
        let copy = |word: &AtomicU64| AtomicU64::new(word.load(SeqCst));
        AtomicBitmap {
            words: self.words.iter().map(copy).collect(),
            ..*self
        }
    }
}

/// A bitmap for an empty range, in pages of 4096 bytes.
impl Default for AtomicBitmap {
    fn default() -> Self {
        AtomicBitmap::new(0, DEFAULT_PAGE_SIZE)
    }
}

impl<'a> WithBitmapSlice<'a> for AtomicBitmap {
    type S = RefSlice<'a, Self>;
}

impl Bitmap for AtomicBitmap {
    #[inline]
    fn mark_dirty(&self, offset: usize, len: usize) {
        self.set_addr_range(offset, len);
    }

    #[inline]
    fn dirty_at(&self, offset: usize) -> bool {
        self.is_addr_set(offset)
    }

    #[inline]
    fn slice_at(&self, offset: usize) -> RefSlice<'_, Self> {
        RefSlice::new(self, offset)
    }
}

/// A bitmap with the system's page size; in Wasm 4096 bytes.
impl NewBitmap for AtomicBitmap {
    fn with_len(len: usize) -> Self {
        Self::new(len, host_page_size())
    }
}

#[cfg(test)]
mod tests;
