//! The writes that dirty clients are told, and the ones that they are not told.

use super::*;
use crate::machine::memory_map::{Region, RegionKind};

mod parts;

fn space(ranges: &[(u64, u64)]) -> AddressSpace {
    let ranges: Vec<_> = ranges
        .iter()
        .map(|&(start, size)| (GuestAddress(start), size))
        .collect();
    AddressSpace::from_ranges(&ranges).unwrap()
}

fn collect(space: &AddressSpace, client: u8) -> Vec<(u64, u64)> {
    let mut ranges = [(GuestAddress(0), 0); 2];
    let (mut all, mut from) = (Vec::new(), Some(GuestAddress(0)));
    while let Some(address) = from {
        let (count, next) = space.collect_dirty(client, address, &mut ranges);
        all.extend(
            ranges[..count]
                .iter()
                .map(|&(start, length)| (start.0, length)),
        );
        from = next;
    }
    all
}

#[test]
fn whole_pages_clipped_to_regions_and_merged() {
    let space = space(&[
        (0x800, 0x2000),
        (0x2800, 0x800),
        (0x9000, 0x5000),
        (u64::MAX - 0x7ff, 0x800),
    ]);
    let client = space.open_dirty_client().unwrap();
    assert_eq!(collect(&space, client), []);
    for address in [0x27ff, 0x2800, 0x900, 0x9000, 0xb000, 0xd000, u64::MAX] {
        space.write_obj(1_u8, GuestAddress(address)).unwrap();
    }
    let expected = [
        (0x800, 0x800),
        (0x2000, 0x1000),
        (0x9000, 0x1000),
        (0xb000, 0x1000),
        (0xd000, 0x1000),
        (u64::MAX - 0x7ff, 0x800),
    ];
    assert_eq!(collect(&space, client), expected);
    assert_eq!(collect(&space, client), []);
}

#[test]
fn clients_are_independent_and_start_clean() {
    let space = space(&[(0, 0x4000)]);
    let first = space.open_dirty_client().unwrap();
    space.fill(GuestAddress(0x1fff), 1, 2).unwrap();
    let second = space.open_dirty_client().unwrap();
    assert_eq!(collect(&space, second), []);
    space.mark_dirty(GuestAddress(0x3000), 1).unwrap();
    assert_eq!(collect(&space, second), [(0x3000, 0x1000)]);
    assert_eq!(collect(&space, first), [(0x1000, 0x3000)]);
    let others: Vec<_> = (0..5).map(|_| space.open_dirty_client().unwrap()).collect();
    assert_eq!(space.open_dirty_client(), Err(Fault::TooManyClients));
    space.close_dirty_client(others[2]);
    space.close_dirty_client(200);
    assert_eq!(space.open_dirty_client(), Ok(others[2]));
}

#[test]
fn reading_and_showing_do_not_dirty() {
    let space = space(&[(0, 0x4000)]);
    let client = space.open_dirty_client().unwrap();
    let _: u64 = space.read_obj(GuestAddress(0x1ffc)).unwrap();
    space.expose(GuestAddress(0), 0x4000).unwrap();
    assert_eq!(collect(&space, client), []);
    assert_eq!(
        space
            .mark_dirty(GuestAddress(0x3fff), 2)
            .unwrap_err()
            .code(),
        2
    );
    assert_eq!(collect(&space, client), []);
}

/// A machine with 16 KiB of RAM at 0, written from end to end, and a client that was opened then.
fn banked() -> (AddressSpace, std::sync::Arc<Region>, u8) {
    let space = AddressSpace::new().unwrap();
    let bank = Region::new("bank", RegionKind::Ram, GuestAddress(0), 0x4000).unwrap();
    space.map(&bank, GuestAddress(0), 0).unwrap();
    space.fill(GuestAddress(0), 1, 0x4000).unwrap();
    let client = space.open_dirty_client().unwrap();
    (space, bank, client)
}

#[test]
fn banks_that_are_hidden_moved_or_shown_again_are_as_clean_as_before() {
    let (space, bank, _) = banked();
    space.set_enabled(&bank, false).unwrap();
    let client = space.open_dirty_client().unwrap();
    let sibling = space.sibling().unwrap();
    let window = Region::alias("window", &bank, 0x1000, 0x1000).unwrap();
    sibling.map(&window, GuestAddress(0x9000), 0).unwrap();
    space.set_enabled(&bank, true).unwrap();
    space.move_region(&bank, GuestAddress(0x8000)).unwrap();
    assert_eq!(
        (collect(&space, client), collect(&sibling, client)),
        (vec![], vec![])
    );
    sibling.write_obj(5_u8, GuestAddress(0x9000)).unwrap();
    space.set_enabled(&bank, false).unwrap();
    assert_eq!(collect(&space, client), []); // kept until it is shown
    space.set_enabled(&bank, true).unwrap();
    assert_eq!(collect(&space, client), [(0x9000, 0x1000)]);
}

