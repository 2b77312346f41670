//! The dirty pages of one region, wherever it is shown.

use crate::linear::dirty_map::{self, CLIENTS};
use crate::linear::host::PAGE_SHIFT;
use crate::machine::block::Block;
use crate::machine::fault::Fault;
use crate::machine::memory_map::Region;
use core::ops::Range;

/// Collects what was written of a region since a client last asked, wherever the region is shown, into `ranges`: from
/// `offset` on, `length` bytes, whole pages clipped to the region. A range is an offset in the region and a length, in
/// bytes. Gives how many ranges there are, and the offset to go on from if `ranges` was filled before the end.
///
/// ```
/// use guest_memory::dirty_log::collect_region;
/// use guest_memory::{AddressSpace, GuestAddress};
/// let space = AddressSpace::new()?;
/// let bank = space.insert_region(GuestAddress(0x8000), 0x4000)?;
/// let client = space.open_dirty_client()?;
/// space.write_obj(5_u32, GuestAddress(0x9ffe))?;
/// space.set_enabled(&bank, false)?; // hidden pages keep their marks
/// let mut ranges = [(0, 0); 4];
/// assert_eq!(collect_region(client, &bank, 0, 0x4000, &mut ranges)?, (1, None));
/// assert_eq!(ranges[0], (0x1000, 0x2000));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
///
/// `NotMemory` for a region without bytes of its own in linear memory, which an alias is too, and for bytes that the
/// region does not have.
pub fn collect_region(
    client: u8,
    region: &Region,
    offset: u64,
    length: u64,
    ranges: &mut [(u64, u64)],
) -> Result<(usize, Option<u64>), Fault> {
    check(region, offset, length)?;
    let (mut filled, mut next) = (0_usize, None);
    if client >= CLIENTS || length == 0 {
        return Ok((0, None));
    }
    region.each_block(offset, length, |block, at, in_block, size| {
        if next.is_some() {
            return;
        }
        let (phase, pages) = (block.phase(), pages_of(block, in_block, size));
        let marks = block.marks().get(..pages.end).unwrap_or(&[]);
        let mut page = pages.start;
        loop {
            page = dirty_map::find(marks, page, 1 << client, true);
            if page >= marks.len() {
                return;
            }
            let end = dirty_map::find(marks, page, 1 << client, false);
            // The offset in the region of a byte of the block, which may lie before or behind the bytes asked for.
            let shown = |byte: usize| {
                let byte = byte.saturating_sub(phase).min(block.size());
                (offset + at + byte as u64)
                    .saturating_sub(in_block)
                    .min(region.size())
            };
            let (from, to) = (shown(page << PAGE_SHIFT), shown(end << PAGE_SHIFT));
            let last: Option<&mut (u64, u64)> = filled
                .checked_sub(1)
                .and_then(|last: usize| ranges.get_mut(last));
            match last {
                Some(last) if last.0 + last.1 == from => last.1 += to - from,
                _ => match ranges.get_mut(filled) {
                    Some(slot) => {
                        *slot = (from, to - from);
                        filled += 1;
                    }
                    None => {
                        next = Some(from.max(offset));
                        return;
                    }
                },
            }
            dirty_map::clear(&marks[page..end], 1 << client);
            page = end;
        }
    });
    Ok((filled, next))
}

/// Gives back to a client what it has collected of a region and has not used: the pages of `length` bytes from `offset` on
/// are dirty for it again, and for no other client.
///
/// ```
/// use guest_memory::dirty_log::{collect_region, give_back_region};
/// use guest_memory::{AddressSpace, GuestAddress};
/// let space = AddressSpace::new()?;
/// let ram = space.insert_region(GuestAddress(0), 0x4000)?;
/// let client = space.open_dirty_client()?;
/// space.write_obj(5_u32, GuestAddress(0x1000))?;
/// let mut ranges = [(0, 0); 4];
/// collect_region(client, &ram, 0, 0x4000, &mut ranges)?;
/// give_back_region(client, &ram, ranges[0].0, ranges[0].1)?; // the page could not be sent
/// assert_eq!(collect_region(client, &ram, 0, 0x4000, &mut ranges)?, (1, None));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
///
/// As [`collect_region`].
pub fn give_back_region(
    client: u8,
    region: &Region,
    offset: u64,
    length: u64,
) -> Result<(), Fault> {
    check(region, offset, length)?;
    if client < CLIENTS && length > 0 {
        region.each_block(offset, length, |block, _, in_block, size| {
            block.mark(pages_of(block, in_block, size), 1 << client);
        });
    }
    Ok(())
}

/// Checks that a region has these bytes, in linear memory.
fn check(region: &Region, offset: u64, length: u64) -> Result<(), Fault> {
    let end = offset
        .checked_add(length)
        .filter(|&end| end <= region.size());
    let there = end.filter(|_| region.has_bytes());
    there.map(drop).ok_or(Fault::NotMemory {
        address: offset,
        completed: 0,
    })
}

/// The numbers of the pages that have some of `size` bytes from `in_block` on.
fn pages_of(block: &Block, in_block: u64, size: u64) -> Range<usize> {
    // Fits: the bytes are in linear memory.
    let [in_block, size] = [in_block, size].map(|bytes| usize::try_from(bytes).unwrap_or(0));
    let first = block.phase() + in_block;
    first >> PAGE_SHIFT..((first + size - 1) >> PAGE_SHIFT) + 1
}
