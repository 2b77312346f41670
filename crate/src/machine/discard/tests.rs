//! Discard: which bytes read 0, which have pages, which spaces see it, and that marks are neither lost nor made up.

use super::*;
use crate::machine::memory_map::{RegionKind, Shown};
use crate::model::guest_memory::{GuestMemory, Permissions};
use crate::{Bytes, GuestMemoryBackend, GuestMemoryRegion};
use std::sync::{MutexGuard, PoisonError};

mod random;

const PAGE: u64 = 4096;
const CHUNK: u64 = 64 * PAGE;
/// Compares one byte in so many, where all would take minutes.
const STEP: usize = if cfg!(miri) { 1_021 } else { 1 };

/// A discard locks every address space that has a handle. Tests that move these spaces must not meet the lock.
fn turn() -> MutexGuard<'static, ()> {
    handle::TURN.lock().unwrap_or_else(PoisonError::into_inner)
}

fn at(address: u64) -> GuestAddress {
    GuestAddress(address)
}

fn space(start: u64, size: u64) -> AddressSpace {
    let space = AddressSpace::from_ranges(&[(at(start), size)]).unwrap();
    space.fill(at(start), 0xaa, size).unwrap();
    space
}

/// The first address and the length of each absent part, merged.
fn absent(space: &AddressSpace) -> Vec<(u64, u64)> {
    let mut absent: Vec<(u64, u64)> = Vec::new();
    for range in space.view().flat().ranges() {
        let memory = range.memory.as_ref().unwrap();
        if !memory.block().is_absent() {
            continue;
        }
        match absent
            .last_mut()
            .filter(|last| last.0 + last.1 == range.start)
        {
            Some(last) => last.1 += memory.len(),
            None => absent.push((range.start, memory.len())),
        }
    }
    absent
}

/// A byte through a slice, which takes pages, and through the table.
fn byte(space: &AddressSpace, address: u64) -> u8 {
    let byte = space.view().read_obj(at(address)).unwrap();
    assert_eq!(
        space.read_obj::<u8>(at(address)).unwrap(),
        byte,
        "{address:#x}"
    );
    byte
}

/// A byte without taking pages.
fn peek(space: &AddressSpace, address: u64) -> u8 {
    let view = space.view();
    let Shown::Memory { host } = view.piece(at(address), 1, Access::NONE).shown else {
        panic!("no memory at {address:#x}");
    };
    // SAFETY: a byte of the space, which no other code uses.
    unsafe { host::pointer(host).read_volatile() }
}

#[test]
fn whole_pages_are_given_back_and_the_others_zeroed() {
    let _turn = turn();
    // The first byte and the last lie in the middle of a page.
    let (start, size) = (0x800, 0x10_0000);
    let end = start + size;
    let cases = [
        (start, end, Some((start, end))),
        (start, 0x1000, Some((start, 0x1000))),
        (start, 0xfff, None),
        (0x801, 0x2000, Some((0x1000, 0x2000))),
        (0x1001, 0x3fff, Some((0x2000, 0x3000))),
        (0x1001, 0x2fff, None),
        (0x3000, end, Some((0x3000, end))),
        (0x10_0000, end, Some((0x10_0000, end))),
        (0x10_0001, end, None),
        (0x3_f000, 0x4_2000, Some((0x3_f000, 0x4_2000))),
    ];
    // A third of the pages, where each takes seconds.
    let step = if cfg!(miri) { 3 } else { 1 };
    for (first, past, gone) in cases.into_iter().step_by(step) {
        let space = space(start, size);
        let generation = space.map_generation();
        space.discard(at(first), past - first).unwrap();
        let gone = gone.map(|(first, past)| (first, past - first));
        assert_eq!(
            absent(&space),
            Vec::from_iter(gone),
            "{first:#x} to {past:#x}"
        );
        assert_eq!(gone.is_some(), generation != space.map_generation());
        for address in [start, first - 1, first, first + 1, past - 1, past, end - 1] {
            if address >= start && address < end {
                let expected = if address < first || address >= past {
                    0xaa
                } else {
                    0
                };
                assert_eq!(peek(&space, address), expected, "{address:#x}");
            }
        }
        for page in (0x1000..0x10_0000).step_by(4096) {
            let has_pages = gone.is_none_or(|(at, size)| page < at || page >= at + size);
            assert_eq!(space.table_entry(at(page)) != 0, has_pages, "{page:#x}");
        }
    }
}

