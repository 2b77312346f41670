//! Dirty clients of an address space: each asks which guest pages were written since it last asked.

use crate::linear::dirty_map::{self, CLIENTS};
use crate::linear::host::{PAGE_SHIFT, PAGE_SIZE};
use crate::machine::address_space::AddressSpace;
use crate::machine::fault::Fault;
use crate::machine::memory_map::{Access, Backing, FlatView};
use crate::machine::ram_region::RamRegion;
use crate::model::guest_memory::{GuestAddress, GuestMemoryBackend};
use crate::model::region::GuestMemoryRegion;
use core::sync::atomic::Ordering;
use std::sync::Arc;

/// A range of guest addresses: start and length in bytes.
///
/// ```
/// use guest_memory::{AddressSpace, GuestAddress, dirty_log::GuestRange};
/// let space = AddressSpace::from_ranges(&[(GuestAddress(0), 0x4000)])?;
/// let client = space.open_dirty_client()?;
/// space.write_obj(5u32, GuestAddress(0x1ffe))?;
/// let mut ranges: [GuestRange; 4] = Default::default();
/// let (count, _more) = space.collect_dirty(client, GuestAddress(0), &mut ranges);
/// assert_eq!(ranges[..count], [(GuestAddress(0x1000), 0x2000)]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub type GuestRange = (GuestAddress, u64);

impl AddressSpace {
    /// Opens a dirty client and gives its bit, 0 to 6. It starts clean: earlier writes are not reported.
    ///
    /// # Errors
    ///
    /// `TooManyClients` where seven are open already.
    pub fn open_dirty_client(&self) -> Result<u8, Fault> {
        let free = |open: u8| (0..CLIENTS).find(|&client| open & (1 << client) == 0);
        let take = |open: u8| Some(open | 1 << free(open)?);
        let taken = self
            .clients
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, take);
        let client = taken.ok().and_then(free).ok_or(Fault::TooManyClients)?;
        for region in self.view().flat().iter() {
            dirty_map::clear(region.marks(), 1 << client);
        }
        Ok(client)
    }

    /// Closes a client; another client can get its bit. Closing a client that is not open does nothing.
    pub fn close_dirty_client(&self, client: u8) {
        if client < CLIENTS {
            self.clients.fetch_and(!(1 << client), Ordering::SeqCst);
        }
    }

    /// Collects the ranges written since `client` last asked, from guest address `from` on, into `ranges`: whole pages
    /// clipped to regions, in ascending order, adjacent ones merged. Gives how many ranges there are, and the address
    /// to go on from if `ranges` was filled before the end. Bytes that aliases show too are reported once, at the
    /// lowest address. Where several ranges show different bytes of one page, each range is reported that shows bytes
    /// that no lower address shows. Allocates nothing.
    ///
    /// A page's mark is cleared before the page is reported, so a later write is never lost. A page whose ranges come
    /// in several calls keeps its mark, because it may be written between the calls: it is reported again.
    pub fn collect_dirty(
        &self,
        client: u8,
        from: GuestAddress,
        ranges: &mut [GuestRange],
    ) -> (usize, Option<GuestAddress>) {
        self.collect(client, from, ranges, false)
    }

    /// As [`collect_dirty`](Self::collect_dirty). `undisturbed` promises that nothing is written between the calls of
    /// one collection, so that no mark need be kept.
    pub(crate) fn collect(
        &self,
        client: u8,
        from: GuestAddress,
        ranges: &mut [GuestRange],
        undisturbed: bool,
    ) -> (usize, Option<GuestAddress>) {
        let mut merged = Merged { ranges, filled: 0 };
        if client >= CLIENTS {
            return (0, None);
        }
        let (map, bit) = (self.view(), 1 << client);
        let regions = map.flat().iter();
        for region in regions.filter(|region| region.last_addr() >= from) {
            let marks = region.marks();
            let mut page = page_of(region, from);
            loop {
                page = dirty_map::find(marks, page, bit, true);
                if page >= marks.len() {
                    break;
                }
                let (mut end, mut keep) = (page + 1, false);
                if shows_whole(region, page) {
                    end = dirty_map::find(marks, page, bit, false);
                    end -= usize::from(!shows_whole(region, end - 1));
                } else {
                    let mut split = false;
                    let earlier = |range| split |= !merged.has(range);
                    match part(map.flat(), region, page, earlier) {
                        Part::Known => {
                            page = end;
                            continue;
                        }
                        Part::More => keep = true,
                        Part::Last => keep = split && !undisturbed,
                    }
                }
                let range = guest_range(region, page, end);
                if !merged.push(range) {
                    return (merged.filled, Some(range.0));
                }
                if !keep {
                    dirty_map::clear(&marks[page..end], bit);
                }
                page = end;
            }
        }
        (merged.filled, None)
    }

    /// Marks a range as written, after a write through a view or by JIT code. External memory has no marks.
    ///
    /// # Errors
    ///
    /// The errors of [`check_range`](Self::check_range). On an error nothing is marked.
    pub fn mark_dirty(&self, address: GuestAddress, length: u64) -> Result<(), Fault> {
        self.mark(address, length, dirty_map::MARK)
    }

    /// Records that a caller may write a range at any time: its pages are zeroed before another owner gets them.
    ///
    /// # Errors
    ///
    /// The errors of [`check_range`](Self::check_range).
    pub fn expose(&self, address: GuestAddress, length: u64) -> Result<(), Fault> {
        self.mark(address, length, dirty_map::EVER)
    }

    fn mark(&self, address: GuestAddress, length: u64, bits: u8) -> Result<(), Fault> {
        let map = self.view();
        map.check_backing(address, length, Access::NONE, Backing::Bytes)?;
        let Some(to_last) = length.checked_sub(1) else {
            return Ok(());
        };
        let last = GuestAddress(address.0 + to_last); // inside: the range was checked
        let regions = map.flat().over(address.0, last.0).iter();
        for region in regions.filter_map(|range| range.memory.as_ref()) {
            region.mark(page_of(region, address)..page_of(region, last) + 1, bits);
        }
        Ok(())
    }
}

