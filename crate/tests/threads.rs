//! Two threads on the same bytes, without a lock. `cargo test` runs it as it is. scripts/thread-sanitizer.mjs runs it
//! under ThreadSanitizer, which reports each plain access that races.
#![cfg(all(
    not(target_family = "wasm"),
    feature = "backend-atomic",
    feature = "backend-bitmap",
    feature = "backend-mmap"
))]

use guest_memory::bitmap::AtomicBitmap;
use guest_memory::memory_map::Access;
use guest_memory::{
    Address, AddressSpace, Bytes, GuestAddress, GuestAddressSpace, GuestMemoryAtomic,
    GuestMemoryBackend, GuestMemoryMmap, GuestMemoryRegion, GuestRegionMmap, Region, RegionKind,
    VolatileMemory, handle,
};
use std::fmt::Debug;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Barrier};
use std::thread;

type Memory = GuestMemoryMmap<AtomicBitmap>;

const ROUNDS: u64 = if cfg!(miri) { 50 } else { 2000 };
const SIZE: usize = 0x4000;
/// Both regions end here.
const BOUNDARY: GuestAddress = GuestAddress(SIZE as u64);

fn memory() -> Memory {
    Memory::from_ranges(&[(GuestAddress(0), SIZE), (BOUNDARY, SIZE)]).unwrap()
}

/// Runs both functions at the same time.
fn both(one: impl FnOnce() + Send, two: impl FnOnce() + Send) {
    let (start, end) = (Barrier::new(2), Barrier::new(2));
    thread::scope(|scope| {
        scope.spawn(|| between(&start, &end, one));
        scope.spawn(|| between(&start, &end, two));
    });
}

/// Begins and ends with the other thread. ThreadSanitizer reports no race with a thread that has ended, because it has
/// forgotten the thread's accesses.
fn between(start: &Barrier, end: &Barrier, act: impl FnOnce()) {
    struct AtEnd<'a>(&'a Barrier);
    // After a panic too: the other thread would wait for ever.
    impl Drop for AtEnd<'_> {
        fn drop(&mut self) {
            self.0.wait();
        }
    }
    let _end = AtEnd(end);
    start.wait();
    act();
}

/// Values that are all ones or all zeros: a mix of two halves would be seen.
fn check<T: PartialEq + Debug + Copy + Send + Sync>(
    zeros: T,
    ones: T,
    write: impl Fn(T) + Send + Sync,
    read: impl Fn() -> T + Send + Sync,
) {
    both(
        || (0..ROUNDS).for_each(|round| write(if round % 2 == 0 { ones } else { zeros })),
        || {
            for _ in 0..ROUNDS {
                let value = read();
                assert!(value == zeros || value == ones, "torn: {value:?}");
            }
        },
    );
}

#[test]
fn aligned_values_of_up_to_eight_bytes_are_never_torn() {
    macro_rules! check_each {
        ($($T:ident),*) => {$({
            let memory = memory();
            let at = GuestAddress(0x100);
            check(0, $T::MAX, |value| memory.write_obj(value, at).unwrap(), || memory.read_obj::<$T>(at).unwrap());
            let bytes = |value: $T| memory.write_slice(&value.to_ne_bytes(), at).unwrap();
            let read = || {
                let mut bytes = [0; size_of::<$T>()];
                assert_eq!(memory.read(&mut bytes, at).unwrap(), bytes.len());
                $T::from_ne_bytes(bytes)
            };
            check(0, $T::MAX, bytes, read);
            let slice = || memory.get_slice(at, 4 * size_of::<$T>()).unwrap();
            let reference = |value| slice().get_ref::<$T>(0).unwrap().store(value);
            check(0, $T::MAX, reference, || slice().get_ref::<$T>(0).unwrap().load());
            // Several elements, each of them whole.
            let element = || slice().get_array_ref::<$T>(0, 4).unwrap().load(3);
            check(0, $T::MAX, |value| slice().copy_from(&[value; 4]), element);
            let read = || {
                let mut values = [0; 4];
                slice().copy_to(&mut values);
                values[2]
            };
            check(0, $T::MAX, |value| slice().get_array_ref::<$T>(0, 4).unwrap().store(2, value), read);
        })*};
    }
    check_each!(u8, u16, u32, u64);
}

