//! Bindings: ranges, and the bulk work that the core does itself.

use super::report::take_transfer;
use super::{TRANSFER_BYTES, halves, report, status, wide, with};
use crate::guest_memory::GuestAddress;
use wasm_bindgen::prelude::wasm_bindgen;

/// Where a range lies, if it lies in one region. Report: host offset.
#[wasm_bindgen]
pub fn gm_host_run(handle: u32, low: u32, high: u32, length_low: u32, length_high: u32) -> u32 {
    let (address, length) = (GuestAddress(wide(low, high)), wide(length_low, length_high));
    with(handle, |space| {
        status(
            space
                .host_run(address, length)
                .map(|run| report(&[u32::try_from(run.host).unwrap_or(0)])),
        )
    })
}

/// The bytes adjacent in linear memory from an address on, `limit` at most. Report: host offset, length.
/// Gives 1 in a hole, without a report.
#[wasm_bindgen]
pub fn gm_forward_run(handle: u32, low: u32, high: u32, limit: u32) -> u32 {
    with(handle, |space| {
        match space.forward_run(GuestAddress(wide(low, high)), u64::from(limit)) {
            Some(run) => {
                report(&[
                    u32::try_from(run.host).unwrap_or(0),
                    u32::try_from(run.length).unwrap_or(0),
                ]);
                0
            }
            None => 1,
        }
    })
}

/// Sets a range to one byte.
#[wasm_bindgen]
pub fn gm_fill(
    handle: u32,
    low: u32,
    high: u32,
    byte: u8,
    length_low: u32,
    length_high: u32,
) -> u32 {
    let (address, length) = (GuestAddress(wide(low, high)), wide(length_low, length_high));
    with(handle, |space| status(space.fill(address, byte, length)))
}

/// Copies a range from the address space `source`, which may be the same.
#[wasm_bindgen]
#[allow(clippy::too_many_arguments)] // Halves of 64-bit values.
pub fn gm_copy(
    handle: u32,
    to_low: u32,
    to_high: u32,
    source: u32,
    from_low: u32,
    from_high: u32,
    length_low: u32,
    length_high: u32,
) -> u32 {
    let (to, from) = (
        GuestAddress(wide(to_low, to_high)),
        GuestAddress(wide(from_low, from_high)),
    );
    let length = wide(length_low, length_high);
    with(handle, |space| {
        with(source, |source| {
            status(space.copy_from(to, source, from, length))
        })
    })
}

/// Compares two ranges, the second in the address space `other`. Report: 0 equal, 1 greater, 2 less.
#[wasm_bindgen]
#[allow(clippy::too_many_arguments)] // Halves of 64-bit values.
pub fn gm_compare(
    handle: u32,
    a_low: u32,
    a_high: u32,
    other: u32,
    b_low: u32,
    b_high: u32,
    length_low: u32,
    length_high: u32,
) -> u32 {
    let (a, b) = (
        GuestAddress(wide(a_low, a_high)),
        GuestAddress(wide(b_low, b_high)),
    );
    let length = wide(length_low, length_high);
    with(handle, |space| {
        with(other, |other| {
            let order = space.compare(a, other, b, length);
            status(order.map(|order| {
                report(&[if order.is_lt() {
                    2
                } else {
                    u32::from(order.is_gt())
                }])
            }))
        })
    })
}

/// Finds the needle that lies in the transfer buffer. Report: 1 if found, else 0; its address (two words).
#[wasm_bindgen]
pub fn gm_index_of(
    handle: u32,
    low: u32,
    high: u32,
    length_low: u32,
    length_high: u32,
    needle_bytes: u32,
) -> u32 {
    let (address, length) = (GuestAddress(wide(low, high)), wide(length_low, length_high));
    let mut buffer = [0; TRANSFER_BYTES];
    let needle = take_transfer(&mut buffer, needle_bytes);
    with(handle, |space| {
        status(space.index_of(needle, address, length).map(|found| {
            let [low, high] = halves(found.map_or(0, |found| found.0));
            report(&[u32::from(found.is_some()), low, high]);
        }))
    })
}
