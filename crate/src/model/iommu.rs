//! A guest's memory behind an IOMMU: a device's accesses go to I/O virtual addresses (IOVAs), which an [`Iommu`]
//! translates, and which [`IommuMemory`] makes a [`GuestMemory`](crate::GuestMemory).
//!
//! ```text
//!   IOVA ──Iommu::translate──▶ MappedRanges (from an Iotlb) ──▶ the memory behind ──▶ VolatileSlices
//! ```

use crate::model::guest_memory::{GuestAddress, Permissions};
use std::fmt;
use std::num::TryFromIntError;
use std::ops::{Deref, Range};

mod iotlb;
mod memory;

pub use iotlb::{Iotlb, IotlbFails, IotlbIterator};
pub use memory::{IommuMemory, IommuMemorySliceIterator};

/// Why an IOVA could not be translated, or a mapping not be made.
///
/// ```
/// use guest_memory::iommu::Iotlb;
/// use guest_memory::{GuestAddress, Permissions};
/// let past_the_end = Iotlb::new()
///     .set_mapping(GuestAddress(u64::MAX), GuestAddress(0), 2, Permissions::Read)
///     .unwrap_err();
/// assert_eq!(
///     past_the_end.to_string(),
///     "the IOMMU is misconfigured: 0x2 bytes from IOVA 0xffffffffffffffff cannot be mapped to 0x0"
/// );
/// ```
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Part of the range is not mapped, or not for this access.
    #[error("{iova_range} cannot be resolved: {reason}")]
    CannotResolve {
        /// What was asked for.
        iova_range: IovaRange,
        /// In words.
        reason: String,
    },
    /// The range is mapped, but not in one piece, which it must be.
    #[error("{iova_range} is fragmented: only {continuous_length} bytes are contiguous")]
    Fragmented {
        /// What was asked for.
        iova_range: IovaRange,
        /// The number of bytes, from the first, that are.
        continuous_length: usize,
    },
    /// The IOMMU is not set up for this, or a mapping cannot be.
    #[error("the IOMMU is misconfigured: {reason}")]
    IommuMisconfigured {
        /// In words.
        reason: String,
    },
}

/// Translates I/O virtual addresses to guest-physical ones.
///
/// ```
/// use guest_memory::iommu::{Error, Iommu, Iotlb, IotlbIterator, IovaRange};
/// use guest_memory::{GuestAddress, Permissions};
/// use std::sync::{RwLock, RwLockReadGuard};
///
/// #[derive(Debug, Default)]
/// struct Mappings(RwLock<Iotlb>);
///
/// impl Iommu for Mappings {
///     type IotlbGuard<'a> = RwLockReadGuard<'a, Iotlb>;
///
///     fn translate(
///         &self,
///         iova: GuestAddress,
///         length: usize,
///         access: Permissions,
///     ) -> Result<IotlbIterator<Self::IotlbGuard<'_>>, Error> {
///         let iotlb = self.0.read().unwrap();
///         Iotlb::lookup(iotlb, iova, length, access).map_err(|fails| Error::CannotResolve {
///             iova_range: IovaRange { base: iova, length },
///             reason: format!("{fails:?}"), // a device with a page walk would walk for the misses, and look again
///         })
///     }
/// }
/// let (iova, length) = (GuestAddress(0x1000), 0x1000);
/// let mappings = Mappings::default();
/// mappings.0.write().unwrap().set_mapping(iova, GuestAddress(0x8_0000), length, Permissions::Read)?;
/// let mapped = mappings.translate(GuestAddress(0x1800), 4, Permissions::Read)?.next().unwrap();
/// assert_eq!((mapped.base, mapped.length), (GuestAddress(0x8_0800), 4));
/// assert!(mappings.translate(GuestAddress(0x1800), 4, Permissions::Write).is_err());
/// # Ok::<(), Error>(())
/// ```
pub trait Iommu: fmt::Debug + Send + Sync {
    /// What keeps the mappings from changing while they are used.
    type IotlbGuard<'a>: Deref<Target = Iotlb> + 'a
    where
        Self: 'a;

    /// The guest-physical ranges that the `length` bytes from `iova` are mapped to, in order and all of them, if all
    /// allow `access`.
    ///
    /// # Errors
    /// If one byte is not mapped, or does not allow it.
    fn translate(
        &self,
        iova: GuestAddress,
        length: usize,
        access: Permissions,
    ) -> Result<IotlbIterator<Self::IotlbGuard<'_>>, Error>;
}

/// A range of I/O virtual addresses.
///
/// ```
/// use guest_memory::GuestAddress;
/// use guest_memory::iommu::IovaRange;
/// let range = IovaRange::try_from(0x1000..0x1800)?;
/// assert_eq!((range.base, range.length), (GuestAddress(0x1000), 0x800));
/// # Ok::<(), std::num::TryFromIntError>(())
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct IovaRange {
    /// The first address.
    pub base: GuestAddress,
    /// The length in bytes.
    pub length: usize,
}

impl fmt::Display for IovaRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "the range of {:#x} bytes from IOVA {:#x}",
            self.length, self.base.0
        )
    }
}

/// A range whose end is not after its start has no bytes.
impl TryFrom<Range<u64>> for IovaRange {
    type Error = TryFromIntError;

    /// # Errors
    /// If a `usize` does not hold the length.
    fn try_from(range: Range<u64>) -> Result<Self, TryFromIntError> {
        Ok(IovaRange {
            base: GuestAddress(range.start),
            length: range.end.saturating_sub(range.start).try_into()?,
        })
    }
}

/// A range of guest-physical addresses that a range of I/O virtual addresses is mapped to.
///
/// ```
/// use guest_memory::iommu::Iotlb;
/// use guest_memory::{GuestAddress, Permissions};
/// let mut iotlb = Iotlb::new();
/// iotlb.set_mapping(GuestAddress(0x1000), GuestAddress(0x8000), 0x1000, Permissions::Read)?;
/// let mapped = Iotlb::lookup(&iotlb, GuestAddress(0x1800), 4, Permissions::Read).unwrap().next().unwrap();
/// assert_eq!((mapped.base, mapped.length), (GuestAddress(0x8800), 4));
/// # Ok::<(), guest_memory::iommu::Error>(())
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct MappedRange {
    /// The first address.
    pub base: GuestAddress,
    /// The length in bytes.
    pub length: usize,
}

#[cfg(test)]
mod tests;
