//! `State`: the placements of an address space and the map that they come to, with the steps of an open transaction and
//! how to take each of them back.

use crate::linear::host::PAGE_SHIFT;
use crate::machine::fault::Fault;
use crate::machine::index::Index;
use crate::machine::memory_map::attributes::FORBIDDEN;
use crate::machine::memory_map::{
    Access, Journal, MemoryMap, Placement, Placements, Region, Watches,
};
use crate::model::guest_memory::GuestAddress;
use std::sync::Arc;

/// The parts of an address space that one lock protects.
#[derive(Debug, Default)]
pub(crate) struct State {
    pub(super) placements: Placements,
    /// The map that the placements come to.
    pub(crate) map: Arc<MemoryMap>,
    pub(super) watches: Watches,
    /// The ranges that have come and gone, once there is a listener.
    pub(crate) journal: Option<Journal>,
    pub(super) changes: Changes,
    /// The aliases that show other bytes now, and whether this space must still follow them. The others must in any case.
    pub(super) shown: Vec<(Arc<Region>, bool)>,
}

/// The changes since the map was last computed.
#[derive(Debug, Default)]
pub(super) struct Changes {
    /// For each open transaction, the number of steps before it.
    pub(super) open: Vec<usize>,
    /// How to take each step back, in the order of the steps.
    pub(super) undo: Vec<Undo>,
    /// The ids of the regions that were mapped, moved or enabled.
    pub(super) touched: Vec<u32>,
    /// The addresses that may show something else, by their first and last.
    pub(super) spans: Vec<(u64, u64)>,
    /// The protections to apply, in order.
    pub(super) protections: Vec<Protection>,
}

/// The lists of changes are freed after a transaction of more steps.
pub(super) const MANY: usize = 64;

/// Whole pages, by their first and last address, and the bits of [`FORBIDDEN`] that they get.
#[derive(Debug)]
pub(super) struct Protection {
    pub(super) first: u64,
    pub(super) last: u64,
    pub(super) forbidden: u8,
}

#[derive(Debug)]
pub(super) enum Undo {
    Protected,
    /// The placement's number, and the region that it shows in the end.
    Added(u64, Arc<Region>),
    Removed(u64, Placement),
    Changed(u64, Placement),
    /// The alias, the region that it showed before, and the offset in it.
    Showed(Arc<Region>, Arc<Region>, u64),
    /// The regions that a placement showed in the end before and after an alias's change, unless it is the same one: a
    /// part of `Showed`.
    Followed(Option<(Arc<Region>, Arc<Region>)>),
}

impl State {
    pub(super) fn number_of(&self, region: &Region) -> Result<u64, Fault> {
        let found = self.placements.of(region.id());
        found.map(|(number, _)| number).ok_or(Fault::NoMemoryRegion)
    }

    /// Whether no transaction is open.
    pub(super) fn is_settled(&self) -> bool {
        self.changes.open.is_empty()
    }

    pub(super) fn note(
        &mut self,
        undo: Undo,
        touched: Option<u32>,
        spans: impl Iterator<Item = (u64, u64)>,
    ) {
        self.changes.undo.push(undo);
        self.changes.touched.extend(touched);
        self.changes.spans.extend(spans);
    }

    /// Checks that the placements as they are now cover all of a range.
    pub(super) fn check_placed(&self, address: GuestAddress, length: u64) -> Result<(), Fault> {
        if self.changes.undo.is_empty() {
            return self.map.check(address, length, Access::NONE);
        }
        let last = address.0.saturating_add(length.saturating_sub(1));
        let mut placed = MemoryMap::default();
        placed.flat.update(&self.placements, address.0, last);
        placed.check(address, length, Access::NONE)
    }

    /// Gives each range of addresses that may show bytes of a region, in no order.
    pub(crate) fn each_place(
        &self,
        region: u32,
        bytes: (u64, u64),
        mut give: impl FnMut(u64, u64),
    ) {
        if self.changes.undo.is_empty() {
            self.placements.each_showing(region, bytes, give);
        } else {
            give(0, u64::MAX); // the map is not yet what the placements say
        }
    }

    /// Gives the map, with each range of addresses that may show bytes of a region, from the first to the last.
    pub(crate) fn each_showing(
        &mut self,
        region: u32,
        bytes: (u64, u64),
        mut give: impl FnMut(&mut Arc<MemoryMap>, u64, u64),
    ) {
        let map = &mut self.map;
        if self.changes.undo.is_empty() {
            let act = |first, last| give(map, first, last);
            self.placements.each_showing(region, bytes, act);
        } else {
            give(map, 0, u64::MAX); // the map is not yet what the placements say
        }
    }

    pub(super) fn protect(&mut self, protection: Protection) {
        self.changes.protections.push(protection);
        self.note(Undo::Protected, None, core::iter::empty());
    }

    /// Applies the protections of the steps so far: all of them, or none.
    pub(super) fn forbid(&mut self) -> Result<(), Fault> {
        let map = Arc::make_mut(&mut self.map);
        // One change is all or nothing by itself, and is done in place. For several, the old map is kept.
        let several = self.changes.protections.len() > 1;
        let before = several.then(|| Arc::clone(&map.attributes));
        for protection in &self.changes.protections {
            let attributes = Arc::make_mut(&mut map.attributes);
            let (first, last) = (protection.first, protection.last);
            let changed = attributes.change(
                first >> PAGE_SHIFT,
                last >> PAGE_SHIFT,
                FORBIDDEN,
                protection.forbidden,
            );
            if changed.is_err() {
                if let Some(before) = before {
                    map.attributes = before;
                }
                return changed;
            }
        }
        Ok(())
    }

    /// Takes back all steps except the first `keep`.
    pub(super) fn undo(&mut self, keep: usize) {
        while self.changes.undo.len() > keep {
            let Some(step) = self.changes.undo.pop() else {
                break;
            };
            match step {
                Undo::Protected => drop(self.changes.protections.pop()),
                Undo::Added(number, _) => drop(self.placements.remove(number)),
                Undo::Removed(number, placement) => drop(self.placements.put(number, placement)),
                Undo::Changed(number, placement) => drop(self.placements.put(number, placement)),
                Undo::Showed(alias, target, offset) => {
                    let following = alias.show_again(&target, offset);
                    self.follow(&following, false);
                }
                Undo::Followed(..) => {}
            }
        }
        // Regions and spans may stay listed after their step was taken back, which only costs time. The lists are
        // cleared when no step is left.
        if self.changes.undo.is_empty() {
            self.changes.touched.clear();
            self.changes.spans.clear();
        }
    }
}

/// The addresses at which a placement shows something.
pub(super) fn span(placement: &Placement) -> Option<(u64, u64)> {
    placement
        .enabled
        .then(|| (placement.start, placement.last()))
}

/// Gives the spans in ascending order. Spans that meet are given as one.
pub(super) fn each_span(spans: &[(u64, u64)], mut give: impl FnMut(u64, u64)) {
    if let &[(first, last)] = spans {
        return give(first, last);
    }
    let mut sorted = Index::default();
    for &(first, last) in spans {
        sorted.insert((first, last, 0));
    }
    let mut sorted = sorted.from((0, 0, 0)).peekable();
    while let Some(&(first, mut last, _)) = sorted.next() {
        while let Some(next) = sorted.next_if(|next| next.0 <= last) {
            last = last.max(next.1);
        }
        give(first, last);
    }
}
