//! The linear memory itself: where it starts, how it grows, and how a host page becomes a pointer.
//!
//! In Wasm this is the module's linear memory: it starts at 0 and grows by `memory.grow`, which gives zero pages that
//! the engine commits when they are first touched. What pkg/'s module has from the start comes first (`room`). Natively an
//! arena of the same shape stands in for it (address space reserved once, committed lazily by the system), so that
//! everything above this file is tested outside Wasm too.
//!
//! A *host page* is 4 KiB of it, a *host offset* the distance of a byte from its start.

use crate::abi;

/// Bytes of a host page, and of a guest page in the page table.
pub const PAGE_SIZE: usize = abi::PAGE_BYTES as usize;
/// log2 of [`PAGE_SIZE`].
pub const PAGE_SHIFT: u32 = abi::PAGE_BITS;

/// Whether the process has one thread: then nothing changes in the middle of an access, and bytes stay where they are found.
/// Elsewhere an access holds the map for as long as it takes.
pub(crate) const ONE_THREAD: bool =
    cfg!(all(target_family = "wasm", not(target_feature = "atomics")));

pub(crate) use imp::{MAX_PAGES, base, detach_views, end, grow, initial_end};

/// The pointer to the byte at `offset`: valid for as long as the process lives, whatever `offset` a caller computed
/// from pages that [`grow`] gave. Nothing is read here, so this is safe; reads and writes say why they are sound.
#[inline(always)]
pub(crate) fn pointer(offset: usize) -> *mut u8 {
    // wrapping: an offset may be past isize::MAX, where `add` is not allowed.
    base().wrapping_add(offset)
}

/// Host pages for bytes at `start`: the first and the last may be partial.
pub(crate) fn pages_for(start: u64, size: u64) -> Option<u32> {
    let bytes = (start % PAGE_SIZE as u64).checked_add(size)?;
    u32::try_from(bytes.div_ceil(1 << PAGE_SHIFT))
        .ok()
        .filter(|&pages| pages <= MAX_PAGES)
}

/// Makes sure that the heap has room for the small allocations of later calls (a changed list of `regions` regions,
/// say), so that these do not have to grow the linear memory, which would kill the views that a caller holds. Says whether
/// there is room; to most it is no error if not, because the allocation that needs the space will report it.
pub(crate) fn keep_heap_headroom(regions: usize) -> bool {
    const LEAST: usize = 64 * 1024;
    // Per region: its address, its start, its reference counts, and as much again for the list before the change.
    const PER_REGION: usize = 128;
    let mut block: Vec<u8> = Vec::new();
    let room = block
        .try_reserve_exact(LEAST.saturating_add(regions.saturating_mul(PER_REGION)))
        .is_ok();
    if room {
        // The pointer escapes through a volatile write, else the optimiser drops both the allocation and its release.
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

    /// Host pages in the largest linear memory: 4 GiB.
    pub(crate) const MAX_PAGES: u32 = crate::abi::HOST_PAGES;
    /// Host pages in one Wasm page of 64 KiB.
    const PER_WASM_PAGE: u32 = 16;

    #[inline(always)]
    pub(crate) fn base() -> *mut u8 {
        core::ptr::with_exposed_provenance_mut(0)
    }

    /// The first host page of those that the next growth gives, if it is no larger than the room that is left, or if nobody
    /// else has made the linear memory grow.
    pub(crate) fn end() -> u32 {
        let room = room::left();
        if room.is_empty() { size() } else { room.start }
    }

    /// The first host page past what the linear memory has without growth; 0 where the core has nothing of that.
    pub(crate) fn initial_end() -> u32 {
        room::left().end
    }

    /// The first host page past the linear memory.
    fn size() -> u32 {
        u32::try_from(memory_size::<0>())
            .map_or(MAX_PAGES, |pages| pages.saturating_mul(PER_WASM_PAGE))
    }

    /// Grows by at least `pages` host pages. Gives the first new page and how many came, or `None`.
    pub(crate) fn grow(pages: u32) -> Option<(u32, u32)> {
        let room = room::left();
        let left = room.end - room.start;
        if pages <= left {
            room::take(pages);
            return Some((room.start, pages));
        }
        // What is left goes along, unless somebody else's pages lie between.
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

    /// The *room*: pages past the module's static data that it has without growth. They are the heap's, and so ours only
    /// where the heap takes its pages here too (`heap.rs`).
    #[cfg(all(feature = "heap", target_os = "unknown"))]
    mod room {
        use crate::linear::host::PAGE_SIZE;
        use core::ops::Range;
        use core::sync::atomic::{AtomicU32, Ordering};

        unsafe extern "C" {
            // The linker's: where the static data ends, and where the memory does that the module begins with.
            safe static __heap_base: u8;
            safe static __heap_end: u8;
        }

        /// How many were taken.
        static TAKEN: AtomicU32 = AtomicU32::new(0);

        /// Those that nobody has.
        #[allow(clippy::cast_possible_truncation)] // Linear memory has less than 2^32 pages.
        pub(super) fn left() -> Range<u32> {
            let first = (&raw const __heap_base).addr().div_ceil(PAGE_SIZE) as u32;
            let end = ((&raw const __heap_end).addr() / PAGE_SIZE) as u32;
            let first = first.saturating_add(TAKEN.load(Ordering::Relaxed));
            first.min(end)..end
        }

        /// Takes the first ones, which `left` has shown.
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

    /// Detaches every typed array that JavaScript holds over the linear memory: growth by nothing does.
    /// (WebAssembly JavaScript Interface, "refresh the memory buffer", on every successful `memory.grow`.)
    pub(crate) fn detach_views() {
        memory_grow::<0>(0);
    }
}

#[cfg(not(target_family = "wasm"))]
mod imp {
    use super::PAGE_SIZE;
    use std::alloc::{Layout, alloc_zeroed};
    use std::ptr;
    use std::sync::OnceLock;
    use std::sync::atomic::{AtomicPtr, AtomicU32, Ordering};

    /// Host pages in the arena: as many as Wasm has, less where address space or the interpreter is small.
    pub(crate) const MAX_PAGES: u32 = if cfg!(miri) {
        1 << 15
    } else if cfg!(target_pointer_width = "64") {
        crate::abi::HOST_PAGES
    } else {
        1 << 17
    };

    /// The arena's first byte (atomic only because a raw pointer is not `Sync`); null where the system refused it.
    static BASE: OnceLock<AtomicPtr<u8>> = OnceLock::new();
    /// The next page to give. Starts at 1, so that host page 0 is nobody's, as in Wasm.
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

    /// All of the arena is growth.
    pub(crate) fn initial_end() -> u32 {
        0
    }

    pub(crate) fn grow(pages: u32) -> Option<(u32, u32)> {
        if base().is_null() {
            return None;
        }
        // The last page was spent on alignment.
        let next = |first: u32| first.checked_add(pages).filter(|&end| end < MAX_PAGES);
        let first = NEXT
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, next)
            .ok()?;
        Some((first, pages))
    }

    /// Nothing outside this process' Rust code looks at the arena.
    pub(crate) fn detach_views() {}
}
