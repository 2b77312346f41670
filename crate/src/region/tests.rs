//! [`TestRegion`], a region for the tests of this crate; and the tests of regions and their collection.

use super::{GuestMemoryRegion, GuestMemoryRegionBytes};
use crate::bitmap::{BS, Bitmap};
use crate::guest_memory::{Error, GuestAddress, GuestUsize, MemoryRegionAddress, Result};
use crate::volatile_memory::{VolatileMemory, VolatileSlice};
use std::cell::UnsafeCell;

/// A region on the heap, whose first byte lies at a multiple of 8 in the host's memory.
#[derive(Debug, Default)]
pub(crate) struct TestRegion<B = ()> {
    start: GuestAddress,
    length: usize,
    words: Box<[UnsafeCell<u64>]>,
    bitmap: B,
}

impl TestRegion {
    pub(crate) fn new(start: u64, length: usize) -> Self {
        Self::with_bitmap(start, length, ())
    }
}

impl<B: Bitmap> TestRegion<B> {
    pub(crate) fn with_bitmap(start: u64, length: usize, bitmap: B) -> Self {
        let words = (0..length.div_ceil(8))
            .map(|_| UnsafeCell::new(0))
            .collect();
        TestRegion {
            start: GuestAddress(start),
            length,
            words,
            bitmap,
        }
    }
}

impl<B: Bitmap> GuestMemoryRegion for TestRegion<B> {
    type B = B;

    fn len(&self) -> GuestUsize {
        self.length as u64
    }

    fn start_addr(&self) -> GuestAddress {
        self.start
    }

    fn bitmap(&self) -> BS<'_, B> {
        self.bitmap.slice_at(0)
    }

    fn get_host_address(&self, addr: MemoryRegionAddress) -> Result<*mut u8> {
        Ok(self.get_slice(addr, 1)?.ptr_guard_mut().as_ptr())
    }

    fn get_slice(
        &self,
        offset: MemoryRegionAddress,
        count: usize,
    ) -> Result<VolatileSlice<'_, BS<'_, B>>> {
        let offset = offset
            .to_host_offset()
            .ok_or(Error::InvalidBackendAddress)?;
        let start = self.words.as_ptr().cast_mut().cast::<u8>();
        // SAFETY: only a raw pointer makes a volatile slice. The words live as long as `self`, may be changed while they
        // are shared, and no reference is ever made of them.
        let all = unsafe {
            VolatileSlice::with_bitmap(start, self.length, self.bitmap.slice_at(0), None)
        };
        all.compute_end_offset(offset, count)?;
        Ok(all.subslice(offset, count)?)
    }
}

impl<B: Bitmap> GuestMemoryRegionBytes for TestRegion<B> {}
