//! The machine's memory map, its devices, and each access that the CPU makes.

use guest_memory::endian::Be16;
use guest_memory::memory_map::{Access, Shown};
use guest_memory::{AddressSpace, Bytes, Fault, GuestAddress, Region, RegionKind};
use std::sync::Arc;

/// A program begins here in RAM, by tradition.
pub(crate) const ENTRY: u16 = 0x200;
/// The window that shows one bank of the cartridge. It begins and ends with a page, as RAM does, for the fast path.
pub(crate) const WINDOW: u16 = 0x4000;
/// The registers: 16 keys, then the others.
pub(crate) const IO: u16 = 0x8000;
/// Reads the delay timer, and sets it.
pub(crate) const TIMER: u16 = IO + 0x10;
/// Reads the number of the bank in the window, and selects a bank; 0 hides the window.
pub(crate) const BANK: u16 = IO + 0x11;
/// The glyphs of the 16 hexadecimal digits, 5 bytes each.
pub(crate) const FONT: u16 = 0xf000;
/// The display: a page for each row, so that a dirty page is a dirty row. The CPU's 16 bits do not reach it.
pub(crate) const DISPLAY: u64 = 0x1_0000;
/// The cartridge's chip, where the CPU does not see it.
pub(crate) const CARTRIDGE: u64 = 0x4_0000;
/// The size of a page, of RAM and of a bank.
pub(crate) const PAGE: u64 = 0x1000;
/// The display's rows, of 64 pixels each.
pub(crate) const ROWS: u8 = 32;
/// The value of a load from a hole.
const FLOATING: u8 = 0xff;

#[rustfmt::skip]
const GLYPHS: [u8; 80] = [
    0xf0, 0x90, 0x90, 0x90, 0xf0,  0x20, 0x60, 0x20, 0x20, 0x70,  0xf0, 0x10, 0xf0, 0x80, 0xf0,  0xf0, 0x10, 0xf0, 0x10, 0xf0,
    0x90, 0x90, 0xf0, 0x10, 0x10,  0xf0, 0x80, 0xf0, 0x10, 0xf0,  0xf0, 0x80, 0xf0, 0x90, 0xf0,  0xf0, 0x10, 0x20, 0x40, 0x40,
    0xf0, 0x90, 0xf0, 0x90, 0xf0,  0xf0, 0x90, 0xf0, 0x10, 0xf0,  0xf0, 0x90, 0xf0, 0x90, 0x90,  0xe0, 0x90, 0xe0, 0x90, 0xe0,
    0xf0, 0x80, 0x80, 0x80, 0xf0,  0xe0, 0x90, 0x90, 0x90, 0xe0,  0xf0, 0x80, 0xf0, 0x80, 0xf0,  0xf0, 0x80, 0xf0, 0x80, 0x80,
];

/// The state behind the registers.
#[derive(Debug, Default)]
pub(crate) struct Devices {
    /// Whether each key is down.
    pub keys: [bool; 16],
    /// The delay timer, which a frame counts down.
    pub timer: u8,
    /// How many loads the registers have answered.
    pub reads: u32,
}

/// The slow path's answer: a register's address, memory, or neither.
enum Target {
    Register(u16),
    Memory,
    Nothing,
}

/// The CPU's way to its memory and its devices.
pub(crate) struct Bus {
    pub space: AddressSpace,
    pub devices: Devices,
    registers: Arc<Region>,
    cartridge: Arc<Region>,
    /// The bank in the window: an alias of a part of the cartridge.
    bank: Option<(u8, Arc<Region>)>,
}

impl Bus {
    /// A machine with these bytes in RAM and in the cartridge. The display is not there yet: [`Bus::plug_display`].
    ///
    /// # Errors
    ///
    /// `OutOfMemory` where linear memory has no room.
    pub fn boot(program: &[u8], cartridge: &[u8]) -> Result<Bus, Fault> {
        let space = AddressSpace::new()?;
        let font = Region::new("font", RegionKind::Rom, address(FONT), PAGE)?;
        let registers = Region::new("registers", RegionKind::Mmio, address(IO), 0x100)?;
        let size = (cartridge.len() as u64).next_multiple_of(PAGE).max(PAGE);
        let chip = Region::new("cartridge", RegionKind::Rom, GuestAddress(CARTRIDGE), size)?;
        space.transaction(|space| {
            space.insert_region(address(0), PAGE)?;
            space.map(&registers, address(IO), 0)?;
            space.map(&font, address(FONT), 0)?;
            space.map(&chip, GuestAddress(CARTRIDGE), 0)
        })?;
        let bus = Bus {
            space,
            devices: Devices::default(),
            registers,
            cartridge: chip,
            bank: None,
        };
        bus.poke(address(FONT), &GLYPHS);
        bus.poke(address(ENTRY), program);
        bus.poke(GuestAddress(CARTRIDGE), cartridge);
        Ok(bus)
    }

