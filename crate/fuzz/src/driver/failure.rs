//! The crate's errors as failures.

use super::api;
use crate::outcome::Failure;
use api::iommu::{self, IotlbFails, IovaRange};
use api::mmap::{FromRangesError, MmapRegionError};
use api::{GuestMemoryError, GuestRegionCollectionError, VolatileMemoryError};

impl From<GuestMemoryError> for Failure {
    fn from(error: GuestMemoryError) -> Failure {
        match error {
            GuestMemoryError::InvalidGuestAddress(address) => {
                Failure::InvalidGuestAddress(address.0)
            }
            GuestMemoryError::IOError(error) => Failure::Io(error.kind()),
            GuestMemoryError::PartialBuffer {
                expected,
                completed,
            } => Failure::PartialBuffer {
                expected,
                completed,
            },
            GuestMemoryError::InvalidBackendAddress => Failure::InvalidBackendAddress,
            GuestMemoryError::HostAddressNotAvailable => Failure::HostAddressNotAvailable,
            GuestMemoryError::CallbackOutOfRange => Failure::CallbackOutOfRange,
            GuestMemoryError::GuestAddressOverflow => Failure::GuestAddressOverflow,
            GuestMemoryError::IommuError(error) => error.into(),
        }
    }
}

impl From<VolatileMemoryError> for Failure {
    fn from(error: VolatileMemoryError) -> Failure {
        match error {
            VolatileMemoryError::OutOfBounds { addr } => Failure::OutOfBounds(addr),
            VolatileMemoryError::Overflow { base, offset } => Failure::Overflow { base, offset },
            VolatileMemoryError::TooBig { nelements, size } => Failure::TooBig { nelements, size },
            VolatileMemoryError::Misaligned { addr, alignment } => Failure::Misaligned {
                offset: addr,
                alignment,
            },
            VolatileMemoryError::IOError(error) => Failure::Io(error.kind()),
            VolatileMemoryError::PartialBuffer {
                expected,
                completed,
            } => Failure::PartialBuffer {
                expected,
                completed,
            },
        }
    }
}

impl From<iommu::Error> for Failure {
    fn from(error: iommu::Error) -> Failure {
        match error {
            iommu::Error::CannotResolve { iova_range, reason } => Failure::CannotResolve {
                base: iova_range.base.0,
                length: iova_range.length,
                reason,
            },
            iommu::Error::Fragmented {
                iova_range,
                continuous_length,
            } => Failure::Fragmented {
                base: iova_range.base.0,
                length: iova_range.length,
                continuous: continuous_length,
            },
            iommu::Error::IommuMisconfigured { .. } => Failure::Misconfigured,
        }
    }
}

impl From<IotlbFails> for Failure {
    fn from(fails: IotlbFails) -> Failure {
        let pairs = |ranges: Vec<IovaRange>| {
            let pair = |range: IovaRange| (range.base.0, range.length);
            ranges.into_iter().map(pair).collect()
        };
        Failure::Fails {
            misses: pairs(fails.misses),
            access: pairs(fails.access_fails),
        }
    }
}

impl From<GuestRegionCollectionError> for Failure {
    fn from(error: GuestRegionCollectionError) -> Failure {
        match error {
            GuestRegionCollectionError::NoMemoryRegion => Failure::NoMemoryRegion,
            GuestRegionCollectionError::MemoryRegionOverlap => Failure::MemoryRegionOverlap,
            GuestRegionCollectionError::UnsortedMemoryRegions => Failure::UnsortedMemoryRegions,
        }
    }
}

impl From<FromRangesError> for Failure {
    fn from(error: FromRangesError) -> Failure {
        match error {
            FromRangesError::Collection(error) => error.into(),
            FromRangesError::MmapRegion(MmapRegionError::Mmap(error)) => {
                Failure::NotMapped(error.kind())
            }
            FromRangesError::MmapRegion(_) => Failure::NotMappable,
            FromRangesError::InvalidGuestRegion => Failure::InvalidGuestRegion,
        }
    }
}
