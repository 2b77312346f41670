//! Permissions of a map: ROM, devices, protection by page, and watches.

use super::*;

#[test]
fn a_device_cannot_write_rom_and_a_loader_can() {
    let space = AddressSpace::new().unwrap();
    let (ram, rom) = (
        region("ram", RegionKind::Ram, PAGE),
        region("rom", RegionKind::Rom, PAGE),
    );
    space.map(&ram, GuestAddress(0), 0).unwrap();
    space.map(&rom, GuestAddress(PAGE), 0).unwrap();
    let map = space.view();
    let at = GuestAddress(PAGE - 2);
    assert!(GuestMemory::check_range(&*map, at, 4, Permissions::Read));
    assert!(!GuestMemory::check_range(
        &*map,
        at,
        4,
        Permissions::ReadWrite
    ));
    let refused = map.write_slice(&[1, 2, 3, 4], at);
    // Nothing is moved, as in all errors.
    assert!(
        matches!(
            refused,
            Err(GuestMemoryError::PartialBuffer { completed: 2, .. })
        ),
        "{refused:?}"
    );
    assert_eq!(map.read_obj::<u32>(at).unwrap(), 0);
    assert!(matches!(
        map.write_obj(1_u8, GuestAddress(PAGE)),
        Err(GuestMemoryError::InvalidGuestAddress(GuestAddress(PAGE)))
    ));
    map.flat().write_slice(&[1, 2, 3, 4], at).unwrap();
    assert_eq!(space.read_obj::<u32>(at).unwrap(), 0x0403_0201_u32.to_le());
    assert!(space.write_obj(1_u32, GuestAddress(PAGE)).is_err());
    assert_eq!(
        space.fill(at, 9, 4),
        Err(Fault::ReadOnly {
            address: PAGE,
            completed: 2
        })
    );
}

#[test]
fn a_device_is_not_memory_to_other_devices() {
    let space = AddressSpace::new().unwrap();
    space
        .map(
            &region("ram", RegionKind::Ram, 2 * PAGE),
            GuestAddress(0),
            0,
        )
        .unwrap();
    space
        .map(&region("uart", RegionKind::Mmio, 8), GuestAddress(PAGE), 1)
        .unwrap();
    let map = space.view();
    assert_eq!(map.flat().ranges().len(), 3);
    assert_eq!(map.flat().num_regions(), 2);
    assert!(map.read_obj::<u8>(GuestAddress(PAGE)).is_err());
    assert_eq!(map.read(&mut [0; 32], GuestAddress(PAGE - 5)).unwrap(), 5);
    assert_eq!(
        map.check_memory(GuestAddress(PAGE - 5), 6, Access::READ),
        Err(Fault::NotMemory {
            address: PAGE,
            completed: 5
        })
    );
    assert_eq!(map.check(GuestAddress(PAGE - 5), 6, Access::READ), Ok(()));
    let piece = map.piece(GuestAddress(PAGE + 3), 100, Access::WRITE);
    assert!(matches!(piece.shown, Shown::Device { offset: 3, region } if region.name() == "uart"));
    assert_eq!(piece.length, 5);
}

#[test]
fn protection_is_by_page_and_goes_with_the_address() {
    let space = AddressSpace::new().unwrap();
    let ram = region("ram", RegionKind::Ram, 4 * PAGE);
    space.map(&ram, GuestAddress(0), 0).unwrap();
    space
        .protect(GuestAddress(PAGE), PAGE, Access::READ)
        .unwrap();
    assert_table_agrees(&space);
    let map = space.view();
    assert!(map.write_obj(1_u8, GuestAddress(PAGE)).is_err());
    assert!(map.write_obj(1_u8, GuestAddress(2 * PAGE)).is_ok());
    assert_eq!(
        map.check(GuestAddress(0), 4 * PAGE, Access::WRITE),
        Err(Fault::PermissionDenied {
            address: PAGE,
            completed: PAGE
        })
    );
    assert_eq!(map.check(GuestAddress(0), 4 * PAGE, Access::READ), Ok(()));
    space.move_region(&ram, GuestAddress(PAGE)).unwrap();
    assert_table_agrees(&space);
    assert!(space.write_obj(1_u8, GuestAddress(PAGE)).is_err());
    let everything = Access::READ | Access::WRITE | Access::EXECUTE;
    space.protect(GuestAddress(PAGE), PAGE, everything).unwrap();
    assert!(space.write_obj(1_u8, GuestAddress(PAGE)).is_ok());
    for (address, length, fault) in [
        (PAGE + 1, PAGE, Fault::Misaligned { address: PAGE + 1 }),
        (PAGE, 1, Fault::Misaligned { address: PAGE }),
        (0, PAGE, Fault::InvalidGuestAddress { address: 0 }),
        (
            PAGE,
            5 * PAGE,
            Fault::PartialBuffer {
                address: 5 * PAGE,
                completed: 4 * PAGE,
            },
        ),
    ] {
        let refused = space.protect(GuestAddress(address), length, Access::NONE);
        assert_eq!(refused, Err(fault));
    }
    assert!(space.write_obj(1_u8, GuestAddress(2 * PAGE)).is_ok());
    let anywhere =
        |address, length| space.protect_anywhere(GuestAddress(address), length, Access::NONE);
    anywhere(0, 2 * PAGE).unwrap();
    assert_eq!(space.permissions(GuestAddress(0)).0, Access::NONE);
    assert!(space.read_obj::<u8>(GuestAddress(PAGE)).is_err());
    assert_eq!(anywhere(1, PAGE), Err(Fault::Misaligned { address: 1 }));
    let past = Fault::GuestAddressOverflow { completed: PAGE };
    assert_eq!(anywhere(PAGE.wrapping_neg(), 2 * PAGE), Err(past));
    assert!(anywhere(PAGE.wrapping_neg(), PAGE).is_ok());
}