    /// Puts the display into the map. A client that is open by then finds all rows dirty, and so draws the first picture.
    ///
    /// # Errors
    ///
    /// `MemoryRegionOverlap` with a display that is there; `OutOfMemory`.
    pub fn plug_display(&self) -> Result<(), Fault> {
        let size = u64::from(ROWS) * PAGE;
        self.space
            .insert_region(GuestAddress(DISPLAY), size)
            .map(|_| ())
    }

    /// Writes as a loader does: ROM too, past every permission.
    pub fn poke(&self, at: GuestAddress, bytes: &[u8]) {
        self.space
            .view()
            .flat()
            .write_slice(bytes, at)
            .expect("the bytes fit the memory");
    }

    /// Where an access that has no fast path leads.
    fn target(&self, at: u16, access: Access) -> Target {
        match self.space.view().piece(address(at), 1, access).shown {
            Shown::Device { region, offset } if Arc::ptr_eq(region, &self.registers) => {
                Target::Register(IO + u16::try_from(offset).expect("the registers are few"))
            }
            Shown::Memory { .. } | Shown::Absent => Target::Memory,
            _ => Target::Nothing, // a hole; for a store, ROM
        }
    }

    /// A load. Most find memory at once; the others ask the map.
    pub fn load(&mut self, at: u16) -> u8 {
        if let Some(value) = self.space.read_plain(address(at)) {
            return value;
        }
        match self.target(at, Access::READ) {
            Target::Register(register) => self.read_register(register),
            Target::Memory => self.space.read_obj(address(at)).unwrap_or(FLOATING),
            Target::Nothing => FLOATING,
        }
    }

    /// A store. Gives whether it was a plain one: any other may have changed code, or the map.
    pub fn store(&mut self, value: u8, at: u16) -> bool {
        if self.space.write_plain(value, address(at)).is_some() {
            return true;
        }
        match self.target(at, Access::WRITE) {
            Target::Register(register) => self.write_register(register, value),
            Target::Memory => self
                .space
                .write_obj(value, address(at))
                .expect("the map has just shown memory"),
            Target::Nothing => {} // ROM and holes ignore it
        }
        false
    }

    /// The two bytes of an instruction. Code is in memory alone: anything else reads as an illegal instruction.
    pub fn fetch(&self, at: u16) -> u16 {
        let at = address(at);
        let word: Option<Be16> = self.space.fetch_plain(at).or_else(|| {
            let map = self.space.view();
            map.check_memory(at, 2, Access::EXECUTE)
                .ok()
                .and_then(|()| map.flat().read_obj(at).ok())
        });
        word.map_or(0, Be16::to_native)
    }

    fn read_register(&mut self, register: u16) -> u8 {
        self.devices.reads += 1;
        match register {
            TIMER => self.devices.timer,
            BANK => self.bank.as_ref().map_or(0, |(number, _)| *number),
            key => self
                .devices
                .keys
                .get(usize::from(key - IO))
                .map_or(FLOATING, |&is_down| u8::from(is_down)),
        }
    }

    fn write_register(&mut self, register: u16, value: u8) {
        match register {
            TIMER => self.devices.timer = value,
            BANK => drop(self.select(value)), // a bank that is not there leaves the window as it was
            _ => {}
        }
    }

    /// Shows a bank in the window, counted from 1, or none for 0. Both steps take effect together, or neither does.
    ///
    /// # Errors
    ///
    /// `InvalidAlias` for a bank that the cartridge does not have; `OutOfMemory`.
    pub fn select(&mut self, number: u8) -> Result<(), Fault> {
        self.bank = self.space.transaction(|space| {
            if let Some((_, old)) = &self.bank {
                space.unmap(old)?;
            }
            let Some(index) = number.checked_sub(1) else {
                return Ok::<_, Fault>(None);
            };
            let bank = Region::alias("bank", &self.cartridge, u64::from(index) * PAGE, PAGE)?;
            space.map(&bank, address(WINDOW), 0)?;
            Ok(Some((number, bank)))
        })?;
        Ok(())
    }
}

/// An address of the CPU's, as the memory map takes it.
pub(crate) fn address(at: u16) -> GuestAddress {
    GuestAddress(u64::from(at))
}
