//! Bindings: the regions that addresses show, and the addresses that show a region.

use super::{TRANSFER_BYTES, halves, put_words, report, report_wide, wide, with, word};
use crate::abi;
use crate::linear::host::PAGE_SHIFT;
use crate::machine::address_space::AddressSpace;
use crate::model::guest_memory::GuestAddress;
use wasm_bindgen::prelude::wasm_bindgen;

const RUN_WORDS: usize = abi::RUN_WORDS as usize;
/// Runs that fit into the transfer buffer.
const RUNS: usize = TRANSFER_BYTES / (4 * RUN_WORDS);

/// The region that an address shows, or with `is_below` the highest one below a priority. Report:
/// [`abi::REGION_AT_FOUND`] and the following.
#[wasm_bindgen]
pub fn gm_region_at(handle: u32, low: u32, high: u32, is_below: bool, below: i32) -> u32 {
    with(handle, |space| {
        let found = space.region_at(GuestAddress(wide(low, high)), is_below.then_some(below));
        report(abi::REGION_AT_FOUND, u32::from(found.is_some()));
        if let Some(found) = found {
            report(abi::REGION_AT_REGION, found.region.id());
            let offset = [abi::REGION_AT_OFFSET_LOW, abi::REGION_AT_OFFSET_HIGH];
            report_wide(offset, found.offset);
            report(abi::REGION_AT_PRIORITY, found.priority.cast_unsigned());
            report(abi::REGION_AT_ALLOWED, found.allowed.bits());
        }
        abi::STATUS_OK
    })
}

/// The accesses that `protect` allows to a page. Report: [`abi::PERMISSIONS_ALLOWED`] and the following.
#[wasm_bindgen]
pub fn gm_permissions(handle: u32, page_low: u32, page_high: u32) -> u32 {
    with(handle, |space| {
        let address = wide(page_low, page_high) << PAGE_SHIFT;
        let (allowed, last) = space.permissions(GuestAddress(address));
        report(abi::PERMISSIONS_ALLOWED, allowed.bits());
        let words = [abi::PERMISSIONS_LAST_LOW, abi::PERMISSIONS_LAST_HIGH];
        report_wide(words, last.0 >> PAGE_SHIFT);
        abi::STATUS_OK
    })
}

/// The regions that a range shows, after the first `skip` of them, as runs in the transfer buffer. Report:
/// [`abi::RUNS_COUNT`].
#[wasm_bindgen]
pub fn gm_each_region(
    handle: u32,
    low: u32,
    high: u32,
    length_low: u32,
    length_high: u32,
    skip: u32,
) -> u32 {
    let (address, length) = (GuestAddress(wide(low, high)), wide(length_low, length_high));
    put_runs(handle, skip, |space, put| {
        space.each_region(address, length, put)
    })
}

/// The addresses that show bytes of a region, as [`gm_each_region`] gives the regions of a range.
#[wasm_bindgen]
pub fn gm_each_address(
    handle: u32,
    region: u32,
    low: u32,
    high: u32,
    length_low: u32,
    length_high: u32,
    skip: u32,
) -> u32 {
    let (offset, length) = (wide(low, high), wide(length_low, length_high));
    put_runs(handle, skip, |space, put| {
        space.each_address(region, offset, length, |address, length| {
            put(region, address.0, length)
        });
    })
}

/// Writes runs to the transfer buffer, after the first `skip` of them, as many as fit, and their number to the report.
fn put_runs(
    handle: u32,
    skip: u32,
    each: impl FnOnce(&AddressSpace, &mut dyn FnMut(u32, u64, u64)),
) -> u32 {
    with(handle, |space| {
        let mut count = 0_usize;
        each(space, &mut |region, start, length| {
            put_run(count, skip, region, start, length);
            count += 1;
        });
        report(abi::RUNS_COUNT, word(count));
        abi::STATUS_OK
    })
}

fn put_run(count: usize, skip: u32, region: u32, start: u64, length: u64) {
    let index = count
        .checked_sub(skip as usize)
        .filter(|&index| index < RUNS);
    if let Some(index) = index {
        let mut words = [0; RUN_WORDS];
        let (start, length) = (halves(start), halves(length));
        words[abi::RUN_REGION as usize] = region;
        words[abi::RUN_START_LOW as usize] = start[0];
        words[abi::RUN_START_HIGH as usize] = start[1];
        words[abi::RUN_LENGTH_LOW as usize] = length[0];
        words[abi::RUN_LENGTH_HIGH as usize] = length[1];
        put_words(index * RUN_WORDS, &words);
    }
}
