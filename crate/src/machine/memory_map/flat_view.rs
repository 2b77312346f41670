//! `FlatView`: the region that every guest address finally shows, as ranges that do not overlap. It is computed from
//! the placements.

use super::flat_range::FlatRange;
use super::placements::Placements;
use super::ranges::Ranges;
use super::region::Region;
use crate::machine::block;
use crate::machine::ram_region::RamRegion;
use crate::model::guest_memory::{GuestAddress, GuestMemoryBackend, MemoryRegionAddress};
use core::ops::Range;
use std::sync::Arc;

/// The ranges of an address space, sorted. As a [`GuestMemoryBackend`] it is all memory, ROM included, without
/// permissions: a loader's view. Devices go through [`MemoryMap`](super::MemoryMap).
///
/// ```
/// use guest_memory::{AddressSpace, Bytes, GuestAddress};
/// let space = AddressSpace::from_ranges(&[(GuestAddress(0), 0x1000)])?;
/// let map = space.view(); // stays as it is, whatever is inserted
/// space.insert_region(GuestAddress(0x1000), 0x1000)?;
/// assert!(map.flat().read_obj::<u8>(GuestAddress(0x1000)).is_err());
/// assert!(space.view().flat().read_obj::<u8>(GuestAddress(0x1000)).is_ok());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct FlatView {
    ranges: Ranges,
}

impl FlatView {
    /// The ranges: memory, devices and reserved regions. Holes lie between them.
    pub fn ranges(&self) -> &Ranges {
        &self.ranges
    }

    /// The range that holds an address.
    #[inline]
    pub fn range_at(&self, address: GuestAddress) -> Option<&FlatRange> {
        self.ranges.at(address.0)
    }

    /// The range that probably holds an address.
    #[inline(always)]
    pub(super) fn guess(&self, address: GuestAddress) -> Option<&FlatRange> {
        self.ranges.guess(address.0)
    }

    /// The first range that begins behind an address.
    pub(crate) fn next_start(&self, address: u64) -> Option<u64> {
        let next = self.ranges.get(self.ranges.behind(address))?;
        Some(next.start)
    }

    /// The ranges that show a part of `[first, last]`.
    pub(crate) fn over(&self, first: u64, last: u64) -> impl Iterator<Item = &FlatRange> {
        let from = self.ranges.reaching(first);
        self.ranges
            .from(from)
            .take_while(move |range| range.start <= last)
    }

    /// Computes again what `[first, last]` shows.
    pub(crate) fn update(&mut self, placements: &Placements, first: u64, last: u64) {
        let ranges = &self.ranges;
        let (mut from, mut end) = (ranges.reaching(first), ranges.behind(last));
        let old = || self.over(first, last);
        let mut joined = Joined::default();
        // A neighbour is included where a new range continues it, or is continued by it.
        let before = ranges.before(from);
        let mut push = |range: FlatRange| {
            if joined.is_empty()
                && let Some(place) = before
                && let Some(neighbour) = ranges.get(place)
                && range.continues(neighbour)
            {
                from = place;
                joined.push(neighbour.bare());
            }
            joined.push(range);
        };
        if let Some(cut) = old().find(|range| range.start < first) {
            push(cut.part(cut.start, first - 1));
        }
        placements.render(first, last, &mut push);
        if let Some(cut) = old().find(|range| range.last > last) {
            push(cut.part(last + 1, cut.last));
        }
        if let Some(neighbour) = ranges.get(end)
            && let Some(before) = &joined.next
            && neighbour.continues(before)
        {
            end = ranges.after(end);
            joined.push(neighbour.bare());
        }
        joined.show();
        self.ranges.replace(from, end, joined.ranges);
    }

    /// Lets go of a region's blocks that have bytes of `part`, where they are shown at the addresses from `first` to
    /// `last`, until [`show`](FlatView::show).
    pub(crate) fn let_go(
        &mut self,
        region: &Arc<Region>,
        part: &Range<u64>,
        first: u64,
        last: u64,
    ) {
        let shows = |range: &FlatRange| {
            let block = range.memory.as_ref().map(RamRegion::block);
            Arc::ptr_eq(&range.region, region)
                && block.is_some_and(|block| block::meet(&block.span(), part))
        };
        self.ranges
            .change_each((first, last), shows, |range| range.memory = None);
    }

    /// Shows the blocks that the regions have now, in the ranges over `[first, last]` that let go of the old ones.
    pub(crate) fn show(&mut self, first: u64, last: u64) {
        let mut joined = Joined::default();
        for range in self.over(first, last) {
            joined.push(range.clone());
        }
        joined.show();
        let (from, end) = (self.ranges.reaching(first), self.ranges.behind(last));
        self.ranges.replace(from, end, joined.ranges);
    }

    /// The first range that does not end before an address, together with the ranges beside it that differ only in their
    /// blocks. A caller that asks for regions sees them as one range. Gives the first range, and the last address.
    pub(crate) fn whole(&self, address: u64) -> Option<(&FlatRange, u64)> {
        let mut place = self.ranges.reaching(address);
        let mut first = self.ranges.get(place)?;
        while let Some(before) = self.ranges.before(place)
            && let Some(range) = self.ranges.get(before)
            && first.continues(range)
        {
            (place, first) = (before, range);
        }
        let mut ranges = self.ranges.from(place);
        let mut before = ranges.next()?;
        while let Some(range) = ranges.next()
            && range.continues(before)
        {
            before = range;
        }
        Some((first, before.last))
    }
}

/// Ranges in ascending order. A range without bytes that continues the last one is joined to it.
#[derive(Default)]
struct Joined {
    ranges: Vec<FlatRange>,
    /// The next range, still without its bytes.
    next: Option<FlatRange>,
}

impl Joined {
    fn is_empty(&self) -> bool {
        self.ranges.is_empty() && self.next.is_none()
    }

    fn push(&mut self, range: FlatRange) {
        let bare = range.memory.is_none();
        match &mut self.next {
            Some(before) if bare && range.continues(before) => before.last = range.last,
            _ => {
                self.show();
                match bare {
                    true => self.next = Some(range),
                    false => self.ranges.push(range),
                }
            }
        }
    }

    /// Adds the bytes to the last range.
    fn show(&mut self) {
        if let Some(range) = self.next.take() {
            range.show(|part| self.ranges.push(part));
        }
    }
}

impl GuestMemoryBackend for FlatView {
    type R = RamRegion;

    #[inline]
    fn find_region(&self, addr: GuestAddress) -> Option<&RamRegion> {
        self.range_at(addr)?.memory.as_ref()
    }

    #[inline]
    fn to_region_addr(&self, addr: GuestAddress) -> Option<(&RamRegion, MemoryRegionAddress)> {
        let range = self.range_at(addr)?;
        let memory = range.memory.as_ref()?;
        Some((memory, MemoryRegionAddress(addr.0 - range.start)))
    }

    fn iter(&self) -> impl Iterator<Item = &RamRegion> {
        self.ranges.iter().filter_map(|range| range.memory.as_ref())
    }
}
