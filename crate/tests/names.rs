//! The memory map by its Rust names: docs/names.md has each name beside the facade's.

use guest_memory::dirty_log::{collect_region, give_back_region};
use guest_memory::external::{ExternalMemory, Unavailable};
use guest_memory::memory_map::{Access, FlatView, MemoryMap, Piece, Placement, Shown};
use guest_memory::{
    AddressSpace, Bytes, Fault, GuestAddress, GuestMemory, Permissions, Region, RegionKind, traps,
};

const PAGE: u64 = 0x1000;
const EVERYTHING: u64 = u64::MAX;

/// RAM, ROM and a device, from page 0 on, and a mirror of the RAM at page 8.
fn machine() -> Result<AddressSpace, Fault> {
    let space = AddressSpace::new()?;
    let regions = [
        ("RAM", RegionKind::Ram),
        ("ROM", RegionKind::Rom),
        ("UART", RegionKind::Mmio),
    ];
    for (page, (name, kind)) in (0_u64..).zip(regions) {
        let start = GuestAddress(page * PAGE);
        space.map(&Region::new(name, kind, start, PAGE)?, start, 0)?;
    }
    let ram = named(&space, "RAM");
    let mirror = Region::alias("mirror", &ram, 0, PAGE)?;
    space.map(&mirror, GuestAddress(8 * PAGE), 0)?;
    Ok(space)
}

fn named(space: &AddressSpace, name: &str) -> std::sync::Arc<Region> {
    space.placements(|all| {
        let found = all
            .iter()
            .find(|placement| placement.region().name() == name);
        std::sync::Arc::clone(found.expect("it is mapped").region())
    })
}

#[test]
fn regions_come_go_move_and_hide_alone_and_in_transactions() -> Result<(), Fault> {
    let space = machine()?;
    let ram = named(&space, "RAM");
    assert!(Region::by_id(ram.id()).is_some_and(|found| found.kind() == RegionKind::Ram));
    let mirror = named(&space, "mirror");
    assert!(
        mirror
            .target()
            .is_some_and(|(target, offset)| target.name() == "RAM" && offset == 0)
    );
    let generation = space.map_generation();
    let before = space.view();
    space.transaction(|space| {
        space.move_region(&mirror, GuestAddress(9 * PAGE))?;
        space.set_enabled(&ram, false)?;
        let hidden = Region::new("hidden", RegionKind::Reserved, GuestAddress(0), PAGE)?;
        space.map_disabled(&hidden, GuestAddress(0), 1)?;
        space.protect(GuestAddress(9 * PAGE), PAGE, Access::READ)?;
        assert_eq!(space.map_generation(), generation);
        Ok::<(), Fault>(())
    })?;
    // A listener's question: which regions are seen now that were not before, and the other way round.
    let now = space.view();
    let starts = |map: &MemoryMap| -> Vec<u64> {
        let view: &FlatView = map.flat();
        view.ranges().iter().map(|range| range.start().0).collect()
    };
    assert_eq!(starts(&before), [0, PAGE, 2 * PAGE, 8 * PAGE]);
    assert_eq!(starts(&now), [PAGE, 2 * PAGE, 9 * PAGE]);
    space.show(&mirror, &named(&space, "ROM"), 0)?;
    assert!(
        mirror
            .target()
            .is_some_and(|(target, _)| target.name() == "ROM")
    );
    space.show(&mirror, &ram, 0)?;
    let undone = space.transaction(|space| {
        space.unmap(&mirror)?;
        Err::<(), Fault>(Fault::AlreadyMapped)
    });
    assert_eq!(undone, Err(Fault::AlreadyMapped));
    let places = space.placements(|all: &[Placement]| {
        let place = |placement: &Placement| {
            (
                placement.start(),
                placement.region().size(),
                placement.priority(),
                placement.is_enabled(),
            )
        };
        all.iter().map(place).collect::<Vec<_>>()
    });
    let expected = [
        (0, PAGE, 0, false),
        (PAGE, PAGE, 0, true),
        (2 * PAGE, PAGE, 0, true),
        (9 * PAGE, PAGE, 0, true),
        (0, PAGE, 1, false),
    ];
    assert_eq!(places, expected);
    let mut text = String::new();
    space.write_tree(&mut text, "system", true).unwrap();
    assert!(text.contains("0000000000009000-0000000000009fff (prio 0, ram): RAM"));
    // Another map of the same regions.
    let ports = space.sibling()?;
    ports.map(&named(&space, "UART"), GuestAddress(0x3f8), 0)?;
    assert_eq!(starts(&ports.view()), [0x3f8]);
    Ok(())
}

