//! [`MmapRegion`]: a mapping, which ends when it is dropped.

use super::builder::MmapRegionBuilder;
use super::flags::{ANONYMOUS, READ_WRITE, SHARED};
use super::system::Mapping;
use crate::model::bitmap::{BS, Bitmap, NewBitmap};
use crate::model::guest_memory::FileOffset;
use crate::model::volatile_memory::{self, VolatileMemory, VolatileSlice};
use std::io;

/// The reason why bytes could not be mapped.
///
/// ```
/// use guest_memory::MmapRegion;
/// use guest_memory::mmap::MmapRegionError;
/// assert!(matches!(MmapRegion::<()>::new(0), Err(MmapRegionError::Mmap(_))));
/// ```
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The position in the file, or its end, is more than the system can express.
    #[error("the position in the file or its end is out of range")]
    InvalidOffsetLength,
    /// A pointer that is not aligned to a page.
    #[error("the pointer is not aligned to a page")]
    InvalidPointer,
    /// `MAP_FIXED` is refused, because it would replace an existing mapping.
    #[error("MAP_FIXED is refused")]
    MapFixed,
    /// Two mappings overlap. This crate never returns it; vm-memory has it.
    #[error("mappings overlap")]
    MappingOverlap,
    /// The mapping is longer than the file. This crate never returns it, because a file may grow; vm-memory has it.
    #[error("the mapping goes on past the end of the file")]
    MappingPastEof,
    /// The system refuses.
    #[error("the system refuses: {0}")]
    Mmap(io::Error),
}

/// Bytes that the system maps, with a bitmap in which writes are marked.
///
/// ```
/// use guest_memory::{Bytes, MmapRegion, VolatileMemory};
/// let mapping = MmapRegion::<()>::new(0x1000)?;
/// mapping.as_volatile_slice().write_obj(5u32, 0xffc)?;
/// assert_eq!(mapping.get_ref::<u32>(0xffc)?.load(), 5);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct MmapRegion<B = ()> {
    pub(super) addr: *mut u8,
    pub(super) size: usize,
    pub(super) bitmap: B,
    pub(super) file_offset: Option<FileOffset>,
    pub(super) prot: i32,
    pub(super) flags: i32,
    pub(super) hugetlbfs: Option<bool>,
    /// Ends the mapping on drop; `None` if other code owns it.
    pub(super) mapping: Option<Mapping>,
}

// SAFETY: the compiler does not derive `Send` and `Sync` for a raw pointer. The mapping lasts until the region is
// dropped, in any thread, and any number of threads may access its bytes, as volatile memory only.
unsafe impl<B: Send> Send for MmapRegion<B> {}
// SAFETY: as above.
unsafe impl<B: Sync> Sync for MmapRegion<B> {}

impl<B: NewBitmap> MmapRegion<B> {
    /// Maps `size` fresh zero bytes, private to this process.
    ///
    /// # Errors
    /// [`Error::Mmap`] if the system refuses, as it does for an empty range.
    pub fn new(size: usize) -> Result<Self, Error> {
        Self::build(None, size, READ_WRITE, ANONYMOUS)
    }

    /// Maps `size` bytes of a file for reading and writing, shared with its other mappings. Bytes past the end of the
    /// file must not be accessed: the system ends the process.
    ///
    /// # Errors
    /// [`Error::Mmap`] if the system refuses (the file is not open for reading and writing, the position is not at a
    /// page boundary, the range is empty; on Windows the position is not at a multiple of 64 KiB, or the range ends
    /// past the file; in Wasm always), [`Error::InvalidOffsetLength`].
    pub fn from_file(file_offset: FileOffset, size: usize) -> Result<Self, Error> {
        Self::build(Some(file_offset), size, READ_WRITE, SHARED)
    }

