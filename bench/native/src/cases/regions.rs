//! The search among regions, and the marking of pages.

use super::subject::bitmap::{AtomicBitmap, Bitmap};
use super::subject::{GuestAddress, GuestMemoryBackend, GuestMemoryMmap};
use super::{guest, mapped};
use crate::{ADDRESSES, Case, scattered};
use std::hint::black_box;

/// The number and size of regions in vm-memory's benchmark of the search.
const REGIONS: u64 = 256;
const REGION_SIZE: usize = 0x10_0000;
const PAGE: usize = 0x1000;

pub fn cases() -> Vec<Case> {
    let memory = guest::<()>(REGIONS, REGION_SIZE);
    let anywhere = scattered(REGIONS * REGION_SIZE as u64, 1);
    let (uneven, inside) = uneven();
    let bitmap: &AtomicBitmap = Box::leak(Box::new(AtomicBitmap::new(
        REGIONS as usize * PAGE,
        PAGE.try_into().expect("not 0"),
    )));
    vec![
        Case::new("find_region, 256 regions, each in turn", move |index| {
            let address = index as u64 % REGIONS * REGION_SIZE as u64;
            std::ptr::from_ref(
                black_box(memory)
                    .find_region(GuestAddress(address))
                    .unwrap(),
            )
        }),
        Case::new("find_region, 256 regions, random", move |index| {
            let address = GuestAddress(anywhere(index));
            std::ptr::from_ref(black_box(memory).find_region(address).unwrap())
        }),
        Case::new("find_region, 256 uneven regions, random", move |index| {
            std::ptr::from_ref(black_box(uneven).find_region(inside(index)).unwrap())
        }),
        Case::new("mark_dirty, 256 pages", move |_| {
            black_box(bitmap).mark_dirty(black_box(0), black_box(REGIONS as usize * PAGE));
        }),
        Case::new("mark_dirty, 1 page", move |index| {
            black_box(bitmap).mark_dirty(index % REGIONS as usize * PAGE, black_box(4));
        }),
    ]
}

/// As many regions, of random sizes and with holes between them, and random addresses that are backed.
fn uneven() -> (&'static GuestMemoryMmap, impl Fn(usize) -> GuestAddress) {
    let (size, hole) = (
        scattered(REGION_SIZE as u64, PAGE as u64),
        scattered(1 << 24, 1),
    );
    let mut end = 0;
    let ranges: Vec<_> = (0..REGIONS as usize)
        .map(|index| {
            let start = end + hole(index);
            let size = size(index) as usize + PAGE;
            end = start + size as u64;
            (GuestAddress(start), size)
        })
        .collect();
    let (which, at) = (scattered(REGIONS, 1), scattered(PAGE as u64, 1));
    let memory = mapped(&ranges);
    let addresses: Vec<_> = (0..ADDRESSES)
        .map(|index| ranges[which(index) as usize].0.0 + at(index + 1))
        .collect();
    (memory, move |index| {
        GuestAddress(addresses[index % ADDRESSES])
    })
}
