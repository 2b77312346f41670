//! A battery for every [`GuestMemoryBackend`]; and the tests of backends.

use super::{
    Coverage, Error, GuestAddress, GuestMemory, GuestMemoryBackend, GuestMemorySliceIterator,
    Permissions, coverage,
};
use crate::machine::fault::Fault;
use crate::model::bytes::Bytes;
use crate::model::region::tests::{TestRegion, VastRegion};
use crate::model::region::{GuestMemoryRegion, GuestRegionCollection};

/// A backend with the required methods only.
pub(crate) struct Minimal<R>(pub(crate) Vec<R>);

impl<R: GuestMemoryRegion> GuestMemoryBackend for Minimal<R> {
    type R = R;

    fn iter(&self) -> impl Iterator<Item = &R> {
        self.0.iter()
    }
}

pub(crate) fn regions(ranges: &[(u64, u64)]) -> Vec<TestRegion> {
    ranges
        .iter()
        .map(|(start, length)| TestRegion::new(*start, usize::try_from(*length).unwrap()))
        .collect()
}

pub(crate) fn memory(ranges: &[(u64, u64)]) -> GuestRegionCollection<TestRegion> {
    GuestRegionCollection::from_regions(regions(ranges)).unwrap()
}

/// Checks a backend that consists of these ranges against sums in 128 bits, which never wrap.
pub(crate) fn test_backend<M: GuestMemoryBackend>(memory: &M, ranges: &[(u64, u64)]) {
    let end_of = |(start, length): &(u64, u64)| u128::from(*start) + u128::from(*length);
    let region_of = |addr: u128| {
        ranges
            .iter()
            .find(|range| u128::from(range.0) <= addr && addr < end_of(range))
    };
    assert_eq!(memory.num_regions(), ranges.len());
    let starts: Vec<_> = memory
        .iter()
        .map(|region| (region.start_addr().0, region.len()))
        .collect();
    assert_eq!(starts, ranges);
    let last = ranges
        .iter()
        .map(|range| end_of(range) - 1)
        .max()
        .unwrap_or(0);
    assert_eq!(u128::from(memory.last_addr().0), last);

    let mut edges = vec![0, 1, u64::MAX - 1, u64::MAX];
    for (start, length) in ranges {
        edges.extend([-1, 0, 1].map(|near| start.wrapping_add_signed(near)));
        edges.extend(
            [-2, -1, 0, 1].map(|near| start.wrapping_add(*length).wrapping_add_signed(near)),
        );
    }
    for base in edges.iter().copied() {
        let addr = GuestAddress(base);
        let region = region_of(u128::from(base));
        let found = memory
            .find_region(addr)
            .map(|region| (region.start_addr().0, region.len()));
        assert_eq!(found.as_ref(), region, "{addr:x?}");
        let position = memory
            .to_region_addr(addr)
            .map(|(region, at)| (region.start_addr().0, at.0));
        assert_eq!(position, region.map(|range| (range.0, base - range.0)));
        assert_eq!(memory.address_in_range(addr), region.is_some());
        assert_eq!(memory.check_address(addr), region.map(|_| addr));

        // The first address from `base` on that is not backed is `base` itself, or the end of a region.
        let ends = ranges
            .iter()
            .map(end_of)
            .filter(|end| *end >= u128::from(base));
        let hole = ends
            .chain([u128::from(base)])
            .filter(|end| region_of(*end).is_none())
            .min()
            .unwrap();
        let mapped = u64::try_from(hole - u128::from(base)).unwrap();
        let lengths = edges.iter().map(|edge| edge.wrapping_sub(base));
        let lengths = lengths.chain([0, 1, 2, 8, 1 << 32, u64::MAX]);
        // Miri is a thousand times slower.
        let lengths = lengths.step_by(if cfg!(miri) { 19 } else { 1 });
        for length in lengths {
            let expected = if u128::from(length) <= u128::from(mapped) {
                Coverage::Full
            } else if mapped == 0 {
                Coverage::Unmapped
            } else if let Ok(at) = u64::try_from(hole) {
                Coverage::Hole {
                    mapped,
                    at: GuestAddress(at),
                }
            } else {
                Coverage::PastEnd { mapped }
            };
            assert_eq!(
                coverage(memory, addr, length),
                expected,
                "{length:#x} from {addr:x?}"
            );
            let fault = match expected {
                Coverage::Full => None,
                Coverage::Unmapped => Some(Fault::InvalidGuestAddress { address: base }),
                Coverage::Hole { mapped, at } => Some(Fault::PartialBuffer {
                    address: at.0,
                    completed: mapped,
                }),
                Coverage::PastEnd { mapped } => {
                    Some(Fault::GuestAddressOverflow { completed: mapped })
                }
            };
            assert_eq!(Fault::of(memory, addr, length), fault);
            let Ok(count) = usize::try_from(length) else {
                continue;
            };
            let full = expected == Coverage::Full;
            assert_eq!(GuestMemoryBackend::check_range(memory, addr, count), full);
            let target = base
                .checked_add(length)
                .filter(|target| region_of(u128::from(*target)).is_some());
            assert_eq!(memory.checked_offset(addr, count), target.map(GuestAddress));
            test_slices(memory, addr, count, expected);
            let in_region =
                region.is_some_and(|range| u128::from(base) + u128::from(length) <= end_of(range));
            assert_eq!(memory.get_slice(addr, count).is_ok(), in_region);
            let slice = memory.contiguous_slice(addr, count, Permissions::Read);
            assert_eq!(slice.map(|slice| slice.len()), in_region.then_some(count));
            let plain = memory.plain_slice(addr, count, Permissions::Read);
            assert!(plain.is_none_or(|plain| in_region && plain.len() == count));
        }
        assert_eq!(memory.get_host_address(addr).is_ok(), region.is_some());
    }
}

