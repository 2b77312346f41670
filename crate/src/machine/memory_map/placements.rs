//! `Placements`: the placed regions of an address space, found by number, by region, and by address.
//!
//! A placement's number counts up in the order of mapping. Each change, and each search for the placements at some
//! addresses, costs as much as it finds, and not as much as there are regions.

use super::flat_range::FlatRange;
use super::placement::Placement;
use super::region::RegionKind;
use crate::machine::fault::Fault;
use crate::machine::index::{Index, Key};
use std::hash::{DefaultHasher, Hasher};

/// The placed regions, each in a slot of its own.
#[derive(Debug, Default)]
pub(crate) struct Placements {
    slots: Vec<Option<(u64, Placement)>>,
    free: Vec<usize>,
    /// The number of the next placement.
    next: u64,
    /// By number, then the slot, then 0.
    by_number: Index,
    /// By the region's id, then the slot, then 0.
    by_region: Index,
    /// Enabled placements, by class of size, start, slot. A placement of class `n` has at
    /// least `2^n` bytes and less than twice as many, so it reaches a range only from a limited distance before it.
    shown: Index,
    /// Disabled placements, by start, size, slot.
    hidden: Index,
    /// By the hash of the region's name, number, slot.
    by_name: Index,
    /// By the id of the region that is shown in the end, then the slot, then 0.
    by_leaf: Index,
}

impl Placements {
    pub(crate) fn len(&self) -> usize {
        self.slots.len() - self.free.len()
    }

    fn slot(&self, slot: u64) -> Option<(u64, &Placement)> {
        let (number, placement) = self.slots.get(usize::try_from(slot).ok()?)?.as_ref()?;
        Some((*number, placement))
    }

    /// The slot of the key that begins with a number, if there is one.
    fn slot_in(index: &Index, number: u64) -> Option<u64> {
        let first = index.from((number, 0, 0)).next();
        first.filter(|key| key.0 == number).map(|key| key.1)
    }

    /// The placements in the order of mapping, from a number on.
    pub(crate) fn from(&self, number: u64) -> impl Iterator<Item = (u64, &Placement)> {
        let keys = self.by_number.from((number, 0, 0));
        keys.filter_map(|key| self.slot(key.1))
    }

    /// The placement of a region, and its number.
    pub(crate) fn of(&self, region: u32) -> Option<(u64, &Placement)> {
        self.slot(Self::slot_in(&self.by_region, region.into())?)
    }

    /// The first placement, from a number on, of a region with this name.
    pub(crate) fn named(&self, name: &str, number: u64) -> Option<(u64, &Placement)> {
        let hash = hash_of(name);
        let keys = self.by_name.from((hash, number, 0));
        keys.take_while(|key| key.0 == hash)
            .filter_map(|key| self.slot(key.2))
            .find(|(_, placement)| placement.region.name() == name)
    }

    /// Adds a placement behind all others, and gives its number.
    pub(crate) fn push(&mut self, placement: Placement) -> u64 {
        let number = self.next;
        self.next += 1;
        self.put(number, placement);
        number
    }

    /// Puts a placement at a number. It shows what its region shows now. Gives the one that was there, of the same region.
    pub(crate) fn put(&mut self, number: u64, mut placement: Placement) -> Option<Placement> {
        placement.leaf = placement.region.leaf();
        if let Some(slot) = Self::slot_in(&self.by_number, number) {
            let place = self.slots.get_mut(usize::try_from(slot).ok()?)?;
            let (_, before) = place.replace((number, placement.clone()))?;
            let (index, old) = self.by_address(slot, &before);
            index.remove(&old);
            let (old, new) = (before.leaf().0.id(), placement.leaf().0.id());
            if old != new {
                self.by_leaf.remove(&(old.into(), slot, 0));
                self.by_leaf.insert((new.into(), slot, 0));
            }
            let (index, key) = self.by_address(slot, &placement);
            index.insert(key);
            return Some(before);
        }
        let slot = self.free.pop().unwrap_or_else(|| {
            self.slots.push(None);
            self.slots.len() - 1
        });
        let at = slot as u64;
        let id = placement.region.id();
        self.by_number.insert((number, at, 0));
        let leaf = placement.leaf().0.id();
        self.by_leaf.insert((leaf.into(), at, 0));
        self.by_name
            .insert((hash_of(placement.region.name()), number, at));
        self.by_region.insert((id.into(), at, 0));
        let (index, key) = self.by_address(at, &placement);
        index.insert(key);
        self.slots[slot] = Some((number, placement));
        None
    }

    pub(crate) fn remove(&mut self, number: u64) -> Option<Placement> {
        let at = Self::slot_in(&self.by_number, number)?;
        let slot = usize::try_from(at).ok()?;
        let (_, placement) = self.slots.get_mut(slot)?.take()?;
        let id = placement.region.id();
        self.by_number.remove(&(number, at, 0));
        let leaf = placement.leaf().0.id();
        self.by_leaf.remove(&(leaf.into(), at, 0));
        self.by_name
            .remove(&(hash_of(placement.region.name()), number, at));
        self.by_region.remove(&(id.into(), at, 0));
        let (index, key) = self.by_address(at, &placement);
        index.remove(&key);
        self.free.push(slot);
        Some(placement)
    }

    /// The index by address that a placement belongs in, and its key there.
    fn by_address(&mut self, slot: u64, placement: &Placement) -> (&mut Index, Key) {
        let (start, size) = (placement.start, placement.region.size());
        match placement.enabled {
            true => (&mut self.shown, (class_of(size), start, slot)),
            false => (&mut self.hidden, (start, size, slot)),
        }
    }

