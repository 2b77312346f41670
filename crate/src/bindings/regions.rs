//! Bindings: the memory map. Regions are named by their ids.

use super::external::Numbered;
use super::report::take_transfer;
use super::{TRANSFER_BYTES, halves, put_bytes, report, status, wide, with};
use crate::address_space::AddressSpace;
use crate::fault::Fault;
use crate::guest_memory::GuestAddress;
use crate::handle;
use crate::memory_map::{Access, Region, RegionKind, Shown};
use std::sync::Arc;
use wasm_bindgen::prelude::wasm_bindgen;

/// The kinds, by the numbers that cross.
const KINDS: [RegionKind; 7] = [
    RegionKind::Ram,
    RegionKind::Rom,
    RegionKind::RomDevice,
    RegionKind::Mmio,
    RegionKind::Alias,
    RegionKind::Reserved,
    RegionKind::External,
];

/// Makes an address space where nothing is mapped: a sibling of the one that `family` names, or, for 0, of none.
/// Report: handle, byte offset of the page table.
#[wasm_bindgen]
pub fn gm_new(family: u32) -> u32 {
    let made = match handle::get(family) {
        Some(space) => space.sibling(),
        None => AddressSpace::new(),
    };
    status(made.and_then(|space| {
        let table = u32::try_from(space.table_host_offset()).unwrap_or(0);
        let handle = handle::register(Arc::new(space)).ok_or(Fault::OutOfMemory { bytes: 0 })?;
        report(&[handle, table]);
        Ok(())
    }))
}

/// Makes a region and places it; its name lies in the transfer buffer. `target` and the offset are for an alias; of
/// external memory, `target` is the facade's number for it.
/// Report: the region's id.
#[wasm_bindgen]
#[allow(clippy::too_many_arguments)] // Halves of 64-bit values.
pub fn gm_map(
    handle: u32,
    kind: u32,
    start_low: u32,
    start_high: u32,
    size_low: u32,
    size_high: u32,
    priority: i32,
    enabled: u32,
    target: u32,
    offset_low: u32,
    offset_high: u32,
    name_bytes: u32,
) -> u32 {
    let mut buffer = [0; TRANSFER_BYTES];
    let bytes = take_transfer(&mut buffer, name_bytes);
    // The facade sends whole characters; of anything else, what is whole at the start.
    let name = match core::str::from_utf8(bytes) {
        Ok(name) => name,
        Err(error) => core::str::from_utf8(&bytes[..error.valid_up_to()]).unwrap_or(""),
    };
    let start = GuestAddress(wide(start_low, start_high));
    let (size, offset) = (wide(size_low, size_high), wide(offset_low, offset_high));
    with(handle, |space| {
        let made = match KINDS.get(kind as usize) {
            Some(RegionKind::Alias) => Region::by_id(target)
                .ok_or(Fault::NoMemoryRegion)
                .and_then(|target| Region::alias(name, &target, offset, size)),
            Some(RegionKind::External) => Region::external(name, size, Arc::new(Numbered(target))),
            Some(&kind) => Region::new(name, kind, start, size),
            None => Err(Fault::NoMemoryRegion),
        };
        status(made.and_then(|region| {
            match enabled {
                0 => space.map_disabled(&region, start, priority)?,
                _ => space.map(&region, start, priority)?,
            }
            report(&[region.id()]);
            Ok(())
        }))
    })
}

/// What a region is, wherever it is mapped. Report: its kind, the kind of what it shows in the end, bytes of its name, which
/// lies in the transfer buffer as far as it has room there.
#[wasm_bindgen]
pub fn gm_region_name(region: u32) -> u32 {
    let Some(region) = Region::by_id(region) else {
        return status(Err(Fault::NoMemoryRegion));
    };
    let number = |kind| {
        let index = KINDS.iter().position(|&known| known == kind);
        index.and_then(|kind| u32::try_from(kind).ok()).unwrap_or(0)
    };
    let bytes = put_bytes(0, region.name().as_bytes());
    report(&[
        number(region.kind()),
        number(region.leaf().0.kind()),
        u32::try_from(bytes).unwrap_or(0),
    ]);
    0
}

/// Where a region's own bytes lie, wherever it is mapped. Report: host offset.
#[wasm_bindgen]
pub fn gm_region_host(region: u32) -> u32 {
    let host = Region::by_id(region).and_then(|region| region.host_offset());
    status(match host.and_then(|host| u32::try_from(host).ok()) {
        Some(host) => {
            report(&[host]);
            Ok(())
        }
        None => Err(Fault::NoMemoryRegion),
    })
}

