//! `Block`: bytes of a RAM or ROM region that are adjacent in linear memory, in one extent of it. Each range of guest
//! addresses that shows the bytes holds the block, also aliases and ranges of other address spaces. The bytes go back
//! to the allocator with the last holder.
//!
//! ```text
//!   Region ─▶ [Block][Block, absent][Block, absent][Block]     one at first, more where something was discarded
//!                 │      └──────┬──────┘              │
//!              extent     the zero extent          extent
//! ```
//!
//! A block may be *absent*: it reads as zeros, and has no host pages of its own until it is first written.

use crate::linear::allocator::{self, Extent};
use crate::linear::dirty_map;
use crate::linear::host::{self, PAGE_SHIFT, PAGE_SIZE};
use crate::machine::run::{HostRun, LONGEST};
use crate::model::guest_memory::{GuestAddress, GuestUsize};
use core::ops::Range;
use core::sync::atomic::{AtomicU8, AtomicU32, Ordering, fence};
use std::sync::Arc;

/// Pages of a chunk. Absent blocks are parts of chunks: so they get host pages in runs of a useful length, and one
/// extent of zeros is long enough for each of them.
const CHUNK_PAGES: usize = 64;
/// Bytes of a chunk.
const CHUNK: u64 = (CHUNK_PAGES * PAGE_SIZE) as u64;

/// Adjacent bytes of a region. Their positions count from the start of the page that holds the region's first byte.
#[derive(Debug)]
pub(crate) struct Block {
    start: u64,
    size: usize,
    /// The id of the region, once the region has one.
    region: AtomicU32,
    /// Empty while the block is absent.
    extent: Extent,
    /// The dirty marks from the time when the block was absent, a byte for each page of the chunk.
    marks: [AtomicU8; CHUNK_PAGES],
}

impl Block {
    /// Takes `size` zero bytes. At `start`, or at any address with the same low 12 bits, each guest page is one host
    /// page, so the page table can name it. `None` for an empty block, and where linear memory cannot hold it.
    pub(crate) fn new(start: GuestAddress, size: GuestUsize) -> Option<Self> {
        size.checked_sub(1)?;
        let extent = allocator::allocate(host::pages_for(start.0, size)?)?;
        let start = start.0 % PAGE_SIZE as u64;
        Some(Block::of(start, usize::try_from(size).ok()?, extent))
    }

    /// Makes a block. An absent one is a part of a chunk, and counts as just written, with zeros.
    fn of(start: u64, size: usize, extent: Extent) -> Self {
        Block {
            start,
            size,
            region: AtomicU32::new(0),
            extent,
            marks: [const { AtomicU8::new(dirty_map::MARK) }; CHUNK_PAGES],
        }
    }

    /// Records the region whose bytes these are.
    pub(crate) fn belongs_to(&self, region: u32) {
        self.region.store(region, Ordering::Relaxed);
    }

    /// The id of the region whose bytes these are.
    pub(crate) fn region(&self) -> u32 {
        self.region.load(Ordering::Relaxed)
    }

    /// The number of bytes.
    pub(crate) fn size(&self) -> usize {
        self.size
    }

    /// The bytes of the region that the block has.
    pub(crate) fn span(&self) -> Range<u64> {
        self.start..self.start + self.size as u64
    }

    /// The offset of the first byte in its page.
    pub(crate) fn phase(&self) -> usize {
        // Fits: it is less than a page.
        usize::try_from(self.start % PAGE_SIZE as u64).unwrap_or(0)
    }

    /// The number of pages that the bytes touch.
    pub(crate) fn page_count(&self) -> usize {
        (self.phase() + self.size).div_ceil(PAGE_SIZE)
    }

    /// Whether the block has no host pages.
    #[inline]
    pub(crate) fn is_absent(&self) -> bool {
        self.extent.first() == 0
    }

    /// The host offset of the first byte. An absent block gives shared zeros, which must not be written.
    #[inline]
    pub(crate) fn host_offset(&self) -> usize {
        let page = match self.extent.first() {
            0 => ZEROS.load(Ordering::Acquire),
            page => page,
        };
        ((page as usize) << PAGE_SHIFT) + self.phase()
    }

