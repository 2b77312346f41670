//! Discard: guest memory that is not needed for now reads 0 again, and its host pages are free for reuse (a balloon's
//! request). It gets other pages at the next write.
//!
//! Host pages are given back only where no pointer to them can exist: as in `compaction.rs`, only maps without another
//! holder know where they lie. These maps let go of the region's blocks. A block that is held all the same stays in
//! place, and its bytes are zeroed. The page tables have no entry for absent blocks, so every write to them comes here
//! first. A table that gets its entry late, or never, is slow but not wrong.

use crate::linear::allocator;
use crate::linear::host;
use crate::machine::address_space::AddressSpace;
use crate::machine::block;
use crate::machine::compaction::{self, Held};
use crate::machine::fault::Fault;
use crate::machine::handle;
use crate::machine::memory_map::{Access, FlatView, MemoryMap, Region};
use crate::machine::spaces;
use crate::machine::traps;
use crate::model::guest_memory::GuestAddress;
use core::ops::Range;
use std::sync::Arc;

impl AddressSpace {
    /// Zeroes a range of RAM, and gives back the host pages that hold nothing else until the next write. The bytes read
    /// 0 in aliases and in other address spaces too. Partial pages at the ends are only zeroed. The same goes for all
    /// memory that Rust code may have a pointer into: memory in a [`view`](AddressSpace::view) that is held, and memory
    /// that an address space without a [handle] shows besides this one. Only the host discards, so `protect` does not
    /// count.
    ///
    /// The range counts as written: its pages are dirty, and its write traps are sprung. Where pages are given back,
    /// [`map_generation`](AddressSpace::map_generation) moves too, and again at the write that takes others.
    ///
    /// Every view that JavaScript holds ends where pages are given back. A write to discarded pages takes others, and
    /// linear memory may grow for them.
    ///
    /// # Errors
    ///
    /// `ReadOnly` for ROM, `NotMemory` for devices, and the errors of [`check_range`](AddressSpace::check_range);
    /// `OutOfMemory`. On an error nothing changes.
    pub fn discard(&self, address: GuestAddress, length: u64) -> Result<(), Fault> {
        self.discard_parts(address, length, |region, bytes| {
            traps::written(region.id(), bytes);
        })
    }

    /// Discards a range, and calls `written` with each part of a region in it: the facade springs traps by itself.
    pub(crate) fn discard_parts(
        &self,
        address: GuestAddress,
        length: u64,
        mut written: impl FnMut(&Region, Range<u64>),
    ) -> Result<(), Fault> {
        let own = self.state();
        own.map.check_memory(address, length, Access::DISCARD)?;
        let Some(to_last) = length.checked_sub(1) else {
            return Ok(());
        };
        let out_of_memory = Fault::OutOfMemory { bytes: length };
        let spaces = handle::all().ok_or(out_of_memory)?;
        let mut held = compaction::hold(&spaces).ok_or(out_of_memory)?;
        held.try_reserve(1).map_err(|_| out_of_memory)?;
        held.push((self, own)); // locked here already; another holder of its map keeps its blocks
        let mut first = address.0;
        let last = first + to_last; // at most 2^64 - 1: the range was checked
        make_room(&held, first, last).ok_or(out_of_memory)?;
        while let Some(part) = held
            .last()
            .and_then(|(_, own)| part(own.map.flat(), first, last))
        {
            let Part {
                region,
                offset,
                size,
            } = &part;
            let mut shown = None;
            region.discard(*offset, *size, |bytes, blocks, given_back| {
                each_map(&mut held, region, blocks, |space, map, first, last| {
                    map.flat.let_go(region, bytes, first, last);
                    if !host::ONE_THREAD {
                        each_shown(map, region, given_back, (first, last), |first, last| {
                            space.let_go(map, first, last);
                        });
                    }
                });
                shown = Some(blocks);
            });
            if let Some(blocks) = shown {
                let changed = (*offset, offset + (size - 1));
                each_map(&mut held, region, blocks, |space, map, first, last| {
                    map.flat.show(first, last);
                    each_shown(map, region, changed, (first, last), |first, last| {
                        space.bytes_moved(map, first, last);
                    });
                });
            }
            written(region, *offset..offset + size);
            match first.checked_add(*size).filter(|&next| next <= last) {
                Some(next) => first = next,
                None => break,
            }
        }
        Ok(())
    }