/// Runs `act` on an address space and a region.
fn with_region(
    handle: u32,
    region: u32,
    act: impl FnOnce(&AddressSpace, &Region) -> Result<(), Fault>,
) -> u32 {
    with(handle, |space| {
        let region = Region::by_id(region).ok_or(Fault::NoMemoryRegion);
        status(region.and_then(|region| act(space, &region)))
    })
}

/// Takes a region out of the map.
#[wasm_bindgen]
pub fn gm_unmap(handle: u32, region: u32) -> u32 {
    with_region(handle, region, |space, region| space.unmap(region))
}

/// Moves a region.
#[wasm_bindgen]
pub fn gm_move(handle: u32, region: u32, low: u32, high: u32) -> u32 {
    with_region(handle, region, |space, region| {
        space.move_region(region, GuestAddress(wide(low, high)))
    })
}

/// Shows a region, or, for 0, hides it.
#[wasm_bindgen]
pub fn gm_enable(handle: u32, region: u32, enabled: u32) -> u32 {
    with_region(handle, region, |space, region| {
        space.set_enabled(region, enabled != 0)
    })
}

/// Begins a transaction.
#[wasm_bindgen]
pub fn gm_begin(handle: u32) -> u32 {
    with(handle, |space| {
        space.begin();
        0
    })
}

/// Ends a transaction.
#[wasm_bindgen]
pub fn gm_commit(handle: u32) -> u32 {
    with(handle, |space| status(space.commit()))
}

/// Gives a transaction up.
#[wasm_bindgen]
pub fn gm_roll_back(handle: u32) -> u32 {
    with(handle, |space| {
        space.roll_back();
        0
    })
}

/// The placement at `index`, in the order in which they were mapped. Report: id, start (two words), size (two words),
/// priority, 1 if enabled, target's id (0: none), offset in it (two words).
#[wasm_bindgen]
pub fn gm_placement(handle: u32, index: u32) -> u32 {
    with(handle, |space| {
        space.placements(|all| {
            let Some(placement) = all.get(index as usize) else {
                return status(Err(Fault::NoMemoryRegion));
            };
            let region = placement.region();
            let (target, offset) = region
                .target()
                .map_or((0, 0), |(target, offset)| (target.id(), offset));
            let ([a, b], [c, d]) = (halves(placement.start()), halves(region.size()));
            let [e, f] = halves(offset);
            report(&[
                region.id(),
                a,
                b,
                c,
                d,
                placement.priority().cast_unsigned(),
                u32::from(placement.is_enabled()),
                target,
                e,
                f,
            ]);
            0
        })
    })
}

/// How many regions are placed.
#[wasm_bindgen]
pub fn gm_placement_count(handle: u32) -> u32 {
    handle::get(handle).map_or(0, |space| {
        u32::try_from(space.placements(<[_]>::len)).unwrap_or(u32::MAX)
    })
}

/// The range of the flat view from `index` on, as the region is placed: parts that differ only in how its bytes lie in
/// linear memory are one. Report: start (two words), last address (two words), the region's id, offset in it (two words),
/// priority, the index of the next range, 1 if it is memory, and the host offset if nothing about it is slow, else 0: RAM in
/// one piece, neither protected nor watched anywhere.
#[wasm_bindgen]
pub fn gm_flat_range(handle: u32, index: u32) -> u32 {
    with(handle, |space| {
        let map = space.view();
        let Some((range, last, next)) = map.flat().whole(index as usize) else {
            return status(Err(Fault::NoMemoryRegion));
        };
        let start = range.start();
        let is_memory = range.memory.is_some() || range.region().kind() == RegionKind::External;
        let size = (last - start.0).saturating_add(1);
        let found = map.piece(start, size, Access::READ | Access::WRITE | Access::EXECUTE);
        let host = match found.shown {
            Shown::Memory { host } if !found.watched && found.length == size => host,
            _ => 0,
        };
        let ([a, b], [c, d], [e, f]) = (halves(start.0), halves(last), halves(range.offset()));
        let small = |value: usize| u32::try_from(value).unwrap_or(0);
        report(&[
            a,
            b,
            c,
            d,
            range.region().id(),
            e,
            f,
            range.priority().cast_unsigned(),
            small(next),
            u32::from(is_memory),
            small(host),
        ]);
        0
    })
}
