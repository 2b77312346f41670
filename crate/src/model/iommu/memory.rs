//! [`IommuMemory`]: a memory as seen by a device behind an IOMMU.

use super::{Error as IommuError, Iommu, IotlbIterator, IovaRange};
use crate::model::bitmap::{BS, Bitmap, MS};
use crate::model::guest_memory::{
    Error, GuestAddress, GuestMemory, GuestMemoryBackend, GuestMemoryBackendSliceIterator,
    GuestMemorySliceIterator, Permissions, Result,
};
use crate::model::region::GuestMemoryRegion;
use crate::model::volatile_memory::VolatileSlice;
use std::fmt;
use std::iter::FusedIterator;
use std::sync::Arc;

/// The type of the bitmaps in which a memory's regions mark writes.
type BitmapOf<M> = <<M as GuestMemoryBackend>::R as GuestMemoryRegion>::B;

/// A memory whose addresses an [`Iommu`] translates while the translation is enabled.
///
/// While it is enabled, writes are marked at their IOVA in the `IommuMemory`'s own bitmap, and not in the bitmaps of
/// the memory behind. A range is accessed as a whole or not at all: if part of it is not mapped, that is an error. On
/// a 32-bit host, an IOVA past 4 GiB can only be accessed if the bitmap tracks nothing.
///
/// ```
/// use guest_memory::iommu::{Error, Iommu, IommuMemory, Iotlb, IotlbIterator, IovaRange};
/// use guest_memory::{AddressSpace, Bytes, GuestAddress, GuestMemoryBackend, GuestMemoryRegion, Permissions};
///
/// /// Mappings that never change.
/// #[derive(Debug)]
/// struct Fixed(Iotlb);
///
/// impl Iommu for Fixed {
///     type IotlbGuard<'a> = &'a Iotlb;
///
///     fn translate(
///         &self,
///         iova: GuestAddress,
///         length: usize,
///         access: Permissions,
///     ) -> Result<IotlbIterator<&Iotlb>, Error> {
///         Iotlb::lookup(&self.0, iova, length, access).map_err(|fails| Error::CannotResolve {
///             iova_range: IovaRange { base: iova, length },
///             reason: format!("{fails:?}"),
///         })
///     }
/// }
///
/// let mut iotlb = Iotlb::new();
/// iotlb.set_mapping(GuestAddress(0x10_0000), GuestAddress(0), 0x1000, Permissions::Read)?;
/// let space = AddressSpace::from_ranges(&[(GuestAddress(0), 0x1000)])?;
/// space.write_obj(5u32, GuestAddress(0x10))?;
/// let ram = space.view().flat().clone();
/// let marks = ram.iter().next().unwrap().bitmap(); // of the same type as the regions' bitmaps
/// let memory = IommuMemory::new(ram, Fixed(iotlb), true, marks);
/// assert_eq!(memory.read_obj::<u32>(GuestAddress(0x10_0010))?, 5);
/// assert!(memory.write_obj(6u32, GuestAddress(0x10_0010)).is_err(), "mapped for reading");
/// assert!(memory.read_obj::<u32>(GuestAddress(0x10)).is_err(), "not mapped");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct IommuMemory<M: GuestMemoryBackend, I: Iommu> {
    backend: M,
    iommu: Arc<I>,
    use_iommu: bool,
    bitmap: Arc<BitmapOf<M>>,
}

impl<M: GuestMemoryBackend, I: Iommu> IommuMemory<M, I> {
    /// `backend` behind `iommu`; `bitmap` is where writes are marked by their IOVA.
    pub fn new(
        backend: M,
        iommu: I,
        use_iommu: bool,
        bitmap: <Self as GuestMemory>::Bitmap,
    ) -> Self {
        IommuMemory {
            backend,
            iommu: Arc::new(iommu),
            use_iommu,
            bitmap: Arc::new(bitmap),
        }
    }

    /// Another memory behind the same IOMMU, with the same bitmap.
    #[must_use]
    pub fn with_replaced_backend(&self, new_backend: M) -> Self {
        IommuMemory {
            backend: new_backend,
            iommu: self.iommu.clone(),
            use_iommu: self.use_iommu,
            bitmap: self.bitmap.clone(),
        }
    }

    /// The bitmap in which writes are marked by their IOVA.
    pub fn bitmap(&self) -> &Arc<<Self as GuestMemory>::Bitmap> {
        &self.bitmap
    }

    /// Enables the translation, or disables it: then IOVAs are the memory's own addresses.
    pub fn set_iommu_enabled(&mut self, enabled: bool) {
        self.use_iommu = enabled;
    }

