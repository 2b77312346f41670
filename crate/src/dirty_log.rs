//! Dirty clients of an address space: who asks which guest pages were written since they last asked.

use crate::address_space::AddressSpace;
use crate::dirty_map::{self, CLIENTS};
use crate::fault::Fault;
use crate::guest_memory::{GuestAddress, GuestMemoryBackend};
use crate::host::PAGE_SHIFT;
use crate::memory_map::{Access, Backing};
use crate::ram_region::RamRegion;
use crate::region::GuestMemoryRegion;
use core::sync::atomic::Ordering;

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
    /// Opens a dirty client and gives its bit, 0 to 6. It starts clean: what was written before is not reported.
    ///
    /// # Errors
    ///
    /// `TooManyClients` where seven are open.
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

    /// Closes a client; its bit can be given to another. A client that is not open is left so.
    pub fn close_dirty_client(&self, client: u8) {
        if client < CLIENTS {
            self.clients.fetch_and(!(1 << client), Ordering::SeqCst);
        }
    }

    /// Collects the ranges written since `client` last asked, from guest address `from` on, into `ranges`: whole pages
    /// clipped to regions, adjacent ones merged, ascending. Gives how many there are, and where to go on if `ranges`
    /// was filled before the end. Each page's mark is cleared before the page is reported, so that a write that comes
    /// after is never lost. What aliases show too is reported once, at the lowest address. Allocates nothing.
    pub fn collect_dirty(
        &self,
        client: u8,
        from: GuestAddress,
        ranges: &mut [GuestRange],
    ) -> (usize, Option<GuestAddress>) {
        let mut merged = Merged { ranges, filled: 0 };
        if client >= CLIENTS {
            return (0, None);
        }
        for region in self
            .view()
            .flat()
            .iter()
            .filter(|region| region.last_addr() >= from)
        {
            let marks = region.marks();
            let mut page = page_of(region, from);
            loop {
                page = dirty_map::find(marks, page, 1 << client, true);
                if page >= marks.len() {
                    break;
                }
                let end = dirty_map::find(marks, page, 1 << client, false);
                let range = guest_range(region, page, end);
                if !merged.push(range) {
                    return (merged.filled, Some(range.0));
                }
                dirty_map::clear(&marks[page..end], 1 << client);
                page = end;
            }
        }
        (merged.filled, None)
    }

    /// Marks a range as written, for who wrote it through a view or from a JIT. External memory has no marks.
    ///
    /// # Errors
    ///
    /// Those of [`check_range`](Self::check_range); nothing is marked then.
    pub fn mark_dirty(&self, address: GuestAddress, length: u64) -> Result<(), Fault> {
        self.mark(address, length, dirty_map::MARK)
    }

    /// Says that a range was shown to a caller who may write it at any time: it is zeroed before somebody else has it.
    ///
    /// # Errors
    ///
    /// Those of [`check_range`](Self::check_range).
    pub fn expose(&self, address: GuestAddress, length: u64) -> Result<(), Fault> {
        self.mark(address, length, dirty_map::EVER)
    }

    fn mark(&self, address: GuestAddress, length: u64, bits: u8) -> Result<(), Fault> {
        let map = self.view();
        map.check_backing(address, length, Access::NONE, Backing::Bytes)?;
        let Some(to_last) = length.checked_sub(1) else {
            return Ok(());
        };
        let last = GuestAddress(address.0 + to_last); // there: the range was checked
        let regions = map.flat().over(address.0, last.0).iter();
        for region in regions.filter_map(|range| range.memory.as_ref()) {
            region.mark(page_of(region, address)..page_of(region, last) + 1, bits);
        }
        Ok(())
    }
}

/// Ranges in ascending order; one that begins where the last ends is joined to it.
struct Merged<'a> {
    ranges: &'a mut [GuestRange],
    filled: usize,
}

impl Merged<'_> {
    /// Adds a range; false, and nothing added, where there is no room.
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
}

