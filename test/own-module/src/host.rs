//! A Rust module's use of linear memory beside guest memory: it allocates, and so makes linear memory grow.

use core::arch::wasm32::memory_size;
use std::cell::RefCell;
use wasm_bindgen::prelude::wasm_bindgen;

thread_local! {
    static HEAP: RefCell<Vec<Vec<u8>>> = const { RefCell::new(Vec::new()) };
}

/// Allocates on Rust's heap until linear memory is longer by at least one page of 64 KiB. Gives the growth.
#[wasm_bindgen]
pub fn grow_heap() -> u32 {
    let before = memory_size::<0>();
    HEAP.with_borrow_mut(|heap| {
        while memory_size::<0>() == before {
            heap.push(vec![0xa5; 0x10_0000]);
        }
    });
    u32::try_from(memory_size::<0>() - before).unwrap_or(u32::MAX)
}

/// Whether every byte on the heap is unchanged: no guest memory overlaps it.
#[wasm_bindgen]
pub fn heap_is_intact() -> bool {
    HEAP.with_borrow(|heap| heap.iter().flatten().all(|&byte| byte == 0xa5))
}
