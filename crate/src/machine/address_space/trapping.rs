//! Write traps of an address space: how they are set and ended, and the page table entries that they change.

use super::AddressSpace;
use crate::linear::host::{PAGE_SHIFT, PAGE_SIZE};
use crate::linear::readers;
use crate::machine::fault::Fault;
use crate::machine::memory_map::{Access, Backing, MemoryMap, Region, RegionKind};
use crate::machine::region_list;
use crate::machine::siblings::Sibling;
use crate::machine::traps::{self, HostRange, Segment, Sprung};
use crate::model::guest_memory::GuestAddress;
use std::sync::Arc;

impl AddressSpace {
    /// Traps the next write to a range: to the bytes alone if `exact`, else to the 4 KiB pages that they touch. Gives the
    /// trap's number. The trap belongs to the bytes of the regions that the range shows now: a write through an alias or
    /// another address space of the machine springs it, too, wherever the regions move. Each page of the range springs by
    /// itself, once.
    ///
    /// A store by Rust code springs a trap at once, after the bytes have changed: the trap is gone on that page, and
    /// [`take_sprung`](AddressSpace::take_sprung) tells of it. A range on two pages keeps its trap on the other one until
    /// [`end_trap`](AddressSpace::end_trap). A number is not given to another trap later. A trap does not see a write
    /// through a pointer, nor a write by the owner of external memory, before
    /// [`mark_dirty`](AddressSpace::mark_dirty) tells of it.
    ///
    /// # Errors
    ///
    /// `EmptyRegion` for an empty range; `NotMemory` where it has a hole or a device; `GuestAddressOverflow`;
    /// `OutOfMemory`.
    pub fn trap_writes(
        &self,
        address: GuestAddress,
        length: u64,
        exact: bool,
    ) -> Result<u32, Fault> {
        let last = region_list::check_region(address, length)?;
        let map = self.view();
        Self::check_trappable(&map, address, length)?;
        let in_page = PAGE_SIZE as u64 - 1;
        let (first, last) = match exact {
            true => (address.0, last),
            false => (address.0 & !in_page, last | in_page),
        };
        let mut segments = Vec::new();
        for range in map.flat().over(first, last) {
            let external = range.region.kind() == RegionKind::External;
            if range.memory.is_some() || external {
                let guest = range.start.max(first);
                let start = range.offset + (guest - range.start);
                segments.push(Segment {
                    region: range.region.id(),
                    start,
                    end: start + (range.last.min(last) - guest) + 1,
                    guest,
                    trap: 0,
                    machine: self.siblings.id(),
                });
            }
        }
        if !traps::has_room_for(&segments) {
            return Err(Fault::OutOfMemory { bytes: length });
        }
        let trap = traps::arm(&segments, locate);
        self.retrap_all(&segments);
        // A store that has not seen the trap has ended then. The caller may read the bytes that the trap guards. The tables
        // of this machine have waited for it already, if they still show the bytes; another machine may show them too.
        let _ = readers::wait();
        Ok(trap)
    }

    /// Checks that a range has no hole and no device.
    fn check_trappable(map: &MemoryMap, address: GuestAddress, length: u64) -> Result<(), Fault> {
        let checked = map.check_backing(address, length, Access::NONE, Backing::Bytes);
        checked.map_err(|fault| match fault {
            Fault::InvalidGuestAddress { address } => Fault::NotMemory {
                address,
                completed: 0,
            },
            Fault::PartialBuffer { address, completed } => Fault::NotMemory { address, completed },
            other => other,
        })
    }

