//! `Status`: the result of a call. JavaScript sees the numbers, by the names they have here.

use virtio_queue::Error;
use wasm_bindgen::prelude::wasm_bindgen;

/// The result of a call. Any result of `notify` but `Ok` breaks the device until its queue is set again.
#[wasm_bindgen]
#[repr(u8)]
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Status {
    /// The work is done.
    Ok = 0,
    /// The handle names no memory: the memory was disposed, or never existed.
    NoSuchMemory = 1,
    /// The queue was not set.
    NotReady = 2,
    /// An earlier error broke the device.
    NeedsReset = 3,
    /// The queue's size is no power of two, or more than the device's 256.
    QueueSize = 4,
    /// The descriptor table or a ring is not aligned.
    QueueAlignment = 5,
    /// The descriptor table or a ring is not in memory, or not all of it.
    QueueMemory = 6,
    /// The available index says that more chains are waiting than the queue has room for.
    AvailableIndex = 7,
    /// A chain has no end, leaves its table, is longer than the queue or 2^32 bytes, or its indirect table is not one.
    Chain = 8,
    /// A buffer that the device may only read where the device writes, or the other way round.
    Direction = 9,
    /// A buffer is not in memory, or not all of it.
    BufferMemory = 10,
    /// A chain has more bytes than the device takes at once.
    TooLong = 11,
    /// The JavaScript source or target of the device's bytes has thrown.
    Host = 12,
    /// Wasm's own memory is full.
    OutOfMemory = 13,
}

/// The status for virtio-queue's error, which says how the driver broke the rules.
impl From<Error> for Status {
    fn from(error: Error) -> Self {
        match error {
            Error::InvalidSize | Error::InvalidMaxSize => Self::QueueSize,
            Error::InvalidDescTableAlign
            | Error::InvalidAvailRingAlign
            | Error::InvalidUsedRingAlign => Self::QueueAlignment,
            Error::QueueNotReady => Self::NotReady,
            Error::AddressOverflow | Error::GuestMemory(_) => Self::QueueMemory,
            Error::InvalidAvailRingIndex => Self::AvailableIndex,
            Error::GuestMemoryError(_)
            | Error::FindMemoryRegion
            | Error::VolatileMemoryError(_) => Self::BufferMemory,
            Error::InvalidChain
            | Error::InvalidDescriptorIndex
            | Error::InvalidIndirectDescriptor
            | Error::InvalidIndirectDescriptorTable
            | Error::DescriptorChainOverflow
            | Error::SplitOutOfBounds(_) => Self::Chain,
        }
    }
}
