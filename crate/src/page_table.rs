//! The page table of one VM: where each 4 KiB page of the first 4 GiB of guest-physical addresses lies.
//!
//! ```text
//!   guest address   31            12 11         0
//!                  ┌────────────────┬────────────┐
//!                  │ guest page     │ offset     │
//!                  └───────┬────────┴─────┬──────┘
//!   entry = table[guest page]             │
//!                  ┌───────────────┬──┐   │
//!                  │ host page     │fl│   │          host offset = (entry >> 4) << 12 | offset
//!                  └───────────────┴──┘   │          dirty byte  = map[entry >> 4]
//!                  31             4 3  0
//! ```
//!
//! A flag that is clear sends the access to the slow path. An entry of 0 is a page that is not wholly inside a region:
//! a hole, or a page in which a region begins or ends. The table is contract (docs/page-table.md): JavaScript and JIT
//! code read it, nobody but this file writes it. Behind the entries lies one page of control words.

use crate::allocator::{self, Extent};
use crate::dirty_map;
use crate::host::{self, PAGE_SHIFT};
use core::sync::atomic::{AtomicU32, Ordering};

/// The page may be read on the fast path.
pub const READABLE: u32 = 1;
/// The page may be written on the fast path.
pub const WRITABLE: u32 = 2;
/// Bits of an entry that are flags; the host page stands above them.
pub const FLAG_BITS: u32 = 4;
/// Entries: one for each page of the first 4 GiB.
pub const ENTRIES: u32 = 1 << 20;

/// The pages of the entries, and one for the control words.
const TABLE_PAGES: u32 = ENTRIES * 4 / 4096;

/// The control word that counts changes of the map.
const GENERATION: usize = ENTRIES as usize;

#[derive(Debug)]
pub(crate) struct PageTable {
    extent: Extent,
}

impl PageTable {
    /// An empty table: nothing is mapped. `None` where linear memory cannot hold it.
    pub(crate) fn new() -> Option<Self> {
        let extent = allocator::allocate_table(TABLE_PAGES + 1)?;
        let table = PageTable { extent };
        // The control page is written from now on.
        dirty_map::mark(table.extent.first() + TABLE_PAGES, 1);
        Some(table)
    }

    /// Where the entries start in linear memory; the control words follow them.
    pub(crate) fn host_offset(&self) -> usize {
        self.extent.host_offset()
    }

    /// Says that a caller has a view of the table: whoever gets its pages next gets them zeroed.
    pub(crate) fn expose(&self) {
        dirty_map::expose(
            self.host_offset(),
            ((TABLE_PAGES + 1) << PAGE_SHIFT) as usize,
        );
    }

    /// The word at `index`, which is at most the control page's last.
    #[inline(always)]
    fn word(&self, index: usize) -> &AtomicU32 {
        let pointer = host::pointer(self.extent.host_offset() + index * 4).cast::<u32>();
        // SAFETY: aligned, inside this table's extent (callers pass a guest page below 2^20 or a control index), alive
        // as long as `self`. The words are shared with JavaScript, so they are atomics behind a raw pointer; a slice
        // that Rust owns could not lie in an extent.
        unsafe { AtomicU32::from_ptr(pointer) }
    }

    /// The entry for `address`; 0 (no flag) for an address past the table.
    #[inline(always)]
    pub(crate) fn entry(&self, address: u64) -> u32 {
        match usize::try_from(address >> PAGE_SHIFT) {
            Ok(page) if page < ENTRIES as usize => self.word(page).load(Ordering::Relaxed),
            _ => 0,
        }
    }

    /// Enters the whole pages of a region whose byte at guest address `start` lies at `host`, as far as the table goes.
    pub(crate) fn map(&self, start: u64, size: u64, host: usize, flags: u32) {
        let Some((first, end)) = whole_pages(start, size) else {
            return;
        };
        // The first whole page begins this far into the region, at a page of the host's too (they agree in 12 bits).
        let skipped = (first << PAGE_SHIFT).wrapping_sub(start);
        let Some(host) = usize::try_from(skipped)
            .ok()
            .and_then(|skipped| host.checked_add(skipped))
        else {
            return;
        };
        let host_page = u32::try_from(host >> PAGE_SHIFT).unwrap_or(0);
        self.write(first, end, |index| {
            ((host_page + index) << FLAG_BITS) | flags
        });
    }

