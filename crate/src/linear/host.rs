//! The linear memory itself: where it starts, how it grows, and how a host page becomes a pointer.
//!
//! In Wasm this is the module's linear memory: it starts at 0 and grows by `memory.grow`, which gives zero pages that
//! the engine commits when they are first touched. The pages that pkg/'s module has from the start are used first
//! (`room`). Natively an arena of the same shape takes its place (address space reserved once, committed lazily by the
//! system), so that everything above this file is tested outside Wasm too.
//!
//! A *host page* is 4 KiB of the linear memory; a *host offset* is a byte's distance from its start.

use crate::abi;

/// The size in bytes of a host page, and of a guest page in the page table.
pub const PAGE_SIZE: usize = abi::PAGE_BYTES as usize;
/// log2 of [`PAGE_SIZE`].
pub const PAGE_SHIFT: u32 = abi::PAGE_BITS;

/// Whether the process has one thread. Then nothing changes in the middle of an access, and bytes stay at their
/// address. With more threads, an access keeps the memory map alive until it is done.
pub(crate) const ONE_THREAD: bool =
    cfg!(all(target_family = "wasm", not(target_feature = "atomics")));

#[cfg(any(target_family = "wasm", test))]
#[allow(dead_code)] // The bindings call it, on the targets that have them.
pub(crate) mod views;
pub(crate) use imp::{MAX_PAGES, base, detach_views, end, grow, initial_end};

/// The pointer to the byte at `offset`. It is valid for as long as the process lives, if `offset` lies in pages from
/// [`grow`]. Making the pointer reads nothing, so this is safe; each read and write says why it is sound.
#[inline(always)]
pub(crate) fn pointer(offset: usize) -> *mut u8 {
    // wrapping: an offset may be past isize::MAX, where `add` is not allowed.
    base().wrapping_add(offset)
}

/// The number of host pages that `size` bytes from `start` touch; the first and the last page may be partial.
pub(crate) fn pages_for(start: u64, size: u64) -> Option<u32> {
    let bytes = (start % PAGE_SIZE as u64).checked_add(size)?;
    u32::try_from(bytes.div_ceil(1 << PAGE_SHIFT))
        .ok()
        .filter(|&pages| pages <= MAX_PAGES)
}

/// The room of the heap that is kept free for later calls, and that one call needs at most, in bytes.
const HEADROOM: usize = 64 * 1024;
pub(crate) const HEAP_NEEDED: usize = 16 * 1024;
/// The same for each region: its slot, its range and its keys, whose lists grow by doubling.
const PER_REGION: usize = 256;

/// Makes sure that the heap has room for the small allocations of later calls (a changed list of `regions` regions,
/// say). Without it such a call might grow the linear memory and so detach the views that a caller holds. Returns
/// whether there is room.
pub(crate) fn keep_heap_headroom(regions: usize) -> bool {
    has_room(HEADROOM.saturating_add(regions.saturating_mul(PER_REGION)))
}

/// Whether the heap has room for one change of a map of `regions` regions. A change that adds to what is kept for good is
/// refused without it, since it would end in a trap where the linear memory cannot grow.
pub(crate) fn has_heap_room(regions: usize) -> bool {
    has_room(HEAP_NEEDED.saturating_add(regions.saturating_mul(PER_REGION)))
}

fn has_room(bytes: usize) -> bool {
    let mut block: Vec<u8> = Vec::new();
    let room = block.try_reserve_exact(bytes).is_ok();
    if room {
        // A volatile write through the pointer keeps the optimiser from dropping both the allocation and its release.
        // SAFETY: the block is this long and owned here; safe code cannot write to spare capacity without `MaybeUninit`
        // calls that the optimiser sees through.
        unsafe { block.as_mut_ptr().write_volatile(0) };
    }
    room
}

#[cfg(target_family = "wasm")]
mod imp {
    #[cfg(target_arch = "wasm32")]
    use core::arch::wasm32::{memory_grow, memory_size};

    /// The number of host pages in the largest linear memory: 4 GiB.
    pub(crate) const MAX_PAGES: u32 = crate::abi::HOST_PAGES;
    /// The number of host pages in one Wasm page of 64 KiB.
    const PER_WASM_PAGE: u32 = 16;

    #[inline(always)]
    pub(crate) fn base() -> *mut u8 {
        core::ptr::with_exposed_provenance_mut(0)
    }

    /// The first host page that the next growth gives. It is certain only if the growth fits in the room that is left,
    /// or if no other code has grown the linear memory.
    pub(crate) fn end() -> u32 {
        let room = room::left();
        if room.is_empty() { size() } else { room.start }
    }

    /// The first host page past the room, which needs no growth; 0 if the core has no room.
    pub(crate) fn initial_end() -> u32 {
        room::left().end
    }

    /// The first host page past the linear memory.
    fn size() -> u32 {
        u32::try_from(memory_size::<0>())
            .map_or(MAX_PAGES, |pages| pages.saturating_mul(PER_WASM_PAGE))
    }

