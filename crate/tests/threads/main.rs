//! Threads on the same bytes and on the same map, without a lock. `cargo test` runs them as they are.
//! scripts/thread-sanitizer.mjs runs them under ThreadSanitizer, which reports each plain access that races.
#![cfg(all(
    not(target_family = "wasm"),
    feature = "backend-atomic",
    feature = "backend-bitmap",
    feature = "backend-mmap"
))]

mod maps;
mod marks;
mod pages;
mod values;

use guest_memory::bitmap::AtomicBitmap;
use guest_memory::{GuestAddress, GuestMemoryMmap};
use std::sync::Barrier;
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
