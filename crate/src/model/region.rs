//! A region: a range of guest-physical addresses that is backed by one run of the host's memory.
//! [`GuestRegionCollection`] is the sorted set of regions that makes up a guest's memory.

use crate::model::address::Address;
use crate::model::bitmap::{BS, Bitmap};
use crate::model::bytes::{AtomicAccess, Bytes};
use crate::model::guest_memory::{
    Error as GuestMemoryError, FileOffset, GuestAddress, GuestUsize, MemoryRegionAddress, Result,
};
use crate::model::io::{ReadVolatile, WriteVolatile};
use crate::model::volatile_memory::VolatileSlice;
use std::sync::atomic::Ordering;

pub(crate) mod collection;
mod index;

pub use collection::{GuestRegionCollection, GuestRegionCollectionError};

/// A range of guest-physical addresses that is backed by memory.
///
/// Positions in it are [`MemoryRegionAddress`]es, from 0 up to its length, in bytes. A region holds at least one byte
/// and does not go past 2^64; its start and length never change. An implementor with bytes in the host's memory
/// implements [`get_slice`](GuestMemoryRegion::get_slice) and marks itself [`GuestMemoryRegionBytes`], which makes it
/// [`Bytes`].
///
/// ```
/// use guest_memory::{AddressSpace, GuestAddress, GuestMemoryBackend, GuestMemoryRegion, MemoryRegionAddress};
/// /// The guest addresses of a region's second half.
/// fn upper_half<R: GuestMemoryRegion>(region: &R) -> (GuestAddress, GuestAddress) {
///     (GuestAddress(region.start_addr().0 + region.len() / 2), region.last_addr())
/// }
/// let space = AddressSpace::from_ranges(&[(GuestAddress(0x1000), 0x1000)])?;
/// let map = space.view();
/// let region = map.flat().iter().next().unwrap();
/// assert_eq!(upper_half(region), (GuestAddress(0x1800), GuestAddress(0x1fff)));
/// assert_eq!(region.to_region_addr(GuestAddress(0x1800)), Some(MemoryRegionAddress(0x800)));
/// assert!(region.get_slice(MemoryRegionAddress(0xfff), 2).is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[expect(
    clippy::len_without_is_empty,
    reason = "vm-memory's names, and a region is never empty"
)]
pub trait GuestMemoryRegion: Bytes<MemoryRegionAddress, E = GuestMemoryError> {
    /// The bitmap type in which writes are marked.
    type B: Bitmap;

    /// The length in bytes.
    fn len(&self) -> GuestUsize;

    /// The guest address of the first byte.
    fn start_addr(&self) -> GuestAddress;

    /// The guest address of the last byte.
    #[inline]
    fn last_addr(&self) -> GuestAddress {
        // Not start + len: a region may end at 2^64.
        GuestAddress(
            self.start_addr()
                .0
                .saturating_add(self.len().saturating_sub(1)),
        )
    }

    /// The bitmap in which writes to the region are marked, from its start.
    fn bitmap(&self) -> BS<'_, Self::B>;

    /// `addr`, if it is inside.
    #[inline]
    fn check_address(&self, addr: MemoryRegionAddress) -> Option<MemoryRegionAddress> {
        self.address_in_range(addr).then_some(addr)
    }

    /// Whether `addr` is inside.
    #[inline]
    fn address_in_range(&self, addr: MemoryRegionAddress) -> bool {
        addr.0 < self.len()
    }

    /// `base + offset`, if that position is inside.
    fn checked_offset(
        &self,
        base: MemoryRegionAddress,
        offset: usize,
    ) -> Option<MemoryRegionAddress> {
        self.check_address(base.checked_add(offset as u64)?)
    }

    /// The position of a guest address, if it is inside.
    #[inline]
    fn to_region_addr(&self, addr: GuestAddress) -> Option<MemoryRegionAddress> {
        self.check_address(MemoryRegionAddress(
            addr.checked_offset_from(self.start_addr())?,
        ))
    }

    /// The host's pointer to the byte at `addr`.
    ///
    /// # Errors
    /// [`HostAddressNotAvailable`](GuestMemoryError::HostAddressNotAvailable) if the region has no host address;
    /// [`InvalidBackendAddress`](GuestMemoryError::InvalidBackendAddress) if `addr` is not inside.
    fn get_host_address(&self, _addr: MemoryRegionAddress) -> Result<*mut u8> {
        Err(GuestMemoryError::HostAddressNotAvailable)
    }

    /// The file that the region is mapped from, if there is one.
    fn file_offset(&self) -> Option<&FileOffset> {
        None
    }

    /// The `count` bytes from `offset`; exactly that many.
    ///
    /// # Errors
    /// [`HostAddressNotAvailable`](GuestMemoryError::HostAddressNotAvailable) if the bytes are not in the host's
    /// memory; [`InvalidBackendAddress`](GuestMemoryError::InvalidBackendAddress) if they are not all inside.
    fn get_slice(
        &self,
        _offset: MemoryRegionAddress,
        _count: usize,
    ) -> Result<VolatileSlice<'_, BS<'_, Self::B>>> {
        Err(GuestMemoryError::HostAddressNotAvailable)
    }

    /// All of the region.
    ///
    /// # Errors
    /// As [`get_slice`](GuestMemoryRegion::get_slice).
    #[inline]
    fn as_volatile_slice(&self) -> Result<VolatileSlice<'_, BS<'_, Self::B>>> {
        let length =
            usize::try_from(self.len()).map_err(|_| GuestMemoryError::InvalidBackendAddress)?;
        self.get_slice(MemoryRegionAddress(0), length)
    }

