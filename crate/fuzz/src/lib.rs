//! Sameness with the original: vm-memory and guest-memory do the same operations and are compared after each.
//!
//! ```text
//!   bytes ──generate──▶ Scenario ──driver, compiled for vm-memory────▶ Outcome, State ─┐
//!                          │                                                           ├─ equal, or as a rule says
//!                          └───────driver, compiled for guest-memory─▶ Outcome, State ─┘
//! ```
//!
//! An outcome is a result, an error's variant with all that it carries, and the buffer or the stream after the
//! operation. A state is every byte and every mark. `rules.rs` alone has the differences that are meant.

mod generate;
mod original;
mod ours;
pub mod outcome;
pub mod rules;
pub mod scenario;

use arbitrary::{Arbitrary, Unstructured};
use outcome::{Machine, Outcome, State};
use rules::{Expect, Rule, Rules};
use scenario::{Operation, Scenario};
use std::collections::BTreeSet;

/// The bytes of buffers before they are read into, and of sinks before they are written to.
const UNTOUCHED: u8 = 0xee;

/// The scenario that a fuzzer's bytes stand for; `None` if there are too few.
pub fn scenario(bytes: &[u8]) -> Option<Scenario> {
    Scenario::arbitrary_take_rest(Unstructured::new(bytes)).ok()
}

/// Runs a scenario on both crates, and gives the rules that were needed.
///
/// # Panics
/// At the first operation after which the two are not the same.
pub fn compare(scenario: &Scenario) -> BTreeSet<Rule> {
    let mut original = original::driver::machine(scenario);
    let mut ours = ours::driver::machine(scenario);
    let mut before = original.state();
    assert_eq!(
        before,
        ours.state(),
        "(original, ours) before anything was done"
    );
    let mut rules = Rules::new(scenario);
    for (number, operation) in scenario.operations.iter().enumerate() {
        let told = || format!("by operation {number}, {operation:?}, of {scenario:#?}");
        let expected = expected(&mut rules, original.as_mut(), operation, &before);
        let outcome = ours.apply(operation);
        match expected {
            Expect::Exactly(expected) => {
                assert_eq!(expected, outcome, "(expected, ours) {}", told())
            }
            Expect::Refusal => assert!(rules::refuses(&outcome), "{outcome:?} {}", told()),
        }
        let state = original.state();
        assert_eq!(
            state,
            ours.state(),
            "(expected, ours) from {before:?} {}",
            told()
        );
        before = state;
    }
    rules.used
}

/// The answer that ours must give. The original is brought to the state that ours must have.
fn expected(
    rules: &mut Rules,
    original: &mut dyn Machine,
    operation: &Operation,
    before: &State,
) -> Expect {
    if let Some(instead) = rules.instead_of_asking(original, operation) {
        return instead.take(original);
    }
    let theirs = original.apply(operation);
    let Some(instead) = rules.instead_of(original, operation, &theirs, before) else {
        return Expect::Exactly(theirs);
    };
    original.restore(before);
    instead.take(original)
}

impl rules::Instead {
    fn take(self, original: &mut dyn Machine) -> Expect {
        let by = self.by.map(|operation| original.apply(&operation));
        match (self.expect, by) {
            (Some(expect), _) => expect,
            (None, by) => Expect::Exactly(by.unwrap_or(Outcome::Done)),
        }
    }
}
