//! Bindings: the dirty log.

use super::{TRANSFER_BYTES, halves, put_words, report, report_wide, status, wide, with, word};
use crate::abi;
use crate::linear::host::views;
use crate::machine::dirty_log::{GuestRange, collect_region, give_back_region};
use crate::machine::fault::Fault;
use crate::machine::memory_map::Region;
use crate::model::guest_memory::GuestAddress;
use wasm_bindgen::prelude::wasm_bindgen;

/// Ranges that fit into the transfer buffer.
const RANGES: usize = TRANSFER_BYTES / (4 * RANGE_WORDS);
const RANGE_WORDS: usize = abi::RANGE_WORDS as usize;

/// Opens a dirty client. Report: [`abi::DIRTY_CLIENT`].
#[wasm_bindgen]
pub fn gm_dirty_open(handle: u32) -> u32 {
    with(handle, |space| {
        status(
            space
                .open_dirty_client()
                .map(|client| report(abi::DIRTY_CLIENT, u32::from(client))),
        )
    })
}

/// Closes a dirty client.
#[wasm_bindgen]
pub fn gm_dirty_close(handle: u32, client: u8) -> u32 {
    with(handle, |space| {
        space.close_dirty_client(client);
        abi::STATUS_OK
    })
}

/// Collects the dirty ranges of a window, its first and its last address, from another address on. They go into the
/// transfer buffer, in words from [`abi::RANGE_START_LOW`] on. Report: [`abi::COLLECT_COUNT`] and the following.
#[wasm_bindgen]
#[expect(clippy::too_many_arguments, reason = "three addresses, in halves")]
pub fn gm_dirty_collect(
    handle: u32,
    client: u8,
    low: u32,
    high: u32,
    first_low: u32,
    first_high: u32,
    last_low: u32,
    last_high: u32,
) -> u32 {
    let [first, last] = [wide(first_low, first_high), wide(last_low, last_high)].map(GuestAddress);
    let from = GuestAddress(wide(low, high));
    with(handle, |space| {
        let mut ranges: [GuestRange; RANGES] = [(GuestAddress(0), 0); RANGES];
        // No other JavaScript runs during a collection: the facade makes all its calls at once.
        let (count, next) = space.collect(client, (first, last), from, &mut ranges, true);
        collected(&ranges[..count], next.map(|next| next.0));
        abi::STATUS_OK
    })
}

/// Collects the dirty ranges of a region, from an offset on, as [`gm_dirty_collect`] does: a range begins at an offset.
#[wasm_bindgen]
pub fn gm_dirty_collect_region(
    client: u8,
    region: u32,
    low: u32,
    high: u32,
    length_low: u32,
    length_high: u32,
) -> u32 {
    let (offset, length) = (wide(low, high), wide(length_low, length_high));
    let Some(region) = Region::by_id(region) else {
        return status(Err(Fault::NoMemoryRegion));
    };
    let mut ranges = [(0, 0); RANGES];
    let collected_of = collect_region(client, &region, offset, length, &mut ranges);
    status(collected_of.map(|(count, next)| {
        let ranges = ranges.map(|(offset, length)| (GuestAddress(offset), length));
        collected(&ranges[..count], next);
    }))
}

/// Makes pages of a region dirty again for a client that has collected them.
#[wasm_bindgen]
pub fn gm_dirty_give_back(
    client: u8,
    region: u32,
    low: u32,
    high: u32,
    length_low: u32,
    length_high: u32,
) -> u32 {
    let (offset, length) = (wide(low, high), wide(length_low, length_high));
    let region = Region::by_id(region).ok_or(Fault::NoMemoryRegion);
    status(region.and_then(|region| give_back_region(client, &region, offset, length)))
}

/// Writes ranges to the transfer buffer, and their number and what follows to the report.
fn collected(ranges: &[GuestRange], next: Option<u64>) {
    for (index, range) in ranges.iter().enumerate() {
        put_range(index, range);
    }
    report(abi::COLLECT_COUNT, word(ranges.len()));
    report(abi::COLLECT_MORE, u32::from(next.is_some()));
    let from = [abi::COLLECT_NEXT_LOW, abi::COLLECT_NEXT_HIGH];
    report_wide(from, next.unwrap_or(0));
}

/// Writes a range to the transfer buffer.
fn put_range(index: usize, (start, length): &GuestRange) {
    let mut words = [0; RANGE_WORDS];
    let (start, length) = (halves(start.0), halves(*length));
    words[abi::RANGE_START_LOW as usize] = start[0];
    words[abi::RANGE_START_HIGH as usize] = start[1];
    words[abi::RANGE_LENGTH_LOW as usize] = length[0];
    words[abi::RANGE_LENGTH_HIGH as usize] = length[1];
    put_words(index * RANGE_WORDS, &words);
}

/// Marks a range as written. The caller springs the traps.
#[wasm_bindgen]
pub fn gm_mark_dirty(handle: u32, low: u32, high: u32, length_low: u32, length_high: u32) -> u32 {
    let (address, length) = (GuestAddress(wide(low, high)), wide(length_low, length_high));
    with(handle, |space| status(space.mark_alone(address, length)))
}

/// Records that the caller may write a range at any time.
#[wasm_bindgen]
pub fn gm_expose(handle: u32, low: u32, high: u32, length_low: u32, length_high: u32) -> u32 {
    let (address, length) = (GuestAddress(wide(low, high)), wide(length_low, length_high));
    views::given();
    with(handle, |space| status(space.expose(address, length)))
}