    /// Gives host pages to the [discarded](AddressSpace::discard) parts of a range, so that it can be written by its
    /// host offset. Reads need no pages, and other ways of writing take them by themselves. Linear memory may grow.
    ///
    /// # Errors
    ///
    /// `OutOfMemory`.
    pub fn populate(&self, address: GuestAddress, length: u64) -> Result<(), Fault> {
        let Some(to_last) = length.checked_sub(1) else {
            return Ok(());
        };
        let map = self.view();
        let last = address.0.saturating_add(to_last);
        for range in map.flat().over(address.0, last) {
            let absent = range.memory.as_ref().map(|memory| memory.block());
            if let Some(block) = absent.filter(|block| block.is_absent()) {
                let bytes = block.size() as u64;
                if spaces::populate(block).ok_or(Fault::OutOfMemory { bytes })? {
                    self.populated(block); // this space may have no handle
                }
            }
        }
        Ok(())
    }
}

/// A part of a region: its first byte and its size.
struct Part {
    region: Arc<Region>,
    offset: u64,
    size: u64,
}

/// The part of one region that is shown from `first` on, up to `last` at most.
fn part(view: &FlatView, first: u64, last: u64) -> Option<Part> {
    let (range, last_of_region) = view.whole(first)?;
    Some(Part {
        region: Arc::clone(&range.region),
        offset: range.offset + (first - range.start),
        size: last.min(last_of_region) - first + 1, // fits: RAM is shorter than 2^64
    })
}

/// Calls `act` for each map that has no other holder, with each range of addresses that may show bytes of a region, from
/// the first to the last.
fn each_map(
    held: &mut [Held<'_>],
    region: &Region,
    bytes: (u64, u64),
    mut act: impl FnMut(&AddressSpace, &mut MemoryMap, u64, u64),
) {
    for (space, state) in held {
        state.each_showing(region.id(), bytes, |map, first, last| {
            if let Some(map) = Arc::get_mut(map) {
                act(space, map, first, last);
            }
        });
    }
}

/// Calls `act` with each range of addresses, from `first` to `last`, that shows some of a region's bytes, and nothing else.
fn each_shown(
    map: &MemoryMap,
    region: &Arc<Region>,
    bytes: (u64, u64),
    (first, last): (u64, u64),
    mut act: impl FnMut(u64, u64),
) {
    for range in map.flat.over(first, last) {
        let start = range.offset;
        let (from, to) = (
            bytes.0.max(start),
            bytes.1.min(start + (range.last - range.start)),
        );
        if from <= to && Arc::ptr_eq(&range.region, region) {
            act(range.start + (from - start), range.start + (to - start));
        }
    }
}

/// Reserves all that is needed to give back `[first, last]` of the last of the maps, so that it does not fail in the
/// middle.
fn make_room(held: &[Held<'_>], first: u64, last: u64) -> Option<()> {
    block::provide_zeros()?;
    let (mut most, mut shown) = (0, 0);
    for (_, state) in held {
        let flat = state.map.flat();
        most = flat.ranges().len().max(most);
        shown = flat.over(first, last).count();
    }
    // The chunks, and the rest of each range's block, before and behind.
    let blocks = block::chunks_in(last - first)?.checked_add(shown.checked_mul(3)?)?;
    allocator::make_room_to_split(blocks)?;
    // The blocks, the ranges that show them, and a list of ranges while it is computed.
    let parts = blocks.checked_mul(held.len() + 2)?.checked_add(3 * most)?;
    host::keep_heap_headroom(parts).then_some(())
}

#[cfg(test)]
mod tests;
