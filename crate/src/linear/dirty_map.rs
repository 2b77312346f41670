//! The dirty map: one byte for each host page of the linear memory, whichever VM owns the page.
//!
//! Bits 0 to 6 belong to dirty clients (a VM has up to seven), bit 7 means *ever written or shown*: the page was
//! written, or a view of it was handed out, since it was last zero. A write sets the byte to the constant 0xff: that
//! needs no load and no mask, and no other client's mark is lost. A writer first stores its bytes, then marks; a
//! collector first clears the mark, then reads the bytes.
//!
//! The map is one static array of zeros, which the system commits page by page at the first touch.

use crate::abi;
use crate::linear::host::{MAX_PAGES, ONE_THREAD, PAGE_SHIFT};
use core::sync::atomic::{AtomicU8, Ordering};

/// The bit for 'ever written or shown'. It belongs to no client.
pub const EVER: u8 = abi::DIRTY_EVER;
/// The mark of a write: every client's bit and [`EVER`].
pub const MARK: u8 = abi::DIRTY_MARK;
/// The most dirty clients that one VM can have.
pub const CLIENTS: u8 = abi::DIRTY_CLIENTS;

static MAP: [AtomicU8; MAX_PAGES as usize] = [const { AtomicU8::new(0) }; MAX_PAGES as usize];

/// The offset of the map in linear memory. A page's byte lies at `host_offset() + host page`.
///
/// ```
/// use guest_memory::{AddressSpace, GuestAddress, dirty_map};
/// let space = AddressSpace::from_ranges(&[(GuestAddress(0), 0x1000)])?;
/// let page = space.host_run(GuestAddress(0), 0x1000)?.host >> 12;
/// let byte = std::ptr::with_exposed_provenance::<u8>(dirty_map::host_offset() + page);
/// space.write_obj(5u32, GuestAddress(0))?;
/// // SAFETY: the map has a byte for each host page.
/// assert_eq!(unsafe { byte.read_volatile() }, dirty_map::MARK);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[cfg(target_arch = "wasm32")]
pub fn host_offset() -> usize {
    MAP.as_ptr().expose_provenance()
}

/// The marks of `count` host pages.
pub(crate) fn pages(first: u32, count: u32) -> &'static [AtomicU8] {
    let start = first as usize;
    let end = start.saturating_add(count as usize).min(MAP.len());
    MAP.get(start..end).unwrap_or(&[])
}

/// The marks of the host page `first` and all that follow.
pub(crate) fn from(first: u32) -> &'static [AtomicU8] {
    MAP.get(first as usize..).unwrap_or(&[])
}

/// Marks `count` host pages as written, for every client.
#[inline]
pub(crate) fn mark(first: u32, count: u32) {
    for byte in pages(first, count) {
        byte.store(MARK, Ordering::Relaxed);
    }
}

/// Marks the host page that the byte at `host` lies in: for a scalar that does not cross a page boundary.
#[inline(always)]
pub(crate) fn mark_page(host: usize) {
    if let Some(byte) = MAP.get(host >> PAGE_SHIFT) {
        byte.store(MARK, Ordering::Relaxed);
    }
}

/// Marks the host pages that `bytes` bytes from `host` touch; none for an empty range.
#[inline]
pub(crate) fn mark_bytes(host: usize, bytes: usize) {
    match touched(host, bytes) {
        Some((first, 1)) => mark_page((first as usize) << PAGE_SHIFT),
        Some((first, count)) => mark_several(first, count),
        None => {}
    }
}

/// [`mark`], out of line: a scalar seldom crosses pages.
#[inline(never)]
fn mark_several(first: u32, count: u32) {
    mark(first, count);
}

/// Marks pages as shown to a caller who may write them at any time. They are zeroed before their next owner gets them.
pub(crate) fn expose(host: usize, bytes: usize) {
    if let Some((first, count)) = touched(host, bytes) {
        for byte in pages(first, count) {
            byte.fetch_or(EVER, Ordering::Relaxed);
        }
    }
}

/// Clears the bits of `mask` for these pages.
pub(crate) fn clear(pages: &[AtomicU8], mask: u8) {
    let mut index = find(pages, 0, mask, true);
    while let Some(byte) = pages.get(index) {
        byte.fetch_and(!mask, Ordering::SeqCst);
        index = find(pages, index + 1, mask, true);
    }
}

/// A host page's marks.
pub(crate) fn marks(page: u32) -> u8 {
    let byte = MAP.get(page as usize);
    byte.map_or(0, |byte| byte.load(Ordering::Relaxed))
}

