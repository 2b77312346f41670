//! Pages that several ranges of the flat view show in parts.

use super::{GuestRange, guest_range};
use crate::linear::host::{PAGE_SHIFT, PAGE_SIZE};
use crate::machine::address_space::State;
use crate::machine::block::Block;
use crate::machine::ram_region::RamRegion;
use crate::model::guest_memory::GuestAddress;
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
    state: &State,
    window: (GuestAddress, GuestAddress),
    region: &RamRegion,
    page: usize,
    mut earlier: impl FnMut(GuestRange),
) -> Part {
    let in_block = region.pages().start + page;
    let (mut known, mut passed) = ([false; PAGE_SIZE], false);
    // Whether a range shows bytes of the page that no range before it has shown.
    let mut has_news = |other: &RamRegion| {
        let page = in_block - other.pages().start;
        let first = if page == 0 { other.phase() } else { 0 };
        let (_, length) = guest_range(other, page, page + 1);
        let bytes = known.iter_mut().skip(first).zip(0..length);
        bytes.fold(false, |news, (known, _)| {
            news | !core::mem::replace(known, true)
        })
    };
    for is_inside in [true, false] {
        let mut after = None;
        while let Some((other, range)) = next(state, region.block(), in_block, after) {
            after = Some(other.start_addr());
            let last = GuestAddress(range.0.0 + (range.1 - 1));
            if (last >= window.0 && range.0 <= window.1) != is_inside {
                continue;
            }
            let is_region = core::ptr::eq(other, region);
            match (has_news(other), is_region, passed) {
                (false, true, _) => return Part::Known,
                (true, false, true) => return Part::More,
                (true, false, false) => earlier(range),
                _ => passed |= is_region,
            }
        }
    }
    Part::Last
}

/// The lowest range, behind the one that begins at `after`, that shows bytes of a page of a block; and its part of the
/// page. It looks only where the block's region is placed.
fn next<'a>(
    state: &'a State,
    block: &Arc<Block>,
    page: usize,
    after: Option<GuestAddress>,
) -> Option<(&'a RamRegion, GuestRange)> {
    let mut lowest: Option<&RamRegion> = None;
    let start = block.span().start + ((page as u64) << PAGE_SHIFT);
    // Positions in blocks count from the start of a page, and a region may begin anywhere in its first page.
    let bytes = (
        start.saturating_sub(2 * PAGE_SIZE as u64),
        start + PAGE_SIZE as u64,
    );
    state.each_place(block.region(), bytes, |first, last| {
        for other in state
            .map
            .flat()
            .over(first, last)
            .filter_map(|range| range.memory.as_ref())
        {
            let start = other.start_addr();
            if Arc::ptr_eq(other.block(), block)
                && other.pages().contains(&page)
                && after.is_none_or(|after| start > after)
                && lowest.is_none_or(|lowest| start < lowest.start_addr())
            {
                lowest = Some(other);
            }
        }
    });
    let page = page - lowest?.pages().start;
    Some((lowest?, guest_range(lowest?, page, page + 1)))
}
