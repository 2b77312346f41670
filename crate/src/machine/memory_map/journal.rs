//! `Journal`: the ranges of the flat view that have gone and come since a listener last asked.
//!
//! It begins with the first listener. A range that comes and goes in between leaves no trace, so the journal is never
//! longer than the two flat views.

use super::FlatView;

/// A range of the flat view, without the region itself: the journal must keep no memory alive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Seen {
    pub(crate) start: u64,
    pub(crate) last: u64,
    /// The id of the region that the range shows.
    pub(crate) region: u32,
    pub(crate) offset: u64,
}

/// The changes of the flat view.
#[derive(Debug, Default)]
pub(crate) struct Journal {
    /// In ascending order, as the other.
    pub(crate) gone: Vec<Seen>,
    pub(crate) come: Vec<Seen>,
}

impl Journal {
    /// Takes note of the ranges that a span touches, or borders on, as they are before a change.
    pub(crate) fn before(&mut self, flat: &FlatView, first: u64, last: u64) {
        each(flat, first, last, |range| {
            note(range, &mut self.gone, &mut self.come);
        });
    }

    /// Takes note of the same ranges as they are behind the change.
    pub(crate) fn after(&mut self, flat: &FlatView, first: u64, last: u64) {
        each(flat, first, last, |range| {
            note(range, &mut self.come, &mut self.gone);
        });
    }
}

/// Gives the ranges that a span touches, or borders on.
pub(super) fn each(flat: &FlatView, first: u64, last: u64, mut give: impl FnMut(Seen)) {
    let (mut from, last) = (Some(first.saturating_sub(1)), last.saturating_add(1));
    while let Some((range, last_of_region)) = from.and_then(|from| flat.whole(from))
        && range.start <= last
    {
        give(Seen {
            start: range.start,
            last: last_of_region,
            region: range.region.id(),
            offset: range.offset,
        });
        from = last_of_region.checked_add(1);
    }
}

/// Adds a range to a list, or takes it out of the other.
fn note(range: Seen, list: &mut Vec<Seen>, other: &mut Vec<Seen>) {
    let place = |list: &[Seen]| list.partition_point(|seen| seen.start < range.start);
    let index = place(other);
    if other.get(index) == Some(&range) {
        other.remove(index);
    } else {
        list.insert(place(list), range);
    }
}