#[test]
fn a_region_that_enters_the_machine_is_dirty_as_a_whole() {
    let (space, bank, client) = banked();
    space.unmap(&bank).unwrap();
    space.map(&bank, GuestAddress(0x1000), 0).unwrap();
    assert_eq!(collect(&space, client), [(0x1000, 0x4000)]);
    space.insert_region(GuestAddress(0x8800), 0x1000).unwrap();
    assert_eq!(collect(&space, client), [(0x8800, 0x1000)]);
    // A region that is taken out and put back in one transaction has not left.
    space.begin();
    space.unmap(&bank).unwrap();
    space.map(&bank, GuestAddress(0), 0).unwrap();
    space.commit().unwrap();
    assert_eq!(collect(&space, client), []);
    // A region stays in the machine as long as a sibling shows it.
    let sibling = space.sibling().unwrap();
    let window = Region::alias("window", &bank, 0, 0x1000).unwrap();
    sibling.map(&window, GuestAddress(0), 0).unwrap();
    space.unmap(&bank).unwrap();
    space.map(&bank, GuestAddress(0), 0).unwrap();
    assert_eq!(collect(&space, client), []);
    space.unmap(&bank).unwrap();
    drop(sibling);
    space.map(&bank, GuestAddress(0), 0).unwrap();
    assert_eq!(collect(&space, client), [(0, 0x4000)]);
}

#[test]
fn a_window_gives_its_pages_alone() {
    let (space, _, client) = banked();
    space.fill(GuestAddress(0), 2, 0x4000).unwrap();
    let mut ranges = [(GuestAddress(0), 0); 4];
    let mut window = |first, last| {
        let window = (GuestAddress(first), GuestAddress(last));
        let (count, more) = space.collect_dirty_in(client, window, GuestAddress(0), &mut ranges);
        assert!(more.is_none());
        ranges[..count].to_vec()
    };
    assert_eq!(window(0x1800, 0x2000), [(GuestAddress(0x1000), 0x2000)]);
    assert_eq!(window(0x1800, 0x2000), []);
    assert_eq!(window(0x5000, u64::MAX), []);
    assert_eq!(collect(&space, client), [(0, 0x1000), (0x3000, 0x1000)]);
}

#[test]
fn a_page_with_bytes_outside_the_window_stays_dirty() {
    let space = AddressSpace::new().unwrap();
    let bank = Region::new("bank", RegionKind::Ram, GuestAddress(0), 0x1000).unwrap();
    space.map(&bank, GuestAddress(0x8000), 0).unwrap();
    let half = Region::alias("half", &bank, 0, 0x800).unwrap();
    space.map(&half, GuestAddress(0), 0).unwrap();
    let client = space.open_dirty_client().unwrap();
    space.write_obj(1_u8, GuestAddress(0x8c00)).unwrap();
    let mut ranges = [(GuestAddress(0), 0); 4];
    for _ in 0..2 {
        let window = (GuestAddress(0), GuestAddress(0xfff));
        let (count, _) = space.collect_dirty_in(client, window, GuestAddress(0), &mut ranges);
        assert_eq!(ranges[..count], [(GuestAddress(0), 0x800)]);
    }
    assert_eq!(collect(&space, client), [(0, 0x800), (0x8000, 0x1000)]);
    assert_eq!(collect(&space, client), []);
}

#[test]
fn a_region_is_collected_by_its_offsets_wherever_it_is() {
    let space = AddressSpace::new().unwrap();
    let bank = Region::new("bank", RegionKind::Ram, GuestAddress(0x800), 0x3000).unwrap();
    space.map_disabled(&bank, GuestAddress(0x800), 0).unwrap();
    let client = space.open_dirty_client().unwrap();
    let window = Region::alias("window", &bank, 0, 0x3000).unwrap();
    space.map(&window, GuestAddress(0x1_0800), 0).unwrap();
    for offset in [0, 0x900, 0x2fff] {
        space
            .write_obj(1_u8, GuestAddress(0x1_0800 + offset))
            .unwrap();
    }
    space.unmap(&window).unwrap();
    let mut ranges = [(0, 0); 1];
    let mut of = |offset, length| {
        collect_region(client, &bank, offset, length, &mut ranges)
            .map(|(count, more)| (ranges[..count].to_vec(), more))
    };
    assert_eq!(of(0, 0x3000), Ok((vec![(0, 0x1800)], Some(0x2800))));
    assert_eq!(of(0x2fff, 1), Ok((vec![(0x2800, 0x800)], None)));
    assert_eq!(of(0, 0x3000), Ok((vec![], None)));
    assert_eq!(of(0x3000, 0), Ok((vec![], None)));
    assert!(of(0x3000, 1).is_err() && of(u64::MAX, 2).is_err());
    assert!(collect_region(client, &window, 0, 1, &mut ranges).is_err());
}

#[test]
fn a_page_is_reported_in_the_window_though_a_range_that_begins_before_it_shows_the_page_too() {
    let space = AddressSpace::new().unwrap();
    let bank = Region::new("bank", RegionKind::Ram, GuestAddress(0), 0x2000).unwrap();
    space.map(&bank, GuestAddress(0), 0).unwrap();
    let half = Region::alias("half", &bank, 0, 0x800).unwrap();
    space.map(&half, GuestAddress(0x3000), 0).unwrap();
    let client = space.open_dirty_client().unwrap();
    space.write_obj(1_u8, GuestAddress(0)).unwrap();
    let window = (GuestAddress(0x1000), GuestAddress(0x3fff));
    let mut ranges = [(GuestAddress(0), 0); 4];
    let (count, _) = space.collect_dirty_in(client, window, GuestAddress(0), &mut ranges);
    assert_eq!(ranges[..count], [(GuestAddress(0x3000), 0x800)]);
    assert_eq!(collect(&space, client), [(0, 0x1000)]); // the other half was outside
}
