//! The writes that dirty clients are told, and the ones that they are not told.

use super::*;

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
