//! Models of threads: small programs that [shuttle](https://docs.rs/shuttle) runs many times, each time with another order
//! of the threads' steps. A step ends at a lock, at an atomic word, and where [`step`](crate::sync::step) stands.
//!
//! `RUSTFLAGS="--cfg shuttle" cargo test --package guest-memory --lib --features backend-atomic models::` runs them.
//! test/mutants/models.mjs has the faults that they see. Memory is as one thread sees it in them: an order that
//! a processor makes is for ThreadSanitizer and Miri (tests/threads/).

use crate::machine::fault::Fault;
use crate::machine::handle;
use crate::machine::memory_map::Access;
use crate::sync::thread;
use crate::{AddressSpace, GuestAddress, Region, RegionKind};
use shuttle::scheduler::{PctScheduler, RandomScheduler, Scheduler};
use std::sync::{Arc, Mutex, PoisonError};

/// How often each scheduler runs a model.
const RUNS: usize = 1000;
const SEED: u64 = 1;
const PAGE: u64 = 0x1000;
const START: GuestAddress = GuestAddress(0);

/// Runs a model, in orders that are the same each time.
fn check(model: impl Fn() + Copy + Send + Sync + 'static) {
    // Models share the core's lists, and shuttle's threads are known to their own model alone.
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
    let _turn = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    run(RandomScheduler::new_from_seed(SEED, RUNS), model);
    // A few changes of thread at the worst moments: PCT finds what seldom happens by chance.
    run(PctScheduler::new_from_seed(SEED, 3, RUNS), model);
}

fn run(scheduler: impl Scheduler + 'static, model: impl Fn() + Send + Sync + 'static) {
    let mut config = shuttle::Config::new();
    config.stack_size = 0x8_0000; // bytes
    shuttle::Runner::new(scheduler, config).run(model);
}

fn ram(name: &str) -> Arc<Region> {
    Region::new(name, RegionKind::Ram, START, PAGE).unwrap()
}

fn space() -> Arc<AddressSpace> {
    Arc::new(AddressSpace::new().unwrap())
}

#[test]
fn each_region_is_found_by_its_id() {
    check(|| {
        let find = |region: &Arc<Region>| {
            let found = Region::by_id(region.id());
            assert!(found.is_some_and(|found| Arc::ptr_eq(&found, region)));
        };
        let make = move || {
            let region = ram("ram");
            find(&region);
            region
        };
        let other = thread::spawn(make);
        let regions = [make(), other.join().unwrap()];
        regions.iter().for_each(find);
    });
}

#[test]
fn two_threads_get_two_dirty_clients() {
    check(|| {
        let space = space();
        space.map(&ram("ram"), START, 0).unwrap();
        let see_own = |space: &AddressSpace| {
            let client = space.open_dirty_client().unwrap();
            space.mark_dirty(START, 1).unwrap();
            let mut ranges = [(START, 0); 2];
            let (count, _) = space.collect_dirty(client, START, &mut ranges);
            (client, ranges[..count].to_vec())
        };
        let theirs = Arc::clone(&space);
        let other = thread::spawn(move || see_own(&theirs));
        let (own, other) = (see_own(&space), other.join().unwrap());
        assert_ne!(own.0, other.0);
        let page = [(START, PAGE)];
        assert_eq!((&own.1[..], &other.1[..]), (&page[..], &page[..]));
    });
}

#[test]
fn two_threads_get_two_handles() {
    check(|| {
        let register = || {
            let space = space();
            let number = handle::register(Arc::clone(&space)).unwrap();
            assert!(handle::get(number).is_some_and(|found| Arc::ptr_eq(&found, &space)));
            number
        };
        let other = thread::spawn(register);
        let numbers = [register(), other.join().unwrap()];
        assert_ne!(numbers[0], numbers[1]);
        assert_eq!(numbers.map(handle::release), [true, true]);
    });
}

/// Two machines whose regions come and go never have the same pages.
#[test]
fn memory_that_is_allocated_has_one_owner() {
    check(|| {
        let use_memory = |byte: u8| {
            let space = space();
            for _ in 0..2 {
                let region = ram("ram");
                space.map(&region, START, 0).unwrap();
                assert_eq!(space.read_obj::<u8>(START), Ok(0));
                space.write_obj(byte, START).unwrap();
                thread::yield_now();
                assert_eq!(space.read_obj::<u8>(START), Ok(byte));
                space.unmap(&region).unwrap();
            }
        };
        let other = thread::spawn(move || use_memory(2));
        use_memory(1);
        other.join().unwrap();
    });
}