#[test]
fn protection_is_a_step_of_its_transaction() {
    let space = AddressSpace::from_ranges(&[(GuestAddress(0), 2 * PAGE)]).unwrap();
    let (one, two) = (
        region("one", RegionKind::Ram, PAGE),
        region("two", RegionKind::Ram, PAGE),
    );
    let protect = |page: u64, allowed| space.protect(GuestAddress(page * PAGE), PAGE, allowed);
    let writable = |page: u64| {
        space
            .view()
            .check(GuestAddress(page * PAGE), 1, Access::WRITE)
            == Ok(())
    };
    let generation = space.map_generation();
    // A page that is mapped in the transaction can be protected in it; an unmapped one cannot; the last of two settings
    // counts.
    space.begin();
    space.map(&one, GuestAddress(4 * PAGE), 0).unwrap();
    protect(4, Access::READ).unwrap();
    protect(0, Access::NONE).unwrap();
    protect(0, Access::READ).unwrap();
    space.move_region(&one, GuestAddress(5 * PAGE)).unwrap();
    assert!(protect(4, Access::NONE).is_err());
    assert!(writable(0) && space.map_generation() == generation);
    space.commit().unwrap();
    assert!(!writable(0) && space.read_obj::<u8>(GuestAddress(0)).is_ok());
    assert!(writable(5) && space.map_generation() == generation + 1);
    space.move_region(&one, GuestAddress(4 * PAGE)).unwrap();
    assert!(!writable(4));
    assert_table_agrees(&space);
    // Taken back: with the inner transaction, with the outer one, and where the end finds an overlap.
    let everything = Access::READ | Access::WRITE | Access::EXECUTE;
    space.begin();
    protect(1, Access::READ).unwrap();
    space.begin();
    protect(4, everything).unwrap();
    space.roll_back();
    space.commit().unwrap();
    assert!(!writable(1) && !writable(4));
    space.begin();
    protect(1, everything).unwrap();
    space.roll_back();
    space.begin();
    protect(4, everything).unwrap();
    space.map(&two, GuestAddress(4 * PAGE), 0).unwrap();
    protect(1, everything).unwrap();
    assert!(space.commit().is_err());
    assert!(!writable(1) && !writable(4));
    space.begin();
    space.commit().unwrap();
    assert!(!writable(1) && !writable(4));
    assert_table_agrees(&space);
}

#[test]
fn a_watch_takes_its_pages_off_the_fast_path_and_no_others() {
    let space = AddressSpace::from_ranges(&[(GuestAddress(0), 4 * PAGE)]).unwrap();
    let seen = |address: u64, length: u64, access: Access| {
        let mut ids = Vec::new();
        space.watchers(GuestAddress(address), length, access, |id| ids.push(id));
        ids
    };
    let one = space
        .watch(GuestAddress(PAGE - 1), 2, Access::WRITE)
        .unwrap();
    let two = space
        .watch(GuestAddress(PAGE), 1, Access::READ | Access::WRITE)
        .unwrap();
    assert_table_agrees(&space);
    assert_eq!(seen(PAGE, 4, Access::WRITE), [one, two]);
    assert_eq!(seen(PAGE, 4, Access::READ), [two]);
    assert!(seen(PAGE + 1, 4, Access::WRITE).is_empty());
    assert!(seen(0, 2 * PAGE, Access::EXECUTE).is_empty());
    assert!(
        space
            .view()
            .piece(GuestAddress(5), 1, Access::WRITE)
            .watched
    );
    assert!(!space.view().piece(GuestAddress(5), 1, Access::READ).watched);
    // One watch ends on a page, and the other watch stays on it.
    assert_eq!(space.unwatch(one, GuestAddress(PAGE), PAGE), Ok(true));
    assert_table_agrees(&space);
    assert_eq!(seen(0, 4 * PAGE, Access::WRITE), [one, two]);
    assert_eq!(seen(PAGE, 1, Access::WRITE), [two]);
    for address in [GuestAddress(5), GuestAddress(PAGE + 5)] {
        assert!(space.view().piece(address, 1, Access::WRITE).watched);
    }
    assert_eq!(space.unwatch(one, GuestAddress(0), u64::MAX), Ok(true));
    assert_eq!(space.unwatch(one, GuestAddress(0), u64::MAX), Ok(false));
    assert_eq!(space.unwatch(two, GuestAddress(0), u64::MAX), Ok(true));
    assert_table_agrees(&space);
    assert_eq!(space.table_entry(GuestAddress(PAGE)) & 7, 7);
    assert_eq!(
        space.watch(GuestAddress(9), 0, Access::READ),
        Err(Fault::EmptyRegion { address: 9 })
    );
    assert!(
        space
            .watch(GuestAddress(u64::MAX), 2, Access::READ)
            .is_err()
    );
    assert!(
        space
            .watch(GuestAddress(1 << 60), 1 << 60, Access::READ)
            .is_ok()
    );
}
