//! The region allocator: hands out extents of host pages, and grows linear memory for more.
//!
//! It does not use Rust's global allocator, which would clear a region at once and so commit all of it. Pages fresh
//! from `memory.grow` are zero already and cost nothing until they are touched. Freed extents are kept in a sorted
//! list and merged. They keep their bytes until they are used again: then every view is detached, and the pages that
//! were ever written are zeroed (`dirty_map::EVER` tells which). An allocation takes the smallest run that fits,
//! because VMs come and go with whole gigabytes and a fragment is dear. Where that is not enough, `compaction.rs`
//! moves regions together.
//!
//! Page tables never move, and a table between two regions would keep the two apart for good. So the first few tables
//! have a zone of their own, at the low end.

use super::free_list::{FreeList, PageRun};
use super::readers;
use crate::linear::dirty_map;
use crate::linear::host::{self, PAGE_SHIFT, PAGE_SIZE};
use crate::sync::atomic::{AtomicU32, Ordering};
use crate::sync::{Mutex, MutexGuard, PoisonError};

/// A run of host pages that belongs to its holder and is given back on drop; or an empty extent, which a run can fill.
#[derive(Debug)]
pub(crate) struct Extent {
    /// Atomic, because compaction moves an extent that several holders may read: see `slide_down`.
    first: AtomicU32,
    pages: u32,
    zone: Zone,
}

/// A part of linear memory for one use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Zone {
    Regions,
    Tables,
}

/// The number of page tables in their own zone: 32 MiB of addresses, committed as they are used. Further tables lie
/// among the regions.
const TABLES: u32 = 8;

impl Extent {
    fn new(run: PageRun, zone: Zone) -> Self {
        let PageRun { first, pages } = run;
        let first = AtomicU32::new(first);
        Extent { first, pages, zone }
    }

    /// An empty extent, which a run of `pages` pages can fill.
    pub(crate) fn empty(pages: u32) -> Self {
        Extent::new(PageRun { first: 0, pages }, Zone::Regions)
    }

    fn run(&self) -> PageRun {
        let (first, pages) = (self.first(), self.pages);
        PageRun { first, pages }
    }

    /// The first host page; 0, which is never handed out, for an empty extent.
    #[inline]
    pub(crate) fn first(&self) -> u32 {
        self.first.load(Ordering::Acquire)
    }

    /// Splits off the first `pages` pages. The caller has made room for it ([`make_room_to_split`]).
    pub(crate) fn split(self, pages: u32) -> (Self, Self) {
        if pages == 0 {
            return (Extent::empty(0), self);
        }
        if pages >= self.pages {
            return (self, Extent::empty(0));
        }
        let (PageRun { first, pages: all }, zone) = (self.run(), self.zone);
        core::mem::forget(self); // its parts give its pages back
        allocator().zone(zone).count_split();
        let part = |first, pages| Extent::new(PageRun { first, pages }, zone);
        (part(first, pages), part(first + pages, all - pages))
    }

    /// Moves the pages of `from`, which has the same length, into this empty extent, and returns true. If this extent
    /// is filled already, it returns false, and the pages of `from` go back to the allocator.
    pub(crate) fn fill(&self, from: Extent) -> bool {
        let filled = self
            .first
            .compare_exchange(0, from.first(), Ordering::AcqRel, Ordering::Acquire)
            .is_ok();
        if filled {
            count_change();
            core::mem::forget(from);
        }
        filled
    }

    /// Gives the pages back zeroed. All views are detached now, so that the next holder of the pages need not do so.
    pub(crate) fn discard(self) {
        host::detach_views();
        if readers::wait() {
            zero(self.run());
        }
    }

    /// The host offset of the first byte.
    #[inline]
    pub(crate) fn host_offset(&self) -> usize {
        (self.first() as usize) << PAGE_SHIFT
    }

    /// Moves the written pages and their marks down into the free pages right below. Returns false if there are none.
    ///
    /// # Safety
    ///
    /// No pointer into the extent may exist.
    pub(crate) unsafe fn slide_down(&self) -> bool {
        let mut run = self.run();
        let moved = self.zone == Zone::Regions && allocator().slide_down(&mut run);
        self.first.store(run.first, Ordering::Relaxed);
        count_change();
        moved
    }
}

