//! The memory map of an address space: the region that each address shows, and the accesses that it allows.
//!
//! ```text
//!   Placement …  region, start, priority ──render──▶ FlatView  what each address shows ┐
//!   protect, watch ───────────────────────────────▶ Attributes  by guest page         ├─▶ MemoryMap, the page table
//!                                                                                     ┘
//! ```
//!
//! [`MemoryMap`] is a snapshot of both, and vm-memory's `GuestMemory` for devices: it respects ROM and protection. Its
//! [`FlatView`] is the memory alone, for loaders.

mod access;
mod alias;
pub(crate) mod attributes;
mod chunk;
mod flat_range;
mod flat_view;
mod guest_memory;
mod journal;
mod placement;
mod placements;
mod ranges;
mod region;
mod tree;
mod watch;

use crate::linear::host::PAGE_SHIFT;
use crate::machine::fault::Fault;
use crate::machine::traps;
use crate::model::guest_memory::GuestAddress;
use attributes::Attributes;
use std::sync::Arc;

pub(crate) use access::Backing;
pub use access::{Access, Piece, Shown};
pub use flat_range::FlatRange;
pub use flat_view::FlatView;
pub use guest_memory::PermittedSlices;
pub(crate) use journal::Journal;
pub use placement::Placement;
pub(crate) use placements::Placements;
pub use ranges::{Ranges, RangesIter};
pub use region::{Region, RegionKind};
pub(crate) use tree::{
    flat as write_flat, placements as write_tree, protection as write_protection,
};
pub(crate) use watch::Watches;

/// A snapshot of an address space: the region that each address shows, and the accesses that it allows.
///
/// ```
/// use guest_memory::memory_map::{Access, Shown};
/// use guest_memory::{AddressSpace, Bytes, GuestAddress, Region, RegionKind};
///
/// let space = AddressSpace::new()?;
/// let rom = Region::new("boot ROM", RegionKind::Rom, GuestAddress(0), 0x1000)?;
/// let uart = Region::new("UART", RegionKind::Mmio, GuestAddress(0x8000), 0x100)?;
/// space.map(&rom, GuestAddress(0), 0)?;
/// space.map(&uart, GuestAddress(0x8000), 0)?;
/// let map = space.view();
/// assert!(map.write_obj(1_u8, GuestAddress(0x10)).is_err()); // a device's write to ROM
/// // An emulator asks what is there, and calls the device by itself.
/// let piece = map.piece(GuestAddress(0x8004), 4, Access::READ);
/// assert!(matches!(piece.shown, Shown::Device { region, offset: 4 } if region.name() == "UART"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct MemoryMap {
    pub(crate) flat: FlatView,
    pub(crate) attributes: Arc<Attributes>,
}

impl MemoryMap {
    /// The regions without permissions: a loader's view.
    pub fn flat(&self) -> &FlatView {
        &self.flat
    }

