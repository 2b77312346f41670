//! The way from the vectors in flash to the program, and the end after it.

use core::arch::{asm, global_asm};
use core::panic::PanicInfo;
use core::ptr;
use core::slice;

use crate::board::Board;
use crate::console::Console;
use crate::println;

// 16 vectors of the core's own and 32 of interrupts. Nothing here enables an interrupt, so each of them is a fault.
global_asm!(
    ".section .vectors, \"a\"",
    "    .word stack_top",
    "    .word start",
    "    .rept 46",
    "    .word fault",
    "    .endr",
);

/// How often the program does its work. The host may write it, at 0x100000c0, before it starts the machine.
#[unsafe(link_section = ".parameters")]
#[used]
static ROUNDS: u32 = 1;

unsafe extern "C" {
    static mut data_start: u32;
    static mut data_end: u32;
    static data_source: u32;
    static mut bss_start: u32;
    static mut bss_end: u32;
    static mut free_start: u32;
    static mut free_end: u32;
}

unsafe extern "Rust" {
    fn program(board: &mut Board) -> u32;
}

/// The words between two symbols of the linker script.
///
/// # Safety
/// Both must be word-aligned addresses in SRAM, the first not above the second. No other code may use the words.
unsafe fn words(start: *mut u32, end: *mut u32) -> &'static mut [u32] {
    // SAFETY: see above. The difference is between addresses, because these are two symbols and not one object.
    unsafe { slice::from_raw_parts_mut(start, (end.addr() - start.addr()) / size_of::<u32>()) }
}

#[unsafe(no_mangle)]
extern "C" fn start() -> ! {
    // SAFETY: the symbols are the linker script's, and no code has used the words between them yet. `.data` is not read
    // before it is copied: statics here are in flash.
    let mut board = unsafe {
        let data = words(&raw mut data_start, &raw mut data_end);
        data.copy_from_slice(slice::from_raw_parts(&raw const data_source, data.len()));
        words(&raw mut bss_start, &raw mut bss_end).fill(0);
        Board {
            console: Console::new(),
            sram: words(&raw mut free_start, &raw mut free_end),
            rounds: ptr::read_volatile(&raw const ROUNDS),
        }
    };
    // SAFETY: `program!` defines it, with this signature.
    let checksum = unsafe { program(&mut board) };
    println!(&mut board.console, "done {checksum:08x}");
    halt()
}

/// An exception that no program expects.
#[unsafe(no_mangle)]
extern "C" fn fault() -> ! {
    panic!("unexpected exception")
}

#[panic_handler]
fn panic(info: &PanicInfo) -> ! {
    println!(&mut Console::new(), "{info}");
    halt()
}

/// The core sleeps for good: no interrupt is enabled. An emulator sees the wait, and stops.
fn halt() -> ! {
    loop {
        // SAFETY: the instruction waits, and touches nothing.
        unsafe { asm!("wfi", options(nomem, nostack, preserves_flags)) }
    }
}
