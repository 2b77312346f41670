//! The CPU: registers, and what each instruction does.

use crate::bus::{BANK, Bus, DISPLAY, FONT, IO, PAGE, ROWS, TIMER, WINDOW};
use crate::code::{CodeCache, Op};
use guest_memory::GuestAddress;
use guest_memory::endian::Be64;

/// The registers, with the machine that they are in.
pub(crate) struct Cpu {
    pub bus: Bus,
    pub code: CodeCache,
    pub v: [u8; 16],
    pub index: u16,
    pub pc: u16,
    stack: Vec<u16>,
    pub is_halted: bool,
}

impl Cpu {
    pub fn new(bus: Bus) -> Cpu {
        let pc = crate::bus::ENTRY;
        Cpu {
            bus,
            code: CodeCache::default(),
            v: [0; 16],
            index: 0,
            pc,
            stack: Vec::new(),
            is_halted: false,
        }
    }

    /// A frame: the timer counts, and the CPU runs about this many instructions, up to the end of a block. Gives how many.
    pub fn frame(&mut self, instructions: usize) -> usize {
        self.bus.devices.timer = self.bus.devices.timer.saturating_sub(1);
        let mut done = 0;
        while done < instructions && !self.is_halted {
            for &operation in self.code.block(&self.bus, self.pc).iter() {
                done += 1;
                self.pc = self.pc.wrapping_add(operation.length());
                if !self.execute(operation) {
                    break; // the block may be stale
                }
            }
        }
        done
    }

    /// Executes one instruction. Gives whether the rest of its block is still what memory holds.
    pub fn execute(&mut self, operation: Op) -> bool {
        match operation {
            Op::Clear => (0..ROWS).for_each(|row| self.set_row(row, 0)),
            Op::Return => match self.stack.pop() {
                Some(pc) => self.pc = pc,
                None => self.is_halted = true,
            },
            Op::CallCartridge(to) => self.call(WINDOW | to),
            Op::Jump(to) => self.jump(to),
            Op::Call(to) => self.call(self.pc & 0xf000 | to),
            Op::JumpBy(to) => self.jump(to + u16::from(self.v[0])),
            Op::SkipIfByte { x, byte, equal } => self.skip_if((self.v[x] == byte) == equal),
            Op::SkipIfRegister { x, y, equal } => self.skip_if((self.v[x] == self.v[y]) == equal),
            Op::SkipIfKey { x, down } => {
                let is_down = self.bus.load(IO + u16::from(self.v[x] & 15)) != 0;
                self.skip_if(is_down == down);
            }
            Op::Set { x, byte } => self.v[x] = byte,
            Op::Add { x, byte } => self.v[x] = self.v[x].wrapping_add(byte),
            Op::Arithmetic { operation, x, y } => self.arithmetic(operation, x, y),
            Op::SetIndex(to) | Op::SetIndexLong(to) => self.index = to,
            Op::AddIndex(x) => self.index = self.index.wrapping_add(u16::from(self.v[x])),
            Op::Glyph(x) => self.index = FONT + 5 * u16::from(self.v[x] & 15),
            Op::Draw { x, y, rows } => self.draw(self.v[x], self.v[y], rows),
            Op::GetTimer(x) => self.v[x] = self.bus.load(TIMER),
            Op::SetTimer(x) => return self.bus.store(self.v[x], TIMER),
            Op::WaitForKey(x) => match (0..16).find(|&key| self.bus.load(IO + u16::from(key)) != 0)
            {
                Some(key) => self.v[x] = key,
                None => self.pc = self.pc.wrapping_sub(2), // again
            },
            Op::Decimal(x) => {
                let value = self.v[x];
                return self.save(&[value / 100, value / 10 % 10, value % 10]);
            }
            Op::Save(x) => {
                let registers = self.v;
                return self.save(&registers[..=x]);
            }
            Op::Load(x) => {
                for register in 0..=x {
                    let value = self.bus.load(self.at_index(register));
                    self.v[register] = value;
                }
            }
            Op::Illegal => self.is_halted = true,
        }
        true
    }

    fn at_index(&self, offset: usize) -> u16 {
        self.index
            .wrapping_add(u16::try_from(offset).expect("16 registers"))
    }

    /// Stores bytes from the index on. Gives whether all stores were plain.
    fn save(&mut self, bytes: &[u8]) -> bool {
        let mut is_plain = true;
        for (offset, &byte) in bytes.iter().enumerate() {
            is_plain &= self.bus.store(byte, self.at_index(offset));
        }
        is_plain
    }

    /// Jumps within the 4 KiB that the program counter is in. A jump to itself halts.
    fn jump(&mut self, to: u16) {
        let to = self.pc & 0xf000 | to & 0xfff;
        self.is_halted = to == self.pc.wrapping_sub(2);
        self.pc = to;
    }

    fn call(&mut self, to: u16) {
        self.stack.push(self.pc);
        self.pc = to;
    }

    fn skip_if(&mut self, condition: bool) {
        if condition {
            let is_long = self.bus.fetch(self.pc) == 0xf000;
            self.pc = self.pc.wrapping_add(if is_long { 4 } else { 2 });
        }
    }

    /// The instructions 8xy0 to 8xye. The flag is written last.
    fn arithmetic(&mut self, operation: u16, x: usize, y: usize) {
        let (a, b) = (self.v[x], self.v[y]);
        let (value, flag) = match operation {
            0 => (b, None),
            1 => (a | b, None),
            2 => (a & b, None),
            3 => (a ^ b, None),
            4 => (a.wrapping_add(b), Some(a.checked_add(b).is_none())),
            5 => (a.wrapping_sub(b), Some(a >= b)),
            6 => (b >> 1, Some(b & 1 != 0)),
            7 => (b.wrapping_sub(a), Some(b >= a)),
            _ => (b << 1, Some(b & 0x80 != 0)),
        };
        self.v[x] = value;
        if let Some(flag) = flag {
            self.v[15] = u8::from(flag);
        }
    }

    /// Flips the pixels of a sprite, cut off at the edges. The flag tells whether a pixel went out.
    fn draw(&mut self, x: u8, y: u8, rows: u8) {
        let (x, y) = (x % 64, y % ROWS);
        self.v[15] = 0;
        for row in 0..rows.min(ROWS - y) {
            let sprite = (u64::from(self.bus.load(self.at_index(usize::from(row)))) << 56) >> x;
            let old = self.row(y + row);
            self.v[15] |= u8::from(old & sprite != 0);
            self.set_row(y + row, old ^ sprite);
        }
    }

    /// A row of the display: the leftmost pixel is the highest bit.
    pub fn row(&self, row: u8) -> u64 {
        self.bus
            .space
            .read_plain::<Be64>(row_start(row))
            .map_or(0, Be64::to_native)
    }

    /// Writes a row that changes. One that stays as it is need not be drawn again. A display that is not plugged shows nothing.
    fn set_row(&mut self, row: u8, pixels: u64) {
        if self.row(row) != pixels {
            self.bus
                .space
                .write_plain(Be64::from(pixels), row_start(row));
        }
    }

    /// The number of the bank in the window, as the guest reads it.
    pub fn bank(&mut self) -> u8 {
        self.bus.load(BANK)
    }
}

/// The guest address of a row.
pub(crate) fn row_start(row: u8) -> GuestAddress {
    GuestAddress(DISPLAY + u64::from(row) * PAGE)
}
