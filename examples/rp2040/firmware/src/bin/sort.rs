//! Work for the memory: sorting, a checksum, a product of matrices, a sieve.
#![no_std]
#![no_main]

use rp2040_firmware::board::{Board, Random, as_bytes};
use rp2040_firmware::boot_rom::crc32;
use rp2040_firmware::{println, program};

program!(work);

fn work(board: &mut Board) -> u32 {
    let mut checksum = 0u32;
    for round in 1..=board.rounds {
        let console = &mut board.console;
        println!(console, "round {round} of {}", board.rounds);

        let numbers = &mut board.sram[..8192];
        let mut random = Random(round);
        numbers.fill_with(|| random.draw());
        numbers.sort_unstable();
        let sorted = numbers.is_sorted();
        println!(
            console,
            "  8,192 numbers sorted ({sorted}), from {:08x} to {:08x}", numbers[0], numbers[8191]
        );

        let sum = crc32(as_bytes(numbers));
        println!(console, "  CRC-32 of their 32 KiB is {sum:08x}");

        let trace = matrices(&mut board.sram[..3 * SIDE * SIDE], &mut random);
        println!(
            console,
            "  two matrices of {SIDE} x {SIDE} multiplied, the trace is {trace:08x}"
        );

        let primes = sieve(as_bytes(&mut board.sram[..LIMIT / 4]));
        println!(console, "  {primes} primes below {LIMIT}");

        checksum = checksum.rotate_left(1) ^ sum ^ trace ^ primes;
    }
    checksum
}

const SIDE: usize = 40;
const LIMIT: usize = 65536;

/// The trace of the product of two random matrices.
fn matrices(words: &mut [u32], random: &mut Random) -> u32 {
    let (left, rest) = words.split_at_mut(SIDE * SIDE);
    let (right, product) = rest.split_at_mut(SIDE * SIDE);
    left.fill_with(|| random.draw());
    right.fill_with(|| random.draw());
    for (row, cells) in product.chunks_exact_mut(SIDE).enumerate() {
        let left = &left[row * SIDE..][..SIDE];
        for (column, cell) in cells.iter_mut().enumerate() {
            let down = right[column..].iter().step_by(SIDE);
            *cell = left
                .iter()
                .zip(down)
                .fold(0, |sum, (a, b)| sum.wrapping_add(a.wrapping_mul(*b)));
        }
    }
    product
        .iter()
        .step_by(SIDE + 1)
        .fold(0, |trace, cell| trace.wrapping_add(*cell))
}

/// The number of primes below the length of `composite`, which is written over: the sieve of Eratosthenes.
fn sieve(composite: &mut [u8]) -> u32 {
    composite.fill(0);
    let mut primes = 0;
    for number in 2..composite.len() {
        if composite[number] == 0 {
            primes += 1;
            composite[number..]
                .iter_mut()
                .step_by(number)
                .for_each(|multiple| *multiple = 1);
        }
    }
    primes
}
