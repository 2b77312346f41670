//! The only code that knows JavaScript: exported functions of numbers, without logic.
//!
//! A guest address or length is two `u32`s, low half first. Most functions return a status: `STATUS_OK`, a
//! [`Fault::code`](crate::fault::Fault::code), or `STATUS_DISPOSED`. All other results stand in the *report block*,
//! words at a fixed offset. crate/src/abi.rs names these words, and all other numbers of the interface. Bulk bytes
//! never pass through here: the facade moves them itself, and needles come through the *transfer buffer*.
//! wasm-bindgen's slices and strings would allocate, and so could grow the memory under the caller's views.

mod access;
mod bytes;
mod dirty;
mod external;
mod map;
mod report;
mod showing;
mod spaces;
mod traps;

use crate::abi;
use crate::machine::address_space::AddressSpace;
use crate::machine::handle;
use std::sync::Arc;
use wasm_bindgen::prelude::wasm_bindgen;

pub use crate::abi::{ABI, STATUS_DISPOSED as DISPOSED};
pub use access::*;
pub use bytes::*;
pub use dirty::*;
pub use external::*;
pub use map::*;
pub use report::*;
use report::{put_bytes, put_words};
pub use showing::*;
pub use spaces::*;
pub use traps::*;

/// [`ABI`], which the facade compares with its own.
#[wasm_bindgen]
pub fn guest_memory_abi() -> u32 {
    ABI
}

/// A 64-bit value from its halves.
fn wide(low: u32, high: u32) -> u64 {
    u64::from(high) << 32 | u64::from(low)
}

/// A 64-bit value's halves.
#[allow(clippy::cast_possible_truncation)] // Both halves are taken.
fn halves(value: u64) -> [u32; 2] {
    [value as u32, (value >> 32) as u32]
}

/// A host offset, or a count inside linear memory, as a word.
fn word(value: usize) -> u32 {
    // Fits: linear memory is 4 GiB.
    u32::try_from(value).unwrap_or(0)
}

/// Runs `act` on the address space that `handle` names; gives `STATUS_DISPOSED` where there is none.
fn with(handle: u32, act: impl FnOnce(&Arc<AddressSpace>) -> u32) -> u32 {
    handle::get(handle).map_or(abi::STATUS_DISPOSED, |space| act(&space))
}
