//! Pages that several ranges of the flat view show in parts.

use super::{GuestRange, guest_range};
use crate::linear::host::PAGE_SIZE;
use crate::machine::memory_map::FlatView;
use crate::machine::ram_region::RamRegion;
use crate::model::guest_memory::{GuestAddress, GuestMemoryBackend};
use std::sync::Arc;

/// The part of a page that a range shows, where it does not show all of it.
pub(super) enum Part {
    /// Lower addresses show the bytes too.
    Known,
    /// No lower address shows the bytes, and addresses that come later, or outside the window, show other bytes.
    More,
    /// No lower address shows the bytes, and no address that comes later shows other bytes.
    Last,
}

/// The part of its `page` that `region` shows, among the ranges in `window`. Calls `earlier` with each lower range that
/// shows bytes that no range below it shows.
pub(super) fn part(
    view: &FlatView,
    window: (GuestAddress, GuestAddress),
    region: &RamRegion,
    page: usize,
    mut earlier: impl FnMut(GuestRange),
) -> Part {
    let in_block = region.pages().start + page;
    let (mut known, mut passed) = ([false; PAGE_SIZE], false);
    // The part of the page that a range shows, if it is inside the window or outside, as asked.
    let shown = |other: &RamRegion, wanted: bool| {
        let pages = other.pages();
        if !Arc::ptr_eq(other.block(), region.block()) || !pages.contains(&in_block) {
            return None;
        }
        let page = in_block - pages.start;
        let range = guest_range(other, page, page + 1);
        let last = GuestAddress(range.0.0 + (range.1 - 1));
        let is_inside = last >= window.0 && range.0 <= window.1;
        let first = if page == 0 { other.phase() } else { 0 };
        (is_inside == wanted).then_some((range, first))
    };
    // Whether such a part has bytes that no part before it has.
    let mut has_news = |(range, first): (GuestRange, usize)| {
        let bytes = known.iter_mut().skip(first).zip(0..range.1);
        bytes.fold(false, |news, (known, _)| {
            news | !core::mem::replace(known, true)
        })
    };
    for other in view.iter() {
        let Some(part) = shown(other, true) else {
            continue;
        };
        let is_region = core::ptr::eq(other, region);
        match (has_news(part), is_region, passed) {
            (false, true, _) => return Part::Known,
            (true, false, true) => return Part::More,
            (true, false, false) => earlier(part.0),
            _ => passed |= is_region,
        }
    }
    let mut outside = view.iter().filter_map(|other| shown(other, false));
    match outside.any(has_news) {
        true => Part::More,
        false => Part::Last,
    }
}
