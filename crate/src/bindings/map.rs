//! Bindings: the memory map. Regions are named by their ids.

use super::external::Numbered;
use super::report::{requested, requested_wide, take_transfer};
use super::{TRANSFER_BYTES, put_bytes, report, report_wide, status, wide, with, word};
use crate::abi;
use crate::machine::address_space::AddressSpace;
use crate::machine::fault::Fault;
use crate::machine::memory_map::{Access, Journal, Placement, Region, RegionKind, Shown};
use crate::model::guest_memory::GuestAddress;
use std::sync::Arc;
use wasm_bindgen::prelude::wasm_bindgen;

/// The kinds and their numbers in the interface.
const KINDS: [(u32, RegionKind); 7] = [
    (abi::KIND_RAM, RegionKind::Ram),
    (abi::KIND_ROM, RegionKind::Rom),
    (abi::KIND_ROM_DEVICE, RegionKind::RomDevice),
    (abi::KIND_MMIO, RegionKind::Mmio),
    (abi::KIND_ALIAS, RegionKind::Alias),
    (abi::KIND_RESERVED, RegionKind::Reserved),
    (abi::KIND_EXTERNAL, RegionKind::External),
];

/// Makes a region and places it, as the words from [`abi::REQUEST_KIND`] on say; its name lies in the transfer buffer.
/// Report: [`abi::MAP_REGION`].
#[wasm_bindgen]
pub fn gm_map(handle: u32) -> u32 {
    let mut buffer = [0; TRANSFER_BYTES];
    let name = take_name(&mut buffer, requested(abi::REQUEST_NAME_BYTES));
    let start = requested_wide([abi::REQUEST_START_LOW, abi::REQUEST_START_HIGH]);
    let start = GuestAddress(start);
    let size = requested_wide([abi::REQUEST_SIZE_LOW, abi::REQUEST_SIZE_HIGH]);
    let offset = requested_wide([abi::REQUEST_OFFSET_LOW, abi::REQUEST_OFFSET_HIGH]);
    let kind = requested(abi::REQUEST_KIND);
    let target = requested(abi::REQUEST_TARGET);
    let enabled = requested(abi::REQUEST_ENABLED);
    let priority = requested(abi::REQUEST_PRIORITY).cast_signed();
    with(handle, |space| {
        let kind = KINDS.iter().find(|(number, _)| *number == kind);
        let made = match kind.map(|(_, kind)| *kind) {
            Some(RegionKind::Alias) => Region::by_id(target)
                .ok_or(Fault::NoMemoryRegion)
                .and_then(|target| Region::alias(name, &target, offset, size)),
            Some(RegionKind::External) => Region::external(name, size, Arc::new(Numbered(target))),
            Some(kind) => Region::new(name, kind, start, size),
            None => Err(Fault::NoMemoryRegion),
        };
        status(made.and_then(|region| {
            match enabled {
                0 => space.map_disabled(&region, start, priority)?,
                _ => space.map(&region, start, priority)?,
            }
            report(abi::MAP_REGION, region.id());
            Ok(())
        }))
    })
}

/// A name of `length` bytes in the transfer buffer. The facade sends whole characters. Any other text is cut before the
/// first character that is not whole.
fn take_name(buffer: &mut [u8; TRANSFER_BYTES], length: u32) -> &str {
    let bytes = take_transfer(buffer, length);
    match core::str::from_utf8(bytes) {
        Ok(name) => name,
        Err(error) => core::str::from_utf8(&bytes[..error.valid_up_to()]).unwrap_or(""),
    }
}

/// A region's properties, wherever it is mapped. Report: [`abi::REGION_KIND`] and the following. As much of its name as
/// fits is in the transfer buffer.
#[wasm_bindgen]
pub fn gm_region_name(region: u32) -> u32 {
    let Some(region) = Region::by_id(region) else {
        return status(Err(Fault::NoMemoryRegion));
    };
    let number = |kind| {
        let same = KINDS.iter().find(|(_, known)| *known == kind);
        same.map_or(0, |(number, _)| *number)
    };
    let bytes = put_bytes(0, region.name().as_bytes());
    report(abi::REGION_KIND, number(region.kind()));
    report(abi::REGION_SHOWN_KIND, number(region.leaf().0.kind()));
    report(abi::REGION_NAME_BYTES, word(bytes));
    abi::STATUS_OK
}

