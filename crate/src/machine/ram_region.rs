//! `RamRegion`: a run of guest addresses that shows bytes of linear memory. Rust code sees it as vm-memory's region.

use crate::linear::dirty_map;
use crate::linear::host::{self, PAGE_SHIFT, PAGE_SIZE};
use crate::machine::block::Block;
use crate::machine::run::HostRun;
use crate::machine::spaces;
use crate::machine::traps;
use crate::model::bitmap::{BS, Bitmap, BitmapSlice, WithBitmapSlice};
use crate::model::guest_memory::{Error, GuestAddress, GuestUsize, MemoryRegionAddress, Result};
use crate::model::region::{GuestMemoryRegion, GuestMemoryRegionBytes};
use crate::model::volatile_memory::VolatileSlice;
use core::ops::Range;
use core::sync::atomic::AtomicU8;
use std::sync::Arc;

/// Guest addresses that show bytes of linear memory: a region, or the part of it that regions of a higher priority
/// leave free. It can always be written, as vm-memory's regions can: code that must not write ROM asks the
/// [`MemoryMap`](crate::memory_map::MemoryMap).
///
/// Its bytes are adjacent in linear memory, so several of these show a region of which parts were
/// [discarded](crate::AddressSpace::discard). A discarded part has no host pages until a caller asks for a slice, a
/// host address or a bitmap.
///
/// ```
/// use guest_memory::{AddressSpace, GuestAddress, GuestMemoryBackend, GuestMemoryRegion};
/// let space = AddressSpace::from_ranges(&[(GuestAddress(0x1234), 0x2000)])?;
/// let map = space.view();
/// let region = map.flat().find_region(GuestAddress(0x2000)).unwrap();
/// assert_eq!((region.start_addr(), region.len()), (GuestAddress(0x1234), 0x2000));
/// assert_eq!(region.host_offset() & 0xfff, 0x234);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct RamRegion {
    start: GuestAddress,
    size: usize,
    block: Arc<Block>,
    /// The offset in the block of the first byte.
    offset: usize,
    /// The distance of the first byte from the start of the block's first page.
    in_pages: usize,
}

impl RamRegion {
    /// Shows `size` bytes of `block`, from `offset` on, at the guest addresses from `start` on. `None` where the block
    /// has fewer bytes, for an empty range, and past 2^64.
    pub(crate) fn new(start: u64, size: u64, block: &Arc<Block>, offset: u64) -> Option<Self> {
        start.checked_add(size.checked_sub(1)?)?;
        let end = offset.checked_add(size)?;
        if end > block.size() as u64 {
            return None;
        }
        Some(RamRegion {
            start: GuestAddress(start),
            size: usize::try_from(size).ok()?,
            block: Arc::clone(block),
            offset: usize::try_from(offset).ok()?,
            in_pages: block.phase() + usize::try_from(offset).ok()?,
        })
    }

    pub(crate) fn block(&self) -> &Arc<Block> {
        &self.block
    }

    /// The host offset of the first byte. Bytes that were [discarded](crate::AddressSpace::discard) and not written
    /// since are shared zeros, which must not be written: call [`populate`](crate::AddressSpace::populate) before a
    /// write.
    #[inline]
    pub fn host_offset(&self) -> usize {
        self.block.host_offset() + self.offset
    }

    /// The bytes from an offset on, at most `length`, as far as one run goes.
    #[inline]
    pub(crate) fn run(&self, offset: usize, length: usize) -> HostRun<'_> {
        let left = self.size.saturating_sub(offset);
        self.block.run(self.offset + offset, length.min(left))
    }

    /// The pages of the block that the bytes touch, as the first and the one past the last.
    pub(crate) fn pages(&self) -> Range<usize> {
        let phase = self.in_pages;
        phase >> PAGE_SHIFT..((phase + (self.size - 1)) >> PAGE_SHIFT) + 1
    }

    /// The offset of the first byte in its page.
    pub(crate) fn phase(&self) -> usize {
        self.in_pages % PAGE_SIZE
    }

    /// The dirty marks of its pages.
    pub(crate) fn marks(&self) -> &[AtomicU8] {
        self.block.marks().get(self.pages()).unwrap_or(&[])
    }

    /// Marks pages by their numbers, counted from the first page of the region.
    pub(crate) fn mark(&self, pages: Range<usize>, bits: u8) {
        let first = self.pages().start;
        self.block
            .mark(first + pages.start..first + pages.end, bits);
    }

    /// Takes host pages, if the block has none.
    #[inline]
    fn populate(&self) -> Result<()> {
        if self.block.is_absent() {
            spaces::populate(&self.block).ok_or(Error::HostAddressNotAvailable)?;
        }
        Ok(())
    }

    /// The `count` bytes from an address on; `None` where they are not inside, or have no host pages.
    #[inline]
    pub(crate) fn present(
        &self,
        address: MemoryRegionAddress,
        count: usize,
    ) -> Option<VolatileSlice<'_, DirtyPages>> {
        let offset = self.inside(address, count).ok()?;
        Some(self.slice(self.block.pages_at()? + self.in_pages + offset, count))
    }

    /// The `count` bytes from a host offset on. [`inside`](Self::inside) has given the distance from the first.
    #[inline]
    fn slice(&self, host: usize, count: usize) -> VolatileSlice<'_, DirtyPages> {
        // SAFETY: the range was checked to lie in this region's block, which lives as long as `self` is borrowed. Guest
        // memory cannot be a Rust slice: JavaScript and other devices write it at any time.
        unsafe { VolatileSlice::with_bitmap(host::pointer(host), count, DirtyPages { host }, None) }
    }

    /// Checks that `count` bytes from an address on are inside, and gives their offset.
    #[inline]
    fn inside(&self, address: MemoryRegionAddress, count: usize) -> Result<usize> {
        let last = self.size.checked_sub(count);
        let offset = usize::try_from(address.0).ok();
        let inside = offset.filter(|&offset| last.is_some_and(|last| offset <= last));
        inside.ok_or(Error::InvalidBackendAddress)
    }
}

