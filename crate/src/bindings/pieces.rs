//! Bindings: what an access finds, and what is forbidden or watched.

use super::{put_words, report, status, wide, with};
use crate::guest_memory::GuestAddress;
use crate::memory_map::{Access, Backing, Shown};
use wasm_bindgen::prelude::wasm_bindgen;

/// What an access finds at an address, and how far the same goes on, `limit` bytes at most. Gives 0 for memory, 1 for
/// nothing, 2 for a device, 3 for ROM that would be written, 4 for what is forbidden, 5 for external memory, 6 for discarded
/// memory that would be written ([`gm_populate`] comes first). Report: bytes, 1 if somebody watches it, then for memory the
/// host offset, for a device or external memory the region's id and the offset in it (two words).
#[wasm_bindgen]
pub fn gm_piece(handle: u32, low: u32, high: u32, limit: u32, access: u32) -> u32 {
    with(handle, |space| {
        let map = space.view();
        let access = Access::from_bits(access);
        let piece = map.piece(GuestAddress(wide(low, high)), u64::from(limit), access);
        // Fits: no more than the limit.
        let length = u32::try_from(piece.length).unwrap_or(limit);
        let watched = u32::from(piece.watched);
        match piece.shown {
            Shown::Memory { host } => {
                report(&[length, watched, u32::try_from(host).unwrap_or(0)]);
                0
            }
            Shown::Device { region, offset } => {
                let [low, high] = super::halves(offset);
                report(&[length, watched, region.id(), low, high]);
                2
            }
            Shown::External { region, offset } => {
                let [low, high] = super::halves(offset);
                report(&[length, watched, region.id(), low, high]);
                5
            }
            Shown::Nothing => {
                report(&[length, watched]);
                1
            }
            Shown::ReadOnly => {
                report(&[length, watched]);
                3
            }
            Shown::Forbidden => {
                report(&[length, watched]);
                4
            }
            Shown::Absent => {
                report(&[length, watched]);
                6
            }
        }
    })
}

/// Checks that an access would find what it needs in a whole range, and be allowed: for `backing` 0 memory or devices, for
/// 1 memory, for 2 linear memory.
#[wasm_bindgen]
pub fn gm_check_access(
    handle: u32,
    low: u32,
    high: u32,
    length_low: u32,
    length_high: u32,
    access: u32,
    backing: u32,
) -> u32 {
    let (address, length) = (GuestAddress(wide(low, high)), wide(length_low, length_high));
    let access = Access::from_bits(access);
    with(handle, |space| {
        let map = space.view();
        let backing = match backing {
            0 => Backing::Any,
            1 => Backing::Bytes,
            _ => Backing::Linear,
        };
        status(map.check_backing(address, length, access, backing))
    })
}

/// Sets what is allowed in whole pages.
#[wasm_bindgen]
pub fn gm_protect(
    handle: u32,
    low: u32,
    high: u32,
    length_low: u32,
    length_high: u32,
    allowed: u32,
) -> u32 {
    let (address, length) = (GuestAddress(wide(low, high)), wide(length_low, length_high));
    with(handle, |space| {
        status(space.protect(address, length, Access::from_bits(allowed)))
    })
}

/// Makes a range of RAM 0 and gives back its host pages.
#[wasm_bindgen]
pub fn gm_discard(handle: u32, low: u32, high: u32, length_low: u32, length_high: u32) -> u32 {
    let (address, length) = (GuestAddress(wide(low, high)), wide(length_low, length_high));
    with(handle, |space| status(space.discard(address, length)))
}

/// Gives host pages to whatever of a range was discarded.
#[wasm_bindgen]
pub fn gm_populate(handle: u32, low: u32, high: u32, length_low: u32, length_high: u32) -> u32 {
    let (address, length) = (GuestAddress(wide(low, high)), wide(length_low, length_high));
    with(handle, |space| status(space.populate(address, length)))
}

/// Watches a range. Report: the watch's number.
#[wasm_bindgen]
pub fn gm_watch(
    handle: u32,
    low: u32,
    high: u32,
    length_low: u32,
    length_high: u32,
    access: u32,
) -> u32 {
    let (address, length) = (GuestAddress(wide(low, high)), wide(length_low, length_high));
    with(handle, |space| {
        let watch = space.watch(address, length, Access::from_bits(access));
        status(watch.map(|id| report(&[id])))
    })
}

/// Ends a watch over a part of what it covers. Report: 1 if there was one, else 0.
#[wasm_bindgen]
pub fn gm_unwatch(
    handle: u32,
    watch: u32,
    low: u32,
    high: u32,
    length_low: u32,
    length_high: u32,
) -> u32 {
    let (address, length) = (GuestAddress(wide(low, high)), wide(length_low, length_high));
    with(handle, |space| {
        status(
            space
                .unwatch(watch, address, length)
                .map(|was| report(&[u32::from(was)])),
        )
    })
}

/// The watches that see an access, as words in the transfer buffer, but for the first `skip` of them. Report: how many
/// there are; no more than fit are written.
#[wasm_bindgen]
pub fn gm_watchers(
    handle: u32,
    low: u32,
    high: u32,
    length_low: u32,
    length_high: u32,
    access: u32,
    skip: u32,
) -> u32 {
    let (address, length) = (GuestAddress(wide(low, high)), wide(length_low, length_high));
    with(handle, |space| {
        let mut count = 0_usize;
        space.watchers(address, length, Access::from_bits(access), |id| {
            if let Some(index) = count.checked_sub(skip as usize) {
                put_words(index, &[id]);
            }
            count += 1;
        });
        report(&[u32::try_from(count).unwrap_or(u32::MAX)]);
        0
    })
}
