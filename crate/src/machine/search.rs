//! Compare and search. Guest bytes are first copied to a buffer on the stack: JavaScript and other threads may write
//! guest memory meanwhile, which a slice over it would not allow. The copy also lets a search cross regions without a
//! special case.

use crate::machine::address_space::AddressSpace;
use crate::machine::bulk::next_run;
use crate::machine::fault::Fault;
use crate::machine::memory_map::{Access, FlatView};
use crate::model::guest_memory::GuestAddress;
use core::cmp::Ordering;
use memchr::memmem::Finder;

/// Bytes that are examined at once: they fit into the first-level cache together with the other side of a comparison.
const WINDOW: usize = 16 * 1024;
/// The longest needle that is searched for at once. A longer needle is searched for by its first bytes, and the rest is
/// compared.
const PREFIX: usize = 4096;

impl AddressSpace {
    /// Compares `length` bytes at `a` with those at `b` in `other`, this address space or another, as unsigned bytes.
    ///
    /// # Errors
    ///
    /// The errors of [`MemoryMap::check_memory`](crate::MemoryMap::check_memory), for `a` first.
    pub fn compare(
        &self,
        a: GuestAddress,
        other: &AddressSpace,
        b: GuestAddress,
        length: u64,
    ) -> Result<Ordering, Fault> {
        let (a_map, b_map) = (self.view(), other.view());
        a_map.check_memory(a, length, Access::READ)?;
        b_map.check_memory(b, length, Access::READ)?;
        let (mut left, mut right) = ([0; WINDOW / 4], [0; WINDOW / 4]);
        let mut done = 0;
        while done < length {
            let got = load(a_map.flat(), a.0, done, length, &mut left);
            load(b_map.flat(), b.0, done, length, &mut right);
            let order = left[..got].cmp(&right[..got]);
            if order.is_ne() || got == 0 {
                return Ok(order);
            }
            done += got as u64;
        }
        Ok(Ordering::Equal)
    }

    /// Finds the first occurrence of `needle` inside `[address, address + length)`. An empty needle is found at `address`.
    ///
    /// # Errors
    ///
    /// The errors of [`MemoryMap::check_memory`](crate::MemoryMap::check_memory).
    pub fn index_of(
        &self,
        needle: &[u8],
        address: GuestAddress,
        length: u64,
    ) -> Result<Option<GuestAddress>, Fault> {
        let map = self.view();
        map.check_memory(address, length, Access::READ)?;
        let view = map.flat();
        if needle.is_empty() {
            return Ok(Some(address));
        }
        let (prefix, rest) = needle.split_at(needle.len().min(PREFIX));
        let finder = Finder::new(prefix);
        let mut from = 0;
        while let Some(found) = find(view, address.0, from, length, &finder) {
            let tail = found + prefix.len() as u64;
            if equal(view, address.0, tail, length, rest) {
                return Ok(Some(GuestAddress(address.0 + found)));
            }
            from = found + 1;
        }
        Ok(None)
    }
}

/// The first occurrence of the finder's needle at or behind `from`, as a distance from `address`.
fn find(view: &FlatView, address: u64, from: u64, length: u64, finder: &Finder<'_>) -> Option<u64> {
    let carried_at_most = finder.needle().len() - 1;
    let mut window = [0; WINDOW];
    // `window[..carried]` holds the bytes just before `done`: a match may begin in one window and end in the next.
    let (mut carried, mut done) = (0, from);
    while done < length {
        let got = load(view, address, done, length, &mut window[carried..]);
        let filled = carried + got;
        if let Some(index) = finder.find(&window[..filled]) {
            return Some(done - carried as u64 + index as u64);
        }
        done += got as u64;
        carried = carried_at_most.min(filled);
        window.copy_within(filled - carried..filled, 0);
        if got == 0 {
            break;
        }
    }
    None
}

/// Whether the bytes at `done` are `expected`; false if they would pass `length`.
fn equal(view: &FlatView, address: u64, done: u64, length: u64, expected: &[u8]) -> bool {
    let mut window = [0; WINDOW / 4];
    let mut at = done;
    for chunk in expected.chunks(window.len()) {
        let got = load(view, address, at, length, &mut window[..chunk.len()]);
        if window[..got] != *chunk {
            return false;
        }
        at += got as u64;
    }
    true
}

