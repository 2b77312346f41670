//! The cases, on the crate that the module above calls `subject`.

use super::subject;
use crate::Case;
use subject::bitmap::NewBitmap;
use subject::{GuestAddress, GuestMemoryMmap};

mod objects;
mod one_region;
mod regions;
mod transfers;
mod volatile;

/// The number of adjacent regions where an access may cross from one into the next: vm-memory's number.
const REGIONS: u64 = 8;

/// All cases, in the order of the table. `region_size` is the size of the regions that accesses are in, or cross.
pub fn all(region_size: usize) -> Vec<Case> {
    let memory = guest::<()>(REGIONS, region_size);
    [
        transfers::cases(memory, region_size),
        objects::cases(memory, region_size),
        regions::cases(),
        volatile::cases(),
        one_region::cases(region_size),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// A guest of `count` regions side by side.
fn guest<B: NewBitmap>(count: u64, region_size: usize) -> &'static GuestMemoryMmap<B> {
    let region = |index| (GuestAddress(index * region_size as u64), region_size);
    mapped(&(0..count).map(region).collect::<Vec<_>>())
}

/// A guest of these regions. It lives as long as the process.
fn mapped<B: NewBitmap>(ranges: &[(GuestAddress, usize)]) -> &'static GuestMemoryMmap<B> {
    let memory = GuestMemoryMmap::from_ranges(ranges).expect("the regions are mapped");
    Box::leak(Box::new(memory))
}

/// The address of an access of `size` bytes, and its name in the table.
fn places(region_size: usize, size: usize) -> [(&'static str, GuestAddress); 4] {
    let (region, size) = (region_size as u64, size as u64);
    let across = |index| GuestAddress(region * (index + 1) - size / 2);
    [
        ("in the first region", GuestAddress(0)),
        ("across the first two", across(0)),
        ("across the last two", across(REGIONS - 2)),
        ("in the last region", GuestAddress(region * (REGIONS - 1))),
    ]
}
