//! [`Iotlb`]: the mappings of an IOMMU.

use super::{Error, IovaRange, MappedRange};
use crate::model::guest_memory::{GuestAddress, Permissions};
use rangemap::RangeInclusiveMap;
use std::ops::{Deref, RangeInclusive};

/// Mappings from I/O virtual to guest-physical addresses, with a grain of one byte.
///
/// ```
/// use guest_memory::iommu::Iotlb;
/// use guest_memory::{GuestAddress, Permissions};
/// let mut iotlb = Iotlb::new();
/// iotlb.set_mapping(GuestAddress(0x1000), GuestAddress(0), 0x1000, Permissions::Read)?;
/// let fails = Iotlb::lookup(&iotlb, GuestAddress(0x1f00), 0x200, Permissions::Read).unwrap_err();
/// assert_eq!((fails.misses[0].base, fails.misses[0].length), (GuestAddress(0x2000), 0x100));
/// # Ok::<(), guest_memory::iommu::Error>(())
/// ```
#[derive(Debug, Default)]
pub struct Iotlb {
    // Inclusive ranges, because the last address is 2^64 - 1.
    mappings: RangeInclusiveMap<u64, Mapping>,
}

/// The target of a range. The map joins adjacent ranges with equal targets.
#[derive(Clone, Debug, Eq, PartialEq)]
struct Mapping {
    /// The guest address minus the IOVA, modulo 2^64.
    distance: u64,
    permissions: Permissions,
}

/// The parts of a range that keep it from being accessed.
///
/// ```
/// use guest_memory::iommu::Iotlb;
/// use guest_memory::{GuestAddress, Permissions};
/// let mut iotlb = Iotlb::new();
/// iotlb.set_mapping(GuestAddress(0x1000), GuestAddress(0x8000), 0x1000, Permissions::Read)?;
/// let fails = Iotlb::lookup(&iotlb, GuestAddress(0x1800), 0x1000, Permissions::Write).unwrap_err();
/// assert_eq!((fails.misses[0].base, fails.misses[0].length), (GuestAddress(0x2000), 0x800));
/// assert_eq!((fails.access_fails[0].base, fails.access_fails[0].length), (GuestAddress(0x1800), 0x800));
/// # Ok::<(), guest_memory::iommu::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct IotlbFails {
    /// The parts that are not mapped.
    pub misses: Vec<IovaRange>,
    /// The parts that are mapped, but not for this access.
    pub access_fails: Vec<IovaRange>,
}

impl Iotlb {
    /// An IOTLB without mappings.
    pub fn new() -> Self {
        Self::default()
    }

    /// Maps the `length` bytes from `iova` to the `length` bytes from `map_to`. Replaces earlier mappings of these
    /// IOVAs.
    ///
    /// # Errors
    /// [`Error::IommuMisconfigured`] for an empty range, and if one of the ranges goes on past 2^64.
    pub fn set_mapping(
        &mut self,
        iova: GuestAddress,
        map_to: GuestAddress,
        length: usize,
        perm: Permissions,
    ) -> Result<(), Error> {
        let (Some(range), Some(_)) = (range(iova, length), range(map_to, length)) else {
            let reason = format!(
                "{length:#x} bytes from IOVA {:#x} cannot be mapped to {:#x}",
                iova.0, map_to.0
            );
            return Err(Error::IommuMisconfigured { reason });
        };
        let mapping = Mapping {
            distance: map_to.0.wrapping_sub(iova.0),
            permissions: perm,
        };
        self.mappings.insert(range, mapping);
        Ok(())
    }

    /// Removes the mappings of the `length` bytes from `iova`. A range that goes on past 2^64 is cut there.
    pub fn invalidate_mapping(&mut self, iova: GuestAddress, length: usize) {
        if let Some(to_last) = length.checked_sub(1) {
            let last = iova.0.saturating_add(to_last as u64);
            self.mappings.remove(iova.0..=last);
        }
    }

    /// Removes all mappings.
    pub fn invalidate_all(&mut self) {
        self.mappings.clear();
    }

