//! Changes of an address space's map: each change is a step of a transaction, which takes effect as a whole.

use super::AddressSpace;
use super::state::{Changes, MANY, Protection, State, Undo, each_span, span};
use super::transaction::Taken;
use crate::linear::host;
use crate::machine::fault::Fault;
use crate::machine::memory_map::{
    Placement, Placements, Region, write_flat, write_protection, write_tree,
};
use crate::machine::region_list;
use crate::model::guest_memory::{GuestAddress, GuestUsize};
use crate::sync::{PoisonError, RwLockWriteGuard};
use core::fmt;
use std::sync::Arc;

impl AddressSpace {
    /// Places a region. Where regions overlap, the guest sees the one with the highest priority.
    ///
    /// # Errors
    ///
    /// `AlreadyMapped`; `GuestAddressOverflow`; `MemoryRegionOverlap` with an enabled region of the same priority. On
    /// an error the map is unchanged. In a [`transaction`](AddressSpace::transaction) regions may overlap between its steps:
    /// the transaction itself gives `MemoryRegionOverlap`, at its end.
    pub fn map(
        &self,
        region: &Arc<Region>,
        start: GuestAddress,
        priority: i32,
    ) -> Result<(), Fault> {
        self.place(region, start, priority, true)
    }

    /// Places a region, disabled: it shows nothing until it is [enabled](AddressSpace::set_enabled). A loader reaches its
    /// bytes through a [sibling](AddressSpace::sibling) that has an alias of the region at address 0.
    ///
    /// # Errors
    ///
    /// `AlreadyMapped`; `GuestAddressOverflow`.
    pub fn map_disabled(
        &self,
        region: &Arc<Region>,
        start: GuestAddress,
        priority: i32,
    ) -> Result<(), Fault> {
        self.place(region, start, priority, false)
    }

    fn place(
        &self,
        region: &Arc<Region>,
        start: GuestAddress,
        priority: i32,
        enabled: bool,
    ) -> Result<(), Fault> {
        region_list::check_region(start, region.size())?;
        if !host::has_heap_room(self.placed(Placements::len) + 1) {
            return Err(Fault::OutOfMemory {
                bytes: host::HEAP_NEEDED as u64,
            });
        }
        self.change(|state| {
            if state.number_of(region).is_ok() {
                return Err(Fault::AlreadyMapped);
            }
            let placement = Placement::new(region, start.0, priority, enabled);
            let (shown, leaf) = (span(&placement), Arc::clone(placement.leaf().0));
            let number = state.placements.push(placement);
            let added = Undo::Added(number, leaf);
            state.note(added, Some(region.id()), shown.into_iter());
            Ok(())
        })?;
        host::keep_heap_headroom(self.placed(Placements::len)); // for calls that must not grow linear memory
        Ok(())
    }

    /// Takes a region out of the map. Its bytes are freed once no alias shows them and no caller holds the region.
    ///
    /// # Errors
    ///
    /// `NoMemoryRegion` if it is not mapped here.
    pub fn unmap(&self, region: &Region) -> Result<(), Fault> {
        self.change(|state| {
            let number = state.number_of(region)?;
            let placement = state.placements.remove(number);
            let placement = placement.ok_or(Fault::NoMemoryRegion)?;
            let shown = span(&placement);
            state.note(Undo::Removed(number, placement), None, shown.into_iter());
            Ok(())
        })
    }

    /// Moves a region to another address.
    ///
    /// # Errors
    ///
    /// `NoMemoryRegion` if it is not mapped here; `GuestAddressOverflow`; `MemoryRegionOverlap` with an enabled region
    /// of the same priority. On an error the map is unchanged.
    pub fn move_region(&self, region: &Region, to: GuestAddress) -> Result<(), Fault> {
        region_list::check_region(to, region.size())?;
        self.alter(region, |placement| placement.start = to.0)
    }

    /// Shows a region, or hides it.
    ///
    /// # Errors
    ///
    /// `NoMemoryRegion` if it is not mapped here; `MemoryRegionOverlap` with an enabled region of the same priority. On
    /// an error the map is unchanged.
    pub fn set_enabled(&self, region: &Region, enabled: bool) -> Result<(), Fault> {
        self.alter(region, |placement| placement.enabled = enabled)
    }

    fn alter(&self, region: &Region, act: impl FnOnce(&mut Placement)) -> Result<(), Fault> {
        self.change(|state| {
            let found = state.placements.of(region.id());
            let (number, before) = found.ok_or(Fault::NoMemoryRegion)?;
            let before = before.clone();
            let mut placement = before.clone();
            act(&mut placement);
            let after = (placement.start, placement.enabled);
            if after == (before.start, before.enabled) {
                return Ok(());
            }
            let shown = [span(&before), span(&placement)].into_iter().flatten();
            state.placements.put(number, placement);
            state.note(Undo::Changed(number, before), Some(region.id()), shown);
            Ok(())
        })
    }

    /// Begins a transaction, for [`transaction`](AddressSpace::transaction) and for the facade. It belongs to this thread,
    /// which must end it.
    pub(crate) fn begin(&self) {
        core::mem::forget(self.turn.take());
        let mut state = self.state();
        let steps = state.changes.undo.len();
        state.changes.open.push(steps);
    }

    /// Ends a transaction. Its changes take effect, unless it is inside another transaction.
    ///
    /// # Errors
    ///
    /// `MemoryRegionOverlap` of two enabled regions of the same priority; `OutOfMemory`. On an error none of its
    /// changes takes effect.
    pub(crate) fn commit(&self) -> Result<(), Fault> {
        let mut state = self.state();
        let turn = state.changes.open.pop().map(|_| self.turn.held());
        let settled = self.settle(&mut state);
        self.end_step(state, turn);
        settled
    }

