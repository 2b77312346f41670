//! The map against a model that asks every placement for every page, and its edges by hand.

use super::*;
use crate::machine::page_table::{EXECUTABLE, READABLE, WRITABLE};
use crate::model::guest_memory::{GuestMemory, GuestMemoryBackend, Permissions};
use crate::{AddressSpace, Bytes, GuestMemoryError};

const PAGE: u64 = 0x1000;

fn region(name: &str, kind: RegionKind, size: u64) -> Arc<Region> {
    Region::new(name, kind, GuestAddress(0), size).unwrap()
}

/// The model's view of a placement.
#[derive(Clone)]
struct Known {
    region: Arc<Region>,
    start: u64,
    priority: i32,
    enabled: bool,
}

/// The region and offset that an address shows, by asking every placement.
fn naive(known: &[Known], address: u64) -> Option<(u32, u64)> {
    let holds = |known: &&Known| {
        known.enabled && address >= known.start && address - known.start < known.region.size()
    };
    let highest = known
        .iter()
        .filter(holds)
        .max_by_key(|known| known.priority)?;
    let (leaf, before) = highest.region.leaf();
    Some((leaf.id(), before + (address - highest.start)))
}

fn clashes(known: &[Known]) -> bool {
    known.iter().enumerate().any(|(index, one)| {
        known[index + 1..].iter().any(|other| {
            one.enabled
                && other.enabled
                && one.priority == other.priority
                && one.start < other.start + other.region.size()
                && other.start < one.start + one.region.size()
        })
    })
}

#[test]
fn random_changes_show_what_the_model_shows() {
    let mut seed = 1_u64;
    let mut random = move |limit: u64| {
        seed = seed
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) % limit
    };
    let kinds = [
        RegionKind::Ram,
        RegionKind::Rom,
        RegionKind::RomDevice,
        RegionKind::Mmio,
        RegionKind::Reserved,
    ];
    for round in 0..if cfg!(miri) { 1 } else { 12 } {
        let space = AddressSpace::new().unwrap();
        // Odd sizes and starts in half of the rounds: edges inside pages.
        let odd = |value: u64| {
            if round % 2 == 0 {
                value * PAGE
            } else {
                value * 0x7fd + 3
            }
        };
        let mut regions: Vec<_> = (0..8)
            .map(|index| region(&format!("r{index}"), kinds[index % 5], odd(1 + random(6))))
            .collect();
        for index in 0..8 {
            let target = Arc::clone(&regions[(index * 3) % regions.len()]);
            let offset = random(target.size() / 2);
            let size = 1 + random(target.size() - offset);
            regions.push(Region::alias("alias", &target, offset, size).unwrap());
        }
        let mut known: Vec<Known> = Vec::new();
        for _ in 0..if cfg!(miri) { 10 } else { 300 } {
            let region = &regions[usize::try_from(random(16)).unwrap()];
            let (to, priority) = (odd(random(24)), i32::try_from(random(9)).unwrap() - 4);
            let place = known
                .iter()
                .position(|known| known.region.id() == region.id());
            let before = known.clone();
            let result = match (place, random(5)) {
                (None, _) => {
                    let (region, start, enabled) = (Arc::clone(region), to, true);
                    known.push(Known {
                        region,
                        start,
                        priority,
                        enabled,
                    });
                    space.map(&known.last().unwrap().region, GuestAddress(to), priority)
                }
                (Some(index), 0) => {
                    known.remove(index);
                    space.unmap(region)
                }
                (Some(index), 1 | 2) => {
                    known[index].start = to;
                    space.move_region(region, GuestAddress(to))
                }
                (Some(index), change) => {
                    known[index].enabled = change == 3;
                    space.set_enabled(region, change == 3)
                }
            };
            assert_eq!(result.is_err(), clashes(&known));
            if result.is_err() {
                known = before;
            }
            let map = space.view();
            for page in 0..40 {
                for address in [page * PAGE, page * PAGE + random(PAGE)] {
                    let shown = map.flat().range_at(GuestAddress(address));
                    let shown = shown.map(|range| {
                        (
                            range.region().id(),
                            range.offset() + (address - range.start().0),
                        )
                    });
                    assert_eq!(shown, naive(&known, address), "{address:#x}");
                }
            }
            assert_table_agrees(&space);
            let ranges = map.flat().ranges().iter();
            let apart = |(one, next): (&FlatRange, &FlatRange)| one.last < next.start;
            assert!(ranges.clone().zip(ranges.skip(1)).all(apart));
        }
    }
}

