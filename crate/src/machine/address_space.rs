//! `AddressSpace`: the guest-physical memory of one VM, or another view of it.
//!
//! ```text
//!   AddressSpace ─┬─ State ─┬─ Placement …   regions, where they lie          (address_space/state.rs)
//!                 │         ├─ MemoryMap     what every address shows: a snapshot, replaced or changed in place
//!                 │         └─ Watches
//!                 ├─ PageTable               the same for the first 4 GiB, page by page
//!                 └─ Siblings                the machine: its regions with bytes, its open dirty clients
//! ```
//!
//! The map and the page table change only here, so they always agree. Rust devices use the space as
//! vm-memory's `GuestAddressSpace`: `memory()` gives a snapshot that stays valid while it is held.

use crate::linear::allocator;
use crate::linear::host::{self, PAGE_SIZE};
use crate::machine::block::Block;
use crate::machine::fault::Fault;
use crate::machine::memory_map::{Access, Backing, MemoryMap, Region, RegionKind};
use crate::machine::page_table::PageTable;
use crate::machine::ram_region::RamRegion;
use crate::machine::region_list;
use crate::machine::siblings::Siblings;
use crate::machine::spaces;
use crate::machine::span::{self, Run};
use crate::model::guest_memory::{GuestAddress, GuestUsize};
use crate::sync::{PoisonError, RwLock, RwLockWriteGuard};
pub use generic::{FlatSnapshot, FlatSpace};
pub use showing::RegionAt;
pub(crate) use state::State;
use std::sync::Arc;
use transaction::Turn;

mod aliases;
mod changes;
mod generic;
mod protection;
mod scalars;
mod showing;
mod state;
mod transaction;
pub(crate) mod trapping;

/// The guest-physical memory of one VM: a map of regions, a page table for the first 4 GiB, a dirty log.
///
/// # Examples
///
/// ```
/// use guest_memory::{AddressSpace, GuestAddress};
///
/// let space = AddressSpace::from_ranges(&[(GuestAddress(0), 0x1000), (GuestAddress(0x1000), 0x1000)])?;
/// space.write_obj(0x1234_5678_u32.to_le(), GuestAddress(0xffe))?;
/// assert_eq!(space.read_obj::<u16>(GuestAddress(0x1000))?, 0x1234_u16.to_le());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct AddressSpace {
    /// Locked for a moment at a time; a thread that changes the map has the turn besides, for a whole transaction.
    state: RwLock<State>,
    turn: Turn,
    table: PageTable,
    /// The state that the address spaces of the machine share.
    pub(crate) siblings: Arc<Siblings>,
}

impl AddressSpace {
    /// Makes an address space with an empty map.
    ///
    /// # Errors
    ///
    /// `OutOfMemory` where linear memory cannot hold its page table.
    pub fn new() -> Result<Self, Fault> {
        Self::beside(Arc::default())
    }

    /// Makes a sibling: another address space of the same machine, with an empty map. It is the view of the CPU's I/O
    /// ports, for example, or of another bus master. Aliases can show this space's regions there. Both spaces share the
    /// seven dirty clients.
    ///
    /// # Errors
    ///
    /// `OutOfMemory` where linear memory cannot hold its page table.
    pub fn sibling(&self) -> Result<Self, Fault> {
        Self::beside(Arc::clone(&self.siblings))
    }

    fn beside(siblings: Arc<Siblings>) -> Result<Self, Fault> {
        let table = PageTable::new(siblings.id()).ok_or(Fault::OutOfMemory { bytes: 0 })?;
        host::keep_heap_headroom(1);
        Ok(AddressSpace {
            state: RwLock::default(),
            turn: Turn::default(),
            table,
            siblings,
        })
    }