    /// Whether addresses are translated.
    pub fn get_iommu_enabled(&self) -> bool {
        self.use_iommu
    }

    /// The IOMMU.
    pub fn iommu(&self) -> &Arc<I> {
        &self.iommu
    }

    /// The memory behind.
    pub fn get_backend(&self) -> &M {
        &self.backend
    }

    fn translate(
        &self,
        iova: GuestAddress,
        count: usize,
        access: Permissions,
    ) -> Result<IotlbIterator<I::IotlbGuard<'_>>> {
        let to_last = count.saturating_sub(1) as u64;
        iova.0
            .checked_add(to_last)
            .ok_or(Error::GuestAddressOverflow)?;
        Ok(self.iommu.translate(iova, count, access)?)
    }
}

impl<M: GuestMemoryBackend + Clone, I: Iommu> Clone for IommuMemory<M, I> {
    fn clone(&self) -> Self {
        self.with_replaced_backend(self.backend.clone())
    }
}

impl<M, I> Default for IommuMemory<M, I>
where
    M: GuestMemoryBackend + Default,
    I: Iommu + Default,
    BitmapOf<M>: Default,
{
    fn default() -> Self {
        Self::new(M::default(), I::default(), false, BitmapOf::<M>::default())
    }
}

impl<M: GuestMemoryBackend + fmt::Debug, I: Iommu> fmt::Debug for IommuMemory<M, I> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IommuMemory")
            .field("backend", &self.backend)
            .field("iommu", &self.iommu)
            .field("use_iommu", &self.use_iommu)
            .finish_non_exhaustive()
    }
}

impl<M: GuestMemoryBackend, I: Iommu> GuestMemory for IommuMemory<M, I> {
    type PhysicalMemory = M;
    type Bitmap = BitmapOf<M>;

    fn check_range(&self, addr: GuestAddress, count: usize, access: Permissions) -> bool {
        if !self.use_iommu {
            return GuestMemoryBackend::check_range(&self.backend, addr, count);
        }
        let Ok(mut ranges) = self.translate(addr, count, access) else {
            return false;
        };
        let mut mapped = 0usize;
        ranges.all(|range| {
            mapped = mapped.saturating_add(range.length);
            GuestMemoryBackend::check_range(&self.backend, range.base, range.length)
        }) && mapped >= count
    }

    fn get_slices<'a>(
        &'a self,
        addr: GuestAddress,
        count: usize,
        access: Permissions,
    ) -> Result<impl GuestMemorySliceIterator<'a, BS<'a, Self::Bitmap>>> {
        if !self.use_iommu {
            let slices = GuestMemoryBackend::get_slices(&self.backend, addr, count);
            return Ok(IommuMemorySliceIterator(Slices::Direct(slices)));
        }
        Ok(IommuMemorySliceIterator(Slices::Translated(Translated {
            memory: self,
            ranges: self.translate(addr, count, access)?,
            slices: None,
            iova: addr.0,
            left: count,
        })))
    }

    fn physical_memory(&self) -> Option<&M> {
        (!self.use_iommu).then_some(&self.backend)
    }
}

/// The slices of a range behind an IOMMU. The iterator ends after an error.
///
/// ```
/// # use guest_memory::iommu::{Error, Iommu, IommuMemory, Iotlb, IotlbIterator};
/// # use guest_memory::{AddressSpace, GuestAddress, GuestMemory, GuestMemoryBackend, GuestMemoryRegion, Permissions};
/// # #[derive(Debug)]
/// # struct Fixed(Iotlb);
/// # impl Iommu for Fixed {
/// #     type IotlbGuard<'a> = &'a Iotlb;
/// #     fn translate(
/// #         &self,
/// #         iova: GuestAddress,
/// #         length: usize,
/// #         access: Permissions,
/// #     ) -> Result<IotlbIterator<&Iotlb>, Error> {
/// #         Iotlb::lookup(&self.0, iova, length, access)
/// #             .map_err(|fails| Error::IommuMisconfigured { reason: format!("{fails:?}") })
/// #     }
/// # }
/// # let space = AddressSpace::from_ranges(&[(GuestAddress(0), 0x2000)])?;
/// # let ram = space.view().flat().clone();
/// # let marks = ram.iter().next().unwrap().bitmap();
/// # let mut iotlb = Iotlb::new();
/// iotlb.set_mapping(GuestAddress(0x10_0000), GuestAddress(0x1000), 0x1000, Permissions::Read)?;
/// iotlb.set_mapping(GuestAddress(0x10_1000), GuestAddress(0), 0x1000, Permissions::Read)?;
/// let memory = IommuMemory::new(ram, Fixed(iotlb), true, marks);
/// let slices = memory.get_slices(GuestAddress(0x10_0ffc), 8, Permissions::Read)?;
/// let lengths: Result<Vec<_>, _> = slices.map(|slice| slice.map(|slice| slice.len())).collect();
/// assert_eq!(lengths?, [4, 4]); // one for each mapping
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct IommuMemorySliceIterator<'a, M: GuestMemoryBackend, I: Iommu>(Slices<'a, M, I>);

