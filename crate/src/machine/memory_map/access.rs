//! `Access` and `Piece`: the kinds of an access, and its result.

use super::attributes::{FORBIDDEN, WATCH_SHIFT};
use super::region::Region;
use crate::abi;
use crate::model::guest_memory::Permissions;
use core::ops::BitOr;
use std::sync::Arc;

/// The kinds of an access: a set of reading, writing and executing, or [`NONE`](Access::NONE) of them.
///
/// ```
/// use guest_memory::memory_map::Access;
/// let data = Access::READ | Access::WRITE;
/// assert!(data.has(Access::WRITE) && !data.has(Access::EXECUTE));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Access(u8);

impl Access {
    /// No kind: a debugger's access, which nothing forbids.
    pub const NONE: Access = Access(abi::ACCESS_NONE);
    /// Reading.
    pub const READ: Access = Access(abi::ACCESS_READ);
    /// Writing.
    pub const WRITE: Access = Access(abi::ACCESS_WRITE);
    /// Fetching an instruction.
    pub const EXECUTE: Access = Access(abi::ACCESS_EXECUTE);
    /// A loader's access, used by itself: it writes, into ROM too, and nothing forbids it.
    pub const LOAD: Access = Access(abi::ACCESS_LOAD);
    /// The access of [`discard`](crate::AddressSpace::discard): it writes RAM, whatever `protect` says.
    pub(crate) const DISCARD: Access = Access(abi::ACCESS_WRITE | abi::ACCESS_LOAD);

    /// The set with the given bits, as the constants above have them. Other bits are ignored.
    pub fn from_bits(bits: u32) -> Self {
        Access(bits.to_le_bytes()[0] & (FORBIDDEN | Self::LOAD.0))
    }

    /// The set's bits, as [`from_bits`](Access::from_bits) takes them.
    pub fn bits(self) -> u32 {
        self.0.into()
    }

    /// Whether the set contains all of `other`.
    pub fn has(self, other: Access) -> bool {
        self.0 & other.0 == other.0
    }

    /// The attributes of a page that forbid the access.
    #[inline]
    pub(crate) fn forbidding(self) -> u8 {
        if self.has(Self::LOAD) { 0 } else { self.0 }
    }

    /// Whether the access needs host pages of the memory's own.
    #[inline]
    pub(crate) fn stores(self) -> bool {
        self.0 & (Self::WRITE.0 | Self::LOAD.0) != 0
    }

    /// The attributes of a page that watch the access.
    #[inline]
    pub(crate) fn watching(self) -> u8 {
        (self.0 & FORBIDDEN) << WATCH_SHIFT
    }
}

/// The backing that a range must have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Backing {
    /// Memory or devices.
    Any,
    /// Memory; external memory counts.
    Bytes,
    /// Linear memory.
    Linear,
}

impl BitOr for Access {
    type Output = Access;

    fn bitor(self, other: Access) -> Access {
        Access(self.0 | other.0)
    }
}

impl From<Permissions> for Access {
    fn from(permissions: Permissions) -> Self {
        Access(permissions as u8) // the same bits
    }
}

/// Adjacent guest addresses where an access finds the same.
///
/// ```
/// use guest_memory::memory_map::Access;
/// use guest_memory::{AddressSpace, GuestAddress};
/// let space = AddressSpace::from_ranges(&[(GuestAddress(0), 0x3000)])?;
/// space.protect(GuestAddress(0x1000), 0x1000, Access::READ)?;
/// let map = space.view();
/// assert_eq!(map.piece(GuestAddress(0x10), 0x3000, Access::WRITE).length, 0xff0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Piece<'a> {
    /// The memory, the device or the hole that the access finds.
    pub shown: Shown<'a>,
    /// The number of bytes, at least one.
    pub length: u64,
    /// Whether a watch sees the access.
    pub watched: bool,
}

/// The result of an access: memory, a device, a hole, or a refusal.
///
/// ```
/// use guest_memory::memory_map::{Access, Shown};
/// use guest_memory::{AddressSpace, GuestAddress};
/// let space = AddressSpace::from_ranges(&[(GuestAddress(0), 0x1000)])?;
/// let map = space.view();
/// assert!(matches!(map.piece(GuestAddress(0x1000), 1, Access::READ).shown, Shown::Nothing));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub enum Shown<'a> {
    /// Memory, at this host offset.
    Memory {
        /// The host offset of the first byte.
        host: usize,
    },
    /// Memory that was [discarded](crate::AddressSpace::discard), for an access that writes: it has no host pages until
    /// [`populate`](crate::AddressSpace::populate) gives it some. Other accesses find memory there, which is zero.
    Absent,
    /// A device.
    Device {
        /// The device's region.
        region: &'a Arc<Region>,
        /// The offset in the region, in bytes.
        offset: u64,
    },
    /// Memory outside linear memory.
    External {
        /// The region that shows it.
        region: &'a Arc<Region>,
        /// The offset in the region, in bytes.
        offset: u64,
    },
    /// Nothing, or a reserved region.
    Nothing,
    /// ROM, for an access that writes.
    ReadOnly,
    /// A page where [`protect`](crate::AddressSpace::protect) forbids the access.
    Forbidden,
}

impl Shown<'_> {
    /// Whether a write changes bytes.
    pub(crate) fn is_stored(&self) -> bool {
        matches!(
            self,
            Shown::Memory { .. } | Shown::Absent | Shown::External { .. }
        )
    }
}
