//! A guest's memory behind an IOMMU: a device accesses I/O virtual addresses (IOVAs), which an [`Iommu`] translates.
//! [`IommuMemory`] is the [`GuestMemory`](crate::GuestMemory) at these addresses.
//!
//! ```text
//!   IOVA ──Iommu::translate──▶ MappedRanges (from an Iotlb) ──▶ the memory behind ──▶ VolatileSlices
//! ```

use crate::model::guest_memory::{GuestAddress, Permissions};
use std::fmt;
use std::ops::Deref;

mod error;
mod iotlb;
mod memory;
mod range;

pub use error::Error;
pub use iotlb::{Iotlb, IotlbFails, IotlbIterator};
pub use memory::{IommuMemory, IommuMemorySliceIterator};
pub use range::{IovaRange, MappedRange};

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
    /// The guard that keeps the mappings from changing while they are used.
    type IotlbGuard<'a>: Deref<Target = Iotlb> + 'a
    where
        Self: 'a;

    /// All guest-physical ranges that the `length` bytes from `iova` are mapped to, in order, if all allow `access`.
    ///
    /// # Errors
    /// If a byte is not mapped, or does not allow `access`.
    fn translate(
        &self,
        iova: GuestAddress,
        length: usize,
        access: Permissions,
    ) -> Result<IotlbIterator<Self::IotlbGuard<'_>>, Error>;
}

#[cfg(test)]
mod tests;
