//! Threads on one guest memory, while another changes the map: `AddressSpace` beside vm-memory's `GuestMemoryAtomic`.
//! `threads MILLISECONDS` prints a line for each case: its name, and the figures of both sides, in nanoseconds.
//!
//! The original takes a snapshot for each access, since an access must see the map as it is then. A snapshot for a batch of
//! accesses is quicker, and sees a change of the map later.

use guest_memory::page_table::{self, READABLE};
use guest_memory::{AddressSpace, Region, RegionKind};
use std::hint::black_box;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Barrier};
use std::thread;
use std::time::{Duration, Instant};
use vm_memory::{
    Bytes, GuestAddress, GuestAddressSpace, GuestMemoryAtomic, GuestMemoryMmap, GuestRegionMmap,
};

type Original = GuestMemoryAtomic<GuestMemoryMmap>;

/// Regions side by side, each of this size in bytes.
const REGIONS: u64 = 16;
const SIZE: u64 = 0x1_0000;
/// The processor has two cores.
const THREADS: usize = 2;
/// vCPUs that read while the map changes.
const READERS: usize = 4;
/// The median of so many samples counts.
const SAMPLES: usize = 9;

fn main() {
    let milliseconds = std::env::args().nth(1).expect("milliseconds");
    let each = Duration::from_millis(milliseconds.parse().expect("a number of milliseconds"));
    let starts = || (0..REGIONS).map(|index| index * SIZE);
    let ours = Arc::new(AddressSpace::new().expect("a page table"));
    for start in starts() {
        ours.map(&ram(), guest_memory::GuestAddress(start), 0)
            .expect("it is mapped");
    }
    let ranges: Vec<_> = starts()
        .map(|start| (GuestAddress(start), SIZE as usize))
        .collect();
    let original = Original::new(GuestMemoryMmap::from_ranges(&ranges).expect("it is mapped"));

    let unguarded = |index| by_pointer(&ours, at(index));
    let load = |index| {
        ours.read_obj::<u32>(guest_memory::GuestAddress(at(index)))
            .unwrap()
    };
    let store = |index| {
        let address = guest_memory::GuestAddress(at(index));
        ours.write_obj(index as u32, address).unwrap();
        0
    };
    let original_load = |index| {
        let memory = original.memory();
        memory.read_obj::<u32>(GuestAddress(at(index))).unwrap()
    };
    let original_store = |index| {
        let memory = original.memory();
        memory
            .write_obj(index as u32, GuestAddress(at(index)))
            .unwrap();
        0
    };
    print(
        "u32 load by a page table entry, without a guard",
        f64::NAN,
        time(1, each, &unguarded),
    );
    for threads in [1, THREADS] {
        let name = |what| {
            format!(
                "u32 {what}, {threads} thread{}",
                &"s"[..(threads > 1).into()]
            )
        };
        print(
            &name("load"),
            time(threads, each, &original_load),
            time(threads, each, &load),
        );
        print(
            &name("store"),
            time(threads, each, &original_store),
            time(threads, each, &store),
        );
    }
    let region = ram();
    let change = || {
        let start = guest_memory::GuestAddress(REGIONS * SIZE);
        ours.map(&region, start, 0).unwrap();
        ours.unmap(&region).unwrap();
    };
    let start = GuestAddress(REGIONS * SIZE);
    let more: Arc<GuestRegionMmap> =
        Arc::new(GuestRegionMmap::from_range(start, SIZE as usize, None).unwrap());
    let original_change = || {
        let lock = original.lock().unwrap();
        let next = original.memory().insert_region(Arc::clone(&more)).unwrap();
        lock.replace(next);
        let lock = original.lock().unwrap();
        let (next, _) = original.memory().remove_region(start, SIZE).unwrap();
        lock.replace(next);
    };
    print(
        &format!("map and unmap, while {READERS} threads load"),
        beside(&original_load, each, &original_change),
        beside(&load, each, &change),
    );
}

fn ram() -> Arc<Region> {
    Region::new("ram", RegionKind::Ram, guest_memory::GuestAddress(0), SIZE)
        .expect("there is memory")
}

/// An address in any of the regions, aligned.
fn at(index: u64) -> u64 {
    index.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32 & (REGIONS * SIZE - 1) & !3
}

/// A load as generated code makes it: nothing keeps another thread from unmapping the page meanwhile.
fn by_pointer(space: &AddressSpace, address: u64) -> u32 {
    let page = (address >> 12) as usize;
    let table = page_table::host_pointer(space.table_host_offset()).cast::<u32>();
    // SAFETY: the table has an entry for each page below 4 GiB, and the entry says where the page's bytes are. The map
    // does not change while this is timed.
    unsafe {
        let entry = table.add(page).read_volatile();
        assert!(entry & READABLE != 0);
        let host = ((entry >> 4 << 12) as usize) + (address & 0xfff) as usize;
        page_table::host_pointer(host).cast::<u32>().read_volatile()
    }
}

fn print(name: &str, original: f64, ours: f64) {
    println!("{name}\t{original:.3}\t{ours:.3}");
}

fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures[figures.len() / 2]
}

/// Nanoseconds of one access of a thread, while so many threads make them.
fn time(threads: usize, each: Duration, access: &(impl Fn(u64) -> u32 + Sync)) -> f64 {
    let run = |times: u64, first: u64| {
        for index in first..first + times {
            black_box(access(black_box(index)));
        }
    };
    let mut times = 1000;
    let long_enough = |times| {
        let start = Instant::now();
        run(times, 0);
        start.elapsed() >= each
    };
    while !long_enough(times) {
        times *= 2;
    }
    let sample = |_| {
        let barrier = Barrier::new(threads);
        let run = |number: usize| {
            barrier.wait();
            let start = Instant::now();
            run(times, number as u64 * times);
            start.elapsed()
        };
        let slowest = thread::scope(|scope| {
            let run = &run;
            let all: Vec<_> = (0..threads)
                .map(|number| scope.spawn(move || run(number)))
                .collect();
            all.into_iter()
                .map(|thread| thread.join().expect("an access does not fail"))
                .max()
        });
        slowest.unwrap_or_default().as_secs_f64() * 1e9 / times as f64
    };
    median((0..SAMPLES).map(sample).collect())
}

/// Nanoseconds of one change, while other threads access memory.
fn beside(access: &(impl Fn(u64) -> u32 + Sync), each: Duration, change: &impl Fn()) -> f64 {
    let stop = AtomicBool::new(false);
    thread::scope(|scope| {
        for _ in 0..READERS {
            scope.spawn(|| {
                let mut index = 0;
                while !stop.load(Ordering::Relaxed) {
                    black_box(access(index));
                    index += 1;
                }
            });
        }
        let sample = |_| {
            let start = Instant::now();
            let mut times = 0;
            while start.elapsed() < each {
                change();
                times += 1;
            }
            start.elapsed().as_secs_f64() * 1e9 / f64::from(times)
        };
        let figure = median((0..SAMPLES).map(sample).collect());
        stop.store(true, Ordering::Relaxed);
        figure
    })
}
