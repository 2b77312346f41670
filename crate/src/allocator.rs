//! The region allocator: extents of host pages, straight on the growth of linear memory.
//!
//! Rust's global allocator would clear a region at once and so commit all of it; pages fresh from `memory.grow` are
//! zero already and cost nothing until they are touched. Freed extents are kept in a sorted list and merged. They stay
//! as they are until they are used again: then every view is detached, and pages that were ever written are zeroed
//! (`dirty_map::EVER` knows which). Best fit, because VMs come and go with whole gigabytes and a fragment is dear.

use crate::dirty_map;
use crate::host::{self, PAGE_SHIFT, PAGE_SIZE};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// A run of host pages that belongs to its holder; given back on drop.
#[derive(Debug)]
pub(crate) struct Extent {
    run: Run,
}

impl Extent {
    /// The first host page.
    pub(crate) fn first(&self) -> u32 {
        self.run.first
    }

    /// The host offset of the first byte.
    pub(crate) fn host_offset(&self) -> usize {
        (self.run.first as usize) << PAGE_SHIFT
    }
}

impl Drop for Extent {
    fn drop(&mut self) {
        allocator().free.give(self.run);
    }
}

/// Takes `pages` host pages (at least one), all zero, with no mark. `None` where linear memory cannot hold them;
/// then nothing has changed.
pub(crate) fn allocate(pages: u32) -> Option<Extent> {
    let run = allocator().take(pages.max(1))?;
    Some(Extent { run })
}

