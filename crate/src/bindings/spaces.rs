//! Bindings: address spaces, made empty or from a list of regions, and calls that concern a whole space.

use super::{report, status, wide, with, word};
use crate::abi;
use crate::linear::host::views;
use crate::machine::address_space::AddressSpace;
use crate::machine::fault::Fault;
use crate::machine::handle;
use crate::model::guest_memory::GuestAddress;
use std::sync::{Arc, Mutex, PoisonError};
use wasm_bindgen::prelude::wasm_bindgen;

/// Regions for the next [`gm_create_staged`]: a list cannot cross the boundary without an allocation by the glue.
static STAGED: Mutex<Vec<(GuestAddress, u64)>> = Mutex::new(Vec::new());

/// Adds a region to the list for [`gm_create_staged`].
#[wasm_bindgen]
pub fn gm_stage_range(start_low: u32, start_high: u32, size_low: u32, size_high: u32) -> u32 {
    let mut staged = STAGED.lock().unwrap_or_else(PoisonError::into_inner);
    if staged.try_reserve(1).is_err() {
        staged.clear(); // the facade gives up: the next list starts empty
        return status(Err(Fault::OutOfMemory { bytes: 16 }));
    }
    staged.push((
        GuestAddress(wide(start_low, start_high)),
        wide(size_low, size_high),
    ));
    abi::STATUS_OK
}

/// Makes an address space from the staged regions and forgets them. Report: [`abi::SPACE_HANDLE`] and the following.
#[wasm_bindgen]
pub fn gm_create_staged() -> u32 {
    let staged = core::mem::take(&mut *STAGED.lock().unwrap_or_else(PoisonError::into_inner));
    let space = AddressSpace::from_ranges(&staged).map(Arc::new);
    status(space.and_then(report_space))
}

/// Makes an address space with an empty map: a sibling of the space that `family` names, or, for 0, of none. Report:
/// [`abi::SPACE_HANDLE`] and the following.
#[wasm_bindgen]
pub fn gm_create_empty(family: u32) -> u32 {
    let made =
        |space: Result<AddressSpace, Fault>| status(space.map(Arc::new).and_then(report_space));
    if family == 0 {
        return made(AddressSpace::new());
    }
    with(family, |space| made(space.sibling()))
}

/// Registers an address space and reports it.
fn report_space(space: Arc<AddressSpace>) -> Result<(), Fault> {
    let table = word(space.table_host_offset());
    let handle = handle::register(space).ok_or(Fault::OutOfMemory { bytes: 0 })?;
    report(abi::SPACE_HANDLE, handle);
    report(abi::SPACE_TABLE, table);
    Ok(())
}

/// Releases an address space's handle. Gives 1 if it named one, else 0.
#[wasm_bindgen]
pub fn gm_dispose(handle: u32) -> u32 {
    views::given(); // a user may have copied accessors, whose arrays show the page table that is free now
    u32::from(handle::release(handle))
}

/// Inserts a region.
#[wasm_bindgen]
pub fn gm_insert(
    handle: u32,
    start_low: u32,
    start_high: u32,
    size_low: u32,
    size_high: u32,
) -> u32 {
    let (start, size) = (
        GuestAddress(wide(start_low, start_high)),
        wide(size_low, size_high),
    );
    with(handle, |space| {
        status(space.insert_region(start, size).map(drop))
    })
}

/// Removes the region with exactly this start and size.
#[wasm_bindgen]
pub fn gm_remove(
    handle: u32,
    start_low: u32,
    start_high: u32,
    size_low: u32,
    size_high: u32,
) -> u32 {
    let (start, size) = (
        GuestAddress(wide(start_low, start_high)),
        wide(size_low, size_high),
    );
    with(handle, |space| {
        status(space.remove_region(start, size).map(drop))
    })
}

/// Reserves linear memory for a later region.
#[wasm_bindgen]
pub fn gm_reserve(handle: u32, bytes_low: u32, bytes_high: u32) -> u32 {
    with(handle, |space| {
        status(space.reserve(wide(bytes_low, bytes_high)))
    })
}

/// Records that a caller has views of the page table and of the control words.
#[wasm_bindgen]
pub fn gm_expose_tables(handle: u32) -> u32 {
    views::given();
    with(handle, |space| {
        space.expose_table();
        abi::STATUS_OK
    })
}

/// Says which views of linear memory the caller will make: [`abi::VIEWS_TOLD`] or [`abi::VIEWS_UNSEEN`].
#[wasm_bindgen]
pub fn gm_views(which: u32) {
    match which {
        abi::VIEWS_TOLD => views::will_be_told(),
        _ => views::are_unseen(),
    }
}
