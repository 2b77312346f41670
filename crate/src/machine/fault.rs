//! `Fault`: why an operation on an [`AddressSpace`](crate::AddressSpace) was refused, with the address and the length.
//!
//! vm-memory's errors drop both on the way up, and debugging a guest needs them. One enum serves Rust and, through
//! `Fault::code`, JavaScript (test/unit/core/errors.test.ts has a row for each).

use crate::abi;
use crate::model::guest_memory::{Coverage, Error, GuestAddress, GuestMemoryBackend, coverage};

/// Why an operation on an address space was refused. A refused operation has done nothing.
///
/// ```
/// use guest_memory::{AddressSpace, Fault, GuestAddress};
/// let space = AddressSpace::from_ranges(&[(GuestAddress(0), 0x1000)])?;
/// let fault = space.fill(GuestAddress(0xff0), 0, 0x20).unwrap_err();
/// assert_eq!(fault, Fault::PartialBuffer { address: 0x1000, completed: 0x10 });
/// assert_eq!(fault.to_string(), "no memory at guest address 0x1000, 16 bytes into the range");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// The first byte of the range is not backed.
    #[error("no memory at guest address {address:#x}")]
    InvalidGuestAddress {
        /// The range's first byte.
        address: u64,
    },
    /// The range begins in memory and runs into a hole.
    #[error("no memory at guest address {address:#x}, {completed} bytes into the range")]
    PartialBuffer {
        /// The first byte that is not backed.
        address: u64,
        /// Bytes before it that are backed.
        completed: u64,
    },
    /// The range, or the region, passes 2^64.
    #[error("the range passes 2^64, {completed} bytes after its start")]
    GuestAddressOverflow {
        /// Bytes before 2^64.
        completed: u64,
    },
    /// The range lies in memory, but in more than one region.
    #[error("the range crosses into another region at guest address {address:#x}")]
    CrossesRegions {
        /// The first byte of the second region.
        address: u64,
    },
    /// Two regions share a byte.
    #[error("the region at {address:#x} overlaps another")]
    MemoryRegionOverlap {
        /// Where the later region starts.
        address: u64,
    },
    /// Regions must be given in ascending order.
    #[error("the region at {address:#x} comes after a region with a higher start")]
    UnsortedMemoryRegions {
        /// Where the region that is out of order starts.
        address: u64,
    },
    /// No region at all, or none with exactly this start and size.
    #[error("there is no such region")]
    NoMemoryRegion,
    /// An empty region, or an empty range to watch.
    #[error("the range at {address:#x} is empty")]
    EmptyRegion {
        /// Where it would start.
        address: u64,
    },
    /// Linear memory cannot hold this much.
    #[error("linear memory cannot hold {bytes} bytes more")]
    OutOfMemory {
        /// Bytes asked for.
        bytes: u64,
    },
    /// Seven dirty clients are open already.
    #[error("all seven dirty clients are in use")]
    TooManyClients,
    /// An alias shows itself, or more bytes than its target has.
    #[error("the alias would show itself, or more than its target has from byte {offset:#x} on")]
    InvalidAlias {
        /// The offset in the target where it begins.
        offset: u64,
    },
    /// A write to ROM.
    #[error("the memory at guest address {address:#x} is read-only")]
    ReadOnly {
        /// The first byte that cannot be written.
        address: u64,
        /// Bytes before it that can be written.
        completed: u64,
    },
    /// [`protect`](crate::AddressSpace::protect) forbids the access.
    #[error("the access is not permitted at guest address {address:#x}")]
    PermissionDenied {
        /// The first byte whose page forbids it.
        address: u64,
        /// Bytes before it whose pages allow it.
        completed: u64,
    },
    /// A device where memory is needed, or external memory where linear memory is needed.
    #[error("a device is at guest address {address:#x}, or external memory")]
    NotMemory {
        /// The first such byte in the range.
        address: u64,
        /// Bytes before it that are memory.
        completed: u64,
    },
    /// Permissions apply to whole pages.
    #[error("guest address {address:#x} or the length is not a multiple of 4096")]
    Misaligned {
        /// Where the range begins.
        address: u64,
    },
    /// An address space maps a region at most once.
    #[error("the region is mapped in this address space already")]
    AlreadyMapped,
}

