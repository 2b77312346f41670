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
    /// A mapping of `size` bytes, with a default bitmap.
    pub fn new(size: usize) -> Self {
        Self::new_with_bitmap(size, B::default())
    }
}

impl<B: Bitmap> MmapRegionBuilder<B> {
    /// A mapping of `size` bytes, whose writes are marked in `bitmap`: fresh zero bytes, private, and, as in
    /// vm-memory, not to be accessed at all unless [`with_mmap_prot`](MmapRegionBuilder::with_mmap_prot) says how.
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

    /// With `mmap`'s protection, such as `PROT_READ | PROT_WRITE`. It means nothing outside Unix.
    #[must_use]
    pub fn with_mmap_prot(mut self, prot: i32) -> Self {
        self.prot = prot;
        self
    }

    /// With `mmap`'s flags. They mean nothing outside Unix.
    #[must_use]
    pub fn with_mmap_flags(mut self, flags: i32) -> Self {
        self.flags = flags;
        self
    }

    /// Of a file, from this position on.
    #[must_use]
    pub fn with_file_offset(mut self, file_offset: FileOffset) -> Self {
        self.file_offset = Some(file_offset);
        self
    }

    /// Noted as being in huge pages, or not.
    #[must_use]
    pub fn with_hugetlbfs(mut self, hugetlbfs: bool) -> Self {
        self.hugetlbfs = Some(hugetlbfs);
        self
    }

    /// Of what somebody else mapped at `addr`, and goes on owning.
    ///
    /// # Safety
    /// For as long as the region lives, `addr` must be valid for the accesses that the protection allows to as many
    /// bytes as the region has, and nobody may use a reference to one of them.
    #[must_use]
    pub unsafe fn with_raw_mmap_pointer(mut self, addr: *mut u8) -> Self {
        self.raw = Some(addr);
        self
    }

    /// Maps.
    ///
    /// # Errors
    /// Of somebody else's pointer only [`Error::InvalidPointer`], if it is not aligned to a page. Else
    /// [`Error::MapFixed`] if the flags have `MAP_FIXED`, [`Error::InvalidOffsetLength`], and [`Error::Mmap`] if the
    /// system refuses.
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
