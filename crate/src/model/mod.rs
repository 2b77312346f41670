//! vm-memory's model, under its names.

pub mod address;
#[cfg(feature = "backend-atomic")]
pub mod atomic;
pub(crate) mod atomic_integer;
pub mod bitmap;
pub mod bytes;
pub mod endian;
pub mod external;
pub mod guest_memory;
pub mod io;
#[cfg(feature = "iommu")]
pub mod iommu;
#[cfg(feature = "backend-mmap")]
pub mod mmap;
#[cfg(any(feature = "backend-bitmap", feature = "backend-mmap"))]
pub(crate) mod page_size;
pub mod region;
pub mod volatile_memory;