    /// Maps `size` bytes of a file or else fresh ones, with `mmap`'s protection and flags, which have no effect
    /// outside Unix. The region's slices must not be accessed in a way that `prot` does not allow: the system ends the
    /// process.
    ///
    /// # Errors
    /// [`Error::MapFixed`] if `flags` has `MAP_FIXED`; else as [`from_file`](MmapRegion::from_file).
    pub fn build(
        file_offset: Option<FileOffset>,
        size: usize,
        prot: i32,
        flags: i32,
    ) -> Result<Self, Error> {
        let builder = MmapRegionBuilder::new_with_bitmap(size, B::with_len(size))
            .with_mmap_prot(prot)
            .with_mmap_flags(flags);
        match file_offset {
            Some(file_offset) => builder.with_file_offset(file_offset).build(),
            None => builder.build(),
        }
    }

    /// A region of `size` bytes that other code mapped at `addr`, with this protection and these flags. The bytes stay
    /// mapped when the region is dropped.
    ///
    /// # Errors
    /// [`Error::InvalidPointer`] if `addr` is not aligned to a page.
    ///
    /// # Safety
    /// As [`MmapRegionBuilder::with_raw_mmap_pointer`].
    pub unsafe fn build_raw(
        addr: *mut u8,
        size: usize,
        prot: i32,
        flags: i32,
    ) -> Result<Self, Error> {
        let builder = MmapRegionBuilder::new_with_bitmap(size, B::with_len(size))
            .with_mmap_prot(prot)
            .with_mmap_flags(flags);
        // SAFETY: the caller's promise.
        unsafe { builder.with_raw_mmap_pointer(addr) }.build()
    }
}

impl<B: Bitmap> MmapRegion<B> {
    /// The pointer to the first byte. Writes through it are not marked.
    pub fn as_ptr(&self) -> *mut u8 {
        self.addr
    }

    /// The length in bytes.
    #[inline]
    pub fn size(&self) -> usize {
        self.size
    }

    /// The file that is mapped, if one is.
    pub fn file_offset(&self) -> Option<&FileOffset> {
        self.file_offset.as_ref()
    }

    /// The protection it was mapped with.
    pub fn prot(&self) -> i32 {
        self.prot
    }

    /// The flags it was mapped with.
    pub fn flags(&self) -> i32 {
        self.flags
    }

    /// Whether the mapping ends when the region is dropped.
    pub fn owned(&self) -> bool {
        self.mapping.is_some()
    }

    /// Whether both map a common byte of the same file (by one file descriptor).
    pub fn fds_overlap<T: Bitmap>(&self, other: &MmapRegion<T>) -> bool {
        let (Some(one), Some(two)) = (&self.file_offset, &other.file_offset) else {
            return false;
        };
        let end = |file: &FileOffset, size: usize| file.start().saturating_add(size as u64);
        super::system::same_file(one, two)
            && one.start() < end(two, other.size)
            && two.start() < end(one, self.size)
    }

    /// Notes whether the mapping is in huge pages. The crate does not find out by itself.
    pub fn set_hugetlbfs(&mut self, hugetlbfs: bool) {
        self.hugetlbfs = Some(hugetlbfs);
    }

    /// Whether the mapping is in huge pages; `None` if that was not noted.
    pub fn is_hugetlbfs(&self) -> Option<bool> {
        self.hugetlbfs
    }

    /// The bitmap in which writes are marked.
    pub fn bitmap(&self) -> &B {
        &self.bitmap
    }
}

impl<B: Bitmap> VolatileMemory for MmapRegion<B> {
    type B = B;

    #[inline]
    fn len(&self) -> usize {
        self.size
    }

    #[inline]
    fn get_slice(
        &self,
        offset: usize,
        count: usize,
    ) -> volatile_memory::Result<VolatileSlice<'_, BS<'_, B>>> {
        self.compute_end_offset(offset, count)?;
        // SAFETY: a volatile slice is made of a raw pointer. The range is inside the mapping, as was checked; the
        // mapping lasts as long as `self`, and no reference to its bytes is ever made.
        Ok(unsafe {
            VolatileSlice::with_bitmap(
                self.addr.wrapping_add(offset),
                count,
                self.bitmap.slice_at(offset),
                None,
            )
        })
    }
}