/// Where a region's own bytes lie from an offset on, wherever it is mapped. Report: [`abi::REGION_HOST`] and
/// [`abi::REGION_RUN_BYTES`]. A region has less than 4 GiB of bytes.
#[wasm_bindgen]
pub fn gm_region_run(region: u32, offset: u32) -> u32 {
    let run = Region::by_id(region).and_then(|region| region.run(u64::from(offset)));
    status(match run {
        Some((host, bytes)) => {
            report(abi::REGION_HOST, host.map_or(0, word));
            report(abi::REGION_RUN_BYTES, word(bytes));
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

/// Enables a region; 0 disables it.
#[wasm_bindgen]
pub fn gm_enable(handle: u32, region: u32, enabled: u32) -> u32 {
    with_region(handle, region, |space, region| {
        space.set_enabled(region, enabled != 0)
    })
}

/// Makes an alias show the bytes of a region from an offset on; 0 stands for the region that it shows already.
#[wasm_bindgen]
pub fn gm_show(handle: u32, alias: u32, region: u32, low: u32, high: u32) -> u32 {
    with(handle, |space| {
        let found = Region::by_id(alias).and_then(|alias| match region {
            0 => alias.target().map(|(region, _)| (alias, region)),
            _ => Region::by_id(region).map(|region| (alias, region)),
        });
        let found = found.ok_or(Fault::NoMemoryRegion);
        status(found.and_then(|(alias, region)| space.show(&alias, &region, wide(low, high))))
    })
}

/// Begins a transaction.
#[wasm_bindgen]
pub fn gm_begin(handle: u32) -> u32 {
    with(handle, |space| {
        space.begin();
        abi::STATUS_OK
    })
}

/// Ends a transaction.
#[wasm_bindgen]
pub fn gm_commit(handle: u32) -> u32 {
    with(handle, |space| status(space.commit()))
}

/// Takes a transaction back.
#[wasm_bindgen]
pub fn gm_roll_back(handle: u32) -> u32 {
    with(handle, |space| {
        space.roll_back();
        abi::STATUS_OK
    })
}

/// The first placement, in the order of mapping, whose number is not less than a given one. Report:
/// [`abi::PLACEMENT_REGION`] and the following.
#[wasm_bindgen]
pub fn gm_placement(handle: u32, low: u32, high: u32) -> u32 {
    with(handle, |space| {
        let found = space.placed(|placed| {
            let (number, placement) = placed.from(wide(low, high)).next()?;
            report_placement(number, placement);
            Some(())
        });
        status(found.ok_or(Fault::NoMemoryRegion))
    })
}

/// A region's placement. Report: [`abi::PLACEMENT_REGION`] and the following.
#[wasm_bindgen]
pub fn gm_placement_of(handle: u32, region: u32) -> u32 {
    with(handle, |space| {
        let found = space.placed(|placed| {
            let (number, placement) = placed.of(region)?;
            report_placement(number, placement);
            Some(())
        });
        status(found.ok_or(Fault::NoMemoryRegion))
    })
}

/// The first placement, in the order of mapping, whose number is not less than a given one, and whose region's name is in
/// the transfer buffer: `length` bytes. Report: [`abi::PLACEMENT_REGION`] and the following.
#[wasm_bindgen]
pub fn gm_named(handle: u32, length: u32, low: u32, high: u32) -> u32 {
    let mut buffer = [0; TRANSFER_BYTES];
    let name = take_name(&mut buffer, length);
    with(handle, |space| {
        let found = space.placed(|placed| {
            let (number, placement) = placed.named(name, wide(low, high))?;
            report_placement(number, placement);
            Some(())
        });
        status(found.ok_or(Fault::NoMemoryRegion))
    })
}

/// The RAM with exactly this start and size. Report: [`abi::PLACEMENT_REGION`] and the following.
#[wasm_bindgen]
pub fn gm_exact_ram(handle: u32, low: u32, high: u32, size_low: u32, size_high: u32) -> u32 {
    let (start, size) = (wide(low, high), wide(size_low, size_high));
    with(handle, |space| {
        let found = space.placed(|placed| {
            let (number, placement) = placed.exact_ram(start, size)?;
            report_placement(number, placement);
            Some(())
        });
        status(found.ok_or(Fault::NoMemoryRegion))
    })
}

fn report_placement(number: u64, placement: &Placement) {
    let region = placement.region();
    let (target, offset) = region
        .target()
        .map_or((0, 0), |(target, offset)| (target.id(), offset));
    report(abi::PLACEMENT_REGION, region.id());
    let start = [abi::PLACEMENT_START_LOW, abi::PLACEMENT_START_HIGH];
    report_wide(start, placement.start());
    let size = [abi::PLACEMENT_SIZE_LOW, abi::PLACEMENT_SIZE_HIGH];
    report_wide(size, region.size());
    let priority = placement.priority().cast_unsigned();
    report(abi::PLACEMENT_PRIORITY, priority);
    report(abi::PLACEMENT_ENABLED, u32::from(placement.is_enabled()));
    report(abi::PLACEMENT_TARGET, target);
    let in_target = [abi::PLACEMENT_OFFSET_LOW, abi::PLACEMENT_OFFSET_HIGH];
    report_wide(in_target, offset);
    let own = [abi::PLACEMENT_NUMBER_LOW, abi::PLACEMENT_NUMBER_HIGH];
    report_wide(own, number);
}

/// The first range of the flat view that does not end before an address. Ranges that differ only in the place of their
/// bytes in linear memory are one.
/// Report: [`abi::FLAT_START_LOW`] and the following.
#[wasm_bindgen]
pub fn gm_flat_range(handle: u32, low: u32, high: u32) -> u32 {
    with(handle, |space| {
        let map = space.view();
        let Some((range, last)) = map.flat().whole(wide(low, high)) else {
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
        report_wide([abi::FLAT_START_LOW, abi::FLAT_START_HIGH], start.0);
        report_wide([abi::FLAT_LAST_LOW, abi::FLAT_LAST_HIGH], last);
        report(abi::FLAT_REGION, range.region().id());
        let offset = [abi::FLAT_OFFSET_LOW, abi::FLAT_OFFSET_HIGH];
        report_wide(offset, range.offset());
        report(abi::FLAT_PRIORITY, range.priority().cast_unsigned());
        report(abi::FLAT_IS_MEMORY, u32::from(is_memory));
        report(abi::FLAT_HOST, word(host));
        abi::STATUS_OK
    })
}

/// Begins to note which ranges of the flat view come and go. Does nothing if it has begun.
#[wasm_bindgen]
pub fn gm_listen(handle: u32) -> u32 {
    with(handle, |space| {
        space.state().journal.get_or_insert_default();
        abi::STATUS_OK
    })
}

/// The change of the flat view at `index`: first the ranges that have gone since the list was last read, then those that
/// have come. Past the end the list is cleared. Report: [`abi::FLAT_START_LOW`] up to [`abi::FLAT_OFFSET_HIGH`], and
/// [`abi::CHANGE_COME`].
#[wasm_bindgen]
pub fn gm_change(handle: u32, index: u32) -> u32 {
    with(handle, |space| {
        let journal = &mut space.state().journal;
        let found = journal.as_mut().and_then(|Journal { gone, come }| {
            let index = index as usize;
            let in_come = index.checked_sub(gone.len());
            let seen = match in_come {
                Some(index) => come.get(index).copied(),
                None => gone.get(index).copied(),
            };
            if seen.is_none() {
                gone.clear();
                come.clear();
            }
            seen.map(|seen| (seen, in_come.is_some()))
        });
        let reported = found.map(|(seen, come)| {
            report_wide([abi::FLAT_START_LOW, abi::FLAT_START_HIGH], seen.start);
            report_wide([abi::FLAT_LAST_LOW, abi::FLAT_LAST_HIGH], seen.last);
            report(abi::FLAT_REGION, seen.region);
            let offset = [abi::FLAT_OFFSET_LOW, abi::FLAT_OFFSET_HIGH];
            report_wide(offset, seen.offset);
            report(abi::CHANGE_COME, u32::from(come));
        });
        status(reported.ok_or(Fault::NoMemoryRegion))
    })
}
