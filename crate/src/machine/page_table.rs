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
//! A clear flag sends the access to the slow path. The entry is 0 for a page that is not wholly inside a region: a
//! hole, or a page in which a region begins or ends. The table is a contract (docs/page-table.md): JavaScript and JIT
//! code read it, and only this file writes it. One page of control words lies behind the entries.

use crate::abi;
use crate::linear::allocator::{self, Extent};
use crate::linear::dirty_map;
use crate::linear::host::{self, PAGE_SHIFT};
use crate::linear::readers;
use crate::machine::control::{self, CHANGES, GENERATION, PERMISSIONS};
use crate::machine::memory_map::attributes::WATCH_SHIFT;
use crate::machine::memory_map::{FlatRange, MemoryMap};
use crate::machine::ram_region::RamRegion;
use crate::machine::traps;
use crate::sync::step;
use core::sync::atomic::{AtomicU32, Ordering};

/// The page may be read on the fast path.
pub const READABLE: u32 = abi::ENTRY_READABLE;
/// The page may be written on the fast path.
pub const WRITABLE: u32 = abi::ENTRY_WRITABLE;
/// Instructions may be fetched from the page on the fast path.
pub const EXECUTABLE: u32 = abi::ENTRY_EXECUTABLE;
/// Bits of an entry that are flags; the host page is in the bits above.
pub const FLAG_BITS: u32 = abi::ENTRY_FLAG_BITS;
/// Entries: one for each page of the first 4 GiB.
pub const ENTRIES: u32 = abi::TABLE_ENTRIES;

/// The pointer to the byte at a host offset, for code that follows an entry by itself, as a JIT emits. The table is at
/// [`table_host_offset`](crate::AddressSpace::table_host_offset).
///
/// The pointer may be used while the map shows the page, or while a [`view`](crate::AddressSpace::view) from that time is held.
///
/// ```
/// use guest_memory::page_table::{self, FLAG_BITS, WRITABLE};
/// use guest_memory::{AddressSpace, GuestAddress};
/// let space = AddressSpace::from_ranges(&[(GuestAddress(0), 0x1000)])?;
/// space.write_obj(7_u8, GuestAddress(0x123))?;
/// // SAFETY: the table lives as long as the space, and the map shows the page meanwhile.
/// let byte = unsafe {
///     let entry = page_table::host_pointer(space.table_host_offset()).cast::<u32>().read();
///     assert!(entry & WRITABLE != 0);
///     page_table::host_pointer(((entry >> FLAG_BITS) as usize) << 12 | 0x123).read_volatile()
/// };
/// assert_eq!(byte, 7);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn host_pointer(offset: usize) -> *mut u8 {
    host::pointer(offset)
}

/// The pages of the entries, and one for the control words.
const TABLE_PAGES: u32 = ENTRIES * 4 / 4096;

#[derive(Debug)]
pub(crate) struct PageTable {
    extent: Extent,
}

impl PageTable {
    /// An empty table of the machine with this number: nothing is mapped. `None` where linear memory cannot hold it.
    pub(crate) fn new(machine: u32) -> Option<Self> {
        let extent = allocator::allocate_table(TABLE_PAGES + 1)?;
        let table = PageTable { extent };
        control::enlist(machine, table.host_offset())?;
        // The control page counts as written from now on.
        dirty_map::mark(table.extent.first() + TABLE_PAGES, 1);
        Some(table)
    }

    /// Where the entries start in linear memory; the control words follow them.
    pub(crate) fn host_offset(&self) -> usize {
        self.extent.host_offset()
    }

    /// Records that a caller has a view of the table: its pages are zeroed before another owner gets them.
    pub(crate) fn expose(&self) {
        dirty_map::expose(
            self.host_offset(),
            ((TABLE_PAGES + 1) << PAGE_SHIFT) as usize,
        );
    }

    /// The word at `index`, which is at most the last of the control page.
    #[inline(always)]
    fn word(&self, index: usize) -> &AtomicU32 {
        // SAFETY: this table's extent lives as long as `self`. Callers pass a guest page below 2^20 or a control index.
        unsafe { control::word(self.extent.host_offset(), index) }
    }

    /// The entry for `address`; 0 (no flag) for an address past the table.
    #[inline(always)]
    pub(crate) fn entry(&self, address: u64) -> u32 {
        match usize::try_from(address >> PAGE_SHIFT) {
            Ok(page) if page < ENTRIES as usize => {
                let entry = self.word(page).load(Ordering::Acquire);
                step();
                entry
            }
            _ => 0,
        }
    }

