//! The console: UART0, polled.

use core::fmt;
use core::ptr;

const UART0: usize = 0x4003_4000;
const DATA: *mut u32 = UART0 as *mut u32;
const FLAGS: *const u32 = (UART0 + 0x18) as *const u32;
const INTEGER_BAUD_DIVISOR: *mut u32 = (UART0 + 0x24) as *mut u32;
const FRACTIONAL_BAUD_DIVISOR: *mut u32 = (UART0 + 0x28) as *mut u32;
const LINE_CONTROL: *mut u32 = (UART0 + 0x2c) as *mut u32;
const CONTROL: *mut u32 = (UART0 + 0x30) as *mut u32;

const TRANSMIT_FIFO_FULL: u32 = 1 << 5;
const EIGHT_BITS_WITH_FIFO: u32 = 0b111 << 4;
const ENABLE_UART_TRANSMIT_RECEIVE: u32 = 0b11 << 8 | 1;

/// Writes text to UART0.
pub struct Console(());

impl Console {
    /// Switches UART0 on: 115,200 baud at a peripheral clock of 125 MHz, eight bits, no parity.
    pub(crate) fn new() -> Self {
        // SAFETY: these are the registers of UART0, and the start-up code makes the only console.
        unsafe {
            ptr::write_volatile(INTEGER_BAUD_DIVISOR, 67);
            ptr::write_volatile(FRACTIONAL_BAUD_DIVISOR, 52);
            ptr::write_volatile(LINE_CONTROL, EIGHT_BITS_WITH_FIFO);
            ptr::write_volatile(CONTROL, ENABLE_UART_TRANSMIT_RECEIVE);
        }
        Console(())
    }

    /// Sends one byte, when there is room for it.
    pub fn send(&mut self, byte: u8) {
        // SAFETY: as in `new`.
        unsafe {
            while ptr::read_volatile(FLAGS) & TRANSMIT_FIFO_FULL != 0 {}
            ptr::write_volatile(DATA, u32::from(byte));
        }
    }
}

impl fmt::Write for Console {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        text.bytes().for_each(|byte| self.send(byte));
        Ok(())
    }
}

/// `print!` on a console. It cannot fail, so there is no result to look at.
#[macro_export]
macro_rules! print {
    ($console:expr, $($format:tt)*) => {{
        let _ = core::fmt::Write::write_fmt($console, format_args!($($format)*));
    }};
}

/// `println!` on a console.
#[macro_export]
macro_rules! println {
    ($console:expr, $($format:tt)*) => {{
        $crate::print!($console, $($format)*);
        $crate::print!($console, "\n");
    }};
}