/// `take_away` frees the page that another thread accesses, and a second machine gets it.
fn no_foreign_byte(take_away: fn(&AddressSpace, &Arc<Region>)) {
    let space = space();
    let region = ram("ram");
    space.map(&region, START, 0).unwrap();
    space.write_obj(1_u8, START).unwrap();
    let reader = Arc::clone(&space);
    let access = thread::spawn(move || {
        for _ in 0..2 {
            let read = reader.read_obj::<u8>(START);
            assert!(read.is_err() || read.is_ok_and(|byte| byte < 2), "{read:?}");
            let _ = reader.write_obj(1_u8, START); // an error where the region is gone
        }
    });
    take_away(&space, &region);
    drop(region);
    let other = AddressSpace::new().unwrap();
    other.map(&ram("other"), START, 0).unwrap();
    other.write_obj(2_u8, START).unwrap();
    access.join().unwrap();
    assert_eq!(other.read_obj::<u8>(START), Ok(2));
}

#[test]
fn an_access_ends_before_the_pages_of_an_unmapped_region_go_back() {
    check(|| no_foreign_byte(|space, region| space.unmap(region).unwrap()));
}

#[test]
fn an_access_ends_before_discarded_pages_go_back() {
    check(|| no_foreign_byte(|space, _| space.discard(START, PAGE).unwrap()));
}

/// A cache of translations, which keeps an entry as long as the generation stays.
#[test]
fn an_entry_of_this_generation_is_the_table_s() {
    check(|| {
        let space = space();
        let region = ram("ram");
        space.map(&region, START, 0).unwrap();
        let changer = Arc::clone(&space);
        let change = thread::spawn(move || {
            changer.set_enabled(&region, false).unwrap();
            changer.set_enabled(&region, true).unwrap();
            changer.unmap(&region).unwrap();
        });
        let generation = space.map_generation();
        let entry = space.table_entry(START);
        change.join().unwrap();
        let flushed = space.map_generation() != generation;
        assert!(flushed || entry == space.table_entry(START));
        assert_eq!(space.table_entry(START), 0);
    });
}

#[test]
fn a_transaction_that_is_undone_takes_nothing_of_another_thread_s() {
    check(|| {
        let space = space();
        let theirs = Arc::clone(&space);
        let other = thread::spawn(move || {
            let region = ram("theirs");
            theirs.map(&region, GuestAddress(PAGE), 0).unwrap();
            assert!(theirs.region_named("theirs").is_some());
        });
        let undone = space.transaction(|space| {
            space.map(&ram("ours"), START, 0)?;
            assert_eq!(
                space.read_obj::<u8>(START),
                Err(Fault::InvalidGuestAddress { address: 0 })
            );
            Err::<(), Fault>(Fault::NoMemoryRegion)
        });
        assert!(undone.is_err());
        other.join().unwrap();
        assert!(space.region_named("ours").is_none());
        assert!(space.region_named("theirs").is_some());
    });
}

/// After the trap is set, a store either has changed the byte already, or springs it.
#[test]
fn no_store_passes_a_trap() {
    check(|| {
        let space = space();
        space.map(&ram("ram"), START, 0).unwrap();
        let writer = Arc::clone(&space);
        let store = thread::spawn(move || writer.write_obj(1_u8, START).unwrap());
        let trap = space.trap_writes(START, PAGE, false).unwrap();
        let translated = space.read_obj::<u8>(START).unwrap();
        store.join().unwrap();
        let sprung = space.take_sprung();
        assert!(translated == 1 || sprung.iter().any(|sprung| sprung.trap == trap));
        space.end_trap(trap, None);
    });
}

/// As above, for a protection: no store goes through once `protect` has returned.
#[test]
fn no_store_passes_a_protection() {
    check(|| {
        let space = space();
        space.map(&ram("ram"), START, 0).unwrap();
        let writer = Arc::clone(&space);
        let store = thread::spawn(move || writer.write_obj(1_u8, START));
        space.protect(START, PAGE, Access::READ).unwrap();
        let seen = space.read_obj::<u8>(START).unwrap();
        let stored = store.join().unwrap();
        assert_eq!(space.read_obj::<u8>(START), Ok(seen));
        assert_eq!(stored.is_ok(), seen == 1);
    });
}

#[cfg(all(feature = "backend-atomic", feature = "backend-mmap"))]
#[test]
fn no_change_of_an_atomic_memory_is_lost() {
    use crate::{
        GuestAddressSpace, GuestMemoryAtomic, GuestMemoryBackend, GuestMemoryMmap, GuestRegionMmap,
    };
    type Memory = GuestMemoryAtomic<GuestMemoryMmap>;
    let size = PAGE as usize;
    check(move || {
        let memory = Memory::new(GuestMemoryMmap::from_ranges(&[(START, size)]).unwrap());
        let add = move |memory: &Memory, start| {
            let region = GuestRegionMmap::from_range(GuestAddress(start), size, None).unwrap();
            let lock = memory.lock().unwrap();
            let next = memory.memory().insert_region(Arc::new(region)).unwrap();
            thread::yield_now();
            lock.replace(next);
        };
        let theirs = memory.clone();
        let other = thread::spawn(move || add(&theirs, 2 * PAGE));
        add(&memory, 4 * PAGE);
        other.join().unwrap();
        assert_eq!(memory.memory().num_regions(), 3);
    });
}