/// Ranges in ascending order. A range that begins at the end of the last one is joined to it.
struct Merged<'a> {
    ranges: &'a mut [GuestRange],
    filled: usize,
}

impl Merged<'_> {
    /// Adds a range. Gives false, and adds nothing, where there is no room.
    fn push(&mut self, (start, length): GuestRange) -> bool {
        if let Some((last, last_length)) = self.filled.checked_sub(1).map(|last| self.ranges[last])
            && last.0.checked_add(last_length) == Some(start.0)
        {
            self.ranges[self.filled - 1].1 += length;
            return true;
        }
        let Some(slot) = self.ranges.get_mut(self.filled) else {
            return false;
        };
        *slot = (start, length);
        self.filled += 1;
        true
    }

    /// Whether the list covers all of a range.
    fn has(&self, (start, length): GuestRange) -> bool {
        let all_of_it = |&(from, size): &GuestRange| {
            let before = start.0.checked_sub(from.0);
            before.is_some_and(|before| before + length <= size)
        };
        self.ranges[..self.filled].iter().any(all_of_it)
    }
}

/// The part of a page that a range shows, where it does not show all of it.
enum Part {
    /// Lower addresses show the bytes too.
    Known,
    /// No lower address shows the bytes, and higher addresses show other bytes.
    More,
    /// No lower address shows the bytes, and no higher address shows other bytes.
    Last,
}

/// The part of its `page` that `region` shows. Calls `earlier` with each lower range that shows bytes that no range
/// below it shows.
fn part(
    view: &FlatView,
    region: &RamRegion,
    page: usize,
    mut earlier: impl FnMut(GuestRange),
) -> Part {
    let in_block = region.pages().start + page;
    let (mut known, mut passed) = ([false; PAGE_SIZE], false);
    for other in view.iter() {
        let pages = other.pages();
        if !Arc::ptr_eq(other.block(), region.block()) || !pages.contains(&in_block) {
            continue;
        }
        let page = in_block - pages.start;
        let range = guest_range(other, page, page + 1);
        let first = if page == 0 { other.phase() } else { 0 };
        let shown = known.iter_mut().skip(first).zip(0..range.1);
        let news = shown.fold(false, |news, (known, _)| {
            news | !core::mem::replace(known, true)
        });
        let is_region = core::ptr::eq(other, region);
        match (news, is_region, passed) {
            (false, true, _) => return Part::Known,
            (true, false, true) => return Part::More,
            (true, false, false) => earlier(range),
            _ => passed |= is_region,
        }
    }
    Part::Last
}

/// Whether a range shows every byte of one of its pages.
fn shows_whole(region: &RamRegion, page: usize) -> bool {
    guest_range(region, page, page + 1).1 == PAGE_SIZE as u64
}

/// The number of the page of `region` that holds a guest address; its first or last page for an address outside.
fn page_of(region: &RamRegion, address: GuestAddress) -> usize {
    let inside = address.0.clamp(region.start_addr().0, region.last_addr().0);
    // Fits: the region is in linear memory.
    let offset = usize::try_from(inside - region.start_addr().0).unwrap_or(0);
    (region.phase() + offset) >> PAGE_SHIFT
}

/// The guest addresses of pages `[page, end)` of `region`, clipped to it.
fn guest_range(region: &RamRegion, page: usize, end: usize) -> GuestRange {
    // Counted by the bytes' offsets in the region: guest and host pages need not agree.
    let before = region.phase() as u64;
    let byte = |page: usize| (page as u64) << PAGE_SHIFT;
    let first = byte(page).saturating_sub(before);
    let last = (byte(end) - 1 - before).min(region.len() - 1);
    (
        GuestAddress(region.start_addr().0 + first),
        last - first + 1,
    )
}

#[cfg(test)]
mod tests;
