//! The picture, the dirty rows, and the devices' answers.

mod code;

use crate::bus::{IO, TIMER, address};
use crate::cpu::Cpu;
use crate::program::PROGRAM;
use crate::screen::Screen;
use guest_memory::memory_map::Access;

/// A machine with a program. It runs by itself from frame to frame.
fn machine(program: &[u8]) -> (Cpu, Screen) {
    crate::machine(program).expect("linear memory has room for a small machine")
}

/// Runs until the CPU halts.
fn run(cpu: &mut Cpu) {
    for _ in 0..1000 {
        cpu.frame(10);
    }
    assert!(cpu.is_halted);
}

#[test]
fn the_program_draws_its_picture() {
    let (mut cpu, mut screen) = machine(PROGRAM);
    cpu.bus.devices.keys[7] = true;
    run(&mut cpu);
    screen.refresh(&cpu);
    let lines: Vec<&str> = screen
        .lines
        .iter()
        .map(|line| line.trim_end_matches('.'))
        .collect();
    #[rustfmt::skip]
    let title = [
        "..................####.#..#.###.####.....####",
        "..................#....#..#..#..#..#.....#..#",
        "..................#....####..#..####.###.####",
        "..................#....#..#..#..#........#..#",
        "..................####.#..#.###.#........####",
    ];
    assert_eq!(lines[2..7], title);
    #[rustfmt::skip]
    let digits = [
        "..####...#..####.####.#..#.####.####.####.####.####.####.###",
        "..#..#..##.....#....#.#..#.#....#.......#.#..#.#..#.#..#.#..#",
        "..#..#...#..####.####.####.####.####...#..####.####.####.###",
        "..#..#...#..#.......#....#....#.#..#..#...#..#....#.#..#.#..#",
        "..####..###.####.####....#.####.####..#...####.####.#..#.###",
    ];
    assert_eq!(lines[14..19], digits);
    let dashes = "###.".repeat(16);
    assert_eq!([lines[10], lines[30]], [dashes.trim_end_matches('.'); 2]);
    assert_eq!(lines[22], "..............................####..####");
    assert!(
        [0, 1, 7, 13, 19, 29, 31]
            .iter()
            .all(|&row: &usize| lines[row].is_empty())
    );
}

#[test]
fn only_rows_that_change_are_drawn() {
    // Clear a clear display; draw the glyph 0 at row 3; draw it where the right edge cuts it off.
    let (mut cpu, mut screen) = machine(&[
        0x00, 0xe0, 0x6b, 0x03, 0xf0, 0x29, 0xd0, 0xb5, 0x6a, 0x3e, 0x6b, 0x1d, 0xda, 0xb5, 0x12,
        0x0e,
    ]);
    assert_eq!(
        screen.refresh(&cpu),
        Vec::from_iter(0..32),
        "a display that was plugged is drawn whole"
    );
    assert_eq!(screen.refresh(&cpu), []);
    run(&mut cpu);
    assert_eq!(screen.refresh(&cpu), [3, 4, 5, 6, 7, 29, 30, 31]);
    assert_eq!(
        (cpu.row(3), cpu.row(29), cpu.row(4)),
        (0xf << 60, 0b11, 0x9 << 60)
    );
    assert_eq!(screen.refresh(&cpu), []);

    let mut second = Screen::open(&cpu.bus.space).expect("seven clients fit");
    assert_eq!(second.refresh(&cpu), [], "a client begins clean");
    cpu.bus.poke(crate::cpu::row_start(9), &[1]);
    assert_eq!(
        (screen.refresh(&cpu), second.refresh(&cpu)),
        (vec![9], vec![9]),
        "each client for itself"
    );
}

#[test]
fn loads_reach_the_devices_and_all_else() {
    // I := the keys; load V0-VF; halt.
    let (mut cpu, _) = machine(&[0xf0, 0x00, 0x80, 0x00, 0xff, 0x65, 0x12, 0x06]);
    (cpu.bus.devices.keys[3], cpu.bus.devices.keys[15]) = (true, true);
    run(&mut cpu);
    assert_eq!(cpu.v, [0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]);
    assert_eq!(cpu.bus.devices.reads, 16, "one read for each byte");

    cpu.bus.store(5, TIMER);
    cpu.is_halted = false;
    cpu.frame(1);
    assert_eq!(cpu.bus.load(TIMER), 4);
    assert_eq!(
        (cpu.bus.load(IO + 0xff), cpu.bus.load(0x2000)),
        (0xff, 0xff),
        "no register, and a hole"
    );
    for ignored in [0xf000, 0x2000, IO + 0xff] {
        cpu.bus.store(1, ignored);
    }
    assert_eq!((cpu.bus.load(0xf000), cpu.bus.devices.reads), (0xf0, 18));

    // A watched page has no fast path. Memory answers all the same.
    cpu.bus
        .space
        .watch(address(0x300), 1, Access::READ | Access::WRITE)
        .expect("a watch");
    cpu.bus.store(8, 0x300);
    assert_eq!(
        (
            cpu.bus.space.read_plain::<u8>(address(0x300)),
            cpu.bus.load(0x300)
        ),
        (None, 8)
    );
}
