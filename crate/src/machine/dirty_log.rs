//! Dirty clients of an address space: each asks which guest pages were written since it last asked.

use crate::linear::dirty_map::{self, CLIENTS};
use crate::linear::host::{PAGE_SHIFT, PAGE_SIZE};
use crate::machine::address_space::AddressSpace;
use crate::machine::fault::Fault;
use crate::machine::memory_map::{Access, Backing};
use crate::machine::ram_region::RamRegion;
use crate::machine::traps;
use crate::model::guest_memory::GuestAddress;
use crate::model::region::GuestMemoryRegion;

mod by_region;
mod part;

pub use by_region::{collect_region, give_back_region};
use part::{Part, part};

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

/// The window of a collection from all addresses.
pub(crate) const EVERYWHERE: (GuestAddress, GuestAddress) =
    (GuestAddress(0), GuestAddress(u64::MAX));

impl AddressSpace {
    /// Opens a dirty client and gives its bit, 0 to 6. It starts clean: no page of the machine is dirty for it, whether
    /// an address shows the page or not. All pages of a region that enters the machine later are.
    ///
    /// # Errors
    ///
    /// `TooManyClients` where seven are open already.
    pub fn open_dirty_client(&self) -> Result<u8, Fault> {
        self.siblings.open_client()
    }

    /// Closes a client; another client can get its bit. Closing a client that is not open does nothing.
    pub fn close_dirty_client(&self, client: u8) {
        if client < CLIENTS {
            self.siblings.close_client(client);
        }
    }

    /// Collects the ranges written since `client` last asked, from guest address `from` on, into `ranges`: whole pages
    /// clipped to regions, in ascending order, adjacent ones merged. Gives how many ranges there are, and the address
    /// to go on from if `ranges` was filled before the end. Bytes that aliases show too are reported once, at the
    /// lowest address. Where several ranges show different bytes of one page, each range is reported that shows bytes
    /// that no lower address shows. The marks of pages that no address shows are kept. Allocates nothing. A client that
    /// is not open may be given any ranges.
    ///
    /// A page is 4 KiB of a region, or what the region has of it. A display that wants its rows apart gives each row a page,
    /// or a region of its own.
    ///
    /// A page's mark is cleared before the page is reported, so a later write is never lost. A page whose ranges come
    /// in several calls keeps its mark, because it may be written between the calls: it is reported again.
    ///
    /// ```
    /// use guest_memory::{AddressSpace, GuestAddress};
    /// let space = AddressSpace::from_ranges(&[(GuestAddress(0), 0x8000)])?;
    /// let client = space.open_dirty_client()?;
    /// for page in [0_u64, 3, 5, 6] {
    ///     space.write_obj(1_u8, GuestAddress(page << 12))?;
    /// }
    /// let mut ranges = [(GuestAddress(0), 0); 2]; // as many at a time
    /// let (mut from, mut all) = (Some(GuestAddress(0)), Vec::new());
    /// while let Some(start) = from {
    ///     let (count, next) = space.collect_dirty(client, start, &mut ranges);
    ///     all.extend(ranges[..count].iter().map(|range| (range.0.0, range.1)));
    ///     from = next;
    /// }
    /// assert_eq!(all, [(0, 0x1000), (0x3000, 0x1000), (0x5000, 0x2000)]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn collect_dirty(
        &self,
        client: u8,
        from: GuestAddress,
        ranges: &mut [GuestRange],
    ) -> (usize, Option<GuestAddress>) {
        self.collect(client, EVERYWHERE, from, ranges, false)
    }

    /// As [`collect_dirty`](Self::collect_dirty), for the pages that have a byte in `window`, its first and its last
    /// address. Whole pages are reported, so a range may begin before the window and end behind it. A page of which
    /// addresses outside the window show further bytes keeps its mark, so that these are not lost: it is reported each
    /// time.
    pub fn collect_dirty_in(
        &self,
        client: u8,
        window: (GuestAddress, GuestAddress),
        from: GuestAddress,
        ranges: &mut [GuestRange],
    ) -> (usize, Option<GuestAddress>) {
        self.collect(client, window, from, ranges, false)
    }

    /// As [`collect_dirty_in`](Self::collect_dirty_in). `undisturbed` promises that nothing is written between the
    /// calls of one collection, so that no mark need be kept.
    pub(crate) fn collect(
        &self,
        client: u8,
        window: (GuestAddress, GuestAddress),
        from: GuestAddress,
        ranges: &mut [GuestRange],
        undisturbed: bool,
    ) -> (usize, Option<GuestAddress>) {
        let mut merged = Merged { ranges, filled: 0 };
        if client >= CLIENTS || window.1 < from {
            return (0, None);
        }
        let (state, bit) = (self.state(), 1 << client);
        let shown = state.map.flat().over(from.0.max(window.0.0), window.1.0);
        for region in shown.filter_map(|range| range.memory.as_ref()) {
            let marks = region.marks();
            let mut page = page_of(region, from.max(window.0));
            let behind = page_of(region, window.1) + 1;
            let marks = marks.get(..behind).unwrap_or(marks);
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
                    match part(&state, window, region, page, earlier) {
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

    /// Marks a range as written, after a write through a view or by JIT code, and springs its write traps. External memory
    /// has no marks, but it may have traps.
    ///
    /// # Errors
    ///
    /// The errors of [`check_range`](Self::check_range). On an error nothing is marked.
    pub fn mark_dirty(&self, address: GuestAddress, length: u64) -> Result<(), Fault> {
        self.mark(address, length, dirty_map::MARK)?;
        let last = address.0.saturating_add(length.saturating_sub(1));
        if length > 0 && traps::any() {
            for range in self.view().flat().over(address.0, last) {
                let (start, end) = (range.start.max(address.0), range.last.min(last));
                let offset = |at: u64| range.offset + (at - range.start);
                traps::written(range.region.id(), offset(start)..offset(end) + 1);
            }
        }
        Ok(())
    }

    /// Marks a range as written, for the facade, which springs the traps by itself.
    #[cfg(all(target_arch = "wasm32", target_os = "unknown"))]
    pub(crate) fn mark_alone(&self, address: GuestAddress, length: u64) -> Result<(), Fault> {
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
        let regions = map.flat().over(address.0, last.0);
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
