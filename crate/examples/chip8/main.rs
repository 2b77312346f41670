//! A CHIP-8 emulator whose whole memory is an `AddressSpace`. It runs a small program, and draws only what has changed:
//!
//!     cargo run --package guest-memory --example chip8
//!     cargo test --package guest-memory --example chip8
//!
//! `bus.rs` has the memory map and the accesses, `code.rs` the decode cache, `cpu.rs` the instructions, `screen.rs` the
//! dirty rows, and `program.rs` the guest. A CHIP-8 has 4 KiB; this one has a cartridge, registers and a font beside them.

mod bus;
mod code;
mod cpu;
mod program;
mod screen;
#[cfg(test)]
mod tests;

use guest_memory::Fault;

/// A machine with the program in it, and the screen that has not drawn yet.
fn machine(program: &[u8]) -> Result<(cpu::Cpu, screen::Screen), Fault> {
    let bus = bus::Bus::boot(program, &program::cartridge())?;
    let screen = screen::Screen::open(&bus.space)?;
    bus.plug_display()?;
    Ok((cpu::Cpu::new(bus), screen))
}

fn main() -> Result<(), Fault> {
    let (mut cpu, mut screen) = machine(program::PROGRAM)?;
    for frame in 0..60 {
        cpu.bus.devices.keys[7] = frame == 30; // a key is pressed for one frame
        cpu.frame(10);
        let rows = screen.refresh(&cpu);
        if !rows.is_empty() {
            println!("frame {frame:2}: drew rows {rows:?}");
        }
        if cpu.is_halted {
            break;
        }
    }
    for line in &screen.lines {
        println!("{line}");
    }
    let (code, reads) = (&cpu.code, cpu.bus.devices.reads);
    println!(
        "{} blocks decoded, {} thrown away by stores, {} flushes by banks",
        code.decoded, code.dropped, code.flushed
    );
    println!(
        "{reads} loads from the registers; bank {} is in the window",
        cpu.bank()
    );
    let mut tree = String::new();
    cpu.bus
        .space
        .write_tree(&mut tree, "chip8", true)
        .expect("a string takes all text");
    print!("{tree}");
    Ok(())
}
