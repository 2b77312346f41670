//! Guest memory made of mappings: [`MmapRegion`] holds bytes that the system maps, [`GuestRegionMmap`] places them at
//! a guest address, [`GuestMemoryMmap`] is a guest's memory made of such regions.
//!
//! On Unix and Windows the system maps a file or fresh zero bytes. On other targets, such as Wasm, a mapping is an
//! extent of the same linear memory that an [`AddressSpace`](crate::AddressSpace) takes its regions from, and there
//! are no files.

use crate::model::address::Address;
use crate::model::bitmap::{BS, Bitmap};
use crate::model::guest_memory::{self, FileOffset, GuestAddress, GuestUsize, MemoryRegionAddress};
use crate::model::region::{
    GuestMemoryRegion, GuestMemoryRegionBytes, GuestRegionCollection, GuestRegionCollectionError,
};
use crate::model::volatile_memory::{VolatileMemory, VolatileSlice};
use std::borrow::Borrow;
use std::ops::Deref;
use std::sync::Arc;
use thiserror::Error;

mod builder;
mod flags;
mod region;

#[cfg(any(not(any(unix, windows)), test))]
#[cfg_attr(
    any(unix, windows),
    allow(dead_code, reason = "where the system maps it is only tested")
)]
mod linear;
#[cfg(unix)]
mod unix;
#[cfg(windows)]
mod windows;

#[cfg(not(any(unix, windows)))]
use linear as system;
#[cfg(unix)]
use unix as system;
#[cfg(windows)]
use windows as system;

pub use crate::model::bitmap::NewBitmap;
pub use builder::MmapRegionBuilder;
pub use region::{Error as MmapRegionError, MmapRegion};

/// Why a guest's memory could not be mapped.
///
/// ```
/// use guest_memory::mmap::FromRangesError;
/// use guest_memory::{GuestAddress, GuestMemoryMmap, GuestRegionCollectionError};
/// let none = GuestMemoryMmap::<()>::from_ranges(&[]).unwrap_err();
/// assert!(matches!(none, FromRangesError::Collection(GuestRegionCollectionError::NoMemoryRegion)));
/// let past_the_end = GuestMemoryMmap::<()>::from_ranges(&[(GuestAddress(u64::MAX), 0x1000)]).unwrap_err();
/// assert!(matches!(past_the_end, FromRangesError::InvalidGuestRegion));
/// ```
#[derive(Debug, Error)]
pub enum FromRangesError {
    /// The regions do not make up a memory.
    #[error("the regions do not make up a memory: {0}")]
    Collection(#[from] GuestRegionCollectionError),
    /// A region could not be mapped.
    #[error("a region could not be mapped: {0}")]
    MmapRegion(#[from] MmapRegionError),
    /// A region's end is at 2^64 or beyond.
    #[error("a region's end is past guest address {:#x}", u64::MAX)]
    InvalidGuestRegion,
}

/// A mapping at a guest address. It dereferences to the mapping.
///
/// ```
/// use guest_memory::{Bytes, GuestAddress, GuestMemoryRegion, GuestRegionMmap, MemoryRegionAddress, MmapRegion};
/// let region = GuestRegionMmap::new(MmapRegion::<()>::new(0x1000)?, GuestAddress(0x10_0000)).unwrap();
/// region.write_obj(5u32, MemoryRegionAddress(0xffc))?;
/// assert_eq!((region.last_addr(), region.size()), (GuestAddress(0x10_0fff), 0x1000));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct GuestRegionMmap<B = ()> {
    mapping: Arc<MmapRegion<B>>,
    guest_base: GuestAddress,
}

impl<B: Bitmap> GuestRegionMmap<B> {
    /// The mapping, from `guest_base` on; `None` if its end is at 2^64 or beyond.
    pub fn new(mapping: MmapRegion<B>, guest_base: GuestAddress) -> Option<Self> {
        Self::with_arc(Arc::new(mapping), guest_base)
    }

    /// Like [`new`](GuestRegionMmap::new), for a shared mapping.
    pub fn with_arc(mapping: Arc<MmapRegion<B>>, guest_base: GuestAddress) -> Option<Self> {
        guest_base.checked_add(mapping.size() as u64)?;
        Some(GuestRegionMmap {
            mapping,
            guest_base,
        })
    }

