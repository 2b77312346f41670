use super::*;
use crate::machine::address_space::AddressSpace;
use crate::machine::memory_map::{Access, RegionKind};
use crate::{Bytes, Region};
use std::collections::BTreeSet;
use std::sync::Arc;

mod told;

/// RAM of 16 KiB at 0x8000, an alias of it at 0x2_0000, and a sibling that shows its second page at 0.
fn machine() -> (AddressSpace, AddressSpace, Arc<Region>) {
    let space = AddressSpace::new().unwrap();
    let ram = Region::new("ram", RegionKind::Ram, GuestAddress(0x8000), 0x4000).unwrap();
    space.map(&ram, GuestAddress(0x8000), 0).unwrap();
    let mirror = Region::alias("mirror", &ram, 0, 0x4000).unwrap();
    space.map(&mirror, GuestAddress(0x2_0000), 0).unwrap();
    let bus = space.sibling().unwrap();
    let window = Region::alias("window", &ram, 0x1000, 0x1000).unwrap();
    bus.map(&window, GuestAddress(0), 0).unwrap();
    (space, bus, ram)
}

fn touched_by(space: &AddressSpace, address: u64, length: u64) -> Vec<(u32, u64)> {
    let mut pages = Vec::new();
    let give = |trap, page: GuestAddress| pages.push((trap, page.0));
    space.trapped(GuestAddress(address), length, Access::WRITE, u32::MAX, give);
    pages
}

/// The pages of the machine's traps that Rust stores have sprung.
fn sprung(space: &AddressSpace) -> Vec<(u32, u64)> {
    let pages = space.take_sprung().into_iter();
    pages.map(|sprung| (sprung.trap, sprung.page.0)).collect()
}

fn is_watched(space: &AddressSpace, address: u64, length: u64) -> bool {
    let map = space.view();
    map.piece(GuestAddress(address), length, Access::WRITE)
        .watched
}

#[test]
fn a_trap_belongs_to_bytes_wherever_they_are_shown() {
    let (space, bus, ram) = machine();
    let trap = space.trap_writes(GuestAddress(0x9100), 4, false).unwrap();
    for (space, page) in [(&space, 0x9000), (&space, 0x2_1000), (&bus, 0)] {
        assert!(is_watched(space, page + 0xfff, 1));
        assert_eq!(touched_by(space, page, 1), [(trap, 0x9000)]);
    }
    for page in [0x9000, 0x2_1000] {
        let entry = space.table_entry(GuestAddress(page));
        assert_eq!(entry & 7, 5, "{page:#x}: no store on the fast path");
    }
    assert_eq!(touched_by(&space, 0x8000, 0x4000), [(trap, 0x9000)]);
    assert!(touched_by(&space, 0x8000, 0x1000).is_empty() && !is_watched(&space, 0xa000, 8));
    space.move_region(&ram, GuestAddress(0x10_0000)).unwrap();
    assert_eq!(touched_by(&space, 0x10_1000, 4), [(trap, 0x9000)]);
    assert_eq!(space.table_entry(GuestAddress(0x10_1000)) & 7, 5);
    assert!(space.end_trap(trap, None) && !space.end_trap(trap, None));
    assert_eq!(space.table_entry(GuestAddress(0x10_1000)) & 7, 7);
}

#[test]
fn an_exact_trap_is_for_its_bytes_alone() {
    let (space, _, _) = machine();
    let trap = space.trap_writes(GuestAddress(0x8ffe), 4, true).unwrap();
    assert_eq!(touched_by(&space, 0x8000, 0xffe), []);
    assert_eq!(touched_by(&space, 0x9002, 100), []);
    assert_eq!(touched_by(&space, 0x2_0fff, 1), [(trap, 0x8000)]);
    assert_eq!(
        touched_by(&space, 0x8ffd, 100),
        [(trap, 0x8000), (trap, 0x9000)]
    );
    assert!(is_watched(&space, 0x9001, 1) && !is_watched(&space, 0x9002, 1));
    assert!(space.end_trap(trap, Some(GuestAddress(0x8123))));
    assert_eq!(touched_by(&space, 0x8ffd, 100), [(trap, 0x9000)]);
    space.end_trap(trap, None);
}

#[test]
fn a_trap_needs_memory() {
    let (space, _, _) = machine();
    let uart = Region::new("UART", RegionKind::Mmio, GuestAddress(0), 0x100).unwrap();
    space.map(&uart, GuestAddress(0xc000), 0).unwrap();
    let code = |address, length| {
        space
            .trap_writes(GuestAddress(address), length, false)
            .map_err(|fault| fault.code())
    };
    assert_eq!(code(0xc000, 1), Err(15));
    assert_eq!(code(0xbfff, 2), Err(15));
    assert_eq!(code(0xbfff, 0x102), Err(15));
    assert_eq!(code(0, 1), Err(15));
    assert_eq!(code(0x8000, 0), Err(8));
    assert_eq!(code(u64::MAX, 2), Err(3));
    assert!(space.end_trap(code(0xbfff, 1).unwrap(), None));
}

