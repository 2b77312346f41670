//! Slices and streams of bytes, inside a region and across two.

use super::places;
use super::subject::{Bytes, GuestAddress, GuestMemoryMmap};
use crate::Case;
use std::hint::black_box;

/// The size of an access in vm-memory's benchmarks, in bytes.
const SIZE: usize = 0x200;

pub fn cases(memory: &'static GuestMemoryMmap, region_size: usize) -> Vec<Case> {
    let mut cases = Vec::new();
    for (place, address) in places(region_size, SIZE) {
        cases.extend(slices(memory, place, address, SIZE));
        cases.extend(streams(memory, place, address));
        #[cfg(unix)]
        cases.extend(files(memory, place, address));
    }
    for size in [0x10, 0x40, 0x1000, 0x1_0000] {
        for (place, address) in &places(region_size, size)[..2] {
            cases.extend(slices(memory, place, *address, size));
        }
    }
    cases
}

fn slices(
    memory: &'static GuestMemoryMmap,
    place: &str,
    address: GuestAddress,
    size: usize,
) -> [Case; 4] {
    let name = |what| format!("{what} of {size} bytes {place}");
    let buffer = || vec![0x5a_u8; size];
    let (mut one, mut two, three, four) = (buffer(), buffer(), buffer(), buffer());
    [
        Case::new(name("read_slice"), move |_| {
            black_box(memory).read_slice(&mut one, address).unwrap();
        }),
        Case::new(name("read"), move |_| {
            black_box(memory).read(&mut two, address).unwrap()
        }),
        Case::new(name("write_slice"), move |_| {
            black_box(memory).write_slice(&three, address).unwrap();
        }),
        Case::new(name("write"), move |_| {
            black_box(memory).write(&four, address).unwrap()
        }),
    ]
}

fn streams(memory: &'static GuestMemoryMmap, place: &str, address: GuestAddress) -> [Case; 4] {
    let name = |what| format!("{what}, {SIZE} bytes {place}");
    let buffer = || vec![0x5a_u8; SIZE];
    let (one, two, mut three, mut four) = (buffer(), buffer(), buffer(), buffer());
    [
        Case::new(name("read_volatile_from a slice"), move |_| {
            black_box(memory)
                .read_volatile_from(address, &mut one.as_slice(), SIZE)
                .unwrap()
        }),
        Case::new(name("read_exact_volatile_from a slice"), move |_| {
            black_box(memory)
                .read_exact_volatile_from(address, &mut two.as_slice(), SIZE)
                .unwrap();
        }),
        Case::new(name("write_volatile_to a slice"), move |_| {
            black_box(memory)
                .write_volatile_to(address, &mut three.as_mut_slice(), SIZE)
                .unwrap()
        }),
        Case::new(name("write_all_volatile_to a slice"), move |_| {
            black_box(memory)
                .write_all_volatile_to(address, &mut four.as_mut_slice(), SIZE)
                .unwrap();
        }),
    ]
}

#[cfg(unix)]
fn files(memory: &'static GuestMemoryMmap, place: &str, address: GuestAddress) -> [Case; 2] {
    use std::fs::File;
    let name = |what| format!("{what}, {SIZE} bytes {place}");
    let mut source = File::open("/dev/zero").expect("a file to read");
    let mut sink = File::options()
        .write(true)
        .open("/dev/null")
        .expect("a file to write");
    [
        Case::new(name("read_volatile_from a file"), move |_| {
            black_box(memory)
                .read_volatile_from(address, &mut source, SIZE)
                .unwrap()
        }),
        Case::new(name("write_volatile_to a file"), move |_| {
            black_box(memory)
                .write_volatile_to(address, &mut sink, SIZE)
                .unwrap()
        }),
    ]
}