#[test]
fn what_is_written_takes_the_pages_of_its_chunk_and_no_others() {
    let _turn = turn();
    let space = space(0, 4 * CHUNK);
    space.discard(at(0x1000), 4 * CHUNK - 0x1000).unwrap();
    assert_eq!(byte(&space, CHUNK + 5), 0); // through a slice, which can be written
    assert_eq!(
        absent(&space),
        [(0x1000, CHUNK - 0x1000), (2 * CHUNK, 2 * CHUNK)]
    );
    space.write_obj(7_u8, at(3 * CHUNK - 1)).unwrap();
    assert_eq!(
        absent(&space),
        [(0x1000, CHUNK - 0x1000), (3 * CHUNK, CHUNK)]
    );
    assert_eq!(
        (byte(&space, 3 * CHUNK - 1), byte(&space, 3 * CHUNK - 2)),
        (7, 0)
    );
    // Through the table again: both ways lead to the same place.
    assert!(space.table_entry(at(2 * CHUNK)) != 0);
    space.write_obj(9_u8, at(2 * CHUNK)).unwrap();
    assert_eq!(space.view().read_obj::<u8>(at(2 * CHUNK)).unwrap(), 9);
    space.populate(at(CHUNK), u64::MAX).unwrap();
    assert_eq!(absent(&space), [(0x1000, CHUNK - 0x1000)]);
}

#[test]
fn page_by_page_leaves_a_block_for_each_chunk() {
    let _turn = turn();
    let size = if cfg!(miri) { 8 * PAGE } else { 3 * CHUNK };
    let space = space(0x800, size);
    let pages = size / PAGE + 8;
    // In a scattered order: 67 has no divisor in common with the number of pages.
    for page in (0..pages).map(|index| index * 67 % pages) {
        let address = (page * PAGE).clamp(0x800, 0x800 + size);
        let end = ((page + 1) * PAGE).clamp(0x800, 0x800 + size);
        space.discard(at(address), end - address).unwrap();
    }
    assert_eq!(absent(&space), [(0x800, size)]);
    let last_chunk = (0x800 + size - 1) / CHUNK;
    assert_eq!(space.view().flat().num_regions() as u64, last_chunk + 1);
    let all = (0x800..size).step_by(0x777 * STEP);
    assert!(all.into_iter().all(|address| peek(&space, address) == 0));
}

#[test]
fn what_cannot_be_discarded_is_refused_and_nothing_changes() {
    let _turn = turn();
    let space = space(0x1000, 0x3000);
    let rom = Region::new("rom", RegionKind::Rom, at(0x4000), PAGE).unwrap();
    let flash = Region::new("flash", RegionKind::RomDevice, at(0x5000), PAGE).unwrap();
    let hole = Region::new("hole", RegionKind::Reserved, at(0x8000), PAGE).unwrap();
    space.map(&rom, at(0x4000), 0).unwrap();
    space.map(&flash, at(0x5000), 0).unwrap();
    space.map(&hole, at(0x8000), 0).unwrap();
    let refused = |address, length| space.discard(at(address), length).unwrap_err();
    let completed = 0x1000;
    assert_eq!(
        refused(0x3000, 0x1001),
        Fault::ReadOnly {
            address: 0x4000,
            completed
        }
    );
    assert_eq!(
        refused(0x5000, 1),
        Fault::NotMemory {
            address: 0x5000,
            completed: 0
        }
    );
    assert_eq!(
        refused(0x8000, 1),
        Fault::InvalidGuestAddress { address: 0x8000 }
    );
    assert_eq!(
        refused(0, 0x2000),
        Fault::InvalidGuestAddress { address: 0 }
    );
    space.unmap(&rom).unwrap();
    assert_eq!(
        refused(0x3000, u64::MAX),
        Fault::PartialBuffer {
            address: 0x4000,
            completed
        }
    );
    assert_eq!(absent(&space.sibling().unwrap()), []);
    assert!(
        (0x1000..0x4000)
            .step_by(STEP)
            .all(|address| peek(&space, address) == 0xaa)
    );
    assert_eq!(space.discard(at(0x9999), 0), Ok(()));
    // Protection does not count.
    space.unmap(&flash).unwrap();
    space.unmap(&hole).unwrap();
    space.protect(at(0x1000), 0x3000, Access::NONE).unwrap();
    space.discard(at(0x1000), 0x3000).unwrap();
    assert_eq!(absent(&space), [(0x1000, 0x3000)]);
}