    /// The host offset of the first page; `None` while the block is absent.
    #[inline]
    pub(crate) fn pages_at(&self) -> Option<usize> {
        let page = self.extent.first();
        (page != 0).then_some((page as usize) << PAGE_SHIFT)
    }

    /// The bytes from an offset in the block on, at most `length` and at most [`LONGEST`]. An absent block gives shared
    /// zeros, which must not be written.
    #[inline]
    pub(crate) fn run(&self, offset: usize, length: usize) -> HostRun<'_> {
        let left = self.size.saturating_sub(offset);
        let length = length.min(left).min(LONGEST);
        // SAFETY: the bytes are in the block's pages, which no other owner gets while the block is borrowed; or they
        // are among the shared zeros, which have no owner and are as long as any absent block.
        unsafe { HostRun::new(self.host_offset() + offset, length) }
    }

    /// Takes host pages if the block is absent. Gives whether it took any; `None` where there are none to take.
    pub(crate) fn populate(&self) -> Option<bool> {
        if !self.is_absent() {
            return Some(false);
        }
        let extent = allocator::allocate(u32::try_from(self.page_count()).ok()?)?;
        let old = self.marks();
        // If two threads arrive here, the pages of the first stay, and the pages of the other go back.
        let first = self.extent.fill(extent);
        fence(Ordering::SeqCst);
        if first {
            for (page, old) in self.marks().iter().zip(old) {
                page.fetch_or(old.load(Ordering::Relaxed), Ordering::Relaxed);
            }
        }
        Some(first)
    }

    /// The dirty marks of the pages that the bytes touch.
    pub(crate) fn marks(&self) -> &[AtomicU8] {
        let first = self.extent.first();
        let marks = match first {
            0 => self.marks.get(self.first_in_chunk()..).unwrap_or(&[]),
            first => dirty_map::from(first),
        };
        marks.get(..self.page_count()).unwrap_or(&[])
    }

    /// The number of the first page in its chunk.
    fn first_in_chunk(&self) -> usize {
        (self.start >> PAGE_SHIFT) as usize % CHUNK_PAGES
    }

    /// Marks pages by their numbers in the block.
    pub(crate) fn mark(&self, pages: Range<usize>, bits: u8) {
        loop {
            let absent = self.is_absent();
            for byte in self.marks().get(pages.clone()).unwrap_or(&[]) {
                byte.fetch_or(bits, Ordering::Relaxed);
            }
            fence(Ordering::SeqCst);
            // Another thread may have given the block host pages meanwhile, and the old marks to these pages. Then the
            // host pages are marked.
            if absent == self.is_absent() {
                break;
            }
        }
    }

    /// Fills `part` of the region, as far as the block has it, with zeros, and marks it as written.
    pub(crate) fn zero(&self, part: &Range<u64>) {
        let (from, to) = self.clip(part);
        let mut done = from;
        while done < to && !self.is_absent() {
            let run = self.run(done, to - done);
            run.fill(0);
            done += run.length();
        }
        if from < to {
            let page = |offset: usize| (self.phase() + offset) >> PAGE_SHIFT;
            self.mark(page(from)..page(to - 1) + 1, dirty_map::MARK);
        }
    }

    /// Where in the block a part of the region begins and ends. The block has none of it if the begin is not before the
    /// end.
    fn clip(&self, part: &Range<u64>) -> (usize, usize) {
        let inside = |byte: u64| {
            let offset = byte.saturating_sub(self.start).min(self.size as u64);
            usize::try_from(offset).unwrap_or(self.size)
        };
        (inside(part.start), inside(part.end))
    }

    /// Moves the bytes down in linear memory, if there are free pages right below. Gives whether they moved.
    ///
    /// # Safety
    ///
    /// No pointer into the block may be in use, and each owner of page table entries for it must write them again.
    pub(crate) unsafe fn slide_down(&self) -> bool {
        // SAFETY: the caller promises the same.
        unsafe { self.extent.slide_down() }
    }

    /// Gives back the host pages of `part`, which is made of whole pages. The block must have no other holder. The
    /// blocks that it becomes are added to `blocks`.
    fn give_back(self, part: &Range<u64>, blocks: &mut Vec<Arc<Block>>) {
        let (from, to) = self.clip(part);
        let (phase, start, size) = (self.phase(), self.start, self.size);
        let region = self.region();
        // The part begins and ends with a page, or with the block.
        let pages = |bytes: usize| match bytes {
            0 => 0,
            _ => u32::try_from((phase + bytes).div_ceil(PAGE_SIZE)).unwrap_or(0),
        };
        let (front, rest) = self.extent.split(pages(from));
        let (middle, back) = rest.split(pages(to).saturating_sub(pages(from)));
        let mut add = |from: usize, to: usize, extent| {
            if from < to {
                let block = Block::of(start + from as u64, to - from, extent);
                block.belongs_to(region);
                push(blocks, Arc::new(block));
            }
        };
        add(0, from, front);
        middle.discard();
        let mut at = from;
        while at < to {
            let in_chunk = (start + at as u64) % CHUNK;
            // Fits: no longer than a chunk.
            let next = to.min(at + usize::try_from(CHUNK - in_chunk).unwrap_or(0));
            let room = pages(next).saturating_sub(pages(at));
            add(at, next, Extent::empty(room));
            at = next;
        }
        add(to.max(from), size, back);
    }

    /// Takes in the block right behind it, if both are absent and parts of one chunk.
    fn join(&mut self, next: &Block) -> bool {
        let same = self.is_absent() && next.is_absent() && self.start / CHUNK == next.start / CHUNK;
        if same {
            let from = next.first_in_chunk();
            for page in from..CHUNK_PAGES {
                if let (Some(mine), Some(theirs)) = (self.marks.get(page), next.marks.get(page)) {
                    mine.store(theirs.load(Ordering::Relaxed), Ordering::Relaxed);
                }
            }
            self.size += next.size;
            // Fits: no more than a chunk's.
            self.extent = Extent::empty(u32::try_from(self.page_count()).unwrap_or(0));
        }
        same
    }
}

