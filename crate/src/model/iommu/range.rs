//! Ranges of I/O virtual addresses, and of the guest-physical addresses that they are mapped to.

use crate::model::guest_memory::GuestAddress;
use std::fmt;
use std::num::TryFromIntError;
use std::ops::Range;

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

/// A range whose end is not after its start is empty.
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
