//! Objects in an address space: the emulator's fast path, and the reasons of refused accesses.

use super::*;
use crate::machine::memory_map::{Access, RegionKind};

/// RAM, ROM behind it, a device, RAM from 4 GiB on, and a hole between all others.
fn space() -> AddressSpace {
    let space = AddressSpace::from_ranges(&[
        (GuestAddress(0), 0x4000),
        (GuestAddress(1 << 32), 0x2000),
        (GuestAddress((1 << 32) + 0x2000), 0x1000),
    ])
    .unwrap();
    for (kind, start, size) in [
        (RegionKind::Rom, 0x4000, 0x1000),
        (RegionKind::Mmio, 0x8000, 0x1000),
    ] {
        let region = Region::new("more", kind, GuestAddress(start), size).unwrap();
        space.map(&region, GuestAddress(start), 0).unwrap();
    }
    space
}

/// Whether a plain read, a plain fetch and a plain write of four bytes take the address.
fn plain(space: &AddressSpace, address: u64) -> [bool; 3] {
    let address = GuestAddress(address);
    let read = space.read_plain::<u32>(address);
    if read.is_some() {
        assert_eq!(read, space.read_obj(address).ok());
    }
    let written = space.write_plain(0x0403_0201_u32, address);
    if written.is_some() {
        assert_eq!(space.read_obj(address), Ok(0x0403_0201_u32));
    }
    let fetched = space.fetch_plain::<u32>(address);
    [read.is_some(), fetched.is_some(), written.is_some()]
}

#[test]
fn plain_accesses_take_memory_and_nothing_that_must_be_told() {
    let space = space();
    for (address, expected) in [
        (0x10, [true, true, true]),
        (0xffe, [true, true, true]), // two pages of one region
        (1 << 32, [true, true, true]),
        ((1 << 32) + 0x1ffe, [false; 3]), // two regions
        (0x3ffe, [false; 3]),
        (0x4000, [true, true, false]),
        (0x8000, [false; 3]),
        (0x5000, [false; 3]),
        (u64::MAX, [false; 3]),
    ] {
        assert_eq!(plain(&space, address), expected, "{address:#x}");
    }
    space
        .protect(GuestAddress(0x1000), 0x1000, Access::EXECUTE)
        .unwrap();
    assert_eq!(plain(&space, 0x1000), [false, true, false]);
    space
        .protect(GuestAddress(1 << 32), 0x1000, Access::READ)
        .unwrap();
    assert_eq!(plain(&space, 1 << 32), [true, false, false]);
    for watched in [0x2000, (1 << 32) + 0x1000] {
        let watch = space
            .watch(GuestAddress(watched), 4, Access::WRITE)
            .unwrap();
        assert_eq!(plain(&space, watched), [true, true, false]);
        space.unwatch(watch, GuestAddress(watched), 4).unwrap();
    }
    space.discard(GuestAddress(0), 0x4000).unwrap();
    assert_eq!(plain(&space, 0x3000), [true, true, true]);
    let trap = space.trap_writes(GuestAddress(0x3000), 1, false).unwrap();
    assert_eq!(plain(&space, 0x3000), [true, true, false]);
    assert!(space.end_trap(trap, None) && space.take_sprung().is_empty());
}

#[test]
fn a_refused_access_is_told_the_reason_and_the_first_such_byte() {
    let space = space();
    space
        .protect(GuestAddress(0x1000), 0x1000, Access::EXECUTE)
        .unwrap();
    let read = |address| space.read_obj::<u32>(GuestAddress(address)).unwrap_err();
    let write = |address| space.write_obj(1_u32, GuestAddress(address)).unwrap_err();
    let completed = 2;
    for (address, expected) in [
        (
            0xffe,
            Fault::PermissionDenied {
                address: 0x1000,
                completed,
            },
        ),
        (
            0x4ffe,
            Fault::PartialBuffer {
                address: 0x5000,
                completed,
            },
        ),
        (
            0x8000,
            Fault::NotMemory {
                address: 0x8000,
                completed: 0,
            },
        ),
        (0x5000, Fault::InvalidGuestAddress { address: 0x5000 }),
        (u64::MAX, Fault::InvalidGuestAddress { address: u64::MAX }),
    ] {
        assert_eq!((read(address), write(address)), (expected, expected));
    }
    let read_only = Fault::ReadOnly {
        address: 0x4000,
        completed,
    };
    assert_eq!(
        (write(0x3ffe), space.read_obj(GuestAddress(0x3ffe))),
        (read_only, Ok(0_u32))
    );
}

/// As generic code of rust-vmm's sees it.
#[test]
fn an_address_space_is_bytes() {
    fn copies<M: Bytes<GuestAddress>>(memory: &M) -> Result<(), M::E> {
        let (at, far) = (GuestAddress(0xffe), GuestAddress((1 << 32) + 0x1ffe));
        memory.write_obj(0x0403_0201_u32.to_le(), at)?;
        memory.write_slice(&[5, 6, 7, 8], far)?;
        let mut bytes = [0; 4];
        memory.read_slice(&mut bytes, at)?;
        assert_eq!(bytes, [1, 2, 3, 4]);
        assert_eq!(memory.read_obj::<[u8; 4]>(far)?, [5, 6, 7, 8]);
        memory.store(
            9_u16,
            GuestAddress(8),
            core::sync::atomic::Ordering::Release,
        )?;
        assert_eq!(
            memory.load::<u16>(GuestAddress(8), core::sync::atomic::Ordering::Acquire)?,
            9
        );
        assert_eq!(
            memory.write(&[1; 8], GuestAddress(0x3ffc))? + memory.read(&mut bytes, at)?,
            8
        );
        memory.read_exact_volatile_from(at, &mut &[7_u8; 4][..], 4)?;
        assert_eq!(
            memory.read_volatile_from(GuestAddress(0x3ffe), &mut &[7_u8; 4][..], 4)?,
            2
        );
        let mut out = Vec::new();
        memory.write_all_volatile_to(at, &mut out, 4)?;
        assert_eq!(memory.write_volatile_to(far, &mut out, 4)?, 4);
        assert_eq!(out, [7, 7, 7, 7, 5, 6, 7, 8]);
        Ok(())
    }
    let space = space();
    copies(&space).unwrap();
    copies(&*space.view()).unwrap();
    assert!(Bytes::write_obj(&space, 1_u8, GuestAddress(0x4000)).is_err());
    assert!(Bytes::read_obj::<u8>(&space, GuestAddress(0x8000)).is_err());
}
