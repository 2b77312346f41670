//! The parts that the programs share: a boot ROM, the start-up code, the console, a checksum.
//!
//! A program is a `fn(&mut Board) -> u32` that [`program!`] names. Its result is printed as its checksum.
#![no_std]

pub mod board;
pub mod boot_rom;
pub mod console;
mod start;

/// Names the function that the start-up code calls.
#[macro_export]
macro_rules! program {
    ($function:path) => {
        #[unsafe(no_mangle)]
        fn program(board: &mut $crate::board::Board) -> u32 {
            $function(board)
        }
    };
}
