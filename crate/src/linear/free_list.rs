//! Free runs of host pages: a sorted list, in which a run that is given back joins its neighbours.

use crate::linear::dirty_map;

/// Adjacent host pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct PageRun {
    pub(crate) first: u32,
    pub(crate) pages: u32,
}

impl PageRun {
    pub(crate) fn end(self) -> u32 {
        self.first + self.pages
    }

    /// Whether one of its pages was written or shown since it was last zero.
    pub(crate) fn is_marked(self) -> bool {
        dirty_map::next(self.first, self.end(), dirty_map::EVER, true) < self.end()
    }
}

/// Free runs, sorted by address, never adjacent.
#[derive(Debug, Default)]
pub(crate) struct FreeList {
    pub(crate) runs: Vec<PageRun>,
    /// The number of runs handed out. Each may add one run to the list when it is given back.
    live: usize,
    /// The number of pages in the runs handed out.
    live_pages: u32,
}

impl FreeList {
    pub(crate) const fn new() -> Self {
        FreeList {
            runs: Vec::new(),
            live: 0,
            live_pages: 0,
        }
    }

    /// The number of pages handed out.
    pub(crate) fn live_pages(&self) -> u32 {
        self.live_pages
    }

    /// The number of free pages, in all runs together.
    pub(crate) fn free_pages(&self) -> u32 {
        self.runs.iter().map(|run| run.pages).sum()
    }

    /// The number of pages in the free run that ends right below host page `first`; 0 if there is no such run.
    pub(crate) fn pages_below(&self, first: u32) -> u32 {
        let below = self.runs.iter().find(|run| run.end() == first);
        below.map_or(0, |run| run.pages)
    }

    /// Removes the free run that ends right below host page `first`. The caller moves its pages down into it, and
    /// inserts the same number of pages at the other end.
    pub(crate) fn take_below(&mut self, first: u32) -> Option<PageRun> {
        let index = self.runs.iter().position(|run| run.end() == first)?;
        Some(self.runs.remove(index))
    }

    /// Reserves room for every run that may be given back and for the two that this allocation may add. Giving back
    /// then never allocates from the heap: that could grow linear memory, which only creation may do.
    pub(crate) fn make_room(&mut self) -> Option<()> {
        self.make_room_for(3)
    }

    /// Like [`make_room`](FreeList::make_room), for `more` runs besides those handed out.
    pub(crate) fn make_room_for(&mut self, more: usize) -> Option<()> {
        self.runs.try_reserve(self.live.checked_add(more)?).ok()
    }

    /// Notes that a run handed out was split in two, which are given back one by one.
    pub(crate) fn count_split(&mut self) {
        self.live += 1;
    }

    pub(crate) fn fits(&self, pages: u32) -> bool {
        self.runs.iter().any(|run| run.pages >= pages)
    }

    pub(crate) fn take(&mut self, pages: u32) -> Option<PageRun> {
        let candidates = self
            .runs
            .iter()
            .enumerate()
            .filter(|(_, run)| run.pages >= pages);
        let (index, &found) = candidates.min_by_key(|(_, run)| run.pages)?;
        if found.pages == pages {
            self.runs.remove(index);
        } else {
            self.runs[index] = PageRun {
                first: found.first + pages,
                pages: found.pages - pages,
            };
        }
        self.live += 1;
        self.live_pages += pages;
        Some(PageRun {
            first: found.first,
            pages,
        })
    }

    pub(crate) fn give(&mut self, run: PageRun) {
        self.live = self.live.saturating_sub(1);
        self.live_pages = self.live_pages.saturating_sub(run.pages);
        self.insert(run);
    }

    pub(crate) fn insert(&mut self, run: PageRun) {
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
                self.runs[index] = PageRun {
                    first: run.first,
                    pages: run.pages + self.runs[index].pages,
                }
            }
            (false, false) => self.runs.insert(index, run),
        }
    }
}

#[cfg(test)]
impl FreeList {
    /// Sets the number of pages in use.
    pub(crate) fn live_pages_for_test(&mut self, pages: u32) {
        self.live_pages = pages;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(runs: &[(u32, u32)]) -> FreeList {
        FreeList {
            runs: runs
                .iter()
                .map(|&(first, pages)| PageRun { first, pages })
                .collect(),
            ..FreeList::new()
        }
    }

    #[test]
    fn the_smallest_run_that_fits_is_taken_from_its_low_end() {
        let mut free = list(&[(10, 50), (100, 8), (200, 8), (300, 9)]);
        assert_eq!(
            free.take(8),
            Some(PageRun {
                first: 100,
                pages: 8
            })
        );
        assert_eq!(
            free.take(5),
            Some(PageRun {
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
        free.give(PageRun {
            first: 20,
            pages: 10,
        });
        assert_eq!(free.runs, list(&[(10, 30)]).runs);
        free.give(PageRun {
            first: 50,
            pages: 1,
        });
        free.give(PageRun {
            first: 49,
            pages: 1,
        });
        free.give(PageRun {
            first: 40,
            pages: 1,
        });
        free.give(PageRun { first: 8, pages: 1 });
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
}
