//! Marks and releases: another thread that sees one of them may read the bytes that were written before.

use super::{BOUNDARY, ROUNDS, both, memory};
use guest_memory::bitmap::AtomicBitmap;
use guest_memory::{Address, Bytes, GuestAddress, GuestMemoryRegion, GuestRegionMmap};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

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