    /// Makes an address space with these regions of RAM, `(start, size in bytes)`, all zero.
    ///
    /// # Errors
    ///
    /// `NoMemoryRegion` for an empty list, `EmptyRegion`, `GuestAddressOverflow` for a region that passes 2^64,
    /// `UnsortedMemoryRegions`, `MemoryRegionOverlap`, `OutOfMemory`. On an error nothing is allocated.
    pub fn from_ranges(ranges: &[(GuestAddress, GuestUsize)]) -> Result<Self, Fault> {
        region_list::check_regions(ranges)?;
        let total = ranges
            .iter()
            .fold(0_u64, |sum, &(_, size)| sum.saturating_add(size));
        let out_of_memory = |_| Fault::OutOfMemory { bytes: total };
        let space = Self::new().map_err(out_of_memory)?;
        // An error drops the space and all regions that were mapped so far.
        space.transaction(|space| {
            let mut ranges = ranges.iter();
            ranges.try_for_each(|&(start, size)| {
                space.insert(start, size).map(drop).map_err(out_of_memory)
            })
        })?;
        Ok(space)
    }

    /// Adds a region of `size` zero bytes of RAM, with the name "ram".
    ///
    /// # Errors
    ///
    /// `EmptyRegion`, `GuestAddressOverflow`, `MemoryRegionOverlap`, `OutOfMemory`. On an error the map is unchanged.
    pub fn insert_region(
        &self,
        start: GuestAddress,
        size: GuestUsize,
    ) -> Result<Arc<Region>, Fault> {
        region_list::check_region(start, size)?;
        let _turn = self.turn.take();
        // Checked before memory is allocated for the region.
        self.check_vacant(start, size, 0)?;
        self.insert(start, size)
    }

    fn insert(&self, start: GuestAddress, size: GuestUsize) -> Result<Arc<Region>, Fault> {
        let region = Region::new("ram", RegionKind::Ram, start, size)?;
        self.map(&region, start, 0)?;
        Ok(region)
    }

    /// Removes the RAM region with exactly this start and size. Its bytes are freed with their last holder.
    ///
    /// # Errors
    ///
    /// `NoMemoryRegion` where no region has exactly this start and size.
    pub fn remove_region(
        &self,
        start: GuestAddress,
        size: GuestUsize,
    ) -> Result<Arc<Region>, Fault> {
        let region = self.placed(|placed| {
            let found = placed.exact_ram(start.0, size);
            found.map(|(_, placement)| Arc::clone(&placement.region))
        });
        let region = region.ok_or(Fault::NoMemoryRegion)?;
        self.unmap(&region)?;
        Ok(region)
    }

    /// Makes sure that a later region of `bytes` bytes, at any start, fits without growing linear memory. Growth would
    /// detach the views that JavaScript holds.
    ///
    /// # Errors
    ///
    /// `OutOfMemory` where linear memory cannot hold that much.
    pub fn reserve(&self, bytes: GuestUsize) -> Result<(), Fault> {
        if bytes == 0 {
            return Ok(());
        }
        // The start with the largest phase needs the most pages.
        let pages = host::pages_for(0xfff, bytes);
        pages.into_iter().for_each(spaces::make_room);
        pages
            .and_then(allocator::reserve)
            .ok_or(Fault::OutOfMemory { bytes })?;
        host::keep_heap_headroom(self.view().flat.ranges().len());
        Ok(())
    }

