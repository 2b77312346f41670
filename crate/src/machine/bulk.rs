//! Bulk work on guest memory: fill and copy. The whole range is checked first; after that nothing can fail.

use crate::machine::address_space::AddressSpace;
use crate::machine::fault::Fault;
use crate::machine::memory_map::{Access, FlatView};
use crate::machine::run::HostRun;
use crate::machine::span;
use crate::model::guest_memory::GuestAddress;
use core::ptr;

impl AddressSpace {
    /// Sets `length` bytes from `address` on to `byte`.
    ///
    /// # Errors
    ///
    /// The errors of [`MemoryMap::check_memory`](crate::MemoryMap::check_memory) and of
    /// [`populate`](AddressSpace::populate). On an error nothing is written.
    pub fn fill(&self, address: GuestAddress, byte: u8, length: u64) -> Result<(), Fault> {
        let map = self.view();
        map.check_memory(address, length, Access::WRITE)?;
        self.populate(address, length)?;
        let mut done = 0;
        while let Some(run) = next_run(map.flat(), address.0, done, length) {
            run.fill(byte);
            run.mark();
            done += run.length() as u64;
        }
        Ok(())
    }

    /// Copies `length` bytes within this address space; the ranges may overlap.
    ///
    /// # Errors
    ///
    /// The errors of [`AddressSpace::copy_from`].
    pub fn copy_within(
        &self,
        to: GuestAddress,
        from: GuestAddress,
        length: u64,
    ) -> Result<(), Fault> {
        self.copy_from(to, self, from, length)
    }

    /// Copies `length` bytes from `source`, another address space or this one; the ranges may overlap.
    ///
    /// # Errors
    ///
    /// The errors of [`MemoryMap::check_memory`](crate::MemoryMap::check_memory), for the source first; `OutOfMemory`
    /// where linear memory has no pages for discarded pages of the target, or no room for a buffer. Aliases may show
    /// the same bytes in such an order that the copy needs a buffer. On an error nothing is written.
    pub fn copy_from(
        &self,
        to: GuestAddress,
        source: &AddressSpace,
        from: GuestAddress,
        length: u64,
    ) -> Result<(), Fault> {
        let (target, origin) = (self.view(), source.view());
        origin.check_memory(from, length, Access::READ)?;
        target.check_memory(to, length, Access::WRITE)?;
        self.populate(to, length)?;
        let copy = Copy {
            origin: origin.flat(),
            from: from.0,
            target: target.flat(),
            to: to.0,
            length,
        };
        // If the target begins inside the source, a forward copy would overwrite bytes that are not copied yet.
        let backward = ptr::eq(self, source) && to > from && to.0 - from.0 < length;
        match [backward, !backward]
            .into_iter()
            .find(|&backward| copy.is_safe(backward))
        {
            Some(backward) => {
                copy.run(backward);
                Ok(())
            }
            None => copy.by_way_of_a_buffer(),
        }
    }
}

/// A copy whose ranges have been checked.
struct Copy<'a> {
    origin: &'a FlatView,
    from: u64,
    target: &'a FlatView,
    to: u64,
    length: u64,
}

impl<'a> Copy<'a> {
    /// The ranges as pairs of runs of the same length, source and target, from the start on or from the end.
    fn pairs(&self, backward: bool) -> impl Iterator<Item = (HostRun<'a>, HostRun<'a>)> {
        let mut left = self.length;
        core::iter::from_fn(move || {
            let done = self.length - left;
            let next = |view: &'a FlatView, start: u64| match backward {
                true if left == 0 => None,
                true => span::backward(view, start + (left - 1), left),
                false => next_run(view, start, done, self.length),
            };
            let (from, to) = next(self.origin, self.from).zip(next(self.target, self.to))?;
            let length = from.length().min(to.length());
            left -= length as u64;
            Some(match backward {
                true => (from.tail(length), to.tail(length)),
                false => (from.head(length), to.head(length)),
            })
        })
    }

    /// Whether no pair overwrites bytes that a later pair reads. Addresses alone do not tell, because aliases show
    /// bytes in any order.
    fn is_safe(&self, backward: bool) -> bool {
        let first = self.pairs(backward).next();
        if first.is_none_or(|(_, to)| to.length() as u64 == self.length) {
            return true; // the usual case: one pair copies all
        }
        let hull = |run: fn((HostRun<'a>, HostRun<'a>)) -> HostRun<'a>| {
            self.pairs(backward)
                .map(run)
                .map(|run| (run.host(), run.host() + run.length()))
                .reduce(|all, run| (all.0.min(run.0), all.1.max(run.1)))
        };
        let (Some(read), Some(written)) = (hull(|pair| pair.0), hull(|pair| pair.1)) else {
            return true;
        };
        let apart = read.1 <= written.0 || written.1 <= read.0;
        apart
            || self.pairs(backward).enumerate().all(|(index, (_, to))| {
                let mut later = self.pairs(backward).skip(index + 1);
                !later.any(|(from, _)| from.meets(&to))
            })
    }

    fn run(&self, backward: bool) {
        for (from, to) in self.pairs(backward) {
            from.copy_to(&to);
            to.mark();
        }
    }

    /// Copies through a buffer, where aliases leave no order that is safe.
    fn by_way_of_a_buffer(&self) -> Result<(), Fault> {
        let out_of_memory = Fault::OutOfMemory { bytes: self.length };
        let length = usize::try_from(self.length).map_err(|_| out_of_memory)?;
        let mut buffer = Vec::new();
        if buffer.try_reserve_exact(length).is_err() {
            return Err(out_of_memory);
        }
        buffer.resize(length, 0_u8);
        let mut done = 0;
        while let Some(run) = next_run(self.origin, self.from, done as u64, self.length) {
            done += run.read_into(&mut buffer[done..]);
        }
        done = 0;
        while let Some(run) = next_run(self.target, self.to, done as u64, self.length) {
            done += run.write_from(&buffer[done..]);
            run.mark();
        }
        Ok(())
    }
}

