//! Why an IOVA could not be translated.

use super::IovaRange;

/// The reason why an IOVA could not be translated, or a mapping could not be made.
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
    /// Part of the range is not mapped, or is not mapped for this access.
    #[error("{iova_range} cannot be resolved: {reason}")]
    CannotResolve {
        /// The range that was asked for.
        iova_range: IovaRange,
        /// The reason, as text.
        reason: String,
    },
    /// The range is mapped in several pieces, and the access needs one.
    #[error("{iova_range} is fragmented: only {continuous_length} bytes are contiguous")]
    Fragmented {
        /// The range that was asked for.
        iova_range: IovaRange,
        /// The number of bytes in the first piece.
        continuous_length: usize,
    },
    /// The IOMMU is not set up for this access, or a mapping is impossible.
    #[error("the IOMMU is misconfigured: {reason}")]
    IommuMisconfigured {
        /// The reason, as text.
        reason: String,
    },
}
