//! Where guest-memory is meant to differ from vm-memory: each difference is a rule; docs/vm-memory.md gives its reason.
//!
//! A rule has the operations for which it holds, the answer that ours must give, and another operation of the original
//! that does what ours must do (or none: nothing changes). So ours is compared with the original alone: there is no
//! second implementation.

use crate::outcome::{Failure, Machine, Outcome, State};
use crate::scenario::{Access, IommuMethod, Operation, Ordering, Place, Question, Scenario};
use runs::{Runs, runs_of, translated_runs};
use std::collections::BTreeSet;

mod access;
mod others;
mod runs;

/// A difference.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Rule {
    /// A whole transfer is checked first, and nothing is moved if a part is missing.
    WholeOrNothing,
    /// A stream that gives fewer bytes than a region takes leaves no gap in the filled bytes; a whole transfer goes on.
    ShortReadLeavesNoHole,
    /// A range that reaches 2^64 does not continue at 0.
    NothingGoesOnAtZero,
    /// A transfer of some bytes between a stream and the very end of a region or slice is an error, as with a buffer.
    StreamAtTheEnd,
    /// An empty range is never missing: neither for a stream nor for `try_access`, which makes no call.
    NoBytesAnywhere,
    /// An error names an offset in a slice, not an address of the host.
    NoHostAddress,
    /// An ordering that `std` refuses by a panic is taken as `SeqCst`.
    OrderingNotRefused,
    /// `unchecked_` arithmetic wraps, where the original panics in a debug build.
    UncheckedWraps,
    /// Values without bytes are copied, and there may be any number of them.
    ValuesWithoutBytes,
    /// Regions that are empty or pass 2^64 make up no memory.
    RegionsAreRight,
    /// An empty mapping, or one past 2^64, is an error; no address is in a range past 2^64.
    MappingsAreRight,
    /// A range of addresses that ends before it starts is empty.
    InvertedRangeIsEmpty,
}

impl Rule {
    pub const ALL: [Rule; 12] = [
        Rule::WholeOrNothing,
        Rule::ShortReadLeavesNoHole,
        Rule::NothingGoesOnAtZero,
        Rule::StreamAtTheEnd,
        Rule::NoBytesAnywhere,
        Rule::NoHostAddress,
        Rule::OrderingNotRefused,
        Rule::UncheckedWraps,
        Rule::ValuesWithoutBytes,
        Rule::RegionsAreRight,
        Rule::MappingsAreRight,
        Rule::InvertedRangeIsEmpty,
    ];
}

/// The answer that ours must give.
pub enum Expect {
    Exactly(Outcome),
    /// Any error, or `false`, and nothing moved.
    Refusal,
}

/// The rule's answer in place of the original's own.
pub struct Instead {
    /// The answer; `None` stands for the answer of `by`.
    pub expect: Option<Expect>,
    /// The operation that the original does instead.
    pub by: Option<Operation>,
}

/// The rules, and the facts that they remember of a run.
pub struct Rules {
    pub used: BTreeSet<Rule>,
    mapped: bool,
    translates: bool,
}

fn answer(outcome: Outcome) -> Option<Instead> {
    Some(Instead {
        expect: Some(Expect::Exactly(outcome)),
        by: None,
    })
}

fn fail(failure: Failure) -> Option<Instead> {
    answer(Outcome::Failed(failure))
}

fn by(operation: Operation) -> Option<Instead> {
    Some(Instead {
        expect: None,
        by: Some(operation),
    })
}

fn refused(outcome: &Outcome) -> Option<()> {
    refuses(outcome).then_some(())
}

/// Whether an outcome is an error, `false`, or either with an untouched buffer.
pub fn refuses(outcome: &Outcome) -> bool {
    match outcome {
        Outcome::Failed(_) | Outcome::Flag(false) => true,
        Outcome::List(list) => list.first().is_some_and(refuses),
        _ => false,
    }
}

impl Rules {
    pub fn new(scenario: &Scenario) -> Self {
        Rules {
            used: BTreeSet::new(),
            mapped: scenario.mapped,
            translates: true,
        }
    }

    /// The answer where the original cannot be asked, because it panics (sometimes in debug builds only).
    pub fn instead_of_asking(
        &mut self,
        original: &mut dyn Machine,
        operation: &Operation,
    ) -> Option<Instead> {
        let (rule, instead) = match operation {
            Operation::Access(place, access) => self.access_not_asked(place, access)?,
            Operation::Slice(part, method) => (
                Rule::ValuesWithoutBytes,
                others::without_bytes(original, part, method)?,
            ),
            Operation::Address(method, one, two) => {
                let number = Outcome::Number(others::wrapped(*method, *one, *two)?);
                (
                    Rule::UncheckedWraps,
                    answer(Outcome::pair(number.clone(), number))?,
                )
            }
            Operation::Build(how, ranges) => (
                Rule::RegionsAreRight,
                fail(others::wrong_regions(*how, ranges)?)?,
            ),
            // With mappings, neither crate makes a region there.
            Operation::Insert(start, length) if end(*start, *length) > TOP && !self.mapped => {
                (Rule::RegionsAreRight, fail(Failure::MemoryRegionOverlap)?)
            }
            Operation::Iommu(method) => self.mapping_not_asked(method)?,
            Operation::Memory(Question::TryAccess, _, 0) => {
                let pair = Outcome::pair(Outcome::Number(0), Outcome::List(Vec::new()));
                (Rule::NoBytesAnywhere, answer(pair)?)
            }
            _ => return None,
        };
        self.used.insert(rule);
        Some(instead)
    }

