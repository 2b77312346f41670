//! The backed part of a range, and its slices.

use super::{TOP, end};
use crate::outcome::{Machine, Outcome, Region, State};
use crate::scenario::{IommuMethod, Operation};

/// The lengths of the slices that make up a range, up to a hole or 2^64.
#[derive(Default)]
pub struct Runs {
    pub lengths: Vec<usize>,
    /// Whether all bytes up to 2^64 are backed, and the range goes on.
    pub at_the_top: bool,
}

impl Runs {
    pub fn sum(&self) -> usize {
        self.lengths.iter().sum()
    }
}

/// The runs of a range of guest addresses.
pub fn runs_of(state: &State, at: u64, length: usize) -> Runs {
    let mut runs = Runs::default();
    let (mut at, mut left) = (u128::from(at), length);
    while left > 0 && at < TOP {
        let stop = |region: &Region| end(region.start, region.bytes.len());
        let has = |region: &&Region| u128::from(region.start) <= at && at < stop(region);
        let Some(region) = state.regions.iter().find(has) else {
            return runs;
        };
        let run = left.min((stop(region) - at) as usize);
        runs.lengths.push(run);
        (at, left) = (at + run as u128, left - run);
    }
    runs.at_the_top = left > 0;
    runs
}

/// The runs of a range of I/O virtual addresses, by the original's own mappings.
pub fn translated_runs(
    original: &mut dyn Machine,
    state: &State,
    at: u64,
    length: usize,
    permission: u8,
) -> Runs {
    let mut runs = Runs::default();
    let Outcome::List(ranges) = original.apply(&Operation::Iommu(IommuMethod::Lookup(
        at, length, permission,
    ))) else {
        return runs;
    };
    for range in ranges {
        let Outcome::List(pair) = range else {
            unreachable!("a lookup gives pairs")
        };
        let [Outcome::Number(base), Outcome::Number(length)] = pair[..] else {
            unreachable!("a lookup gives pairs of numbers")
        };
        let of = runs_of(state, base, length as usize);
        let whole = of.sum() == length as usize;
        runs.lengths.extend(of.lengths);
        if !whole {
            break;
        }
    }
    runs
}
