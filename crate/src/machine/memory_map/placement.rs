//! `Placement`: where a region lies in an address space. Of several overlapping regions one is seen.

use super::flat_range::FlatRange;
use super::region::Region;
use crate::machine::fault::Fault;
use std::sync::Arc;

/// A region at its place in an address space.
///
/// ```
/// use guest_memory::{AddressSpace, GuestAddress};
/// let space = AddressSpace::from_ranges(&[(GuestAddress(0x4000), 0x1000)])?;
/// let place = space.placements(|all| (all[0].start(), all[0].last(), all[0].is_enabled()));
/// assert_eq!(place, (0x4000, 0x4fff, true));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Placement {
    pub(crate) region: Arc<Region>,
    pub(crate) start: u64,
    pub(crate) priority: i32,
    pub(crate) enabled: bool,
}

impl Placement {
    /// The region.
    pub fn region(&self) -> &Arc<Region> {
        &self.region
    }

    /// The guest address of its first byte.
    pub fn start(&self) -> u64 {
        self.start
    }

    /// The guest address of its last byte.
    pub fn last(&self) -> u64 {
        // No more than 2^64 - 1: it was checked when the region was placed.
        self.start + (self.region.size() - 1)
    }

    /// The priority: where regions overlap, the one with the highest is seen.
    pub fn priority(&self) -> i32 {
        self.priority
    }

    /// Whether the region is seen at all.
    pub fn is_enabled(&self) -> bool {
        self.enabled
    }

    /// The range that shows guest addresses `start` to `last`, both inside, without the bytes.
    fn range(&self, start: u64, last: u64) -> FlatRange {
        let (region, before) = self.region.leaf();
        let offset = before + (start - self.start);
        FlatRange::of(region, offset, start, last, self.priority)
    }

    /// Whether it shows a part of `[first, last]`, if nothing lies above it.
    pub(crate) fn overlaps(&self, first: u64, last: u64) -> bool {
        self.enabled && self.start <= last && self.last() >= first
    }
}

/// Gives the ranges that `[first, last]` shows, in ascending order.
pub(crate) fn render(
    placements: &[Placement],
    first: u64,
    last: u64,
    mut give: impl FnMut(FlatRange),
) {
    let seen: Vec<&Placement> = placements
        .iter()
        .filter(|placement| placement.overlaps(first, last))
        .collect();
    // Inserted in order: few placements overlap, and a sort is 10 KiB of code.
    let mut edges: Vec<u64> = Vec::with_capacity(2 * seen.len() + 1);
    edges.push(first);
    for placement in &seen {
        let behind = placement.last().checked_add(1);
        for edge in behind.into_iter().chain([placement.start]) {
            if edge > first
                && edge <= last
                && let Err(index) = edges.binary_search(&edge)
            {
                edges.insert(index, edge);
            }
        }
    }
    for (index, &from) in edges.iter().enumerate() {
        let to = edges.get(index + 1).map_or(last, |&next| next - 1);
        let highest = seen
            .iter()
            .filter(|placement| placement.overlaps(from, from))
            .max_by_key(|placement| placement.priority);
        if let Some(placement) = highest {
            give(placement.range(from, to));
        }
    }
}

/// Checks that the placement of region `id` shares no address with another of the same priority, if both can be seen.
pub(crate) fn check_overlap(placements: &[Placement], id: u32) -> Result<(), Fault> {
    let Some(changed) = placements
        .iter()
        .find(|placement| placement.region.id() == id)
    else {
        return Ok(());
    };
    let clash = placements.iter().find(|other| {
        other.region.id() != id
            && changed.enabled
            && other.priority == changed.priority
            && other.overlaps(changed.start, changed.last())
    });
    match clash {
        Some(other) => Err(Fault::MemoryRegionOverlap {
            address: changed.start.max(other.start),
        }),
        None => Ok(()),
    }
}
