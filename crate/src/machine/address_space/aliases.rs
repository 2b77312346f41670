//! Aliases that show other bytes than before: in the map of this address space, and of its siblings.

use super::AddressSpace;
use super::state::{State, Undo, span};
use crate::machine::fault::Fault;
use crate::machine::memory_map::Region;
use crate::model::guest_memory::GuestUsize;
use std::sync::Arc;

impl AddressSpace {
    /// Makes an alias show the bytes of `target` from `offset` on: a mapper's bank switch. Aliases of the alias follow, and
    /// so do the other address spaces of the machine that have a [handle](crate::handle). In a transaction it is one of
    /// the changes that take effect together, or not at all; the others follow when the transaction ends.
    ///
    /// # Errors
    ///
    /// `NoMemoryRegion` if the alias is not mapped here; `InvalidAlias` if it is no alias, or if the target has too few
    /// bytes, or shows the alias itself. On an error the map is unchanged.
    ///
    /// ```
    /// use guest_memory::{AddressSpace, GuestAddress, Region, RegionKind};
    /// let space = AddressSpace::new()?;
    /// let cartridge = Region::new("cartridge", RegionKind::Ram, GuestAddress(0), 0x8000)?;
    /// let window = Region::alias("window", &cartridge, 0, 0x4000)?;
    /// space.map(&window, GuestAddress(0x8000), 0)?;
    /// space.show(&window, &cartridge, 0x4000)?;
    /// space.write_obj(7_u8, GuestAddress(0x8000))?;
    /// assert_eq!(space.region_at(GuestAddress(0x8000), None).unwrap().offset, 0x4000);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn show(
        &self,
        alias: &Arc<Region>,
        target: &Arc<Region>,
        offset: GuestUsize,
    ) -> Result<(), Fault> {
        self.change(|state| {
            state.number_of(alias)?;
            let Some(shown) = alias.show(target, offset)? else {
                return Ok(()); // the same bytes as before
            };
            let (before, from) = shown.before;
            let showed = Undo::Showed(Arc::clone(alias), before, from);
            state.note(showed, None, core::iter::empty());
            state.shown.push((Arc::clone(alias), false));
            state.follow(&shown.following, true);
            Ok(())
        })
    }

    /// Shows in this space what an alias shows now, or as soon as the transaction ends that is open.
    pub(super) fn follow_alias(&self, alias: &Arc<Region>) {
        let followed = self.change(|state| {
            match state.is_settled() {
                true => state.follow(&alias.following(), true),
                false => state.shown.push((Arc::clone(alias), true)),
            }
            Ok(())
        });
        // No region was placed or moved, and no page protected: there is nothing that could be refused.
        debug_assert!(followed.is_ok());
    }

    /// Lets the spaces of the machine follow aliases that show other bytes.
    #[inline(never)]
    pub(super) fn follow_all(&self, shown: &[(Arc<Region>, bool)]) {
        for (alias, late) in shown {
            if *late {
                self.follow_alias(alias);
                continue;
            }
            for space in self.siblings.spaces() {
                if space.table() != self.table.host_offset() {
                    space.follow(alias);
                }
            }
        }
    }
}

impl State {
    /// Shows what aliases show now. Takes note of each placement that has changed, unless a step is taken back.
    #[inline(never)]
    pub(super) fn follow(&mut self, aliases: &[Arc<Region>], take_note: bool) {
        for region in aliases {
            let Some((number, placement)) = self.placements.of(region.id()) else {
                continue;
            };
            let (placement, shown) = (placement.clone(), span(placement));
            let Some(before) = self.placements.put(number, placement) else {
                continue;
            };
            let (after, offset) = region.leaf();
            let (before, from) = before.leaf();
            let same = Arc::ptr_eq(before, &after);
            if take_note && (!same || from != offset) {
                let moved = (!same).then(|| (Arc::clone(before), after));
                self.note(Undo::Followed(moved), None, shown.into_iter());
            }
        }
    }

    /// The aliases that other spaces must follow, once no transaction is open.
    pub(super) fn take_shown(&mut self) -> Vec<(Arc<Region>, bool)> {
        match self.is_settled() {
            true => core::mem::take(&mut self.shown),
            false => Vec::new(),
        }
    }
}
