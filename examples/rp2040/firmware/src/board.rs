//! `Board`: the parts of the machine that a program gets.

use crate::console::Console;

pub struct Board {
    pub console: Console,
    /// SRAM that neither the program's own data nor its stack needs: about 240 KiB.
    pub sram: &'static mut [u32],
    /// The number of times that the program does its work: the host's parameter.
    pub rounds: u32,
}

/// `words` as bytes.
pub fn as_bytes(words: &mut [u32]) -> &mut [u8] {
    // SAFETY: every bit pattern is a valid `u8`, and so is every byte a valid part of a `u32`.
    unsafe { words.align_to_mut().1 }
}

/// `words` as halfwords.
pub fn as_halfwords(words: &mut [u32]) -> &mut [u16] {
    // SAFETY: as above.
    unsafe { words.align_to_mut().1 }
}

/// Numbers that look random: xorshift with 32 bits of state, which must not be 0.
pub struct Random(pub u32);

impl Random {
    pub fn draw(&mut self) -> u32 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 17;
        self.0 ^= self.0 << 5;
        self.0
    }
}
