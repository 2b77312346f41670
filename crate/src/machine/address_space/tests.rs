//! The regions, the page table and the generation of an address space agree after every change.

mod aliases;
mod scalars;
mod scale;

use super::*;
use crate::model::bytes::Bytes;
use crate::{GuestMemoryBackend, GuestMemoryRegion};

fn space() -> AddressSpace {
    AddressSpace::from_ranges(&[
        (GuestAddress(0x800), 0x2000),
        (GuestAddress(0x2800), 0x1800),
        (GuestAddress(1 << 40), 0x1000),
    ])
    .unwrap()
}

fn starts(space: &AddressSpace) -> Vec<u64> {
    let view = space.view();
    view.flat()
        .iter()
        .map(|region| region.start_addr().0)
        .collect()
}

#[test]
fn scalars_agree_by_the_table_and_by_the_regions() {
    let space = space();
    // Whole pages, partial pages, across a page's end, across regions, past the table.
    for address in [
        0x1000,
        0x1ffd,
        0x800,
        0x27fe,
        0x3ffc,
        1 << 40,
        (1 << 40) + 0xffc,
    ] {
        let value = 0x0403_0201_u32.to_le();
        space.write_obj(value, GuestAddress(address)).unwrap();
        assert_eq!(
            space.read_obj::<u32>(GuestAddress(address)).unwrap(),
            value,
            "{address:#x}"
        );
        let bytes: Vec<u8> = (address..address + 4)
            .map(|at| space.view().read_obj(GuestAddress(at)).unwrap())
            .collect();
        assert_eq!(bytes, [1, 2, 3, 4], "{address:#x}");
    }
}

#[test]
fn a_scalar_that_is_not_whole_is_refused_and_writes_nothing() {
    let space = space();
    for address in [0x7fd, 0x3ffd, (1 << 40) + 0xffd, u64::MAX, 0x9000] {
        let address = GuestAddress(address);
        assert!(space.write_obj(u32::MAX, address).is_err());
        assert!(space.read_obj::<u32>(address).is_err());
    }
    assert_eq!(space.read_obj::<u8>(GuestAddress(0x800)).unwrap(), 0);
    assert_eq!(space.read_obj::<u8>(GuestAddress(0x3fff)).unwrap(), 0);
}

#[test]
fn what_is_inserted_is_there_at_once_and_zero_and_what_is_removed_is_gone() {
    let space = space();
    let before = space.map_generation();
    let (start, size) = (GuestAddress(0x8000), 0x3000);
    space.insert_region(start, size).unwrap();
    assert_eq!(starts(&space), [0x800, 0x2800, 0x8000, 1 << 40]);
    assert_eq!(space.read_obj::<u64>(start).unwrap(), 0);
    space.write_obj(7_u8, start).unwrap();
    let removed = space.remove_region(start, size).unwrap();
    assert_eq!(removed.size(), size);
    assert!(space.read_obj::<u8>(start).is_err());
    assert_eq!(space.map_generation(), before.wrapping_add(2));
}

#[test]
fn a_change_that_is_refused_changes_nothing() {
    let space = space();
    let (before, generation) = (starts(&space), space.map_generation());
    let insert = |start, size| space.insert_region(GuestAddress(start), size).map(drop);
    let overlap = |address| Err(Fault::MemoryRegionOverlap { address });
    assert_eq!(insert(0, 0x801), overlap(0));
    assert_eq!(insert(0x3fff, 1), overlap(0x3fff));
    assert_eq!(insert(0x900, 0x10), overlap(0x900));
    assert_eq!(insert(0, u64::MAX), overlap(0));
    assert_eq!(insert(5, 0), Err(Fault::EmptyRegion { address: 5 }));
    let past_end = Fault::GuestAddressOverflow { completed: 1 };
    assert_eq!(insert(u64::MAX, 2), Err(past_end));
    let too_large = Fault::OutOfMemory { bytes: 1 << 41 };
    assert_eq!(insert(1 << 41, 1 << 41), Err(too_large));
    for (start, size) in [(0x800, 0x1fff), (0x801, 0x2000), (0x9000, 1)] {
        let removed = space.remove_region(GuestAddress(start), size);
        assert_eq!(removed.map(drop), Err(Fault::NoMemoryRegion));
    }
    assert_eq!(
        (starts(&space), space.map_generation()),
        (before, generation)
    );
}

#[test]
fn a_snapshot_keeps_what_it_saw() {
    let space = space();
    let snapshot = space.view();
    space.write_obj(9_u8, GuestAddress(0x1000)).unwrap();
    space.remove_region(GuestAddress(0x800), 0x2000).unwrap();
    assert!(space.read_obj::<u8>(GuestAddress(0x1000)).is_err());
    assert_eq!(snapshot.read_obj::<u8>(GuestAddress(0x1000)).unwrap(), 9);
    assert_eq!(snapshot.flat().num_regions(), 3);
}

#[test]
fn a_list_that_cannot_be_is_refused_before_anything_is_allocated() {
    let make = |ranges: &[(GuestAddress, u64)]| AddressSpace::from_ranges(ranges).map(drop);
    assert_eq!(make(&[]), Err(Fault::NoMemoryRegion));
    let huge = [(GuestAddress(0), 1 << 62), (GuestAddress(1 << 62), 1 << 62)];
    assert_eq!(make(&huge), Err(Fault::OutOfMemory { bytes: 1 << 63 }));
    let space = space();
    assert_eq!(space.reserve(0), Ok(()));
    let too_much = Fault::OutOfMemory { bytes: u64::MAX };
    assert_eq!(space.reserve(u64::MAX), Err(too_much));
}

#[test]
fn a_range_shows_runs_of_regions_whole_though_parts_were_discarded() {
    let space = AddressSpace::new().unwrap();
    let ram = Region::new("ram", RegionKind::Ram, GuestAddress(0), 0x10_0000).unwrap();
    space.map(&ram, GuestAddress(0), 0).unwrap();
    // Two windows side by side that do not show adjacent bytes.
    for (start, offset) in [(0x20_0000, 0x8000), (0x20_2000, 0x1000)] {
        let window = Region::alias("window", &ram, offset, 0x2000).unwrap();
        space.map(&window, GuestAddress(start), 0).unwrap();
    }
    space.discard(GuestAddress(0x1_0000), 0x8_0000).unwrap();
    let runs = |address, length| {
        let mut runs = Vec::new();
        space.each_region(GuestAddress(address), length, |region, offset, length| {
            assert_eq!(region, ram.id());
            runs.push((offset, length));
        });
        runs
    };
    assert_eq!(runs(0x123, 0x9_0000), [(0x123, 0x9_0000)]);
    assert_eq!(
        runs(0x20_1000, 0x2000),
        [(0x9000, 0x1000), (0x1000, 0x1000)]
    );
    assert_eq!(runs(0x15_0000, 0x1000), []);
    let mut places = Vec::new();
    space.each_address(ram.id(), 0x1800, 0x8000, |address, length| {
        places.push((address.0, length))
    });
    assert_eq!(
        places,
        [(0x1800, 0x8000), (0x20_0000, 0x1800), (0x20_2800, 0x1800)]
    );
}
