//! A small Forth: it compiles program.fs, whose text lies in flash, to code in SRAM, and runs that.
#![no_std]
#![no_main]

mod compiler;
mod machine;

use compiler::Compiler;
use machine::Machine;
use rp2040_firmware::board::{Board, as_bytes};
use rp2040_firmware::program;

program!(interpret);

static SOURCE: &str = include_str!("program.fs");

const CODE_WORDS: usize = 4096;
const STACK_WORDS: usize = 64;

/// Runs the source once, and then its word `main` once a round, with the round's number on the stack. `main` leaves a
/// number, which goes into the checksum.
fn interpret(board: &mut Board) -> u32 {
    let (code, rest) = board.sram.split_at_mut(CODE_WORDS);
    let (data_stack, rest) = rest.split_at_mut(STACK_WORDS);
    let (return_stack, buffers) = rest.split_at_mut(STACK_WORDS);
    let machine = Machine::new(
        &mut board.console,
        SOURCE,
        code,
        data_stack,
        return_stack,
        as_bytes(buffers),
    );
    let mut compiler = Compiler::new(machine);
    compiler.compile(SOURCE);
    let mut checksum = 0u32;
    for round in 1..=board.rounds {
        checksum = checksum.rotate_left(1) ^ compiler.call("main", round);
    }
    checksum
}