    /// The pages of this machine's traps that Rust stores have sprung since the last call, in the order of the stores. Where
    /// the facade is used, it takes them at its next call, and calls the callbacks.
    ///
    /// ```
    /// use guest_memory::{AddressSpace, GuestAddress};
    /// let space = AddressSpace::from_ranges(&[(GuestAddress(0), 0x4000)])?;
    /// let trap = space.trap_writes(GuestAddress(0), 0x4000, false)?;
    /// space.fill(GuestAddress(0xfff), 1, 2)?;
    /// let sprung: Vec<_> = space.take_sprung().iter().map(|sprung| (sprung.trap, sprung.page.0)).collect();
    /// assert_eq!(sprung, [(trap, 0), (trap, 0x1000)]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn take_sprung(&self) -> Vec<Sprung> {
        let taken = traps::take(usize::MAX, Some(self.siblings.id()));
        let each = taken.into_iter().map(|(sprung, segments)| {
            self.retrap_all(&segments);
            sprung
        });
        each.collect()
    }

    /// Ends a trap, on one page of its range or on all of them. Gives whether it was still set there.
    pub fn end_trap(&self, trap: u32, page: Option<GuestAddress>) -> bool {
        let all = 0..1 << (u64::BITS - PAGE_SHIFT);
        let pages = page.map_or(all, |page| page.0 >> PAGE_SHIFT..(page.0 >> PAGE_SHIFT) + 1);
        let ended = traps::end(trap, pages);
        self.retrap_all(&ended);
        !ended.is_empty()
    }

    /// Ends a trap on one page until [`resume_trap`](AddressSpace::resume_trap), while its callback runs. Gives whether it
    /// was still set there.
    #[cfg(any(test, all(target_arch = "wasm32", target_os = "unknown")))]
    pub(crate) fn suspend_trap(&self, trap: u32, page: GuestAddress) -> bool {
        let suspended = traps::suspend(trap, page.0 >> PAGE_SHIFT);
        self.retrap_all(&suspended);
        !suspended.is_empty()
    }

    /// Sets a suspended trap again for the bytes that it had on the page, wherever they are now, or forgets it.
    #[cfg(any(test, all(target_arch = "wasm32", target_os = "unknown")))]
    pub(crate) fn resume_trap(&self, trap: u32, page: GuestAddress, again: bool) {
        self.retrap_all(&traps::resume(trap, page.0 >> PAGE_SHIFT, again));
    }

    /// The pages of traps that a write to a range touches, of traps up to the number `newest`, in the order of addresses.
    /// It is for code that is about to write through a pointer, or that acts before a write; `u32::MAX` asks for all traps.
    /// No trap is sprung. Each page is the number of the trap and the page in the addresses at which the trap was set.
    /// `access` is [`Access::WRITE`], or [`Access::LOAD`] for a loader, which writes ROM too.
    ///
    /// ```
    /// use guest_memory::{Access, AddressSpace, GuestAddress};
    /// let space = AddressSpace::from_ranges(&[(GuestAddress(0), 0x2000)])?;
    /// let trap = space.trap_writes(GuestAddress(0xffe), 4, true)?;
    /// let mut pages = Vec::new();
    /// space.trapped(GuestAddress(0x1000), 8, Access::WRITE, u32::MAX, |trap, page| pages.push((trap, page.0)));
    /// assert_eq!(pages, [(trap, 0x1000)]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn trapped(
        &self,
        address: GuestAddress,
        length: u64,
        access: Access,
        newest: u32,
        mut give: impl FnMut(u32, GuestAddress),
    ) {
        if !traps::any() {
            return;
        }
        let map = self.view();
        let mut completed = 0;
        while completed < length
            && let Some(at) = address.0.checked_add(completed)
        {
            let piece = map.piece(GuestAddress(at), length - completed, access);
            if piece.shown.is_stored()
                && let Some(range) = map.flat().range_at(GuestAddress(at))
            {
                let offset = range.offset + (at - range.start);
                let bytes = offset..offset + piece.length;
                traps::touched(range.region.id(), bytes, newest, |trap, page| {
                    give(trap, GuestAddress(page << PAGE_SHIFT));
                });
            }
            completed = completed.saturating_add(piece.length);
        }
    }

    /// Writes the page table entries again that show these bytes, in all address spaces of the machine.
    fn retrap_all(&self, segments: &[Segment]) {
        if segments.is_empty() {
            return;
        }
        self.retrap(segments);
        for space in self.siblings.spaces() {
            if space.table() != self.table() {
                space.retrap(segments);
            }
        }
    }
}

impl Sibling for AddressSpace {
    fn table(&self) -> usize {
        self.table.host_offset()
    }

    fn follow(&self, alias: &Arc<Region>) {
        self.follow_alias(alias);
    }

    fn retrap(&self, segments: &[Segment]) {
        let mut state = self.state();
        let mut changed = false;
        for segment in segments {
            let bytes = (segment.start, segment.end - 1);
            state.each_showing(segment.region, bytes, |map, first, last| {
                self.table.refresh(map, first, last);
                changed = true;
            });
        }
        if changed {
            self.table.bump_permissions();
        }
    }
}

/// Finds a region's bytes in linear memory.
fn locate(region: u32, give: &mut dyn FnMut(HostRange)) -> bool {
    let Some(region) = Region::by_id(region) else {
        return false;
    };
    region.each_block(0, region.size(), |block, offset, _, size| {
        if !block.is_absent() {
            let start = block.host_offset();
            // Fits: the block is in linear memory.
            let end = start + usize::try_from(size).unwrap_or(0);
            let region = region.id();
            give(HostRange {
                start,
                end,
                region,
                offset,
            });
        }
    });
    true
}

/// Takes `most` of the pages that Rust stores have sprung, in all machines. Writes their page table entries again in these
/// address spaces.
#[cfg(all(target_arch = "wasm32", target_os = "unknown"))]
pub(crate) fn take_sprung(spaces: &[Arc<AddressSpace>], most: usize) -> Vec<Sprung> {
    let taken = traps::take(most, None);
    for space in spaces {
        for (_, segments) in &taken {
            space.retrap(segments);
        }
    }
    taken.into_iter().map(|(sprung, _)| sprung).collect()
}
