//! Checks of a list of regions, before a single byte is allocated for it.

use crate::machine::fault::Fault;
use crate::model::guest_memory::GuestAddress;

/// The rule for one region: it is not empty, and its last byte is at 2^64 - 1 at most. Gives the last address.
pub(crate) fn check_region(start: GuestAddress, size: u64) -> Result<u64, Fault> {
    let extra = size
        .checked_sub(1)
        .ok_or(Fault::EmptyRegion { address: start.0 })?;
    start
        .0
        .checked_add(extra)
        .ok_or(Fault::GuestAddressOverflow {
            completed: start.0.wrapping_neg(),
        })
}

/// The rule for a list: at least one region, each valid by itself, then ascending starts, then no shared byte. Order is
/// checked before overlap, as in vm-memory.
pub(crate) fn check_regions(ranges: &[(GuestAddress, u64)]) -> Result<(), Fault> {
    if ranges.is_empty() {
        return Err(Fault::NoMemoryRegion);
    }
    for &(start, size) in ranges {
        check_region(start, size)?;
    }
    for pair in ranges.windows(2) {
        let (before, (start, _)) = (pair[0], pair[1]);
        if start < before.0 {
            return Err(Fault::UnsortedMemoryRegions { address: start.0 });
        }
        if start.0 <= check_region(before.0, before.1)? {
            return Err(Fault::MemoryRegionOverlap { address: start.0 });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(ranges: &[(u64, u64)]) -> Result<(), Fault> {
        check_regions(
            &ranges
                .iter()
                .map(|&(start, size)| (GuestAddress(start), size))
                .collect::<Vec<_>>(),
        )
    }

    #[test]
    fn good_layouts() {
        assert_eq!(check(&[(0, 1)]), Ok(()));
        assert_eq!(
            check(&[(0, 0x1000), (0x1000, 0x1000), (u64::MAX, 1)]),
            Ok(())
        );
        assert_eq!(check(&[(0, 1 << 63), (1 << 63, 1 << 63)]), Ok(()));
    }

    #[test]
    fn bad_layouts_each_with_its_fault() {
        assert_eq!(check(&[]), Err(Fault::NoMemoryRegion));
        assert_eq!(
            check(&[(0, 1), (7, 0)]),
            Err(Fault::EmptyRegion { address: 7 })
        );
        assert_eq!(
            check(&[(u64::MAX, 2)]),
            Err(Fault::GuestAddressOverflow { completed: 1 })
        );
        assert_eq!(check(&[(1, u64::MAX)]), Ok(()));
        assert_eq!(
            check(&[(2, u64::MAX)]),
            Err(Fault::GuestAddressOverflow {
                completed: u64::MAX - 1
            })
        );
        assert_eq!(
            check(&[(0, 2), (1, 1)]),
            Err(Fault::MemoryRegionOverlap { address: 1 })
        );
        assert_eq!(
            check(&[(5, 1), (5, 1)]),
            Err(Fault::MemoryRegionOverlap { address: 5 })
        );
        assert_eq!(
            check(&[(5, 9), (4, 9)]),
            Err(Fault::UnsortedMemoryRegions { address: 4 })
        );
    }
}
