//! Views: whether JavaScript may hold a typed array over the linear memory.
//!
//! By default it may at any time. The facade promises to tell of each view that it gives to its user; from then on the
//! answer is exact, until a caller asks for the memory itself and makes views unseen.

use crate::sync::atomic::{AtomicU8, Ordering};

/// Views may be made unseen, and no promise was made.
const UNTOLD: u8 = 0;
/// There is no view.
const ABSENT: u8 = 1;
/// There may be a view.
const PRESENT: u8 = 2;
/// Views may be made unseen, whatever is promised.
const UNSEEN: u8 = 3;

/// One of the above.
static STATE: AtomicU8 = AtomicU8::new(UNTOLD);

fn change(from: u8, to: u8) -> bool {
    STATE
        .compare_exchange(from, to, Ordering::SeqCst, Ordering::SeqCst)
        .is_ok()
}

/// The facade will tell of each view, and has given none so far.
pub(crate) fn will_be_told() {
    change(UNTOLD, ABSENT);
}

/// A caller gets a view.
pub(crate) fn given() {
    change(ABSENT, PRESENT);
}

/// A caller gets the memory itself.
pub(crate) fn are_unseen() {
    STATE.store(UNSEEN, Ordering::SeqCst);
}

/// Whether there may be a view. The caller ends all views now.
pub(crate) fn may_exist() -> bool {
    change(PRESENT, ABSENT) || STATE.load(Ordering::SeqCst) != ABSENT
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn views_are_absent_only_where_each_is_told() {
        assert!(may_exist() && may_exist());
        given();
        assert!(may_exist() && may_exist());
        will_be_told();
        assert!(!may_exist());
        given();
        given();
        assert!(may_exist() && !may_exist());
        will_be_told();
        assert!(!may_exist());
        are_unseen();
        will_be_told();
        given();
        assert!(may_exist() && may_exist());
    }
}
