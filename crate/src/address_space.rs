//! `AddressSpace`: the guest-physical memory of one VM.
//!
//! ```text
//!   AddressSpace ─┬─ FlatView (Arc, replaced or changed in place) ── RamRegion … ── Extent … ┐
//!                 ├─ PageTable ── Extent                                                     ├─ linear memory
//!                 └─ open dirty clients (bits of the dirty map's bytes)                      ┘
//! ```
//!
//! It is the one place where regions, page table and dirty clients change, so that they always agree. Rust devices see
//! it as vm-memory's `GuestAddressSpace`: `memory()` gives a snapshot of the regions that stays valid while it is held.

use crate::allocator;
use crate::bytes::{ByteValued, Bytes};
use crate::compaction;
use crate::fault::Fault;
use crate::guest_memory::{Error, GuestAddress, GuestAddressSpace, GuestMemoryBackend, GuestUsize};
use crate::host;
use crate::layout;
use crate::page_table::{FLAG_BITS, PageTable, READABLE, WRITABLE};
use crate::ram_region::{self, RamRegion};
use crate::region::GuestMemoryRegion;
use crate::span::{self, FlatView, Run};
use crate::{dirty_map, region::GuestRegionCollection};
use core::mem::size_of;
use std::sync::{Arc, PoisonError, RwLock, RwLockWriteGuard, atomic::AtomicU8};

/// The guest-physical memory of one VM: RAM regions, a page table for the first 4 GiB, a dirty log.
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
    view: RwLock<Arc<FlatView>>,
    table: PageTable,
    /// The dirty clients that are open, one bit each (see `dirty.rs`).
    pub(crate) clients: AtomicU8,
}

impl AddressSpace {
    /// Makes an address space with these regions, `(start, size in bytes)`, all zero.
    ///
    /// # Errors
    ///
    /// `NoMemoryRegion` for an empty list, `EmptyRegion`, `GuestAddressOverflow` for a region that passes 2^64,
    /// `UnsortedMemoryRegions`, `MemoryRegionOverlap`, `OutOfMemory`. Nothing is allocated then.
    pub fn from_ranges(ranges: &[(GuestAddress, GuestUsize)]) -> Result<Self, Fault> {
        layout::check_regions(ranges)?;
        let total = ranges
            .iter()
            .fold(0_u64, |sum, &(_, size)| sum.saturating_add(size));
        let out_of_memory = Fault::OutOfMemory { bytes: total };
        let table = PageTable::new().ok_or(out_of_memory)?;
        let mut regions = Vec::new();
        regions
            .try_reserve_exact(ranges.len())
            .map_err(|_| out_of_memory)?;
        for &(start, size) in ranges {
            make_room(start, size);
            regions.push(Arc::new(RamRegion::new(start, size).ok_or(out_of_memory)?));
        }
        for region in &regions {
            enter(&table, region);
        }
        let view = GuestRegionCollection::from_arc_regions(regions)?;
        host::keep_heap_headroom(ranges.len());
        Ok(AddressSpace {
            view: RwLock::new(Arc::new(view)),
            table,
            clients: AtomicU8::new(0),
        })
    }

    /// Adds a region of `size` zero bytes.
    ///
    /// # Errors
    ///
    /// `EmptyRegion`, `GuestAddressOverflow`, `MemoryRegionOverlap`, `OutOfMemory`; the map is as it was then.
    pub fn insert_region(
        &self,
        start: GuestAddress,
        size: GuestUsize,
    ) -> Result<Arc<RamRegion>, Fault> {
        let last = layout::check_region(start, size)?;
        make_room(start, size);
        let mut view = self.view.write().unwrap_or_else(PoisonError::into_inner);
        if view
            .iter()
            .any(|region| region.start_addr().0 <= last && start <= region.last_addr())
        {
            return Err(Fault::MemoryRegionOverlap { address: start.0 });
        }
        let out_of_memory = Fault::OutOfMemory { bytes: size };
        let region = Arc::new(RamRegion::new(start, size).ok_or(out_of_memory)?);
        *view = Arc::new(view.insert_region(Arc::clone(&region))?);
        enter(&self.table, &region);
        self.table.bump_generation();
        host::keep_heap_headroom(view.num_regions());
        Ok(region)
    }

    /// Takes out the region with exactly this start and size. Its bytes are free once nobody holds it.
    ///
    /// # Errors
    ///
    /// `NoMemoryRegion` where no region is exactly this.
    pub fn remove_region(
        &self,
        start: GuestAddress,
        size: GuestUsize,
    ) -> Result<Arc<RamRegion>, Fault> {
        let mut view = self.view.write().unwrap_or_else(PoisonError::into_inner);
        let (remaining, region) = view.remove_region(start, size)?;
        *view = Arc::new(remaining);
        self.table.unmap(start.0, size);
        self.table.bump_generation();
        Ok(region)
    }

    /// Makes sure that a region of `bytes` bytes, at any start, can be inserted without growth of linear memory, which
    /// would detach the views that JavaScript holds.
    ///
    /// # Errors
    ///
    /// `OutOfMemory` where linear memory cannot hold that much.
    pub fn reserve(&self, bytes: GuestUsize) -> Result<(), Fault> {
        if bytes == 0 {
            return Ok(());
        }
        // The start with the largest phase needs the most pages.
        let pages = ram_region::pages_for(0xfff, bytes);
        pages.into_iter().for_each(compaction::make_room);
        pages
            .and_then(allocator::reserve)
            .ok_or(Fault::OutOfMemory { bytes })?;
        host::keep_heap_headroom(self.view().num_regions());
        Ok(())
    }

