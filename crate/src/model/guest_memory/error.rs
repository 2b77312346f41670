//! The reason why guest memory could not be accessed.

use super::GuestAddress;
use crate::model::volatile_memory::Error as Volatile;
use std::io;
use thiserror::Error;

/// The reason why guest memory could not be accessed.
///
/// ```
/// use guest_memory::{GuestAddress, GuestMemoryError};
/// let error = GuestMemoryError::InvalidGuestAddress(GuestAddress(0x1000));
/// assert_eq!(error.to_string(), "guest address 0x1000 is not backed by memory");
/// ```
#[derive(Debug, Error)]
pub enum Error {
    /// The address is not backed.
    #[error("guest address {:#x} is not backed by memory", .0.0)]
    InvalidGuestAddress(GuestAddress),
    /// Reading from or writing to a stream failed.
    #[error("{0}")]
    IOError(io::Error),
    /// Some bytes of the range are backed, but not all.
    #[error("only {completed} of {expected} bytes are backed by memory")]
    PartialBuffer {
        /// The number of bytes asked for.
        expected: usize,
        /// The number of bytes, from the first, that are backed.
        completed: usize,
    },
    /// A range that is not in the region or crosses its end, or an atomic access that is not aligned.
    #[error("the range does not lie in one region, or is not aligned")]
    InvalidBackendAddress,
    /// The region has no address in the host's memory.
    #[error("the region has no host address")]
    HostAddressNotAvailable,
    /// A callback returned a larger number of handled bytes than it was given.
    #[error("a callback handled more bytes than it was given")]
    CallbackOutOfRange,
    /// The range goes on past the last address, 2^64 - 1.
    #[error("the range goes on past guest address {:#x}", u64::MAX)]
    GuestAddressOverflow,
    /// An I/O virtual address could not be translated.
    #[cfg(feature = "iommu")]
    #[error(transparent)]
    IommuError(#[from] crate::model::iommu::Error),
}

/// The result of an access to guest memory.
///
/// ```
/// use guest_memory::memory::Result;
/// use guest_memory::{AddressSpace, Bytes, GuestAddress, GuestMemory};
/// fn magic(memory: &impl GuestMemory) -> Result<u32> {
///     memory.read_obj(GuestAddress(0))
/// }
/// let space = AddressSpace::from_ranges(&[(GuestAddress(0), 0x1000)]).unwrap();
/// assert_eq!(magic(&*space.view()).unwrap(), 0);
/// ```
pub type Result<T> = std::result::Result<T, Error>;

impl From<Volatile> for Error {
    fn from(error: Volatile) -> Self {
        match error {
            Volatile::OutOfBounds { .. }
            | Volatile::Overflow { .. }
            | Volatile::TooBig { .. }
            | Volatile::Misaligned { .. } => Error::InvalidBackendAddress,
            Volatile::IOError(error) => Error::IOError(error),
            Volatile::PartialBuffer {
                expected,
                completed,
            } => Error::PartialBuffer {
                expected,
                completed,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_say_what_is_wrong() {
        for (error, text) in [
            (
                Error::InvalidGuestAddress(GuestAddress(0x1000)),
                "guest address 0x1000 is not backed by memory",
            ),
            (
                Error::IOError(std::io::ErrorKind::WriteZero.into()),
                "write zero",
            ),
            (
                Error::PartialBuffer {
                    expected: 4,
                    completed: 3,
                },
                "only 3 of 4 bytes are backed by memory",
            ),
            (
                Error::InvalidBackendAddress,
                "the range does not lie in one region, or is not aligned",
            ),
            (
                Error::HostAddressNotAvailable,
                "the region has no host address",
            ),
            (
                Error::CallbackOutOfRange,
                "a callback handled more bytes than it was given",
            ),
            (
                Error::GuestAddressOverflow,
                "the range goes on past guest address 0xffffffffffffffff",
            ),
        ] {
            assert_eq!(error.to_string(), text);
        }
        for error in [
            Volatile::OutOfBounds { addr: 1 },
            Volatile::Overflow { base: 1, offset: 1 },
            Volatile::TooBig {
                nelements: 1,
                size: 1,
            },
            Volatile::Misaligned {
                addr: 1,
                alignment: 2,
            },
        ] {
            assert!(matches!(error.into(), Error::InvalidBackendAddress));
        }
        let partial = Volatile::PartialBuffer {
            expected: 4,
            completed: 3,
        };
        assert!(matches!(
            partial.into(),
            Error::PartialBuffer {
                expected: 4,
                completed: 3
            }
        ));
        let io = Volatile::IOError(std::io::ErrorKind::WriteZero.into());
        assert!(
            matches!(io.into(), Error::IOError(error) if error.kind() == std::io::ErrorKind::WriteZero)
        );
    }
}
