//! The decode cache: blocks of decoded instructions, each guarded by a write trap on its bytes.

use crate::bus::{Bus, address};
use std::collections::HashMap;
use std::rc::Rc;

/// An instruction. `x` and `y` are registers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Op {
    Clear,
    Return,
    /// This machine's own: a routine of the cartridge, where the first CHIP-8 had one of the host's machine code.
    CallCartridge(u16),
    Jump(u16),
    Call(u16),
    SkipIfByte {
        x: usize,
        byte: u8,
        equal: bool,
    },
    SkipIfRegister {
        x: usize,
        y: usize,
        equal: bool,
    },
    SkipIfKey {
        x: usize,
        down: bool,
    },
    Set {
        x: usize,
        byte: u8,
    },
    Add {
        x: usize,
        byte: u8,
    },
    /// The operation is the last digit of the instruction.
    Arithmetic {
        operation: u16,
        x: usize,
        y: usize,
    },
    SetIndex(u16),
    /// XO-CHIP's, of four bytes: the index with 16 bits.
    SetIndexLong(u16),
    JumpBy(u16),
    Draw {
        x: usize,
        y: usize,
        rows: u8,
    },
    GetTimer(usize),
    SetTimer(usize),
    WaitForKey(usize),
    AddIndex(usize),
    Glyph(usize),
    Decimal(usize),
    /// V0 to Vx, to the bytes from the index on, which keeps its value.
    Save(usize),
    Load(usize),
    Illegal,
}

impl Op {
    /// Decodes the instruction `word`; `next` is the word behind it.
    pub fn decode(word: u16, next: u16) -> Op {
        let [x, y] = [8, 4].map(|shift| usize::from(word >> shift & 15));
        let (low, byte) = (word & 0xfff, word.to_be_bytes()[1]);
        match (word >> 12, word & 15, byte) {
            (0, ..) if word == 0x00e0 => Op::Clear,
            (0, ..) if word == 0x00ee => Op::Return,
            (0, ..) if word != 0 => Op::CallCartridge(low),
            (1, ..) => Op::Jump(low),
            (2, ..) => Op::Call(low),
            (3 | 4, ..) => Op::SkipIfByte {
                x,
                byte,
                equal: word >> 12 == 3,
            },
            (5 | 9, 0, _) => Op::SkipIfRegister {
                x,
                y,
                equal: word >> 12 == 5,
            },
            (6, ..) => Op::Set { x, byte },
            (7, ..) => Op::Add { x, byte },
            (8, operation @ (0..=7 | 14), _) => Op::Arithmetic { operation, x, y },
            (10, ..) => Op::SetIndex(low),
            (11, ..) => Op::JumpBy(low),
            (13, rows, _) => Op::Draw {
                x,
                y,
                rows: rows.to_be_bytes()[1],
            },
            (14, _, 0x9e | 0xa1) => Op::SkipIfKey {
                x,
                down: byte == 0x9e,
            },
            (15, _, 0x00) if x == 0 => Op::SetIndexLong(next),
            (15, _, 0x07) => Op::GetTimer(x),
            (15, _, 0x0a) => Op::WaitForKey(x),
            (15, _, 0x15) => Op::SetTimer(x),
            (15, _, 0x1e) => Op::AddIndex(x),
            (15, _, 0x29) => Op::Glyph(x),
            (15, _, 0x33) => Op::Decimal(x),
            (15, _, 0x55) => Op::Save(x),
            (15, _, 0x65) => Op::Load(x),
            _ => Op::Illegal,
        }
    }

    /// The instruction's length in bytes.
    pub fn length(self) -> u16 {
        if matches!(self, Op::SetIndexLong(_)) {
            4
        } else {
            2
        }
    }

    /// Whether the next instruction need not be the one behind.
    fn ends_block(self) -> bool {
        use Op::{Call, CallCartridge, Illegal, Jump, JumpBy, Return, WaitForKey};
        use Op::{SkipIfByte, SkipIfKey, SkipIfRegister};
        matches!(
            self,
            Return | CallCartridge(_) | Jump(_) | Call(_) | JumpBy(_) | WaitForKey(_) | Illegal
        ) || matches!(
            self,
            SkipIfByte { .. } | SkipIfRegister { .. } | SkipIfKey { .. }
        )
    }
}

/// Instructions up to a jump.
struct Block {
    operations: Rc<[Op]>,
    trap: u32,
}

/// The blocks that have been decoded, by their first address, and counts of what has happened to them.
#[derive(Default)]
pub(crate) struct CodeCache {
    blocks: HashMap<u16, Block>,
    /// The generation of the map that the blocks belong to.
    map: u32,
    /// The number of permission changes up to which sprung traps have been taken.
    permissions: u32,
    pub decoded: u32,
    pub dropped: u32,
    pub flushed: u32,
}

impl CodeCache {
    /// The block at an address, which is right as long as no store leaves the fast path.
    pub fn block(&mut self, bus: &Bus, start: u16) -> Rc<[Op]> {
        self.refresh(bus);
        if let Some(block) = self.blocks.get(&start) {
            return Rc::clone(&block.operations);
        }
        let mut operations = Vec::new();
        let mut end = start;
        while operations.last().is_none_or(|last: &Op| !last.ends_block()) && operations.len() < 64
        {
            let operation = Op::decode(bus.fetch(end), bus.fetch(end.wrapping_add(2)));
            end = end.wrapping_add(operation.length());
            operations.push(operation);
        }
        self.decoded += 1;
        let operations: Rc<[Op]> = operations.into();
        // No trap on a hole or a device: such code is decoded each time.
        let length = u64::from(end.wrapping_sub(start));
        if let Ok(trap) = bus.space.trap_writes(address(start), length, true) {
            self.blocks.insert(
                start,
                Block {
                    operations: Rc::clone(&operations),
                    trap,
                },
            );
        }
        operations
    }

    /// Throws away what has changed: all of it after a change of the map, else the blocks whose bytes were written.
    fn refresh(&mut self, bus: &Bus) {
        let map = bus.space.map_generation();
        if map != self.map {
            self.map = map;
            self.flushed += u32::from(!self.blocks.is_empty());
            for (_, block) in self.blocks.drain() {
                bus.space.end_trap(block.trap, None);
            }
        }
        // Read before the traps are taken, so that none is missed.
        let permissions = bus.space.permission_generation();
        if permissions == self.permissions {
            return;
        }
        self.permissions = permissions;
        for sprung in bus.space.take_sprung() {
            let before = self.blocks.len();
            self.blocks.retain(|_, block| block.trap != sprung.trap);
            if self.blocks.len() < before {
                self.dropped += 1;
                bus.space.end_trap(sprung.trap, None); // on the block's other page, if it has two
            }
        }
    }
}
