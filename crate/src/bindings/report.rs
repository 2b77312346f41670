//! The report block and the transfer buffer, at fixed offsets. The facade finds results there that a status cannot
//! hold, and leaves a request or a needle.

use super::{halves, word};
use crate::abi;
use crate::linear::dirty_map;
use crate::machine::fault::Fault;
use crate::machine::traps;
use core::sync::atomic::{AtomicU8, AtomicU32, Ordering};
use wasm_bindgen::prelude::wasm_bindgen;

/// Bytes of the transfer buffer.
pub const TRANSFER_BYTES: usize = abi::TRANSFER_BYTES as usize;

static REPORT: [AtomicU32; abi::REPORT_WORDS as usize] =
    [const { AtomicU32::new(0) }; abi::REPORT_WORDS as usize];

/// Aligned as the facade reads it: as `u32`s.
#[repr(C, align(8))]
struct Transfer([AtomicU8; TRANSFER_BYTES]);

static TRANSFER: Transfer = Transfer([const { AtomicU8::new(0) }; TRANSFER_BYTES]);

/// The byte offset or the size that a number from [`abi::LAYOUT_REPORT`] on asks for; 0 for any other number.
#[wasm_bindgen]
pub fn gm_layout(index: u32) -> u32 {
    let number = match index {
        abi::LAYOUT_REPORT => REPORT.as_ptr().expose_provenance(),
        abi::LAYOUT_TRANSFER => TRANSFER.0.as_ptr().expose_provenance(),
        abi::LAYOUT_TRANSFER_BYTES => TRANSFER_BYTES,
        abi::LAYOUT_DIRTY_MAP => dirty_map::host_offset(),
        abi::LAYOUT_SPRUNG => traps::counter(),
        _ => 0,
    };
    word(number)
}

/// Writes a word of the report block.
#[inline(always)]
pub(super) fn report(index: u32, word: u32) {
    if let Some(slot) = REPORT.get(index as usize) {
        slot.store(word, Ordering::Relaxed);
    }
}

/// Writes a 64-bit value to two words of the report block.
#[inline(always)]
pub(super) fn report_wide([low, high]: [u32; 2], value: u64) {
    let halves = halves(value);
    report(low, halves[0]);
    report(high, halves[1]);
}

/// A word of the report block, which the facade fills before some calls.
pub(super) fn requested(index: u32) -> u32 {
    REPORT
        .get(index as usize)
        .map_or(0, |place| place.load(Ordering::Relaxed))
}

/// A 64-bit value in two words of the report block.
pub(super) fn requested_wide([low, high]: [u32; 2]) -> u64 {
    super::wide(requested(low), requested(high))
}

/// A result as a status; a fault also fills the report block.
pub(super) fn status(result: Result<(), Fault>) -> u32 {
    match result {
        Ok(()) => abi::STATUS_OK,
        Err(fault) => {
            let (address, length) = fault.location();
            report_wide([abi::FAULT_ADDRESS_LOW, abi::FAULT_ADDRESS_HIGH], address);
            report_wide([abi::FAULT_LENGTH_LOW, abi::FAULT_LENGTH_HIGH], length);
            fault.code()
        }
    }
}

/// Copies the first bytes of the transfer buffer out of it: the facade may write it again at any time.
pub(super) fn take_transfer(into: &mut [u8; TRANSFER_BYTES], length: u32) -> &[u8] {
    let length = (length as usize).min(TRANSFER_BYTES);
    for (byte, shared) in into.iter_mut().zip(&TRANSFER.0).take(length) {
        *byte = shared.load(Ordering::Relaxed);
    }
    &into[..length]
}

/// Writes bytes to the transfer buffer, from an index on; gives how many fit.
pub(super) fn put_bytes(from: usize, bytes: &[u8]) -> usize {
    let room = TRANSFER.0.get(from..).unwrap_or(&[]);
    for (shared, &byte) in room.iter().zip(bytes) {
        shared.store(byte, Ordering::Relaxed);
    }
    room.len().min(bytes.len())
}

/// Writes words to the transfer buffer, the first at an index in words.
pub(super) fn put_words(index: usize, words: &[u32]) {
    for (index, word) in (index..).zip(words) {
        put_bytes(index.saturating_mul(4), &word.to_le_bytes());
    }
}