/// Adds a block behind the others, and joins it to the last one where they can be joined.
fn push(blocks: &mut Vec<Arc<Block>>, mut block: Arc<Block>) {
    let last = blocks.last_mut().and_then(Arc::get_mut);
    let alone = Arc::get_mut(&mut block).is_some();
    if !alone || !last.is_some_and(|last| last.join(&block)) {
        blocks.push(block);
    }
}

/// The first host page of the zeros that absent blocks show; 0 as long as there are no such blocks. The zeros are never
/// written.
static ZEROS: AtomicU32 = AtomicU32::new(0);

/// Makes sure that the zeros for absent blocks exist. `None` where linear memory cannot hold them.
pub(crate) fn provide_zeros() -> Option<()> {
    if ZEROS.load(Ordering::Acquire) == 0 {
        let zeros = allocator::allocate(u32::try_from(CHUNK_PAGES).ok()?)?;
        // If two threads arrive here, the pages of the first are used. They are never given back.
        let set = ZEROS.compare_exchange(0, zeros.first(), Ordering::AcqRel, Ordering::Acquire);
        if set.is_ok() {
            core::mem::forget(zeros);
        }
    }
    Some(())
}

/// Widens `part` of a region to whole chunks: blocks may be joined within a chunk.
pub(crate) fn chunks(part: &Range<u64>) -> Range<u64> {
    part.start / CHUNK * CHUNK..part.end.next_multiple_of(CHUNK)
}

/// How many chunks lie in `size` bytes.
pub(crate) fn chunks_in(size: u64) -> Option<usize> {
    usize::try_from(size / CHUNK).ok()
}

/// Whether a block and a part of its region have bytes in common.
pub(crate) fn meet(one: &Range<u64>, other: &Range<u64>) -> bool {
    one.start < other.end && other.start < one.end
}

/// Gives back the host pages of `part` of a region, which is made of whole pages. A block with another holder stays,
/// and its bytes are zeroed in place.
pub(crate) fn give_back(blocks: &mut Vec<Arc<Block>>, part: &Range<u64>) {
    let window = chunks(part);
    for mut block in core::mem::take(blocks) {
        if meet(&block.span(), &window) {
            if Arc::get_mut(&mut block).is_some_and(|block| !block.is_absent()) {
                if let Some(block) = Arc::into_inner(block) {
                    block.give_back(part, blocks);
                }
                continue;
            }
            block.zero(part);
        }
        push(blocks, block);
    }
}

#[cfg(test)]
mod tests;
