//! The guest's physical memory as its consumers see it: [`GuestMemoryBackend`] is memory made of regions,
//! [`GuestMemory`] is any memory accessed at guest addresses (a backend, or a backend behind an IOMMU).
//!
//! ```text
//!   GuestAddress ──find_region──▶ GuestMemoryRegion, MemoryRegionAddress ──get_slice──▶ VolatileSlice
//!        └──────────────get_slices: one VolatileSlice for each region crossed──────────────▲
//! ```
//!
//! Every [`GuestMemory`] is [`Bytes<GuestAddress>`](crate::Bytes). A consumer that keeps a memory for long, while
//! other code may replace it, holds a [`GuestAddressSpace`].

use crate::model::address::Address;
use crate::model::bitmap::{BS, Bitmap, MS};
use crate::model::external::ExternalRun;
use crate::model::region::GuestMemoryRegion;
use crate::model::volatile_memory::VolatileSlice;

mod address_space;
mod bytes;
mod coverage;
mod error;
mod file_offset;
mod guest_address;
mod permissions;
mod slices;

pub use address_space::GuestAddressSpace;
pub(crate) use coverage::{Coverage, coverage};
pub use error::{Error, Result};
pub use file_offset::FileOffset;
pub use guest_address::{GuestAddress, GuestUsize, MemoryRegionAddress};
pub use permissions::Permissions;
pub use slices::{GuestMemoryBackendSliceIterator, GuestMemorySliceIterator};

