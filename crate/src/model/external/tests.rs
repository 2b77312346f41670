use super::*;
use crate::machine::memory_map::{Access, Shown};
use crate::model::bytes::Bytes;
use crate::{AddressSpace, Fault, GuestAddress, GuestMemory, Permissions, Region, RegionKind};
use std::sync::{Arc, Mutex};

/// External bytes that the test can take away.
#[derive(Debug)]
struct Theirs(Mutex<Vec<u8>>);

impl Theirs {
    fn range(offset: u64, length: usize) -> core::ops::Range<usize> {
        let start = usize::try_from(offset).unwrap();
        start..start + length
    }
}

impl ExternalMemory for Theirs {
    fn read(&self, offset: u64, into: &mut [u8]) -> Result<(), Unavailable> {
        let bytes = self.0.lock().unwrap();
        let found = bytes.get(Self::range(offset, into.len()));
        into.copy_from_slice(found.ok_or(Unavailable)?);
        Ok(())
    }

    fn write(&self, offset: u64, from: &[u8]) -> Result<(), Unavailable> {
        let mut bytes = self.0.lock().unwrap();
        let found = bytes.get_mut(Self::range(offset, from.len()));
        found.ok_or(Unavailable)?.copy_from_slice(from);
        Ok(())
    }
}

const SIZE: u64 = 0x5000;

/// A space with RAM, external memory and RAM again, one behind the other from 0x800 on; and the external bytes.
fn space() -> (AddressSpace, Arc<Theirs>) {
    let ranges = [(0x800, 0x800), (0x1000 + SIZE, 0x800)];
    let ranges = ranges.map(|(start, size)| (GuestAddress(start), size));
    let space = AddressSpace::from_ranges(&ranges).unwrap();
    let theirs = Arc::new(Theirs(Mutex::new(vec![0; usize::try_from(SIZE).unwrap()])));
    let region = Region::external("theirs", SIZE, theirs.clone()).unwrap();
    space.map(&region, GuestAddress(0x1000), 0).unwrap();
    (space, theirs)
}

fn pattern(length: usize) -> Vec<u8> {
    (1..=251).cycle().take(length).collect()
}

#[test]
fn accesses_go_through_ram_and_external_memory_alike() {
    let (space, theirs) = space();
    let map = space.view();
    let all = pattern(0x6000);
    map.write_slice(&all, GuestAddress(0x800)).unwrap();
    assert_eq!(theirs.0.lock().unwrap()[..], all[0x800..0x5800]);
    let mut back = vec![0; all.len()];
    map.read_slice(&mut back, GuestAddress(0x800)).unwrap();
    assert_eq!(back, all);
    for at in [0xffd_u64, 0xffe, 0x1000, 0x2001, 0x5ffe, 0x5fff, 0x6000] {
        let value = 0x0102_0304_u32.to_le() ^ u32::try_from(at).unwrap();
        space.write_obj(value, GuestAddress(at)).unwrap();
        assert_eq!(space.read_obj::<u32>(GuestAddress(at)).unwrap(), value);
        assert_eq!(map.read_obj::<u32>(GuestAddress(at)).unwrap(), value);
    }
}

#[test]
fn ends_of_memory_are_found_behind_external_memory() {
    let (space, theirs) = space();
    let map = space.view();
    let bytes = pattern(0x6001);
    let fails = map.write_slice(&bytes, GuestAddress(0x800));
    assert!(matches!(
        fails,
        Err(Error::PartialBuffer {
            completed: 0x6000,
            expected: 0x6001
        })
    ));
    assert!(theirs.0.lock().unwrap().iter().all(|&byte| byte == 0));
    assert_eq!(map.write(&bytes, GuestAddress(0x800)).unwrap(), 0x6000);
    assert!(map.check_range(GuestAddress(0x800), 0x6000, Permissions::ReadWrite));
    assert!(!map.check_range(GuestAddress(0x800), 0x6001, Permissions::ReadWrite));
    // At the end of the address space, and with a hole behind.
    let top = Region::external("top", 4, theirs).unwrap();
    space.map(&top, GuestAddress(u64::MAX - 3), 0).unwrap();
    let map = space.view();
    assert_eq!(map.write(&[9; 8], GuestAddress(u64::MAX - 1)).unwrap(), 2);
    let fails = map.write_slice(&[9; 8], GuestAddress(u64::MAX - 1));
    assert!(fails.is_err());
    assert_eq!(
        map.read_obj::<u16>(GuestAddress(u64::MAX - 1)).unwrap(),
        0x0909
    );
}