#[test]
fn each_kind_of_access_finds_what_it_may() -> Result<(), Box<dyn std::error::Error>> {
    let space = machine()?;
    // The view of a loader and a debugger: the memory alone.
    let map = space.view();
    let rom = GuestAddress(PAGE);
    map.flat().write_slice(&[1, 2, 3, 4], rom)?;
    let mut bytes = [0; 4];
    map.flat().read_slice(&mut bytes, rom)?;
    assert_eq!(bytes, [1, 2, 3, 4]);
    // The view of a device: ROM and protection count.
    fn may_write(memory: &impl GuestMemory, address: GuestAddress) -> bool {
        memory.check_range(address, 4, Permissions::Write)
    }
    assert!(may_write(&*map, GuestAddress(0)) && !may_write(&*map, rom));
    assert!(map.write_obj(7_u8, rom).is_err());
    assert_eq!(map.read_obj::<u8>(rom)?, 1);
    // The view of the CPU: it is told of everything that is there.
    space.protect(GuestAddress(0), PAGE, Access::READ)?;
    let everywhere = (Access::READ, GuestAddress(PAGE - 1));
    assert_eq!(space.permissions(GuestAddress(7)), everywhere);
    let map = space.view();
    let shown = |address: u64, access| map.piece(GuestAddress(address), 4, access).shown;
    assert!(matches!(
        shown(2 * PAGE + 4, Access::READ),
        Shown::Device { region, offset: 4 } if region.name() == "UART"
    ));
    assert!(matches!(shown(3 * PAGE, Access::READ), Shown::Nothing));
    assert!(matches!(shown(PAGE, Access::WRITE), Shown::ReadOnly));
    assert!(matches!(shown(0, Access::EXECUTE), Shown::Forbidden));
    assert!(map.check(GuestAddress(0), 4, Access::EXECUTE).is_err());
    map.check(rom, 4, Access::EXECUTE)?;
    assert_eq!(map.flat().read_obj::<u16>(rom)?, u16::from_ne_bytes([1, 2]));
    Ok(())
}

/// Memory of another owner, which keeps nothing.
#[derive(Debug)]
struct Forgetful;

impl ExternalMemory for Forgetful {
    fn read(&self, _offset: u64, into: &mut [u8]) -> Result<(), Unavailable> {
        into.fill(7);
        Ok(())
    }

    fn write(&self, _offset: u64, _bytes: &[u8]) -> Result<(), Unavailable> {
        Err(Unavailable)
    }
}

#[test]
fn memory_of_somebody_elses_and_memory_given_back() -> Result<(), Box<dyn std::error::Error>> {
    let space = machine()?;
    let theirs = Region::external("theirs", PAGE, std::sync::Arc::new(Forgetful))?;
    space.map(&theirs, GuestAddress(4 * PAGE), 0)?;
    assert_eq!(space.read_obj::<u8>(GuestAddress(4 * PAGE))?, 7);
    assert!(space.write_obj(8_u8, GuestAddress(4 * PAGE)).is_err());
    space.write_obj(9_u8, GuestAddress(0x10))?;
    space.discard(GuestAddress(0), PAGE)?;
    assert_eq!(space.read_obj::<u8>(GuestAddress(0x10))?, 0);
    Ok(())
}

#[test]
fn watches_write_traps_and_dirty_clients() -> Result<(), Fault> {
    let space = machine()?;
    let client = space.open_dirty_client()?;
    let watch = space.watch(GuestAddress(0x10), 4, Access::READ)?;
    let trap = space.trap_writes(GuestAddress(0x800), 1, false)?;
    // Code that makes an access asks for the watches to notify, and for the traps to spring.
    let told = |address: u64, access| {
        let mut told = Vec::new();
        let map = space.view();
        let piece: Piece = map.piece(GuestAddress(address), 4, access);
        if piece.watched {
            space.watchers(GuestAddress(address), 4, access, |id| told.push(id));
        }
        if piece.watched && access.has(Access::WRITE) {
            space.trapped(GuestAddress(address), 4, access, u32::MAX, |id, _| {
                told.push(id)
            });
        }
        told
    };
    assert_eq!(told(0x12, Access::READ), [watch]);
    assert!(told(0x900, Access::READ).is_empty());
    assert_eq!(told(0x900, Access::WRITE), [trap]);
    // A store by Rust code springs the trap, once, through the mirror too.
    let address = GuestAddress(8 * PAGE);
    space.write_obj(1_u8, address).expect("RAM is there");
    let page = GuestAddress(0);
    assert_eq!(space.take_sprung(), [traps::Sprung { trap, page }]);
    assert!(!space.end_trap(trap, None));
    assert!(told(0x900, Access::WRITE).is_empty());
    assert!(space.unwatch(watch, GuestAddress(0), EVERYTHING)?);
    assert!(told(0x12, Access::READ).is_empty());
    // The dirty client is told of the write, which no watch saw.
    let mut ranges = [(GuestAddress(0), 0); 4];
    let window = (address, GuestAddress(9 * PAGE));
    let (count, _) = space.collect_dirty_in(client, window, address, &mut ranges);
    assert_eq!(ranges[..count], [(address, PAGE)]);
    let (count, _) = space.collect_dirty(client, GuestAddress(0), &mut ranges);
    assert_eq!(count, 0);
    let shown = space
        .region_at(address, None)
        .expect("the mirror shows RAM");
    let collected = collect_region(client, &shown.region, 0, PAGE, &mut [(0, 0)])?;
    give_back_region(client, &shown.region, 0, PAGE)?;
    assert_eq!((shown.offset, collected), (0, (0, None)));
    assert!(
        shown
            .region
            .run(8)
            .is_some_and(|(host, bytes)| host.is_some() && bytes > 0)
    );
    space.protect_anywhere(GuestAddress(1 << 40), PAGE, Access::READ)?;
    Ok(())
}
