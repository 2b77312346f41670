//! Fixed places in linear memory: where the facade reads what a status cannot say, and leaves a needle.

use super::halves;
use crate::dirty_map;
use crate::fault::Fault;
use core::sync::atomic::{AtomicU8, AtomicU32, Ordering};
use wasm_bindgen::prelude::wasm_bindgen;

/// The status of a call with a handle that names nothing.
pub const DISPOSED: u32 = 11;
/// Bytes of the transfer buffer.
pub const TRANSFER_BYTES: usize = 4096;

static REPORT: [AtomicU32; 16] = [const { AtomicU32::new(0) }; 16];

/// Aligned as the facade reads it: as `u32`s.
#[repr(C, align(8))]
struct Transfer([AtomicU8; TRANSFER_BYTES]);

static TRANSFER: Transfer = Transfer([const { AtomicU8::new(0) }; TRANSFER_BYTES]);

/// Byte offsets and sizes of the fixed places, by index: 0 the report block, 1 the transfer buffer, 2 the transfer
/// buffer's size, 3 the dirty map. 0 for any other.
#[wasm_bindgen]
pub fn gm_place(index: u32) -> u32 {
    let place = match index {
        0 => REPORT.as_ptr().expose_provenance(),
        1 => TRANSFER.0.as_ptr().expose_provenance(),
        2 => TRANSFER_BYTES,
        3 => dirty_map::host_offset(),
        _ => 0,
    };
    // Fits: linear memory is 4 GiB.
    u32::try_from(place).unwrap_or(0)
}

/// Writes words of the report block, from the first on.
pub(super) fn report(words: &[u32]) {
    for (place, &word) in REPORT.iter().zip(words) {
        place.store(word, Ordering::Relaxed);
    }
}

/// A result as a status; a fault also fills the report block.
pub(super) fn status(result: Result<(), Fault>) -> u32 {
    match result {
        Ok(()) => 0,
        Err(fault) => {
            let (address, length) = fault.place();
            let ([a, b], [c, d]) = (halves(address), halves(length));
            report(&[a, b, c, d]);
            fault.code()
        }
    }
}

/// Copies the transfer buffer's first bytes out of it: the facade may write it again at any time.
pub(super) fn take_transfer(into: &mut [u8; TRANSFER_BYTES], length: u32) -> &[u8] {
    let length = (length as usize).min(TRANSFER_BYTES);
    for (byte, place) in into.iter_mut().zip(&TRANSFER.0).take(length) {
        *byte = place.load(Ordering::Relaxed);
    }
    &into[..length]
}

/// Writes bytes to the transfer buffer, from an index on; gives how many had room.
pub(super) fn put_bytes(from: usize, bytes: &[u8]) -> usize {
    let places = TRANSFER.0.get(from..).unwrap_or(&[]);
    for (place, &byte) in places.iter().zip(bytes) {
        place.store(byte, Ordering::Relaxed);
    }
    places.len().min(bytes.len())
}

/// Writes words to the transfer buffer, the first at an index in words.
pub(super) fn put_words(index: usize, words: &[u32]) {
    for (index, word) in (index..).zip(words) {
        put_bytes(index.saturating_mul(4), &word.to_le_bytes());
    }
}

/// Writes pairs of 64-bit values to the transfer buffer.
pub(super) fn put_transfer(pairs: impl Iterator<Item = (u64, u64)>) {
    for ((first, second), places) in pairs.zip(TRANSFER.0.chunks_exact(16)) {
        let bytes = first.to_le_bytes().into_iter().chain(second.to_le_bytes());
        for (place, byte) in places.iter().zip(bytes) {
            place.store(byte, Ordering::Relaxed);
        }
    }
}
