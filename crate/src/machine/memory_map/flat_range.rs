//! `FlatRange`: adjacent guest addresses that show the same region.

use super::region::{Region, RegionKind};
use crate::machine::ram_region::RamRegion;
use crate::model::guest_memory::GuestAddress;
use std::sync::Arc;

/// Adjacent guest addresses that show adjacent bytes of one region. Where some of the bytes were
/// [discarded](crate::AddressSpace::discard), there is a range for each part that is adjacent in linear memory.
///
/// ```
/// use guest_memory::{AddressSpace, GuestAddress, Region, RegionKind};
/// let space = AddressSpace::from_ranges(&[(GuestAddress(0), 0x3000)])?;
/// let window = Region::new("window", RegionKind::Mmio, GuestAddress(0), 0x1000)?;
/// space.map(&window, GuestAddress(0x1000), 1)?;
/// let map = space.view();
/// let starts: Vec<u64> = map.flat().ranges().iter().map(|range| range.start().0).collect();
/// assert_eq!(starts, [0, 0x1000, 0x2000]); // what the window leaves free, and the window
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct FlatRange {
    pub(crate) start: u64,
    pub(crate) last: u64,
    pub(crate) region: Arc<Region>,
    pub(crate) offset: u64,
    pub(crate) priority: i32,
    /// Whether the kind of the region lets the guest write the bytes.
    writable: bool,
    /// The bytes, if the region is RAM or ROM.
    pub(crate) memory: Option<RamRegion>,
}

impl FlatRange {
    /// A range without its bytes: [`show`](FlatRange::show) adds them.
    pub(super) fn of(
        region: &Arc<Region>,
        offset: u64,
        start: u64,
        last: u64,
        priority: i32,
    ) -> Self {
        FlatRange {
            start,
            last,
            region: Arc::clone(region),
            offset,
            priority,
            writable: region.kind() == RegionKind::Ram,
            memory: None,
        }
    }

    /// The part from `start` to `last`, both inside, without the bytes.
    pub(super) fn part(&self, start: u64, last: u64) -> Self {
        let offset = self.offset + (start - self.start);
        Self::of(&self.region, offset, start, last, self.priority)
    }

    /// The range without its bytes.
    pub(super) fn bare(&self) -> Self {
        self.part(self.start, self.last)
    }

    /// Adds the bytes, and gives a range for each block.
    pub(super) fn show(self, mut give: impl FnMut(FlatRange)) {
        let size = (self.last - self.start).saturating_add(1);
        let has_bytes = self
            .region
            .each_block(self.offset, size, |block, before, at, length| {
                let start = self.start + before;
                let mut part = self.part(start, start + (length - 1));
                part.memory = RamRegion::new(start, length, block, at);
                give(part);
            });
        if !has_bytes {
            give(self);
        }
    }

    /// The first guest address.
    pub fn start(&self) -> GuestAddress {
        GuestAddress(self.start)
    }

    /// The last guest address.
    pub fn last(&self) -> GuestAddress {
        GuestAddress(self.last)
    }

    /// The region that is shown: never an alias.
    pub fn region(&self) -> &Arc<Region> {
        &self.region
    }

    /// The offset in the region of the first byte.
    pub fn offset(&self) -> u64 {
        self.offset
    }

    /// The priority of the placement that shows it.
    pub fn priority(&self) -> i32 {
        self.priority
    }

    /// Whether the kind of the region lets the guest write the bytes.
    #[inline]
    pub(crate) fn is_writable(&self) -> bool {
        self.writable
    }

    /// Whether the range has the byte at an address.
    #[inline]
    pub(super) fn holds(&self, address: u64) -> bool {
        self.start <= address && address <= self.last
    }

    /// Whether this range continues the region where the range before it ends.
    pub(super) fn continues(&self, before: &FlatRange) -> bool {
        Arc::ptr_eq(&self.region, &before.region)
            && self.priority == before.priority
            && before.last.checked_add(1) == Some(self.start)
            && before.offset + (self.start - before.start) == self.offset
    }
}
