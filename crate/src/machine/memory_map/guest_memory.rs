//! `MemoryMap` as vm-memory's `GuestMemory`: devices write only what the machine lets them write.

use super::{Access, Backing, FlatView, MemoryMap, Shown};
use crate::machine::ram_region::DirtyPages;
use crate::machine::traps;
use crate::model::bitmap::BS;
use crate::model::external::ExternalRun;
use crate::model::guest_memory::{
    Error, GuestAddress, GuestMemory, GuestMemoryBackend, GuestMemorySliceIterator,
    MemoryRegionAddress, Permissions, Result,
};
use crate::model::region::GuestMemoryRegion;
use crate::model::volatile_memory::VolatileSlice;
use std::iter::FusedIterator;

/// A range is accessible where it is memory that allows the access. A write to ROM or to protected pages, and any
/// access to a device, is [`Error::InvalidGuestAddress`] of the first such byte: vm-memory has no other error that
/// keeps the address. External memory is [`Error::HostAddressNotAvailable`] for slices; [`Bytes`](crate::Bytes) reaches
/// it, except for atomic accesses. Watches do not see accesses through the slices.
impl GuestMemory for MemoryMap {
    type PhysicalMemory = FlatView;
    type Bitmap = DirtyPages;

    fn check_range(&self, addr: GuestAddress, count: usize, access: Permissions) -> bool {
        self.check_backing(addr, count as u64, access.into(), Backing::Bytes)
            .is_ok()
    }

    #[inline]
    fn get_slices<'a>(
        &'a self,
        addr: GuestAddress,
        count: usize,
        access: Permissions,
    ) -> Result<impl GuestMemorySliceIterator<'a, BS<'a, DirtyPages>>> {
        Ok(PermittedSlices {
            map: self,
            next: Some(addr),
            left: count,
            access: access.into(),
        })
    }

    fn contiguous_slice(
        &self,
        addr: GuestAddress,
        count: usize,
        access: Permissions,
    ) -> Option<VolatileSlice<'_, DirtyPages>> {
        let piece = self.piece(addr, count as u64, access.into());
        let (Shown::Memory { .. } | Shown::Absent) = piece.shown else {
            return None;
        };
        if piece.length < count as u64 {
            return None;
        }
        let (region, start) = self.flat.to_region_addr(addr)?;
        region.get_slice(start, count).ok()
    }

    /// One look at the range decides, where the map forbids nothing and the bytes have host pages.
    #[inline(always)]
    fn plain_slice(
        &self,
        addr: GuestAddress,
        count: usize,
        access: Permissions,
    ) -> Option<VolatileSlice<'_, DirtyPages>> {
        let range = self.flat.guess(addr)?;
        let allowed = !access.has_write() || range.is_writable();
        if !allowed || !self.attributes.is_empty() {
            return None;
        }
        // The offset wraps below the range's start. Then it is outside, as it is behind the range.
        let offset = MemoryRegionAddress(addr.0.wrapping_sub(range.start));
        range.memory.as_ref()?.present(offset, count)
    }

    fn external_run(
        &self,
        addr: GuestAddress,
        count: usize,
        access: Permissions,
    ) -> Option<ExternalRun<'_>> {
        let piece = self.piece(addr, count as u64, access.into());
        let Shown::External { region, offset } = piece.shown else {
            return None;
        };
        Some(ExternalRun {
            memory: region.external_memory()?,
            offset,
            // Fits: it is no more than `count`.
            length: usize::try_from(piece.length).unwrap_or(count),
            region: region.id(),
            written: traps::written,
        })
    }

    /// The memory at the same addresses, without permissions.
    fn physical_memory(&self) -> Option<&FlatView> {
        Some(&self.flat)
    }
}

/// One slice for each range that an access crosses, as long as the access is allowed.
///
/// ```
/// use guest_memory::{AddressSpace, GuestAddress, GuestMemory, Permissions};
/// let space = AddressSpace::from_ranges(&[(GuestAddress(0), 0x1000), (GuestAddress(0x1000), 0x1000)])?;
/// let map = space.view();
/// let lengths = map.get_slices(GuestAddress(0xff0), 0x20, Permissions::Read)?.map(|slice| slice.unwrap().len());
/// assert_eq!(lengths.collect::<Vec<_>>(), [0x10, 0x10]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct PermittedSlices<'a> {
    map: &'a MemoryMap,
    /// Where the next slice begins; `None` past the end of the address space.
    next: Option<GuestAddress>,
    /// Bytes that are left.
    left: usize,
    access: Access,
}

impl<'a> PermittedSlices<'a> {
    #[inline]
    fn next_slice(&mut self) -> Result<VolatileSlice<'a, DirtyPages>> {
        let addr = self.next.ok_or(Error::GuestAddressOverflow)?;
        let piece = self.map.piece(addr, self.left as u64, self.access);
        match piece.shown {
            Shown::Memory { .. } | Shown::Absent => {}
            Shown::External { .. } => return Err(Error::HostAddressNotAvailable),
            _ => return Err(Error::InvalidGuestAddress(addr)),
        }
        let (region, start) = self
            .map
            .flat
            .to_region_addr(addr)
            .ok_or(Error::InvalidGuestAddress(addr))?;
        // Fits: it is no more than what is left.
        let count = usize::try_from(piece.length).unwrap_or(self.left);
        let slice = region.get_slice(start, count)?;
        self.next = addr.0.checked_add(piece.length).map(GuestAddress);
        self.left -= count;
        Ok(slice)
    }
}

impl<'a> Iterator for PermittedSlices<'a> {
    type Item = Result<VolatileSlice<'a, DirtyPages>>;

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

impl FusedIterator for PermittedSlices<'_> {}

impl<'a> GuestMemorySliceIterator<'a, DirtyPages> for PermittedSlices<'a> {}
