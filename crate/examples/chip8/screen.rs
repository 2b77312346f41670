//! The screen: the display as text, of which only the rows that have changed are drawn again.

use crate::bus::ROWS;
use crate::cpu::{Cpu, row_start};
use guest_memory::{AddressSpace, Fault, GuestAddress};

/// A picture of 32 lines, with the dirty client that keeps it up to date.
pub(crate) struct Screen {
    client: u8,
    pub lines: Vec<String>,
}

impl Screen {
    /// A screen that is open before the display is plugged draws all of it first.
    ///
    /// # Errors
    ///
    /// `TooManyClients`.
    pub fn open(space: &AddressSpace) -> Result<Screen, Fault> {
        let lines = vec![String::new(); usize::from(ROWS)];
        Ok(Screen {
            client: space.open_dirty_client()?,
            lines,
        })
    }

    /// Draws the rows that were written since the last call, and gives their numbers.
    pub fn refresh(&mut self, cpu: &Cpu) -> Vec<u8> {
        let rows = self.dirty_rows(&cpu.bus.space);
        for &row in &rows {
            let pixels = cpu.row(row);
            let pixel = |x: u32| if pixels << x >> 63 == 1 { '#' } else { '.' };
            self.lines[usize::from(row)] = (0..64).map(pixel).collect();
        }
        rows
    }

    /// Collects a few ranges at a time, and turns them into rows: a row is a page.
    fn dirty_rows(&self, space: &AddressSpace) -> Vec<u8> {
        let window = (row_start(0), GuestAddress(row_start(ROWS).0 - 1));
        let mut ranges = [(GuestAddress(0), 0); 4];
        let mut rows = Vec::new();
        let mut from = Some(window.0);
        while let Some(start) = from {
            let (count, next) = space.collect_dirty_in(self.client, window, start, &mut ranges);
            for &(start, length) in &ranges[..count] {
                let is_in = |row: &u8| (start.0..start.0 + length).contains(&row_start(*row).0);
                rows.extend((0..ROWS).filter(is_in));
            }
            from = next;
        }
        rows
    }
}
