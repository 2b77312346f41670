//! Addresses: in the guest's address space, and in a region.

use crate::model::address::impl_address;

/// A number of bytes in the guest's address space: 64 bits on every target.
///
/// ```
/// let size: guest_memory::GuestUsize = 1 << 40; // also where a `usize` has 32 bits
/// assert_eq!(size >> 30, 1024);
/// ```
pub type GuestUsize = u64;

/// A guest-physical address, in bytes.
///
/// ```
/// use guest_memory::{Address, GuestAddress};
/// assert_eq!(GuestAddress(0x1000).checked_add(0x10), Some(GuestAddress(0x1010)));
/// ```
#[derive(Clone, Copy, Debug, Default, Eq, Ord, PartialEq, PartialOrd)]
pub struct GuestAddress(pub u64);
impl_address!(GuestAddress);

/// A position in a region, in bytes from its start.
///
/// ```
/// use guest_memory::{Address, MemoryRegionAddress};
/// assert_eq!(MemoryRegionAddress(4).checked_sub(5), None);
/// ```
#[derive(Clone, Copy, Debug, Default, Eq, Ord, PartialEq, PartialOrd)]
pub struct MemoryRegionAddress(pub u64);
impl_address!(MemoryRegionAddress);

impl MemoryRegionAddress {
    /// The position as an offset in the host's memory, or `None` if a `usize` does not hold it. No other code turns a
    /// 64-bit position into a `usize`: a plain cast would name another byte for positions past 4 GiB on a 32-bit host.
    #[inline]
    pub(crate) fn to_host_offset(self) -> Option<usize> {
        usize::try_from(self.0).ok()
    }
}