    /// Takes the pages of `[start, start + size)` out of the table.
    pub(crate) fn unmap(&self, start: u64, size: u64) {
        if let Some((first, end)) = whole_pages(start, size) {
            self.write(first, end, |_| 0);
        }
    }

    fn write(&self, first: u64, end: u64, entry: impl Fn(u32) -> u32) {
        let clipped = |page: u64| u32::try_from(page).map_or(ENTRIES, |page| page.min(ENTRIES));
        let (first, end) = (clipped(first), clipped(end));
        if first >= end {
            return;
        }
        for page in first..end {
            self.word(page as usize)
                .store(entry(page - first), Ordering::Relaxed);
        }
        let (first, entries) = (first as usize, (end - first) as usize);
        dirty_map::mark_bytes(self.host_offset() + first * 4, entries * 4);
    }

    /// Counts a change of the map. Wraps after 2^32 changes.
    pub(crate) fn bump_generation(&self) {
        self.word(GENERATION).fetch_add(1, Ordering::SeqCst);
    }

    pub(crate) fn generation(&self) -> u32 {
        self.word(GENERATION).load(Ordering::SeqCst)
    }
}

/// The guest pages wholly inside `[start, start + size)`, as `[first, end)`.
fn whole_pages(start: u64, size: u64) -> Option<(u64, u64)> {
    let last = start.checked_add(size.checked_sub(1)?)?;
    let first = start.div_ceil(1 << PAGE_SHIFT);
    // The page of the last byte counts only if that byte is the page's last.
    let end = (last >> PAGE_SHIFT) + u64::from(last & 0xfff == 0xfff);
    (first < end).then_some((first, end))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_pages_at_every_edge() {
        assert_eq!(whole_pages(0, 0x1000), Some((0, 1)));
        assert_eq!(whole_pages(1, 0x1000), None);
        assert_eq!(whole_pages(1, 0x1fff), Some((1, 2)));
        assert_eq!(whole_pages(0xfff, 0x1001), Some((1, 2)));
        assert_eq!(whole_pages(0x800, 0x3000), Some((1, 3)));
        assert_eq!(whole_pages(5, 0), None);
        assert_eq!(
            whole_pages(u64::MAX - 0xfff, 0x1000),
            Some((0xf_ffff_ffff_ffff, 0x10_0000_0000_0000))
        );
        assert_eq!(whole_pages(u64::MAX, 2), None);
    }

    #[test]
    fn entries_hold_host_page_and_flags() {
        let table = PageTable::new().unwrap();
        let host = 5 * 4096 + 0x800;
        table.map(0x1800, 0x2800, host, READABLE | WRITABLE);
        assert_eq!(table.entry(0x1fff), 0);
        assert_eq!(table.entry(0x2000), (6 << FLAG_BITS) | 3);
        assert_eq!(table.entry(0x3abc), (7 << FLAG_BITS) | 3);
        assert_eq!(table.entry(0x4000), 0);
        table.unmap(0x1800, 0x2800);
        assert_eq!(table.entry(0x2000), 0);
    }

    #[test]
    fn what_lies_past_the_table_has_no_entry() {
        let table = PageTable::new().unwrap();
        table.map(0xffff_e000, 0x4000, 4096, READABLE);
        assert_eq!(table.entry(0xffff_f000), (2 << FLAG_BITS) | READABLE);
        assert_eq!(table.entry(0x1_0000_0000), 0);
        assert_eq!(table.entry(u64::MAX), 0);
        assert_eq!(table.generation(), 0);
        table.map(1 << 52, 0x4000, 4096, READABLE);
        table.unmap(u64::MAX - 0xfff, 0x1000);
        table.bump_generation();
        assert_eq!(table.generation(), 1);
    }
}