impl Drop for Extent {
    fn drop(&mut self) {
        let run = self.run();
        if run.first == 0 {
            return;
        }
        count_change();
        // The page tables have no entries of these pages any more. Were a reader to stay in them for all that is known,
        // they would never go back.
        if readers::wait() {
            allocator().zone(self.zone).give(run);
        }
    }
}

/// Counts the times that an extent got pages, moved, or gave its pages back.
static LAYOUT: AtomicU32 = AtomicU32::new(0);

/// A number that changes when an extent gets pages, moves, or gives its pages back.
pub(crate) fn layout() -> u32 {
    LAYOUT.load(Ordering::SeqCst)
}

fn count_change() {
    LAYOUT.fetch_add(1, Ordering::SeqCst);
}

/// Takes `pages` host pages (at least one), all zero and without marks. `None` if linear memory cannot hold them; then
/// nothing has changed.
pub(crate) fn allocate(pages: u32) -> Option<Extent> {
    let run = allocator().take(pages.max(1))?;
    Some(Extent::new(run, Zone::Regions))
}

/// Like [`allocate`], for a page table. Each call asks for the same number of pages.
pub(crate) fn allocate_table(pages: u32) -> Option<Extent> {
    let table = allocator().take_table(pages);
    table.map_or_else(
        || allocate(pages),
        |run| Some(Extent::new(run, Zone::Tables)),
    )
}

/// Reserves room in the free list, so that `extents` extents can each be split into three without a heap allocation.
pub(crate) fn make_room_to_split(extents: usize) -> Option<()> {
    allocator().regions.make_room_for(extents.checked_mul(2)?)
}

/// Whether one free run has `pages` pages, so that linear memory need not grow for them.
pub(crate) fn fits(pages: u32) -> bool {
    allocator().regions.fits(pages)
}

/// Whether linear memory is too fragmented for `pages` pages. It is if as many are free, but not in one run, and
/// growth is impossible or would leave more than a fifth of linear memory unused.
pub(crate) fn is_fragmented_for(pages: u32) -> bool {
    allocator().is_fragmented_for(pages, host::initial_end(), host::end())
}

/// Makes sure that the next extent of `pages` pages needs neither growth nor the detaching of views. All free runs are
/// made clean now, because it is not yet known which run the extent will get: the smallest that fits then.
pub(crate) fn reserve(pages: u32) -> Option<()> {
    let mut allocator = allocator();
    allocator.reserve(pages)?;
    allocator.clean();
    Some(())
}

#[derive(Debug)]
struct Allocator {
    regions: FreeList,
    tables: FreeList,
}

static ALLOCATOR: Mutex<Allocator> = Mutex::new(Allocator {
    regions: FreeList::new(),
    tables: FreeList::new(),
});