enum Slices<'a, M: GuestMemoryBackend, I: Iommu> {
    Direct(GuestMemoryBackendSliceIterator<'a, M>),
    Translated(Translated<'a, M, I>),
}

struct Translated<'a, M: GuestMemoryBackend, I: Iommu> {
    memory: &'a IommuMemory<M, I>,
    ranges: IotlbIterator<I::IotlbGuard<'a>>,
    /// The slices of the current mapped range.
    slices: Option<GuestMemoryBackendSliceIterator<'a, M>>,
    /// The IOVA where the next slice begins, if bytes are left.
    iova: u64,
    left: usize,
}

impl<'a, M: GuestMemoryBackend, I: Iommu> Translated<'a, M, I> {
    fn next_slice(&mut self) -> Result<VolatileSlice<'a, MS<'a, M>>> {
        let slice = loop {
            if let Some(slice) = self.slices.as_mut().and_then(Iterator::next) {
                break slice?;
            }
            let range = self.ranges.next().ok_or_else(|| self.too_short())?;
            let length = range.length.min(self.left);
            let backend = &self.memory.backend;
            self.slices = Some(GuestMemoryBackend::get_slices(backend, range.base, length));
        };
        let bitmap = self.memory.bitmap.slice_at(self.mark_from(slice.len())?);
        self.left -= slice.len();
        self.iova = self.iova.wrapping_add(slice.len() as u64);
        let start = slice.ptr_guard_mut().as_ptr();
        // SAFETY: the new slice has the same bytes and lifetime, and another bitmap. Safe code cannot change a slice's
        // bitmap.
        Ok(unsafe { VolatileSlice::with_bitmap(start, slice.len(), bitmap, None) })
    }

    /// The offset in the bitmap at which the next `length` bytes are marked.
    fn mark_from(&self, length: usize) -> Result<usize> {
        if size_of::<BitmapOf<M>>() == 0 {
            return Ok(0); // a bitmap of size 0 tracks nothing
        }
        let offset = usize::try_from(self.iova).ok();
        offset
            .filter(|offset| offset.checked_add(length.saturating_sub(1)).is_some())
            .ok_or(Error::InvalidBackendAddress)
    }

    /// The error if the IOMMU returned less than the range.
    fn too_short(&self) -> Error {
        Error::IommuError(IommuError::CannotResolve {
            iova_range: IovaRange {
                base: GuestAddress(self.iova),
                length: self.left,
            },
            reason: "the translation ends before".into(),
        })
    }
}

impl<'a, M: GuestMemoryBackend, I: Iommu> Iterator for IommuMemorySliceIterator<'a, M, I> {
    type Item = Result<VolatileSlice<'a, MS<'a, M>>>;

    fn next(&mut self) -> Option<Self::Item> {
        match &mut self.0 {
            Slices::Direct(slices) => slices.next(),
            Slices::Translated(translated) => {
                if translated.left == 0 {
                    return None;
                }
                let slice = translated.next_slice();
                if slice.is_err() {
                    translated.left = 0;
                }
                Some(slice)
            }
        }
    }
}

impl<M: GuestMemoryBackend, I: Iommu> FusedIterator for IommuMemorySliceIterator<'_, M, I> {}

impl<'a, M: GuestMemoryBackend, I: Iommu> GuestMemorySliceIterator<'a, MS<'a, M>>
    for IommuMemorySliceIterator<'a, M, I>
{
}

impl<M: GuestMemoryBackend, I: Iommu> fmt::Debug for IommuMemorySliceIterator<'_, M, I> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = f.debug_struct("IommuMemorySliceIterator");
        match &self.0 {
            Slices::Direct(slices) => out.field("slices", slices),
            Slices::Translated(translated) => out
                .field("iova", &translated.iova)
                .field("left", &translated.left),
        }
        .finish_non_exhaustive()
    }
}