/// Checks that every entry of the table, for the first pages, agrees with the map.
fn assert_table_agrees(space: &AddressSpace) {
    let map = space.view();
    for page in 0..40 {
        let address = GuestAddress(page * PAGE);
        let entry = space.table_entry(address);
        let whole = |access: Access| {
            let piece = map.piece(address, PAGE, access);
            match piece.shown {
                Shown::Memory { host } if piece.length == PAGE && host % 0x1000 == 0 => {
                    (!piece.watched).then_some(host >> 12)
                }
                _ => None,
            }
        };
        for (flag, access) in [
            (READABLE, Access::READ),
            (WRITABLE, Access::WRITE),
            (EXECUTABLE, Access::EXECUTE),
        ] {
            let expected = whole(access);
            assert_eq!(
                entry & flag != 0,
                expected.is_some(),
                "{address:?} {access:?}"
            );
            assert!(expected.is_none_or(|host| host == (entry >> 4) as usize));
        }
    }
}

#[test]
fn a_transaction_takes_effect_as_a_whole_or_not_at_all() {
    let space = AddressSpace::new().unwrap();
    let banks = [1_u8, 2].map(|value| {
        let bank = region("bank", RegionKind::Ram, PAGE);
        space.map_disabled(&bank, GuestAddress(0), 0).unwrap();
        space.set_enabled(&bank, true).unwrap();
        space.write_obj(value, GuestAddress(0)).unwrap();
        space.set_enabled(&bank, false).unwrap();
        bank
    });
    let [one, two] = &banks;
    space.set_enabled(one, true).unwrap();
    let generation = space.map_generation();
    space.begin();
    space.begin();
    space.set_enabled(one, false).unwrap();
    space.set_enabled(two, true).unwrap();
    space.commit().unwrap();
    assert_eq!(space.read_obj::<u8>(GuestAddress(0)).unwrap(), 1);
    space.commit().unwrap();
    assert_eq!(space.read_obj::<u8>(GuestAddress(0)).unwrap(), 2);
    assert_eq!(space.map_generation(), generation + 1);
    // A transaction that fails, and one that is taken back.
    space.begin();
    let other = region("other", RegionKind::Mmio, PAGE);
    space.map(&other, GuestAddress(7 * PAGE), 0).unwrap();
    space.set_enabled(one, true).unwrap();
    assert_eq!(
        space.commit(),
        Err(Fault::MemoryRegionOverlap { address: 0 })
    );
    space.begin();
    space.unmap(two).unwrap();
    space.map(&other, GuestAddress(0), 0).unwrap();
    space.roll_back();
    assert_eq!(space.read_obj::<u8>(GuestAddress(0)).unwrap(), 2);
    assert_eq!(space.placements(<[_]>::len), 2);
    // An inner transaction alone.
    space.begin();
    space.begin();
    space.unmap(two).unwrap();
    space.roll_back();
    space.set_enabled(two, true).unwrap();
    space.commit().unwrap();
    space.roll_back();
    assert_eq!(space.unmap(&other), Err(Fault::NoMemoryRegion));
    assert_eq!(
        space.map(two, GuestAddress(PAGE), 0),
        Err(Fault::AlreadyMapped)
    );
    assert_eq!(space.map_generation(), generation + 1);
}

