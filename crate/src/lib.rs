//! The guest-physical memory of virtual machines, for the web.

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
pub use memory_map::{MemoryMap, Region, RegionKind};
#[cfg(feature = "backend-mmap")]
pub use mmap::{GuestMemoryMmap, GuestRegionMmap, MmapRegion};
pub use model::atomic_integer::AtomicInteger;
pub use ram_region::RamRegion;
pub use region::{
    GuestMemoryRegion, GuestMemoryRegionBytes, GuestRegionCollection, GuestRegionCollectionError,
};
pub use volatile_memory::{
    Error as VolatileMemoryError, Result as VolatileMemoryResult, VolatileArrayRef, VolatileMemory,
    VolatileRef, VolatileSlice,
};

#[cfg(all(target_arch = "wasm32", target_os = "unknown", feature = "bindings"))]
pub mod bindings;
