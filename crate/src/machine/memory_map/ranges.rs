//! `Ranges`: the ranges of a flat view in ascending order, as a list of chunks.
//!
//! A change rewrites the chunks that it touches, so its cost does not grow with the list. A copy of the list shares all
//! chunks, until one of the two changes: then it gets a chunk of its own.

use super::chunk::{Chunk, MOST};
use super::flat_range::FlatRange;
use std::sync::Arc;

/// So many ranges are inserted one by one.
const FEW: usize = 4;

/// The ranges of a [`FlatView`](super::FlatView), in ascending order.
///
/// ```
/// use guest_memory::{AddressSpace, GuestAddress};
/// let space = AddressSpace::from_ranges(&[(GuestAddress(0), 0x1000), (GuestAddress(0x8000), 0x1000)])?;
/// let map = space.view();
/// let ranges = map.flat().ranges();
/// assert_eq!((ranges.len(), ranges.is_empty()), (2, false));
/// for range in ranges {
///     assert_eq!(range.last().0 - range.start().0, 0xfff);
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Ranges {
    /// The first address of each chunk.
    starts: Vec<u64>,
    /// None is empty.
    chunks: Vec<Arc<Chunk>>,
    count: usize,
}

/// A place in the list: a range, or the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    chunk: usize,
    index: usize,
}

impl Ranges {
    /// The number of ranges.
    pub fn len(&self) -> usize {
        self.count
    }

    /// Whether there is no range.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// The ranges, in ascending order.
    pub fn iter(&self) -> RangesIter<'_> {
        self.from(Place { chunk: 0, index: 0 })
    }

    /// The ranges, each with whether another list shares it.
    pub(crate) fn with_sharing(&self) -> impl Iterator<Item = (&FlatRange, bool)> {
        self.chunks.iter().flat_map(|chunk| {
            let shared = Arc::strong_count(chunk) > 1;
            chunk.ranges.iter().map(move |range| (range, shared))
        })
    }

    /// The range that holds an address.
    #[inline]
    pub(super) fn at(&self, address: u64) -> Option<&FlatRange> {
        self.chunk(address)?.at(address)
    }

    /// The range that probably holds an address.
    #[inline(always)]
    pub(super) fn guess(&self, address: u64) -> Option<&FlatRange> {
        self.chunk(address)?.guess(address)
    }

    /// The chunk that holds an address, if any does.
    #[inline(always)]
    fn chunk(&self, address: u64) -> Option<&Chunk> {
        // With one chunk there is nothing to search.
        let chunk = match self.chunks.len() {
            1 => 0,
            _ => behind(&self.starts, address).checked_sub(1)?,
        };
        self.chunks.get(chunk).map(Arc::as_ref)
    }

    /// The place of the first range that begins behind an address.
    pub(super) fn behind(&self, address: u64) -> Place {
        let Some(chunk) = behind(&self.starts, address).checked_sub(1) else {
            return Place { chunk: 0, index: 0 };
        };
        let index = self.chunks[chunk].behind(address);
        self.normal(Place { chunk, index })
    }

    /// The place of the first range that does not end before an address.
    pub(super) fn reaching(&self, address: u64) -> Place {
        let behind = self.behind(address);
        let before = self.before(behind);
        let reaches = |place: &Place| self.get(*place).is_some_and(|range| range.last >= address);
        before.filter(reaches).unwrap_or(behind)
    }

    pub(super) fn get(&self, place: Place) -> Option<&FlatRange> {
        self.chunks.get(place.chunk)?.ranges.get(place.index)
    }

    /// The place before another.
    pub(super) fn before(&self, place: Place) -> Option<Place> {
        if let Some(index) = place.index.checked_sub(1) {
            return Some(Place { index, ..place });
        }
        let chunk = place.chunk.checked_sub(1)?;
        let index = self.chunks.get(chunk)?.ranges.len().checked_sub(1)?;
        Some(Place { chunk, index })
    }

    /// The place behind a range.
    pub(super) fn after(&self, place: Place) -> Place {
        self.normal(Place {
            index: place.index + 1,
            ..place
        })
    }

    /// The first place of the next chunk for a place behind the last range of a chunk.
    fn normal(&self, place: Place) -> Place {
        match self.chunks.get(place.chunk) {
            Some(chunk) if place.index >= chunk.ranges.len() => Place {
                chunk: place.chunk + 1,
                index: 0,
            },
            _ => place,
        }
    }

    /// The ranges from a place on.
    pub(super) fn from(&self, place: Place) -> RangesIter<'_> {
        let mut chunks = self.chunks.get(place.chunk..).unwrap_or(&[]).iter();
        let first = chunks
            .next()
            .and_then(|chunk| chunk.ranges.get(place.index..));
        RangesIter {
            chunks,
            ranges: first.unwrap_or(&[]).iter(),
        }
    }

    /// Puts other ranges in the place of those from `from` up to `end`.
    pub(super) fn replace(&mut self, from: Place, end: Place, mut new: Vec<FlatRange>) {
        if from.chunk >= self.chunks.len() && !self.chunks.is_empty() {
            // At the end: the last chunk is made longer.
            let chunk = self.chunks.len() - 1;
            let index = self.chunks[chunk].ranges.len();
            let last = Place { chunk, index };
            return self.replace(last, last, new);
        }
        if self.chunks.is_empty() {
            self.chunks.push(Arc::default());
            self.starts.push(0);
        }
        self.count += new.len();
        if from.chunk == end.chunk && new.len() <= FEW {
            // The usual case, without a list in between.
            let chunk = Arc::make_mut(&mut self.chunks[from.chunk]);
            self.count -= end.index - from.index;
            chunk.ranges.drain(from.index..end.index);
            for (index, range) in (from.index..).zip(new) {
                chunk.ranges.insert(index, range);
            }
            return self.balance(from.chunk);
        }
        // The rest of the last chunk that is touched.
        let mut tail = match self.chunks.get_mut(end.chunk) {
            Some(chunk) => Arc::make_mut(chunk).ranges.split_off(end.index),
            None => Vec::new(),
        };
        for _ in from.chunk..end.chunk.min(self.chunks.len() - 1) {
            self.count -= self.chunks.remove(from.chunk + 1).ranges.len();
            self.starts.remove(from.chunk + 1);
        }
        let chunk = Arc::make_mut(&mut self.chunks[from.chunk]);
        self.count -= chunk.ranges.len() - from.index;
        chunk.ranges.truncate(from.index);
        chunk.ranges.append(&mut new);
        chunk.ranges.append(&mut tail);
        self.balance(from.chunk);
    }

    /// Makes a chunk right again whose ranges have changed: neither empty nor too long.
    fn balance(&mut self, at: usize) {
        let chunk = Arc::make_mut(&mut self.chunks[at]);
        let mut parts: Vec<Chunk> = Vec::new();
        while chunk.ranges.len() > MOST {
            // From the end, so that each range moves once.
            let rest = chunk.ranges.len() - MOST / 2;
            parts.push(Chunk::of(chunk.ranges.split_off(rest)));
        }
        let Some(start) = chunk.start() else {
            self.chunks.remove(at);
            self.starts.remove(at);
            return;
        };
        self.starts[at] = start;
        chunk.changed();
        for part in parts {
            self.starts.insert(at + 1, part.start().unwrap_or(0));
            self.chunks.insert(at + 1, Arc::new(part));
        }
        let length = self.chunks[at].ranges.len();
        let next = self.chunks.get(at + 1);
        if next.is_some_and(|next| length + next.ranges.len() <= MOST / 2) {
            // Two short chunks become one.
            let mut next = self.chunks.remove(at + 1);
            self.starts.remove(at + 1);
            let chunk = Arc::make_mut(&mut self.chunks[at]);
            chunk.ranges.append(&mut Arc::make_mut(&mut next).ranges);
            chunk.changed();
        }
    }

    /// Gives each range over `[first, last]` that passes a test, to be changed. Its addresses must stay.
    pub(super) fn change_each(
        &mut self,
        (first, last): (u64, u64),
        test: impl Fn(&FlatRange) -> bool,
        mut change: impl FnMut(&mut FlatRange),
    ) {
        let from = self.reaching(first).chunk;
        let end = behind(&self.starts, last);
        for chunk in self.chunks.get_mut(from..end).unwrap_or(&mut []) {
            if chunk.ranges.iter().any(&test) {
                let ranges = &mut Arc::make_mut(chunk).ranges;
                ranges
                    .iter_mut()
                    .filter(|range| test(range))
                    .for_each(&mut change);
            }
        }
    }
}

