//! `Chunk`: adjacent ranges of a flat view, and the table that guesses the range of an address by one look.

use super::flat_range::FlatRange;

/// The most ranges of a chunk that is at rest.
pub(super) const MOST: usize = 64;

/// Some ranges in ascending order, and a table over the addresses from the first range's start to the last range's start.
/// It divides them into 64 equal parts, and knows a range for each. A range that begins where others begin in the same part
/// is found by a search: the first 640 KiB of a PC with 4 GiB, say.
#[derive(Clone, Debug)]
pub(super) struct Chunk {
    /// [`changed`](Chunk::changed) must follow where a start has changed.
    pub(super) ranges: Vec<FlatRange>,
    /// The address where the first part begins.
    base: u64,
    /// A part has `1 << shift` addresses.
    shift: u32,
    /// The last range that begins in each part or before it. It is the wrong one only if it begins in the part, behind
    /// the address. So a fault in the table makes a look slow, never wrong.
    guesses: [u8; MOST],
}

impl Default for Chunk {
    fn default() -> Self {
        Chunk::of(Vec::new())
    }
}

impl Chunk {
    /// A chunk of at most [`MOST`] ranges.
    pub(super) fn of(ranges: Vec<FlatRange>) -> Self {
        let mut chunk = Chunk {
            ranges,
            base: 0,
            shift: 0,
            guesses: [0; MOST],
        };
        chunk.changed();
        chunk
    }

    /// The first range's start; `None` in an empty chunk.
    pub(super) fn start(&self) -> Option<u64> {
        self.ranges.first().map(|range| range.start)
    }

    /// The range that probably holds an address, by one look.
    #[inline(always)]
    pub(super) fn guess(&self, address: u64) -> Option<&FlatRange> {
        // The distance wraps below the base. Then any guess is wrong.
        let part = (address.wrapping_sub(self.base) >> self.shift).min(MOST as u64 - 1);
        let guess = usize::try_from(part).map_or(&0, |part| &self.guesses[part]);
        self.ranges.get(usize::from(*guess))
    }

    /// The range that holds an address.
    #[inline]
    pub(super) fn at(&self, address: u64) -> Option<&FlatRange> {
        match self.guess(address) {
            Some(range) if range.holds(address) => Some(range),
            _ => self.search(address),
        }
    }

    #[cold]
    #[inline(never)]
    fn search(&self, address: u64) -> Option<&FlatRange> {
        let range = self.ranges.get(self.behind(address).checked_sub(1)?)?;
        range.holds(address).then_some(range)
    }

    /// The index of the first range that begins behind an address.
    pub(super) fn behind(&self, address: u64) -> usize {
        self.ranges.partition_point(|range| range.start <= address)
    }

    /// Makes the table again, after a start has changed.
    #[inline(never)]
    pub(super) fn changed(&mut self) {
        let (Some(first), Some(last)) = (self.ranges.first(), self.ranges.last()) else {
            return;
        };
        self.base = first.start;
        let span = last.start - first.start;
        // The last start is in one of the parts.
        self.shift = (u64::BITS - span.leading_zeros()).saturating_sub(MOST.ilog2());
        let mut index = 0;
        for (part, guess) in (0..).zip(&mut self.guesses) {
            while let Some(next) = self.ranges.get(index + 1)
                && (next.start - first.start) >> self.shift <= part
            {
                index += 1;
            }
            // Fits: a chunk at rest has at most 64 ranges.
            *guess = u8::try_from(index).unwrap_or(u8::MAX);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::machine::memory_map::{Region, RegionKind};
    use crate::model::guest_memory::GuestAddress;

    /// A chunk of ranges from first to last address.
    fn chunk(ranges: &[(u64, u64)]) -> Chunk {
        let region = Region::new("any", RegionKind::Mmio, GuestAddress(0), 1).unwrap();
        let range = |&(first, last): &(u64, u64)| FlatRange::of(&region, 0, first, last, 0);
        Chunk::of(ranges.iter().map(range).collect())
    }

    #[test]
    fn every_layout_shows_the_range_that_holds_an_address() {
        let low = [(0, 0), (1, 1), (3, 6), (0x1000, 0x1fff)];
        let high = [(1 << 40, (1 << 41) - 1), (u64::MAX, u64::MAX)];
        for ranges in [
            &[][..],
            &low,
            &high,
            &[low.as_slice(), &high].concat(),
            &[(0, u64::MAX)],
        ] {
            let chunk = chunk(ranges);
            let edges = ranges.iter().flat_map(|&(first, last)| {
                [first.wrapping_sub(1), first, last, last.wrapping_add(1)]
            });
            for address in edges.chain([0, 2, 1 << 20, 3 << 40, u64::MAX]) {
                let holds = |&&(first, last): &&(u64, u64)| first <= address && address <= last;
                let expected = ranges.iter().find(holds).copied();
                let found = chunk.at(address).map(|range| (range.start, range.last));
                assert_eq!(found, expected, "{address:#x} of {ranges:x?}");
            }
        }
    }

    /// A common layout never needs a search.
    #[test]
    fn ranges_of_one_size_and_low_memory_before_high_are_guessed_right() {
        let blocks = |count: u64| -> Vec<_> {
            let block = |index: u64| (index << 12, (index << 12) + 0xfff);
            (5..5 + count).map(block).collect()
        };
        let computer = [(0, 0xbfff_ffff), (1 << 32, (3 << 32) - 1)];
        for ranges in [
            blocks(1),
            blocks(2),
            blocks(16),
            blocks(63),
            blocks(64),
            computer.into(),
        ] {
            let chunk = chunk(&ranges);
            for &(first, last) in &ranges {
                for address in [first, first + (last - first) / 2, last] {
                    let guess = chunk.guess(address).unwrap();
                    assert!(guess.holds(address), "{address:#x} of {ranges:x?}");
                }
            }
        }
    }
}