#[test]
fn siblings_share_bytes_and_dirty_clients() {
    let space = AddressSpace::from_ranges(&[]).map(drop);
    assert_eq!(space, Err(Fault::NoMemoryRegion));
    let space = AddressSpace::new().unwrap();
    let ram = region("ram", RegionKind::Ram, 4 * PAGE);
    space.map(&ram, GuestAddress(0), 0).unwrap();
    let bus = space.sibling().unwrap();
    let window = Region::alias("window", &ram, PAGE, PAGE).unwrap();
    bus.map(&window, GuestAddress(0x8000_0000), 0).unwrap();
    let client = space.open_dirty_client().unwrap();
    let other = bus.open_dirty_client().unwrap();
    assert_ne!(client, other);
    bus.write_obj(7_u8, GuestAddress(0x8000_0010)).unwrap();
    assert_eq!(space.read_obj::<u8>(GuestAddress(PAGE + 0x10)).unwrap(), 7);
    let mut ranges = [(GuestAddress(0), 0); 4];
    assert_eq!(
        space.collect_dirty(client, GuestAddress(0), &mut ranges),
        (1, None)
    );
    assert_eq!(ranges[0], (GuestAddress(PAGE), PAGE));
    assert_eq!(
        bus.collect_dirty(other, GuestAddress(0), &mut ranges),
        (1, None)
    );
    assert_eq!(ranges[0], (GuestAddress(0x8000_0000), PAGE));
    // The bytes live as long as one of the regions shows them.
    drop((space, ram));
    assert_eq!(bus.read_obj::<u8>(GuestAddress(0x8000_0010)).unwrap(), 7);
}

#[test]
fn bytes_that_moved_inside_their_pages_are_found_by_the_map() {
    let space = AddressSpace::new().unwrap();
    let ram = region("ram", RegionKind::Ram, 2 * PAGE);
    space.map(&ram, GuestAddress(0), 0).unwrap();
    space
        .write_obj(0x0102_0304_u32, GuestAddress(0xffe))
        .unwrap();
    space.move_region(&ram, GuestAddress(0x5_0123)).unwrap();
    assert_eq!(
        space.read_obj::<u32>(GuestAddress(0x5_1121)).unwrap(),
        0x0102_0304
    );
    assert_table_agrees(&space);
    let client = space.open_dirty_client().unwrap();
    space.write_obj(9_u8, GuestAddress(0x5_0123)).unwrap();
    let mut ranges = [(GuestAddress(0), 0); 4];
    assert_eq!(
        space.collect_dirty(client, GuestAddress(0), &mut ranges),
        (1, None)
    );
    assert_eq!(ranges[0], (GuestAddress(0x5_0123), PAGE));
}

#[test]
fn the_tree_has_the_columns_of_qemus() {
    let space = AddressSpace::new().unwrap();
    let ram = region("ram", RegionKind::Ram, 0x8000);
    let alias = Region::alias("low", &ram, 0x1000, 0x1000).unwrap();
    space.map(&ram, GuestAddress(0x1_0000), 0).unwrap();
    space.map(&alias, GuestAddress(0), 2).unwrap();
    space
        .map_disabled(&region("vga", RegionKind::Mmio, 0x100), GuestAddress(0), 3)
        .unwrap();
    let text = |flat| {
        let mut out = String::new();
        space.write_tree(&mut out, "memory", flat).unwrap();
        out
    };
    let expected = "\
address-space: memory
  0000000000000000-ffffffffffffffff (prio 0, i/o): memory
    0000000000000000-00000000000000ff (prio 3, i/o): vga [disabled]
    0000000000000000-0000000000000fff (prio 2, ram): alias low @ram 0000000000001000-0000000000001fff
    0000000000010000-0000000000017fff (prio 0, ram): ram
";
    assert_eq!(text(false), expected);
    let expected = "\
FlatView #0
 AS \"memory\", root: memory
 Root memory region: memory
  0000000000000000-0000000000000fff (prio 2, ram): ram @0000000000001000
  0000000000010000-0000000000017fff (prio 0, ram): ram
";
    assert_eq!(text(true), expected);
    space
        .protect(GuestAddress(0x1_0000), 0x4000, Access::READ)
        .unwrap();
    space
        .protect(GuestAddress(0x1_6000), 0x1000, Access::EXECUTE)
        .unwrap();
    space
        .watch(GuestAddress(0x1_2000), 1, Access::READ)
        .unwrap();
    let protection = "\
Protection
  0000000000010000-0000000000013fff: r--
  0000000000016000-0000000000016fff: --x
";
    assert_eq!(text(true), format!("{expected}{protection}"));
    assert!(text(false).ends_with(protection));
}

mod many;
mod permissions;