/// The run at `done` bytes into a checked range of `length` bytes; `None` at its end.
pub(crate) fn next_run(
    view: &FlatView,
    address: u64,
    done: u64,
    length: u64,
) -> Option<HostRun<'_>> {
    let left = length.checked_sub(done).filter(|&left| left > 0)?;
    span::forward(view, address.checked_add(done)?, left)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::machine::memory_map::{Region, RegionKind};
    use crate::model::bytes::Bytes;

    const LAYOUT: [(u64, u64); 4] = [
        (0xf00, 0x200),
        (0x1100, 0x7),
        (0x1107, 0x100),
        (0x3000, 0x80),
    ];
    const SIZE: u64 = 0x307;

    fn space() -> AddressSpace {
        let ranges = LAYOUT.map(|(start, size)| (GuestAddress(start), size));
        let space = AddressSpace::from_ranges(&ranges).unwrap();
        let bytes: Vec<u8> = (0..SIZE)
            .map(|offset| offset.to_le_bytes()[0] ^ offset.to_le_bytes()[1])
            .collect();
        space
            .view()
            .write_slice(&bytes, GuestAddress(0xf00))
            .unwrap();
        space
    }

    fn bytes(space: &AddressSpace) -> Vec<u8> {
        let mut bytes = vec![0; usize::try_from(SIZE).unwrap()];
        space
            .view()
            .read_slice(&mut bytes, GuestAddress(0xf00))
            .unwrap();
        bytes
    }

    #[test]
    fn fill_crosses_regions_and_is_all_or_nothing() {
        let space = space();
        let mut expected = bytes(&space);
        space.fill(GuestAddress(0x10ff), 0xaa, 0x20).unwrap();
        expected[0x1ff..0x21f].fill(0xaa);
        assert_eq!(bytes(&space), expected);
        let fault = Fault::PartialBuffer {
            address: 0x1207,
            completed: 0x107,
        };
        assert_eq!(space.fill(GuestAddress(0x1100), 1, 0x108), Err(fault));
        assert_eq!(bytes(&space), expected);
        assert_eq!(space.fill(GuestAddress(0x9999), 1, 0), Ok(()));
    }

    #[test]
    fn copies_overlap_both_ways_across_regions() {
        for (to, from, length) in [
            (0, 1, 0x300),
            (1, 0, 0x300),
            (0x100, 0xf0, 0x207),
            (0xf0, 0x100, 0x207),
            (9, 9, 9),
        ] {
            let space = space();
            let mut expected = bytes(&space);
            expected.copy_within(from..from + length, to);
            let address = |offset: usize| GuestAddress(0xf00 + offset as u64);
            space
                .copy_within(address(to), address(from), length as u64)
                .unwrap();
            assert_eq!(bytes(&space), expected, "{to:#x} from {from:#x}");
        }
    }

    #[test]
    fn aliases_of_the_same_bytes_are_copied_as_if_read_first() {
        // Each half of 32 bytes may be shown first, in the source and in the target.
        let step = if cfg!(miri) { 15 } else { 1 };
        for (orders, shift) in [[false, false], [false, true], [true, false], [true, true]]
            .into_iter()
            .flat_map(|orders| (0..32).step_by(step).map(move |shift| (orders, shift)))
        {
            let ram = Region::new("ram", RegionKind::Ram, GuestAddress(0), 32).unwrap();
            let space = AddressSpace::new().unwrap();
            space.map(&ram, GuestAddress(0x9000), 0).unwrap();
            for (start, swapped) in [0x1000, 0x2000].into_iter().zip(orders) {
                for half in [0, 16] {
                    let offset = if swapped { 16 - half } else { half };
                    let alias = Region::alias("half", &ram, offset, 16).unwrap();
                    space.map(&alias, GuestAddress(start + half), 0).unwrap();
                }
            }
            let bytes: Vec<u8> = (0..32).collect();
            space
                .view()
                .write_slice(&bytes, GuestAddress(0x9000))
                .unwrap();
            let length = 32 - shift;
            let mut before = vec![0; usize::try_from(length).unwrap()];
            let from = GuestAddress(0x1000);
            space.view().read_slice(&mut before, from).unwrap();
            let to = GuestAddress(0x2000 + shift);
            space.copy_within(to, from, length).unwrap();
            let mut after = before.clone();
            space.view().read_slice(&mut after, to).unwrap();
            assert_eq!(after, before, "{orders:?}, {shift}");
        }
    }

    #[test]
    fn copies_between_two_vms_check_both_sides_first() {
        let (a, b) = (space(), space());
        b.fill(GuestAddress(0xf00), 0, SIZE).unwrap();
        a.copy_from(GuestAddress(0xf01), &b, GuestAddress(0xf00), 0x206)
            .unwrap();
        assert!(bytes(&a)[1..0x207].iter().all(|&byte| byte == 0));
        let before = bytes(&a);
        let hole = Err(Fault::PartialBuffer {
            address: 0x1207,
            completed: 0x107,
        });
        assert_eq!(
            a.copy_from(GuestAddress(0x1100), &b, GuestAddress(0xf00), 0x108),
            hole
        );
        assert_eq!(
            a.copy_from(GuestAddress(0xf00), &b, GuestAddress(0x1100), 0x108),
            hole
        );
        let nothing = Err(Fault::InvalidGuestAddress { address: 0 });
        assert_eq!(
            a.copy_from(GuestAddress(0), &b, GuestAddress(0xf00), 1),
            nothing
        );
        assert_eq!(bytes(&a), before);
    }
}