    /// Grows by at least `pages` host pages. Returns the first new page and their number, or `None`.
    pub(crate) fn grow(pages: u32) -> Option<(u32, u32)> {
        let room = room::left();
        let left = room.end - room.start;
        if pages <= left {
            room::take(pages);
            return Some((room.start, pages));
        }
        // The rest of the room joins the new pages, unless other code's pages lie between.
        let joins = left != 0 && size() == room.end;
        let wasm_pages = (pages - if joins { left } else { 0 }).div_ceil(PER_WASM_PAGE);
        let before = memory_grow::<0>(wasm_pages as usize);
        if before == usize::MAX {
            return None;
        }
        let got = wasm_pages * PER_WASM_PAGE;
        if joins {
            room::take(left);
            return Some((room.start, left + got));
        }
        Some((u32::try_from(before).ok()?.checked_mul(PER_WASM_PAGE)?, got))
    }

    /// The *room*: the pages past the module's static data that it has without growth. They belong to the heap, so
    /// this crate may use them only if the heap takes its pages here too (`heap.rs`).
    #[cfg(all(feature = "heap", target_os = "unknown"))]
    mod room {
        use crate::linear::host::PAGE_SIZE;
        use core::ops::Range;
        use core::sync::atomic::{AtomicU32, Ordering};

        unsafe extern "C" {
            // Symbols of the linker: the end of the static data, and the end of the module's initial memory.
            safe static __heap_base: u8;
            safe static __heap_end: u8;
        }

        /// The number of pages taken from the room.
        static TAKEN: AtomicU32 = AtomicU32::new(0);

        /// The pages of the room that are still free.
        #[allow(clippy::cast_possible_truncation)] // Linear memory has less than 2^32 pages.
        pub(super) fn left() -> Range<u32> {
            let first = (&raw const __heap_base).addr().div_ceil(PAGE_SIZE) as u32;
            let end = ((&raw const __heap_end).addr() / PAGE_SIZE) as u32;
            let first = first.saturating_add(TAKEN.load(Ordering::Relaxed));
            first.min(end)..end
        }

        /// Takes the first `pages` of the free pages in `left`.
        pub(super) fn take(pages: u32) {
            TAKEN.fetch_add(pages, Ordering::Relaxed);
        }
    }

    #[cfg(not(all(feature = "heap", target_os = "unknown")))]
    mod room {
        pub(super) fn left() -> core::ops::Range<u32> {
            0..0
        }

        pub(super) fn take(_pages: u32) {}
    }

    /// Detaches every typed array that JavaScript holds over the linear memory, by a growth of 0 pages. (WebAssembly
    /// JavaScript Interface, "refresh the memory buffer", on every successful `memory.grow`.) Does nothing where no view
    /// was made since views last ended: past the initial memory, a growth of 0 pages takes V8 10 ms.
    pub(crate) fn detach_views() {
        if super::views::may_exist() {
            memory_grow::<0>(0);
        }
    }
}

#[cfg(not(target_family = "wasm"))]
mod imp {
    use super::PAGE_SIZE;
    use std::alloc::{Layout, alloc_zeroed};
    use std::ptr;
    use std::sync::OnceLock;
    use std::sync::atomic::{AtomicPtr, AtomicU32, Ordering};

    /// The number of host pages in the arena: as many as Wasm has, fewer where address space is scarce or an
    /// interpreter runs.
    pub(crate) const MAX_PAGES: u32 = if cfg!(miri) {
        1 << 15
    } else if cfg!(target_pointer_width = "64") {
        crate::abi::HOST_PAGES
    } else {
        1 << 17
    };

    /// The arena's first byte (atomic only because a raw pointer is not `Sync`); null where the system refused it.
    static BASE: OnceLock<AtomicPtr<u8>> = OnceLock::new();
    /// The next page to give. It starts at 1, so that host page 0 is never handed out, as in Wasm.
    static NEXT: AtomicU32 = AtomicU32::new(1);

    pub(crate) fn base() -> *mut u8 {
        let base = BASE.get_or_init(|| {
            // One page more, to align by hand: an over-aligned zeroed allocation is cleared byte by byte, and that
            // would commit all of it.
            let bytes = (MAX_PAGES as usize) * PAGE_SIZE - 1;
            let Ok(layout) = Layout::from_size_align(bytes, 16) else {
                return AtomicPtr::new(ptr::null_mut());
            };
            // SAFETY: the layout is not of size zero. Raw allocation because the arena outlives everything and its
            // bytes must stay uncommitted: a Vec would have to be leaked and its bytes handed out all the same.
            let start = unsafe { alloc_zeroed(layout) };
            AtomicPtr::new(if start.is_null() {
                start
            } else {
                start.map_addr(|start| start.next_multiple_of(PAGE_SIZE))
            })
        });
        base.load(Ordering::Relaxed)
    }

    pub(crate) fn end() -> u32 {
        NEXT.load(Ordering::SeqCst)
    }

    /// The arena has no pages without growth.
    pub(crate) fn initial_end() -> u32 {
        0
    }

    pub(crate) fn grow(pages: u32) -> Option<(u32, u32)> {
        if base().is_null() {
            return None;
        }
        // One page was spent on alignment.
        let next = |first: u32| first.checked_add(pages).filter(|&end| end < MAX_PAGES);
        let first = NEXT
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, next)
            .ok()?;
        Some((first, pages))
    }

    /// Nothing outside this process' Rust code looks at the arena.
    pub(crate) fn detach_views() {}
}
