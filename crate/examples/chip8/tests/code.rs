//! The decode cache: thrown away when it must be, and only then.

use super::{machine, run};
use crate::bus::{CARTRIDGE, ENTRY, IO, PAGE, WINDOW, address};
use crate::code::Op;
use crate::cpu::Cpu;
use crate::program::PROGRAM;
use guest_memory::{Fault, GuestAddress};
use std::cmp::Ordering;

/// The counts of the cache: blocks that were decoded, dropped, and flushes.
fn counts(cpu: &Cpu) -> (u32, u32, u32) {
    (cpu.code.decoded, cpu.code.dropped, cpu.code.flushed)
}

/// Runs the program from its start.
fn run_again(cpu: &mut Cpu) {
    (cpu.pc, cpu.is_halted) = (ENTRY, false);
    run(cpu);
}

#[test]
fn a_store_drops_the_blocks_that_it_changes_and_no_other() {
    // Two blocks: at 200, and at 204. Data is at 208, in the same page.
    let (mut cpu, _) = machine(&[0x60, 0x01, 0x12, 0x04, 0x61, 0x02, 0x12, 0x06, 0, 0]);
    let again = |cpu: &mut Cpu| {
        run_again(cpu);
        counts(cpu)
    };
    assert_eq!(again(&mut cpu), (2, 0, 0));
    assert_eq!(again(&mut cpu), (2, 0, 0), "from the cache");
    assert!(
        cpu.bus.store(9, ENTRY + 8),
        "a trap is for its bytes, so a store beside them is plain"
    );
    assert_eq!(again(&mut cpu), (2, 0, 0), "data beside the code");
    assert!(!cpu.bus.store(9, ENTRY + 5));
    assert_eq!(again(&mut cpu), (3, 1, 0), "the second block alone");
    assert_eq!(cpu.v[1], 9);
    cpu.bus.poke(address(ENTRY + 1), &[7]);
    assert_eq!(again(&mut cpu), (4, 2, 0), "a loader's write");
    assert_eq!(cpu.v[0], 7);
    cpu.bus.space.fill(address(ENTRY), 0, 6).expect("RAM");
    run_again(&mut cpu);
    assert_eq!(counts(&cpu).1, 4, "one write through both");
}

#[test]
fn the_program_that_writes_itself_is_decoded_once_a_round() {
    let (mut cpu, _) = machine(PROGRAM);
    cpu.bus.devices.keys[7] = true;
    run(&mut cpu);
    assert_eq!((cpu.code.dropped, cpu.code.flushed), (12, 2));
}

#[test]
fn a_block_that_overwrites_itself_ends_there() {
    // V0 := 65h; V1 := 9; I := 208; save V0-V1: the next instruction becomes V5 := 9. Halt.
    let (mut cpu, _) = machine(&[
        0x60, 0x65, 0x61, 0x09, 0xa2, 0x08, 0xf1, 0x55, 0x65, 0x01, 0x12, 0x0a,
    ]);
    run(&mut cpu);
    assert_eq!((cpu.v[5], cpu.code.dropped), (9, 1));
}

#[test]
fn a_switch_of_banks_flushes_and_a_write_to_a_hidden_bank_does_not() {
    let (mut cpu, _) = machine(&[0x00, 0x10, 0x12, 0x02]); // call the cartridge's 010
    let chip = |bank: u64, offset: u64| GuestAddress(CARTRIDGE + (bank - 1) * PAGE + offset);
    let again = |cpu: &mut Cpu| {
        run_again(cpu);
        (cpu.v[0], cpu.code.dropped, cpu.code.flushed)
    };
    for (bank, value) in [(1, 0x11), (2, 0x22)] {
        cpu.bus.poke(chip(bank, 0x10), &[0x60, value, 0x00, 0xee]);
    }
    cpu.bus.select(1).expect("a bank");
    assert_eq!(again(&mut cpu), (0x11, 0, 0));
    cpu.bus.poke(chip(2, 0x11), &[0x33]);
    assert_eq!(
        again(&mut cpu),
        (0x11, 0, 0),
        "the same window, another bank"
    );
    cpu.bus.select(2).expect("a bank");
    assert_eq!(again(&mut cpu), (0x33, 0, 1));
    cpu.bus.poke(chip(2, 0x11), &[0x44]);
    assert_eq!(
        again(&mut cpu),
        (0x44, 1, 1),
        "the bank in the window, by the chip's own address"
    );

    // There is no third bank. The first step of the transaction was to hide the second.
    assert_eq!(
        cpu.bus.select(3),
        Err(Fault::InvalidAlias { offset: 2 * PAGE })
    );
    assert_eq!(
        (again(&mut cpu), cpu.bank()),
        ((0x44, 1, 1), 2),
        "nothing has changed, and nothing is flushed"
    );
    cpu.bus.select(0).expect("no bank");
    assert_eq!((cpu.bus.load(WINDOW), cpu.bank()), (0xff, 0));
}

#[test]
fn code_outside_memory_halts_and_is_not_kept() {
    for start in [IO, 0x2000, 0x0fff] {
        let (mut cpu, _) = machine(&[]);
        cpu.pc = start;
        cpu.frame(1);
        assert!(cpu.is_halted);
        (cpu.pc, cpu.is_halted) = (start, false);
        cpu.frame(1);
        assert_eq!(cpu.code.decoded, 2, "{start:#x}");
    }
}

/// A generator of numbers, the same in every run: xorshift.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % limit
    }

    /// 32 instructions, of which many store to their neighbours.
    fn program(&mut self) -> Vec<u8> {
        let mut word = || {
            let (x, low) = (self.below(4) << 8, self.below(64));
            match self.below(8) {
                0 => 0x6000 | x | low,
                1 => 0x6000 | x | [0x12, 0x60, 0x71, 0xa2, 0xf1][(low % 5) as usize], // an instruction's first byte
                2 => 0x7000 | x | low,
                3 => 0x1200 | low & !1,
                4 => 0x3000 | x | low,
                5 => 0xa200 | low,
                6 => 0xf065 | x,
                _ => 0xf055 | x,
            }
        };
        (0..32)
            .flat_map(|_| u16::try_from(word()).expect("16 bits").to_be_bytes())
            .collect()
    }
}

/// Decodes each instruction when it comes to it.
fn interpret(cpu: &mut Cpu, instructions: usize) {
    for _ in 0..instructions {
        let [word, next] = [0, 2].map(|offset| cpu.bus.fetch(cpu.pc.wrapping_add(offset)));
        let operation = Op::decode(word, next);
        cpu.pc = cpu.pc.wrapping_add(operation.length());
        cpu.execute(operation);
    }
}

#[test]
fn programs_that_write_themselves_run_as_without_a_cache() {
    let mut random = Random(0x2545_f491_4f6c_dd1d);
    let mut dropped = 0;
    for round in 0..100 {
        let program = random.program();
        let (mut cached, _) = machine(&program);
        let (mut plain, _) = machine(&program);
        for _ in 0..100 {
            interpret(&mut plain, cached.frame(1));
            let [a, b] = [&cached, &plain].map(|cpu| (cpu.pc, cpu.v, cpu.index));
            assert_eq!(a, b, "round {round}");
        }
        let same = plain
            .bus
            .space
            .compare(address(0), &cached.bus.space, address(0), PAGE);
        assert_eq!(same, Ok(Ordering::Equal), "round {round}");
        dropped += cached.code.dropped;
    }
    assert!(dropped > 50, "{dropped}");
}