/// Copies guest bytes from `done` on, as many as fit into `into` and before `length`; gives how many.
fn load(view: &FlatView, address: u64, done: u64, length: u64, into: &mut [u8]) -> usize {
    let mut got = 0;
    while got < into.len() {
        let Some(run) = next_run(view, address, done + got as u64, length) else {
            break;
        };
        got += run.read_into(&mut into[got..]);
    }
    got
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::bytes::Bytes;

    /// Two adjacent regions, the seam at 0x9001, and a hole behind.
    fn space() -> AddressSpace {
        AddressSpace::from_ranges(&[
            (GuestAddress(0x1000), 0x8001),
            (GuestAddress(0x9001), 0x8000),
        ])
        .unwrap()
    }

    fn put(space: &AddressSpace, address: u64, bytes: &[u8]) {
        space
            .view()
            .write_slice(bytes, GuestAddress(address))
            .unwrap();
    }

    fn find_at(space: &AddressSpace, needle: &[u8], address: u64, length: u64) -> Option<u64> {
        space
            .index_of(needle, GuestAddress(address), length)
            .unwrap()
            .map(|found| found.0)
    }

    #[test]
    fn needles_at_every_kind_of_seam() {
        let needle: Vec<u8> = (0..100).map(|n| n + 1).collect();
        // Region seam, window seam, first and last address.
        for at in [
            0x1000,
            0x9001 - 50,
            0x9001,
            0x1000 + WINDOW as u64 - 3,
            0x1_1001 - 100,
        ] {
            let space = space();
            put(&space, at, &needle);
            assert_eq!(find_at(&space, &needle, 0x1000, 0x1_0001), Some(at));
            assert_eq!(find_at(&space, &needle, at, 100), Some(at));
            assert_eq!(find_at(&space, &needle, at, 99), None);
            assert_eq!(find_at(&space, &needle, at + 1, 0x1_1000 - at), None);
        }
    }

    #[test]
    #[cfg_attr(miri, ignore = "minutes, for ways that the other tests go too")]
    fn needles_longer_than_a_prefix() {
        let space = space();
        let mut needle = vec![7; PREFIX + 500];
        put(&space, 0x2000, &needle);
        put(&space, 0x8800, &needle);
        needle.push(9);
        put(&space, 0x8800 + needle.len() as u64 - 1, &[9]);
        assert_eq!(find_at(&space, &needle, 0x1000, 0x1_0001), Some(0x8800));
        assert_eq!(
            find_at(
                &space,
                &needle,
                0x1000,
                0x8800 - 0x1000 + needle.len() as u64 - 1
            ),
            None
        );
    }

    #[test]
    fn empty_needles_and_ranges() {
        let space = space();
        assert_eq!(find_at(&space, b"", 0x1234, 0), Some(0x1234));
        assert_eq!(find_at(&space, b"x", 0x1234, 0), None);
        assert_eq!(find_at(&space, b"", 5, 0), Some(5));
        assert!(space.index_of(b"", GuestAddress(5), 1).is_err());
        assert!(
            space
                .index_of(b"x", GuestAddress(0x1000), 0x1_0002)
                .is_err()
        );
    }

    #[test]
    fn compare_orders_bytes_as_unsigned() {
        let (a, b) = (space(), space());
        let compare =
            |x: u64, y: u64, length| a.compare(GuestAddress(x), &b, GuestAddress(y), length);
        assert_eq!(compare(0x1000, 0x1000, 0x1_0001), Ok(Ordering::Equal));
        put(&a, 0x9005, &[0x80]);
        assert_eq!(compare(0x1000, 0x1000, 0x1_0001), Ok(Ordering::Greater));
        assert_eq!(compare(0x1000, 0x1000, 0x8005), Ok(Ordering::Equal));
        put(&b, 0x9004, &[0x01]);
        assert_eq!(compare(0x1000, 0x1000, 0x1_0001), Ok(Ordering::Less));
        assert_eq!(compare(0, 0, 0), Ok(Ordering::Equal));
        assert_eq!(
            compare(0x1000, 0, 1),
            Err(Fault::InvalidGuestAddress { address: 0 })
        );
    }
}