#[test]
fn what_somebody_may_point_into_is_zeroed_in_place() {
    let _turn = turn();
    let space = space(0, 0x4000);
    let view = space.view();
    let slice = view
        .get_slices(at(0x1000), 0x1000, Permissions::ReadWrite)
        .unwrap();
    let slice = slice.map(Result::unwrap).next().unwrap();
    space.discard(at(0), 0x3000).unwrap();
    assert_eq!(
        (absent(&space), slice.read_obj::<u32>(0).unwrap()),
        (vec![], 0)
    );
    slice.write_obj(7_u32, 0).unwrap();
    assert_eq!(space.read_obj::<u32>(at(0x1000)).unwrap(), 7);
    assert_eq!((byte(&space, 0x2fff), byte(&space, 0x3000)), (0, 0xaa));
    drop(view);
    space.discard(at(0), 0x3000).unwrap();
    assert_eq!(absent(&space), [(0, 0x3000)]);
}

#[test]
fn every_space_that_shows_it_has_pages_and_entries_or_neither() {
    let _turn = turn();
    let ram = Region::new("ram", RegionKind::Ram, at(0), 2 * CHUNK).unwrap();
    let alias = Region::alias("alias", &ram, CHUNK, CHUNK).unwrap();
    let [one, other] = [(); 2].map(|()| Arc::new(AddressSpace::new().unwrap()));
    one.map(&ram, at(0), 0).unwrap();
    one.map(&alias, at(4 * CHUNK), 0).unwrap();
    other.map(&alias, at(0), 0).unwrap();
    one.fill(at(0), 0xaa, 2 * CHUNK).unwrap();
    // `one` has no handle, so other code may hold a pointer into it.
    other.discard(at(0), CHUNK).unwrap();
    assert_eq!((absent(&one), peek(&one, CHUNK)), (vec![], 0));
    let handles = [&one, &other].map(|space| handle::register(Arc::clone(space)).unwrap());
    other.discard(at(0), CHUNK).unwrap();
    assert_eq!(absent(&one), [(CHUNK, CHUNK), (4 * CHUNK, CHUNK)]);
    assert_eq!(absent(&other), [(0, CHUNK)]);
    let entries = || {
        [
            one.table_entry(at(CHUNK)),
            one.table_entry(at(4 * CHUNK)),
            other.table_entry(at(0)),
        ]
    };
    assert_eq!(entries(), [0; 3]);
    let generations = [&one, &other].map(|space| space.map_generation());
    // Through a snapshot, which knows no table.
    one.view().flat().write_obj(7_u8, at(4 * CHUNK)).unwrap();
    assert!(entries()[0] != 0 && entries().iter().all(|&entry| entry == entries()[0]));
    assert!(one.map_generation() != generations[0] && other.map_generation() != generations[1]);
    assert_eq!(
        (byte(&one, CHUNK), byte(&other, 0), peek(&one, CHUNK - 1)),
        (7, 7, 0xaa)
    );
    // Bytes that are hidden now have their pages all the same when they are shown again.
    one.set_enabled(&ram, false).unwrap();
    one.discard(at(4 * CHUNK), CHUNK).unwrap();
    other.write_obj(9_u8, at(1)).unwrap();
    one.set_enabled(&ram, true).unwrap();
    one.move_region(&ram, at(8 * CHUNK)).unwrap();
    assert_eq!((byte(&one, 9 * CHUNK), byte(&one, 9 * CHUNK + 1)), (0, 9));
    assert!(handles.into_iter().all(handle::release));
}

