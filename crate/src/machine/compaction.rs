//! Compaction: linear memory may have enough free pages for a region, but not in one run. Then regions of other VMs are
//! moved together, and linear memory need not grow further.
//!
//! Only creation and insertion compact: they may grow linear memory, and so end every view, anyway. A block moves only
//! if just the maps of address spaces know where it lies, and these maps have no other holder: `Arc::get_mut` proves
//! that there is no snapshot, and so no slice. Its page table entries are written again, and the map generations count
//! up, as for any change. docs/architecture.md has the figures that made this worth its code.

use crate::linear::allocator;
use crate::linear::host;
use crate::machine::address_space::{AddressSpace, State};
use crate::machine::block::Block;
use crate::machine::memory_map::{FlatRange, MemoryMap};
use crate::machine::ram_region::RamRegion;
use crate::sync::RwLockWriteGuard;
use std::sync::Arc;

/// A range of the flat view that shows a block, with its map and its address space.
#[derive(Clone, Copy)]
struct BlockRange<'a> {
    block: &'a Arc<Block>,
    range: &'a FlatRange,
    map: &'a MemoryMap,
    space: &'a AddressSpace,
    /// Whether a copy of the flat view shares the range. The copy's holder may have a slice.
    shared: bool,
}

/// An address space whose map has no other holder, and its locked state.
pub(crate) type Held<'a> = (&'a AddressSpace, RwLockWriteGuard<'a, State>);

/// Locks each of `spaces` whose map has no other holder. A space that is in use is left out, and so is a space that
/// was listed before.
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

/// Moves regions of `spaces` together until `pages` are free in one run, or no more can be moved. `None` where memory
/// is out: then linear memory grows.
pub(crate) fn compact(spaces: &[Arc<AddressSpace>], pages: u32) -> Option<()> {
    let states = hold(spaces)?;
    let mut shown: Vec<BlockRange<'_>> = Vec::new();
    for (space, state) in &states {
        let map = state.map.as_ref();
        shown.try_reserve(map.flat().ranges().len()).ok()?;
        for (range, shared) in map.flat().ranges().with_sharing() {
            let block = range.memory.as_ref().map(RamRegion::block);
            let Some(block) = block.filter(|block| !block.is_absent()) else {
                continue;
            };
            // Inserted in order: a sort is 5 KiB of code.
            let host = block.host_offset();
            let index = shown.partition_point(|other| other.block.host_offset() <= host);
            shown.insert(
                index,
                BlockRange {
                    block,
                    range,
                    map,
                    space,
                    shared,
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
        // The block is held by its region and by each range that was found. Any other holder may know where it lies.
        let shared = same.iter().any(|found| found.shared);
        if shared || Arc::strong_count(block) != same.len() + 1 {
            continue;
        }
        // SAFETY: every range that shows the block was found, in maps that are locked and have no other holder, so no
        // slice of them is alive. There is one thread. The entries are written again below.
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
    use crate::machine::memory_map::Access;
    use crate::{Bytes, GuestAddress};

    #[test]
    fn what_is_moved_keeps_its_bytes_and_what_is_held_stays() {
        let _turn = handle::TURN
            .lock()
            .unwrap_or_else(|poison| poison.into_inner());
        // Tests in other threads take pages too: the pages between two regions of an attempt, or those that a region
        // would move into. An attempt keeps what it has allocated, so that the next attempt finds other pages.
        let mut left_behind = Vec::new();
        let moved = (0..20).any(|_| move_into_what_is_freed(&mut left_behind));
        assert!(moved);
    }

    /// Frees pages below four regions, of which a view holds the last, and compacts. Gives whether the lowest moved. Spaces
    /// that must stay allocated are added to `left_behind`.
    fn move_into_what_is_freed(left_behind: &mut Vec<Arc<AddressSpace>>) -> bool {
        // The page tables first: only the first eight of a process lie apart from the regions.
        let below = AddressSpace::new().unwrap();
        let spaces: Vec<_> = (0..4)
            .map(|_| Arc::new(AddressSpace::new().unwrap()))
            .collect();
        left_behind.extend(spaces.iter().cloned());
        // Other tests' smaller allocations go into the hole that a smaller region leaves, not between these.
        let size = if cfg!(miri) { 0x20_0000 } else { 0x80_0000 };
        let hole = AddressSpace::from_ranges(&[(GuestAddress(0), size / 4 * 3)]).unwrap();
        // Dropped later, it leaves so many free pages below the others that other tests seldom take all of them.
        below.insert_region(GuestAddress(0), 2 * size).unwrap();
        drop(hole);
        for space in &spaces {
            space.insert_region(GuestAddress(0x1800), size).unwrap();
        }
        let host = |space: &AddressSpace| {
            let run = space.host_run(GuestAddress(0x2000), 1).unwrap();
            run.host as u64
        };
        // The page before 0x2000 holds a region's start. Were no region right above `below` and `below` dropped, the next
        // attempt would get the same pages for it, and fail alike.
        let end = host(&below) - 0x2000 + 2 * size;
        let Some(above) = spaces[..3].iter().find(|space| host(space) - 0x1000 == end) else {
            left_behind.push(Arc::new(below));
            return false;
        };
        let (moves, stays) = (host(above), host(&spaces[3]));
        for (value, space) in (1_u8..).zip(&spaces) {
            space.fill(GuestAddress(0x2000), value, 0x1000).unwrap();
        }
        let handles: Vec<_> = spaces
            .iter()
            .map(|space| handle::register(Arc::clone(space)).unwrap())
            .collect();
        let twice = handle::register(Arc::clone(above)).unwrap();
        let held = spaces[3].view();
        // The map is another one now, but for the ranges, which it shares with the view.
        spaces[3]
            .protect(GuestAddress(0x2000), 0x1000, Access::READ | Access::WRITE)
            .unwrap();
        drop(below);
        // More pages than there can be: everything moves that can move.
        compact(&handle::all().unwrap(), u32::MAX).unwrap();
        for (value, space) in (1_u8..).zip(&spaces) {
            for (address, expected) in [(0x1fff, 0), (0x2000, value), (0x2fff, value), (0x3000, 0)]
            {
                let address = GuestAddress(address);
                assert_eq!(space.read_obj::<u8>(address).unwrap(), expected);
                assert_eq!(space.view().read_obj::<u8>(address).unwrap(), expected);
            }
            // Through the table and through the regions: both lead to the new place.
            let address = GuestAddress(0x4000);
            space.write_obj(!value, address).unwrap();
            assert_eq!(space.view().read_obj::<u8>(address).unwrap(), !value);
        }
        let moved = host(above) < moves;
        assert_eq!(host(&spaces[3]), stays);
        drop(held);
        assert!(handle::release(twice));
        assert!(handles.into_iter().all(handle::release));
        moved
    }
}
