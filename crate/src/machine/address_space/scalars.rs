//! Objects in an address space: the fast path by the page table, and the way around it.

use super::AddressSpace;
use crate::linear::dirty_map;
use crate::linear::host;
use crate::linear::readers;
use crate::machine::fault::Fault;
use crate::machine::memory_map::{Access, Backing, MemoryMap, Shown};
use crate::machine::page_table::{EXECUTABLE, FLAG_BITS, READABLE, WRITABLE};
use crate::machine::run::HostRun;
use crate::machine::traps;
use crate::model::bytes::{ByteValued, Bytes};
use crate::model::guest_memory::GuestAddress;
use core::mem::size_of;

impl AddressSpace {
    /// Reads an object with the bytes that lie in memory, unchanged: a `Be16` where the CPU is big-endian, a `Le16` where it
    /// is little-endian. The range may cross regions. Watches do not count.
    ///
    /// # Errors
    ///
    /// `InvalidGuestAddress`, `PartialBuffer` or `GuestAddressOverflow` where a byte is not mapped; `PermissionDenied`
    /// where `protect` forbids the read; `NotMemory` at a device.
    ///
    /// ```
    /// use guest_memory::{AddressSpace, Fault, GuestAddress, Region, RegionKind};
    /// let space = AddressSpace::from_ranges(&[(GuestAddress(0), 0x1000)])?;
    /// let rom = Region::new("boot ROM", RegionKind::Rom, GuestAddress(0), 0x1000)?;
    /// space.map(&rom, GuestAddress(0x1000), 0)?;
    /// space.write_obj(7_u16.to_le(), GuestAddress(0xffe))?;
    /// assert_eq!(space.read_obj::<u32>(GuestAddress(0xffe))?, 7_u32.to_le()); // ROM is behind
    /// let refused = space.write_obj(1_u32, GuestAddress(0xffe));
    /// assert_eq!(refused, Err(Fault::ReadOnly { address: 0x1000, completed: 2 }));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[inline]
    pub fn read_obj<T: ByteValued>(&self, address: GuestAddress) -> Result<T, Fault> {
        match self.load_by_entry::<T>(address.0, READABLE) {
            Some(value) => Ok(value),
            None => self.read_around(address),
        }
    }

    /// Writes an object, and marks its pages dirty. The range may cross regions. Watches do not count; traps are sprung.
    ///
    /// # Errors
    ///
    /// As [`read_obj`](Self::read_obj), and `ReadOnly` for ROM. On an error no byte has changed.
    #[inline]
    pub fn write_obj<T: ByteValued>(&self, value: T, address: GuestAddress) -> Result<(), Fault> {
        match self.store_by_entry(value, address.0) {
            Some(()) => Ok(()),
            None => self.write_around(value, address),
        }
    }

    /// Reads an object where the access needs nothing but memory: the emulator's fast path. The value has the bytes of
    /// memory, as [`read_obj`](Self::read_obj) gives it. `None` says that [`piece`](MemoryMap::piece) must be asked: a
    /// device, a hole, external memory, a watched page, a page that forbids the read, more than one region.
    ///
    /// The page table makes this fast for whole pages of one region below 4 GiB. Other memory gives `Some` more slowly:
    /// beside a device in the same page, across the end of a page, from 4 GiB on.
    ///
    /// ```
    /// use guest_memory::memory_map::{Access, Shown};
    /// use guest_memory::{AddressSpace, GuestAddress, Region, RegionKind};
    /// let space = AddressSpace::from_ranges(&[(GuestAddress(0), 0x1000)])?;
    /// space.map(&Region::new("UART", RegionKind::Mmio, GuestAddress(0), 8)?, GuestAddress(0x8000), 0)?;
    /// let load = |address| space.read_plain::<u8>(address).unwrap_or_else(|| {
    ///     match space.view().piece(address, 1, Access::READ).shown {
    ///         Shown::Device { offset, .. } => 0x80 | offset as u8, // the device's answer
    ///         _ => 0xff,                                           // the bus floats
    ///     }
    /// });
    /// assert_eq!([0, 0x8005, 0x9000].map(|address| load(GuestAddress(address))), [0, 0x85, 0xff]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[inline]
    pub fn read_plain<T: ByteValued>(&self, address: GuestAddress) -> Option<T> {
        let value = self.load_by_entry(address.0, READABLE);
        value.or_else(|| self.load_around(address, Access::READ))
    }

    /// Reads an object as an instruction fetch, as [`read_plain`](Self::read_plain) does. After `None`,
    /// [`check_memory`](MemoryMap::check_memory) tells whether there is code all the same, watched or in two regions. The
    /// flat view reads it then. A fetch from a device is the emulator's own matter.
    ///
    /// ```
    /// use guest_memory::{Access, AddressSpace, Be16, Bytes, GuestAddress};
    /// let space = AddressSpace::from_ranges(&[(GuestAddress(0), 0x1000), (GuestAddress(0x1000), 0x1000)])?;
    /// let fetch = |at| space.fetch_plain::<Be16>(at).or_else(|| {
    ///     let map = space.view();
    ///     map.check_memory(at, 2, Access::EXECUTE).ok()?;
    ///     map.flat().read_obj(at).ok()
    /// });
    /// space.write_obj(Be16::from(0x1234), GuestAddress(0xfff))?; // in two regions
    /// assert_eq!(fetch(GuestAddress(0xfff)).map(Be16::to_native), Some(0x1234));
    /// assert!(fetch(GuestAddress(0x1fff)).is_none()); // a hole
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[inline]
    pub fn fetch_plain<T: ByteValued>(&self, address: GuestAddress) -> Option<T> {
        let value = self.load_by_entry(address.0, EXECUTABLE);
        value.or_else(|| self.load_around(address, Access::EXECUTE))
    }

