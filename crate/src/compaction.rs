//! Compaction: where linear memory has enough free pages for a region, but not in one run, regions of other VMs are moved
//! together instead of growing it further.
//!
//! Only creation and insertion do this, which may grow linear memory, and so end every view, anyway. A region moves
//! only if nobody holds it: `Arc::get_mut` proves that there is no snapshot, and so no slice, that knows where it lies.
//! Its page table entries are written anew and its VM's map generation counts, as for any change of the map.
//! docs/architecture.md has the figures that made this worth its code.

use crate::address_space::AddressSpace;
use crate::allocator;
use crate::handle;
use crate::host;
use crate::ram_region::RamRegion;
use crate::span::FlatView;
use std::sync::{Arc, RwLockWriteGuard};

/// Whether regions may move at all: with one thread nobody is in the middle of an access by the page table.
const MAY_MOVE: bool = cfg!(all(target_family = "wasm", not(target_feature = "atomics")));

/// Makes room for an extent of `pages`, if moving regions does that and growth would waste too much.
pub(crate) fn make_room(pages: u32) {
    if MAY_MOVE && allocator::is_fragmented_for(pages) {
        // Where even the short lists here cannot be had, there is growth.
        let _ = compact(pages);
    }
}

fn compact(pages: u32) -> Option<()> {
    let spaces = handle::all()?;
    let mut views: Vec<(&AddressSpace, RwLockWriteGuard<'_, Arc<FlatView>>)> = Vec::new();
    views.try_reserve_exact(spaces.len()).ok()?;
    // One that is in use stays as it is; so does one for its second handle.
    views.extend(
        spaces
            .iter()
            .filter_map(|space| Some((space.as_ref(), space.try_lock_view()?))),
    );
    let mut regions: Vec<(&AddressSpace, &mut RamRegion)> = Vec::new();
    for (space, view) in &mut views {
        let Some(view) = Arc::get_mut(view) else {
            continue;
        };
        regions.try_reserve(view.count()).ok()?;
        regions.extend(view.unshared().map(|region| (*space, region)));
    }
    regions.sort_unstable_by_key(|(_, region)| region.host_offset());
    host::detach_views();
    for (space, region) in regions {
        if allocator::fits(pages) {
            break;
        }
        if region.slide_down() {
            space.region_moved(region);
        }
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Bytes, GuestAddress};

    #[test]
    fn what_is_moved_keeps_its_bytes_and_what_is_held_stays() {
        let _turn = handle::TURN
            .lock()
            .unwrap_or_else(|poison| poison.into_inner());
        // So large that other tests leave no hole that one fits into.
        let size = 0x80_0000;
        let make = || AddressSpace::from_ranges(&[(GuestAddress(0x1800), size)]).map(Arc::new);
        // What leaves free pages below the others when it goes: so many that other tests cannot take all of them.
        let below = AddressSpace::from_ranges(&[(GuestAddress(0), 0x100_0000)]).unwrap();
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
        let place = |space: &AddressSpace| space.host_run(GuestAddress(0x2000), 1).unwrap().host;
        let before: Vec<_> = spaces.iter().map(|space| place(space)).collect();
        drop(below);
        // More than there can be: everything that can move does.
        compact(u32::MAX).unwrap();
        for (value, space) in (1_u8..).zip(&spaces) {
            for (address, expected) in [(0x1fff, 0), (0x2000, value), (0x2fff, value), (0x3000, 0)]
            {
                let address = GuestAddress(address);
                assert_eq!(space.read_obj::<u8>(address).unwrap(), expected);
                assert_eq!(space.view().read_obj::<u8>(address).unwrap(), expected);
            }
            // By the table, and by the regions: both ways lead to the new place.
            let address = GuestAddress(0x4000);
            space.write_obj(!value, address).unwrap();
            assert_eq!(space.view().read_obj::<u8>(address).unwrap(), !value);
        }
        assert!(place(&spaces[0]) < before[0]);
        assert_eq!(place(&spaces[3]), before[3]);
        drop(held);
        assert!(handle::release(twice));
        assert!(handles.into_iter().all(handle::release));
    }
}