/// The ranges of a list, in ascending order.
///
/// ```
/// use guest_memory::{AddressSpace, GuestAddress};
/// let space = AddressSpace::from_ranges(&[(GuestAddress(0), 0x1000), (GuestAddress(0x8000), 0x1000)])?;
/// let map = space.view();
/// let starts: Vec<u64> = map.flat().ranges().iter().map(|range| range.start().0).collect();
/// assert_eq!(starts, [0, 0x8000]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct RangesIter<'a> {
    chunks: core::slice::Iter<'a, Arc<Chunk>>,
    /// The rest of the current chunk.
    ranges: core::slice::Iter<'a, FlatRange>,
}

impl<'a> Iterator for RangesIter<'a> {
    type Item = &'a FlatRange;

    #[inline(never)]
    fn next(&mut self) -> Option<&'a FlatRange> {
        #[cfg(test)]
        crate::machine::index::looked::at_one();
        loop {
            if let Some(range) = self.ranges.next() {
                return Some(range);
            }
            self.ranges = self.chunks.next()?.ranges.iter();
        }
    }
}

impl<'a> IntoIterator for &'a Ranges {
    type Item = &'a FlatRange;
    type IntoIter = RangesIter<'a>;

    fn into_iter(self) -> RangesIter<'a> {
        self.iter()
    }
}

/// The index of the first start behind an address.
#[inline]
fn behind(starts: &[u64], address: u64) -> usize {
    starts.partition_point(|&start| start <= address)
}