fn allocator() -> MutexGuard<'static, Allocator> {
    // A poisoned lock is used like any other: nothing below panics, and if it did, the list would still be a list.
    ALLOCATOR.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Allocator {
    fn take(&mut self, pages: u32) -> Option<PageRun> {
        self.reserve(pages)?;
        self.regions.take(pages).inspect(make_clean)
    }

    fn take_table(&mut self, pages: u32) -> Option<PageRun> {
        let zone = pages.checked_mul(TABLES)?;
        self.tables.make_room()?;
        if self.tables.live_pages() + self.tables.free_pages() == 0 {
            let (first, got) = host::grow(zone)?;
            self.tables.insert(PageRun { first, pages: got });
        }
        self.tables.take(pages).inspect(make_clean)
    }

    fn zone(&mut self, zone: Zone) -> &mut FreeList {
        match zone {
            Zone::Regions => &mut self.regions,
            Zone::Tables => &mut self.tables,
        }
    }

    /// `end` is the host page where growth begins; the pages below `initial` are there without growth.
    fn is_fragmented_for(&self, pages: u32, initial: u32, end: u32) -> bool {
        if self.regions.fits(pages) || self.regions.free_pages() < pages {
            return false;
        }
        let needed = pages - self.regions.pages_below(end).min(pages);
        let total = u64::from(end) + u64::from(needed);
        if total <= u64::from(initial) {
            return false;
        }
        let tables = self.tables.live_pages() + self.tables.free_pages();
        let used = u64::from(self.regions.live_pages()) + u64::from(tables) + u64::from(pages);
        total > u64::from(host::MAX_PAGES) || total * 4 > used * 5
    }

    fn slide_down(&mut self, run: &mut PageRun) -> bool {
        let Some(below) = self.regions.take_below(run.first) else {
            return false;
        };
        move_down(*run, below.first);
        run.first = below.first;
        self.regions.insert(PageRun {
            first: run.end(),
            pages: below.pages,
        });
        true
    }

    fn clean(&self) {
        if self.regions.runs.iter().any(|run| run.is_marked()) {
            host::detach_views();
            self.regions.runs.iter().copied().for_each(zero);
        }
    }

    fn reserve(&mut self, pages: u32) -> Option<()> {
        self.regions.make_room()?;
        if self.regions.fits(pages) {
            return Some(());
        }
        // If the last run is free, growth only has to lengthen it.
        let tail = self.regions.pages_below(host::end());
        if let Some((first, got)) = host::grow(pages.checked_sub(tail)?) {
            self.regions.insert(PageRun { first, pages: got });
        }
        if self.regions.fits(pages) {
            return Some(());
        }
        // The new pages did not join the last run, because other code grew the memory in between; or the memory is
        // full.
        let (first, got) = host::grow(pages)?;
        self.regions.make_room()?;
        self.regions.insert(PageRun { first, pages: got });
        Some(())
    }
}

/// Makes used pages ready for their next holder.
fn make_clean(run: &PageRun) {
    if run.is_marked() {
        host::detach_views();
        zero(*run);
    }
}

/// Moves the written pages of `run`, and the marks of all its pages, down to `first`. The pages left behind keep their
/// marks.
fn move_down(run: PageRun, first: u32) {
    for (from, to) in (run.first..run.end()).zip(first..) {
        let (source, target) = (page(from), page(to));
        let (marks, stale) = (dirty_map::marks(from), dirty_map::marks(to));
        if marks & dirty_map::EVER != 0 {
            // SAFETY: both pages came from `host::grow`. The target is free, or its bytes were moved already; the
            // source belongs to the caller alone. Raw, because guest bytes are never behind a reference.
            unsafe { target.copy_from_nonoverlapping(source, PAGE_SIZE) };
        } else if stale & dirty_map::EVER != 0 {
            // SAFETY: as above.
            unsafe { target.write_bytes(0, PAGE_SIZE) };
        }
        dirty_map::set_marks(to, marks);
    }
}

/// The pointer to a host page.
fn page(number: u32) -> *mut u8 {
    host::pointer((number as usize) << PAGE_SHIFT)
}

