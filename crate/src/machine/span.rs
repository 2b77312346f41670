//! Ranges of guest addresses, resolved to runs of linear memory.

use crate::machine::fault::Fault;
use crate::machine::memory_map::FlatView;
use crate::machine::run::{HostRun, LONGEST};
use crate::model::guest_memory::{GuestAddress, GuestMemoryBackend};
use crate::model::region::GuestMemoryRegion;

/// Adjacent bytes in linear memory.
///
/// ```
/// use guest_memory::{AddressSpace, GuestAddress};
/// let space = AddressSpace::from_ranges(&[(GuestAddress(0), 0x1000), (GuestAddress(0x1000), 0x1000)])?;
/// let run = space.forward_run(GuestAddress(0xffc), 8).unwrap();
/// assert_eq!(run.length, 4); // up to the end of the region
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Run {
    /// The host offset of the first byte.
    pub host: usize,
    /// The number of bytes.
    pub length: usize,
}

impl From<HostRun<'_>> for Run {
    fn from(run: HostRun<'_>) -> Self {
        Run {
            host: run.host(),
            length: run.length(),
        }
    }
}

/// Checks that memory backs every byte of `[address, address + length)`. An empty range is always backed.
pub(crate) fn check(view: &FlatView, address: u64, length: u64) -> Result<(), Fault> {
    Fault::of(view, GuestAddress(address), length).map_or(Ok(()), Err)
}

/// The whole range as one run inside one region, or the reason against it. An empty range is always a run: in a hole it
/// is at host offset 0.
pub(crate) fn single(view: &FlatView, address: u64, length: u64) -> Result<Run, Fault> {
    if length == 0 {
        let nowhere = Run { host: 0, length: 0 };
        return Ok(forward(view, address, 0).map_or(nowhere, Run::from));
    }
    let region = view
        .find_region(GuestAddress(address))
        .ok_or(Fault::InvalidGuestAddress { address })?;
    let last = region.last_addr().0;
    if length - 1 > last - address {
        check(view, address, length)?;
        // The whole range is backed, so another region starts right behind this one.
        return Err(Fault::CrossesRegions {
            address: last.wrapping_add(1),
        });
    }
    // Both fit: the range is inside the region. It may be longer than a run that is moved at once.
    let offset = usize::try_from(address - region.start_addr().0).unwrap_or(0);
    let length = usize::try_from(length).unwrap_or(0);
    let host = region.host_offset() + offset;
    Ok(Run { host, length })
}

/// The run that begins at `address` and ends with its region, or after `limit` bytes.
pub(crate) fn forward(view: &FlatView, address: u64, limit: u64) -> Option<HostRun<'_>> {
    let region = view.find_region(GuestAddress(address))?;
    let offset = usize::try_from(address - region.start_addr().0).ok()?;
    Some(region.run(offset, saturated(limit)))
}

/// The run that ends with the byte at `last` and begins with its region, or `limit` bytes before its end.
pub(crate) fn backward(view: &FlatView, last: u64, limit: u64) -> Option<HostRun<'_>> {
    let region = view.find_region(GuestAddress(last))?;
    let end = usize::try_from(last - region.start_addr().0).ok()? + 1;
    let length = saturated(limit).min(LONGEST).min(end);
    Some(region.run(end - length, length))
}

fn saturated(limit: u64) -> usize {
    usize::try_from(limit).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::AddressSpace;

    fn view(ranges: &[(u64, u64)]) -> AddressSpace {
        let ranges: Vec<_> = ranges
            .iter()
            .map(|&(start, size)| (GuestAddress(start), size))
            .collect();
        AddressSpace::from_ranges(&ranges).unwrap()
    }

    #[test]
    fn each_way_to_miss_has_its_own_fault() {
        let space = view(&[
            (0x1000, 0x1000),
            (0x2000, 0x800),
            (0x4000, 0x100),
            (u64::MAX - 0xff, 0x100),
        ]);
        let map = space.view();
        let view = map.flat();
        assert_eq!(check(view, 0, 0), Ok(()));
        assert_eq!(check(view, u64::MAX, 0), Ok(()));
        assert_eq!(check(view, 0x1000, 0x1800), Ok(()));
        assert_eq!(
            check(view, 0xfff, 2),
            Err(Fault::InvalidGuestAddress { address: 0xfff })
        );
        assert_eq!(
            check(view, 0x1ffe, 0x900),
            Err(Fault::PartialBuffer {
                address: 0x2800,
                completed: 0x802
            })
        );
        assert_eq!(check(view, u64::MAX - 1, 2), Ok(()));
        assert_eq!(
            check(view, u64::MAX - 1, 3),
            Err(Fault::GuestAddressOverflow { completed: 2 })
        );
        assert_eq!(
            check(view, u64::MAX, u64::MAX),
            Err(Fault::GuestAddressOverflow { completed: 1 })
        );
        assert_eq!(
            check(view, 0, u64::MAX),
            Err(Fault::InvalidGuestAddress { address: 0 })
        );
    }

    #[test]
    fn one_run_stays_in_one_region() {
        let space = view(&[(0x1000, 0x1000), (0x2000, 0x800)]);
        let map = space.view();
        let view = map.flat();
        let first = single(view, 0x1000, 0x1000).unwrap();
        assert_eq!(first.length, 0x1000);
        assert_eq!(
            single(view, 0x1fff, 1),
            Ok(Run {
                host: first.host + 0xfff,
                length: 1
            })
        );
        assert_eq!(
            single(view, 0x1fff, 2),
            Err(Fault::CrossesRegions { address: 0x2000 })
        );
        assert_eq!(
            single(view, 0x27ff, 2),
            Err(Fault::PartialBuffer {
                address: 0x2800,
                completed: 1
            })
        );
        assert_eq!(
            single(view, 0x2800, 1),
            Err(Fault::InvalidGuestAddress { address: 0x2800 })
        );
        assert_eq!(single(view, 0x2800, 0), Ok(Run { host: 0, length: 0 }));
    }

    #[test]
    fn runs_reach_to_their_regions_ends() {
        let space = view(&[(0x1000, 0x1000), (0x2000, 0x800)]);
        let map = space.view();
        let view = map.flat();
        let forward = |address, limit| forward(view, address, limit).map(Run::from);
        let backward = |last, limit| backward(view, last, limit).map(Run::from);
        assert_eq!(forward(0x1ffe, 9).unwrap().length, 2);
        assert_eq!(forward(0x1ffe, 1).unwrap().length, 1);
        let start = forward(0x2000, 1).unwrap().host;
        assert_eq!(
            backward(0x2001, 9),
            Some(Run {
                host: start,
                length: 2
            })
        );
        assert_eq!(
            backward(0x2001, 1),
            Some(Run {
                host: start + 1,
                length: 1
            })
        );
        assert_eq!((forward(0xfff, 1), backward(0x2800, 1)), (None, None));
    }
}
