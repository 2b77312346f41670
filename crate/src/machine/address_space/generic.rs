//! An address space for generic code of rust-vmm's: as `Bytes`, as `GuestAddressSpace`, and as a `GuestMemoryBackend`.

use super::AddressSpace;
use crate::machine::memory_map::{FlatView, MemoryMap};
use crate::model::bytes::{AtomicAccess, ByteValued, Bytes};
use crate::model::guest_memory::{Error, GuestAddress, GuestAddressSpace};
use crate::model::io::{ReadVolatile, WriteVolatile};
use core::ops::Deref;
use core::sync::atomic::Ordering;
use std::sync::Arc;

/// vm-memory's way to a snapshot: `space.memory()` works wherever a `GuestMemory` is asked for. A device can do only
/// what the snapshot permits.
impl GuestAddressSpace for &AddressSpace {
    type M = MemoryMap;
    type T = Arc<MemoryMap>;

    fn memory(&self) -> Arc<MemoryMap> {
        self.view()
    }
}

impl GuestAddressSpace for Arc<AddressSpace> {
    type M = MemoryMap;
    type T = Arc<MemoryMap>;

    fn memory(&self) -> Arc<MemoryMap> {
        self.view()
    }
}

/// All memory of an address space, ROM included and without permissions, as it is at each call: for generic code that asks
/// for a [`GuestMemoryBackend`](crate::GuestMemoryBackend), such as fuse-backend-rs.
///
/// ```
/// use guest_memory::address_space::FlatSpace;
/// use guest_memory::{AddressSpace, GuestAddress, GuestAddressSpace, GuestMemoryBackend};
/// use std::sync::Arc;
/// fn bytes<S: GuestAddressSpace<M: GuestMemoryBackend>>(space: &S) -> u64 {
///     space.memory().last_addr().0 + 1
/// }
/// let space = Arc::new(AddressSpace::from_ranges(&[(GuestAddress(0), 0x1000)])?);
/// let flat = FlatSpace::new(Arc::clone(&space));
/// assert_eq!(bytes(&flat), 0x1000);
/// space.insert_region(GuestAddress(0x1000), 0x1000)?;
/// assert_eq!(bytes(&flat), 0x2000);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct FlatSpace(Arc<AddressSpace>);

impl FlatSpace {
    /// The memory of `space`.
    pub fn new(space: Arc<AddressSpace>) -> Self {
        FlatSpace(space)
    }
}

impl GuestAddressSpace for FlatSpace {
    type M = FlatView;
    type T = FlatSnapshot;

    fn memory(&self) -> FlatSnapshot {
        FlatSnapshot(self.0.view())
    }
}

/// A [`FlatView`] that stays as it is while it is held.
///
/// ```
/// use guest_memory::address_space::FlatSpace;
/// use guest_memory::{AddressSpace, GuestAddress, GuestAddressSpace, GuestMemoryBackend};
/// let space = std::sync::Arc::new(AddressSpace::from_ranges(&[(GuestAddress(0), 0x1000)])?);
/// let before = FlatSpace::new(space.clone()).memory();
/// space.remove_region(GuestAddress(0), 0x1000)?;
/// assert_eq!(before.num_regions(), 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct FlatSnapshot(Arc<MemoryMap>);

impl Deref for FlatSnapshot {
    type Target = FlatView;

    fn deref(&self) -> &FlatView {
        self.0.flat()
    }
}

/// Each call is on the map as it is now. Many accesses in a row are faster on one [`view`](AddressSpace::view), but for
/// objects: these go by the page table.
impl Bytes<GuestAddress> for AddressSpace {
    type E = Error;

    fn write(&self, buf: &[u8], addr: GuestAddress) -> Result<usize, Error> {
        self.view().write(buf, addr)
    }

    fn read(&self, buf: &mut [u8], addr: GuestAddress) -> Result<usize, Error> {
        self.view().read(buf, addr)
    }

    fn write_slice(&self, buf: &[u8], addr: GuestAddress) -> Result<(), Error> {
        self.view().write_slice(buf, addr)
    }

    fn read_slice(&self, buf: &mut [u8], addr: GuestAddress) -> Result<(), Error> {
        self.view().read_slice(buf, addr)
    }

    #[inline]
    fn write_obj<T: ByteValued>(&self, val: T, addr: GuestAddress) -> Result<(), Error> {
        self.write_plain(val, addr)
            .map_or_else(|| self.view().write_obj(val, addr), Ok)
    }

    #[inline]
    fn read_obj<T: ByteValued>(&self, addr: GuestAddress) -> Result<T, Error> {
        self.read_plain(addr)
            .map_or_else(|| self.view().read_obj(addr), Ok)
    }

    fn read_volatile_from<F: ReadVolatile>(
        &self,
        addr: GuestAddress,
        src: &mut F,
        count: usize,
    ) -> Result<usize, Error> {
        self.view().read_volatile_from(addr, src, count)
    }

    fn read_exact_volatile_from<F: ReadVolatile>(
        &self,
        addr: GuestAddress,
        src: &mut F,
        count: usize,
    ) -> Result<(), Error> {
        self.view().read_exact_volatile_from(addr, src, count)
    }

    fn write_volatile_to<F: WriteVolatile>(
        &self,
        addr: GuestAddress,
        dst: &mut F,
        count: usize,
    ) -> Result<usize, Error> {
        self.view().write_volatile_to(addr, dst, count)
    }

    fn write_all_volatile_to<F: WriteVolatile>(
        &self,
        addr: GuestAddress,
        dst: &mut F,
        count: usize,
    ) -> Result<(), Error> {
        self.view().write_all_volatile_to(addr, dst, count)
    }

    fn store<T: AtomicAccess>(
        &self,
        val: T,
        addr: GuestAddress,
        order: Ordering,
    ) -> Result<(), Error> {
        self.view().store(val, addr, order)
    }

    fn load<T: AtomicAccess>(&self, addr: GuestAddress, order: Ordering) -> Result<T, Error> {
        self.view().load(addr, order)
    }
}