    /// The answer where the original answers, and ours must answer otherwise.
    pub fn instead_of(
        &mut self,
        original: &mut dyn Machine,
        operation: &Operation,
        theirs: &Outcome,
        before: &State,
    ) -> Option<Instead> {
        let (rule, instead) = match operation {
            Operation::Access(Place::Virtual(_), access)
                if access.length() == 0 && self.translates =>
            {
                refused(theirs)?;
                // An empty range of a whole memory lies in no slice, so no slice is asked.
                let nothing = Operation::Access(Place::Memory(0), access.clone());
                (Rule::NoBytesAnywhere, by(nothing)?)
            }
            Operation::Iommu(method)
                if others::no_bytes(method).is_some()
                    && (self.translates || matches!(method, IommuMethod::Lookup(..))) =>
            {
                refused(theirs)?;
                (Rule::NoBytesAnywhere, answer(others::no_bytes(method)?)?)
            }
            Operation::Access(place, access) => match self.runs(original, before, place, access) {
                Some(runs) => access::on_memory(original, place, access, &runs)?,
                None => access::on_region(original, before, place, access)?,
            },
            Operation::Memory(question, at, length) => {
                let runs = runs_of(before, *at, *length);
                others::past_the_end(original, *question, *at, &runs)?
            }
            Operation::Iommu(IommuMethod::Slices(at, length, _)) if !self.translates => {
                let runs = runs_of(before, *at, *length);
                others::past_the_end(original, Question::Slices, *at, &runs)?
            }
            Operation::Iommu(IommuMethod::CheckRange(at, length, _)) if !self.translates => {
                let runs = runs_of(before, *at, *length);
                others::past_the_end(original, Question::CheckRange, *at, &runs)?
            }
            Operation::Slice(part, method) => {
                others::slice_difference(before, part, method, theirs)?
            }
            _ => return None,
        };
        self.used.insert(rule);
        Some(instead)
    }

    /// The part of a range of a whole memory that is there; `None` for an access to a region or a slice.
    fn runs(
        &self,
        original: &mut dyn Machine,
        state: &State,
        place: &Place,
        access: &Access,
    ) -> Option<Runs> {
        let length = access.length();
        match place {
            Place::Virtual(at) if self.translates => Some(translated_runs(
                original,
                state,
                *at,
                length,
                access.permission(),
            )),
            Place::Memory(at) | Place::Virtual(at) => Some(runs_of(state, *at, length)),
            _ => None,
        }
    }

    fn access_not_asked(&self, place: &Place, access: &Access) -> Option<(Rule, Instead)> {
        use Ordering::{AcqRel, Acquire, Release, SeqCst};
        if let Place::Virtual(at) = place
            && self.translates
            && past(*at, access.length())
        {
            return Some((Rule::MappingsAreRight, refusal()));
        }
        let access = match access {
            Access::Store(of, value, Acquire | AcqRel) => Access::Store(*of, *value, SeqCst),
            Access::Load(of, Release | AcqRel) => Access::Load(*of, SeqCst),
            _ => return None,
        };
        Some((
            Rule::OrderingNotRefused,
            by(Operation::Access(place.clone(), access))?,
        ))
    }

    fn mapping_not_asked(&mut self, method: &IommuMethod) -> Option<(Rule, Instead)> {
        let instead = match *method {
            IommuMethod::Enable(enabled) => {
                self.translates = enabled;
                return None;
            }
            IommuMethod::Set(iova, to, length, _) => {
                let wrong = length == 0 || past(iova, length) || end(to, length) > TOP;
                fail(Failure::Misconfigured).filter(|_| wrong)
            }
            IommuMethod::Invalidate(_, 0) | IommuMethod::Invalidate(u64::MAX, _) => {
                answer(Outcome::Done)
            }
            // As much as the original can hold.
            IommuMethod::Invalidate(iova, length) if past(iova, length) => by(Operation::Iommu(
                IommuMethod::Invalidate(iova, (u64::MAX - iova) as usize),
            )),
            IommuMethod::Lookup(iova, length, _) if end(iova, length) > TOP => {
                let misses = vec![(iova, length)];
                fail(Failure::Fails {
                    misses,
                    access: Vec::new(),
                })
            }
            IommuMethod::Lookup(iova, length, _) if past(iova, length) => Some(refusal()),
            IommuMethod::CheckRange(iova, length, _) if self.translates && past(iova, length) => {
                answer(Outcome::Flag(false))
            }
            IommuMethod::Slices(iova, length, _) if self.translates && end(iova, length) > TOP => {
                fail(Failure::GuestAddressOverflow)
            }
            IommuMethod::Slices(iova, length, _) if self.translates && past(iova, length) => {
                Some(refusal())
            }
            IommuMethod::Range(from, to) if from > to => {
                let pair = Outcome::pair(Outcome::Number(from), Outcome::Number(0));
                return Some((Rule::InvertedRangeIsEmpty, answer(pair)?));
            }
            _ => None,
        };
        Some((Rule::MappingsAreRight, instead?))
    }
}

fn refusal() -> Instead {
    Instead {
        expect: Some(Expect::Refusal),
        by: None,
    }
}

/// 2^64.
const TOP: u128 = 1 << 64;

fn end(start: u64, length: usize) -> u128 {
    u128::from(start) + length as u128
}

/// Whether the end does not fit into a `u64`, as the original's ranges ask.
fn past(start: u64, length: usize) -> bool {
    end(start, length) >= TOP
}
