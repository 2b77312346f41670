//! Discard: memory that a guest does not need for now reads 0 again, and its host pages are free for reuse (a balloon's
//! request). It gets others when it is written.
//!
//! Host pages are given back only where nobody knows where they lie but maps that nobody else holds, as in
//! `compaction.rs`: these let go of the region's blocks, and a block that is held then all the same stays where it is,
//! with its bytes zeroed in place. The page tables have no entry for what has no pages, so whoever writes it comes here
//! first, by whatever way; and a table that has its entry late, or never, is slow but not wrong.

use crate::linear::allocator;
use crate::linear::host;
use crate::machine::address_space::AddressSpace;
use crate::machine::block;
use crate::machine::compaction::{self, Held};
use crate::machine::fault::Fault;
use crate::machine::handle;
use crate::machine::memory_map::{Access, FlatRange, FlatView, MemoryMap, Region};
use crate::machine::spaces;
use crate::model::guest_memory::GuestAddress;
use std::sync::Arc;

impl AddressSpace {
    /// Makes a range of RAM 0 and gives back the host pages that hold nothing else, until it is written again; shown
    /// elsewhere too, by an alias or in another address space, it is 0 there as well. Partial pages at the ends are only
    /// zeroed, and so is, as a whole, what Rust code may have a pointer into: memory of which somebody holds a
    /// [`view`](AddressSpace::view), or that an address space without a [handle] shows besides this one.
    /// The range counts as written. It is for the host to ask for: what `protect` forbids does not count.
    ///
    /// Every view that JavaScript holds ends where pages are given back. A write that reaches discarded pages takes
    /// others, by which linear memory may grow. As with [`unmap`](AddressSpace::unmap), no other thread may be in the
    /// middle of an access to the range.
    ///
    /// # Errors
    ///
    /// `ReadOnly` for ROM, `NotMemory` for devices, and those of [`check_range`](AddressSpace::check_range);
    /// `OutOfMemory`. Nothing has changed then.
    pub fn discard(&self, address: GuestAddress, length: u64) -> Result<(), Fault> {
        let own = self.state();
        own.map.check_memory(address, length, Access::DISCARD)?;
        let Some(to_last) = length.checked_sub(1) else {
            return Ok(());
        };
        let out_of_memory = Fault::OutOfMemory { bytes: length };
        let spaces = handle::all().ok_or(out_of_memory)?;
        let mut held = compaction::hold(&spaces).ok_or(out_of_memory)?;
        held.try_reserve(1).map_err(|_| out_of_memory)?;
        held.push((self, own)); // of the one that is locked here: whoever else holds its map keeps its blocks
        let mut first = address.0;
        let last = first + to_last; // no more than 2^64 - 1: it was checked
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
            let given_back = region.discard(*offset, *size, |bytes| {
                each_map(&mut held, |_, map| map.flat.let_go(region, bytes));
            });
            if given_back {
                each_map(&mut held, |space, map| {
                    map.flat.show();
                    for range in map.flat().ranges() {
                        if let Some((first, last)) = overlap(range, &part) {
                            space.bytes_moved(map, first, last);
                        }
                    }
                });
            }
            match first.checked_add(*size).filter(|&next| next <= last) {
                Some(next) => first = next,
                None => break,
            }
        }
        Ok(())
    }

    /// Gives host pages to whatever of a range was [discarded](AddressSpace::discard), so that it can be written by its
    /// host offset. Reads need none, and what writes by other means takes them itself. Linear memory may grow.
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
                    self.populated(block); // it may have no handle
                }
            }
        }
        Ok(())
    }
}

/// Bytes of a region, from which on and how many.
struct Part {
    region: Arc<Region>,
    offset: u64,
    size: u64,
}

/// What one region shows from `first` on, to `last` at most.
fn part(view: &FlatView, first: u64, last: u64) -> Option<Part> {
    let (range, last_of_region, _) = view.whole(view.index_at(first))?;
    Some(Part {
        region: Arc::clone(&range.region),
        offset: range.offset + (first - range.start),
        size: last.min(last_of_region) - first + 1, // RAM, whose length is no sum past 2^64
    })
}

/// Calls `act` for each map that nobody else holds.
fn each_map(held: &mut [Held<'_>], mut act: impl FnMut(&AddressSpace, &mut MemoryMap)) {
    for (space, state) in held {
        if let Some(map) = Arc::get_mut(&mut state.map) {
            act(space, map);
        }
    }
}

/// Everything that giving back `[first, last]`, in the last of the maps, takes: so that it does not fail in the middle.
fn make_room(held: &[Held<'_>], first: u64, last: u64) -> Option<()> {
    block::provide_zeros()?;
    let (mut most, mut shown) = (0, 0);
    for (_, state) in held {
        let flat = state.map.flat();
        most = flat.ranges().len().max(most);
        shown = flat.over(first, last).len();
    }
    // Chunks, and what is left of the block of each range, before and behind.
    let blocks = block::chunks_in(last - first)?.checked_add(shown.checked_mul(3)?)?;
    allocator::make_room_to_split(blocks)?;
    // The blocks and the ranges that show them, and a list of ranges while it is made anew.
    let parts = blocks.checked_mul(held.len() + 2)?.checked_add(3 * most)?;
    host::keep_heap_headroom(parts).then_some(())
}

/// The guest addresses at which a range shows bytes of a part.
fn overlap(range: &FlatRange, part: &Part) -> Option<(u64, u64)> {
    if !Arc::ptr_eq(&range.region, &part.region) {
        return None;
    }
    let first = part.offset.max(range.offset);
    let last = (part.offset + (part.size - 1)).min(range.offset + (range.last - range.start));
    (first <= last).then(|| {
        let address = |offset: u64| range.start + (offset - range.offset);
        (address(first), address(last))
    })
}

#[cfg(test)]
mod tests;