/// Sets a host page's marks, after another page's bytes were moved to it.
pub(crate) fn set_marks(page: u32, marks: u8) {
    if let Some(byte) = MAP.get(page as usize) {
        byte.store(marks, Ordering::Relaxed);
    }
}

/// Whether the host page has any bit of `mask`.
pub(crate) fn has(page: u32, mask: u8) -> bool {
    marks(page) & mask != 0
}

/// The first host page in `[from, end)` that has a bit of `mask` (or, with `dirty` false, has none of them); `end` if
/// there is no such page.
pub(crate) fn next(from: u32, end: u32, mask: u8, dirty: bool) -> u32 {
    let found = find(pages(from, end - from), 0, mask, dirty);
    // Fits: the index is at most the number of pages.
    u32::try_from(found).map_or(end, |found| from + found)
}

/// The first index from `from` on of a page that has a bit of `mask` (or, with `dirty` false, has none of them); the
/// number of pages if there is no such page.
pub(crate) fn find(pages: &[AtomicU8], from: usize, mask: u8, dirty: bool) -> usize {
    let mut index = from;
    while index < pages.len() {
        if dirty {
            index = skip_clean(pages, index, mask);
        }
        match pages.get(index) {
            Some(byte) if (byte.load(Ordering::Relaxed) & mask != 0) != dirty => index += 1,
            _ => break,
        }
    }
    index.min(pages.len())
}

/// Skips groups of eight clean pages. It reads eight bytes at once, which is sound only where there is one thread.
/// Elsewhere it skips nothing, because atomic accesses of mixed sizes are undefined behaviour.
fn skip_clean(pages: &[AtomicU8], mut index: usize, mask: u8) -> usize {
    let mask = u64::from_ne_bytes([mask; 8]);
    while ONE_THREAD && let Some(eight) = pages.get(index..index + 8) {
        // SAFETY: eight bytes, at any alignment; one thread, so nothing is torn. Safe code would read bytes, which the
        // compiler may not merge because they are atomic.
        let word = unsafe { eight.as_ptr().cast::<u64>().read_unaligned() };
        if word & mask != 0 {
            break;
        }
        index += 8;
    }
    index
}

/// The host pages that a run of bytes touches.
fn touched(host: usize, bytes: usize) -> Option<(u32, u32)> {
    let last = host.checked_add(bytes.checked_sub(1)?)?;
    let first = u32::try_from(host >> PAGE_SHIFT).ok()?;
    let last = u32::try_from(last >> PAGE_SHIFT).ok()?;
    Some((first, last - first + 1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::linear::allocator;

    #[test]
    fn marks_are_seen_by_every_client_and_cleared_one_by_one() {
        let extent = allocator::allocate(4).unwrap();
        let first = extent.first();
        mark_bytes(extent.host_offset() + 4095, 2);
        assert!(has(first, 1) && has(first + 1, 64) && !has(first + 2, MARK));
        clear(pages(first, 4), 1);
        assert!(!has(first, 1) && has(first, 2) && has(first, EVER));
    }

    #[test]
    fn find_finds_runs() {
        let extent = allocator::allocate(64).unwrap();
        let (first, end) = (extent.first(), extent.first() + 64);
        let all = pages(first, 64);
        assert_eq!(
            (next(first, end, MARK, true), find(all, 0, MARK, true)),
            (end, 64)
        );
        mark(first + 41, 3);
        assert_eq!(
            (next(first, end, MARK, true), find(all, 0, 4, true)),
            (first + 41, 41)
        );
        assert_eq!(
            (next(first + 41, end, MARK, false), find(all, 41, 4, false)),
            (first + 44, 44)
        );
        assert_eq!(
            (find(all, 44, MARK, true), find(all, 64, MARK, true)),
            (64, 64)
        );
        expose(extent.host_offset(), 1);
        assert_eq!(find(all, 0, 4, true), 41);
        assert_eq!(
            (next(first, end, MARK, true), find(all, 0, EVER, true)),
            (first, 0)
        );
    }

    #[test]
    fn nothing_is_marked_for_no_bytes_or_past_the_end() {
        let extent = allocator::allocate(1).unwrap();
        mark_bytes(extent.host_offset(), 0);
        assert!(!has(extent.first(), MARK));
        mark(MAX_PAGES - 1, 5);
        clear(pages(MAX_PAGES - 1, 5), MARK);
        mark(MAX_PAGES, 1);
        mark_bytes(usize::MAX, 2);
    }
}
