//! Tests of the raw accesses: widths, and copies in pieces.

use super::{copy, copy_pieces, load, store, width};
use std::cell::UnsafeCell;

#[test]
fn an_access_is_as_wide_as_alignment_and_length_allow() {
    for (addr, left, expected) in [
        (0, 8, 8),
        (0, 7, 4),
        (0, 3, 2),
        (0, 1, 1),
        (8, 8, 8),
        (16, 9, 8),
        (4, 8, 4),
        (12, 5, 4),
        (4, 3, 2),
        (2, 8, 2),
        (6, 4, 2),
        (1, 8, 1),
        (7, 1, 1),
        (usize::MAX, 8, 1),
    ] {
        assert_eq!(width(addr, left), expected, "{left} bytes at {addr:#x}");
    }
}

#[test]
fn loads_and_stores_move_exactly_their_bytes() {
    for offset in 0..9 {
        for len in 0..=20 {
            // 8-aligned, so that `offset` alone decides the alignment.
            let guest: [UnsafeCell<u64>; 4] = [0, 0, 0, 0].map(UnsafeCell::new);
            let base = guest.as_ptr().cast_mut().cast::<u8>();
            let from: Vec<u8> = (1..=20).collect();
            let mut into = [0xee; 20];
            // SAFETY: 32 bytes in cells, of which at most 28 are used; 20 bytes at each host pointer.
            unsafe {
                store(from.as_ptr(), base.wrapping_add(offset), len);
                load(base.wrapping_add(offset), into.as_mut_ptr(), len);
            }
            assert_eq!(into[..len], from[..len], "{len} bytes at {offset}");
            assert!(into[len..].iter().all(|byte| *byte == 0xee));
            let bytes: Vec<u8> = guest
                .into_iter()
                .flat_map(|word| word.into_inner().to_ne_bytes())
                .collect();
            assert_eq!(bytes[offset..offset + len], from[..len]);
            assert!(
                bytes[..offset]
                    .iter()
                    .chain(&bytes[offset + len..])
                    .all(|byte| *byte == 0)
            );
        }
    }
}

#[test]
fn overlapping_copies_read_before_they_write() {
    const SIZE: usize = 40;
    for (from, to) in [(0, 0), (0, 1), (1, 0), (0, 7), (9, 2), (3, 20), (20, 3)] {
        let lengths = 0..=SIZE - from.max(to);
        for len in lengths.step_by(if cfg!(miri) { 7 } else { 1 }) {
            for longest in [1, 3, 16, 1 << 30] {
                let mut expected: Vec<u8> = (0..).take(SIZE).collect();
                let mut bytes = expected.clone();
                expected.copy_within(from..from + len, to);
                let base = bytes.as_mut_ptr();
                // SAFETY: both ranges are inside the vector, which nothing else uses here.
                unsafe {
                    copy_pieces(base.wrapping_add(from), base.wrapping_add(to), len, longest)
                };
                assert_eq!(
                    bytes, expected,
                    "{len} bytes from {from} to {to} in pieces of {longest}"
                );

                let mut bytes: Vec<u8> = (0..).take(SIZE).collect();
                let base = bytes.as_mut_ptr();
                // SAFETY: as above.
                unsafe { copy(base.wrapping_add(from), base.wrapping_add(to), len) };
                assert_eq!(bytes, expected, "{len} bytes from {from} to {to}");
            }
        }
    }
}

/// An aligned value is one access: a reader sees the old or the new value, never a half of each.
#[cfg(not(target_family = "wasm"))]
#[test]
fn an_aligned_value_is_never_torn() {
    fn check<const N: usize>() {
        struct Shared(UnsafeCell<u64>);
        // SAFETY: only this module's accesses touch the cell, and these may race with each other.
        unsafe impl Sync for Shared {}
        let shared = Shared(UnsafeCell::new(0));
        let shared = &shared;
        let rounds = if cfg!(miri) { 100 } else { 100_000 };
        std::thread::scope(|scope| {
            scope.spawn(move || {
                for round in 0..rounds {
                    let value = [if round % 2 == 0 { 0xff } else { 0 }; N];
                    // SAFETY: N bytes at both places, N at most 8.
                    unsafe { store(value.as_ptr(), shared.0.get().cast(), N) };
                }
            });
            for _ in 0..rounds {
                let mut value = [0x55; N];
                // SAFETY: as above.
                unsafe { load(shared.0.get().cast(), value.as_mut_ptr(), N) };
                assert!(value == [0; N] || value == [0xff; N], "torn: {value:x?}");
            }
        });
    }
    check::<2>();
    check::<4>();
    check::<8>();
}
