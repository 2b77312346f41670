//! The heap of pkg/'s module: the standard library's allocator, dlmalloc, over the pages of `host.rs`.
//!
//! The standard library's own instance asks `memory.grow` for all that it needs. The first growth makes V8 check at each
//! access of any typed array whether it was detached, and an emulator then loses a tenth of its speed; so the heap takes
//! from what the module has at first, as regions do. Only a module that is ours may choose its allocator: the feature
//! `heap` is for the build of pkg/ (scripts/build-pkg.mjs), and not for crates that link this one.

use crate::linear::host::{self, PAGE_SHIFT, PAGE_SIZE};
use core::alloc::{GlobalAlloc, Layout};
use core::cell::UnsafeCell;
use core::ptr;
use dlmalloc::{Allocator, Dlmalloc};

#[cfg(target_feature = "atomics")]
compile_error!("the feature `heap` is for a module of one thread");

/// Pages for dlmalloc. It never gives any back.
struct Pages;

// SAFETY: what `alloc` gives is memory of that size that nobody else has, for good; the rest says that nothing is done.
// There is no safe way to say where an allocator's memory comes from.
unsafe impl Allocator for Pages {
    fn alloc(&self, size: usize) -> (*mut u8, usize, u32) {
        let pages = u32::try_from(size.div_ceil(PAGE_SIZE)).ok();
        let Some((first, got)) = pages.and_then(host::grow) else {
            return (ptr::null_mut(), 0, 0);
        };
        let start = host::pointer((first as usize) << PAGE_SHIFT);
        (start, (got as usize) << PAGE_SHIFT, 0)
    }

    fn remap(&self, _: *mut u8, _: usize, _: usize, _: bool) -> *mut u8 {
        ptr::null_mut()
    }

    fn free_part(&self, _: *mut u8, _: usize, _: usize) -> bool {
        false
    }

    fn free(&self, _: *mut u8, _: usize) -> bool {
        false
    }

    fn can_release_part(&self, _: u32) -> bool {
        false
    }

    fn allocates_zeros(&self) -> bool {
        true
    }

    fn page_size(&self) -> usize {
        PAGE_SIZE
    }
}

struct Heap(UnsafeCell<Dlmalloc<Pages>>);

// SAFETY: the module has one thread, as is checked above. A lock would be safe code, and never be contended.
unsafe impl Sync for Heap {}

impl Heap {
    /// # Safety
    ///
    /// Until `act` is done nobody else may be given the allocator: it must not allocate by the global one.
    unsafe fn with<T>(&self, act: impl FnOnce(&mut Dlmalloc<Pages>) -> T) -> T {
        // SAFETY: one thread, and `act` does not come back here. A RefCell would be safe code, and is not for statics.
        act(unsafe { &mut *self.0.get() })
    }
}

// SAFETY: dlmalloc's promises are those of the trait, and it allocates from `Pages` alone, which asks `host::grow`: counters
// and an instruction. A global allocator cannot be had without `unsafe`.
unsafe impl GlobalAlloc for Heap {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's promises are those that dlmalloc asks for, here and below.
        unsafe { self.with(|heap| heap.malloc(layout.size(), layout.align())) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: as above.
        unsafe { self.with(|heap| heap.calloc(layout.size(), layout.align())) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        // SAFETY: as above.
        unsafe { self.with(|heap| heap.free(block, layout.size(), layout.align())) }
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // SAFETY: as above.
        unsafe { self.with(|heap| heap.realloc(block, layout.size(), layout.align(), size)) }
    }
}

#[global_allocator]
static HEAP: Heap = Heap(UnsafeCell::new(Dlmalloc::new_with_allocator(Pages)));
