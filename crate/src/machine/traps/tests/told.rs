//! Traps are sprung by other things than stores to linear memory, too, and counted where caches look.

use super::{machine, sprung};
use crate::external::{ExternalMemory, Unavailable};
use crate::machine::address_space::AddressSpace;
use crate::{Bytes, GuestAddress, Region};
use std::sync::{Arc, Mutex};

#[test]
fn a_discard_and_a_mark_spring_the_traps_of_their_bytes_alone() {
    let (space, bus, _) = machine();
    let set = |page: u64| space.trap_writes(GuestAddress(page), 4, true).unwrap();
    let discard = |address, length| space.discard(GuestAddress(address), length).unwrap();
    let traps = [set(0x8100), set(0x9100), set(0xa100), set(0xb100)];
    let held = space.view();
    discard(0x8104, 0xffc); // beside two traps
    assert_eq!(sprung(&space), []);
    discard(0x2_0103, 1); // through the mirror, of a page that stays
    discard(0x9103, 0x1000);
    let both = [(traps[1], 0x9000), (traps[2], 0xa000)];
    assert_eq!(sprung(&space), [&[(traps[0], 0x8000)], &both[..]].concat());
    drop(held);
    discard(0xb000, 0x1000);
    assert_eq!(sprung(&space), [(traps[3], 0xb000)]);
    let again = [set(0x9100), set(0xb100)]; // on bytes without pages
    bus.mark_dirty(GuestAddress(0x104), 0xefc).unwrap();
    bus.mark_dirty(GuestAddress(0x100), 0).unwrap();
    assert_eq!(sprung(&space), []);
    bus.mark_dirty(GuestAddress(0), 0x101).unwrap();
    space.mark_dirty(GuestAddress(0xa000), 0x2000).unwrap();
    assert_eq!(sprung(&space), [(again[0], 0x9000), (again[1], 0xb000)]);
    assert!(bus.mark_dirty(GuestAddress(0), 0x1001).is_err() && sprung(&space).is_empty());
}

#[test]
fn a_sprung_trap_counts_at_once_in_all_address_spaces_of_its_machine() {
    let (space, bus, ram) = machine();
    let other = AddressSpace::new().unwrap();
    let theirs = Region::alias("theirs", &ram, 0, 0x1000).unwrap();
    other.map(&theirs, GuestAddress(0), 0).unwrap();
    let late = bus.sibling().unwrap();
    drop(bus.sibling().unwrap());
    let numbers = || [&space, &bus, &late, &other].map(AddressSpace::permission_generation);
    let trap = space.trap_writes(GuestAddress(0x8100), 4, true).unwrap();
    let before = numbers();
    other.write_obj(1_u8, GuestAddress(0xff)).unwrap();
    assert_eq!(numbers(), before, "a store beside the trap");
    other.write_obj(1_u8, GuestAddress(0x103)).unwrap();
    let after = numbers();
    let moved = |index: usize| after[index].wrapping_sub(before[index]);
    assert_eq!([moved(0), moved(1), moved(2), moved(3)], [1, 1, 1, 0]);
    assert_eq!(sprung(&space), [(trap, 0x8000)]);
    let taken = numbers();
    other.write_obj(1_u8, GuestAddress(0x103)).unwrap();
    assert_eq!(numbers(), taken, "a store where the trap was");
}

#[test]
fn a_store_to_external_memory_springs_its_trap() {
    let space = AddressSpace::new().unwrap();
    let memory = Arc::new(Plain(Mutex::new(vec![0; 0x3000])));
    let region = Region::external("theirs", 0x3000, memory).unwrap();
    space.map(&region, GuestAddress(0x1000), 0).unwrap();
    let set = |at: u64| space.trap_writes(GuestAddress(at), 4, true).unwrap();
    let traps = [set(0x1ffe), set(0x3100)];
    space.write_obj(1_u32, GuestAddress(0x1ffa)).unwrap();
    assert_eq!(sprung(&space), []);
    let bytes = &[1; 4][..];
    space
        .view()
        .write_slice(bytes, GuestAddress(0x1ffd))
        .unwrap();
    let both = [(traps[0], 0x1000), (traps[0], 0x2000)];
    assert_eq!(sprung(&space), both);
    space.mark_dirty(GuestAddress(0x3103), 1).unwrap(); // the owner has written
    assert_eq!(sprung(&space), [(traps[1], 0x3000)]);
}

/// External memory that stays.
#[derive(Debug)]
struct Plain(Mutex<Vec<u8>>);

impl ExternalMemory for Plain {
    fn read(&self, offset: u64, into: &mut [u8]) -> Result<(), Unavailable> {
        let start = usize::try_from(offset).unwrap();
        into.copy_from_slice(&self.0.lock().unwrap()[start..start + into.len()]);
        Ok(())
    }

    fn write(&self, offset: u64, bytes: &[u8]) -> Result<(), Unavailable> {
        let start = usize::try_from(offset).unwrap();
        self.0.lock().unwrap()[start..start + bytes.len()].copy_from_slice(bytes);
        Ok(())
    }
}