/// Guest memory made of regions in the host's memory. No two regions overlap.
///
/// Only [`iter`](GuestMemoryBackend::iter) is required; an implementor with a faster
/// [`find_region`](GuestMemoryBackend::find_region) makes all the rest faster.
///
/// ```
/// use guest_memory::{AddressSpace, GuestAddress, GuestMemoryBackend, GuestMemoryRegion};
/// /// The bytes of memory there are.
/// fn size<M: GuestMemoryBackend>(memory: &M) -> u64 {
///     memory.iter().map(GuestMemoryRegion::len).sum()
/// }
/// let space = AddressSpace::from_ranges(&[(GuestAddress(0), 0x1000), (GuestAddress(1 << 32), 0x2000)])?;
/// let map = space.view();
/// let memory = map.flat();
/// assert_eq!(size(memory), 0x3000);
/// assert!(memory.address_in_range(GuestAddress(0xfff)) && !memory.address_in_range(GuestAddress(0x1000)));
/// assert_eq!(memory.last_addr(), GuestAddress((1 << 32) + 0x1fff));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub trait GuestMemoryBackend {
    /// The type of its regions.
    type R: GuestMemoryRegion;

    /// The number of regions.
    fn num_regions(&self) -> usize {
        self.iter().count()
    }

    /// The region that holds `addr`, or `None` in a hole.
    fn find_region(&self, addr: GuestAddress) -> Option<&Self::R> {
        self.iter()
            .find(|region| region.to_region_addr(addr).is_some())
    }

    /// The regions, by rising address.
    fn iter(&self) -> impl Iterator<Item = &Self::R>;

    /// The highest address that is backed; 0 if none is.
    fn last_addr(&self) -> GuestAddress {
        self.iter()
            .map(GuestMemoryRegion::last_addr)
            .max()
            .unwrap_or_default()
    }

    /// The region that holds `addr`, and the position in it.
    #[inline]
    fn to_region_addr(&self, addr: GuestAddress) -> Option<(&Self::R, MemoryRegionAddress)> {
        let region = self.find_region(addr)?;
        Some((region, region.to_region_addr(addr)?))
    }

    /// Whether `addr` is backed.
    fn address_in_range(&self, addr: GuestAddress) -> bool {
        self.find_region(addr).is_some()
    }

    /// `addr`, if it is backed.
    fn check_address(&self, addr: GuestAddress) -> Option<GuestAddress> {
        self.find_region(addr).map(|_| addr)
    }

    /// Whether each of the `len` bytes from `base` is backed. An empty range is always backed.
    fn check_range(&self, base: GuestAddress, len: usize) -> bool {
        matches!(coverage(self, base, len as u64), Coverage::Full)
    }

    /// `base + offset`, if that address is backed. The addresses between need not be.
    fn checked_offset(&self, base: GuestAddress, offset: usize) -> Option<GuestAddress> {
        self.check_address(base.checked_add(offset as u64)?)
    }

    /// Calls `f` for each region that the `count` bytes from `addr` cross, and gives the number of bytes handled.
    ///
    /// `f` gets the number of bytes handled so far, the number to handle in this region, their position in the region,
    /// and the region. It returns the number that it handled. The walk ends when all bytes are handled, at a hole, at
    /// 2^64, or when `f` returns 0 or an error.
    ///
    /// # Errors
    /// - [`Error::InvalidGuestAddress`] if nothing is backed at `addr`;
    /// - [`Error::CallbackOutOfRange`] if `f` returns more than it was asked to handle;
    /// - the error that `f` returns.
    #[deprecated(since = "0.17.0", note = "superseded by get_slices")]
    fn try_access<F>(&self, count: usize, addr: GuestAddress, mut f: F) -> Result<usize>
    where
        F: FnMut(usize, usize, MemoryRegionAddress, &Self::R) -> Result<usize>,
    {
        let mut done = 0;
        let mut at = Some(addr);
        while done < count {
            let Some((region, start)) = at.and_then(|at| self.to_region_addr(at)) else {
                break;
            };
            let length = clamp(region.len().saturating_sub(start.0), count - done);
            match f(done, length, start, region)? {
                0 => return Ok(done),
                handled if handled > length => return Err(Error::CallbackOutOfRange),
                handled => {
                    done += handled;
                    at = at.and_then(|at| at.checked_add(handled as u64));
                }
            }
        }
        if done == 0 && count > 0 {
            Err(Error::InvalidGuestAddress(addr))
        } else {
            Ok(done)
        }
    }

    /// The host's pointer to the byte at `addr`. It does not tell how many bytes it may be used for: prefer
    /// [`get_slice`](GuestMemoryBackend::get_slice).
    ///
    /// # Errors
    /// [`Error::InvalidGuestAddress`] if `addr` is not backed; else the region's error.
    fn get_host_address(&self, addr: GuestAddress) -> Result<*mut u8> {
        let (region, start) = self
            .to_region_addr(addr)
            .ok_or(Error::InvalidGuestAddress(addr))?;
        region.get_host_address(start)
    }

    /// The `count` bytes from `addr`, which must lie in one region.
    ///
    /// # Errors
    /// [`Error::InvalidGuestAddress`] if `addr` is not backed, [`Error::InvalidBackendAddress`] if its region ends
    /// before the range does.
    #[inline]
    fn get_slice(
        &self,
        addr: GuestAddress,
        count: usize,
    ) -> Result<VolatileSlice<'_, MS<'_, Self>>> {
        let (region, start) = self
            .to_region_addr(addr)
            .ok_or(Error::InvalidGuestAddress(addr))?;
        region.get_slice(start, count)
    }

    /// The `count` bytes from `addr` as one slice for each region they cross. The iterator ends after its first
    /// error.
    #[inline]
    fn get_slices<'a>(
        &'a self,
        addr: GuestAddress,
        count: usize,
    ) -> GuestMemoryBackendSliceIterator<'a, Self> {
        GuestMemoryBackendSliceIterator::new(self, addr, count)
    }
}

