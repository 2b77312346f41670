//! Each name in its module of vm-memory 0.18.

#![allow(unused_imports, reason = "what is tested is that they can be imported")]

mod always {
    use vm_memory::address::{Address, AddressValue};
    use vm_memory::bitmap::{BS, Bitmap, BitmapSlice, MS, NewBitmap, WithBitmapSlice};
    use vm_memory::bytes::{AtomicAccess, ByteValued, Bytes};
    use vm_memory::endian::{Be16, Be32, Be64, BeSize, Le16, Le32, Le64, LeSize};
    use vm_memory::guest_memory::{
        Error, FileOffset, GuestAddress, GuestAddressSpace, GuestMemory, GuestMemoryBackend,
        GuestMemoryBackendSliceIterator, GuestMemorySliceIterator, GuestUsize, MemoryRegionAddress,
        Permissions, Result,
    };
    use vm_memory::io::{ReadVolatile, WriteVolatile};
    use vm_memory::region::{
        GuestMemoryRegion, GuestMemoryRegionBytes, GuestRegionCollection,
        GuestRegionCollectionError,
    };
    use vm_memory::volatile_memory::{
        Error as VolatileError, PtrGuard, PtrGuardMut, Result as VolatileResult, VolatileArrayRef,
        VolatileMemory, VolatileRef, VolatileSlice, compute_offset,
    };
}

mod at_the_root {
    use vm_memory::{
        Address, AddressValue, AtomicAccess, AtomicInteger, Be16, Be32, Be64, BeSize, ByteValued,
        Bytes, FileOffset, GuestAddress, GuestAddressSpace, GuestMemory, GuestMemoryBackend,
        GuestMemoryError, GuestMemoryRegion, GuestMemoryRegionBytes, GuestMemoryResult,
        GuestRegionCollection, GuestRegionCollectionError, GuestUsize, Le16, Le32, Le64, LeSize,
        MemoryRegionAddress, Permissions, ReadVolatile, VolatileArrayRef, VolatileMemory,
        VolatileMemoryError, VolatileMemoryResult, VolatileRef, VolatileSlice, WriteVolatile,
    };
}

#[cfg(feature = "backend-bitmap")]
mod backend_bitmap {
    use vm_memory::bitmap::{ArcSlice, AtomicBitmap, RefSlice};
}

#[cfg(feature = "backend-atomic")]
mod backend_atomic {
    use vm_memory::atomic::{GuestMemoryAtomic, GuestMemoryExclusiveGuard, GuestMemoryLoadGuard};
    use vm_memory::{GuestMemoryAtomic as _, GuestMemoryLoadGuard as _};
}

#[cfg(feature = "backend-mmap")]
mod backend_mmap {
    use vm_memory::mmap::{
        FromRangesError, GuestMemoryMmap, GuestRegionMmap, MmapRegion, MmapRegionBuilder,
        MmapRegionError, NewBitmap,
    };
    use vm_memory::{
        GuestMemoryMmap as AtTheRoot, GuestRegionMmap as Region, MmapRegion as Mapping,
    };
}

#[cfg(feature = "iommu")]
mod iommu {
    use vm_memory::iommu::{
        Error, Iommu, IommuMemory, IommuMemorySliceIterator, Iotlb, IotlbFails, IotlbIterator,
        IovaRange, MappedRange,
    };
    use vm_memory::{Iommu as AtTheRoot, IommuMemory as Memory, Iotlb as Mappings};
}