    /// The first placement, in the order of mapping, of RAM with this start and size.
    pub(crate) fn exact_ram(&self, start: u64, size: u64) -> Option<(u64, &Placement)> {
        let mut first: Option<(u64, &Placement)> = None;
        let lists = [
            (&self.shown, class_of(size), start),
            (&self.hidden, start, size),
        ];
        for (index, one, two) in lists {
            let keys = index.from((one, two, 0));
            for key in keys.take_while(|key| (key.0, key.1) == (one, two)) {
                if let Some((number, found)) = self.slot(key.2)
                    && first.is_none_or(|(earlier, _)| number < earlier)
                    && found.region.size() == size
                    && found.region.kind() == RegionKind::Ram
                {
                    first = Some((number, found));
                }
            }
        }
        first
    }

    /// Gives the enabled placements that share an address with `[first, last]`, in no order.
    pub(crate) fn each_over<'a>(
        &'a self,
        first: u64,
        last: u64,
        mut give: impl FnMut(u64, &'a Placement),
    ) {
        let mut class = 0;
        while let Some(&(next, ..)) = self.shown.from((class, 0, 0)).next() {
            let longest = u64::MAX >> (63 - next.min(63));
            let from = first.saturating_sub(longest - 1);
            let keys = self.shown.from((next, from, 0));
            for key in keys.take_while(|key| key.0 == next && key.1 <= last) {
                if let Some((number, found)) = self.slot(key.2)
                    && found.last() >= first
                {
                    give(number, found);
                }
            }
            class = next + 1;
        }
    }

    /// Gives the addresses where bytes of a region, from the `first` to the `last`, are placed: by itself and by aliases.
    /// Regions of a higher priority may hide them.
    pub(crate) fn each_showing(
        &self,
        region: u32,
        (first, last): (u64, u64),
        mut give: impl FnMut(u64, u64),
    ) {
        let id = u64::from(region);
        let keys = self.by_leaf.from((id, 0, 0));
        for key in keys.take_while(|key| key.0 == id) {
            let Some((_, placement)) = self.slot(key.1).filter(|(_, found)| found.enabled) else {
                continue;
            };
            let from = placement.leaf().1;
            let to = from + (placement.region.size() - 1);
            if from <= last && to >= first {
                let address = |offset: u64| placement.start + (offset - from);
                give(address(first.max(from)), address(last.min(to)));
            }
        }
    }

    /// Checks that the placement of region `id` shares no address with another of the same priority, if both can be
    /// seen.
    pub(crate) fn check_overlap(&self, id: u32) -> Result<(), Fault> {
        let Some((_, changed)) = self.of(id).filter(|(_, changed)| changed.enabled) else {
            return Ok(());
        };
        let (start, last) = (changed.start, changed.last());
        match self.first_clash(start, last, changed.priority, id) {
            Some(address) => Err(Fault::MemoryRegionOverlap { address }),
            None => Ok(()),
        }
    }

    /// The lowest address that `[first, last]` shares with a placement of this priority. Region `but` does not count. If
    /// there are several such placements, the first in the order of mapping counts.
    pub(crate) fn first_clash(
        &self,
        first: u64,
        last: u64,
        priority: i32,
        but: u32,
    ) -> Option<u64> {
        let mut clash: Option<(u64, u64)> = None;
        self.each_over(first, last, |number, other| {
            let other_region = other.priority == priority && other.region.id() != but;
            if other_region && clash.is_none_or(|(earlier, _)| number < earlier) {
                clash = Some((number, other.start.max(first)));
            }
        });
        clash.map(|(_, address)| address)
    }

    /// Gives the ranges that `[first, last]` shows, in ascending order.
    pub(crate) fn render(&self, first: u64, last: u64, mut give: impl FnMut(FlatRange)) {
        let mut seen: Vec<&Placement> = Vec::new();
        self.each_over(first, last, |_, placement| seen.push(placement));
        if let [only] = seen[..] {
            return give(only.range(only.start.max(first), only.last().min(last)));
        }
        // From the lowest address up. The highest placement is seen among those that have begun. Keys have an index
        // in `seen`.
        let mut by_start = Index::default();
        for (index, placement) in seen.iter().enumerate() {
            by_start.insert((placement.start, index as u64, 0));
        }
        let at = |index: u64| usize::try_from(index).ok().and_then(|at| seen.get(at));
        let mut waiting = by_start.from((0, 0, 0)).peekable();
        let mut begun = Index::default();
        let mut from = first;
        loop {
            while let Some(key) = waiting.next_if(|key| key.0 <= from) {
                let priority = at(key.1).map_or(0, |placement| placement.priority);
                let rank = i64::from(priority) - i64::from(i32::MIN);
                begun.insert((rank.unsigned_abs(), key.1, 0));
            }
            let mut highest = None;
            while let Some(&key) = begun.last() {
                highest = at(key.1).filter(|placement| placement.last() >= from);
                if highest.is_some() {
                    break;
                }
                begun.remove(&key);
            }
            let next = waiting.peek();
            let before_next = next.map_or(last, |next| next.0 - 1).min(last);
            let to = match highest {
                Some(placement) => {
                    let to = placement.last().min(before_next);
                    give(placement.range(from, to));
                    to
                }
                None => before_next,
            };
            if to >= last {
                return;
            }
            from = to + 1;
        }
    }
}

/// The hash of a name. It is one whose collisions are hard to find, because names may come from anywhere.
fn hash_of(name: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    hasher.write(name.as_bytes());
    hasher.finish()
}

/// The power of two that a size has at least, and twice that it has not.
fn class_of(size: u64) -> u64 {
    size.max(1).ilog2().into()
}
