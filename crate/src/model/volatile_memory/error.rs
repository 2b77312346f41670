//! Why bytes could not be accessed.

use std::io;
use thiserror::Error;

/// The reason why bytes could not be accessed. Addresses and offsets are in bytes.
///
/// ```
/// use guest_memory::{VolatileMemory, VolatileMemoryError, VolatileSlice};
/// let mut backing = [0u8; 8];
/// let memory = VolatileSlice::from(&mut backing[..]);
/// assert!(matches!(memory.get_slice(4, 5), Err(VolatileMemoryError::OutOfBounds { addr: 9 })));
/// ```
#[derive(Debug, Error)]
pub enum Error {
    /// `addr` is outside the memory.
    #[error("address {addr:#x} is out of bounds")]
    OutOfBounds {
        /// The offset that is outside, or the end of the range.
        addr: usize,
    },
    /// `base + offset` is more than a `usize` holds.
    #[error("offset {offset:#x} from {base:#x} overflows")]
    Overflow {
        /// The offset where the range begins.
        base: usize,
        /// The distance that was added to it.
        offset: usize,
    },
    /// `nelements * size` is more than `isize::MAX`.
    #[error("{nelements} elements of {size} bytes are too many")]
    TooBig {
        /// The number of elements.
        nelements: usize,
        /// The size of one element, in bytes.
        size: usize,
    },
    /// `addr` is not aligned for the type of the value.
    #[error("address {addr:#x} is not aligned to {alignment:#x}")]
    Misaligned {
        /// The address in the host's memory.
        addr: usize,
        /// The alignment that was needed, in bytes.
        alignment: usize,
    },
    /// Reading from or writing to a stream failed.
    #[error("{0}")]
    IOError(io::Error),
    /// Fewer bytes are there than were asked for.
    #[error("only {completed} of {expected} bytes are there")]
    PartialBuffer {
        /// The number of bytes asked for.
        expected: usize,
        /// The number of bytes that are there.
        completed: usize,
    },
}

/// The result of an access to volatile memory.
///
/// ```
/// use guest_memory::volatile_memory::Result;
/// use guest_memory::{VolatileMemory, VolatileSlice};
/// fn length(header: VolatileSlice<'_>) -> Result<u32> {
///     Ok(header.get_ref::<u32>(4)?.load())
/// }
/// assert!(length(VolatileSlice::from(&mut [0u8; 4][..])).is_err());
/// ```
pub type Result<T> = std::result::Result<T, Error>;
