//! The dirty map: one byte for each host page of the linear memory, whoever owns the page.
//!
//! Bits 0 to 6 belong to dirty clients (a VM has up to seven), bit 7 means *ever written or shown*: the page was
//! written, or a view of it was handed out, since it was last zero. A store writes the constant 0xff: no load, no mask,
//! and no mark of another client can be lost. A writer stores, then marks; a collector clears, then reads.
//!
//! The map is one static array: zero pages that are committed when they are first touched.

use crate::host::MAX_PAGES;
use core::sync::atomic::{AtomicU8, Ordering};

/// The bit that says 'ever written or shown'. No client has it.
pub const EVER: u8 = 0x80;
/// What a store writes: every client's bit and [`EVER`].
pub const MARK: u8 = 0xff;
/// Dirty clients of one VM.
pub const CLIENTS: u8 = 7;

static MAP: [AtomicU8; MAX_PAGES as usize] = [const { AtomicU8::new(0) }; MAX_PAGES as usize];

/// Where the map starts in linear memory: a page's byte lies at `host_offset() + host page`.
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

fn pages(first: u32, count: u32) -> &'static [AtomicU8] {
    let start = first as usize;
    let end = start.saturating_add(count as usize).min(MAP.len());
    MAP.get(start..end).unwrap_or(&[])
}

/// Marks `count` host pages as written, for every client.
#[inline]
pub(crate) fn mark(first: u32, count: u32) {
    for byte in pages(first, count) {
        byte.store(MARK, Ordering::Relaxed);
    }
}

/// Marks the host page that the byte at `host` lies in: for a scalar that a page holds as a whole.
#[inline(always)]
pub(crate) fn mark_page(host: usize) {
    if let Some(byte) = MAP.get(host >> crate::host::PAGE_SHIFT) {
        byte.store(MARK, Ordering::Relaxed);
    }
}

/// Marks the host pages that `bytes` bytes from `host` touch. Nothing for no bytes.
#[inline]
pub(crate) fn mark_bytes(host: usize, bytes: usize) {
    if let Some((first, count)) = touched(host, bytes) {
        mark(first, count);
    }
}

/// Marks pages as shown to a caller who may write them at any time: they are zeroed before somebody else has them.
pub(crate) fn expose(host: usize, bytes: usize) {
    if let Some((first, count)) = touched(host, bytes) {
        for byte in pages(first, count) {
            byte.fetch_or(EVER, Ordering::Relaxed);
        }
    }
}

/// Clears `mask` over `count` pages. Clearing everything says that the pages are zero.
pub(crate) fn clear(first: u32, count: u32, mask: u8) {
    for byte in pages(first, count) {
        let value = byte.load(Ordering::Relaxed);
        if value & mask != 0 {
            byte.fetch_and(!mask, Ordering::SeqCst);
        }
    }
}

/// A host page's marks.
pub(crate) fn marks(page: u32) -> u8 {
    let byte = MAP.get(page as usize);
    byte.map_or(0, |byte| byte.load(Ordering::Relaxed))
}

/// Gives a host page the marks of another, whose bytes it got.
pub(crate) fn set_marks(page: u32, marks: u8) {
    if let Some(byte) = MAP.get(page as usize) {
        byte.store(marks, Ordering::Relaxed);
    }
}

/// Whether the host page has any bit of `mask`.
pub(crate) fn has(page: u32, mask: u8) -> bool {
    marks(page) & mask != 0
}

/// The first page in `[from, end)` that has a bit of `mask` (or, with `dirty` false, has none of them); `end` if none.
pub(crate) fn next(from: u32, end: u32, mask: u8, dirty: bool) -> u32 {
    let mut page = from;
    while page < end {
        if dirty {
            page = skip_clean(page, end, mask);
            if page >= end {
                break;
            }
        }
        if has(page, mask) == dirty {
            return page;
        }
        page += 1;
    }
    end
}

/// Skips groups of eight clean pages. Reading eight bytes at once races with nobody where there is one thread;
/// natively, where there may be more, mixed sizes of atomics would be undefined, so bytes are read one by one.
#[cfg(all(target_family = "wasm", not(target_feature = "atomics")))]
fn skip_clean(mut page: u32, end: u32, mask: u8) -> u32 {
    let mask = u64::from_ne_bytes([mask; 8]);
    while page.is_multiple_of(8) && end - page >= 8 && (page as usize) + 8 <= MAP.len() {
        // SAFETY: eight bytes of the map from an index checked above; one thread, so nothing is torn. Safe code would
        // read bytes, which the compiler may not merge because they are atomic.
        let word = unsafe {
            MAP.as_ptr()
                .wrapping_add(page as usize)
                .cast::<u64>()
                .read_unaligned()
        };
        if word & mask != 0 {
            break;
        }
        page += 8;
    }
    page
}

#[cfg(not(all(target_family = "wasm", not(target_feature = "atomics"))))]
fn skip_clean(page: u32, _end: u32, _mask: u8) -> u32 {
    page
}

/// The host pages that a run of bytes touches.
fn touched(host: usize, bytes: usize) -> Option<(u32, u32)> {
    let last = host.checked_add(bytes.checked_sub(1)?)?;
    let first = u32::try_from(host >> crate::host::PAGE_SHIFT).ok()?;
    let last = u32::try_from(last >> crate::host::PAGE_SHIFT).ok()?;
    Some((first, last - first + 1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::allocator;

    #[test]
    fn marks_are_seen_by_every_client_and_cleared_one_by_one() {
        let extent = allocator::allocate(4).unwrap();
        let first = extent.first();
        mark_bytes(extent.host_offset() + 4095, 2);
        assert!(has(first, 1) && has(first + 1, 64) && !has(first + 2, MARK));
        clear(first, 4, 1);
        assert!(!has(first, 1) && has(first, 2) && has(first, EVER));
    }

    #[test]
    fn next_finds_runs() {
        let extent = allocator::allocate(64).unwrap();
        let (first, end) = (extent.first(), extent.first() + 64);
        assert_eq!(next(first, end, MARK, true), end);
        mark(first + 41, 3);
        assert_eq!(next(first, end, 4, true), first + 41);
        assert_eq!(next(first + 41, end, 4, false), first + 44);
        expose(extent.host_offset(), 1);
        assert_eq!(next(first, end, 4, true), first + 41);
        assert_eq!(next(first, end, EVER, true), first);
    }

    #[test]
    fn nothing_is_marked_for_no_bytes_or_past_the_end() {
        let extent = allocator::allocate(1).unwrap();
        mark_bytes(extent.host_offset(), 0);
        assert!(!has(extent.first(), MARK));
        mark(MAX_PAGES - 1, 5);
        clear(MAX_PAGES - 1, 5, MARK);
        mark(MAX_PAGES, 1);
        mark_bytes(usize::MAX, 2);
    }
}
