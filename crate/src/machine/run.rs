//! `HostRun`: adjacent bytes in linear memory. All raw accesses of the machine to guest bytes are made here. JavaScript
//! and other threads may read and write the bytes meanwhile, which Rust's references and slices do not allow.

use crate::linear::dirty_map;
use crate::linear::host;
use crate::machine::traps;
use crate::model::bytes::ByteValued;
use crate::model::volatile_memory::access;
use core::marker::PhantomData;
use core::ptr;

/// The longest run. A raw copy may not pass `isize::MAX` bytes, and a region may be longer.
pub(crate) const LONGEST: usize = 1 << 30;

/// Adjacent bytes of one block, which `'a` keeps alive.
#[derive(Clone, Copy, Debug)]
pub(crate) struct HostRun<'a> {
    host: usize,
    length: usize,
    block: PhantomData<&'a ()>,
}

impl<'a> HostRun<'a> {
    /// The `length` bytes from a host offset on.
    ///
    /// # Safety
    ///
    /// The bytes are in pages that belong to the borrowed object, for as long as `'a`, and they are at most
    /// [`LONGEST`].
    #[inline(always)]
    pub(crate) unsafe fn new(host: usize, length: usize) -> Self {
        HostRun {
            host,
            length,
            block: PhantomData,
        }
    }

    /// The host offset of the first byte.
    #[inline(always)]
    pub(crate) fn host(&self) -> usize {
        self.host
    }

    /// The number of bytes.
    #[inline(always)]
    pub(crate) fn length(&self) -> usize {
        self.length
    }

    /// The first bytes, `length` at most.
    pub(crate) fn head(self, length: usize) -> Self {
        let length = length.min(self.length);
        HostRun { length, ..self }
    }

    /// The last bytes, `length` at most.
    pub(crate) fn tail(self, length: usize) -> Self {
        let length = length.min(self.length);
        HostRun {
            host: self.host + (self.length - length),
            length,
            ..self
        }
    }

    /// Whether the two runs have a byte in common.
    pub(crate) fn meets(&self, other: &HostRun<'_>) -> bool {
        self.host < other.host + other.length && other.host < self.host + self.length
    }

    /// Marks the pages as written, and springs their write traps. Both come after the write.
    pub(crate) fn mark(&self) {
        dirty_map::mark_bytes(self.host, self.length);
        traps::stored(self.host, self.length);
    }

    /// Sets each byte.
    pub(crate) fn fill(&self, byte: u8) {
        // SAFETY: the caller of `new` promised these bytes.
        unsafe { self.pointer().write_bytes(byte, self.length) };
    }

    /// Copies the bytes to another run, as many as both have; the runs may overlap.
    pub(crate) fn copy_to(&self, to: &HostRun<'_>) {
        let length = self.length.min(to.length);
        // SAFETY: the callers of `new` promised the bytes of both runs.
        unsafe { ptr::copy(self.pointer(), to.pointer(), length) };
    }

    /// Copies the bytes into a buffer, as many as both have; gives how many.
    pub(crate) fn read_into(&self, buffer: &mut [u8]) -> usize {
        let length = self.length.min(buffer.len());
        // SAFETY: the caller of `new` promised these bytes; the buffer is the caller's alone.
        unsafe { ptr::copy_nonoverlapping(self.pointer(), buffer.as_mut_ptr(), length) };
        length
    }

    /// Copies bytes of a buffer here, as many as both have; gives how many.
    pub(crate) fn write_from(&self, buffer: &[u8]) -> usize {
        let length = self.length.min(buffer.len());
        // SAFETY: as in `read_into`.
        unsafe { ptr::copy_nonoverlapping(buffer.as_ptr(), self.pointer(), length) };
        length
    }

    /// Reads an object from the first bytes, which must be as many as the object has: in one access if it is an aligned
    /// integer.
    #[inline(always)]
    pub(crate) fn read<T: ByteValued>(&self) -> T {
        assert!(size_of::<T>() <= self.length);
        // SAFETY: the caller of `new` promised these bytes. With one thread, only JavaScript writes them: a volatile read
        // of any alignment is one instruction of Wasm.
        unsafe {
            match host::ONE_THREAD {
                true => self.pointer().cast::<Unaligned<T>>().read_volatile().0,
                false => access::load_value(self.pointer()),
            }
        }
    }

    /// Writes an object to the first bytes, as [`read`](Self::read) reads it.
    #[inline(always)]
    pub(crate) fn write<T: ByteValued>(&self, value: T) {
        assert!(size_of::<T>() <= self.length);
        // SAFETY: as in `read`.
        unsafe {
            match host::ONE_THREAD {
                true => {
                    let object = self.pointer().cast::<Unaligned<T>>();
                    object.write_volatile(Unaligned(value));
                }
                false => access::store_value(value, self.pointer()),
            }
        }
    }

    #[inline(always)]
    fn pointer(&self) -> *mut u8 {
        host::pointer(self.host)
    }
}

/// An object at any address: volatile access to it never assumes alignment.
#[repr(C, packed)]
struct Unaligned<T>(T);

#[cfg(test)]
mod tests {
    use crate::machine::block::Block;
    use crate::model::guest_memory::GuestAddress;

    #[test]
    fn what_is_moved_is_no_more_than_both_sides_have() {
        let block = Block::new(GuestAddress(0x10), 0x40).unwrap();
        let all = block.run(0, usize::MAX);
        assert_eq!((all.length(), block.run(0x3f, 2).length()), (0x40, 1));
        all.fill(1);
        all.mark(); // the pages go to another test
        assert_eq!(all.head(4).write_from(&[2; 9]), 4);
        let mut buffer = [0; 6];
        assert_eq!(all.read_into(&mut buffer), 6);
        assert_eq!(buffer, [2, 2, 2, 2, 1, 1]);
        all.head(5).copy_to(&all.tail(3));
        assert_eq!(block.run(0x3c, 4).read::<[u8; 4]>(), [1, 2, 2, 2]);
        all.tail(2).write(0x0403_u16.to_le());
        assert_eq!(all.tail(3).read::<[u8; 3]>(), [2, 3, 4]);
    }

    #[test]
    fn runs_meet_where_they_share_a_byte() {
        let block = Block::new(GuestAddress(0), 0x40).unwrap();
        let meet = |one: usize, length: usize, other: usize| {
            block.run(one, length).meets(&block.run(other, 4))
        };
        assert!(meet(0, 9, 8) && meet(11, 1, 8) && meet(0, 0x40, 8));
        assert!(!meet(0, 8, 8) && !meet(12, 4, 8));
    }

    #[test]
    #[should_panic(expected = "size_of")]
    fn an_object_that_is_longer_than_the_run_is_refused() {
        let block = Block::new(GuestAddress(0), 0x40).unwrap();
        let _ = block.run(0x3d, 4).read::<u32>();
    }
}
