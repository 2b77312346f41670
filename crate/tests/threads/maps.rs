//! Maps that several threads change, and the numbers that each of them gets.

use super::{ROUNDS, SIZE, both, memory};
use guest_memory::{
    Address, AddressSpace, Bytes, GuestAddress, GuestAddressSpace, GuestMemoryAtomic,
    GuestMemoryBackend, GuestMemoryRegion, GuestRegionMmap, Region, RegionKind,
};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Barrier};
use std::thread;

/// A thread that maps while another's transaction is open waits, and its map does not vanish with the other's undo.
#[test]
fn a_transaction_belongs_to_its_thread() {
    let (space, region) = (AddressSpace::new().unwrap(), |name| {
        Region::new(name, RegionKind::Reserved, GuestAddress(0), 0x1000).unwrap()
    });
    let mapped = |name: &str| space.region_named(name).is_some();
    for round in 0..ROUNDS.min(200) {
        let (ours, theirs) = (region("ours"), region("theirs"));
        both(
            || {
                let undone = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
                    space.transaction(|space| {
                        space.map(&ours, GuestAddress(0), 0)?;
                        (0..round).for_each(|_| thread::yield_now());
                        // Only this transaction's step is there: the other thread waits, or was done before.
                        let alone =
                            space.view().flat().ranges().len() == usize::from(mapped("theirs"));
                        assert!(alone && round % 2 == 0, "on purpose in each second round");
                        Err::<(), _>(guest_memory::Fault::AlreadyMapped)
                    })
                }));
                assert_eq!(undone.is_err(), round % 2 == 1);
            },
            || space.map(&theirs, GuestAddress(0x8000), 0).unwrap(),
        );
        assert!(!mapped("ours") && mapped("theirs"));
        space.unmap(&theirs).unwrap();
        // The turn has ended, after the panic too.
        space
            .transaction(|space| space.transaction(|space| space.map(&ours, GuestAddress(0), 0)))
            .unwrap();
        space.unmap(&ours).unwrap();
    }
}

/// An id is out of order only where one thread comes between two instructions of another, so several threads try often.
#[test]
fn regions_that_threads_make_at_once_are_all_found() {
    let missed = AtomicUsize::new(0);
    let make = || {
        for _ in 0..50 * ROUNDS {
            let region = Region::new("x", RegionKind::Mmio, GuestAddress(0), 1).unwrap();
            let found = Region::by_id(region.id());
            let same = found.is_some_and(|found| Arc::ptr_eq(&found, &region));
            missed.fetch_add(usize::from(!same), Ordering::Relaxed);
        }
    };
    both(make, || both(make, make));
    assert_eq!(missed.into_inner(), 0);
}

#[test]
fn threads_that_open_dirty_clients_at_once_get_different_ones() {
    // It has so many marks to clear that opening takes long.
    let space = AddressSpace::from_ranges(&[(GuestAddress(0), 0x10_0000)]).unwrap();
    let start = Barrier::new(2);
    for _ in 0..ROUNDS {
        let open = |client: &mut u8| {
            start.wait();
            *client = space.open_dirty_client().unwrap();
        };
        let (mut one, mut other) = (0, 0);
        both(|| open(&mut one), || open(&mut other));
        assert_ne!(one, other);
        space.close_dirty_client(one);
        space.close_dirty_client(other);
    }
}

#[test]
fn a_memory_is_replaced_while_another_thread_uses_it() {
    let space = GuestMemoryAtomic::new(memory());
    both(
        || {
            for round in 0..ROUNDS.min(200) {
                let region =
                    GuestRegionMmap::from_range(GuestAddress(1 << 32), SIZE, None).unwrap();
                let guard = space.lock().unwrap();
                let memory = space.memory();
                let changed = if round % 2 == 0 {
                    memory.insert_region(region.into()).unwrap()
                } else {
                    memory
                        .remove_region(GuestAddress(1 << 32), SIZE as u64)
                        .unwrap()
                        .0
                };
                guard.replace(changed);
            }
        },
        || {
            let device = space.clone();
            for round in 0..ROUNDS {
                let memory = device.memory();
                assert!((2..=3).contains(&memory.num_regions()));
                let at = memory.last_addr().unchecked_sub(7);
                memory.write_obj(round, at).unwrap();
                assert_eq!(memory.read_obj::<u64>(at).unwrap(), round);
                let regions = memory.clone().into_inner();
                assert_eq!(
                    regions.iter().last().unwrap().last_addr(),
                    memory.last_addr()
                );
            }
        },
    );
}
