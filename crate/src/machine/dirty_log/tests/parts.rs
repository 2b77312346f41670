//! Pages that several ranges of the flat view show in part.

use super::*;
use std::collections::BTreeSet;

/// Where RAM of four pages lies at first.
const RAM: u64 = 0x8000;

/// A region above the RAM: an alias of it, from an offset on, or a device.
#[derive(Clone, Copy, Debug)]
enum Over {
    Alias { start: u64, offset: u64, size: u64 },
    Device { start: u64, size: u64 },
}
use Over::{Alias, Device};

/// The RAM, and above it each of a list, the last on top.
fn machine(over: &[Over]) -> AddressSpace {
    let space = AddressSpace::new().unwrap();
    let ram = Region::new("RAM", RegionKind::Ram, GuestAddress(RAM), 0x4000).unwrap();
    space.map(&ram, GuestAddress(RAM), 0).unwrap();
    for (priority, &over) in (1..).zip(over) {
        let (start, region) = match over {
            Alias {
                start,
                offset,
                size,
            } => (start, Region::alias("alias", &ram, offset, size)),
            Device { start, size } => {
                let start_of = GuestAddress(start);
                (
                    start,
                    Region::new("device", RegionKind::Mmio, start_of, size),
                )
            }
        };
        space
            .map(&region.unwrap(), GuestAddress(start), priority)
            .unwrap();
    }
    space
}

/// The ranges that a client gets from lists of so many ranges, with no write in between.
fn collect_by(space: &AddressSpace, client: u8, slots: usize) -> Vec<(u64, u64)> {
    let mut ranges = vec![(GuestAddress(0), 0); slots];
    let (mut all, mut from) = (Vec::new(), Some(GuestAddress(0)));
    while let Some(address) = from {
        let (count, next) = space.collect(client, EVERYWHERE, address, &mut ranges, true);
        for &(start, length) in &ranges[..count] {
            add(&mut all, start.0, length);
        }
        from = next;
    }
    all
}

/// Adds a range to a list, joined to the last if it begins at the end of that.
fn add(all: &mut Vec<(u64, u64)>, start: u64, length: u64) {
    match all.last_mut() {
        Some(last) if last.0 + last.1 == start => last.1 += length,
        _ => all.push((start, length)),
    }
}

#[test]
fn a_page_is_reported_in_every_range_that_shows_bytes_which_no_lower_one_does() {
    let device = Device {
        start: RAM + 0x400,
        size: 0x100,
    };
    let alias = |start, offset, size| Alias {
        start,
        offset,
        size,
    };
    /// The regions above the RAM, the address that is written, and the ranges that are reported.
    type Case<'a> = (&'a [Over], u64, &'a [(u64, u64)]);
    let cases: [Case<'_>; 7] = [
        (&[device], RAM, &[(RAM, 0x400), (RAM + 0x500, 0xb00)]),
        (&[device], RAM + 0x1000, &[(RAM + 0x1000, 0x1000)]),
        // Half of the first page, at a lower address.
        (
            &[alias(0x800, 0, 0x800)],
            RAM + 0xc00,
            &[(0x800, 0x800), (RAM, 0x1000)],
        ),
        // The whole page, at a lower address.
        (&[alias(0x1000, 0, 0x1000)], RAM, &[(0x1000, 0x1000)]),
        // The same 16 bytes twice.
        (
            &[alias(0, 0, 16), alias(0x100, 0, 16)],
            RAM,
            &[(0, 16), (RAM, 0x1000)],
        ),
        // Two halves at lower addresses are the whole.
        (
            &[alias(0x200, 0x800, 0x800), alias(0x2000, 0, 0x800)],
            RAM,
            &[(0x200, 0x800), (0x2000, 0x800)],
        ),
        // An end and a beginning of an alias's pages, with a whole page between.
        (
            &[alias(0, 0x1800, 0x2000)],
            RAM + 0x1000,
            &[(0, 0x800), (RAM + 0x1000, 0x1000)],
        ),
    ];
    // Each machine takes Miri long.
    let some = if cfg!(miri) { 2 } else { cases.len() };
    for (over, write, expected) in cases.into_iter().take(some) {
        let space = machine(over);
        let client = space.open_dirty_client().unwrap();
        space.write_obj(1_u8, GuestAddress(write)).unwrap();
        assert_eq!(
            collect_by(&space, client, 4),
            expected,
            "{over:?} {write:#x}"
        );
        assert_eq!(collect_by(&space, client, 4), [], "{over:?} {write:#x}");
    }
}

