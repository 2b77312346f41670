//! Bindings: the results of accesses, and the accesses that are forbidden or watched.

use super::{put_words, report, report_wide, status, wide, with, word};
use crate::abi;
use crate::machine::memory_map::{Access, Backing, Region, Shown};
use crate::model::guest_memory::GuestAddress;
use wasm_bindgen::prelude::wasm_bindgen;

/// The result of an access at an address, and the number of bytes with the same result, at most `limit`. Gives a number
/// from [`abi::FOUND_MEMORY`] on. Report: [`abi::PIECE_BYTES`] and the following.
#[wasm_bindgen]
pub fn gm_piece(handle: u32, low: u32, high: u32, limit: u32, access: u32) -> u32 {
    with(handle, |space| {
        let map = space.view();
        let access = Access::from_bits(access);
        let piece = map.piece(GuestAddress(wide(low, high)), u64::from(limit), access);
        // Fits: no more than the limit.
        let length = u32::try_from(piece.length).unwrap_or(limit);
        report(abi::PIECE_BYTES, length);
        report(abi::PIECE_WATCHED, u32::from(piece.watched));
        let report_region = |region: &Region, offset| {
            report(abi::PIECE_REGION, region.id());
            report_wide([abi::PIECE_OFFSET_LOW, abi::PIECE_OFFSET_HIGH], offset);
        };
        match piece.shown {
            Shown::Memory { host } => {
                report(abi::PIECE_HOST, word(host));
                abi::FOUND_MEMORY
            }
            Shown::Device { region, offset } => {
                report_region(region, offset);
                abi::FOUND_DEVICE
            }
            Shown::External { region, offset } => {
                report_region(region, offset);
                abi::FOUND_EXTERNAL
            }
            Shown::Nothing => abi::FOUND_NOTHING,
            Shown::ReadOnly => abi::FOUND_READ_ONLY,
            Shown::Forbidden => abi::FOUND_FORBIDDEN,
            Shown::Absent => abi::FOUND_ABSENT,
        }
    })
}

/// Checks that an access to a whole range would find the required backing, and be allowed. `backing` is a number from
/// [`abi::BACKING_ANY`] on.
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
            abi::BACKING_ANY => Backing::Any,
            abi::BACKING_BYTES => Backing::Bytes,
            _ => Backing::Linear, // abi::BACKING_LINEAR; an unknown number counts as the strictest
        };
        status(map.check_backing(address, length, access, backing))
    })
}

/// Sets the accesses that whole pages allow.
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
    let permissions = Access::from_bits(allowed & !abi::PROTECT_ANYWHERE);
    with(handle, |space| {
        status(match allowed & abi::PROTECT_ANYWHERE {
            0 => space.protect(address, length, permissions),
            _ => space.protect_anywhere(address, length, permissions),
        })
    })
}

/// Zeroes a range of RAM and gives back its host pages. The caller springs the traps.
#[wasm_bindgen]
pub fn gm_discard(handle: u32, low: u32, high: u32, length_low: u32, length_high: u32) -> u32 {
    let (address, length) = (GuestAddress(wide(low, high)), wide(length_low, length_high));
    with(handle, |space| {
        status(space.discard_parts(address, length, |_, _| ()))
    })
}

/// Gives host pages to the discarded parts of a range.
#[wasm_bindgen]
pub fn gm_populate(handle: u32, low: u32, high: u32, length_low: u32, length_high: u32) -> u32 {
    let (address, length) = (GuestAddress(wide(low, high)), wide(length_low, length_high));
    with(handle, |space| status(space.populate(address, length)))
}

/// Watches a range. Report: [`abi::WATCH_ID`].
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
        status(watch.map(|id| report(abi::WATCH_ID, id)))
    })
}

/// Ends a watch over a part of its range. Report: [`abi::UNWATCH_FOUND`].
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
                .map(|was| report(abi::UNWATCH_FOUND, u32::from(was))),
        )
    })
}

/// The watches that see an access, after the first `skip` of them, as words in the transfer buffer, as many as fit.
/// Report: [`abi::WATCHERS_COUNT`], which counts them all.
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
        report(abi::WATCHERS_COUNT, word(count));
        abi::STATUS_OK
    })
}