impl Fault {
    /// The number that crosses to JavaScript; 0 means no fault.
    pub fn code(&self) -> u32 {
        match self {
            Fault::InvalidGuestAddress { .. } => abi::STATUS_INVALID_GUEST_ADDRESS,
            Fault::PartialBuffer { .. } => abi::STATUS_PARTIAL_BUFFER,
            Fault::GuestAddressOverflow { .. } => abi::STATUS_GUEST_ADDRESS_OVERFLOW,
            Fault::CrossesRegions { .. } => abi::STATUS_CROSSES_REGIONS,
            Fault::MemoryRegionOverlap { .. } => abi::STATUS_MEMORY_REGION_OVERLAP,
            Fault::UnsortedMemoryRegions { .. } => abi::STATUS_UNSORTED_MEMORY_REGIONS,
            Fault::NoMemoryRegion => abi::STATUS_NO_MEMORY_REGION,
            Fault::EmptyRegion { .. } => abi::STATUS_EMPTY_REGION,
            Fault::OutOfMemory { .. } => abi::STATUS_OUT_OF_MEMORY,
            Fault::TooManyClients => abi::STATUS_TOO_MANY_CLIENTS,
            Fault::InvalidAlias { .. } => abi::STATUS_INVALID_ALIAS,
            Fault::ReadOnly { .. } => abi::STATUS_READ_ONLY,
            Fault::PermissionDenied { .. } => abi::STATUS_PERMISSION_DENIED,
            Fault::NotMemory { .. } => abi::STATUS_NOT_MEMORY,
            Fault::Misaligned { .. } => abi::STATUS_MISALIGNED,
            Fault::AlreadyMapped => abi::RUST_STATUS_ALREADY_MAPPED,
        }
    }

    /// Why `memory` does not back each of the `length` bytes from `address` on; `None` if it does.
    ///
    /// For code that is generic over vm-memory's traits. An [`Error`] has room for the address or for the length at
    /// best; a caller that knows which range it accessed learns the rest here.
    ///
    /// ```
    /// use guest_memory::{AddressSpace, Bytes, Fault, GuestAddress, GuestMemoryError};
    /// let space = AddressSpace::from_ranges(&[(GuestAddress(0), 0x1000)])?;
    /// let map = space.view();
    /// let memory = map.flat(); // or any other, such as a `GuestMemoryMmap`
    /// let (address, bytes) = (GuestAddress(0xff0), [7; 0x20]);
    /// let error = memory.write_slice(&bytes, address).unwrap_err();
    /// assert!(matches!(error, GuestMemoryError::PartialBuffer { expected: 0x20, completed: 0x10 }));
    /// let fault = Fault::of(memory, address, 0x20);
    /// assert_eq!(fault, Some(Fault::PartialBuffer { address: 0x1000, completed: 0x10 }));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn of<M>(memory: &M, address: GuestAddress, length: u64) -> Option<Fault>
    where
        M: GuestMemoryBackend + ?Sized,
    {
        match coverage(memory, address, length) {
            Coverage::Full => None,
            Coverage::Unmapped => Some(Fault::InvalidGuestAddress { address: address.0 }),
            Coverage::Hole { mapped, at } => Some(Fault::PartialBuffer {
                address: at.0,
                completed: mapped,
            }),
            Coverage::PastEnd { mapped } => Some(Fault::GuestAddressOverflow { completed: mapped }),
        }
    }

    /// The address that the fault names (the failing byte, or a region's start) and the bytes before it; 0 where the
    /// fault has none.
    pub fn location(&self) -> (u64, u64) {
        match *self {
            Fault::PartialBuffer { address, completed }
            | Fault::ReadOnly { address, completed }
            | Fault::PermissionDenied { address, completed }
            | Fault::NotMemory { address, completed } => (address, completed),
            Fault::InvalidAlias { offset } => (offset, 0),
            Fault::GuestAddressOverflow { completed } => (u64::MAX, completed),
            Fault::OutOfMemory { bytes } => (0, bytes),
            Fault::InvalidGuestAddress { address }
            | Fault::CrossesRegions { address }
            | Fault::MemoryRegionOverlap { address }
            | Fault::UnsortedMemoryRegions { address }
            | Fault::Misaligned { address }
            | Fault::EmptyRegion { address } => (address, 0),
            Fault::NoMemoryRegion | Fault::TooManyClients | Fault::AlreadyMapped => (0, 0),
        }
    }
}

/// vm-memory's error for the same failure, for code that is generic over its traits.
impl From<Fault> for Error {
    fn from(fault: Fault) -> Self {
        let bytes = |count: u64| usize::try_from(count).unwrap_or(usize::MAX);
        match fault {
            Fault::InvalidGuestAddress { address }
            | Fault::ReadOnly { address, .. }
            | Fault::PermissionDenied { address, .. }
            | Fault::NotMemory { address, .. } => Error::InvalidGuestAddress(GuestAddress(address)),
            Fault::PartialBuffer { completed, .. } => Error::PartialBuffer {
                expected: bytes(completed).saturating_add(1),
                completed: bytes(completed),
            },
            Fault::GuestAddressOverflow { .. } => Error::GuestAddressOverflow,
            _ => Error::InvalidBackendAddress,
        }
    }
}