/// Checks that the slices together are as long as the backed part, and that the last item is the error of the rest.
fn test_slices<M: GuestMemoryBackend>(
    memory: &M,
    addr: GuestAddress,
    count: usize,
    expected: Coverage,
) {
    let mut slices = GuestMemoryBackend::get_slices(memory, addr, count);
    let mut total = 0;
    let mut error = None;
    for slice in slices.by_ref() {
        assert!(error.is_none(), "nothing follows an error");
        match slice {
            Ok(slice) => {
                assert!(!slice.is_empty());
                total += slice.len() as u64;
            }
            Err(other) => error = Some(other),
        }
    }
    assert!(slices.next().is_none(), "ended for good");
    match expected {
        Coverage::Full => {
            assert_eq!(total, count as u64);
            assert!(error.is_none());
        }
        Coverage::Unmapped => {
            assert_eq!(total, 0);
            assert!(matches!(error, Some(Error::InvalidGuestAddress(at)) if at == addr));
        }
        Coverage::Hole { mapped, at } => {
            assert_eq!(total, mapped);
            assert!(matches!(error, Some(Error::InvalidGuestAddress(hole)) if hole == at));
        }
        Coverage::PastEnd { mapped } => {
            assert_eq!(total, mapped);
            assert!(matches!(error, Some(Error::GuestAddressOverflow)));
        }
    }
}

#[test]
fn every_backend_answers_alike() {
    for ranges in [
        &[(0, 0x40)][..],
        &[(0x1000, 0x40), (0x1040, 0x40)],
        &[
            (0, 0x40),
            (0x40, 8),
            (0x50, 8),
            (1 << 32, 8),
            (u64::MAX - 7, 8),
        ],
        &[(u64::MAX - 0x1f, 0x10), (u64::MAX - 0xf, 0x10)],
        &[(u64::MAX, 1)],
    ] {
        test_backend(&memory(ranges), ranges);
        test_backend(&Minimal(regions(ranges)), ranges);
    }
    test_backend(&Minimal(regions(&[])), &[]);
    test_backend(&GuestRegionCollection::<TestRegion>::new(), &[]);
}

