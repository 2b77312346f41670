//! The rules of all other operations.

use super::runs::Runs;
use super::{Expect, Instead, Rule, TOP, answer, by, end, fail};
use crate::outcome::{Failure, Machine, Outcome, State};
use crate::scenario::{
    AddressMethod, ArrayMethod, How, IommuMethod, Operation, Part, Question, SliceMethod, Type,
};

/// A question about a range that passes 2^64 and is backed up to it: the answer for the backed part.
pub fn past_the_end(
    original: &mut dyn Machine,
    question: Question,
    at: u64,
    runs: &Runs,
) -> Option<(Rule, Instead)> {
    if !runs.at_the_top {
        return None;
    }
    let there = Operation::Memory(question, at, runs.sum());
    let instead = match question {
        Question::CheckRange => answer(Outcome::Flag(false)),
        Question::Slices => {
            let Outcome::List(mut slices) = original.apply(&there) else {
                unreachable!("a list of slices")
            };
            slices.push(Outcome::Failed(Failure::GuestAddressOverflow));
            Some(Instead {
                expect: Some(Expect::Exactly(Outcome::List(slices))),
                by: Some(there),
            })
        }
        Question::SlicesUntilError | Question::TryAccess => by(there),
        _ => None,
    };
    Some((Rule::NothingGoesOnAtZero, instead?))
}

/// The answer for an empty range of I/O virtual addresses: it needs no mapping, and so no permission.
pub fn no_bytes(method: &IommuMethod) -> Option<Outcome> {
    match method {
        IommuMethod::Lookup(_, 0, _) | IommuMethod::Slices(_, 0, _) => {
            Some(Outcome::List(Vec::new()))
        }
        IommuMethod::CheckRange(_, 0, _) => Some(Outcome::Flag(true)),
        _ => None,
    }
}

/// A slice's method that the original answers.
pub fn slice_difference(
    state: &State,
    part: &Part,
    method: &SliceMethod,
    theirs: &Outcome,
) -> Option<(Rule, Instead)> {
    match method {
        SliceMethod::Offset(count) | SliceMethod::SplitAt(count)
            if *count > part.length && part.is_in(state) =>
        {
            Some((Rule::NoHostAddress, fail(Failure::OutOfBounds(*count))?))
        }
        SliceMethod::Array(Type::Nothing, offset, count, method)
            if *theirs
                == Outcome::Failed(Failure::TooBig {
                    nelements: *count,
                    size: 0,
                }) =>
        {
            // As many as the original can count.
            let method =
                SliceMethod::Array(Type::Nothing, *offset, isize::MAX as usize, method.clone());
            Some((
                Rule::ValuesWithoutBytes,
                by(Operation::Slice(*part, method))?,
            ))
        }
        _ => None,
    }
}

/// Values without bytes: the original divides by their size, or reads them all the same, which a sanitizer takes for a
/// read of the byte behind.
pub fn without_bytes(
    original: &mut dyn Machine,
    part: &Part,
    method: &SliceMethod,
) -> Option<Instead> {
    let nothing = Outcome::Bytes(Vec::new());
    let copied = |count: &usize| Outcome::pair(Outcome::Number(*count as u64), nothing.clone());
    let (offset, outcome) = match method {
        SliceMethod::CopyTo(Type::Nothing, count) => (0, copied(count)),
        SliceMethod::CopyFrom(Type::Nothing, _) => (0, Outcome::Done),
        SliceMethod::LoadRef(Type::Nothing, offset) => {
            let place = Outcome::pair(Outcome::Number(*offset as u64), Outcome::Number(0));
            (
                *offset,
                Outcome::List(vec![nothing, Outcome::Number(0), place]),
            )
        }
        SliceMethod::StoreRef(Type::Nothing, offset, _) => (*offset, Outcome::Done),
        SliceMethod::Array(Type::Nothing, offset, count, method) => match method {
            ArrayMethod::Load(_) | ArrayMethod::Store(..) if *count == 0 => {
                (*offset, Outcome::Nothing)
            }
            ArrayMethod::Load(_) => (*offset, nothing),
            ArrayMethod::Store(..) => (*offset, Outcome::Done),
            ArrayMethod::CopyTo(room) => (*offset, copied(count.min(room))),
            _ => return None,
        },
        _ => return None,
    };
    // The part may not be there, nor the offset in it.
    match original.apply(&Operation::Slice(*part, SliceMethod::EndOffset(offset, 0))) {
        Outcome::Number(_) => answer(outcome),
        refused => answer(refused),
    }
}

/// The results for which the original's operators panic.
pub fn wrapped(method: AddressMethod, one: u64, two: u64) -> Option<u64> {
    let (wrapped, wraps) = match method {
        AddressMethod::UncheckedAdd => one.overflowing_add(two),
        AddressMethod::UncheckedSub | AddressMethod::UncheckedOffsetFrom => {
            one.overflowing_sub(two)
        }
        AddressMethod::UncheckedAlignUp => {
            let (sum, wraps) = one.overflowing_add(two - 1);
            (sum & !(two - 1), wraps)
        }
        _ => return None,
    };
    wraps.then_some(wrapped)
}

/// The fault of a list of regions of which one is empty or passes 2^64, checked in their order.
pub fn wrong_regions(how: How, ranges: &[(u64, usize)]) -> Option<Failure> {
    let wrong = |(start, length): &(u64, usize)| *length == 0 || end(*start, *length) > TOP;
    if matches!(how, How::Mapped) || !ranges.iter().any(wrong) {
        return None;
    }
    let mut before: Vec<(u64, usize)> = Vec::new();
    for range in ranges {
        let (start, length) = *range;
        let overlaps = |(from, of): &(u64, usize)| {
            u128::from(start) < end(*from, *of) && u128::from(*from) < end(start, length)
        };
        if length == 0 {
            return Some(Failure::NoMemoryRegion);
        }
        if end(start, length) > TOP {
            return Some(Failure::MemoryRegionOverlap);
        }
        if matches!(how, How::Claims)
            && before.last().is_some_and(|(previous, _)| *previous > start)
        {
            return Some(Failure::UnsortedMemoryRegions);
        }
        if before.iter().any(overlaps) {
            return Some(Failure::MemoryRegionOverlap);
        }
        before.push(*range);
    }
    unreachable!("one of them is wrong")
}