impl GuestMemoryRegion for RamRegion {
    type B = DirtyPages;

    fn len(&self) -> GuestUsize {
        self.size as GuestUsize
    }

    fn start_addr(&self) -> GuestAddress {
        self.start
    }

    fn bitmap(&self) -> BS<'_, DirtyPages> {
        // If there are no pages to take, nothing can be written either.
        let _ = self.populate();
        DirtyPages {
            host: self.host_offset(),
        }
    }

    fn get_host_address(&self, address: MemoryRegionAddress) -> Result<*mut u8> {
        let offset = self.inside(address, 1)?;
        self.populate()?;
        Ok(host::pointer(self.host_offset() + offset))
    }

    #[inline]
    fn get_slice(
        &self,
        offset: MemoryRegionAddress,
        count: usize,
    ) -> Result<VolatileSlice<'_, BS<'_, DirtyPages>>> {
        let offset = self.inside(offset, count)?;
        self.populate()?;
        Ok(self.slice(self.host_offset() + offset, count))
    }
}

impl GuestMemoryRegionBytes for RamRegion {}

/// The dirty map seen as vm-memory's `Bitmap`, from one byte of linear memory on.
///
/// ```
/// use guest_memory::bitmap::Bitmap;
/// use guest_memory::{AddressSpace, GuestAddress, GuestMemoryBackend, GuestMemoryRegion};
/// let space = AddressSpace::from_ranges(&[(GuestAddress(0), 0x4000)])?;
/// let map = space.view();
/// let written = map.flat().find_region(GuestAddress(0)).unwrap().bitmap();
/// space.write_obj(5u32, GuestAddress(0x1ffe))?;
/// assert!(written.dirty_at(0x1000) && written.dirty_at(0x2000) && !written.dirty_at(0x3000));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct DirtyPages {
    host: usize,
}

impl WithBitmapSlice<'_> for DirtyPages {
    type S = DirtyPages;
}

impl BitmapSlice for DirtyPages {}

impl Bitmap for DirtyPages {
    #[inline]
    fn mark_dirty(&self, offset: usize, len: usize) {
        if let Some(host) = self.host.checked_add(offset) {
            dirty_map::mark_bytes(host, len);
            traps::stored(host, len);
        }
    }

    /// Whether the page was written, or shown to a caller that may write it, since it was last zero.
    fn dirty_at(&self, offset: usize) -> bool {
        let page = self
            .host
            .checked_add(offset)
            .and_then(|host| u32::try_from(host >> PAGE_SHIFT).ok());
        page.is_some_and(|page| dirty_map::has(page, dirty_map::EVER))
    }

    fn slice_at(&self, offset: usize) -> DirtyPages {
        DirtyPages {
            host: self.host.saturating_add(offset),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn region(start: u64, size: u64) -> RamRegion {
        let block = Arc::new(Block::new(GuestAddress(start), size).unwrap());
        RamRegion::new(start, size, &block, 0).unwrap()
    }

    #[test]
    fn a_region_is_no_larger_than_its_block() {
        let block = Arc::new(Block::new(GuestAddress(0), 0x1000).unwrap());
        let make = |start, size, offset| RamRegion::new(start, size, &block, offset).is_some();
        assert!(make(0x5000, 0x1000, 0) && make(u64::MAX, 1, 0xfff));
        assert!(!make(0, 0, 0) && !make(0, 0x1000, 1) && !make(0, 1, u64::MAX));
        assert!(!make(u64::MAX, 2, 0) && !make(0, u64::MAX, 1));
    }

    #[test]
    fn slices_are_bounded_and_mark_their_pages() {
        let region = region(0x800, 0x2000);
        for (offset, count) in [
            (0x2000, 1),
            (0x1fff, 2),
            (u64::MAX, 1),
            (0, 0x2001),
            (1 << 32, 1),
        ] {
            assert!(
                region
                    .get_slice(MemoryRegionAddress(offset), count)
                    .is_err(),
                "{offset:#x}"
            );
        }
        let slice = region.get_slice(MemoryRegionAddress(0x7ff), 2).unwrap();
        slice.copy_from(&[1u8, 2]);
        let marked = |page| dirty_map::find(region.marks(), page, 1, true) == page;
        assert!(marked(0) && marked(1) && !marked(2));
        assert!(region.bitmap().dirty_at(0) && !region.bitmap().dirty_at(0x1fff));
    }
}
