//! The rules of `Bytes`.

use super::runs::Runs;
use super::{Expect, Instead, Rule, answer, by, end, fail};
use crate::outcome::{Failure, Machine, Outcome, State};
use crate::scenario::{Access, Integer, Operation, Part, Place, Step, Stream, Type};
use std::io::ErrorKind;

/// An access to a whole memory, whose first bytes are there as `runs`.
pub fn on_memory(
    original: &mut dyn Machine,
    place: &Place,
    access: &Access,
    runs: &Runs,
) -> Option<(Rule, Instead)> {
    let (expected, completed) = (access.length(), runs.sum());
    // An atomic is in one slice or nowhere; and both crates refuse a range whose first byte is missing.
    if completed == 0 || matches!(access, Access::Store(..) | Access::Load(..)) {
        return None;
    }
    if access.is_whole() && completed < expected {
        let (rule, failure) = if runs.at_the_top {
            (Rule::NothingGoesOnAtZero, Failure::GuestAddressOverflow)
        } else {
            (
                Rule::WholeOrNothing,
                Failure::PartialBuffer {
                    expected,
                    completed,
                },
            )
        };
        return Some((rule, untouched(original, access, failure)?));
    }
    if let Some(instead) = short_read(place, access, runs) {
        return Some((Rule::ShortReadLeavesNoHole, instead));
    }
    if !runs.at_the_top {
        return None;
    }
    let shortened = Operation::Access(place.clone(), access.shortened(completed));
    let instead = if matches!(access, Access::Read(_)) {
        let Outcome::List(mut pair) = original.apply(&shortened) else {
            unreachable!("a count and a buffer")
        };
        if let Some(Outcome::Bytes(buffer)) = pair.get_mut(1) {
            buffer.resize(expected, crate::UNTOUCHED);
        }
        answer(Outcome::List(pair))
    } else {
        by(shortened)
    };
    Some((Rule::NothingGoesOnAtZero, instead?))
}

/// An access to a region or a slice.
pub fn on_region(
    original: &mut dyn Machine,
    state: &State,
    place: &Place,
    access: &Access,
) -> Option<(Rule, Instead)> {
    let count = state.regions.len().max(1);
    let (at, length) = match place {
        Place::Region(index, at) => (*at as usize, state.regions.get(index % count)?.bytes.len()),
        Place::Slice(part, at) => (*at, part.is_in(state).then_some(part.length)?),
        Place::Memory(_) | Place::Virtual(_) => return None,
    };
    let expected = access.length();
    let outside = match place {
        Place::Slice(..) => Failure::OutOfBounds(at),
        _ => Failure::InvalidBackendAddress,
    };
    let partial = matches!(access, Access::ReadFrom(..) | Access::WriteTo(..));
    let (rule, instead) = match access {
        _ if !access.is_stream() => {
            let partly = at < length && end(at as u64, expected) > length as u128;
            if !access.is_whole() || !partly {
                return None;
            }
            let completed = length - at;
            (
                Rule::WholeOrNothing,
                untouched(
                    original,
                    access,
                    Failure::PartialBuffer {
                        expected,
                        completed,
                    },
                ),
            )
        }
        _ if expected == 0 && at > length => {
            let place = match place {
                Place::Region(index, _) => Place::Region(*index, 0),
                Place::Slice(part, _) => Place::Slice(*part, 0),
                _ => return None,
            };
            (
                Rule::NoBytesAnywhere,
                by(Operation::Access(place, access.clone())),
            )
        }
        _ if partial && expected > 0 && at == length => {
            (Rule::StreamAtTheEnd, untouched(original, access, outside))
        }
        _ if partial && expected > 0 && at > length => {
            (Rule::NoHostAddress, untouched(original, access, outside))
        }
        _ => return None,
    };
    Some((rule, instead?))
}

/// A failure, with the buffer or the stream as it was.
fn untouched(original: &mut dyn Machine, access: &Access, failure: Failure) -> Option<Instead> {
    match access {
        Access::ReadSlice(length) => answer(Outcome::pair(
            Outcome::Failed(failure),
            Outcome::Bytes(vec![crate::UNTOUCHED; *length]),
        )),
        _ if access.is_stream() => {
            // An empty range of a whole memory lies in no slice, so no stream is asked.
            let nothing = Operation::Access(Place::Memory(0), access.shortened(0));
            let Outcome::List(mut list) = original.apply(&nothing) else {
                unreachable!("a result and a stream")
            };
            list[0] = Outcome::Failed(failure);
            answer(Outcome::List(list))
        }
        _ => fail(failure),
    }
}

