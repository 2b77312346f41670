//! The boot ROM, at address 0: it starts the program in flash, and holds tables that programs read.
//!
//! It is linked into every program and is the same in all of them; build.mjs makes one image of it.

use core::arch::global_asm;

// The core takes SP and PC from the ROM's own two vectors. The ROM then does the same with the program's vectors: it
// points VTOR (0xe000ed08) at flash, and takes SP and PC from there.
global_asm!(
    ".section .boot_rom.vectors, \"a\"",
    "    .word stack_top",
    "    .word boot",
    ".section .boot_rom.code, \"ax\"",
    ".global boot",
    ".type boot, %function",
    ".thumb_func",
    "boot:",
    "    ldr r0, =0x10000000",
    "    ldr r1, =0xe000ed08",
    "    str r0, [r1]",
    "    ldr r1, [r0]",
    "    mov sp, r1",
    "    ldr r0, [r0, #4]",
    "    bx r0",
    "    .pool",
);

/// The tables that the ROM offers to programs.
#[repr(C)]
pub struct BootRom {
    pub name: [u8; 16],
    /// The remainders of CRC-32 (polynomial 0xedb88320, reflected), one for each byte value.
    pub crc32: [u32; 256],
    /// The number of bits set in each byte value.
    pub bit_count: [u8; 256],
}

#[unsafe(link_section = ".boot_rom.data")]
#[used]
pub static BOOT_ROM: BootRom = BootRom {
    name: *b"boot ROM, rev. 1",
    crc32: crc32_remainders(),
    bit_count: bit_counts(),
};

const fn crc32_remainders() -> [u32; 256] {
    let mut table = [0; 256];
    let mut index = 0;
    while index < 256 {
        let mut remainder = index as u32;
        let mut bit = 0;
        while bit < 8 {
            remainder = (remainder >> 1) ^ if remainder & 1 == 1 { 0xedb8_8320 } else { 0 };
            bit += 1;
        }
        table[index] = remainder;
        index += 1;
    }
    table
}

const fn bit_counts() -> [u8; 256] {
    let mut table = [0; 256];
    let mut index = 0;
    while index < 256 {
        table[index] = (index as u32).count_ones() as u8;
        index += 1;
    }
    table
}

/// CRC-32 as in zlib, with the ROM's table: each byte costs a load from the ROM.
pub fn crc32(bytes: &[u8]) -> u32 {
    let mut remainder = !0;
    for &byte in bytes {
        remainder = BOOT_ROM.crc32[usize::from(remainder as u8 ^ byte)] ^ (remainder >> 8);
    }
    !remainder
}

/// The number of bits set in `bytes`, with the ROM's table.
pub fn bit_count(bytes: &[u8]) -> u32 {
    bytes
        .iter()
        .map(|&byte| u32::from(BOOT_ROM.bit_count[usize::from(byte)]))
        .sum()
}
