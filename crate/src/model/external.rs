//! [`ExternalMemory`]: bytes outside linear memory that other code owns: another Wasm module's memory, an ArrayBuffer,
//! a file. No pointer leads to them, so no slice can show them. Each access copies them to or from the caller's own
//! buffer.

use crate::model::guest_memory::Error;
use core::fmt;
use core::ops::Range;

/// The bytes behind a region of the kind [`External`](crate::RegionKind::External).
///
/// The owner may write the bytes at any time, move them, and take them away.
///
/// # Examples
///
/// ```
/// use guest_memory::external::{ExternalMemory, Unavailable};
/// use guest_memory::{AddressSpace, Bytes, GuestAddress, Region};
/// use std::sync::{Arc, Mutex};
///
/// /// An emulator's own RAM.
/// #[derive(Debug)]
/// struct Theirs(Mutex<Vec<u8>>);
///
/// impl ExternalMemory for Theirs {
///     fn read(&self, offset: u64, into: &mut [u8]) -> Result<(), Unavailable> {
///         let bytes = self.0.lock().map_err(|_| Unavailable)?;
///         let start = usize::try_from(offset).map_err(|_| Unavailable)?;
///         let end = start.checked_add(into.len()).ok_or(Unavailable)?;
///         into.copy_from_slice(bytes.get(start..end).ok_or(Unavailable)?);
///         Ok(())
///     }
///
///     fn write(&self, offset: u64, bytes: &[u8]) -> Result<(), Unavailable> {
///         let mut all = self.0.lock().map_err(|_| Unavailable)?;
///         let start = usize::try_from(offset).map_err(|_| Unavailable)?;
///         let end = start.checked_add(bytes.len()).ok_or(Unavailable)?;
///         all.get_mut(start..end).ok_or(Unavailable)?.copy_from_slice(bytes);
///         Ok(())
///     }
/// }
///
/// let theirs = Arc::new(Theirs(Mutex::new(vec![0; 0x2000])));
/// let space = AddressSpace::new()?;
/// let region = Region::external("their RAM", 0x2000, theirs.clone())?;
/// space.map(&region, GuestAddress(0x1000), 0)?;
/// space.write_obj(0x1234_5678_u32.to_le(), GuestAddress(0x1ffe))?;
/// assert_eq!(theirs.0.lock().unwrap()[0xffe..0x1002], [0x78, 0x56, 0x34, 0x12]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub trait ExternalMemory: fmt::Debug + Send + Sync {
    /// Fills all of `into` from byte `offset` of the region on, or changes nothing.
    ///
    /// # Errors
    ///
    /// [`Unavailable`] if not all of the bytes are there.
    fn read(&self, offset: u64, into: &mut [u8]) -> Result<(), Unavailable>;

    /// Writes all of `bytes` from byte `offset` of the region on, or writes none.
    ///
    /// # Errors
    ///
    /// [`Unavailable`] if not all of the bytes are there.
    fn write(&self, offset: u64, bytes: &[u8]) -> Result<(), Unavailable>;
}

/// The error of an external memory that is gone, or is smaller than its region.
///
/// ```
/// use guest_memory::{GuestMemoryError, external::Unavailable};
/// let error = GuestMemoryError::from(Unavailable); // what `Bytes` answers then
/// assert!(matches!(error, GuestMemoryError::HostAddressNotAvailable));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the external memory is gone, or smaller than its region")]
pub struct Unavailable;

/// vm-memory has no error that is nearer.
impl From<Unavailable> for Error {
    fn from(_: Unavailable) -> Self {
        Error::HostAddressNotAvailable
    }
}

/// Adjacent guest bytes that no slice shows, from [`GuestMemory::external_run`](crate::GuestMemory::external_run).
///
/// ```
/// use guest_memory::{AddressSpace, GuestAddress, GuestMemory, Permissions};
/// let space = AddressSpace::from_ranges(&[(GuestAddress(0), 0x1000)])?;
/// let map = space.view();
/// assert!(map.external_run(GuestAddress(0), 8, Permissions::Read).is_none()); // slices show all of it
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct ExternalRun<'a> {
    pub(crate) memory: &'a dyn ExternalMemory,
    /// The offset of the first byte in it.
    pub(crate) offset: u64,
    pub(crate) length: usize,
    /// The region's number, and the function that is told of bytes of it that were written.
    pub(crate) region: u32,
    pub(crate) written: fn(u32, Range<u64>),
}

impl ExternalRun<'_> {
    /// The number of bytes, at least one.
    #[expect(clippy::len_without_is_empty, reason = "it is never empty")]
    pub fn len(&self) -> usize {
        self.length
    }

    /// The rest of the run after its first `done` bytes. `done` is less than the length.
    pub(crate) fn part(&self, done: usize) -> Self {
        ExternalRun {
            offset: self.offset + done as u64,
            length: self.length - done,
            ..*self
        }
    }

    /// Fills `into` from the start of the run, until either ends, and returns the number of bytes read.
    ///
    /// # Errors
    ///
    /// [`Error::HostAddressNotAvailable`] if the owner has taken the bytes away.
    pub fn read(&self, into: &mut [u8]) -> Result<usize, Error> {
        let length = self.length.min(into.len());
        self.memory.read(self.offset, &mut into[..length])?;
        Ok(length)
    }

    /// Writes `bytes` from the start of the run, until either ends, and returns the number of bytes written.
    ///
    /// # Errors
    ///
    /// [`Error::HostAddressNotAvailable`] if the owner has taken the bytes away.
    pub fn write(&self, bytes: &[u8]) -> Result<usize, Error> {
        let length = self.length.min(bytes.len());
        self.memory.write(self.offset, &bytes[..length])?;
        (self.written)(self.region, self.offset..self.offset + length as u64);
        Ok(length)
    }
}

#[cfg(test)]
mod tests;
