//! `guest-memory` under the name, the modules and the features of vm-memory 0.18: rust-vmm's crates build on it without
//! a change, also where vm-memory itself refuses to (inside WebAssembly, on 32-bit hosts).
//!
//! ```toml
//! [patch.crates-io]
//! vm-memory = { path = "guest-memory/crate/vm-memory" }
//! ```
//!
//! ```
//! use vm_memory::{Address, GuestAddress};
//! assert_eq!(GuestAddress(0x1000).checked_add(0x10), Some(GuestAddress(0x1010)));
//! ```

// `::`, because the module of the same name is about to hide the crate.
#[cfg(feature = "backend-atomic")]
pub use ::guest_memory::atomic;
#[cfg(feature = "iommu")]
pub use ::guest_memory::iommu;
pub use ::guest_memory::memory as guest_memory;
#[cfg(feature = "backend-mmap")]
pub use ::guest_memory::mmap;
pub use ::guest_memory::{address, bitmap, bytes, endian, io, region, volatile_memory};

pub use ::guest_memory::{
    Address, AddressValue, AtomicAccess, AtomicInteger, Be16, Be32, Be64, BeSize, ByteValued,
    Bytes, FileOffset, GuestAddress, GuestAddressSpace, GuestMemory, GuestMemoryBackend,
    GuestMemoryError, GuestMemoryRegion, GuestMemoryRegionBytes, GuestMemoryResult,
    GuestRegionCollection, GuestRegionCollectionError, GuestUsize, Le16, Le32, Le64, LeSize,
    MemoryRegionAddress, Permissions, ReadVolatile, VolatileArrayRef, VolatileMemory,
    VolatileMemoryError, VolatileMemoryResult, VolatileRef, VolatileSlice, WriteVolatile,
};
#[cfg(feature = "backend-atomic")]
pub use ::guest_memory::{GuestMemoryAtomic, GuestMemoryLoadGuard};
#[cfg(feature = "backend-mmap")]
pub use ::guest_memory::{GuestMemoryMmap, GuestRegionMmap, MmapRegion};
#[cfg(feature = "iommu")]
pub use ::guest_memory::{Iommu, IommuMemory, Iotlb};
