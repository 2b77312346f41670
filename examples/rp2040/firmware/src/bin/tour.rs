//! A tour of the machine's memory: each kind of access, to each kind of memory, with a checksum of the results.
#![no_std]
#![no_main]

use core::arch::global_asm;
use core::hint::black_box;

use rp2040_firmware::board::{Board, Random, as_bytes, as_halfwords};
use rp2040_firmware::boot_rom::{BOOT_ROM, bit_count, crc32};
use rp2040_firmware::{println, program};

program!(tour);

fn tour(board: &mut Board) -> u32 {
    let mut checksum = 0u32;
    for round in 1..=board.rounds {
        println!(&mut board.console, "tour of the memory, round {round}");
        let mut random = Random(round);
        let sram = &mut *board.sram;
        let mut report = |what: &str, result: u32| {
            println!(&mut board.console, "  {what:<44} {result:08x}");
            checksum = checksum.rotate_left(1) ^ result;
        };
        report("boot ROM: its name", crc32(&black_box(&BOOT_ROM).name));
        report(
            "boot ROM: CRC-32 of \"123456789\" by its table",
            crc32(black_box(b"123456789")),
        );
        report("flash: tables of bytes, halfwords, words", flash_tables());
        report(
            "SRAM: bytes in 8 KiB",
            bytes(as_bytes(&mut sram[..2048]), &mut random),
        );
        report(
            "SRAM: halfwords in 16 KiB",
            halfwords(as_halfwords(&mut sram[..4096]), &mut random),
        );
        report("SRAM: words in all that is free", words(sram, &mut random));
        report(
            "SRAM: bytes and halfwords with a sign",
            signed(&mut sram[..1024]),
        );
        report(
            "SRAM: copies to and from odd addresses",
            odd_copies(as_bytes(&mut sram[..2048])),
        );
        report(
            "SRAM: copies that overlap",
            overlapping_copies(as_bytes(&mut sram[..2048])),
        );
        report("SRAM: code that runs from it", code_in_sram(round));
        report(
            "stack: 64 large frames, 1,973 small ones",
            frames(64) ^ fibonacci(15),
        );
    }
    checksum
}

static REVERSED_BITS: [u8; 256] = {
    let mut table = [0; 256];
    let mut index = 0;
    while index < 256 {
        table[index] = (index as u8).reverse_bits();
        index += 1;
    }
    table
};

static SQUARES: [u16; 256] = {
    let mut table = [0; 256];
    let mut index = 0;
    while index < 256 {
        table[index] = (index * index) as u16;
        index += 1;
    }
    table
};

static FACTORIALS: [u32; 13] = {
    let mut table = [1; 13];
    let mut index = 1;
    while index < 13 {
        table[index] = table[index - 1] * index as u32;
        index += 1;
    }
    table
};

fn flash_tables() -> u32 {
    let mut sum = 0u32;
    for index in 0..256 {
        let reversed = u32::from(black_box(&REVERSED_BITS)[index]);
        let square = u32::from(black_box(&SQUARES)[255 - index]);
        sum = sum.wrapping_mul(31).wrapping_add(reversed ^ square);
    }
    black_box(&FACTORIALS).iter().fold(sum, |sum, factorial| {
        sum.wrapping_mul(31).wrapping_add(*factorial)
    })
}

// `black_box` keeps each store by itself: the compiler makes no memset, and joins no four bytes to a word.

fn bytes(bytes: &mut [u8], random: &mut Random) -> u32 {
    for byte in bytes.iter_mut() {
        *byte = black_box(random.draw() as u8);
    }
    crc32(bytes) ^ bit_count(bytes)
}

fn halfwords(halfwords: &mut [u16], random: &mut Random) -> u32 {
    for halfword in halfwords.iter_mut() {
        *halfword = black_box(random.draw() as u16);
    }
    halfwords
        .iter()
        .fold(0, |sum, halfword| sum.rotate_left(3) ^ u32::from(*halfword))
}

fn words(words: &mut [u32], random: &mut Random) -> u32 {
    for word in words.iter_mut() {
        *word = random.draw();
    }
    words.iter().fold(0, |sum, word| sum.rotate_left(3) ^ word)
}

fn signed(words: &mut [u32]) -> u32 {
    // SAFETY: every bit pattern is a valid i8, and a valid i16.
    let bytes: i32 = unsafe { words.align_to::<i8>().1 }
        .iter()
        .map(|byte| i32::from(*byte))
        .sum();
    // SAFETY: as above.
    let halfwords = unsafe { words.align_to::<i16>().1 };
    halfwords.iter().fold(bytes, |sum, halfword| {
        sum.wrapping_mul(3) - i32::from(*halfword)
    }) as u32
}

/// Copies of 1,001 bytes from each alignment to each, and loads of words that are not aligned.
fn odd_copies(bytes: &mut [u8]) -> u32 {
    let (source, target) = bytes.split_at_mut(4096);
    let mut sum = 0u32;
    for from in 0..4 {
        for to in 0..4 {
            target[to..to + 1001].copy_from_slice(&source[from..from + 1001]);
            let word = target[to + 1..].as_ptr().cast::<u32>();
            // SAFETY: four bytes within `target`; the alignment does not matter to `read_unaligned`.
            sum = sum.rotate_left(5) ^ unsafe { word.read_unaligned() };
        }
    }
    sum ^ crc32(target)
}

fn overlapping_copies(bytes: &mut [u8]) -> u32 {
    for distance in 1..8 {
        bytes.copy_within(..2000, distance);
        bytes.copy_within(4000 + distance.., 4000);
    }
    crc32(bytes)
}

// Rust cannot make a function that needs nothing in flash, so this one is in assembly: an LCG's step.
global_asm!(
    ".section .data.code, \"awx\"",
    ".global step_in_sram",
    ".type step_in_sram, %function",
    ".thumb_func",
    "step_in_sram:",
    "    ldr r1, =1664525",
    "    muls r0, r1, r0",
    "    ldr r1, =1013904223",
    "    adds r0, r0, r1",
    "    bx lr",
    "    .pool",
);

unsafe extern "C" {
    safe fn step_in_sram(value: u32) -> u32;
}

fn code_in_sram(seed: u32) -> u32 {
    let step: extern "C" fn(u32) -> u32 = black_box(step_in_sram);
    (0..1000).fold(seed, |value, _| step(value))
}

/// Frames of more than 64 bytes, each written, and read again once the deeper ones are gone.
#[inline(never)]
fn frames(depth: u32) -> u32 {
    let frame = black_box([depth; 16]);
    let deeper = if depth > 1 { frames(depth - 1) } else { 0 };
    frame
        .iter()
        .fold(deeper, |sum, word| sum.wrapping_mul(5) ^ word)
}

#[inline(never)]
fn fibonacci(n: u32) -> u32 {
    if n < 2 {
        n
    } else {
        fibonacci(n - 1) + fibonacci(n - 2)
    }
}