    /// The result of `access` at `address`, and the number of bytes with the same result: at least one, at most
    /// `limit`.
    pub fn piece(&self, address: GuestAddress, limit: u64, access: Access) -> Piece<'_> {
        let to_last = limit.max(1) - 1;
        let Some(range) = self.flat.range_at(address) else {
            let before_next = self
                .flat
                .next_start(address.0)
                .map_or(u64::MAX, |next| next - 1);
            return Piece {
                shown: Shown::Nothing,
                length: length(to_last.min(before_next - address.0)),
                watched: false,
            };
        };
        let (bits, last_page) = self.attributes.at(address.0 >> PAGE_SHIFT);
        // The page's last byte. The page may be the very last one, so nothing is added that could pass 2^64.
        let same_bits = (last_page << PAGE_SHIFT) | ((1 << PAGE_SHIFT) - 1);
        let last = range.last.min(same_bits.max(address.0));
        let offset = range.offset + (address.0 - range.start);
        let shown = match (range.region.kind(), &range.memory) {
            (RegionKind::Reserved, _) => Shown::Nothing,
            _ if bits & access.forbidding() != 0 => Shown::Forbidden,
            (RegionKind::Rom, _) if access.has(Access::WRITE) => Shown::ReadOnly,
            (RegionKind::RomDevice, _) if access.has(Access::WRITE) => Shown::Device {
                region: &range.region,
                offset,
            },
            (RegionKind::External, _) => Shown::External {
                region: &range.region,
                offset,
            },
            (_, Some(memory)) if access.stores() && memory.block().is_absent() => Shown::Absent,
            (_, Some(memory)) => Shown::Memory {
                // Fits: the address is inside the range, whose bytes are in linear memory.
                host: memory.host_offset() + usize::try_from(address.0 - range.start).unwrap_or(0),
            },
            (_, None) => Shown::Device {
                region: &range.region,
                offset,
            },
        };
        let mut piece = Piece {
            shown,
            length: length(to_last.min(last - address.0)),
            watched: bits & access.watching() != 0,
        };
        if access.has(Access::WRITE) && piece.shown.is_stored() {
            piece.watched |= traps::touches(range.region.id(), offset..offset + piece.length);
        }
        if matches!(piece.shown, Shown::Device { .. }) {
            let last = range.last.min(address.0.saturating_add(to_last));
            self.extend(&mut piece, address, last, access);
        }
        piece
    }

    /// Lets a piece of a device go on up to `last` over pages with other attributes, as far as these allow the access: how
    /// a device is called depends on the device alone.
    fn extend(&self, piece: &mut Piece, address: GuestAddress, last: u64, access: Access) {
        loop {
            let end = address.0 + (piece.length - 1); // the last byte so far
            if end >= last {
                return;
            }
            let (bits, last_page) = self.attributes.at((end + 1) >> PAGE_SHIFT);
            if bits & access.forbidding() != 0 {
                return;
            }
            let same_bits = (last_page << PAGE_SHIFT) | ((1 << PAGE_SHIFT) - 1);
            piece.length = length(last.min(same_bits) - address.0);
            piece.watched |= bits & access.watching() != 0;
        }
    }

    /// Checks that an access to all of a range would find memory or a device, and be allowed. An empty range always
    /// passes.
    ///
    /// # Errors
    ///
    /// `InvalidGuestAddress`, `PartialBuffer`, `GuestAddressOverflow`, as for any range; `ReadOnly` and
    /// `PermissionDenied` where the access is not allowed.
    pub fn check(&self, address: GuestAddress, length: u64, access: Access) -> Result<(), Fault> {
        self.check_backing(address, length, access, Backing::Any)
    }

    /// As [`check`](Self::check), but for linear memory alone: devices and external memory are `NotMemory`.
    ///
    /// # Errors
    ///
    /// As [`check`](Self::check), and `NotMemory`.
    pub fn check_memory(
        &self,
        address: GuestAddress,
        length: u64,
        access: Access,
    ) -> Result<(), Fault> {
        self.check_backing(address, length, access, Backing::Linear)
    }

    pub(crate) fn check_backing(
        &self,
        address: GuestAddress,
        length: u64,
        access: Access,
        backing: Backing,
    ) -> Result<(), Fault> {
        let mut completed = 0;
        // An unmapped byte is the gravest fault, then a forbidden one, then a wrong kind. The first of the gravest is told.
        let mut refused: Option<(u8, Fault)> = None;
        while completed < length {
            let Some(address) = address.0.checked_add(completed) else {
                return Err(Fault::GuestAddressOverflow { completed });
            };
            let piece = self.piece(GuestAddress(address), length - completed, access);
            let fault = match piece.shown {
                Shown::Nothing if completed == 0 => {
                    return Err(Fault::InvalidGuestAddress { address });
                }
                Shown::Nothing => return Err(Fault::PartialBuffer { address, completed }),
                Shown::Forbidden => Some((0, Fault::PermissionDenied { address, completed })),
                Shown::ReadOnly => Some((1, Fault::ReadOnly { address, completed })),
                Shown::Device { .. } if backing != Backing::Any => {
                    Some((2, Fault::NotMemory { address, completed }))
                }
                Shown::External { .. } if backing == Backing::Linear => {
                    Some((2, Fault::NotMemory { address, completed }))
                }
                Shown::Memory { .. }
                | Shown::Absent
                | Shown::Device { .. }
                | Shown::External { .. } => None,
            };
            if let Some((rank, _)) = fault
                && refused.is_none_or(|(gravest, _)| rank < gravest)
            {
                refused = fault;
            }
            completed = completed.saturating_add(piece.length);
        }
        refused.map_or(Ok(()), |(_, fault)| Err(fault))
    }
}

/// The length of a range whose last byte lies `to_last` behind its first; `u64::MAX` stands for 2^64.
fn length(to_last: u64) -> u64 {
    to_last.saturating_add(1)
}

#[cfg(test)]
mod tests;
