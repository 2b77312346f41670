//! [`MmapRegionBuilder`]: a mapping with all its options.

use super::flags::{FIXED, PRIVATE};
use super::region::{Error, MmapRegion};
use super::system::Mapping;
use crate::model::bitmap::Bitmap;
use crate::model::guest_memory::FileOffset;
use crate::model::page_size::host_page_size;

/// The options of an [`MmapRegion`].
///
/// ```
/// use guest_memory::mmap::MmapRegionBuilder;
/// let mapping = MmapRegionBuilder::<()>::new(0x1000)
///     .with_mmap_prot(1) // PROT_READ: what is mapped without it cannot be accessed
///     .with_hugetlbfs(false)
///     .build()?;
/// assert_eq!((mapping.prot(), mapping.is_hugetlbfs()), (1, Some(false)));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct MmapRegionBuilder<B = ()> {
    size: usize,
    bitmap: B,
    prot: i32,
    flags: i32,
    file_offset: Option<FileOffset>,
    raw: Option<*mut u8>,
    hugetlbfs: Option<bool>,
}

impl<B: Bitmap + Default> MmapRegionBuilder<B> {
    /// The options for a mapping of `size` bytes, with a default bitmap.
    pub fn new(size: usize) -> Self {
        Self::new_with_bitmap(size, B::default())
    }
}

impl<B: Bitmap> MmapRegionBuilder<B> {
    /// The options for a mapping of `size` fresh zero bytes, private, whose writes are marked in `bitmap`. As in
    /// vm-memory it allows no access at all until [`with_mmap_prot`](MmapRegionBuilder::with_mmap_prot) gives it a
    /// protection.
    pub fn new_with_bitmap(size: usize, bitmap: B) -> Self {
        MmapRegionBuilder {
            size,
            bitmap,
            prot: 0,
            flags: PRIVATE,
            file_offset: None,
            raw: None,
            hugetlbfs: None,
        }
    }

    /// Sets `mmap`'s protection, such as `PROT_READ | PROT_WRITE`. It has no effect outside Unix.
    #[must_use]
    pub fn with_mmap_prot(mut self, prot: i32) -> Self {
        self.prot = prot;
        self
    }

    /// Sets `mmap`'s flags. They have no effect outside Unix.
    #[must_use]
    pub fn with_mmap_flags(mut self, flags: i32) -> Self {
        self.flags = flags;
        self
    }

    /// Maps a file, from this position on.
    #[must_use]
    pub fn with_file_offset(mut self, file_offset: FileOffset) -> Self {
        self.file_offset = Some(file_offset);
        self
    }

    /// Notes whether the mapping is in huge pages.
    #[must_use]
    pub fn with_hugetlbfs(mut self, hugetlbfs: bool) -> Self {
        self.hugetlbfs = Some(hugetlbfs);
        self
    }

    /// Uses the bytes at `addr`, which other code has mapped and still owns.
    ///
    /// # Safety
    /// For as long as the region lives, `addr` must be valid for all accesses to the region's bytes that the
    /// protection allows, and no code may use a reference to one of them.
    #[must_use]
    pub unsafe fn with_raw_mmap_pointer(mut self, addr: *mut u8) -> Self {
        self.raw = Some(addr);
        self
    }

    /// Makes the mapping.
    ///
    /// # Errors
    /// [`Error::InvalidPointer`] if a pointer was given that is not aligned to a page; a given pointer has no other
    /// error. Else [`Error::MapFixed`] if the flags have `MAP_FIXED`, [`Error::InvalidOffsetLength`], and
    /// [`Error::Mmap`] if the system refuses.
    pub fn build(self) -> Result<MmapRegion<B>, Error> {
        let (addr, mapping) = match self.raw {
            Some(addr) if addr.addr().is_multiple_of(host_page_size().get()) => (addr, None),
            Some(_) => return Err(Error::InvalidPointer),
            None if self.flags & FIXED != 0 => return Err(Error::MapFixed),
            None => {
                let file = self.file_offset.as_ref();
                let mapping = Mapping::new(file, self.size, self.prot, self.flags)?;
                (mapping.addr(), Some(mapping))
            }
        };
        Ok(MmapRegion {
            addr,
            size: self.size,
            bitmap: self.bitmap,
            file_offset: self.file_offset,
            prot: self.prot,
            flags: self.flags,
            hugetlbfs: self.hugetlbfs,
            mapping,
        })
    }
}