    /// Whether the region is mapped in huge pages; `None` if that is not known.
    #[cfg(target_os = "linux")]
    fn is_hugetlbfs(&self) -> Option<bool> {
        None
    }
}

/// Marks a region whose [`as_volatile_slice`](GuestMemoryRegion::as_volatile_slice) succeeds: it is then [`Bytes`].
///
/// ```
/// use guest_memory::bitmap::BS;
/// use guest_memory::memory::{Error, Result};
/// use guest_memory::{
///     Bytes, GuestAddress, GuestMemoryRegion, GuestMemoryRegionBytes, MemoryRegionAddress, VolatileMemory, VolatileSlice,
/// };
/// use std::cell::UnsafeCell;
///
/// /// A page that this program owns.
/// struct Page(UnsafeCell<[u8; 4096]>);
///
/// impl GuestMemoryRegion for Page {
///     type B = ();
///
///     fn len(&self) -> u64 {
///         4096
///     }
///
///     fn start_addr(&self) -> GuestAddress {
///         GuestAddress(0)
///     }
///
///     fn bitmap(&self) {}
///
///     fn get_slice(&self, offset: MemoryRegionAddress, count: usize) -> Result<VolatileSlice<'_>> {
///         // SAFETY: the bytes live as long as `self`, and no reference to them is made.
///         let all = unsafe { VolatileSlice::new(self.0.get().cast(), 4096) };
///         let offset = usize::try_from(offset.0).map_err(|_| Error::InvalidBackendAddress)?;
///         all.compute_end_offset(offset, count)?;
///         Ok(all.offset(offset)?.split_at(count)?.0)
///     }
/// }
///
/// impl GuestMemoryRegionBytes for Page {}
///
/// let page = Page(UnsafeCell::new([0; 4096]));
/// page.write_obj(0x1234u16, MemoryRegionAddress(4094))?;
/// assert!(page.write_obj(0x1234u16, MemoryRegionAddress(4095)).is_err());
/// # Ok::<(), Error>(())
/// ```
pub trait GuestMemoryRegionBytes: GuestMemoryRegion {}

/// The offset of `addr` in a slice of the whole region. If no `usize` holds it, the position is in no region; it then
/// becomes `usize::MAX`, which is in no slice.
#[inline]
fn offset_of(addr: MemoryRegionAddress) -> usize {
    addr.to_host_offset().unwrap_or(usize::MAX)
}

/// Like [`Bytes`] of the whole region's [`VolatileSlice`]: `write_slice` and `read_slice` move nothing on an error.
/// The error is [`InvalidBackendAddress`](GuestMemoryError::InvalidBackendAddress) for a position that is not inside,
/// and for an atomic access that is not aligned.
impl<R: GuestMemoryRegionBytes> Bytes<MemoryRegionAddress> for R {
    type E = GuestMemoryError;

    #[inline]
    fn write(&self, buf: &[u8], addr: MemoryRegionAddress) -> Result<usize> {
        Ok(self.as_volatile_slice()?.write(buf, offset_of(addr))?)
    }

    #[inline]
    fn read(&self, buf: &mut [u8], addr: MemoryRegionAddress) -> Result<usize> {
        Ok(self.as_volatile_slice()?.read(buf, offset_of(addr))?)
    }

    #[inline]
    fn write_slice(&self, buf: &[u8], addr: MemoryRegionAddress) -> Result<()> {
        Ok(self
            .as_volatile_slice()?
            .write_slice(buf, offset_of(addr))?)
    }

    #[inline]
    fn read_slice(&self, buf: &mut [u8], addr: MemoryRegionAddress) -> Result<()> {
        Ok(self.as_volatile_slice()?.read_slice(buf, offset_of(addr))?)
    }

    fn read_volatile_from<F: ReadVolatile>(
        &self,
        addr: MemoryRegionAddress,
        src: &mut F,
        count: usize,
    ) -> Result<usize> {
        let all = self.as_volatile_slice()?;
        Ok(all.read_volatile_from(offset_of(addr), src, count)?)
    }

    fn read_exact_volatile_from<F: ReadVolatile>(
        &self,
        addr: MemoryRegionAddress,
        src: &mut F,
        count: usize,
    ) -> Result<()> {
        let all = self.as_volatile_slice()?;
        Ok(all.read_exact_volatile_from(offset_of(addr), src, count)?)
    }

    fn write_volatile_to<F: WriteVolatile>(
        &self,
        addr: MemoryRegionAddress,
        dst: &mut F,
        count: usize,
    ) -> Result<usize> {
        let all = self.as_volatile_slice()?;
        Ok(all.write_volatile_to(offset_of(addr), dst, count)?)
    }

    fn write_all_volatile_to<F: WriteVolatile>(
        &self,
        addr: MemoryRegionAddress,
        dst: &mut F,
        count: usize,
    ) -> Result<()> {
        let all = self.as_volatile_slice()?;
        Ok(all.write_all_volatile_to(offset_of(addr), dst, count)?)
    }

    #[inline]
    fn store<T: AtomicAccess>(
        &self,
        val: T,
        addr: MemoryRegionAddress,
        order: Ordering,
    ) -> Result<()> {
        Ok(self
            .as_volatile_slice()?
            .store(val, offset_of(addr), order)?)
    }

    #[inline]
    fn load<T: AtomicAccess>(&self, addr: MemoryRegionAddress, order: Ordering) -> Result<T> {
        Ok(self.as_volatile_slice()?.load(offset_of(addr), order)?)
    }
}

#[cfg(test)]
pub(crate) mod tests;
