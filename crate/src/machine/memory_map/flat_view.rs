//! `FlatView`: the region that every guest address finally shows, as ranges that do not overlap. It is computed from
//! the placements.

use super::flat_range::FlatRange;
use super::placement::{self, Placement};
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
    /// The first address of each range: the search looks at nothing else.
    starts: Vec<u64>,
    ranges: Vec<FlatRange>,
}

impl FlatView {
    /// The ranges: memory, devices and reserved regions. Holes lie between them.
    pub fn ranges(&self) -> &[FlatRange] {
        &self.ranges
    }

    /// The range that holds an address.
    #[inline]
    pub fn range_at(&self, address: GuestAddress) -> Option<&FlatRange> {
        let index = match self.starts.len() {
            1 => 0, // nothing to search
            _ => self
                .starts
                .partition_point(|&start| start <= address.0)
                .checked_sub(1)?,
        };
        let range = self.ranges.get(index)?;
        (range.start <= address.0 && address.0 <= range.last).then_some(range)
    }

    /// The first range that begins behind an address.
    pub(crate) fn next_start(&self, address: u64) -> Option<u64> {
        self.starts.get(self.index_behind(address)).copied()
    }

    /// The ranges that show a part of `[first, last]`.
    pub(crate) fn over(&self, first: u64, last: u64) -> &[FlatRange] {
        let from = self.index_at(first);
        let end = self.index_behind(last);
        self.ranges.get(from..end).unwrap_or(&[])
    }

    /// Computes again what `[first, last]` shows.
    pub(crate) fn update(&mut self, placements: &[Placement], first: u64, last: u64) {
        let from = self.index_at(first);
        let end = self.index_behind(last);
        // The neighbours are included, because a new range may continue them. (A splice would be 1 KiB of code.)
        let (with_before, with_next) = (from.saturating_sub(1), (end + 1).min(self.ranges.len()));
        let mut tail = self.ranges.split_off(with_next);
        let old = self.ranges.split_off(with_before);
        let mut joined = Joined::default();
        let before = old.first().filter(|range| range.last < first);
        before
            .into_iter()
            .for_each(|range| joined.push(range.bare()));
        if let Some(cut) = old
            .iter()
            .find(|range| range.start < first && range.last >= first)
        {
            joined.push(cut.part(cut.start, first - 1));
        }
        placement::render(placements, first, last, |range| joined.push(range));
        if let Some(cut) = old
            .iter()
            .find(|range| range.start <= last && range.last > last)
        {
            joined.push(cut.part(last + 1, cut.last));
        }
        let next = old.last().filter(|range| range.start > last);
        next.into_iter().for_each(|range| joined.push(range.bare()));
        joined.show();
        self.ranges.append(&mut joined.ranges);
        self.ranges.append(&mut tail);
        self.starts_from(with_before);
    }

    /// Writes the list of first addresses again, from an index on.
    fn starts_from(&mut self, index: usize) {
        self.starts.truncate(index);
        let changed = self.ranges.iter().skip(index);
        self.starts.extend(changed.map(|range| range.start));
    }

    /// Lets go of a region's blocks that have bytes of `part`, until [`show`](FlatView::show).
    pub(crate) fn let_go(&mut self, region: &Arc<Region>, part: &Range<u64>) {
        for range in &mut self.ranges {
            let block = range.memory.as_ref().map(RamRegion::block);
            if Arc::ptr_eq(&range.region, region)
                && block.is_some_and(|block| block::meet(&block.span(), part))
            {
                range.memory = None;
            }
        }
    }

    /// Shows the blocks that the regions have now, in the ranges that let go of the old ones.
    pub(crate) fn show(&mut self) {
        let mut joined = Joined::default();
        for range in core::mem::take(&mut self.ranges) {
            joined.push(range);
        }
        joined.show();
        self.ranges = joined.ranges;
        self.starts_from(0);
    }

    /// The region's range at this index, together with the ranges behind it that differ only in their blocks. A caller
    /// that asks for regions sees them as one range. Gives the first range, the last address, and the index that
    /// follows.
    pub(crate) fn whole(&self, index: usize) -> Option<(&FlatRange, u64, usize)> {
        let first = self.ranges.get(index)?;
        let (mut before, mut next) = (first, index + 1);
        while let Some(range) = self.ranges.get(next)
            && range.continues(before)
        {
            before = range;
            next += 1;
        }
        Some((first, before.last, next))
    }

    /// The index of the first range that begins behind an address.
    fn index_behind(&self, address: u64) -> usize {
        self.starts.partition_point(|&start| start <= address)
    }

    /// The index of the first range that does not end before an address.
    pub(crate) fn index_at(&self, address: u64) -> usize {
        self.ranges.partition_point(|range| range.last < address)
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
