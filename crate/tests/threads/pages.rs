//! Pages that are taken from a machine while its threads access them: no machine sees another's bytes, and no byte is lost.

use super::{ROUNDS, both};
use guest_memory::memory_map::Access;
use guest_memory::{AddressSpace, Bytes, GuestAddress, Region, RegionKind, handle};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::thread;

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
