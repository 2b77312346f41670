//! Bindings: write traps.

use super::{TRANSFER_BYTES, halves, put_words, report, status, wide, with, word};
use crate::abi;
use crate::machine::address_space::trapping;
use crate::machine::handle;
use crate::machine::memory_map::Access;
use crate::machine::traps;
use crate::model::guest_memory::GuestAddress;
use wasm_bindgen::prelude::wasm_bindgen;

const PAGE_WORDS: usize = abi::TRAPPED_WORDS as usize;
/// Pages that fit into the transfer buffer.
const PAGES: usize = TRANSFER_BYTES / (4 * PAGE_WORDS);

/// Traps the next write to a range. Report: [`abi::TRAP_ID`].
#[wasm_bindgen]
pub fn gm_trap(
    handle: u32,
    low: u32,
    high: u32,
    length_low: u32,
    length_high: u32,
    exact: bool,
) -> u32 {
    let (address, length) = (GuestAddress(wide(low, high)), wide(length_low, length_high));
    with(handle, |space| {
        let trap = space.trap_writes(address, length, exact);
        status(trap.map(|trap| report(abi::TRAP_ID, trap)))
    })
}

/// Ends a trap on all pages of its range. Report: [`abi::TRAP_FOUND`].
#[wasm_bindgen]
pub fn gm_untrap(handle: u32, trap: u32) -> u32 {
    with(handle, |space| {
        report(abi::TRAP_FOUND, u32::from(space.end_trap(trap, None)));
        abi::STATUS_OK
    })
}

/// Ends a trap on the page that holds an address, until `gm_resume_trap`. Report: [`abi::TRAP_FOUND`].
#[wasm_bindgen]
pub fn gm_suspend_trap(handle: u32, trap: u32, low: u32, high: u32) -> u32 {
    let page = GuestAddress(wide(low, high));
    with(handle, |space| {
        report(abi::TRAP_FOUND, u32::from(space.suspend_trap(trap, page)));
        abi::STATUS_OK
    })
}

/// Sets a suspended trap again on that page, or forgets it there.
#[wasm_bindgen]
pub fn gm_resume_trap(handle: u32, trap: u32, low: u32, high: u32, again: bool) -> u32 {
    let page = GuestAddress(wide(low, high));
    with(handle, |space| {
        space.resume_trap(trap, page, again);
        abi::STATUS_OK
    })
}

/// The number of the newest trap. Report: [`abi::TRAP_ID`].
#[wasm_bindgen]
pub fn gm_newest_trap() {
    report(abi::TRAP_ID, traps::last());
}

/// The pages that a write to a range springs, of traps up to the number `newest`: as many as fit into the transfer
/// buffer, in words from [`abi::TRAPPED_TRAP`] on. Report: [`abi::TRAPPED_COUNT`].
#[wasm_bindgen]
pub fn gm_trapped(
    handle: u32,
    low: u32,
    high: u32,
    length_low: u32,
    length_high: u32,
    access: u32,
    newest: u32,
) -> u32 {
    let (address, length) = (GuestAddress(wide(low, high)), wide(length_low, length_high));
    with(handle, |space| {
        let mut count = 0;
        space.trapped(
            address,
            length,
            Access::from_bits(access),
            newest,
            |trap, page| {
                if count < PAGES {
                    put_page(count, trap, page);
                    count += 1;
                }
            },
        );
        report(abi::TRAPPED_COUNT, word(count));
        abi::STATUS_OK
    })
}

/// Takes the pages that Rust stores have sprung, as many as fit, as [`gm_trapped`] gives them. Report:
/// [`abi::TRAPPED_COUNT`].
#[wasm_bindgen]
pub fn gm_sprung() {
    let sprung = trapping::take_sprung(&handle::all().unwrap_or_default(), PAGES);
    for (index, sprung) in sprung.iter().enumerate() {
        put_page(index, sprung.trap, sprung.page);
    }
    report(abi::TRAPPED_COUNT, word(sprung.len()));
}

fn put_page(index: usize, trap: u32, page: GuestAddress) {
    let [low, high] = halves(page.0);
    let mut words = [0; PAGE_WORDS];
    words[abi::TRAPPED_TRAP as usize] = trap;
    words[abi::TRAPPED_PAGE_LOW as usize] = low;
    words[abi::TRAPPED_PAGE_HIGH as usize] = high;
    put_words(index * PAGE_WORDS, &words);
}
