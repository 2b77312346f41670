//! `Access` and `Piece`: what an access wants, and what it finds.

use super::attributes::{FORBIDDEN, WATCH_SHIFT};
use super::region::Region;
use crate::abi;
use crate::model::guest_memory::Permissions;
use core::ops::BitOr;
use std::sync::Arc;

/// What an access does: a set of reading, writing and executing, or [`NONE`](Access::NONE) of them.
///
/// ```
/// use guest_memory::memory_map::Access;
/// let data = Access::READ | Access::WRITE;
/// assert!(data.has(Access::WRITE) && !data.has(Access::EXECUTE));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Access(u8);

impl Access {
    /// None of them: what a debugger does, whom nothing is forbidden.
    pub const NONE: Access = Access(abi::ACCESS_NONE);
    /// Reading.
    pub const READ: Access = Access(abi::ACCESS_READ);
    /// Writing.
    pub const WRITE: Access = Access(abi::ACCESS_WRITE);
    /// Fetching an instruction.
    pub const EXECUTE: Access = Access(abi::ACCESS_EXECUTE);
    /// What a loader does, by itself: writing, into ROM too, to whom nothing is forbidden.
    pub const LOAD: Access = Access(abi::ACCESS_LOAD);
    /// What [`discard`](crate::AddressSpace::discard) does: RAM is written, whatever `protect` says.
    pub(crate) const DISCARD: Access = Access(abi::ACCESS_WRITE | abi::ACCESS_LOAD);

    /// The set with these bits, as they stand above; others are ignored.
    pub fn from_bits(bits: u32) -> Self {
        Access(bits.to_le_bytes()[0] & (FORBIDDEN | Self::LOAD.0))
    }

    /// Whether all of `other` is in this.
    pub fn has(self, other: Access) -> bool {
        self.0 & other.0 == other.0
    }

    /// The attributes of a page that forbid it.
    #[inline]
    pub(crate) fn forbidding(self) -> u8 {
        if self.has(Self::LOAD) { 0 } else { self.0 }
    }

    /// Whether it needs pages of the memory's own.
    #[inline]
    pub(crate) fn stores(self) -> bool {
        self.0 & (Self::WRITE.0 | Self::LOAD.0) != 0
    }

    /// The attributes of a page that watch it.
    #[inline]
    pub(crate) fn watching(self) -> u8 {
        (self.0 & FORBIDDEN) << WATCH_SHIFT
    }
}

/// What a range is asked to be backed by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Backing {
    /// Memory or devices.
    Any,
    /// Memory, external memory too.
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
    /// What is there.
    pub shown: Shown<'a>,
    /// Bytes, at least one.
    pub length: u64,
    /// Whether somebody watches the access.
    pub watched: bool,
}

/// What an access finds.
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
    /// For an access that writes: memory that was [discarded](crate::AddressSpace::discard), and has no host pages until
    /// [`populate`](crate::AddressSpace::populate) gives it some. Other accesses find memory there, that is zero.
    Absent,
    /// A device.
    Device {
        /// Which.
        region: &'a Arc<Region>,
        /// Where in it, in bytes.
        offset: u64,
    },
    /// Memory outside linear memory.
    External {
        /// Whose.
        region: &'a Arc<Region>,
        /// Where in it, in bytes.
        offset: u64,
    },
    /// Nothing, or what is reserved.
    Nothing,
    /// ROM, for an access that writes.
    ReadOnly,
    /// What [`protect`](crate::AddressSpace::protect) forbids.
    Forbidden,
}
