//! Regions: on the heap, where a sanitizer sees an access past the end, and mapped by the crate.

use super::{api, number};
use crate::outcome::{self, Outcome};
use crate::scenario::Question;
use api::bitmap::{AtomicBitmap, BS, Bitmap};
use api::mmap::{GuestRegionMmap, MmapRegionBuilder};
use api::{
    GuestAddress, GuestMemoryError, GuestMemoryRegion, GuestMemoryRegionBytes, GuestUsize,
    MemoryRegionAddress, MmapRegion, VolatileSlice,
};
use std::alloc::{Layout, alloc_zeroed, dealloc, handle_alloc_error};
use std::num::NonZeroUsize;

/// A region that scenarios can run on.
pub trait Backing:
    GuestMemoryRegion<B = AtomicBitmap> + GuestMemoryRegionBytes + Sized + 'static
{
    /// A region of zeros with a bit for each `page` bytes; `None` where this kind of region cannot be made.
    fn make(start: u64, length: usize, page: NonZeroUsize) -> Option<Self>;

    /// Its bitmap, whole.
    fn marks(&self) -> &AtomicBitmap;

    /// Fills it with bytes that depend on their place, without marks.
    fn fill(&self, number: usize) {
        let bytes: Vec<u8> = (0..self.len())
            .map(|at| (at * 7 + number as u64 * 101 + 1) as u8)
            .collect();
        self.as_volatile_slice()
            .expect("all of it is there")
            .copy_from(&bytes);
        self.marks().reset();
    }
}

impl Backing for GuestRegionMmap<AtomicBitmap> {
    fn make(start: u64, length: usize, page: NonZeroUsize) -> Option<Self> {
        // PROT_READ | PROT_WRITE
        let mapping = MmapRegionBuilder::new_with_bitmap(length, AtomicBitmap::new(length, page))
            .with_mmap_prot(3);
        GuestRegionMmap::new(mapping.build().ok()?, GuestAddress(start))
    }

    fn marks(&self) -> &AtomicBitmap {
        // The bitmap of the mapping: the region's own is a slice of it.
        MmapRegion::bitmap(self)
    }
}

/// Exactly as many bytes as it says, aligned to 64.
#[derive(Debug)]
pub struct HeapRegion {
    start: u64,
    layout: Layout,
    bytes: *mut u8,
    marks: AtomicBitmap,
}

impl Backing for HeapRegion {
    fn make(start: u64, length: usize, page: NonZeroUsize) -> Option<Self> {
        let layout = Layout::from_size_align(length, 64).ok()?;
        if length == 0 {
            return None;
        }
        // SAFETY: the size is not 0. A `Vec` is not aligned, and takes no writes through a shared reference.
        let bytes = unsafe { alloc_zeroed(layout) };
        if bytes.is_null() {
            handle_alloc_error(layout);
        }
        let marks = AtomicBitmap::new(length, page);
        Some(HeapRegion {
            start,
            layout,
            bytes,
            marks,
        })
    }

    fn marks(&self) -> &AtomicBitmap {
        &self.marks
    }
}

impl Drop for HeapRegion {
    fn drop(&mut self) {
        // SAFETY: allocated in `make` with this layout, and given back only here.
        unsafe { dealloc(self.bytes, self.layout) };
    }
}

impl GuestMemoryRegion for HeapRegion {
    type B = AtomicBitmap;

    fn len(&self) -> GuestUsize {
        self.layout.size() as GuestUsize
    }

    fn start_addr(&self) -> GuestAddress {
        GuestAddress(self.start)
    }

    fn bitmap(&self) -> BS<'_, AtomicBitmap> {
        self.marks.slice_at(0)
    }

    fn get_slice(
        &self,
        offset: MemoryRegionAddress,
        count: usize,
    ) -> Result<VolatileSlice<'_, BS<'_, AtomicBitmap>>, GuestMemoryError> {
        // SAFETY: valid for as long as `self`, and no reference is ever made of it.
        let all = unsafe {
            VolatileSlice::with_bitmap(self.bytes, self.layout.size(), self.marks.slice_at(0), None)
        };
        Ok(all.subslice(offset.0 as usize, count)?)
    }
}

impl GuestMemoryRegionBytes for HeapRegion {}

/// A region that has only a start and a length, which may be wrong.
#[derive(Debug)]
pub struct Claim(pub u64, pub u64);

impl GuestMemoryRegion for Claim {
    type B = ();

    fn len(&self) -> GuestUsize {
        self.1
    }

    fn start_addr(&self) -> GuestAddress {
        GuestAddress(self.0)
    }

    fn bitmap(&self) {}
}

impl GuestMemoryRegionBytes for Claim {}

/// A region's answer.
pub fn ask<R: Backing>(region: &R, question: Question, at: u64, length: usize) -> Outcome {
    let position = MemoryRegionAddress(at);
    let raw =
        |address: Option<MemoryRegionAddress>| Outcome::maybe(address.map(|address| address.0));
    let base = || {
        region
            .as_volatile_slice()
            .expect("all of it is there")
            .ptr_guard()
            .as_ptr()
            .addr()
    };
    match question {
        Question::Count => Outcome::Number(region.len()),
        Question::Last => Outcome::Number(region.last_addr().0),
        Question::Find | Question::ToRegion => raw(region.to_region_addr(GuestAddress(at))),
        Question::InRange => Outcome::Flag(region.address_in_range(position)),
        Question::Check => raw(region.check_address(position)),
        Question::Offset | Question::CheckRange => raw(region.checked_offset(position, length)),
        Question::HostAddress => region
            .get_host_address(position)
            .map(|pointer| number(pointer.addr() - base()))
            .into(),
        Question::Slice => region
            .get_slice(position, length)
            .map(|slice| {
                let distance = slice.ptr_guard().as_ptr().addr() - base();
                Outcome::pair(number(distance), number(slice.len()))
            })
            .into(),
        Question::Slices | Question::SlicesUntilError | Question::TryAccess => region
            .as_volatile_slice()
            .map(|slice| number(slice.len()))
            .into(),
        Question::DirtyAt => Outcome::Flag(region.bitmap().dirty_at(at as usize)),
    }
}

/// The bytes and the marks of a region.
pub fn state<R: Backing>(region: &R) -> outcome::Region {
    let mut bytes = vec![0; region.len() as usize];
    region
        .as_volatile_slice()
        .expect("all of it is there")
        .copy_to(&mut bytes);
    outcome::Region {
        start: region.start_addr().0,
        bytes,
        marks: region.marks().clone().get_and_reset(),
    }
}

/// Puts the bytes and the marks back into a region.
pub fn restore<R: Backing>(region: &R, state: &outcome::Region) {
    region
        .as_volatile_slice()
        .expect("all of it is there")
        .copy_from(&state.bytes);
    mark(region.marks(), &state.marks);
}

/// Marks the pages that are marked in the words, and no others.
pub fn mark(bitmap: &AtomicBitmap, words: &[u64]) {
    bitmap.reset();
    for bit in (0..words.len() * 64).filter(|bit| words[bit / 64] >> (bit % 64) & 1 == 1) {
        bitmap.set_bit(bit);
    }
}