#[test]
fn streams_bounce() {
    let (space, theirs) = space();
    let map = space.view();
    let bytes = pattern(0x6000);
    let address = GuestAddress(0x800);
    map.read_exact_volatile_from(address, &mut bytes.as_slice(), bytes.len())
        .unwrap();
    assert_eq!(theirs.0.lock().unwrap()[..], bytes[0x800..0x5800]);
    let mut out = Vec::new();
    map.write_all_volatile_to(address, &mut out, bytes.len())
        .unwrap();
    assert_eq!(out, bytes);
    // A stream that ends inside external memory.
    let short = &bytes[..0x1801];
    assert_eq!(
        map.read_volatile_from(address, &mut &short[..], bytes.len())
            .unwrap(),
        short.len()
    );
    let fails = map.read_exact_volatile_from(address, &mut &short[..], bytes.len());
    assert!(matches!(
        fails,
        Err(Error::PartialBuffer {
            completed: 0x1801,
            ..
        })
    ));
}

#[test]
fn permissions_hold_and_no_slice_shows_it() {
    let (space, theirs) = space();
    space
        .protect(GuestAddress(0x2000), 0x1000, Access::READ)
        .unwrap();
    let map = space.view();
    assert!(map.write_slice(&[1; 0x1001], GuestAddress(0x1000)).is_err());
    assert_eq!(
        map.write(&[1; 0x1001], GuestAddress(0x1000)).unwrap(),
        0x1000
    );
    assert_eq!(map.read_obj::<u8>(GuestAddress(0x2000)).unwrap(), 0);
    let slice = map.contiguous_slice(GuestAddress(0x1000), 1, Permissions::Read);
    assert!(slice.is_none());
    let mut slices = map
        .get_slices(GuestAddress(0x1000), 1, Permissions::Read)
        .unwrap();
    assert!(matches!(
        slices.next(),
        Some(Err(Error::HostAddressNotAvailable))
    ));
    assert!(
        map.load::<u32>(GuestAddress(0x1000), core::sync::atomic::Ordering::SeqCst)
            .is_err()
    );
    let piece = map.piece(GuestAddress(0x1004), u64::MAX, Access::READ);
    assert!(
        matches!(piece.shown, Shown::External { region, offset: 4 } if region.name() == "theirs")
    );
    assert_eq!(piece.length, 0xffc);
    let not_linear = Err(Fault::NotMemory {
        address: 0x1000,
        completed: 0x800,
    });
    assert_eq!(
        map.check_memory(GuestAddress(0x800), 0x1000, Access::READ),
        not_linear
    );
    assert_eq!(space.fill(GuestAddress(0x800), 0, 0x1000), not_linear);
    drop(theirs);
}

#[test]
fn what_is_gone_is_an_error_and_aliases_show_it_while_it_is_there() {
    let (space, theirs) = space();
    let region = space.placements(|all| Arc::clone(all[2].region()));
    let alias = Region::alias("again", &region, 0x4ffe, 2).unwrap();
    space.map(&alias, GuestAddress(0xa000), 0).unwrap();
    space
        .write_obj(0x0201_u16.to_le(), GuestAddress(0x5ffe))
        .unwrap();
    assert_eq!(
        space.read_obj::<u16>(GuestAddress(0xa000)).unwrap(),
        0x0201_u16.to_le()
    );
    theirs.0.lock().unwrap().truncate(0x4fff);
    assert_eq!(space.read_obj::<u8>(GuestAddress(0xa000)).unwrap(), 1);
    let fails = space.read_obj::<u16>(GuestAddress(0xa000));
    assert!(matches!(fails, Err(Fault::NotMemory { .. })));
    assert!(space.write_obj(7_u8, GuestAddress(0xa001)).is_err());
}

#[test]
fn what_cannot_be_is_refused() {
    let theirs = Arc::new(Theirs(Mutex::new(Vec::new())));
    let empty = Region::external("x", 0, theirs).map(drop);
    assert_eq!(empty, Err(Fault::EmptyRegion { address: 0 }));
    let without = Region::new("x", RegionKind::External, GuestAddress(0), 1).map(drop);
    assert_eq!(without, Err(Fault::InvalidAlias { offset: 0 }));
}
