//! `Placement`: where a region lies in an address space.

use super::flat_range::FlatRange;
use super::region::Region;
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
    /// The region that is shown in the end, and the offset in it of the first byte.
    pub(super) leaf: (Arc<Region>, u64),
}

impl Placement {
    pub(crate) fn new(region: &Arc<Region>, start: u64, priority: i32, enabled: bool) -> Self {
        Placement {
            region: Arc::clone(region),
            start,
            priority,
            enabled,
            leaf: region.leaf(),
        }
    }

    /// The region that is shown in the end, and the offset in it of the first byte.
    pub(crate) fn leaf(&self) -> (&Arc<Region>, u64) {
        (&self.leaf.0, self.leaf.1)
    }

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
    pub(super) fn range(&self, start: u64, last: u64) -> FlatRange {
        let (region, before) = self.leaf();
        let offset = before + (start - self.start);
        FlatRange::of(region, offset, start, last, self.priority)
    }
}