    /// Writes an object, and marks its pages dirty, where the access needs nothing but memory: as
    /// [`read_plain`](Self::read_plain). `None` also says that a write trap guards the bytes, or that they are in ROM; then
    /// nothing was written. Beside the bytes of an exact trap it gives `Some`, more slowly.
    #[inline]
    pub fn write_plain<T: ByteValued>(&self, value: T, address: GuestAddress) -> Option<()> {
        let done = self.store_by_entry(value, address.0);
        done.or_else(|| self.store_around(value, address))
    }

    /// A load by the page table.
    #[inline(always)]
    fn load_by_entry<T: ByteValued>(&self, address: u64, flag: u32) -> Option<T> {
        readers::during(|| Some(self.entry_run::<T>(address, flag)?.read()))
    }

    /// A store by the page table.
    #[inline(always)]
    fn store_by_entry<T: ByteValued>(&self, value: T, address: u64) -> Option<()> {
        readers::during(|| {
            if !host::ONE_THREAD && traps::any() {
                return None; // a trap is sprung with the page held
            }
            let run = self.entry_run::<T>(address, WRITABLE)?;
            run.write(value);
            if size_of::<T>() > 0 {
                dirty_map::mark_page(run.host());
                if host::ONE_THREAD {
                    traps::stored(run.host(), size_of::<T>()); // of a space whose table does not know of the trap
                }
            }
            Some(())
        })
    }

    /// The bytes of an object that lies within one page that has `flag`. Only for an access [`during`](readers::during)
    /// which the page stays.
    #[inline(always)]
    fn entry_run<T>(&self, address: u64, flag: u32) -> Option<HostRun<'_>> {
        let entry = self.table.entry(address);
        let offset = (address & 0xfff) as usize;
        let fits = entry & flag != 0 && offset + size_of::<T>() <= host::PAGE_SIZE;
        let host = ((entry >> FLAG_BITS) as usize) << host::PAGE_SHIFT | offset;
        // SAFETY: the map shows the bytes' page, or did when the access began. It goes back to the allocator after the
        // access has ended.
        fits.then(|| unsafe { HostRun::new(host, size_of::<T>()) })
    }

    #[cold]
    #[inline(never)]
    fn read_around<T: ByteValued>(&self, address: GuestAddress) -> Result<T, Fault> {
        let map = self.view();
        let read = map.read_obj(address);
        read.map_err(|_| refusal(&map, address, size_of::<T>(), Access::READ))
    }

    #[cold]
    #[inline(never)]
    fn write_around<T: ByteValued>(&self, value: T, address: GuestAddress) -> Result<(), Fault> {
        // Gives the pages entries in the table. If this fails, the next lines report the error.
        let _ = self.populate(address, size_of::<T>() as u64);
        let map = self.view();
        let written = map.write_obj(value, address);
        written.map_err(|_| refusal(&map, address, size_of::<T>(), Access::WRITE))
    }

    #[cold]
    #[inline(never)]
    fn load_around<T: ByteValued>(&self, address: GuestAddress, access: Access) -> Option<T> {
        let map = self.view();
        // Allowed by `piece`: the flat view does not ask.
        is_plain(&map, address, size_of::<T>(), access)
            .then(|| map.flat().read_obj(address).ok())?
    }

    #[cold]
    #[inline(never)]
    fn store_around<T: ByteValued>(&self, value: T, address: GuestAddress) -> Option<()> {
        let map = self.view();
        if !is_plain(&map, address, size_of::<T>(), Access::WRITE) {
            return None;
        }
        drop(map); // pages are given to a map that is not held
        self.write_obj(value, address).ok()
    }
}

/// Whether an access to an object finds memory, and nothing that must be told of it.
fn is_plain(map: &MemoryMap, address: GuestAddress, size: usize, access: Access) -> bool {
    let piece = map.piece(address, size as u64, access);
    let memory = matches!(piece.shown, Shown::Memory { .. } | Shown::Absent);
    memory && !piece.watched && piece.length >= size as u64
}

/// The fault of an access that the map has refused with one of vm-memory's errors, which give fewer reasons.
fn refusal(map: &MemoryMap, address: GuestAddress, size: usize, access: Access) -> Fault {
    let bytes = size as u64;
    let checked = map.check_backing(address, bytes, access, Backing::Bytes);
    // All is mapped and allowed: the owner of external memory has taken it away, or there are no host pages to take.
    let checked = checked.and_then(|()| map.check_memory(address, bytes, access));
    checked.err().unwrap_or(Fault::OutOfMemory { bytes })
}
