//! A range of guest memory as an iterator of slices, which stays ended after an error.

use super::{Error, GuestAddress, GuestMemoryBackend, Result, clamp};
use crate::model::address::Address;
use crate::model::bitmap::{BitmapSlice, MS};
use crate::model::region::GuestMemoryRegion;
use crate::model::volatile_memory::VolatileSlice;
use std::fmt;
use std::iter::FusedIterator;

/// The slices that make up a range of guest memory. The iterator ends after an error.
///
/// ```
/// use guest_memory::memory::GuestMemorySliceIterator;
/// use guest_memory::{AddressSpace, GuestAddress, GuestMemory, Permissions};
/// let space = AddressSpace::from_ranges(&[(GuestAddress(0), 0x1000), (GuestAddress(0x1000), 0x1000)])?;
/// let memory = space.view();
/// let slices = GuestMemory::get_slices(&*memory, GuestAddress(0xffc), 0x2000, Permissions::Read)?;
/// let lengths: Vec<_> = slices.stop_on_error()?.map(|slice| slice.len()).collect();
/// assert_eq!(lengths, [4, 0x1000]); // up to the hole
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub trait GuestMemorySliceIterator<'a, B: BitmapSlice>:
    Iterator<Item = Result<VolatileSlice<'a, B>>> + FusedIterator + Sized
{
    /// The slices before the first error, for an access that may be partial.
    ///
    /// # Errors
    /// The first item, if it is an error: then there is nothing to access.
    #[inline]
    fn stop_on_error(mut self) -> Result<impl Iterator<Item = VolatileSlice<'a, B>>> {
        let first = self.next().transpose()?;
        Ok(first.into_iter().chain(self.map_while(Result::ok)))
    }
}

/// One slice for each region that a range crosses: see [`GuestMemoryBackend::get_slices`].
///
/// The error is [`Error::InvalidGuestAddress`] with the first address that is not backed, or
/// [`Error::GuestAddressOverflow`] if the range goes on past the end of the address space.
///
/// ```
/// use guest_memory::{AddressSpace, GuestAddress, GuestMemoryBackend};
/// let space = AddressSpace::from_ranges(&[(GuestAddress(0), 0x1000)])?;
/// let map = space.view();
/// let mut slices = GuestMemoryBackend::get_slices(map.flat(), GuestAddress(0xffc), 8);
/// assert_eq!(slices.next().unwrap()?.len(), 4);
/// assert!(slices.next().unwrap().is_err() && slices.next().is_none());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct GuestMemoryBackendSliceIterator<'a, M: GuestMemoryBackend + ?Sized> {
    memory: &'a M,
    /// The address where the next slice begins; `None` past the end of the address space.
    next: Option<GuestAddress>,
    /// The number of bytes that are still to come.
    left: usize,
}

impl<'a, M: GuestMemoryBackend + ?Sized> GuestMemoryBackendSliceIterator<'a, M> {
    #[inline]
    pub(super) fn new(memory: &'a M, addr: GuestAddress, count: usize) -> Self {
        GuestMemoryBackendSliceIterator {
            memory,
            next: Some(addr),
            left: count,
        }
    }

    /// The slices before the first error: [`GuestMemorySliceIterator::stop_on_error`] without its import.
    ///
    /// # Errors
    /// The first item, if it is an error.
    #[inline]
    pub fn stop_on_error(self) -> Result<impl Iterator<Item = VolatileSlice<'a, MS<'a, M>>>> {
        GuestMemorySliceIterator::stop_on_error(self)
    }

    #[inline]
    fn next_slice(&mut self) -> Result<VolatileSlice<'a, MS<'a, M>>> {
        let addr = self.next.ok_or(Error::GuestAddressOverflow)?;
        let (region, start) = self
            .memory
            .to_region_addr(addr)
            .ok_or(Error::InvalidGuestAddress(addr))?;
        let count = clamp(region.len().saturating_sub(start.0), self.left);
        let slice = region.get_slice(start, count)?;
        // A region that gives less than its length would cause an endless loop, or hand out the wrong bytes.
        if slice.len() != count || count == 0 {
            return Err(Error::InvalidBackendAddress);
        }
        self.next = addr.checked_add(count as u64);
        self.left -= count;
        Ok(slice)
    }
}

impl<'a, M: GuestMemoryBackend + ?Sized> Iterator for GuestMemoryBackendSliceIterator<'a, M> {
    type Item = Result<VolatileSlice<'a, MS<'a, M>>>;

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        if self.left == 0 {
            return None;
        }
        let slice = self.next_slice();
        if slice.is_err() {
            self.left = 0;
        }
        Some(slice)
    }
}

impl<M: GuestMemoryBackend + ?Sized> FusedIterator for GuestMemoryBackendSliceIterator<'_, M> {}

impl<'a, M: GuestMemoryBackend + ?Sized> GuestMemorySliceIterator<'a, MS<'a, M>>
    for GuestMemoryBackendSliceIterator<'a, M>
{
}

impl<M: GuestMemoryBackend + ?Sized> fmt::Debug for GuestMemoryBackendSliceIterator<'_, M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GuestMemoryBackendSliceIterator")
            .field("next", &self.next)
            .field("left", &self.left)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