    /// Writes the entries of all pages that `[first, last]` touches, as far as the table goes. `map` has what is shown
    /// and allowed there.
    pub(crate) fn refresh(&self, map: &MemoryMap, first: u64, last: u64) {
        let end = u64::from(ENTRIES) << PAGE_SHIFT;
        if first >= end {
            return;
        }
        let (low, high) = (first & !0xfff, last.min(end - 1) | 0xfff);
        self.write(low >> PAGE_SHIFT, (high >> PAGE_SHIFT) + 1, |_| 0);
        for range in map.flat.over(low, high) {
            // Absent blocks get no entry: code that holds only a snapshot cannot reach the page tables, so it could not
            // invalidate their entries on the first write.
            let present = |memory: &&RamRegion| !memory.block().is_absent();
            let Some(memory) = range.memory.as_ref().filter(present) else {
                continue;
            };
            let from = range.start.max(low);
            let size = range.last.min(high) - from + 1;
            // Fits: the range is in linear memory.
            let host = memory.host_offset() + usize::try_from(from - range.start).unwrap_or(0);
            let Some((page, past)) = whole_pages(from, size) else {
                continue;
            };
            // An entry can name a page only where guest and host pages agree.
            if host as u64 & 0xfff != from & 0xfff {
                continue;
            }
            let host_page = (host + 0xfff) >> PAGE_SHIFT;
            let all = READABLE | EXECUTABLE | if range.is_writable() { WRITABLE } else { 0 };
            for run in map.attributes.over(page, past - 1) {
                let slow = u32::from(run.bits | run.bits >> WATCH_SHIFT);
                let Ok(before) = usize::try_from(run.first - page) else {
                    continue;
                };
                let host_page = u32::try_from(host_page + before).unwrap_or(0);
                self.write(run.first, run.last + 1, |index| {
                    ((host_page + index) << FLAG_BITS) | (all & !slow)
                });
            }
            self.trap(range, page, past);
        }
    }

    /// Takes the flag for writes from the pages `[first, past)` of a range that have a write trap.
    fn trap(&self, range: &FlatRange, first: u64, past: u64) {
        if !traps::any() {
            return;
        }
        let offset = |page: u64| range.offset + ((page << PAGE_SHIFT) - range.start);
        let bytes = offset(first)..offset(past);
        traps::each_over(range.region.id(), &bytes, |segment| {
            let page = |offset: u64| first + ((offset - bytes.start) >> PAGE_SHIFT);
            let from = page(segment.start.max(bytes.start));
            let to = page(segment.end.min(bytes.end) - 1);
            for page in from..=to {
                // Fits: the page has an entry.
                let word = self.word(usize::try_from(page).unwrap_or(0));
                word.fetch_and(!WRITABLE, Ordering::Relaxed);
            }
        });
    }

    fn write(&self, first: u64, end: u64, entry: impl Fn(u32) -> u32) {
        let clipped = |page: u64| u32::try_from(page).map_or(ENTRIES, |page| page.min(ENTRIES));
        let (first, end) = (clipped(first), clipped(end));
        if first >= end {
            return;
        }
        for page in first..end {
            self.word(page as usize)
                .store(entry(page - first), Ordering::Release);
            step();
        }
        let (first, entries) = (first as usize, (end - first) as usize);
        dirty_map::mark_bytes(self.host_offset() + first * 4, entries * 4);
    }

    /// Counts a change of permissions, watches or traps, after which no access goes on that began before. Wraps after 2^32
    /// changes.
    pub(crate) fn bump_permissions(&self) {
        control::count_permissions(|index| self.word(index));
        let _ = readers::wait(); // without certainty there is nothing else to do
    }

    pub(crate) fn permission_generation(&self) -> u32 {
        self.word(PERMISSIONS).load(Ordering::SeqCst)
    }

    /// Counts a change of translations. Wraps after 2^32 changes.
    pub(crate) fn bump_generation(&self) {
        self.word(GENERATION).fetch_add(1, Ordering::SeqCst);
        self.word(CHANGES).fetch_add(1, Ordering::SeqCst);
    }

    pub(crate) fn generation(&self) -> u32 {
        self.word(GENERATION).load(Ordering::SeqCst)
    }
}

impl Drop for PageTable {
    fn drop(&mut self) {
        control::strike(self.host_offset());
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
    fn what_lies_past_the_table_has_no_entry() {
        let table = PageTable::new(u32::MAX).unwrap();
        assert_eq!(table.entry(0x1_0000_0000), 0);
        assert_eq!(table.entry(u64::MAX), 0);
        assert_eq!(table.generation(), 0);
        table.refresh(&MemoryMap::default(), 0xffff_ffff, u64::MAX);
        table.bump_generation();
        assert_eq!(table.generation(), 1);
    }
}