    /// The shared mapping.
    pub fn get_mmap(&self) -> Arc<MmapRegion<B>> {
        self.mapping.clone()
    }
}

impl<B: NewBitmap> GuestRegionMmap<B> {
    /// Maps `size` bytes at guest address `addr`: a file's from its offset on, or else fresh zero bytes.
    ///
    /// # Errors
    /// [`FromRangesError::MmapRegion`] if the system refuses, as it does for an empty range;
    /// [`FromRangesError::InvalidGuestRegion`] if the end is at 2^64 or beyond.
    pub fn from_range(
        addr: GuestAddress,
        size: usize,
        file: Option<FileOffset>,
    ) -> Result<Self, FromRangesError> {
        let mapping = match file {
            Some(file) => MmapRegion::from_file(file, size)?,
            None => MmapRegion::new(size)?,
        };
        Self::new(mapping, addr).ok_or(FromRangesError::InvalidGuestRegion)
    }
}

impl<B> Deref for GuestRegionMmap<B> {
    type Target = MmapRegion<B>;

    fn deref(&self) -> &MmapRegion<B> {
        &self.mapping
    }
}

impl<B: Bitmap> GuestMemoryRegion for GuestRegionMmap<B> {
    type B = B;

    #[inline]
    fn len(&self) -> GuestUsize {
        self.mapping.size() as GuestUsize
    }

    #[inline]
    fn start_addr(&self) -> GuestAddress {
        self.guest_base
    }

    fn bitmap(&self) -> BS<'_, B> {
        self.mapping.bitmap().slice_at(0)
    }

    fn get_host_address(&self, addr: MemoryRegionAddress) -> guest_memory::Result<*mut u8> {
        let offset = addr.to_host_offset();
        offset
            .filter(|offset| *offset < self.mapping.size())
            .map(|offset| self.mapping.as_ptr().wrapping_add(offset))
            .ok_or(guest_memory::Error::InvalidBackendAddress)
    }

    fn file_offset(&self) -> Option<&FileOffset> {
        self.mapping.file_offset()
    }

    #[inline]
    fn get_slice(
        &self,
        offset: MemoryRegionAddress,
        count: usize,
    ) -> guest_memory::Result<VolatileSlice<'_, BS<'_, B>>> {
        let offset = offset
            .to_host_offset()
            .ok_or(guest_memory::Error::InvalidBackendAddress)?;
        Ok(self.mapping.get_slice(offset, count)?)
    }

    #[cfg(target_os = "linux")]
    fn is_hugetlbfs(&self) -> Option<bool> {
        self.mapping.is_hugetlbfs()
    }
}

impl<B: Bitmap> GuestMemoryRegionBytes for GuestRegionMmap<B> {}

/// A guest's memory made of mappings.
///
/// ```
/// use guest_memory::{Bytes, GuestAddress, GuestMemoryMmap};
/// let memory = GuestMemoryMmap::<()>::from_ranges(&[
///     (GuestAddress(0), 0x1000),
///     (GuestAddress(0x1000), 0x1000),
/// ])?;
/// memory.write_slice(&[1, 2, 3, 4, 5], GuestAddress(0xffc))?;
/// assert_eq!(memory.read_obj::<u8>(GuestAddress(0x1000))?, 5);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub type GuestMemoryMmap<B = ()> = GuestRegionCollection<GuestRegionMmap<B>>;

impl<B: NewBitmap> GuestMemoryMmap<B> {
    /// Maps fresh zero bytes for each range of a start and a size in bytes. The ranges must be sorted.
    ///
    /// # Errors
    /// As [`from_ranges_with_files`](GuestMemoryMmap::from_ranges_with_files).
    pub fn from_ranges(ranges: &[(GuestAddress, usize)]) -> Result<Self, FromRangesError> {
        Self::from_ranges_with_files(ranges.iter().map(|(addr, size)| (*addr, *size, None)))
    }

    /// Maps each range, which has a start, a size in bytes, and the file it comes from, if any. The ranges must be
    /// sorted.
    ///
    /// # Errors
    /// As [`GuestRegionMmap::from_range`], for the first range that is refused; else [`FromRangesError::Collection`]
    /// if the ranges overlap, are not sorted, or there are none.
    pub fn from_ranges_with_files<A, T>(ranges: T) -> Result<Self, FromRangesError>
    where
        A: Borrow<(GuestAddress, usize, Option<FileOffset>)>,
        T: IntoIterator<Item = A>,
    {
        let regions: Result<_, _> = ranges
            .into_iter()
            .map(|range| {
                let (addr, size, file) = range.borrow();
                GuestRegionMmap::from_range(*addr, *size, file.clone())
            })
            .collect();
        Ok(Self::from_regions(regions?)?)
    }
}

#[cfg(test)]
mod tests;