#[test]
fn atomic_accesses_are_never_torn() {
    macro_rules! check_each {
        ($($T:ident),*) => {$({
            let memory = memory();
            // The last address in a region.
            let at = BOUNDARY.unchecked_sub(size_of::<$T>() as u64);
            for (store, load) in [(Ordering::Relaxed, Ordering::Relaxed), (Ordering::SeqCst, Ordering::SeqCst)] {
                check(
                    0,
                    $T::MAX,
                    |value| memory.store(value, at, store).unwrap(),
                    || memory.load(at, load).unwrap(),
                );
            }
        })*};
    }
    check_each!(u8, u16, u32, u64);
}

/// Natively the page table is read without a lock.
#[test]
fn scalars_of_an_address_space_are_never_torn() {
    let space = AddressSpace::from_ranges(&[(GuestAddress(0), 0x4000)]).unwrap();
    macro_rules! check_each {
        ($($T:ident),*) => {$({
            let at = GuestAddress(0x100);
            check(0, $T::MAX, |value| space.write_obj(value, at).unwrap(), || space.read_obj::<$T>(at).unwrap());
            check(0, $T::MAX, |value| space.write_obj(value, at).unwrap(), || space.view().read_obj::<$T>(at).unwrap());
            // Not aligned: no promise of one access, and no race of plain accesses either.
            let beside = GuestAddress(0x201);
            both(
                || (0..ROUNDS).for_each(|_| space.write_obj($T::MAX, beside).unwrap()),
                || {
                    let bytes = |_| space.read_obj::<$T>(beside).unwrap().to_ne_bytes();
                    assert!((0..ROUNDS).flat_map(bytes).all(|byte| byte == 0 || byte == u8::MAX));
                },
            );
        })*};
    }
    check_each!(u8, u16, u32, u64);
}

/// As large as a page, so that an access takes as long as possible.
type Page = [u8; 0x1000];
const OURS: Page = [1; size_of::<Page>()];
const FOREIGN: Page = [2; size_of::<Page>()];
const PAGES_BYTES: u64 = 0x8000;

fn pages() -> impl Iterator<Item = GuestAddress> {
    let places = (0..PAGES_BYTES).step_by(size_of::<Page>());
    places.map(GuestAddress)
}

fn map_pages(space: &AddressSpace) -> Arc<Region> {
    let region = Region::new("ram", RegionKind::Ram, GuestAddress(0), PAGES_BYTES).unwrap();
    space.map(&region, GuestAddress(0), 0).unwrap();
    region
}

/// One thread accesses pages by the page table. `take_away` takes its memory from it, again and again, and another machine
/// gets the same host pages where they are free. Neither sees the other's bytes.
fn see_no_foreign_byte(space: &AddressSpace, mut take_away: impl FnMut() + Send) {
    let other = AddressSpace::new().unwrap();
    let stop = AtomicBool::new(false);
    let (mut foreign_reads, mut foreign_writes) = (0, 0);
    both(
        || {
            while !stop.load(Ordering::Relaxed) {
                for page in pages() {
                    // An error where nothing is mapped.
                    let _ = space.write_obj(OURS, page);
                    let read = space.read_obj::<Page>(page);
                    foreign_reads += usize::from(read.is_ok_and(|bytes| bytes.contains(&2)));
                }
            }
        },
        || {
            for _ in 0..2 * ROUNDS {
                take_away();
                let region = map_pages(&other);
                pages().for_each(|page| other.write_obj(FOREIGN, page).unwrap());
                let changed = |page| other.read_obj::<Page>(page).unwrap() != FOREIGN;
                foreign_writes += pages().filter(|&page| changed(page)).count();
                other.unmap(&region).unwrap();
            }
            stop.store(true, Ordering::Relaxed);
        },
    );
    assert_eq!((foreign_reads, foreign_writes), (0, 0));
}

/// Left out under ThreadSanitizer: see there.
#[test]
fn an_access_never_reaches_pages_that_were_discarded() {
    let space = AddressSpace::new().unwrap();
    map_pages(&space);
    see_no_foreign_byte(&space, || {
        pages().for_each(|page| space.write_obj(OURS, page).unwrap());
        space.discard(GuestAddress(0), PAGES_BYTES).unwrap();
    });
}

#[test]
fn an_access_never_reaches_pages_that_were_unmapped() {
    let space = AddressSpace::new().unwrap();
    see_no_foreign_byte(&space, || {
        let region = map_pages(&space);
        thread::yield_now();
        space.unmap(&region).unwrap();
    });
}

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