/// A scripted stream that gives fewer bytes than a slice takes: its bytes are written without a gap, and nothing is
/// written if it gives all. A whole transfer goes on until the stream has no more.
fn short_read(place: &Place, access: &Access, runs: &Runs) -> Option<Instead> {
    let (mut steps, exact) = match access {
        Access::ReadFrom(Stream::Script(steps), _) => (&steps[..], false),
        Access::ReadExactFrom(Stream::Script(steps), _) => (&steps[..], true),
        _ => return None,
    };
    let (mut done, mut short, mut refused) = (0, false, false);
    'all: for run in &runs.lengths {
        let mut left = *run;
        while left > 0 {
            let step = steps.split_off_first();
            let given = match step {
                Some(Step::Interrupted) => continue,
                Some(Step::Refused) => {
                    refused = true;
                    break 'all;
                }
                Some(Step::Some(count)) => left.min(*count),
                None => 0,
            };
            (done, left) = (done + given, left - given);
            short |= left > 0;
            if left > 0 && (!exact || given == 0) {
                break 'all;
            }
        }
    }
    let result = match (refused, exact) {
        (true, _) => Outcome::Failed(Failure::Io(ErrorKind::PermissionDenied)),
        (false, false) => Outcome::Number(done as u64),
        (false, true) if done == access.length() => Outcome::Done,
        (false, true) => Outcome::Failed(Failure::PartialBuffer {
            expected: access.length(),
            completed: done,
        }),
    };
    let given: Vec<u8> = (0..done).map(|at| (at as u8).wrapping_add(1)).collect();
    let stream = Outcome::pair(
        Outcome::Number(steps.len() as u64),
        Outcome::Bytes(given.clone()),
    );
    short.then(|| Instead {
        expect: Some(Expect::Exactly(Outcome::pair(result, stream))),
        by: Some(Operation::Access(place.clone(), Access::Write(given))),
    })
}

impl Access {
    /// The number of bytes asked for.
    pub fn length(&self) -> usize {
        match self {
            Access::Write(bytes) | Access::WriteSlice(bytes) => bytes.len(),
            Access::Read(length)
            | Access::ReadSlice(length)
            | Access::ReadFrom(_, length)
            | Access::ReadExactFrom(_, length)
            | Access::WriteTo(_, length)
            | Access::WriteAllTo(_, length) => *length,
            Access::WriteObject(of, _) | Access::ReadObject(of) => match of {
                Type::U8 => 1,
                Type::U16 => 2,
                Type::U32 => 4,
                Type::U64 => 8,
                Type::U128 => 16,
                Type::Three => 3,
                Type::Nine => 9,
                Type::Nothing => 0,
            },
            Access::Store(of, ..) | Access::Load(of, _) => match of {
                Integer::U8 => 1,
                Integer::U16 => 2,
                Integer::U32 | Integer::I32 => 4,
                Integer::U64 | Integer::Usize => 8,
            },
        }
    }

    /// The permission that the access to the memory needs, as a bit.
    pub fn permission(&self) -> u8 {
        use Access::{ReadExactFrom, ReadFrom, Store, Write, WriteObject, WriteSlice};
        match self {
            Write(_) | WriteSlice(_) | WriteObject(..) | Store(..) | ReadFrom(..)
            | ReadExactFrom(..) => 2,
            _ => 1,
        }
    }

    /// The same access for fewer bytes, if it may be partial.
    fn shortened(&self, length: usize) -> Access {
        match self {
            Access::Write(bytes) => Access::Write(bytes[..length].to_vec()),
            Access::Read(_) => Access::Read(length),
            Access::ReadFrom(stream, _) => Access::ReadFrom(stream.clone(), length),
            Access::ReadExactFrom(stream, _) => Access::ReadExactFrom(stream.clone(), length),
            Access::WriteTo(stream, _) => Access::WriteTo(stream.clone(), length),
            Access::WriteAllTo(stream, _) => Access::WriteAllTo(stream.clone(), length),
            whole => whole.clone(),
        }
    }

    /// Whether the access moves all bytes or fails.
    fn is_whole(&self) -> bool {
        use Access::{ReadExactFrom, ReadObject, ReadSlice, WriteAllTo, WriteObject, WriteSlice};
        matches!(
            self,
            WriteSlice(_)
                | ReadSlice(_)
                | WriteObject(..)
                | ReadObject(_)
                | ReadExactFrom(..)
                | WriteAllTo(..)
        )
    }

    fn is_stream(&self) -> bool {
        use Access::{ReadExactFrom, ReadFrom, WriteAllTo, WriteTo};
        matches!(
            self,
            ReadFrom(..) | ReadExactFrom(..) | WriteTo(..) | WriteAllTo(..)
        )
    }
}

impl Part {
    /// Whether the region has the part.
    pub fn is_in(&self, state: &State) -> bool {
        let region = state.regions.get(self.region % state.regions.len().max(1));
        region.is_some_and(|region| {
            end(self.offset as u64, self.length) <= region.bytes.len() as u128
        })
    }
}