/// Zeroes the pages of `run` that were ever written or shown, and forgets their marks.
fn zero(run: PageRun) {
    let mut end = run.first;
    loop {
        let from = dirty_map::next(end, run.end(), dirty_map::EVER, true);
        if from >= run.end() {
            return;
        }
        end = dirty_map::next(from, run.end(), dirty_map::EVER, false);
        for dirty in from..end {
            let start = page(dirty);
            // SAFETY: the page came from `host::grow`, so it is memory of this process, and the free list has just
            // handed it to this call alone. Raw, because guest bytes are never behind a reference.
            unsafe { start.write_bytes(0, PAGE_SIZE) };
        }
        dirty_map::clear(dirty_map::pages(from, end - from), dirty_map::MARK);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An allocator with these free runs, which belong to the test.
    fn own(runs: &[PageRun]) -> Allocator {
        let mut own = Allocator {
            regions: FreeList::new(),
            tables: FreeList::new(),
        };
        runs.iter().for_each(|&run| own.regions.insert(run));
        own
    }

    #[test]
    fn pages_are_zero_at_first_and_again_after_reuse() {
        let extent = allocate(3).unwrap();
        for round in 0..2 {
            // SAFETY: three pages that this test owns.
            let bytes = |offset: usize| unsafe {
                host::pointer(extent.host_offset() + offset).read_volatile()
            };
            assert!(
                (0..3 * PAGE_SIZE).all(|offset| bytes(offset) == 0),
                "round {round}"
            );
            // SAFETY: as above.
            unsafe { host::pointer(extent.host_offset() + 5000).write_volatile(7) };
            dirty_map::mark_bytes(extent.host_offset() + 5000, 1);
            zero(extent.run());
        }
        assert!(!dirty_map::has(extent.first() + 1, dirty_map::MARK));
    }

    #[test]
    fn what_is_reserved_is_clean_already() {
        let extent = allocate(3).unwrap();
        dirty_map::mark(extent.first(), 3);
        let mut own = own(&[extent.run()]);
        own.clean();
        assert!(!extent.run().is_marked());
        assert_eq!(own.take(3), Some(extent.run()));
    }

    #[test]
    fn more_than_there_can_be_is_refused_and_changes_nothing() {
        assert!(allocate(u32::MAX).is_none());
        assert!(allocate(host::MAX_PAGES + 1).is_none());
        assert!(allocate(1).is_some());
    }

    #[test]
    fn what_slides_down_takes_its_bytes_and_marks_along_and_leaves_nothing_dirty_unmarked() {
        let extent = allocate(8).unwrap();
        let first = extent.first();
        let write = |number: u32, value: u8| {
            // SAFETY: a page of this test's.
            unsafe { page(number).write_bytes(value, PAGE_SIZE) };
            dirty_map::mark(number, 1);
        };
        // SAFETY: as above.
        let byte = |number: u32| unsafe { page(number).read_volatile() };
        // Free: 0 to 2; an earlier holder wrote page 1. Moved: 3 to 7, of which 3 and 6 were written.
        write(first + 1, 0xee);
        write(first + 3, 3);
        write(first + 6, 6);
        let mut run = PageRun {
            first: first + 3,
            pages: 5,
        };
        let mut own = own(&[PageRun { first, pages: 3 }]);
        assert!(own.slide_down(&mut run));
        assert_eq!((run.first, run.pages), (first, 5));
        let tail = PageRun {
            first: first + 5,
            pages: 3,
        };
        assert_eq!(own.regions.runs, [tail]);
        let moved: Vec<_> = (first..first + 5)
            .map(|number| (byte(number), dirty_map::marks(number)))
            .collect();
        let expected = [
            (3, dirty_map::MARK),
            (0, 0),
            (0, 0),
            (6, dirty_map::MARK),
            (0, 0),
        ];
        assert_eq!(moved, expected);
        assert!(
            (first + 5..first + 8).all(|number| byte(number) == 0 || dirty_map::marks(number) != 0)
        );
        assert!(!own.slide_down(&mut run));
    }

    #[test]
    fn it_is_fragmented_where_enough_is_free_but_not_in_one_run() {
        let mut own = own(&[
            PageRun {
                first: 10,
                pages: 20,
            },
            PageRun {
                first: 40,
                pages: 20,
            },
        ]);
        own.regions.live_pages_for_test(10);
        assert!(!own.is_fragmented_for(20, 0, 70) && !own.is_fragmented_for(41, 0, 70));
        // 100 pages after growth, and 40 of them used.
        assert!(own.is_fragmented_for(30, 0, 70) && own.is_fragmented_for(30, 99, 70));
        // There are 100 pages without growth.
        assert!(!own.is_fragmented_for(30, 100, 70));
        // Growth wastes little where most pages are used: 300 pages, and 270 used.
        own.regions.live_pages_for_test(240);
        assert!(!own.is_fragmented_for(30, 0, 270));
        // Growth is not possible.
        assert!(own.is_fragmented_for(30, 0, host::MAX_PAGES - 29));
    }
}
