//! Bindings: ranges, and the bulk work that runs in the core.

use super::report::take_transfer;
use super::{TRANSFER_BYTES, report, report_wide, status, wide, with, word};
use crate::abi;
use crate::model::guest_memory::GuestAddress;
use core::cmp::Ordering;
use wasm_bindgen::prelude::wasm_bindgen;

/// Where a range lies, if it lies in one region. Report: [`abi::RUN_HOST`].
#[wasm_bindgen]
pub fn gm_host_run(handle: u32, low: u32, high: u32, length_low: u32, length_high: u32) -> u32 {
    let (address, length) = (GuestAddress(wide(low, high)), wide(length_low, length_high));
    with(handle, |space| {
        status(
            space
                .host_run(address, length)
                .map(|run| report(abi::RUN_HOST, word(run.host))),
        )
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

/// Compares two ranges, the second in the address space `other`. Report: [`abi::COMPARE_ORDER`].
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
                let order = match order {
                    Ordering::Equal => abi::ORDER_EQUAL,
                    Ordering::Greater => abi::ORDER_GREATER,
                    Ordering::Less => abi::ORDER_LESS,
                };
                report(abi::COMPARE_ORDER, order);
            }))
        })
    })
}

/// Finds the needle that lies in the transfer buffer. Report: [`abi::INDEX_FOUND`] and the following.
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
            report(abi::INDEX_FOUND, u32::from(found.is_some()));
            let address = [abi::INDEX_ADDRESS_LOW, abi::INDEX_ADDRESS_HIGH];
            report_wide(address, found.map_or(0, |found| found.0));
        }))
    })
}