fn index(offset: u64) -> usize {
    usize::try_from(offset).unwrap()
}

/// The expected ranges, byte by byte: a range shows its part of a page if no range before it had one of the part's
/// bytes.
fn expected(space: &AddressSpace, dirty: &BTreeSet<u64>) -> Vec<(u64, u64)> {
    let (mut known, mut all) = (vec![false; 0x4000], Vec::new());
    for range in space.view().flat().ranges() {
        if range.region().kind() != RegionKind::Ram {
            continue;
        }
        let (start, offset) = (range.start().0, range.offset());
        let end = offset + (range.last().0 - start) + 1;
        for page in offset / 0x1000..end.div_ceil(0x1000) {
            let (from, to) = (offset.max(page * 0x1000), end.min((page + 1) * 0x1000));
            let shown = &mut known[index(from)..index(to)];
            let new = shown.contains(&false);
            shown.fill(true);
            if new && dirty.contains(&page) {
                add(&mut all, start + (from - offset), to - from);
            }
        }
    }
    all
}

#[test]
#[cfg_attr(miri, ignore = "minutes, for ways that the other tests go too")]
fn random_aliases_and_devices_over_ram() {
    let mut seed = 7_u64;
    let mut random = |limit: u64| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (seed >> 33) % limit
    };
    for round in 0..2_000 {
        let over: Vec<_> = (0..random(6))
            .map(|_| match random(2) {
                0 => {
                    let (start, offset) = (random(0x80) * 0x100, random(0x40) * 0x100);
                    let size = (1 + random(0x20)) * 0x100;
                    let size = size.min(0x4000 - offset);
                    Alias {
                        start,
                        offset,
                        size,
                    }
                }
                _ => Device {
                    start: RAM + random(0x40) * 0x100,
                    size: 0x80,
                },
            })
            .collect();
        let space = machine(&over);
        let client = space.open_dirty_client().unwrap();
        let mut dirty = BTreeSet::new();
        for _ in 0..random(4) {
            let page = random(4);
            dirty.insert(page);
            // Through the region, which may be hidden.
            space.placements(|all| {
                let region = all[0].region();
                region.each_block(page * 0x1000, 1, |block, _, offset, _| {
                    let page = index(offset >> PAGE_SHIFT);
                    block.mark(page..page + 1, dirty_map::MARK);
                });
            });
        }
        let slots = index(1 + random(4));
        let told = collect_by(&space, client, slots);
        let expected = expected(&space, &dirty);
        assert_eq!(told, expected, "{round}: {over:?} {dirty:?}");
        assert_eq!(collect_by(&space, client, slots), []);
    }
}

/// The part that was read may be written again between two calls of a collection.
#[test]
fn a_page_whose_parts_come_in_several_calls_is_reported_again() {
    let device = Device {
        start: RAM + 0x400,
        size: 0x100,
    };
    let space = machine(&[device]);
    let client = space.open_dirty_client().unwrap();
    space.write_obj(1_u8, GuestAddress(RAM)).unwrap();
    let mut one = [(GuestAddress(0), 0)];
    let (_, next) = space.collect_dirty(client, GuestAddress(0), &mut one);
    assert_eq!(one, [(GuestAddress(RAM), 0x400)]);
    space.write_obj(2_u8, GuestAddress(RAM)).unwrap();
    assert_eq!(
        space.collect_dirty(client, next.unwrap(), &mut one),
        (1, None)
    );
    assert_eq!(one, [(GuestAddress(RAM + 0x500), 0xb00)]);
    let both = [(RAM, 0x400), (RAM + 0x500, 0xb00)];
    assert_eq!(collect(&space, client), both);
    assert_eq!(collect(&space, client), []);
}