    /// Ends a transaction and takes back its changes.
    pub(crate) fn roll_back(&self) {
        let mut state = self.state();
        if let Some(steps) = state.changes.open.pop() {
            let turn = self.turn.held();
            state.undo(steps);
            self.end_step(state, Some(turn));
        }
    }

    /// Ends this thread's turn, and lets the other spaces of the machine follow.
    #[inline(never)]
    fn end_step(&self, mut state: RwLockWriteGuard<'_, State>, turn: Option<Taken<'_>>) {
        let shown = state.take_shown();
        drop(state);
        drop(turn); // before another space's turn is taken, so that no two threads wait for each other
        self.follow_all(&shown);
    }

    /// Makes one step: a transaction of its own if none is open.
    pub(super) fn change(
        &self,
        act: impl FnOnce(&mut State) -> Result<(), Fault>,
    ) -> Result<(), Fault> {
        let turn = self.turn.take();
        let mut state = self.state();
        act(&mut state)?;
        let settled = self.settle(&mut state);
        self.end_step(state, Some(turn));
        settled
    }

    /// Computes the map from the placements, if no transaction is open.
    fn settle(&self, state: &mut State) -> Result<(), Fault> {
        if !state.changes.open.is_empty() || state.changes.undo.is_empty() {
            return Ok(());
        }
        let mut touched = state.changes.touched.iter();
        let checked = touched.try_for_each(|&id| state.placements.check_overlap(id));
        if let Err(fault) = checked.and_then(|()| state.forbid()) {
            state.undo(0);
            return Err(fault);
        }
        let Changes {
            touched,
            spans,
            protections,
            undo,
            ..
        } = &mut state.changes;
        let placed = undo.iter().filter_map(|step| match step {
            Undo::Added(_, leaf) | Undo::Followed(Some((_, leaf))) => Some(leaf),
            _ => None,
        });
        let removed = undo.iter().filter_map(|step| match step {
            Undo::Removed(_, placement) => Some(placement.leaf().0),
            Undo::Followed(Some((leaf, _))) => Some(leaf),
            _ => None,
        });
        self.siblings.change(placed, removed);
        let map = Arc::make_mut(&mut state.map);
        each_span(spans, |first, last| {
            if let Some(journal) = &mut state.journal {
                journal.before(&map.flat, first, last);
            }
            map.flat.update(&state.placements, first, last);
            if let Some(journal) = &mut state.journal {
                journal.after(&map.flat, first, last);
            }
            self.table.refresh(map, first, last);
        });
        for Protection { first, last, .. } in protections.iter() {
            self.table.refresh(map, *first, *last);
        }
        if !protections.is_empty() {
            self.table.bump_permissions();
        }
        if undo.len() > protections.len() {
            self.table.bump_generation();
        }
        // The lists keep their room for the next change, unless it is much.
        match undo.len() {
            0..=MANY => {
                touched.clear();
                spans.clear();
                protections.clear();
                undo.clear();
            }
            _ => state.changes = Changes::default(),
        }
        Ok(())
    }

    /// Checks that a region of this priority could be placed here.
    ///
    /// # Errors
    ///
    /// `MemoryRegionOverlap` with an enabled region of the same priority.
    pub(super) fn check_vacant(
        &self,
        start: GuestAddress,
        size: GuestUsize,
        priority: i32,
    ) -> Result<(), Fault> {
        let last = region_list::check_region(start, size)?;
        match self.placed(|placed| placed.first_clash(start.0, last, priority, 0)) {
            Some(_) => Err(Fault::MemoryRegionOverlap { address: start.0 }),
            None => Ok(()),
        }
    }

    /// Shows `look` the placements, in the order of mapping. The list is made for this call.
    pub fn placements<T>(&self, look: impl FnOnce(&[Placement]) -> T) -> T {
        let all = self.placed(|placed| {
            let all = placed.from(0);
            all.map(|(_, placement)| placement.clone())
                .collect::<Vec<_>>()
        });
        look(&all)
    }

    /// The first region with this name, in the order of mapping.
    ///
    /// ```
    /// use guest_memory::{AddressSpace, GuestAddress, Region, RegionKind};
    /// let space = AddressSpace::new()?;
    /// let uart = Region::new("UART", RegionKind::Mmio, GuestAddress(0), 0x100)?;
    /// space.map(&uart, GuestAddress(0x8000), 0)?;
    /// assert!(space.region_named("UART").is_some_and(|found| found.id() == uart.id()));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn region_named(&self, name: &str) -> Option<Arc<Region>> {
        self.placed(|placed| {
            let (_, placement) = placed.named(name, 0)?;
            Some(Arc::clone(&placement.region))
        })
    }

    /// Shows `look` the placements as they are kept.
    pub(crate) fn placed<T>(&self, look: impl FnOnce(&Placements) -> T) -> T {
        let state = self.state.read().unwrap_or_else(PoisonError::into_inner);
        look(&state.placements)
    }

    /// Writes the map under this name, in the format of QEMU's `info mtree` (`flat`: of `info mtree -f`), and behind it the
    /// pages that `protect` has forbidden something.
    ///
    /// # Errors
    ///
    /// The errors of `out`.
    pub fn write_tree(&self, out: &mut impl fmt::Write, name: &str, flat: bool) -> fmt::Result {
        if flat {
            write_flat(out, name, self.view().flat())?;
        } else {
            self.placed(|placed| write_tree(out, name, placed))?;
        }
        write_protection(out, &self.view().attributes)
    }

    pub(crate) fn state(&self) -> RwLockWriteGuard<'_, State> {
        self.state.write().unwrap_or_else(PoisonError::into_inner)
    }
}
