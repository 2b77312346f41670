//! Bindings: the dirty log.

use super::report::put_transfer;
use super::{TRANSFER_BYTES, halves, report, status, wide, with};
use crate::dirty_log::GuestRange;
use crate::guest_memory::GuestAddress;
use wasm_bindgen::prelude::wasm_bindgen;

/// Ranges that fit into the transfer buffer.
const RANGES: usize = TRANSFER_BYTES / 16;

/// Opens a dirty client. Report: its bit.
#[wasm_bindgen]
pub fn gm_dirty_open(handle: u32) -> u32 {
    with(handle, |space| {
        status(
            space
                .open_dirty_client()
                .map(|client| report(&[u32::from(client)])),
        )
    })
}

/// Closes a dirty client.
#[wasm_bindgen]
pub fn gm_dirty_close(handle: u32, client: u8) -> u32 {
    with(handle, |space| {
        space.close_dirty_client(client);
        0
    })
}

/// Collects dirty ranges from an address on into the transfer buffer, as pairs of 64-bit start and length.
/// Report: how many; 1 if there are more, else 0; where to go on (two words).
#[wasm_bindgen]
pub fn gm_dirty_collect(handle: u32, client: u8, low: u32, high: u32) -> u32 {
    with(handle, |space| {
        let mut ranges: [GuestRange; RANGES] = [(GuestAddress(0), 0); RANGES];
        // The facade makes all calls of a collection at once, and no other JavaScript runs in between.
        let (count, next) = space.collect(client, GuestAddress(wide(low, high)), &mut ranges, true);
        put_transfer(
            ranges[..count]
                .iter()
                .map(|&(start, length)| (start.0, length)),
        );
        let [low, high] = halves(next.map_or(0, |next| next.0));
        report(&[
            u32::try_from(count).unwrap_or(0),
            u32::from(next.is_some()),
            low,
            high,
        ]);
        0
    })
}

/// Marks a range as written.
#[wasm_bindgen]
pub fn gm_mark_dirty(handle: u32, low: u32, high: u32, length_low: u32, length_high: u32) -> u32 {
    let (address, length) = (GuestAddress(wide(low, high)), wide(length_low, length_high));
    with(handle, |space| status(space.mark_dirty(address, length)))
}

/// Says that a range was shown to the caller.
#[wasm_bindgen]
pub fn gm_expose(handle: u32, low: u32, high: u32, length_low: u32, length_high: u32) -> u32 {
    let (address, length) = (GuestAddress(wide(low, high)), wide(length_low, length_high));
    with(handle, |space| status(space.expose(address, length)))
}
