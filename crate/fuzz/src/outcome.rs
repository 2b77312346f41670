//! The results of an operation, in words that both crates share.

use std::io::ErrorKind;

/// An answer.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Outcome {
    Done,
    Nothing,
    Flag(bool),
    Number(u64),
    Wide(u128),
    Bytes(Vec<u8>),
    List(Vec<Outcome>),
    Failed(Failure),
}

/// An error: the variant, and all that it carries. An address in the host's memory becomes an offset in its region.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Failure {
    // of guest memory
    InvalidGuestAddress(u64),
    Io(ErrorKind),
    PartialBuffer {
        expected: usize,
        completed: usize,
    },
    InvalidBackendAddress,
    HostAddressNotAvailable,
    CallbackOutOfRange,
    GuestAddressOverflow,
    // of volatile memory
    OutOfBounds(usize),
    Overflow {
        base: usize,
        offset: usize,
    },
    TooBig {
        nelements: usize,
        size: usize,
    },
    Misaligned {
        offset: usize,
        alignment: usize,
    },
    // of collections and mappings
    NoMemoryRegion,
    MemoryRegionOverlap,
    UnsortedMemoryRegions,
    InvalidGuestRegion,
    NotMapped(ErrorKind),
    NotMappable,
    // of the IOMMU
    CannotResolve {
        base: u64,
        length: usize,
        reason: String,
    },
    Fragmented {
        base: u64,
        length: usize,
        continuous: usize,
    },
    Misconfigured,
    Fails {
        misses: Vec<(u64, usize)>,
        access: Vec<(u64, usize)>,
    },
    Conversion,
}

/// All that an operation can change.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct State {
    pub regions: Vec<Region>,
    /// The marks by I/O virtual address.
    pub virtual_marks: Vec<u64>,
    /// The bitmap that belongs to no region.
    pub marks: Vec<u64>,
}

#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Region {
    pub start: u64,
    pub bytes: Vec<u8>,
    pub marks: Vec<u64>,
}

impl Outcome {
    pub fn maybe(number: Option<u64>) -> Outcome {
        number.map_or(Outcome::Nothing, Outcome::Number)
    }

    pub fn pair(one: Outcome, two: Outcome) -> Outcome {
        Outcome::List(vec![one, two])
    }
}

impl<E: Into<Failure>> From<Result<Outcome, E>> for Outcome {
    fn from(result: Result<Outcome, E>) -> Outcome {
        result.unwrap_or_else(|error| Outcome::Failed(error.into()))
    }
}

/// One crate with a memory in it.
pub trait Machine {
    /// Runs one operation.
    fn apply(&mut self, operation: &crate::scenario::Operation) -> Outcome;

    /// The state after the operations so far.
    fn state(&self) -> State;

    /// Puts bytes and marks back; the regions must be the same.
    fn restore(&mut self, state: &State);
}