/// The first write takes pages for everything that was discarded together. Threads that do so at once all write to the
/// same pages.
#[test]
fn discarded_pages_that_threads_write_first_at_once_lose_nothing() {
    const PLACES: [u64; 4] = [0, 0x2000, 0x4000, 0x6000];
    for _ in 0..ROUNDS / 20 {
        let space = AddressSpace::from_ranges(&[(GuestAddress(0), 0x8000)]).unwrap();
        let space = Arc::new(space);
        let number = handle::register(Arc::clone(&space)).unwrap();
        let client = space.open_dirty_client().unwrap();
        let mut ranges = [(GuestAddress(0), 0); 8];
        space.fill(GuestAddress(0), 0xff, 0x8000).unwrap();
        space.discard(GuestAddress(0), 0x8000).unwrap();
        assert_eq!(
            space.collect_dirty(client, GuestAddress(0), &mut ranges),
            (1, None)
        );
        let space = &space;
        thread::scope(|scope| {
            for (index, place) in PLACES.map(GuestAddress).into_iter().enumerate() {
                scope.spawn(move || match index {
                    0 => space.write_obj(1_u8, place).unwrap(),
                    1 => space.view().write_obj(1_u8, place).unwrap(),
                    2 => space.fill(place, 1, 1).unwrap(),
                    _ => space.mark_dirty(place, 1).unwrap(),
                });
            }
        });
        let (count, _) = space.collect_dirty(client, GuestAddress(0), &mut ranges);
        assert_eq!(
            ranges[..count],
            PLACES.map(|place| (GuestAddress(place), 0x1000))
        );
        let bytes = PLACES.map(|place| space.read_obj::<u8>(GuestAddress(place)).unwrap());
        assert_eq!(bytes, [1, 1, 1, 0]);
        assert!(handle::release(number));
    }
}

/// Bulk copies are plain accesses: an atomic between them keeps them apart, as a virtqueue's index does.
#[test]
fn what_is_released_is_there_when_it_is_acquired() {
    let memory = memory();
    let (flag, payload) = (GuestAddress(0x80), BOUNDARY.unchecked_sub(50));
    for round in 1..=ROUNDS.min(200) {
        let bytes = [u8::try_from(round).unwrap(); 100];
        both(
            || {
                memory.write_slice(&bytes, payload).unwrap();
                memory.store(round, flag, Ordering::Release).unwrap();
            },
            || {
                while memory.load::<u64>(flag, Ordering::Acquire).unwrap() != round {
                    thread::yield_now();
                }
                assert_eq!(memory.read_obj::<[u8; 100]>(payload).unwrap(), bytes);
            },
        );
    }
}

/// A writer marks afterwards; a collector takes the mark, and reads then. So the bytes that it reads were written.
#[test]
fn what_is_marked_can_be_read() {
    let mapping = |size| GuestRegionMmap::from_range(GuestAddress(0), size, None).unwrap();
    // More than 64 pages: their marks are a whole word.
    for pages in [1, 200] {
        let region: GuestRegionMmap<AtomicBitmap> = mapping(pages * 0x1000);
        let bytes = vec![7u8; pages * 0x1000 - 8];
        both(
            || region.as_volatile_slice().unwrap().copy_from(&bytes),
            || {
                let bitmap = guest_memory::MmapRegion::bitmap(&region);
                while bitmap.get_and_reset().iter().all(|word| *word == 0) {
                    thread::yield_now();
                }
                assert_eq!(
                    region.read_obj::<[u8; 16]>(Address::new(0)).unwrap(),
                    [7; 16]
                );
            },
        );
    }
}

