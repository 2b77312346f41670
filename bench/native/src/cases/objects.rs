//! Objects of 8 and 96 bytes, as in vm-memory's benchmarks, inside a region and across two; and arrays of them.

use super::places;
use super::subject::{ByteValued, Bytes, GuestMemoryMmap, VolatileMemory, VolatileSlice};
use crate::Case;
use std::hint::black_box;

#[derive(Clone, Copy)]
#[repr(C)]
struct Small {
    one: u32,
    two: u32,
}

#[derive(Clone, Copy)]
#[repr(C)]
struct Large {
    words: [u64; 12],
}

const SMALL: Small = Small {
    one: 0x1111_2222,
    two: 0x3333_4444,
};
const LARGE: Large = Large {
    words: [0x1111_2222_3333_4444; 12],
};

/// The number of objects in an array.
const COUNT: usize = 64;

// SAFETY: integers only, and no padding.
unsafe impl ByteValued for Small {}
// SAFETY: as above.
unsafe impl ByteValued for Large {}

pub fn cases(memory: &'static GuestMemoryMmap, region_size: usize) -> Vec<Case> {
    let mut cases = of(memory, region_size, "small", SMALL);
    cases.extend(of(memory, region_size, "large", LARGE));
    cases.extend(arrays("small", SMALL));
    cases.extend(arrays("large", LARGE));
    cases
}

fn of<T: ByteValued + 'static>(
    memory: &'static GuestMemoryMmap,
    region_size: usize,
    kind: &str,
    value: T,
) -> Vec<Case> {
    let mut cases = Vec::new();
    for (place, address) in places(region_size, size_of::<T>()) {
        cases.push(Case::new(format!("read_obj, {kind}, {place}"), move |_| {
            black_box(memory).read_obj::<T>(address).unwrap()
        }));
        cases.push(Case::new(
            format!("write_obj, {kind}, {place}"),
            move |_| {
                black_box(memory).write_obj(value, address).unwrap();
            },
        ));
    }
    cases
}

fn arrays<T: ByteValued + 'static>(kind: &str, value: T) -> [Case; 4] {
    let bytes: &'static mut [u8] = vec![0; COUNT * size_of::<T>()].leak();
    let slice: &'static VolatileSlice = Box::leak(Box::new(VolatileSlice::from(bytes)));
    let name = |what| format!("VolatileArrayRef::{what}, {kind}");
    let array = move || black_box(slice).get_array_ref::<T>(0, COUNT).unwrap();
    let (mut values, other_values) = (vec![value; COUNT], vec![value; COUNT]);
    [
        Case::new(name("copy_to"), move |_| array().copy_to(&mut values)),
        Case::new(name("copy_from"), move |_| array().copy_from(&other_values)),
        Case::new(name("load"), move |index| array().load(index % COUNT)),
        Case::new(name("store"), move |index| {
            array().store(index % COUNT, value)
        }),
    ]
}
