//! `RamRegion`: a run of guest RAM in an extent of linear memory.

use crate::allocator::{self, Extent};
use crate::bitmap::{BS, Bitmap, BitmapSlice, WithBitmapSlice};
use crate::dirty_map;
use crate::guest_memory::{Error, GuestAddress, GuestUsize, MemoryRegionAddress, Result};
use crate::host::{self, PAGE_SHIFT, PAGE_SIZE};
use crate::region::{GuestMemoryRegion, GuestMemoryRegionBytes};
use crate::volatile_memory::VolatileSlice;

/// One region of guest RAM; its bytes go back to the allocator when the last reference to it is dropped.
///
/// Guest and host addresses agree in their low 12 bits, so that a guest page inside the region is one host page, and
/// the page table can name it.
///
/// ```
/// use guest_memory::{AddressSpace, GuestAddress, GuestMemoryBackend, GuestMemoryRegion};
/// let space = AddressSpace::from_ranges(&[(GuestAddress(0x1234), 0x2000)])?;
/// let view = space.view();
/// let region = view.find_region(GuestAddress(0x2000)).unwrap();
/// assert_eq!((region.start_addr(), region.len()), (GuestAddress(0x1234), 0x2000));
/// assert_eq!(region.host_offset() & 0xfff, 0x234);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct RamRegion {
    start: GuestAddress,
    size: usize,
    extent: Extent,
}

impl RamRegion {
    /// Takes `size` zero bytes for guest addresses from `start` on. `None` for no bytes, for a region that would
    /// pass 2^64, and where linear memory cannot hold it.
    pub(crate) fn new(start: GuestAddress, size: GuestUsize) -> Option<Self> {
        start.0.checked_add(size.checked_sub(1)?)?;
        let extent = allocator::allocate(pages_for(start.0, size)?)?;
        let size = usize::try_from(size).ok()?;
        Some(RamRegion {
            start,
            size,
            extent,
        })
    }

    /// The first and the past-the-end host page.
    pub(crate) fn host_pages(&self) -> (u32, u32) {
        let first = self.extent.first();
        // Fits: that many pages were allocated.
        let pages = (self.phase() + self.size).div_ceil(PAGE_SIZE);
        (
            first,
            u32::try_from(pages).map_or(first, |pages| first.saturating_add(pages)),
        )
    }

    /// Moves the region down in linear memory, if there are free pages right below; says whether it did. Who holds the
    /// page table writes it anew.
    pub(crate) fn slide_down(&mut self) -> bool {
        self.extent.slide_down()
    }

    /// The host offset of the region's first byte.
    #[inline]
    pub fn host_offset(&self) -> usize {
        self.extent.host_offset() + self.phase()
    }

    /// The low 12 bits that guest and host address share.
    #[inline]
    fn phase(&self) -> usize {
        // Fits: twelve bits.
        usize::try_from(self.start.0 % PAGE_SIZE as u64).unwrap_or(0)
    }
}

/// Host pages for a region at `start`: its first and last page may be partial.
pub(crate) fn pages_for(start: u64, size: u64) -> Option<u32> {
    let bytes = (start % PAGE_SIZE as u64).checked_add(size)?;
    u32::try_from(bytes.div_ceil(1 << PAGE_SHIFT))
        .ok()
        .filter(|&pages| pages <= host::MAX_PAGES)
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
        DirtyPages {
            host: self.host_offset(),
        }
    }

    fn get_host_address(&self, address: MemoryRegionAddress) -> Result<*mut u8> {
        let offset = usize::try_from(address.0)
            .ok()
            .filter(|&offset| offset < self.size);
        offset
            .map(|offset| host::pointer(self.host_offset() + offset))
            .ok_or(Error::InvalidBackendAddress)
    }

    fn get_slice(
        &self,
        offset: MemoryRegionAddress,
        count: usize,
    ) -> Result<VolatileSlice<'_, BS<'_, DirtyPages>>> {
        let offset = usize::try_from(offset.0).map_err(|_| Error::InvalidBackendAddress)?;
        let end = offset.checked_add(count).filter(|&end| end <= self.size);
        end.ok_or(Error::InvalidBackendAddress)?;
        let host = self.host_offset() + offset;
        // SAFETY: the range was just checked to lie in this region's extent, which lives as long as the borrow of
        // `self`. Guest memory cannot be a slice: JavaScript and other devices write it at any time.
        Ok(unsafe {
            VolatileSlice::with_bitmap(host::pointer(host), count, DirtyPages { host }, None)
        })
    }
}

impl GuestMemoryRegionBytes for RamRegion {}

/// The dirty map seen as vm-memory's `Bitmap`, from one byte of linear memory on.
///
/// ```
/// use guest_memory::bitmap::Bitmap;
/// use guest_memory::{AddressSpace, GuestAddress, GuestMemoryBackend, GuestMemoryRegion};
/// let space = AddressSpace::from_ranges(&[(GuestAddress(0), 0x4000)])?;
/// let view = space.view();
/// let written = view.find_region(GuestAddress(0)).unwrap().bitmap();
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
        }
    }

    /// Whether the page was written, or a view of it handed out, since it was last zero.
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

    #[test]
    fn guest_and_host_agree_in_twelve_bits() {
        for start in [0, 0x1000, 0x1234, 0xfff, u64::MAX - 0x1fff] {
            let region = RamRegion::new(GuestAddress(start), 0x2000).unwrap();
            assert_eq!((region.host_offset() as u64) & 0xfff, start & 0xfff);
            let (first, end) = region.host_pages();
            assert_eq!(first as usize, region.host_offset() >> PAGE_SHIFT);
            assert_eq!(
                u64::from(end - first),
                (start % 4096 + 0x2000).div_ceil(4096)
            );
        }
    }

    #[test]
    fn what_cannot_be_is_refused() {
        assert!(RamRegion::new(GuestAddress(0), 0).is_none());
        assert!(RamRegion::new(GuestAddress(u64::MAX), 2).is_none());
        assert!(RamRegion::new(GuestAddress(0), u64::MAX).is_none());
        assert!(RamRegion::new(GuestAddress(0), 1 << 40).is_none());
        assert!(RamRegion::new(GuestAddress(u64::MAX), 1).is_some());
    }

    #[test]
    fn slices_are_bounded_and_mark_their_pages() {
        let region = RamRegion::new(GuestAddress(0x800), 0x2000).unwrap();
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
        let (first, _) = region.host_pages();
        assert!(
            dirty_map::has(first, 1)
                && dirty_map::has(first + 1, 1)
                && !dirty_map::has(first + 2, 1)
        );
        assert!(region.bitmap().dirty_at(0) && !region.bitmap().dirty_at(0x1fff));
    }
}
