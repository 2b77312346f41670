//! Handles: `u32` names for address spaces. JavaScript, and the exports of another crate in the same module, name a
//! space by its handle, without sharing a pointer. A stale or made-up handle names nothing.

use crate::machine::address_space::AddressSpace;
use crate::machine::block::Block;
use crate::machine::compaction;
use crate::machine::spaces::{self, Spaces};
use crate::sync::{Mutex, MutexGuard, PoisonError};
use std::sync::Arc;

/// Bits of a handle that are its slot; the other bits count how often the slot was used.
const SLOT_BITS: u32 = 20;

#[derive(Debug)]
struct Slot {
    uses: u32,
    space: Option<Arc<AddressSpace>>,
}

static SLOTS: Mutex<Vec<Slot>> = Mutex::new(Vec::new());

fn slots() -> MutexGuard<'static, Vec<Slot>> {
    SLOTS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Registers an address space. The handle is never 0, and is not used again until its slot was reused 4,095 times.
/// `None` where 2^20 spaces are registered, or memory is out.
///
/// ```
/// use guest_memory::{AddressSpace, GuestAddress, handle};
/// use std::sync::Arc;
/// let space = Arc::new(AddressSpace::from_ranges(&[(GuestAddress(0), 0x1000)])?);
/// let number = handle::register(space.clone()).unwrap();
/// assert!(Arc::ptr_eq(&space, &handle::get(number).unwrap()));
/// # handle::release(number);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn register(space: Arc<AddressSpace>) -> Option<u32> {
    spaces::set(&Registry);
    let mut slots = slots();
    let index = match slots.iter().position(|slot| slot.space.is_none()) {
        Some(index) => index,
        None => {
            slots.try_reserve(1).ok()?;
            slots.push(Slot {
                uses: 0,
                space: None,
            });
            slots.len() - 1
        }
    };
    let number = u32::try_from(index)
        .ok()
        .filter(|&index| index < 1 << SLOT_BITS)?;
    let slot = &mut slots[index];
    // Counts from 1 on, so that no handle is 0.
    slot.uses = slot.uses % ((1 << (32 - SLOT_BITS)) - 1) + 1;
    let sibling = Arc::clone(&space);
    space.siblings.add(sibling);
    slot.space = Some(space);
    Some(slot.uses << SLOT_BITS | number)
}

/// The address space that a handle names.
///
/// # Examples
///
/// A device written in Rust, in a module of its own, gets the facade's `memory.handle`:
///
/// ```
/// use guest_memory::{AddressSpace, GuestAddress, handle};
/// # use std::sync::Arc;
/// # let space = AddressSpace::from_ranges(&[(GuestAddress(0), 4096)])?;
/// # let number = handle::register(Arc::new(space)).unwrap();
/// let space = handle::get(number).ok_or("disposed")?;
/// space.fill(GuestAddress(0x10), 0xff, 16)?;
/// # handle::release(number);
/// assert!(handle::get(number).is_none());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn get(handle: u32) -> Option<Arc<AddressSpace>> {
    slots()
        .get(index(handle))
        .filter(|slot| slot.uses == handle >> SLOT_BITS)?
        .space
        .clone()
}

/// All address spaces that have a handle. `None` where memory is out.
pub(crate) fn all() -> Option<Vec<Arc<AddressSpace>>> {
    let slots = slots();
    let mut all = Vec::new();
    all.try_reserve_exact(slots.len()).ok()?;
    all.extend(slots.iter().filter_map(|slot| slot.space.clone()));
    Some(all)
}

/// Answers for all address spaces that have a handle.
struct Registry;

impl Spaces for Registry {
    fn move_together(&self, pages: u32) {
        // If memory is out even for these short lists, linear memory grows instead.
        let _ = all().and_then(|spaces| compaction::compact(&spaces, pages));
    }

    fn populated(&self, block: &Arc<Block>) {
        for space in &all().unwrap_or_default() {
            space.populated(block);
        }
    }
}

/// Releases a handle; the address space is dropped with its last holder. Gives whether the handle named one.
///
/// ```
/// use guest_memory::{AddressSpace, GuestAddress, handle};
/// use std::sync::Arc;
/// let space = Arc::new(AddressSpace::from_ranges(&[(GuestAddress(0), 0x1000)])?);
/// let number = handle::register(space).unwrap();
/// assert!(handle::release(number) && !handle::release(number));
/// assert!(handle::get(number).is_none());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn release(handle: u32) -> bool {
    let found = {
        let mut slots = slots();
        let slot = slots
            .get_mut(index(handle))
            .filter(|slot| slot.uses == handle >> SLOT_BITS);
        slot.and_then(|slot| slot.space.take())
    };
    // The space is dropped here, after the registry is unlocked.
    found.is_some()
}

fn index(handle: u32) -> usize {
    (handle & ((1 << SLOT_BITS) - 1)) as usize
}

/// Tests that count on slots take turns, because the whole process shares the slots.
#[cfg(test)]
pub(crate) static TURN: std::sync::Mutex<()> = std::sync::Mutex::new(());

#[cfg(test)]
mod tests {
    use super::*;
    use crate::GuestAddress;

    #[test]
    fn a_released_handle_names_nothing_even_when_its_slot_is_used_again() {
        let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
        let space = || Arc::new(AddressSpace::from_ranges(&[(GuestAddress(0), 4096)]).unwrap());
        let first = register(space()).unwrap();
        assert!(get(first).is_some());
        assert!(release(first) && !release(first) && get(first).is_none());
        let second = register(space()).unwrap();
        assert!(first != second && get(first).is_none() && get(second).is_some());
        release(second);
        for made_up in [0, 1, u32::MAX, second ^ (1 << 31), first.wrapping_add(1)] {
            assert!(get(made_up).is_none() && !release(made_up), "{made_up:#x}");
        }
    }
}
