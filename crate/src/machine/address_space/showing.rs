//! The regions that addresses show, and the addresses that show a region.

use super::AddressSpace;
use crate::linear::host::PAGE_SHIFT;
use crate::machine::memory_map::attributes::FORBIDDEN;
use crate::machine::memory_map::{Access, Placement, Region};
use crate::model::guest_memory::GuestAddress;
use std::sync::Arc;

/// The byte of a region that an address shows, at one priority.
///
/// ```
/// use guest_memory::{AddressSpace, GuestAddress, Region, RegionKind};
/// let space = AddressSpace::from_ranges(&[(GuestAddress(0), 0x3000)])?;
/// let rom = Region::new("boot ROM", RegionKind::Rom, GuestAddress(0x1000), 0x1000)?;
/// space.map(&rom, GuestAddress(0x1000), 1)?;
/// let top = space.region_at(GuestAddress(0x1234), None).unwrap();
/// assert_eq!((top.region.name(), top.offset, top.priority), ("boot ROM", 0x234, 1));
/// let below = space.region_at(GuestAddress(0x1234), Some(top.priority)).unwrap();
/// assert_eq!((below.region.name(), below.offset), ("ram", 0x1234));
/// assert!(space.region_at(GuestAddress(0x1234), Some(0)).is_none());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct RegionAt {
    /// The region whose byte shows: never an alias.
    pub region: Arc<Region>,
    /// The offset of the byte in the region.
    pub offset: u64,
    /// The priority of the placement that shows it.
    pub priority: i32,
    /// The accesses that `protect` allows there.
    pub allowed: Access,
}

impl AddressSpace {
    /// The region that an address shows, or the one that it would show without all regions from the priority `below` on.
    /// `None` where nothing is mapped.
    pub fn region_at(&self, address: GuestAddress, below: Option<i32>) -> Option<RegionAt> {
        let (region, offset, priority) = self.placed(|all| {
            let mut highest: Option<&Placement> = None;
            all.each_over(address.0, address.0, |_, found| {
                let is_below = below.is_none_or(|below| found.priority() < below);
                let is_above = highest.is_none_or(|other| other.priority() < found.priority());
                if is_below && is_above {
                    highest = Some(found);
                }
            });
            let (leaf, before) = highest?.leaf();
            let offset = before + (address.0 - highest?.start());
            Some((Arc::clone(leaf), offset, highest?.priority()))
        })?;
        let (bits, _) = self.view().attributes.at(address.0 >> PAGE_SHIFT);
        Some(RegionAt {
            region,
            offset,
            priority,
            allowed: Access::from_bits(u32::from(!bits & FORBIDDEN)),
        })
    }

    /// Gives the regions with bytes that a range shows: for each its id, the offset in it, a length in bytes. Holes and
    /// devices are left out.
    pub fn each_region(
        &self,
        address: GuestAddress,
        length: u64,
        mut give: impl FnMut(u32, u64, u64),
    ) {
        let Some(to_last) = length.checked_sub(1) else {
            return;
        };
        let last = address.0.saturating_add(to_last);
        let mut run: Option<(u32, u64, u64)> = None;
        for range in self.view().flat().over(address.0, last) {
            if range.memory.is_none() && range.region.external_memory().is_none() {
                continue;
            }
            let first = range.start.max(address.0);
            let length = range.last.min(last) - first + 1; // fits: a region has fewer than 2^64 bytes
            let (region, offset) = (range.region.id(), range.offset + (first - range.start));
            match &mut run {
                // A region of which parts were discarded has several ranges.
                Some(run) if run.0 == region && run.1 + run.2 == offset => run.2 += length,
                _ => {
                    let before = run.replace((region, offset, length));
                    before.into_iter().for_each(|run| give(run.0, run.1, run.2));
                }
            }
        }
        run.into_iter().for_each(|run| give(run.0, run.1, run.2));
    }

    /// Gives the addresses that show bytes of a region, each with a length in bytes. The region is named by its id.
    pub fn each_address(
        &self,
        region: u32,
        offset: u64,
        length: u64,
        mut give: impl FnMut(GuestAddress, u64),
    ) {
        let Some(to_last) = length.checked_sub(1) else {
            return;
        };
        let mut state = self.state();
        let bytes = (offset, offset.saturating_add(to_last));
        let mut shown: Vec<(u64, u64)> = Vec::new(); // the first and the last address of each run, ascending
        state.each_showing(region, bytes, |map, first, last| {
            for range in map.flat().over(first, last) {
                let (from, to) = (range.start.max(first), range.last.min(last));
                let at = range.offset + (from - range.start);
                // Another region may lie above, or another placement of this one.
                if range.region.id() == region && (bytes.0..=bytes.1).contains(&at) {
                    let index = shown.partition_point(|other| other.0 < from);
                    shown.insert(index, (from, to.min(from.saturating_add(bytes.1 - at))));
                }
            }
        });
        drop(state); // `give` may use the space
        let mut run: Option<(u64, u64)> = None;
        for (from, to) in shown {
            match &mut run {
                Some(run) if from <= run.1 || from - run.1 == 1 => run.1 = run.1.max(to),
                _ => {
                    let earlier = run.replace((from, to));
                    earlier
                        .into_iter()
                        .for_each(|run| give(GuestAddress(run.0), run.1 - run.0 + 1));
                }
            }
        }
        run.into_iter()
            .for_each(|run| give(GuestAddress(run.0), run.1 - run.0 + 1));
    }
}
