//! Forbidden and watched accesses of an address space, by guest page.

use super::AddressSpace;
use super::state::Protection;
use crate::linear::host::{PAGE_SHIFT, PAGE_SIZE};
use crate::machine::fault::Fault;
use crate::machine::memory_map::Access;
use crate::machine::memory_map::attributes::FORBIDDEN;
use crate::machine::region_list;
use crate::model::guest_memory::GuestAddress;
use std::sync::Arc;

impl AddressSpace {
    /// Sets the accesses that whole pages allow: `allowed`, and no others. The setting belongs to the addresses, as in
    /// a memory protection unit, and not to the regions mapped there. At first every access is allowed. In a
    /// [transaction](AddressSpace::transaction) this is a step: it applies to the map that the steps before it have made.
    ///
    /// # Errors
    ///
    /// `Misaligned` where the range is not made of whole pages of 4096 bytes; `InvalidGuestAddress`, `PartialBuffer` or
    /// `GuestAddressOverflow` where a part of it is not mapped. On an error nothing changes.
    pub fn protect(
        &self,
        address: GuestAddress,
        length: u64,
        allowed: Access,
    ) -> Result<(), Fault> {
        self.protect_pages(address, length, allowed, true)
    }

    /// As [`protect`](AddressSpace::protect), whether the addresses are mapped or not: brings back a setting that outlived
    /// the region there.
    ///
    /// ```
    /// use guest_memory::memory_map::Access;
    /// use guest_memory::{AddressSpace, GuestAddress};
    /// let space = AddressSpace::from_ranges(&[(GuestAddress(0), 0x1000)])?;
    /// space.protect_anywhere(GuestAddress(0x1000), 0x1000, Access::READ)?;
    /// assert_eq!(space.permissions(GuestAddress(0x1000)).0, Access::READ);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// `Misaligned`; `GuestAddressOverflow` past 2^64. On an error nothing changes.
    pub fn protect_anywhere(
        &self,
        address: GuestAddress,
        length: u64,
        allowed: Access,
    ) -> Result<(), Fault> {
        self.protect_pages(address, length, allowed, false)
    }

    fn protect_pages(
        &self,
        address: GuestAddress,
        length: u64,
        allowed: Access,
        mapped: bool,
    ) -> Result<(), Fault> {
        let page = PAGE_SIZE as u64;
        if !(address.0 | length).is_multiple_of(page) {
            return Err(Fault::Misaligned { address: address.0 });
        }
        if length == 0 {
            return Ok(());
        }
        let forbidden = FORBIDDEN & !allowed.forbidding();
        self.change(|state| {
            if mapped {
                state.check_placed(address, length)?;
            }
            state.protect(Protection {
                first: address.0,
                last: region_list::check_region(address, length)?,
                forbidden,
            });
            Ok(())
        })
    }

    /// The accesses that [`protect`](AddressSpace::protect) allows at an address, mapped or not, and the last address up
    /// to which all addresses allow the same.
    ///
    /// ```
    /// use guest_memory::memory_map::Access;
    /// use guest_memory::{AddressSpace, GuestAddress};
    /// let space = AddressSpace::from_ranges(&[(GuestAddress(0), 0x4000)])?;
    /// space.protect(GuestAddress(0x1000), 0x2000, Access::READ)?;
    /// assert_eq!(space.permissions(GuestAddress(0x1234)), (Access::READ, GuestAddress(0x2fff)));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn permissions(&self, address: GuestAddress) -> (Access, GuestAddress) {
        let map = self.view();
        let mut pages = map
            .attributes
            .over(address.0 >> PAGE_SHIFT, u64::MAX >> PAGE_SHIFT);
        let forbidden = |bits: u8| bits & FORBIDDEN;
        // Watched pages are runs of their own.
        let first = pages
            .next()
            .map_or((0, 0), |run| (forbidden(run.bits), run.last));
        let same = pages.take_while(|run| forbidden(run.bits) == first.0);
        let last = same.last().map_or(first.1, |run| run.last);
        (
            Access::from_bits(u32::from(!first.0 & FORBIDDEN)),
            GuestAddress(last << PAGE_SHIFT | ((1 << PAGE_SHIFT) - 1)),
        )
    }

    /// Watches accesses of these kinds to a range, mapped or not, and gives the watch's number. Accesses to the pages
    /// that the range touches leave the fast path, and their [`piece`](crate::memory_map::MemoryMap::piece) says that
    /// they are watched. Code that makes an access asks [`watchers`](AddressSpace::watchers) which watches to notify.
    /// Writes through slices are not seen.
    ///
    /// # Errors
    ///
    /// `EmptyRegion` for an empty range; `GuestAddressOverflow`; `OutOfMemory`.
    pub fn watch(&self, address: GuestAddress, length: u64, access: Access) -> Result<u32, Fault> {
        let last = region_list::check_region(address, length)?;
        let mut state = self.state();
        let state = &mut *state;
        let map = Arc::make_mut(&mut state.map);
        let attributes = Arc::make_mut(&mut map.attributes);
        let id = state.watches.add(attributes, (address.0, last), access)?;
        self.table.refresh(map, address.0, last);
        self.table.bump_permissions();
        Ok(id)
    }

    /// Ends a watch over all of its range, or over a part of it. Gives whether there was such a watch.
    ///
    /// # Errors
    ///
    /// `EmptyRegion` for an empty range; `GuestAddressOverflow`; `OutOfMemory`.
    pub fn unwatch(&self, id: u32, address: GuestAddress, length: u64) -> Result<bool, Fault> {
        let last = region_list::check_region(address, length)?;
        let mut state = self.state();
        let state = &mut *state;
        let map = Arc::make_mut(&mut state.map);
        let attributes = Arc::make_mut(&mut map.attributes);
        let Some((first, last)) = state.watches.remove(attributes, id, (address.0, last))? else {
            return Ok(false);
        };
        self.table.refresh(map, first, last);
        self.table.bump_permissions();
        Ok(true)
    }

    /// Gives the watches that see an access to a range, in the order in which they were set. No watch sees an empty
    /// range. `give` may use the space: a breakpoint may end itself.
    pub fn watchers(
        &self,
        address: GuestAddress,
        length: u64,
        access: Access,
        give: impl FnMut(u32),
    ) {
        if let Some(to_last) = length.checked_sub(1) {
            let last = address.0.saturating_add(to_last);
            let mut seeing = Vec::new();
            let state = self.state();
            // The bits of the pages tell at once that no watch is here, however many there are elsewhere.
            let (first_page, last_page) = (address.0 >> PAGE_SHIFT, last >> PAGE_SHIFT);
            let mut pages = state.map.attributes.over(first_page, last_page);
            if pages.any(|pages| pages.bits & access.watching() != 0) {
                seeing.extend(state.watches.seeing(address.0, last, access));
            }
            drop(pages);
            drop(state);
            seeing.into_iter().for_each(give);
        }
    }
}
