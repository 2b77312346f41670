//! The heap of pkg/'s module: the standard library's allocator, dlmalloc, over the pages of `host.rs`.
//!
//! The heap takes its pages from the module's initial memory first, as regions do. The standard library's own instance
//! would call `memory.grow` for all that it needs, and after the first growth V8 checks at each access of any typed
//! array whether it was detached, which costs an emulator a tenth of its speed. The feature `heap` is for the package
//! `crate/module` alone: any other crate that links this one chooses its own allocator.

use crate::linear::host::{self, PAGE_SHIFT, PAGE_SIZE};
use core::alloc::{GlobalAlloc, Layout};
use core::cell::UnsafeCell;
use core::ptr;
use dlmalloc::{Allocator, Dlmalloc};

#[cfg(target_feature = "atomics")]
compile_error!("the feature `heap` is for a module of one thread");

/// The source of dlmalloc's pages. It never takes any back.
struct Pages;

// SAFETY: `alloc` returns memory of that size that belongs to dlmalloc alone, for good; the other methods refuse.
// There is no safe interface for an allocator's source of memory.
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

// SAFETY: the module has one thread, as is checked above. A lock would be safe code, but a cost without a use.
unsafe impl Sync for Heap {}

impl Heap {
    /// # Safety
    ///
    /// `act` must not use the global allocator: until it returns, there may be no second reference to dlmalloc.
    unsafe fn with<T>(&self, act: impl FnOnce(&mut Dlmalloc<Pages>) -> T) -> T {
        // SAFETY: there is one thread, and `act` does not call this again. A RefCell would be safe code, but cannot be
        // in a static.
        act(unsafe { &mut *self.0.get() })
    }
}

// SAFETY: dlmalloc promises what the trait asks for. It allocates from `Pages` alone, which calls `host::grow`: that
// changes counters and runs one instruction. A global allocator needs `unsafe`.
unsafe impl GlobalAlloc for Heap {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller promises what dlmalloc asks for, here and below.
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
