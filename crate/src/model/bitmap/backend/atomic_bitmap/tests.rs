//! [`AtomicBitmap`] against a set of pages, at every boundary of a word.

use super::*;
use crate::model::bitmap::tests::test_bitmap;
use std::collections::BTreeSet;

fn bitmap(byte_size: usize, page_size: usize) -> AtomicBitmap {
    AtomicBitmap::new(byte_size, NonZeroUsize::new(page_size).unwrap())
}

fn marked(bitmap: &AtomicBitmap) -> BTreeSet<usize> {
    (0..bitmap.len() + 130)
        .filter(|page| bitmap.is_bit_set(*page))
        .collect()
}

#[test]
fn it_is_a_bitmap() {
    test_bitmap(&bitmap(0x4000, 0x1000), 0x1000);
    test_bitmap(&bitmap(400, 100), 100);
    let system = AtomicBitmap::with_len(1 << 20);
    test_bitmap(&system, (1 << 20) / system.len());
}

const EDGES: [usize; 15] = [
    0,
    1,
    2,
    62,
    63,
    64,
    65,
    127,
    128,
    129,
    190,
    199,
    200,
    300,
    usize::MAX,
];

#[test]
fn ranges_mark_and_forget_exactly_their_pages() {
    // Miri, which takes 10,000 times as long, runs a part of the cases.
    let step = if cfg!(miri) { 6 } else { 1 };
    for page_size in [1, 3, 4].into_iter().step_by(step) {
        for pages in [65, 1, 63, 64, 128, 200].into_iter().step_by(step) {
            for start in EDGES.into_iter().step_by(step) {
                for len in EDGES.into_iter().step_by(step) {
                    let bitmap = bitmap(pages * page_size - (page_size - 1), page_size);
                    assert_eq!(bitmap.len(), pages);
                    let last = start.saturating_add(len.saturating_sub(1)) / page_size;
                    let expected: BTreeSet<_> = (0..pages)
                        .filter(|page| len > 0 && (start / page_size..=last).contains(page))
                        .collect();
                    bitmap.set_addr_range(start, len);
                    assert_eq!(marked(&bitmap), expected, "{len} from {start} of {pages}");
                    let words = bitmap.clone().get_and_reset();
                    let ones: u32 = words.iter().map(|word| word.count_ones()).sum();
                    assert_eq!(ones as usize, expected.len(), "no bit past the end");

                    bitmap.set_addr_range(0, usize::MAX);
                    bitmap.reset_addr_range(start, len);
                    let others: BTreeSet<_> =
                        (0..pages).filter(|page| !expected.contains(page)).collect();
                    assert_eq!(marked(&bitmap), others);
                }
            }
        }
    }
}

/// Any number of a word's pages can be marked at once.
#[test]
fn a_range_leaves_the_marks_beside_it() {
    let bitmap = bitmap(192, 1);
    for (start, len) in [(1, 190), (2, 62), (64, 64), (65, 126), (100, 1)] {
        bitmap.reset();
        bitmap.set_bit(start - 1);
        bitmap.set_bit(start + len);
        bitmap.set_addr_range(start, len);
        assert_eq!(marked(&bitmap), (start - 1..=start + len).collect());
        bitmap.reset_addr_range(start, len);
        assert_eq!(marked(&bitmap), BTreeSet::from([start - 1, start + len]));
    }
}

#[test]
fn marks_are_taken_by_word() {
    let bitmap = bitmap(130 * 4096, 4096);
    for page in [0, 63, 64, 129, 130, usize::MAX] {
        bitmap.set_bit(page);
    }
    assert_eq!(marked(&bitmap), BTreeSet::from([0, 63, 64, 129]));
    bitmap.reset_bit(64);
    bitmap.reset_bit(usize::MAX);
    let copy = bitmap.clone();
    assert_eq!(bitmap.get_and_reset(), [1 << 63 | 1, 0, 2]);
    assert_eq!(bitmap.get_and_reset(), [0, 0, 0]);
    assert_eq!(marked(&copy).len(), 3, "a copy of its own");
    copy.reset();
    assert!(marked(&copy).is_empty());
}

#[test]
fn it_grows_and_keeps_its_marks() {
    let mut bitmap = bitmap(4096 * 64 - 1, 4096);
    bitmap.set_bit(63);
    bitmap.enlarge(1);
    assert_eq!((bitmap.len(), bitmap.byte_size()), (64, 4096 * 64));
    bitmap.enlarge(1);
    assert_eq!((bitmap.len(), bitmap.byte_size()), (65, 4096 * 64 + 1));
    bitmap.mark_dirty(4096 * 64, 1);
    assert_eq!(bitmap.get_and_reset(), [1 << 63, 1]);

    let mut empty = AtomicBitmap::default();
    empty.mark_dirty(0, usize::MAX);
    assert_eq!(
        (empty.len(), empty.byte_size(), empty.dirty_at(0)),
        (0, 0, false)
    );
    empty.enlarge(4097);
    assert_eq!(empty.len(), 2);
}

/// Each thread marks its own pages and whole words that all threads share, while a collector takes the marks.
#[cfg(not(target_family = "wasm"))]
#[test]
fn no_mark_is_lost_between_threads() {
    let bitmap = bitmap(256, 1);
    let mut seen = [0u64; 4];
    std::thread::scope(|scope| {
        for thread in 0..4 {
            let bitmap = &bitmap;
            scope.spawn(move || {
                for page in (thread..256).step_by(4) {
                    bitmap.set_bit(page);
                    bitmap.set_addr_range(64, 128);
                }
            });
        }
        for _ in 0..100 {
            for (all, word) in seen.iter_mut().zip(bitmap.get_and_reset()) {
                *all |= word;
            }
        }
    });
    for (all, word) in seen.iter_mut().zip(bitmap.get_and_reset()) {
        *all |= word;
    }
    assert_eq!(seen, [u64::MAX; 4]);
}