    /// The ranges that the `length` bytes from `iova` are mapped to, in order, if all allow `access`. An empty range
    /// gives none. This is not a method, because `this` is often a lock's guard, which the iterator keeps.
    ///
    /// # Errors
    /// All parts that are not mapped or do not allow `access`. For a range that goes on past 2^64, the whole range.
    pub fn lookup<D: Deref<Target = Iotlb>>(
        this: D,
        iova: GuestAddress,
        length: usize,
        access: Permissions,
    ) -> Result<IotlbIterator<D>, IotlbFails> {
        let fails = this.fails(iova, length, access);
        if fails.misses.is_empty() && fails.access_fails.is_empty() {
            return Ok(IotlbIterator {
                iotlb: this,
                next: iova.0,
                left: length,
            });
        }
        Err(fails)
    }

    fn fails(&self, iova: GuestAddress, length: usize, access: Permissions) -> IotlbFails {
        let mut fails = IotlbFails {
            misses: Vec::new(),
            access_fails: Vec::new(),
        };
        let Some(wanted) = range(iova, length) else {
            if length > 0 {
                fails.misses.push(IovaRange { base: iova, length });
            }
            return fails;
        };
        let (first, last) = (*wanted.start(), *wanted.end());
        // The next address to look up; `None` after 2^64 - 1.
        let mut next = Some(first);
        for (mapped, mapping) in self.mappings.overlapping(&wanted) {
            let (from, to) = ((*mapped.start()).max(first), (*mapped.end()).min(last));
            if let Some(next) = next.filter(|next| *next < from) {
                fails.misses.push(part(next, from - 1));
            }
            if !mapping.permissions.allow(access) {
                fails.access_fails.push(part(from, to));
            }
            next = to.checked_add(1);
        }
        if let Some(next) = next.filter(|next| *next <= last) {
            fails.misses.push(part(next, last));
        }
        fails
    }
}

/// The addresses of `length` bytes; `None` for an empty range, and for a range past 2^64.
fn range(base: GuestAddress, length: usize) -> Option<RangeInclusive<u64>> {
    let to_last = length.checked_sub(1)? as u64;
    Some(base.0..=base.0.checked_add(to_last)?)
}

/// The range from `first` to `last`. It is part of a range whose length a `usize` holds.
fn part(first: u64, last: u64) -> IovaRange {
    let length = usize::try_from(last - first).map_or(usize::MAX, |to_last| to_last + 1);
    IovaRange {
        base: GuestAddress(first),
        length,
    }
}

/// The ranges that a range is mapped to: see [`Iotlb::lookup`].
///
/// ```
/// use guest_memory::iommu::Iotlb;
/// use guest_memory::{GuestAddress, Permissions};
/// let mut iotlb = Iotlb::new();
/// iotlb.set_mapping(GuestAddress(0x1000), GuestAddress(0x8000), 0x1000, Permissions::Read)?;
/// iotlb.set_mapping(GuestAddress(0x2000), GuestAddress(0), 0x1000, Permissions::Read)?;
/// let ranges = Iotlb::lookup(&iotlb, GuestAddress(0x1ffe), 4, Permissions::Read).unwrap();
/// let ranges: Vec<_> = ranges.map(|range| (range.base.0, range.length)).collect();
/// assert_eq!(ranges, [(0x8ffe, 2), (0, 2)]);
/// # Ok::<(), guest_memory::iommu::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct IotlbIterator<D: Deref<Target = Iotlb>> {
    iotlb: D,
    /// The next IOVA; meaningless at the end of the range.
    next: u64,
    left: usize,
}

impl<D: Deref<Target = Iotlb>> Iterator for IotlbIterator<D> {
    type Item = MappedRange;

    fn next(&mut self) -> Option<MappedRange> {
        if self.left == 0 {
            return None;
        }
        let (mapped, mapping) = self.iotlb.mappings.get_key_value(&self.next)?;
        let to_last = usize::try_from(mapped.end() - self.next).unwrap_or(usize::MAX);
        let length = to_last.saturating_add(1).min(self.left);
        let base = GuestAddress(self.next.wrapping_add(mapping.distance));
        self.left -= length;
        // Wraps only after the last byte.
        self.next = self.next.wrapping_add(length as u64);
        Some(MappedRange { base, length })
    }
}
