//! Pages that several ranges of the flat view show in parts.

use super::{GuestRange, guest_range};
use crate::linear::host::PAGE_SIZE;
use crate::machine::memory_map::FlatView;
use crate::machine::ram_region::RamRegion;
use crate::model::guest_memory::{GuestAddress, GuestMemoryBackend};
use crate::model::region::GuestMemoryRegion;
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
    // Whether a range shows bytes of the page that no range before it has shown.
    let mut news = |other: &RamRegion| {
        let pages = other.pages();
        if !Arc::ptr_eq(other.block(), region.block()) || !pages.contains(&in_block) {
            return None;
        }
        let page = in_block - pages.start;
        let range = guest_range(other, page, page + 1);
        let first = if page == 0 { other.phase() } else { 0 };
        let shown = known.iter_mut().skip(first).zip(0..range.1);
        let news = shown.fold(false, |news, (known, _)| {
            news | !core::mem::replace(known, true)
        });
        Some((range, news))
    };
    let inside =
        |other: &&RamRegion| other.last_addr() >= window.0 && other.start_addr() <= window.1;
    for other in view.iter().filter(inside) {
        let Some((range, news)) = news(other) else {
            continue;
        };
        let is_region = core::ptr::eq(other, region);
        match (news, is_region, passed) {
            (false, true, _) => return Part::Known,
            (true, false, true) => return Part::More,
            (true, false, false) => earlier(range),
            _ => passed |= is_region,
        }
    }
    let mut outside = view.iter().filter(|other| !inside(other));
    match outside.any(|other| news(other).is_some_and(|(_, news)| news)) {
        true => Part::More,
        false => Part::Last,
    }
}