/// Makes sure that an extent of `pages` is there without growth, and that no view has to be detached for it: all that is
/// free is made clean now, because what the next extent gets is the smallest run that fits then.
pub(crate) fn reserve(pages: u32) -> Option<()> {
    let mut allocator = allocator();
    allocator.reserve(pages)?;
    allocator.clean();
    Some(())
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Run {
    first: u32,
    pages: u32,
}

impl Run {
    fn end(self) -> u32 {
        self.first + self.pages
    }

    /// Whether a page of it was written or shown since it was last zero.
    fn is_marked(self) -> bool {
        dirty_map::next(self.first, self.end(), dirty_map::MARK, true) < self.end()
    }
}

#[derive(Debug)]
struct Allocator {
    free: FreeList,
}

static ALLOCATOR: Mutex<Allocator> = Mutex::new(Allocator {
    free: FreeList {
        runs: Vec::new(),
        live: 0,
    },
});

fn allocator() -> MutexGuard<'static, Allocator> {
    // A panic while it was held cannot have happened: nothing below panics. If it did, the list is still a list.
    ALLOCATOR.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Allocator {
    fn take(&mut self, pages: u32) -> Option<Run> {
        self.reserve(pages)?;
        let run = self.free.take(pages)?;
        if run.is_marked() {
            host::detach_views();
            zero(run);
        }
        Some(run)
    }

    fn clean(&self) {
        if self.free.runs.iter().any(|run| run.is_marked()) {
            host::detach_views();
            self.free.runs.iter().copied().for_each(zero);
        }
    }

    fn reserve(&mut self, pages: u32) -> Option<()> {
        self.free.make_room()?;
        if self.free.fits(pages) {
            return Some(());
        }
        // A free run at the very end need only be lengthened.
        let tail = self
            .free
            .runs
            .last()
            .filter(|run| run.end() == host::end())
            .map_or(0, |run| run.pages);
        if let Some((first, got)) = host::grow(pages.checked_sub(tail)?) {
            self.free.insert(Run { first, pages: got });
        }
        if self.free.fits(pages) {
            return Some(());
        }
        // Somebody else grew it in between, so that the two did not join, or it is full.
        let (first, got) = host::grow(pages)?;
        self.free.make_room()?;
        self.free.insert(Run { first, pages: got });
        Some(())
    }
}

/// Zeroes the pages of `run` that were ever written or shown, and forgets their marks.
fn zero(run: Run) {
    let mut page = run.first;
    loop {
        let from = dirty_map::next(page, run.end(), dirty_map::MARK, true);
        if from >= run.end() {
            return;
        }
        page = dirty_map::next(from, run.end(), dirty_map::MARK, false);
        for dirty in from..page {
            let start = host::pointer((dirty as usize) << PAGE_SHIFT);
            // SAFETY: the page came from `host::grow`, so it is memory of this process, and the free list has just
            // handed it to this call alone. Raw, because guest bytes are never behind a reference.
            unsafe { start.write_bytes(0, PAGE_SIZE) };
        }
        dirty_map::clear(from, page - from, dirty_map::MARK);
    }
}

/// Free runs, sorted by address, never adjacent.
#[derive(Debug, Default)]
struct FreeList {
    runs: Vec<Run>,
    /// Extents handed out: each may add one run when it comes back.
    live: usize,
}

impl FreeList {
    /// Room for everything that may come back, so that giving back never allocates (an allocation may grow linear
    /// memory, and only creation may do that), and for the two runs that this allocation may add.
    fn make_room(&mut self) -> Option<()> {
        self.runs.try_reserve(self.live + 3).ok()
    }

    fn fits(&self, pages: u32) -> bool {
        self.runs.iter().any(|run| run.pages >= pages)
    }

    fn take(&mut self, pages: u32) -> Option<Run> {
        let candidates = self
            .runs
            .iter()
            .enumerate()
            .filter(|(_, run)| run.pages >= pages);
        let (index, &found) = candidates.min_by_key(|(_, run)| run.pages)?;
        if found.pages == pages {
            self.runs.remove(index);
        } else {
            self.runs[index] = Run {
                first: found.first + pages,
                pages: found.pages - pages,
            };
        }
        self.live += 1;
        Some(Run {
            first: found.first,
            pages,
        })
    }

    fn give(&mut self, run: Run) {
        self.live = self.live.saturating_sub(1);
        self.insert(run);
    }

    fn insert(&mut self, run: Run) {
        let index = self.runs.partition_point(|other| other.first < run.first);
        let joins_next = self
            .runs
            .get(index)
            .is_some_and(|next| next.first == run.end());
        let joins_previous = index > 0 && self.runs[index - 1].end() == run.first;
        match (joins_previous, joins_next) {
            (true, true) => {
                let next = self.runs.remove(index);
                self.runs[index - 1].pages += run.pages + next.pages;
            }
            (true, false) => self.runs[index - 1].pages += run.pages,
            (false, true) => {
                self.runs[index] = Run {
                    first: run.first,
                    pages: run.pages + self.runs[index].pages,
                }
            }
            (false, false) => self.runs.insert(index, run),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(runs: &[(u32, u32)]) -> FreeList {
        FreeList {
            runs: runs
                .iter()
                .map(|&(first, pages)| Run { first, pages })
                .collect(),
            live: 0,
        }
    }

    #[test]
    fn the_smallest_run_that_fits_is_taken_from_its_low_end() {
        let mut free = list(&[(10, 50), (100, 8), (200, 8), (300, 9)]);
        assert_eq!(
            free.take(8),
            Some(Run {
                first: 100,
                pages: 8
            })
        );
        assert_eq!(
            free.take(5),
            Some(Run {
                first: 200,
                pages: 5
            })
        );
        assert_eq!(free.take(51), None);
        assert_eq!(free.runs, list(&[(10, 50), (205, 3), (300, 9)]).runs);
    }

    #[test]
    fn what_comes_back_joins_its_neighbours() {
        let mut free = list(&[(10, 10), (30, 10)]);
        free.give(Run {
            first: 20,
            pages: 10,
        });
        assert_eq!(free.runs, list(&[(10, 30)]).runs);
        free.give(Run {
            first: 50,
            pages: 1,
        });
        free.give(Run {
            first: 49,
            pages: 1,
        });
        free.give(Run {
            first: 40,
            pages: 1,
        });
        free.give(Run { first: 8, pages: 1 });
        assert_eq!(free.runs, list(&[(8, 1), (10, 31), (49, 2)]).runs);
    }

    #[test]
    fn giving_back_never_allocates() {
        let mut free = list(&[(0, 64)]);
        let mut taken = Vec::new();
        for _ in 0..32 {
            free.make_room().unwrap();
            taken.push(free.take(2).unwrap());
        }
        let capacity = free.runs.capacity();
        let (even, odd): (Vec<_>, Vec<_>) = taken.into_iter().partition(|run| run.first % 4 == 0);
        even.into_iter().chain(odd).for_each(|run| free.give(run));
        assert_eq!((free.runs.capacity(), free.live), (capacity, 0));
        assert_eq!(free.runs, list(&[(0, 64)]).runs);
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
            zero(extent.run);
        }
        assert!(!dirty_map::has(extent.first() + 1, dirty_map::MARK));
    }

    #[test]
    fn what_is_reserved_is_clean_already() {
        let extent = allocate(3).unwrap();
        dirty_map::mark(extent.first(), 3);
        let mut own = Allocator {
            free: list(&[(extent.first(), 3)]),
        };
        own.clean();
        assert!(!extent.run.is_marked());
        assert_eq!(own.take(3), Some(extent.run));
    }

    #[test]
    fn more_than_there_can_be_is_refused_and_changes_nothing() {
        assert!(allocate(u32::MAX).is_none());
        assert!(allocate(host::MAX_PAGES + 1).is_none());
        assert!(allocate(1).is_some());
    }
}
