//! The cost of an operation does not grow with the number of regions: counted in keys and ranges, not in time.

use super::*;
use crate::machine::index::looked;
use crate::machine::memory_map::{Region, RegionKind};

/// The middle one of the regions.
struct Machine {
    space: AddressSpace,
    region: Arc<Region>,
    start: u64,
}

/// So many regions of half a page, and a mirror behind each tenth.
fn machine(count: u64) -> Machine {
    let space = AddressSpace::new().unwrap();
    let mut middle = None;
    space.begin();
    for index in 0..count {
        let start = GuestAddress(index * 0x2000);
        let region = Region::new("bank", RegionKind::Ram, start, 0x800).unwrap();
        space.map(&region, start, 0).unwrap();
        if index % 10 == 0 {
            let mirror = Region::alias("mirror", &region, 0, 0x800).unwrap();
            space
                .map(&mirror, GuestAddress(start.0 + 0x800), 0)
                .unwrap();
        }
        if index == count / 20 * 10 {
            middle = Some((region, start.0));
        }
    }
    space.commit().unwrap();
    let (region, start) = middle.unwrap();
    Machine {
        space,
        region,
        start,
    }
}

#[test]
fn an_operation_looks_at_as_much_among_20_regions_as_among_many() {
    type Act = fn(&Machine, u8);
    let operations: [(&str, Act); 10] = [
        ("a bank switch", |machine, _| {
            machine.space.set_enabled(&machine.region, false).unwrap();
            machine.space.set_enabled(&machine.region, true).unwrap();
        }),
        ("a move", |machine, _| {
            let at = |start| GuestAddress(machine.start + start);
            machine
                .space
                .move_region(&machine.region, at(0x1000))
                .unwrap();
            machine.space.move_region(&machine.region, at(0)).unwrap();
        }),
        ("a region that comes and goes", |machine, _| {
            let start = GuestAddress(machine.start + 0x1000);
            machine.space.insert_region(start, 0x800).unwrap();
            machine.space.remove_region(start, 0x800).unwrap();
        }),
        ("a transaction that is undone", |machine, _| {
            machine.space.begin();
            machine.space.unmap(&machine.region).unwrap();
            machine.space.roll_back();
        }),
        ("protection", |machine, _| {
            let start = GuestAddress(machine.start);
            let all = Access::READ | Access::WRITE | Access::EXECUTE;
            machine.space.protect(start, 0x1000, Access::READ).unwrap();
            machine.space.protect(start, 0x1000, all).unwrap();
        }),
        ("a trap that springs", |machine, _| {
            let start = GuestAddress(machine.start);
            machine.space.trap_writes(start, 4, true).unwrap();
            machine.space.write_obj(1_u8, start).unwrap();
        }),
        (
            "a page that shows in parts, collected",
            |machine, client| {
                let start = GuestAddress(machine.start);
                machine.space.write_obj(1_u8, start).unwrap();
                let window = (start, GuestAddress(machine.start + 0xfff));
                let mut ranges = [(GuestAddress(0), 0); 4];
                let (count, _) = machine
                    .space
                    .collect_dirty_in(client, window, start, &mut ranges);
                assert_eq!(count, 1);
            },
        ),
        ("the region at an address", |machine, _| {
            let found = machine.space.region_at(GuestAddress(machine.start), None);
            assert!(Arc::ptr_eq(&found.unwrap().region, &machine.region));
        }),
        ("the addresses of a region", |machine, _| {
            let mut count = 0;
            machine
                .space
                .each_address(machine.region.id(), 0, 0x800, |_, _| count += 1);
            assert_eq!(count, 1);
        }),
        ("a discard", |machine, _| {
            machine
                .space
                .discard(GuestAddress(machine.start), 0x800)
                .unwrap();
        }),
    ];
    let machines = [machine(20), machine(if cfg!(miri) { 100 } else { 4_000 })];
    let clients = machines
        .each_ref()
        .map(|machine| machine.space.open_dirty_client().unwrap());
    for (name, act) in operations {
        let looks = [0, 1].map(|index| {
            looked::take();
            act(&machines[index], clients[index]);
            looked::take()
        });
        assert!(looks[0] > 0, "{name} looks at nothing");
        assert!(looks[1] <= 2 * looks[0] + 8, "{name}: {looks:?}");
    }
}
