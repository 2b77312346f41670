//! `Block`: the bytes of one RAM or ROM region, in an extent of linear memory. Every range of guest addresses that shows
//! them, aliases and other address spaces too, holds the block; they go back to the allocator with the last holder.

use crate::allocator::{self, Extent};
use crate::guest_memory::{GuestAddress, GuestUsize};
use crate::host::{self, PAGE_SHIFT, PAGE_SIZE};

/// Zero bytes in linear memory.
#[derive(Debug)]
pub(crate) struct Block {
    extent: Extent,
    /// Where in the first host page the bytes begin.
    phase: usize,
    size: usize,
}

impl Block {
    /// Takes `size` zero bytes. Shown at `start`, or wherever has the same low 12 bits, a guest page is one host page,
    /// which the page table can name. `None` for no bytes, and where linear memory cannot hold them.
    pub(crate) fn new(start: GuestAddress, size: GuestUsize) -> Option<Self> {
        size.checked_sub(1)?;
        let extent = allocator::allocate(pages_for(start.0, size)?)?;
        Some(Block {
            extent,
            phase: usize::try_from(start.0 % PAGE_SIZE as u64).ok()?,
            size: usize::try_from(size).ok()?,
        })
    }

    /// How many bytes there are.
    pub(crate) fn size(&self) -> usize {
        self.size
    }

    /// The host offset of the first byte.
    #[inline]
    pub(crate) fn host_offset(&self) -> usize {
        self.extent.host_offset() + self.phase
    }

    /// Moves the bytes down in linear memory, if there are free pages right below; says whether it did.
    ///
    /// # Safety
    ///
    /// Nobody may hold a pointer into the block, and whoever keeps page table entries for it writes them anew.
    pub(crate) unsafe fn slide_down(&self) -> bool {
        // SAFETY: what the caller promises is what is asked for.
        unsafe { self.extent.slide_down() }
    }
}

/// The host pages, first and past the end, that `size` bytes from `host` touch: at least one byte.
pub(crate) fn host_pages(host: usize, size: usize) -> (u32, u32) {
    // Fits: the bytes are in linear memory, whose pages are fewer.
    let page = |offset: usize| u32::try_from(offset >> PAGE_SHIFT).unwrap_or(u32::MAX);
    (page(host), page(host + (size - 1)).saturating_add(1))
}

/// Host pages for bytes at `start`: the first and the last may be partial.
pub(crate) fn pages_for(start: u64, size: u64) -> Option<u32> {
    let bytes = (start % PAGE_SIZE as u64).checked_add(size)?;
    u32::try_from(bytes.div_ceil(1 << PAGE_SHIFT))
        .ok()
        .filter(|&pages| pages <= host::MAX_PAGES)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn guest_and_host_agree_in_twelve_bits() {
        for start in [0, 0x1000, 0x1234, 0xfff, u64::MAX - 0x1fff] {
            let block = Block::new(GuestAddress(start), 0x2000).unwrap();
            assert_eq!((block.host_offset() as u64) & 0xfff, start & 0xfff);
            let (first, end) = host_pages(block.host_offset(), block.size());
            assert_eq!(first as usize, block.host_offset() >> PAGE_SHIFT);
            assert_eq!(
                u64::from(end - first),
                (start % 4096 + 0x2000).div_ceil(4096)
            );
        }
    }

    #[test]
    fn what_cannot_be_is_refused() {
        assert!(Block::new(GuestAddress(0), 0).is_none());
        assert!(Block::new(GuestAddress(0), u64::MAX).is_none());
        assert!(Block::new(GuestAddress(0), 1 << 40).is_none());
        assert!(Block::new(GuestAddress(u64::MAX), 1).is_some());
    }
}