    /// Locks the state, for code that changes where bytes lie. `None` where another caller has the lock.
    pub(crate) fn try_lock(&self) -> Option<RwLockWriteGuard<'_, State>> {
        self.state.try_write().ok()
    }

    /// Writes a range's page table entries again after its bytes have moved.
    pub(crate) fn bytes_moved(&self, map: &MemoryMap, first: u64, last: u64) {
        self.table.refresh(map, first, last);
        self.table.bump_generation();
    }

    /// Takes a range's entries out of the page table, where another thread may read them: its pages are about to go back.
    pub(crate) fn let_go(&self, map: &MemoryMap, first: u64, last: u64) {
        self.table.refresh(map, first, last);
    }

    /// Writes the page table entries of each range that shows a block, after the block got host pages.
    pub(crate) fn populated(&self, block: &Arc<Block>) {
        let span = block.span();
        // Positions in blocks count from the start of a page, and a region may begin anywhere in its first page.
        let bytes = (span.start.saturating_sub(PAGE_SIZE as u64), span.end - 1);
        let mut state = self.state();
        state.each_showing(block.region(), bytes, |map, first, last| {
            for range in map.flat().over(first, last) {
                let shown = range.memory.as_ref().map(RamRegion::block);
                if shown.is_some_and(|shown| Arc::ptr_eq(shown, block)) {
                    self.bytes_moved(map, range.start, range.last);
                }
            }
        });
    }

    /// A snapshot of the map as it is now.
    pub fn view(&self) -> Arc<MemoryMap> {
        let state = self.state.read().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(&state.map)
    }

    /// The host offset of the page table: 2^20 entries, then the control words (docs/page-table.md). It never changes.
    pub fn table_host_offset(&self) -> usize {
        self.table.host_offset()
    }

    /// Records that a caller has views of the page table: its pages are zeroed before another owner gets them.
    pub fn expose_table(&self) {
        self.table.expose();
    }

    /// The page table's entry for an address.
    #[cfg(test)]
    pub(crate) fn table_entry(&self, address: GuestAddress) -> u32 {
        self.table.entry(address.0)
    }

    /// How often a translation of an address has changed, modulo 2^32. A softmmu TLB or a JIT flushes when the number
    /// changes.
    pub fn map_generation(&self) -> u32 {
        self.table.generation()
    }

    /// How often protection, watches or write traps have changed, modulo 2^32. Code that keeps page table entries to write
    /// through compares both generations.
    ///
    /// A Rust store that springs a trap counts at once, and [`take_sprung`](AddressSpace::take_sprung) counts again, since
    /// it gives the fast path back. A code cache reads the number first and takes the sprung pages then, so that it misses
    /// no store of another thread.
    ///
    /// ```
    /// use guest_memory::{AddressSpace, GuestAddress};
    /// let space = AddressSpace::from_ranges(&[(GuestAddress(0), 0x1000)])?;
    /// let trap = space.trap_writes(GuestAddress(0x100), 4, true)?;
    /// let seen = space.permission_generation();
    /// space.write_obj(1_u8, GuestAddress(0x104))?; // beside the trap
    /// assert_eq!(space.permission_generation(), seen);
    /// space.write_obj(1_u8, GuestAddress(0x103))?;
    /// assert_ne!(space.permission_generation(), seen);
    /// assert_eq!(space.take_sprung()[0].trap, trap);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn permission_generation(&self) -> u32 {
        self.table.permission_generation()
    }

    /// Checks that memory backs every byte of a range; ROM and external memory count. An empty range is always backed.
    ///
    /// # Errors
    ///
    /// `InvalidGuestAddress` where the first byte is not backed, `PartialBuffer` at a later hole,
    /// `GuestAddressOverflow` for a range that is backed up to 2^64 and passes it.
    pub fn check_range(&self, address: GuestAddress, length: u64) -> Result<(), Fault> {
        self.view()
            .check_backing(address, length, Access::NONE, Backing::Bytes)
    }

    /// Where a range lies in linear memory, if its bytes are adjacent there: inside one region, and not across the edge
    /// of a [discarded](Self::discard) part. A discarded part shows shared zeros that must not be written: call
    /// [`populate`](Self::populate) before a write.
    ///
    /// # Errors
    ///
    /// The errors of [`check_range`](Self::check_range), and `CrossesRegions` for a range that is backed but not
    /// adjacent.
    pub fn host_run(&self, address: GuestAddress, length: u64) -> Result<Run, Fault> {
        span::single(self.view().flat(), address.0, length)
    }

    /// The bytes from `address` on that are adjacent in linear memory, at most `limit` and at most 1 GiB; `None` in a
    /// hole. Discarded parts are as in [`host_run`](Self::host_run).
    pub fn forward_run(&self, address: GuestAddress, limit: u64) -> Option<Run> {
        span::forward(self.view().flat(), address.0, limit).map(Run::from)
    }
}

/// Clears the table: an accessor that outlives the space finds no page in it. The regions leave the machine.
impl Drop for AddressSpace {
    fn drop(&mut self) {
        self.placements(|all| {
            let removed = all.iter().map(|placement| placement.leaf().0);
            self.siblings.change(core::iter::empty(), removed);
        });
        for range in self.view().flat.ranges() {
            self.table
                .refresh(&MemoryMap::default(), range.start, range.last);
        }
    }
}

#[cfg(test)]
mod tests;
