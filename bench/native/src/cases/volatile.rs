//! Volatile memory by itself: copies of slices, and single values.

use super::subject::{ByteValued, VolatileMemory, VolatileSlice};
use crate::{Case, scattered};
use std::hint::black_box;

/// The sizes of the copies in vm-memory's benchmarks, in bytes.
const COPY: usize = 1024;
const COPY_BETWEEN: usize = 10240;

pub fn cases() -> Vec<Case> {
    let mut cases = Vec::from(copies::<u8>("u8", COPY));
    cases.extend(copies::<u16>("u16", COPY / 2));
    let (from, to) = (memory(COPY_BETWEEN), memory(COPY_BETWEEN));
    cases.push(Case::new(
        "VolatileSlice::copy_to_volatile_slice",
        move |_| {
            black_box(from).copy_to_volatile_slice(black_box(to));
        },
    ));
    cases.extend(values::<u8>("u8", 1));
    cases.extend(values::<u16>("u16", 2));
    cases.extend(values::<u32>("u32", 4));
    cases.extend(values::<u64>("u64", 8));
    cases.extend(values::<u32>("u32, at any address", 1));
    cases
}

/// `size` bytes, aligned for every integer.
fn memory(size: usize) -> VolatileSlice<'static> {
    let words: &'static mut [u128] = vec![0; size.div_ceil(16)].leak();
    // SAFETY: the bytes are leaked, and no other reference to them exists.
    unsafe { VolatileSlice::new(words.as_mut_ptr().cast(), size) }
}

fn copies<T: ByteValued + 'static>(kind: &str, size: usize) -> [Case; 2] {
    let (from, to) = (memory(size), memory(size));
    let mut values = vec![T::zeroed(); COPY / size_of::<T>()];
    let other_values = values.clone();
    [
        Case::new(format!("VolatileSlice::copy_to, {kind}"), move |_| {
            from.copy_to(black_box(values.as_mut_slice()))
        }),
        Case::new(format!("VolatileSlice::copy_from, {kind}"), move |_| {
            to.copy_from(black_box(other_values.as_slice()));
        }),
    ]
}

fn values<T: ByteValued + 'static>(kind: &str, alignment: u64) -> [Case; 2] {
    let slice = memory(COPY);
    let addresses = || scattered((COPY - size_of::<T>()) as u64, alignment);
    let (from, to) = (addresses(), addresses());
    let value = T::zeroed();
    [
        Case::new(format!("VolatileRef::load, {kind}"), move |index| {
            let place = from(index) as usize;
            black_box(&slice).get_ref::<T>(place).unwrap().load()
        }),
        Case::new(format!("VolatileRef::store, {kind}"), move |index| {
            let place = to(index) as usize;
            black_box(&slice).get_ref::<T>(place).unwrap().store(value);
        }),
    ]
}
