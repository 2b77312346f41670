//! The guest's program and its cartridge, as an assembler would make them.

/// Calls a routine in each of two banks, draws twelve digits by an instruction that it writes anew for each, and waits for
/// a key.
#[rustfmt::skip]
pub(crate) const PROGRAM: &[u8] = &[
    0x00, 0xe0,             // 200  clear
    0x60, 0x01,             // 202  V0 := 1
    0xf0, 0x00, 0x80, 0x11, // 204  I := the bank register
    0xf0, 0x55,             // 208  save V0: bank 1
    0x00, 0x10,             // 20a  call the cartridge's 010: the title
    0x60, 0x02,             // 20c  V0 := 2
    0xf0, 0x00, 0x80, 0x11, // 20e  I := the bank register
    0xf0, 0x55,             // 212  save V0: bank 2
    0x00, 0x10,             // 214  call the same address: two lines
    0x6a, 0x02,             // 216  VA := 2, the column
    0x6b, 0x0e,             // 218  VB := 14, the row
    0x60, 0x00,             // 21a  V0 := 0: the byte at 21b is the number of rounds
    0xf0, 0x29,             // 21c  I := the glyph of V0
    0xda, 0xb5,             // 21e  draw 5 rows at VA, VB
    0x7a, 0x05,             // 220  VA += 5
    0x70, 0x01,             // 222  V0 += 1
    0xa2, 0x1b,             // 224  I := 21b
    0xf0, 0x55,             // 226  save V0: into the instruction at 21a
    0x40, 0x0c,             // 228  skip if V0 is not 12
    0x12, 0x2e,             // 22a  jump 22e
    0x12, 0x1a,             // 22c  jump 21a
    0xfc, 0x0a,             // 22e  VC := a key
    0xfc, 0x29,             // 230  I := its glyph
    0x6a, 0x1e,             // 232  VA := 30
    0x6b, 0x16,             // 234  VB := 22
    0xda, 0xb5,             // 236  draw it
    0x60, 0x03,             // 238  V0 := 3
    0xf0, 0x15,             // 23a  timer := V0
    0xf0, 0x07,             // 23c  V0 := timer
    0x30, 0x00,             // 23e  skip if V0 is 0
    0x12, 0x3c,             // 240  jump 23c
    0x6a, 0x24,             // 242  VA := 36
    0xda, 0xb5,             // 244  draw the key once more
    0x12, 0x46,             // 246  jump 246: the end
];

/// The start of a bank: data is at 000, the routine at 010.
#[rustfmt::skip]
const TITLE: &[u8] = &[
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
    0x6a, 0x12,             // 010  VA := 18
    0x6b, 0x02,             // 012  VB := 2
    0x60, 0x05,             // 014  V0 := 5
    0xf0, 0x00, 0x40, 0x26, // 016  I := 4026
    0xda, 0xb5,             // 01a  draw 5 rows at VA, VB
    0xf0, 0x1e,             // 01c  I += V0
    0x7a, 0x08,             // 01e  VA += 8
    0x3a, 0x32,             // 020  skip if VA is 50
    0x10, 0x1a,             // 022  jump 01a, in this bank
    0x00, 0xee,             // 024  return
    0xf4, 0x84, 0x87, 0x84, 0xf4, // 026  "CHIP-8", four sprites
    0xbb, 0x92, 0x93, 0x92, 0xba,
    0xc1, 0x41, 0xdd, 0x01, 0x01,
    0xe0, 0x20, 0xe0, 0x20, 0xe0,
];

#[rustfmt::skip]
const LINES: &[u8] = &[
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
    0x6a, 0x00,             // 010  VA := 0
    0x6b, 0x0a,             // 012  VB := 10
    0x6c, 0x1e,             // 014  VC := 30
    0xf0, 0x00, 0x40, 0x28, // 016  I := 4028
    0xda, 0xb1,             // 01a  draw 1 row at VA, VB
    0xda, 0xc1,             // 01c  draw 1 row at VA, VC
    0x7a, 0x08,             // 01e  VA += 8
    0x3a, 0x40,             // 020  skip if VA is 64
    0x10, 0x1a,             // 022  jump 01a, in this bank
    0x00, 0xee,             // 024  return
    0x00, 0x00,             // 026
    0xee,                   // 028  a sprite of dashes
];

/// The cartridge's chip: two banks of 4 KiB.
pub(crate) fn cartridge() -> Vec<u8> {
    let mut chip = vec![0; 0x2000];
    chip[..TITLE.len()].copy_from_slice(TITLE);
    chip[0x1000..][..LINES.len()].copy_from_slice(LINES);
    chip
}
