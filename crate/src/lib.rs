//! The guest-physical memory of virtual machines, for the web.

#[cfg(feature = "xen")]
compile_error!(
    "guest-memory has no Xen mappings (feature `xen`): use vm-memory itself on a Xen host"
);

pub mod abi;
pub mod address;
pub mod address_space;
mod allocator;
#[cfg(feature = "backend-atomic")]
pub mod atomic;
mod atomic_integer;
pub mod bitmap;
mod block;
mod bulk;
pub mod bytes;
mod compaction;
pub mod dirty_log;
pub mod dirty_map;
mod discard;
pub mod endian;
mod export;
pub mod external;
pub mod fault;
mod free_list;
pub mod guest_memory;
pub mod handle;
#[cfg(all(feature = "heap", target_arch = "wasm32", target_os = "unknown"))]
mod heap;
mod host;
pub mod io;
#[cfg(feature = "iommu")]
pub mod iommu;
mod layout;
pub mod memory_map;
#[cfg(feature = "backend-mmap")]
pub mod mmap;
#[cfg(any(feature = "backend-bitmap", feature = "backend-mmap"))]
mod page_size;
pub mod page_table;
pub mod ram_region;
pub mod region;
mod search;
pub mod span;
pub mod volatile_memory;

pub use address::{Address, AddressValue};
pub use address_space::AddressSpace;
#[cfg(feature = "backend-atomic")]
pub use atomic::{GuestMemoryAtomic, GuestMemoryLoadGuard};
pub use atomic_integer::AtomicInteger;
pub use bytes::{AtomicAccess, ByteValued, Bytes};
pub use endian::{Be16, Be32, Be64, BeSize, Le16, Le32, Le64, LeSize};
pub use fault::Fault;
pub use guest_memory::{
    Error as GuestMemoryError, FileOffset, GuestAddress, GuestAddressSpace, GuestMemory,
    GuestMemoryBackend, GuestUsize, MemoryRegionAddress, Permissions, Result as GuestMemoryResult,
};
pub use io::{ReadVolatile, WriteVolatile};
#[cfg(feature = "iommu")]
pub use iommu::{Iommu, IommuMemory, Iotlb};
pub use memory_map::{MemoryMap, Region, RegionKind};
#[cfg(feature = "backend-mmap")]
pub use mmap::{GuestMemoryMmap, GuestRegionMmap, MmapRegion};
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
