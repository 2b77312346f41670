//! `Attributes`: forbidden and watched accesses, by guest page. They are sorted runs of pages; most pages have none.

use crate::abi;
use crate::machine::fault::Fault;

/// The page may not be read.
pub(crate) const NO_READ: u8 = abi::ACCESS_READ;
/// The page may not be written.
pub(crate) const NO_WRITE: u8 = abi::ACCESS_WRITE;
/// The page may not be executed.
pub(crate) const NO_EXECUTE: u8 = abi::ACCESS_EXECUTE;
/// All bits that [`protect`](crate::AddressSpace::protect) sets.
pub(crate) const FORBIDDEN: u8 = NO_READ | NO_WRITE | NO_EXECUTE;
/// The distance from the bits of forbidden accesses up to the bits of watched ones.
pub(crate) const WATCH_SHIFT: u8 = 3;
/// All bits that watches set.
pub(crate) const WATCHED: u8 = FORBIDDEN << WATCH_SHIFT;

/// Adjacent pages with the same bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Pages {
    pub(crate) first: u64,
    pub(crate) last: u64,
    pub(crate) bits: u8,
}

/// The bits of every guest page: 0 where no run has the page.
#[derive(Clone, Debug, Default)]
pub(crate) struct Attributes {
    /// Sorted, without a shared page, none with bits 0.
    runs: Vec<Pages>,
}

impl Attributes {
    /// Runs that cover the pages from `first` to `last` without a gap.
    pub(crate) fn over(&self, first: u64, last: u64) -> impl Iterator<Item = Pages> {
        let mut index = self.runs.partition_point(|run| run.last < first);
        let mut next = Some(first);
        core::iter::from_fn(move || {
            let from = next.filter(|&from| from <= last)?;
            let run = match self.runs.get(index) {
                Some(run) if run.first <= from => {
                    index += 1;
                    let (last, bits) = (run.last.min(last), run.bits);
                    Pages {
                        first: from,
                        last,
                        bits,
                    }
                }
                following => {
                    // The following run begins behind another page, so its first page is not 0.
                    let before = following.map_or(last, |run| (run.first - 1).min(last));
                    Pages {
                        first: from,
                        last: before,
                        bits: 0,
                    }
                }
            };
            next = run.last.checked_add(1);
            Some(run)
        })
    }

    /// Whether every page has the bits 0.
    #[inline]
    pub(super) fn is_empty(&self) -> bool {
        self.runs.is_empty()
    }

    /// A page's bits, and the last page up to which all pages have the same bits.
    #[inline]
    pub(crate) fn at(&self, page: u64) -> (u8, u64) {
        if self.runs.is_empty() {
            return (0, u64::MAX);
        }
        let index = self.runs.partition_point(|run| run.last < page);
        match self.runs.get(index) {
            Some(run) if run.first <= page => (run.bits, run.last),
            Some(run) => (0, run.first - 1),
            None => (0, u64::MAX),
        }
    }

    /// Changes the bits of the pages from `first` to `last`: clears the bits `clear`, then sets the bits `set`.
    ///
    /// # Errors
    ///
    /// `OutOfMemory`. On an error nothing changes.
    pub(crate) fn change(
        &mut self,
        first: u64,
        last: u64,
        clear: u8,
        set: u8,
    ) -> Result<(), Fault> {
        let out_of_memory = |_| Fault::OutOfMemory { bytes: 64 };
        // The runs that touch the pages or are next to them, so that equal neighbours are joined.
        let from = self
            .runs
            .partition_point(|run| run.last < first.saturating_sub(1));
        let end = self
            .runs
            .partition_point(|run| run.first <= last.saturating_add(1));
        let (wide_first, wide_last) = match (self.runs.get(from), self.runs[from..end].last()) {
            (Some(low), Some(high)) => (low.first.min(first), high.last.max(last)),
            _ => (first, last),
        };
        let mut changed: Vec<Pages> = Vec::new();
        changed
            .try_reserve(2 * (end - from) + 3)
            .map_err(out_of_memory)?;
        let mut push = |run: Pages| match changed.last_mut() {
            _ if run.bits == 0 || run.first > run.last => {}
            Some(before) if before.bits == run.bits && before.last + 1 == run.first => {
                before.last = run.last
            }
            _ => changed.push(run),
        };
        for run in self.over(wide_first, wide_last) {
            // The part before the pages, the part among them, the part behind.
            if run.first < first {
                push(Pages {
                    last: run.last.min(first - 1),
                    ..run
                });
            }
            if run.first <= last && run.last >= first {
                let (first, last) = (run.first.max(first), run.last.min(last));
                push(Pages {
                    first,
                    last,
                    bits: run.bits & !clear | set,
                });
            }
            if run.last > last {
                push(Pages {
                    first: run.first.max(last + 1),
                    ..run
                });
            }
        }
        self.runs
            .try_reserve(changed.len())
            .map_err(out_of_memory)?;
        // Done by hand: a splice would be 1 KiB of code.
        let (before, behind) = (self.runs.len(), from + changed.len());
        let after = before - end + behind;
        let none = Pages {
            first: 0,
            last: 0,
            bits: 0,
        };
        self.runs.resize(before.max(after), none);
        self.runs.copy_within(end..before, behind);
        self.runs.truncate(after);
        self.runs[from..behind].copy_from_slice(&changed);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_say_what_a_table_of_every_page_says() {
        let mut seed = 7_u32;
        let mut random = |limit: u32| {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (seed >> 8) % limit
        };
        let (mut runs, mut pages) = (Attributes::default(), [0_u8; 40]);
        for _ in 0..if cfg!(miri) { 60 } else { 5_000 } {
            let (a, b) = (random(40), random(40));
            let (first, last) = (a.min(b), a.max(b));
            let bit = 1 << random(6);
            let set = random(2) == 0;
            let change = |bits: u8| if set { bits | bit } else { bits & !bit };
            let (clear, new) = if set { (0, bit) } else { (bit, 0) };
            runs.change(first.into(), last.into(), clear, new).unwrap();
            for page in first..=last {
                pages[page as usize] = change(pages[page as usize]);
            }
            let seen: Vec<u8> = runs
                .over(0, 39)
                .flat_map(|run| (run.first..=run.last).map(move |_| run.bits))
                .collect();
            assert_eq!(seen, pages);
            for (page, &bits) in pages.iter().enumerate() {
                assert_eq!(runs.at(page as u64).0, bits);
            }
            let apart =
                |pair: &[Pages]| pair[0].last + 1 < pair[1].first || pair[0].bits != pair[1].bits;
            assert!(runs.runs.windows(2).all(apart), "{runs:?}");
        }
    }

    #[test]
    fn the_last_page_of_all_is_a_page() {
        let (mut runs, top) = (Attributes::default(), u64::MAX >> 12);
        runs.change(top - 1, top, 0, 3).unwrap();
        assert_eq!(runs.at(top), (3, top));
        assert_eq!(runs.at(0), (0, top - 2));
        assert_eq!(runs.over(0, top).count(), 2);
        runs.change(0, top, 3, 0).unwrap();
        assert!(runs.runs.is_empty());
    }
}