/// Memory that is accessed at guest addresses, and may allow some accesses only.
///
/// Each [`GuestMemoryBackend`] is a `GuestMemory` that allows all accesses.
///
/// ```
/// use guest_memory::{AddressSpace, Bytes, GuestAddress, GuestMemory, Permissions};
/// /// A device's work with the memory it is given, behind an IOMMU or not.
/// fn answer<M: GuestMemory>(memory: &M, at: GuestAddress) -> Result<u32, guest_memory::GuestMemoryError> {
///     let question: u32 = memory.read_obj(at)?;
///     memory.write_obj(question + 1, at)?;
///     Ok(question)
/// }
/// let space = AddressSpace::from_ranges(&[(GuestAddress(0), 0x1000)])?;
/// let memory = space.view();
/// assert!(memory.check_range(GuestAddress(0x10), 4, Permissions::ReadWrite));
/// assert_eq!(answer(&*memory, GuestAddress(0x10))?, 0);
/// assert_eq!(answer(&*memory, GuestAddress(0x10))?, 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub trait GuestMemory {
    /// The memory behind this one, if this is a view of it.
    type PhysicalMemory: GuestMemoryBackend + ?Sized;
    /// Where writes are marked.
    type Bitmap: Bitmap;

    /// Whether each of the `count` bytes from `addr` allows `access`. An empty range always does.
    fn check_range(&self, addr: GuestAddress, count: usize, access: Permissions) -> bool;

    /// The `count` bytes from `addr`, for `access`, as slices of contiguous host memory. The iterator ends after its
    /// first error. A slice does not enforce `access`: it can always be written.
    ///
    /// # Errors
    /// If the implementor can tell at once that it cannot give even one slice. Other errors come as the iterator's
    /// items.
    fn get_slices<'a>(
        &'a self,
        addr: GuestAddress,
        count: usize,
        access: Permissions,
    ) -> Result<impl GuestMemorySliceIterator<'a, BS<'a, Self::Bitmap>>>;

    /// The `count` bytes from `addr`, for `access`, if [`get_slices`](GuestMemory::get_slices) would give them as one
    /// slice: the common case of an access, which then makes neither an iterator nor an error. For an empty range it
    /// may be `None`. vm-memory has no such method.
    #[inline]
    fn contiguous_slice(
        &self,
        addr: GuestAddress,
        count: usize,
        access: Permissions,
    ) -> Option<VolatileSlice<'_, BS<'_, Self::Bitmap>>> {
        let slice = self.get_slices(addr, count, access).ok()?.next()?.ok()?;
        (slice.len() == count).then_some(slice)
    }

    /// What [`contiguous_slice`](GuestMemory::contiguous_slice) gives, where one look decides; else `None`. Scalar
    /// accesses ask this first: code for the other cases beside it would cost them time. vm-memory has no such method.
    #[inline]
    fn plain_slice(
        &self,
        addr: GuestAddress,
        count: usize,
        access: Permissions,
    ) -> Option<VolatileSlice<'_, BS<'_, Self::Bitmap>>> {
        self.contiguous_slice(addr, count, access)
    }

    /// The bytes from `addr` on, `count` at most, that no slice can show, for `access`: they lie in an [external
    /// memory](crate::external). [`get_slices`](GuestMemory::get_slices) ends with an error before them, and
    /// [`Bytes`](crate::Bytes) copies them through a buffer. vm-memory has no such method.
    fn external_run(
        &self,
        _addr: GuestAddress,
        _count: usize,
        _access: Permissions,
    ) -> Option<ExternalRun<'_>> {
        None
    }

    /// The memory behind this one, if both have the same addresses.
    fn physical_memory(&self) -> Option<&Self::PhysicalMemory> {
        None
    }
}

impl<M: GuestMemoryBackend + ?Sized> GuestMemory for M {
    type PhysicalMemory = M;
    type Bitmap = <M::R as GuestMemoryRegion>::B;

    fn check_range(&self, addr: GuestAddress, count: usize, _access: Permissions) -> bool {
        GuestMemoryBackend::check_range(self, addr, count)
    }

    #[inline]
    fn get_slices<'a>(
        &'a self,
        addr: GuestAddress,
        count: usize,
        _access: Permissions,
    ) -> Result<impl GuestMemorySliceIterator<'a, BS<'a, Self::Bitmap>>> {
        Ok(GuestMemoryBackend::get_slices(self, addr, count))
    }

    #[inline]
    fn contiguous_slice(
        &self,
        addr: GuestAddress,
        count: usize,
        _access: Permissions,
    ) -> Option<VolatileSlice<'_, MS<'_, M>>> {
        let (region, start) = self.to_region_addr(addr)?;
        let slice = region.get_slice(start, count).ok()?;
        (slice.len() == count).then_some(slice)
    }

    fn physical_memory(&self) -> Option<&M> {
        Some(self)
    }
}

/// The smaller of two numbers of bytes. The first may be too large for a `usize`.
#[inline]
fn clamp(available: GuestUsize, wanted: usize) -> usize {
    usize::try_from(available).map_or(wanted, |available| available.min(wanted))
}

#[cfg(test)]
pub(crate) mod tests;