/// The number of the page of `region` that holds a guest address, or its first or last page.
fn page_of(region: &RamRegion, address: GuestAddress) -> usize {
    let inside = address.0.clamp(region.start_addr().0, region.last_addr().0);
    // Fits: the region is in linear memory.
    let offset = usize::try_from(inside - region.start_addr().0).unwrap_or(0);
    (region.phase() + offset) >> PAGE_SHIFT
}

/// The guest addresses of pages `[page, end)` of `region`, clipped to it.
fn guest_range(region: &RamRegion, page: usize, end: usize) -> GuestRange {
    // By the bytes' offsets in the region: guest and host pages need not agree.
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
mod tests {
    use super::*;

    fn space(ranges: &[(u64, u64)]) -> AddressSpace {
        let ranges: Vec<_> = ranges
            .iter()
            .map(|&(start, size)| (GuestAddress(start), size))
            .collect();
        AddressSpace::from_ranges(&ranges).unwrap()
    }

    fn collect(space: &AddressSpace, client: u8) -> Vec<(u64, u64)> {
        let mut ranges = [(GuestAddress(0), 0); 2];
        let (mut all, mut from) = (Vec::new(), Some(GuestAddress(0)));
        while let Some(address) = from {
            let (count, next) = space.collect_dirty(client, address, &mut ranges);
            all.extend(
                ranges[..count]
                    .iter()
                    .map(|&(start, length)| (start.0, length)),
            );
            from = next;
        }
        all
    }

    #[test]
    fn whole_pages_clipped_to_regions_and_merged() {
        let space = space(&[
            (0x800, 0x2000),
            (0x2800, 0x800),
            (0x9000, 0x5000),
            (u64::MAX - 0x7ff, 0x800),
        ]);
        let client = space.open_dirty_client().unwrap();
        assert_eq!(collect(&space, client), []);
        for address in [0x27ff, 0x2800, 0x900, 0x9000, 0xb000, 0xd000, u64::MAX] {
            space.write_obj(1_u8, GuestAddress(address)).unwrap();
        }
        let expected = [
            (0x800, 0x800),
            (0x2000, 0x1000),
            (0x9000, 0x1000),
            (0xb000, 0x1000),
            (0xd000, 0x1000),
            (u64::MAX - 0x7ff, 0x800),
        ];
        assert_eq!(collect(&space, client), expected);
        assert_eq!(collect(&space, client), []);
    }

    #[test]
    fn clients_are_independent_and_start_clean() {
        let space = space(&[(0, 0x4000)]);
        let first = space.open_dirty_client().unwrap();
        space.fill(GuestAddress(0x1fff), 1, 2).unwrap();
        let second = space.open_dirty_client().unwrap();
        assert_eq!(collect(&space, second), []);
        space.mark_dirty(GuestAddress(0x3000), 1).unwrap();
        assert_eq!(collect(&space, second), [(0x3000, 0x1000)]);
        assert_eq!(collect(&space, first), [(0x1000, 0x3000)]);
        let others: Vec<_> = (0..5).map(|_| space.open_dirty_client().unwrap()).collect();
        assert_eq!(space.open_dirty_client(), Err(Fault::TooManyClients));
        space.close_dirty_client(others[2]);
        space.close_dirty_client(200);
        assert_eq!(space.open_dirty_client(), Ok(others[2]));
    }

    #[test]
    fn reading_and_showing_do_not_dirty() {
        let space = space(&[(0, 0x4000)]);
        let client = space.open_dirty_client().unwrap();
        let _: u64 = space.read_obj(GuestAddress(0x1ffc)).unwrap();
        space.expose(GuestAddress(0), 0x4000).unwrap();
        assert_eq!(collect(&space, client), []);
        assert_eq!(
            space
                .mark_dirty(GuestAddress(0x3fff), 2)
                .unwrap_err()
                .code(),
            2
        );
        assert_eq!(collect(&space, client), []);
    }
}