    /// The regions, for who changes where they lie; `None` where somebody is at work on them.
    pub(crate) fn try_lock_view(&self) -> Option<RwLockWriteGuard<'_, Arc<FlatView>>> {
        self.view.try_write().ok()
    }

    /// Writes a region's entries anew after it has moved.
    pub(crate) fn region_moved(&self, region: &RamRegion) {
        enter(&self.table, region);
        self.table.bump_generation();
    }

    /// The regions as they are now.
    pub fn view(&self) -> Arc<FlatView> {
        Arc::clone(&self.view.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// The host offset of the page table: 2^20 entries, then the control words (docs/page-table.md). It never changes.
    pub fn table_host_offset(&self) -> usize {
        self.table.host_offset()
    }

    /// Says that a caller was given views of the page table: its pages are zeroed before somebody else has them.
    pub fn expose_table(&self) {
        self.table.expose();
    }

    /// How often the map has changed, modulo 2^32: a softmmu TLB or a JIT flushes when it differs.
    pub fn map_generation(&self) -> u32 {
        self.table.generation()
    }

    /// Checks that every byte of a range is backed; a range of no bytes always is.
    ///
    /// # Errors
    ///
    /// `InvalidGuestAddress` where nothing backs the first byte, `PartialBuffer` at a hole later on,
    /// `GuestAddressOverflow` for a range that is backed up to 2^64 and goes on.
    pub fn check_range(&self, address: GuestAddress, length: u64) -> Result<(), Fault> {
        span::check(&self.view(), address.0, length)
    }

    /// Where a range lies in linear memory, if it lies in one region.
    ///
    /// # Errors
    ///
    /// Those of [`check_range`](Self::check_range), and `CrossesRegions` for a range that is backed by several.
    pub fn host_run(&self, address: GuestAddress, length: u64) -> Result<Run, Fault> {
        span::single(&self.view(), address.0, length)
    }

    /// The bytes from `address` on that are adjacent in linear memory, `limit` (and 1 GiB) at most; `None` in a hole.
    pub fn forward_run(&self, address: GuestAddress, limit: u64) -> Option<Run> {
        span::forward(&self.view(), address.0, limit)
    }

    /// Reads an object in the guest's byte order as it lies in memory.
    ///
    /// # Errors
    ///
    /// As vm-memory's `Bytes::read_obj`; the range may cross regions.
    #[inline]
    pub fn read_obj<T: ByteValued>(&self, address: GuestAddress) -> Result<T, Error> {
        match self.fast::<T>(address.0, READABLE) {
            Some(host) => {
                let place = host::pointer(host).cast::<Unaligned<T>>();
                // SAFETY: `fast` found a page of this space that holds all of the object; `T: ByteValued` makes every
                // bit pattern valid. Volatile, because JavaScript and other devices write it at any time: a reference
                // would promise that they do not.
                Ok(unsafe { place.read_volatile() }.0)
            }
            None => self.view().read_obj(address),
        }
    }

    /// Writes an object, and marks its pages dirty.
    ///
    /// # Errors
    ///
    /// As vm-memory's `Bytes::write_obj`; the range may cross regions.
    #[inline]
    pub fn write_obj<T: ByteValued>(&self, value: T, address: GuestAddress) -> Result<(), Error> {
        match self.fast::<T>(address.0, WRITABLE) {
            Some(host) => {
                let place = host::pointer(host).cast::<Unaligned<T>>();
                // SAFETY: as in `read_obj`.
                unsafe { place.write_volatile(Unaligned(value)) };
                if size_of::<T>() > 0 {
                    dirty_map::mark_page(host);
                }
                Ok(())
            }
            None => self.view().write_obj(value, address),
        }
    }

    /// The host offset of an object that lies within one page that has `flag`.
    #[inline(always)]
    fn fast<T>(&self, address: u64, flag: u32) -> Option<usize> {
        let entry = self.table.entry(address);
        let offset = (address & 0xfff) as usize;
        let fits = entry & flag != 0 && offset + size_of::<T>() <= host::PAGE_SIZE;
        fits.then_some(((entry >> FLAG_BITS) as usize) << host::PAGE_SHIFT | offset)
    }
}

/// Whoever kept an accessor over the table finds no page in it any more.
impl Drop for AddressSpace {
    fn drop(&mut self) {
        for region in self.view().iter() {
            self.table.unmap(region.start_addr().0, region.len());
        }
    }
}

/// An object at any address: volatile access to it never assumes alignment.
#[repr(C, packed)]
struct Unaligned<T>(T);

/// vm-memory's way to a snapshot: `space.memory()` can be used wherever a `GuestMemory` is asked for.
impl GuestAddressSpace for &AddressSpace {
    type M = FlatView;
    type T = Arc<FlatView>;

    fn memory(&self) -> Arc<FlatView> {
        self.view()
    }
}

impl GuestAddressSpace for Arc<AddressSpace> {
    type M = FlatView;
    type T = Arc<FlatView>;

    fn memory(&self) -> Arc<FlatView> {
        self.view()
    }
}

/// Moves other regions together where that is what a new one needs.
fn make_room(start: GuestAddress, size: GuestUsize) {
    let pages = ram_region::pages_for(start.0, size);
    pages.into_iter().for_each(compaction::make_room);
}

/// Enters a region's whole pages into the table.
fn enter(table: &PageTable, region: &RamRegion) {
    table.map(
        region.start_addr().0,
        region.len(),
        region.host_offset(),
        READABLE | WRITABLE,
    );
}

#[cfg(test)]
mod tests;