#[test]
fn no_mark_is_lost() {
    let bitmap = AtomicBitmap::new(256, 1.try_into().unwrap());
    let stop = AtomicBool::new(false);
    let mut collected = [0; 4];
    let mut collect = || {
        for (sum, word) in collected.iter_mut().zip(bitmap.get_and_reset()) {
            *sum |= word;
        }
    };
    both(
        || {
            for at in (0..256).step_by(8) {
                bitmap.set_addr_range(at, 3);
                bitmap.set_bit(at + 5);
                assert!(!bitmap.is_addr_set(at + 7));
            }
            bitmap.set_addr_range(64, 64);
            stop.store(true, Ordering::Release);
        },
        || {
            while !stop.load(Ordering::Acquire) {
                collect();
            }
            collect();
        },
    );
    let some = u64::from_ne_bytes([0b0010_0111; 8]);
    assert_eq!(collected, [some, u64::MAX, some, some]);
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

/// Not sound, and so run only by scripts/thread-sanitizer.mjs, which must see it end in a report: else the tests above
/// would show nothing.
#[test]
#[ignore = "a data race on purpose"]
fn plain_accesses_race() {
    let memory = memory();
    let pointer = || {
        memory
            .get_host_address(GuestAddress(0x100))
            .unwrap()
            .cast::<u64>()
    };
    check(
        0,
        u64::MAX,
        // SAFETY: in bounds and aligned. It is a race, which is to be reported.
        |value| unsafe { pointer().write(value) },
        // SAFETY: as above.
        || unsafe { pointer().read() },
    );
}

/// Run by `npm run test:all` with optimisation. Two virtual CPUs load and store, by the page table and by snapshots, while a
/// third thread maps, unmaps, moves, hides, protects and discards what they use, and gives its pages to another machine.
#[test]
#[ignore = "it takes long without optimisation"]
fn a_hundred_million_operations_meet_no_foreign_byte() {
    /// For each of the two virtual CPUs.
    const OPERATIONS: u64 = 50_000_000;
    const BANK: u64 = 0x8000;
    const OURS: u64 = 0x0101_0101_0101_0101;
    const FOREIGN: u64 = 2 * OURS;
    let (space, other) = (AddressSpace::new().unwrap(), AddressSpace::new().unwrap());
    let (running, rounds) = (AtomicUsize::new(2), AtomicU64::new(0));
    let cpu = |mut state: u64| {
        let (mut found, mut foreign) = (0_u64, 0_u64);
        let mut view = space.view();
        for operation in 0.. {
            if operation >= OPERATIONS && rounds.load(Ordering::SeqCst) >= ROUNDS {
                break;
            }
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            let address = GuestAddress((state >> 40) & (4 * BANK - 64));
            let read = match state >> 62 {
                0 => space.read_obj::<u64>(address).ok(),
                1 => view.read_obj::<u64>(address).ok(),
                2 => space.write_obj(OURS, address).ok().map(|()| OURS),
                _ => space.read_plain::<u64>(address),
            };
            found += u64::from(read.is_some());
            foreign += u64::from(read.is_some_and(|value| value.to_ne_bytes().contains(&2)));
            if operation % 64 == 0 {
                // Long accesses, so that a thread is often stopped in the middle of one.
                let page = GuestAddress(address.0 & !0xfff);
                let _ = space.write_obj([1_u8; size_of::<Page>()], page);
                let page = space.read_obj::<Page>(page);
                foreign += u64::from(page.is_ok_and(|bytes| bytes.contains(&2)));
            }
            if operation % 1024 == 0 {
                view = space.view();
            }
        }
        running.fetch_sub(1, Ordering::SeqCst);
        (found, foreign)
    };
    let change = || {
        let bank = || Region::new("bank", RegionKind::Ram, GuestAddress(0), BANK).unwrap();
        let (mut old, mut foreign) = (None::<Arc<Region>>, 0);
        while running.load(Ordering::SeqCst) > 0 {
            let round = rounds.fetch_add(1, Ordering::SeqCst);
            let at = |place: u64| GuestAddress(((round + place) % 4) * BANK);
            let (one, two) = (bank(), bank());
            space
                .transaction(|space| {
                    old.iter().try_for_each(|old| space.unmap(old))?;
                    space.map(&one, at(0), 0)?;
                    space.map(&two, at(2), 1)
                })
                .unwrap();
            drop(old.replace(one.clone()));
            space.move_region(&one, at(1)).unwrap();
            space.protect(at(1), 0x1000, Access::READ).unwrap();
            space.set_enabled(&two, false).unwrap();
            space
                .protect(at(1), 0x1000, Access::READ | Access::WRITE)
                .unwrap();
            space.set_enabled(&two, true).unwrap();
            space.discard(at(2), BANK / 2).unwrap();
            space.unmap(&two).unwrap();
            drop(two);
            let theirs = bank();
            other.map(&theirs, GuestAddress(0), 0).unwrap();
            let places = || (0..BANK).step_by(64).map(GuestAddress);
            places().for_each(|place| other.write_obj(FOREIGN, place).unwrap());
            let kept = |place| other.read_obj::<u64>(place).unwrap() == FOREIGN;
            foreign += places().filter(|&place| !kept(place)).count();
            other.unmap(&theirs).unwrap();
        }
        foreign
    };
    thread::scope(|scope| {
        let cpus = [1, 2].map(|seed| {
            scope.spawn({
                let cpu = &cpu;
                move || cpu(seed)
            })
        });
        let lost = change();
        for cpu in cpus {
            let (found, foreign) = cpu.join().unwrap();
            println!(
                "{found} of {OPERATIONS} operations found memory beside {rounds:?} rounds of changes"
            );
            assert!(found > OPERATIONS / 100);
            assert_eq!((foreign, lost), (0, 0));
        }
    });
}