/// A region of exactly 2^32 bytes would seem empty to code that cuts its length to 32 bits.
#[test]
fn a_region_may_be_longer_than_a_usize() {
    let memory = Minimal(vec![
        VastRegion::new(0, 1 << 32),
        VastRegion::new(1 << 32, 1 << 40),
    ]);
    for start in [0, 1, 8, (1 << 32) - 64, 1 << 32, 1 << 33] {
        let mut slices = GuestMemoryBackend::get_slices(&memory, GuestAddress(start), 64);
        assert_eq!(slices.next().unwrap().unwrap().len(), 64);
        assert!(slices.next().is_none());
        memory.write_obj(start, GuestAddress(start)).unwrap();
        assert_eq!(memory.read_obj::<u64>(GuestAddress(start)).unwrap(), start);
    }
    assert!(GuestMemoryBackend::check_range(
        &memory,
        GuestAddress(1),
        1 << 20
    ));
    assert_eq!(
        coverage(&memory, GuestAddress(1), (1 << 40) + (1 << 32) - 1),
        Coverage::Full
    );
    let (mapped, at) = (
        (1 << 40) + (1 << 32) - 1,
        GuestAddress((1 << 40) + (1 << 32)),
    );
    assert_eq!(
        coverage(&memory, GuestAddress(1), u64::MAX),
        Coverage::Hole { mapped, at }
    );
}

#[test]
#[expect(deprecated, reason = "vm-memory still has it")]
fn try_access_visits_each_region() {
    let memory = memory(&[(0, 8), (8, 8), (32, 8), (u64::MAX - 7, 8)]);
    let visit = |count, addr, limit: usize| {
        let mut calls = Vec::new();
        let result = memory.try_access(count, GuestAddress(addr), |done, length, at, region| {
            calls.push((done, length, at.0, region.start_addr().0));
            Ok(length.min(limit))
        });
        (result, calls)
    };
    let (result, calls) = visit(12, 2, 100);
    assert_eq!(
        (result.unwrap(), calls),
        (12, vec![(0, 6, 2, 0), (6, 6, 0, 8)])
    );
    let (result, calls) = visit(100, 10, 4);
    assert_eq!(
        (result.unwrap(), calls),
        (6, vec![(0, 6, 2, 8), (4, 2, 6, 8)]),
        "up to the hole"
    );
    let (result, calls) = visit(4, 2, 0);
    assert_eq!(
        (result.unwrap(), calls.len()),
        (0, 1),
        "a callback may stop"
    );
    let (result, calls) = visit(4, 20, 4);
    assert!(
        matches!(result, Err(Error::InvalidGuestAddress(GuestAddress(20)))) && calls.is_empty()
    );
    assert_eq!(visit(0, 20, 4).0.unwrap(), 0);
    assert_eq!(visit(8, u64::MAX - 7, 8).0.unwrap(), 8);
    let (result, calls) = visit(9, u64::MAX - 7, 8);
    assert_eq!((result.unwrap(), calls.len()), (8, 1), "up to 2^64");
    let more = memory.try_access(4, GuestAddress(0), |_, length, _, _| Ok(length + 1));
    assert!(matches!(more, Err(Error::CallbackOutOfRange)));
    let error = memory.try_access(4, GuestAddress(0), |_, _, _, _| {
        Err(Error::HostAddressNotAvailable)
    });
    assert!(matches!(error, Err(Error::HostAddressNotAvailable)));
}

#[test]
fn a_backend_is_its_own_physical_memory_and_allows_all() {
    let memory = memory(&[(0, 64)]);
    assert!(std::ptr::eq(memory.physical_memory().unwrap(), &memory));
    for access in [
        Permissions::No,
        Permissions::Read,
        Permissions::Write,
        Permissions::ReadWrite,
    ] {
        assert!(GuestMemory::check_range(
            &memory,
            GuestAddress(0),
            64,
            access
        ));
        assert!(!GuestMemory::check_range(
            &memory,
            GuestAddress(1),
            64,
            access
        ));
        let slices = GuestMemory::get_slices(&memory, GuestAddress(0), 64, access).unwrap();
        assert_eq!(slices.stop_on_error().unwrap().count(), 1);
    }
}