#[test]
fn a_snapshot_goes_on_with_what_others_make_of_it() {
    let _turn = turn();
    let space = space(0, 2 * CHUNK);
    space.discard(at(0), 2 * CHUNK).unwrap();
    let before = space.view();
    space.write_obj(7_u8, at(0x1234)).unwrap();
    assert_eq!(before.read_obj::<u8>(at(0x1234)).unwrap(), 7);
    before.flat().write_obj(8_u8, at(CHUNK)).unwrap();
    assert_eq!(space.read_obj::<u8>(at(CHUNK)).unwrap(), 8);
    // It holds the blocks, so this leaves them in place.
    space.discard(at(0), 2 * CHUNK).unwrap();
    assert_eq!(before.read_obj::<u8>(at(CHUNK)).unwrap(), 0);
    assert_eq!(absent(&space), []);
    // The same goes where only the ranges are shared, because the map has changed meanwhile.
    space.protect(at(0), 0x1000, Access::READ).unwrap();
    before.flat().write_obj(9_u8, at(CHUNK)).unwrap();
    space.discard(at(0), 2 * CHUNK).unwrap();
    assert_eq!(before.read_obj::<u8>(at(CHUNK)).unwrap(), 0);
    assert_eq!(absent(&space), []);
}

#[test]
fn what_is_asked_for_to_write_has_pages_and_what_is_asked_for_to_read_has_none() {
    let _turn = turn();
    let space = space(0, CHUNK);
    space.discard(at(0), CHUNK).unwrap();
    let view = space.view();
    let shown = |access| view.piece(at(0x10), 0x20, access).shown;
    for access in [Access::READ, Access::EXECUTE, Access::NONE] {
        assert!(matches!(shown(access), Shown::Memory { .. }));
    }
    for access in [Access::WRITE, Access::LOAD, Access::READ | Access::WRITE] {
        assert!(matches!(shown(access), Shown::Absent));
    }
    assert_eq!(view.check_memory(at(0), CHUNK, Access::WRITE), Ok(()));
    assert_eq!(space.index_of(&[0; 9], at(5), 100), Ok(Some(at(5))));
    assert!(
        space
            .compare(at(0), &space, at(0x100), 0x1000)
            .unwrap()
            .is_eq()
    );
    assert_eq!(absent(&space), [(0, CHUNK)]);
    let region = view.flat().find_region(at(0)).unwrap();
    let zeros = region.host_offset();
    assert_eq!(zeros, space.host_run(at(0), CHUNK).unwrap().host);
    let pointer = region
        .get_host_address(crate::MemoryRegionAddress(0))
        .unwrap();
    assert!(region.host_offset() != zeros && pointer == host::pointer(region.host_offset()));
    assert_eq!(absent(&space), []);
}

#[test]
fn an_alias_of_other_bytes_of_the_block_does_not_keep_the_pages() {
    let _turn = turn();
    let space = space(0, 4 * CHUNK);
    let ram = space.placements(|all| Arc::clone(&all[0].region));
    let alias = Region::alias("alias", &ram, 3 * CHUNK, CHUNK).unwrap();
    space.map(&alias, at(8 * CHUNK), 0).unwrap();
    space.discard(at(0), CHUNK).unwrap();
    assert_eq!(absent(&space), [(0, CHUNK)]);
    space.write_obj(5_u8, at(8 * CHUNK)).unwrap();
    assert_eq!(byte(&space, 3 * CHUNK), 5);
}

#[test]
fn a_discard_inside_a_transaction_frees_the_pages_that_the_map_still_shows() {
    let _turn = turn();
    let space = space(0, 2 * CHUNK);
    let ram = space.placements(|all| Arc::clone(&all[0].region));
    space.begin();
    space.move_region(&ram, at(8 * CHUNK)).unwrap();
    space.discard(at(0), CHUNK).unwrap();
    assert_eq!(absent(&space), [(0, CHUNK)]);
    assert_eq!(space.table_entry(at(0)), 0);
    space.commit().unwrap();
    assert_eq!(absent(&space), [(8 * CHUNK, CHUNK)]);
    space.write_obj(5_u8, at(8 * CHUNK)).unwrap();
    assert_eq!(byte(&space, 8 * CHUNK), 5);
}
