//! The guest-physical memory of virtual machines, for the web and natively: vm-memory's model, with MMIO, ROM, aliases,
//! watchpoints and dirty clients.
//!
//! ```
//! use guest_memory::{AddressSpace, GuestAddress};
//! let space = AddressSpace::from_ranges(&[(GuestAddress(0), 0x10_0000)])?;
//! space.write_obj(0x1234_u16.to_le(), GuestAddress(0x7c00))?;
//! assert_eq!(space.read_obj::<u8>(GuestAddress(0x7c01))?, 0x12);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! - [`AddressSpace`] is the place to start, and [`guide`] makes an emulator of it.
//! - [`GuestMemory`], [`Bytes`] and all other names of vm-memory 0.18 are here too; the package `vm-memory` beside this one
//!   stands in for it by `[patch.crates-io]`.
//! - In Wasm (`wasm32-unknown-unknown`) the feature `bindings` exports the functions that the TypeScript facade calls.
//! - Natively an address space is shared between threads: docs/threads.md of the project.
//!
//! # Features
//!
//! `bindings` (default) has an effect on `wasm32-unknown-unknown` alone. vm-memory's own: `backend-mmap` (`GuestMemoryMmap`),
//! `backend-bitmap` (`AtomicBitmap`), `backend-atomic` (`GuestMemoryAtomic`), `iommu` (`IommuMemory`), `rawfd` (streams by
//! file descriptor). `heap` is for the project's own module, and `xen` is refused.

#[cfg(feature = "xen")]
compile_error!(
    "guest-memory has no Xen mappings (feature `xen`): use vm-memory itself on a Xen host"
);

#[allow(dead_code, reason = "the facade alone uses some of them")]
mod abi;
mod export;
mod linear;
#[cfg_attr(
    not(feature = "bindings"),
    allow(dead_code, reason = "the bindings alone use some of it")
)]
mod machine;
mod model;
mod sync;

#[cfg(all(test, shuttle))]
mod models;

#[doc = include_str!("guide.md")]
pub mod guide {}

// The public paths. The folders are no part of them.
pub use linear::dirty_map;
pub use machine::{
    address_space, dirty_log, fault, handle, memory_map, page_table, ram_region, span, traps,
};
#[cfg(feature = "backend-atomic")]
pub use model::atomic;
#[cfg(feature = "iommu")]
pub use model::iommu;
#[cfg(feature = "backend-mmap")]
pub use model::mmap;
pub use model::{address, bitmap, bytes, endian, external, io, region, volatile_memory};
// vm-memory's `guest_memory`. Under that name it would make `use guest_memory::*` ambiguous.
pub use model::guest_memory as memory;

pub use address::{Address, AddressValue};
pub use address_space::AddressSpace;
#[cfg(feature = "backend-atomic")]
pub use atomic::{GuestMemoryAtomic, GuestMemoryLoadGuard};
pub use bytes::{AtomicAccess, ByteValued, Bytes};
pub use endian::{Be16, Be32, Be64, BeSize, Le16, Le32, Le64, LeSize};
pub use fault::Fault;
pub use io::{ReadVolatile, WriteVolatile};
#[cfg(feature = "iommu")]
pub use iommu::{Iommu, IommuMemory, Iotlb};
pub use memory::{
    Error as GuestMemoryError, FileOffset, GuestAddress, GuestAddressSpace, GuestMemory,
    GuestMemoryBackend, GuestUsize, MemoryRegionAddress, Permissions, Result as GuestMemoryResult,
};
pub use memory_map::{Access, MemoryMap, Placement, Region, RegionKind, Shown};
#[cfg(feature = "backend-mmap")]
pub use mmap::{GuestMemoryMmap, GuestRegionMmap, MmapRegion};
pub use model::atomic_integer::AtomicInteger;
pub use ram_region::RamRegion;
pub use region::{
    GuestMemoryRegion, GuestMemoryRegionBytes, GuestRegionCollection, GuestRegionCollectionError,
};
pub use traps::Sprung;
pub use volatile_memory::{
    Error as VolatileMemoryError, Result as VolatileMemoryResult, VolatileArrayRef, VolatileMemory,
    VolatileRef, VolatileSlice,
};

#[cfg(all(target_arch = "wasm32", target_os = "unknown", feature = "bindings"))]
pub mod bindings;
