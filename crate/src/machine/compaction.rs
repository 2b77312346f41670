//! Compaction: where linear memory has enough free pages for a region, but not in one run, regions of other VMs are moved
//! together instead of growing it further.
//!
//! Only creation and insertion do this, which may grow linear memory, and so end every view, anyway. A block moves only
//! if nobody knows where it lies but address spaces whose map nobody else holds: `Arc::get_mut` proves that there is no
//! snapshot, and so no slice. Its page table entries are written anew and the map generations count, as for any change.
//! docs/architecture.md has the figures that made this worth its code.

use crate::linear::allocator;
use crate::linear::host;
use crate::machine::address_space::{AddressSpace, State};
use crate::machine::block::Block;
use crate::machine::memory_map::{FlatRange, MemoryMap};
use crate::machine::ram_region::RamRegion;
use std::sync::{Arc, RwLockWriteGuard};

/// A range of the flat view that shows a block, with the map and the address space that have it.
#[derive(Clone, Copy)]
struct BlockRange<'a> {
    block: &'a Arc<Block>,
    range: &'a FlatRange,
    map: &'a MemoryMap,
    space: &'a AddressSpace,
}

/// An address space whose map nobody else holds, and its state, locked.
pub(crate) type Held<'a> = (&'a AddressSpace, RwLockWriteGuard<'a, State>);

/// Those of `spaces` where only the map knows where bytes lie: one that is in use is left out; so is one the second time.
pub(crate) fn hold(spaces: &[Arc<AddressSpace>]) -> Option<Vec<Held<'_>>> {
    let mut held = Vec::new();
    held.try_reserve_exact(spaces.len()).ok()?;
    for space in spaces {
        let alone = space.try_lock().and_then(|mut state| {
            Arc::get_mut(&mut state.map)?;
            Some(state)
        });
        held.extend(alone.map(|state| (space.as_ref(), state)));
    }
    Some(held)
}

/// Moves regions of `spaces` together until `pages` are free in one run, or no more can be moved. `None` where memory is
/// out: then there is growth.
pub(crate) fn compact(spaces: &[Arc<AddressSpace>], pages: u32) -> Option<()> {
    let states = hold(spaces)?;
    let mut shown: Vec<BlockRange<'_>> = Vec::new();
    for (space, state) in &states {
        let map = state.map.as_ref();
        shown.try_reserve(map.flat().ranges().len()).ok()?;
        for range in map.flat().ranges() {
            let block = range.memory.as_ref().map(RamRegion::block);
            let Some(block) = block.filter(|block| !block.is_absent()) else {
                continue;
            };
            // Kept in order as they come: a sort is 5 KiB of code.
            let host = block.host_offset();
            let index = shown.partition_point(|other| other.block.host_offset() <= host);
            shown.insert(
                index,
                BlockRange {
                    block,
                    range,
                    map,
                    space,
                },
            );
        }
    }
    host::detach_views();
    for same in shown.chunk_by(|one, next| Arc::ptr_eq(one.block, next.block)) {
        if allocator::fits(pages) {
            break;
        }
        let block = same[0].block;
        // Its region has it, and each range that was found; whoever else does may know where it lies.
        if Arc::strong_count(block) != same.len() + 1 {
            continue;
        }
        // SAFETY: every range that shows the block was found, in maps that are locked and that nobody else holds, so
        // that no slice of them can be alive; and there is one thread. The entries are written anew below.
        if unsafe { block.slide_down() } {
            for BlockRange {
                range, map, space, ..
            } in same
            {
                space.bytes_moved(map, range.start, range.last);
            }
        }
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::machine::handle;
    use crate::{Bytes, GuestAddress};

    #[test]
    fn what_is_moved_keeps_its_bytes_and_what_is_held_stays() {
        let _turn = handle::TURN
            .lock()
            .unwrap_or_else(|poison| poison.into_inner());
        // Tests in other threads take pages as well, and now and then those that a region would move into, or some
        // between these and the region. What an attempt leaves behind stays, so that the next one finds other pages.
        let mut left_behind = Vec::new();
        let moved = (0..20).any(|_| {
            let (spaces, moved) = move_into_what_is_freed();
            left_behind.push(spaces);
            moved
        });
        assert!(moved);
    }

    /// Frees pages below four regions, of which the last is held by a view, and compacts; says whether the first moved.
    fn move_into_what_is_freed() -> (Vec<Arc<AddressSpace>>, bool) {
        // So large that other tests seldom leave a hole that one fits into.
        let size = if cfg!(miri) { 0x20_0000 } else { 0x80_0000 };
        let make = || AddressSpace::from_ranges(&[(GuestAddress(0x1800), size)]).map(Arc::new);
        // What leaves free pages below the others when it goes: so many that other tests seldom take all of them.
        let below = AddressSpace::from_ranges(&[(GuestAddress(0), 2 * size)]).unwrap();
        let spaces: Vec<_> = (0..4).map(|_| make().unwrap()).collect();
        for (value, space) in (1_u8..).zip(&spaces) {
            space.fill(GuestAddress(0x2000), value, 0x1000).unwrap();
        }
        let handles: Vec<_> = spaces
            .iter()
            .map(|space| handle::register(Arc::clone(space)).unwrap())
            .collect();
        let twice = handle::register(Arc::clone(&spaces[0])).unwrap();
        let held = spaces[3].view();
        let host = |space: &AddressSpace| space.host_run(GuestAddress(0x2000), 1).unwrap().host;
        let before: Vec<_> = spaces.iter().map(|space| host(space)).collect();
        drop(below);
        // More than there can be: everything that can move does.
        compact(&handle::all().unwrap(), u32::MAX).unwrap();
        for (value, space) in (1_u8..).zip(&spaces) {
            for (address, expected) in [(0x1fff, 0), (0x2000, value), (0x2fff, value), (0x3000, 0)]
            {
                let address = GuestAddress(address);
                assert_eq!(space.read_obj::<u8>(address).unwrap(), expected);
                assert_eq!(space.view().read_obj::<u8>(address).unwrap(), expected);
            }
            // By the table, and by the regions: both ways lead to where they are now.
            let address = GuestAddress(0x4000);
            space.write_obj(!value, address).unwrap();
            assert_eq!(space.view().read_obj::<u8>(address).unwrap(), !value);
        }
        let moved = host(&spaces[0]) < before[0];
        assert_eq!(host(&spaces[3]), before[3]);
        drop(held);
        assert!(handle::release(twice));
        assert!(handles.into_iter().all(handle::release));
        (spaces, moved)
    }
}
