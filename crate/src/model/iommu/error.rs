//! Why an IOVA could not be translated.

use super::IovaRange;

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
