//! Integers in a guest of one region, at random addresses: with and without a bitmap.

use super::guest;
use super::subject::bitmap::{AtomicBitmap, NewBitmap};
use super::subject::{Bytes, GuestAddress};
use crate::{Case, scattered};
use std::hint::black_box;
use std::sync::atomic::Ordering::{Acquire, Relaxed, Release};

/// The number of bytes that are touched: so few that the access is measured, and not the caches.
const TOUCHED: u64 = 0x4000;

pub fn cases(region_size: usize) -> Vec<Case> {
    let mut cases = Vec::from(integers::<()>(region_size, ""));
    cases.extend(integers::<AtomicBitmap>(region_size, ", with a bitmap"));
    cases
}

fn integers<B: NewBitmap + Sync + 'static>(region_size: usize, kind: &str) -> [Case; 7] {
    let memory = guest::<B>(1, region_size);
    let name = |what| format!("{what}, one region{kind}");
    let random = |alignment| {
        let address = scattered(TOUCHED, alignment);
        move |index| GuestAddress(address(index))
    };
    let [one, two, three, four, five] = [(); 5].map(|()| random(4));
    let (six, seven) = (random(1), random(1));
    [
        Case::new(name("read_obj, u32"), move |index| {
            black_box(memory).read_obj::<u32>(one(index)).unwrap()
        }),
        Case::new(name("write_obj, u32"), move |index| {
            black_box(memory)
                .write_obj(index as u32, two(index))
                .unwrap();
        }),
        Case::new(name("read_obj, u32 at any address"), move |index| {
            black_box(memory).read_obj::<u32>(six(index)).unwrap()
        }),
        Case::new(name("write_obj, u32 at any address"), move |index| {
            black_box(memory)
                .write_obj(index as u32, seven(index))
                .unwrap();
        }),
        Case::new(name("load, u32, relaxed"), move |index| {
            black_box(memory)
                .load::<u32>(three(index), Relaxed)
                .unwrap()
        }),
        Case::new(name("load, u32, acquire"), move |index| {
            black_box(memory).load::<u32>(four(index), Acquire).unwrap()
        }),
        Case::new(name("store, u32, release"), move |index| {
            black_box(memory)
                .store(index as u32, five(index), Release)
                .unwrap();
        }),
    ]
}
