//! Questions to the whole memory, and ways to build a memory.

use super::region::{Backing, Claim};
use super::{api, number};
use crate::outcome::Outcome;
use crate::scenario::{How, Question};
use api::bitmap::{Bitmap, BitmapSlice};
use api::{
    GuestAddress, GuestMemoryBackend, GuestMemoryMmap, GuestMemoryRegion, GuestMemoryResult,
    GuestRegionCollection, VolatileSlice,
};
use std::sync::Arc;

/// The guest address of the region that has a host address, and the distance from the region's start.
pub fn place<R: Backing>(memory: &GuestRegionCollection<R>, host: usize) -> Option<(u64, usize)> {
    memory.iter().find_map(|region| {
        let whole = region.as_volatile_slice().expect("all of it is there");
        let distance = host.checked_sub(whole.ptr_guard().as_ptr().addr())?;
        (distance < whole.len()).then_some((region.start_addr().0, distance))
    })
}

/// The places and lengths of slices, and the error where there is none.
pub fn slices<'a, R: Backing, B: BitmapSlice>(
    memory: &GuestRegionCollection<R>,
    slices: impl Iterator<Item = GuestMemoryResult<VolatileSlice<'a, B>>>,
) -> Outcome {
    let show = |slice: VolatileSlice<'a, B>| {
        let (start, distance) =
            place(memory, slice.ptr_guard().as_ptr().addr()).expect("no slice is empty");
        slice.bitmap().mark_dirty(0, 1);
        Outcome::pair(
            Outcome::Number(start.wrapping_add(distance as u64)),
            number(slice.len()),
        )
    };
    Outcome::List(slices.map(|slice| slice.map(show).into()).collect())
}

pub fn ask<R: Backing>(
    memory: &GuestRegionCollection<R>,
    question: Question,
    at: u64,
    length: usize,
) -> Outcome {
    let address = GuestAddress(at);
    let raw = |address: Option<GuestAddress>| Outcome::maybe(address.map(|address| address.0));
    match question {
        Question::Count => number(memory.num_regions()),
        Question::Last => Outcome::Number(memory.last_addr().0),
        Question::Find => {
            let region = memory.find_region(address);
            Outcome::maybe(region.map(|region| region.start_addr().0))
        }
        Question::ToRegion => {
            memory
                .to_region_addr(address)
                .map_or(Outcome::Nothing, |(region, position)| {
                    Outcome::pair(
                        Outcome::Number(region.start_addr().0),
                        Outcome::Number(position.0),
                    )
                })
        }
        Question::InRange => Outcome::Flag(memory.address_in_range(address)),
        Question::Check => raw(memory.check_address(address)),
        Question::CheckRange => {
            Outcome::Flag(GuestMemoryBackend::check_range(memory, address, length))
        }
        Question::Offset => raw(memory.checked_offset(address, length)),
        Question::HostAddress => memory
            .get_host_address(address)
            .map(|pointer| {
                let (start, distance) = place(memory, pointer.addr()).expect("in a region");
                Outcome::Number(start + distance as u64)
            })
            .into(),
        Question::Slice => memory
            .get_slice(address, length)
            .map(|slice| number(slice.len()))
            .into(),
        Question::Slices => slices(
            memory,
            GuestMemoryBackend::get_slices(memory, address, length),
        ),
        Question::SlicesUntilError => GuestMemoryBackend::get_slices(memory, address, length)
            .stop_on_error()
            .map(|until| slices(memory, until.map(Ok)))
            .into(),
        Question::TryAccess => try_access(memory, address, length),
        Question::DirtyAt => {
            let found = memory.to_region_addr(address);
            found.map_or(Outcome::Nothing, |(region, position)| {
                Outcome::Flag(region.bitmap().dirty_at(position.0 as usize))
            })
        }
    }
}

#[expect(deprecated, reason = "it is still there")]
fn try_access<R: Backing>(
    memory: &GuestRegionCollection<R>,
    address: GuestAddress,
    length: usize,
) -> Outcome {
    let mut calls = Vec::new();
    let result = memory.try_access(length, address, |done, count, position, region| {
        calls.push(Outcome::List(vec![
            number(done),
            number(count),
            Outcome::Number(position.0),
            Outcome::Number(region.start_addr().0),
        ]));
        Ok(count.div_ceil(2))
    });
    Outcome::pair(result.map(number).into(), Outcome::List(calls))
}

/// A memory of these ranges.
pub fn build(how: How, ranges: &[(u64, usize)]) -> Outcome {
    let claim = |(start, length): &(u64, usize)| Claim(*start, *length as u64);
    match how {
        How::Claims => GuestRegionCollection::from_regions(ranges.iter().map(claim).collect())
            .map(show)
            .into(),
        How::OneByOne => {
            let insert = |memory: GuestRegionCollection<Claim>, range| {
                memory.insert_region(Arc::new(claim(range)))
            };
            ranges
                .iter()
                .try_fold(GuestRegionCollection::new(), insert)
                .map(show)
                .into()
        }
        How::Mapped => {
            let ranges: Vec<_> = ranges
                .iter()
                .map(|(start, length)| (GuestAddress(*start), *length))
                .collect();
            GuestMemoryMmap::<()>::from_ranges(&ranges).map(show).into()
        }
    }
}

fn show<R: GuestMemoryRegion>(memory: GuestRegionCollection<R>) -> Outcome {
    let show = |region: &R| {
        Outcome::pair(
            Outcome::Number(region.start_addr().0),
            Outcome::Number(region.len()),
        )
    };
    Outcome::List(memory.iter().map(show).collect())
}
