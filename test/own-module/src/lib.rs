//! A user's own Wasm module: devices in Rust on the memory that the facade made, named by `memory.handle`.
#![warn(missing_docs)]

mod host;
mod ring;

pub use host::*;
pub use ring::*;

use guest_memory::{AddressSpace, Bytes, GuestAddress, handle};
use std::sync::Arc;
use wasm_bindgen::prelude::{JsError, wasm_bindgen};

guest_memory::export_bindings!();

/// The memory that a handle names, or an error that JavaScript can catch.
fn memory(handle: u32) -> Result<Arc<AddressSpace>, JsError> {
    handle::get(handle).ok_or_else(|| JsError::new("this handle names no memory"))
}

/// The FNV-1a hash of a range. A boot loader checks its image this way.
#[wasm_bindgen]
pub fn checksum(handle: u32, address: u64, length: u32) -> Result<u32, JsError> {
    let space = memory(handle)?;
    space.check_range(GuestAddress(address), u64::from(length))?;
    (0..u64::from(length)).try_fold(0x811c_9dc5_u32, |hash, offset| {
        let byte: u8 = space.read_obj(GuestAddress(address + offset))?;
        Ok((hash ^ u32::from(byte)).wrapping_mul(0x0100_0193))
    })
}

/// Sets a range to one byte: a device that clears its frame buffer.
#[wasm_bindgen]
pub fn fill(handle: u32, address: u64, byte: u8, length: u32) -> Result<(), JsError> {
    Ok(memory(handle)?.fill(GuestAddress(address), byte, u64::from(length))?)
}

/// Discards a range, as a balloon device does.
#[wasm_bindgen]
pub fn discard(handle: u32, address: u64, length: u32) -> Result<(), JsError> {
    Ok(memory(handle)?.discard(GuestAddress(address), u64::from(length))?)
}

/// Tells of a write through a pointer, as translated code does.
#[wasm_bindgen]
pub fn mark(handle: u32, address: u64, length: u32) -> Result<(), JsError> {
    Ok(memory(handle)?.mark_dirty(GuestAddress(address), u64::from(length))?)
}

/// Adds a region behind the facade's back.
#[wasm_bindgen]
pub fn insert(handle: u32, start: u64, size: u64) -> Result<(), JsError> {
    memory(handle)?.insert_region(GuestAddress(start), size)?;
    Ok(())
}

/// Removes a region behind the facade's back.
#[wasm_bindgen]
pub fn remove(handle: u32, start: u64, size: u64) -> Result<(), JsError> {
    memory(handle)?.remove_region(GuestAddress(start), size)?;
    Ok(())
}

/// Writes a 32-bit value, at any alignment, in vm-memory's way: on a snapshot of the regions.
#[wasm_bindgen]
pub fn poke(handle: u32, address: u64, value: u32) -> Result<(), JsError> {
    Ok(memory(handle)?
        .view()
        .write_obj(value.to_le(), GuestAddress(address))?)
}

/// The map as Rust writes it.
#[wasm_bindgen]
pub fn tree(handle: u32, name: &str, flat: bool) -> Result<String, JsError> {
    let mut text = String::new();
    memory(handle)?.write_tree(&mut text, name, flat)?;
    Ok(text)
}
