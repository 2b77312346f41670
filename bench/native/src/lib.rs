//! One set of benchmark cases, compiled twice: on vm-memory 0.18 ([`original`]) and on the core ([`ours`]). Both have
//! the same names, so the same text serves both, and neither side can be written better than the other.

use std::hint::black_box;

#[cfg(not(target_family = "wasm"))]
pub mod original;
pub mod ours;

/// A case to measure.
pub struct Case {
    /// The case's name in the table.
    pub name: String,
    /// Runs the case the given number of times.
    pub run: Box<dyn FnMut(u64)>,
}

impl Case {
    /// A case that calls `step` with 0, 1, 2 and so on. The compiler cannot drop the results.
    fn new<R>(name: impl Into<String>, mut step: impl FnMut(usize) -> R + 'static) -> Case {
        let run = move |times| {
            for index in 0..times {
                black_box(step(black_box(index as usize)));
            }
        };
        Case {
            name: name.into(),
            run: Box::new(run),
        }
    }
}

/// The number of addresses in [`scattered`].
const ADDRESSES: usize = 1024;

/// Addresses below `end`, multiples of `alignment`, that no processor guesses. Both sides get the same ones.
fn scattered(end: u64, alignment: u64) -> impl Fn(usize) -> u64 {
    let mut state = 1_u64;
    let addresses: Box<[u64; ADDRESSES]> = Box::new(std::array::from_fn(|_| {
        // Knuth's linear congruential generator; only the upper half is random.
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 32) % (end / alignment) * alignment
    }));
    move |index| addresses[index % ADDRESSES]
}