#[test]
fn rust_stores_spring_traps_after_discards_and_moves_too() {
    let (space, bus, _) = machine();
    let set = |page: u64| space.trap_writes(GuestAddress(page), 4, true).unwrap();
    let traps = [set(0x9000), set(0x9004), set(0xa000), set(0xb000)];
    let other = AddressSpace::from_ranges(&[(GuestAddress(0), 0x1000)]).unwrap();
    let others = other.trap_writes(GuestAddress(0), 1, false).unwrap();
    other.write_obj(1_u8, GuestAddress(0)).unwrap();
    bus.write_obj(1_u32, GuestAddress(2)).unwrap();
    assert_eq!(sprung(&space), [(traps[0], 0x9000), (traps[1], 0x9000)]);
    space.view().write_obj(1_u8, GuestAddress(0xa004)).unwrap();
    assert_eq!(sprung(&space), []);
    space.discard(GuestAddress(0xa000), 0x1000).unwrap();
    space
        .view()
        .write_slice(&[1; 9], GuestAddress(0x2_1ffc))
        .unwrap();
    assert_eq!(sprung(&space), [(traps[2], 0xa000)]);
    space.fill(GuestAddress(0x8000), 1, 0x4000).unwrap();
    assert_eq!(sprung(&space), [(traps[3], 0xb000)]);
    space.fill(GuestAddress(0x8000), 1, 0x4000).unwrap();
    assert_eq!(sprung(&space), []);
    for page in [0x9000, 0xa000, 0xb000, 0x2_3000] {
        let entry = space.table_entry(GuestAddress(page));
        assert_eq!(entry & 7, 7, "{page:#x}: stores on the fast path again");
    }
    assert_eq!(sprung(&other), [(others, 0)]); // another machine's were not taken
}

#[test]
fn long_traps_are_cut_page_by_page() {
    let space = AddressSpace::from_ranges(&[(GuestAddress(0x800), 0x40_0000)]).unwrap();
    let trap = space
        .trap_writes(GuestAddress(0x800), 0x40_0000, false)
        .unwrap();
    let mut left: BTreeSet<u64> = (0..=0x400).collect();
    let mut page = 1_u64;
    for _ in 0..if cfg!(miri) { 3 } else { 300 } {
        page = (page * 0x195 + 77) % 0x401;
        let was = left.remove(&page);
        assert_eq!(
            space.end_trap(trap, Some(GuestAddress(page << PAGE_SHIFT))),
            was
        );
        let from = (page << PAGE_SHIFT).saturating_sub(0x3000).max(0x800);
        let pages = touched_by(&space, from, 0x6000_u64.min(0x40_0800 - from));
        let expected = left.range(from >> PAGE_SHIFT..=(from + 0x5fff) >> PAGE_SHIFT);
        assert_eq!(
            pages,
            expected
                .map(|&page| (trap, page << PAGE_SHIFT))
                .collect::<Vec<_>>()
        );
    }
    assert!(space.end_trap(trap, None));
    assert!(touched_by(&space, 0x800, 0x40_0000).is_empty());
}

#[test]
fn mirrors_within_a_page_are_one_page_of_the_trap() {
    let space = AddressSpace::new().unwrap();
    let ram = Region::new("ram", RegionKind::Ram, GuestAddress(0), 0x800).unwrap();
    space.map(&ram, GuestAddress(0), 0).unwrap();
    let mirror = Region::alias("mirror", &ram, 0, 0x800).unwrap();
    space.map(&mirror, GuestAddress(0x800), 0).unwrap();
    let trap = space.trap_writes(GuestAddress(0x10), 1, false).unwrap();
    assert_eq!(touched_by(&space, 0xfff, 1), [(trap, 0), (trap, 0)]);
    assert!(space.end_trap(trap, Some(GuestAddress(0))));
    assert!(touched_by(&space, 0, 0x1000).is_empty());
    let top = AddressSpace::from_ranges(&[(GuestAddress(u64::MAX - 0xfff), 0x1000)]).unwrap();
    let trap = top.trap_writes(GuestAddress(u64::MAX), 1, false).unwrap();
    assert_eq!(
        touched_by(&top, u64::MAX - 0xfff, 1),
        [(trap, u64::MAX - 0xfff)]
    );
    assert!(top.end_trap(trap, Some(GuestAddress(u64::MAX))));
}

#[test]
fn a_page_whose_callback_throws_has_its_trap_again_wherever_its_bytes_are() {
    let (space, _, ram) = machine();
    let trap = space.trap_writes(GuestAddress(0x8ffe), 4, true).unwrap();
    let page = GuestAddress(0x9000);
    for (again, left) in [
        (true, vec![(trap, 0x8000), (trap, 0x9000)]),
        (false, vec![(trap, 0x8000)]),
    ] {
        assert!(space.suspend_trap(trap, page) && !space.suspend_trap(trap, page));
        space.move_region(&ram, GuestAddress(0x40_0000)).unwrap();
        assert_eq!(touched_by(&space, 0x40_0000, 0x4000), [(trap, 0x8000)]);
        space.resume_trap(trap, page, again);
        assert_eq!(touched_by(&space, 0x40_0000, 0x4000), left);
    }
    space.end_trap(trap, None);
}

#[test]
fn a_region_that_is_gone_has_no_trap_where_it_was() {
    let (space, _, ram) = machine();
    // Other tests take pages too: an attempt keeps what it has taken, until the pages are the ones that were given back.
    let mut kept = Vec::new();
    for _ in 0..if cfg!(miri) { 2 } else { 50 } {
        let region = space
            .insert_region(GuestAddress(0x40_0000), 0x7000)
            .unwrap();
        let host = region.host_offset();
        space
            .trap_writes(GuestAddress(0x40_0000), 0x7000, false)
            .unwrap();
        space.view().write_obj(1_u8, GuestAddress(0x8000)).unwrap(); // looks where the traps are
        space.unmap(&region).unwrap();
        drop(region);
        let other = AddressSpace::from_ranges(&[(GuestAddress(0), 0x7000)]).unwrap();
        let again = other.host_run(GuestAddress(0), 1).unwrap().host;
        other.fill(GuestAddress(0), 1, 0x7000).unwrap();
        assert_eq!(sprung(&space), []);
        if host == Some(again) {
            return assert!(ram.has_bytes());
        }
        kept.push(other);
    }
    if !cfg!(miri) {
        panic!("the pages were never used again");
    }
}
