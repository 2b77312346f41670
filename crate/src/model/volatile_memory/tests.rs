//! A battery for every [`VolatileMemory`]; and the tests of more than one of its types.

use super::{Error, VolatileMemory, VolatileSlice, compute_offset};
use crate::model::bitmap::tests::ByteMap;
use crate::model::bytes::{Bytes, tests::test_bytes};
use std::sync::atomic::{AtomicU16, AtomicU32, Ordering::Relaxed};

/// An 8-aligned buffer.
#[repr(C, align(8))]
pub(crate) struct Buffer([u8; 96]);

impl Buffer {
    pub(crate) fn new() -> Self {
        Buffer([0; 96])
    }

    pub(crate) fn slice(&mut self) -> VolatileSlice<'_> {
        VolatileSlice::from(&mut self.0[..])
    }
}

pub(crate) fn marked(buffer: &mut Buffer) -> (VolatileSlice<'_, ByteMap>, ByteMap) {
    let map = ByteMap::default();
    // SAFETY: the buffer is borrowed mutably for as long as the slice lives.
    let slice = unsafe {
        VolatileSlice::with_bitmap(buffer.0.as_mut_ptr(), buffer.0.len(), map.clone(), None)
    };
    (slice, map)
}

pub(crate) fn contents<M: VolatileMemory>(memory: &M) -> Vec<u8> {
    let mut bytes = vec![0; memory.len()];
    assert_eq!(memory.as_volatile_slice().copy_to(&mut bytes), bytes.len());
    bytes
}

/// Checks an implementation with 16 to `isize::MAX` bytes, the first at a multiple of 8.
pub(crate) fn test_volatile_memory<M: VolatileMemory>(memory: &M) {
    let length = memory.len();
    assert!(!memory.is_empty());
    assert_eq!(memory.as_volatile_slice().len(), length);
    for (offset, count) in [(0, 0), (0, length), (length, 0), (length - 1, 1), (3, 5)] {
        let slice = memory.get_slice(offset, count).unwrap();
        assert_eq!((slice.len(), slice.is_empty()), (count, count == 0));
        assert_eq!(
            slice.ptr_guard().as_ptr().addr()
                - memory.as_volatile_slice().ptr_guard().as_ptr().addr(),
            offset
        );
        assert_eq!(
            memory.compute_end_offset(offset, count).unwrap(),
            offset + count
        );
    }
    for (offset, count) in [
        (0, length + 1),
        (length, 1),
        (length + 1, 0),
        (length - 1, 2),
        (1, usize::MAX - 1),
    ] {
        let end = offset + count;
        assert!(
            matches!(memory.get_slice(offset, count), Err(Error::OutOfBounds { addr }) if addr == end)
        );
        assert!(
            matches!(memory.compute_end_offset(offset, count), Err(Error::OutOfBounds { addr }) if addr == end)
        );
    }
    let (base, offset) = (2, usize::MAX - 1);
    assert!(
        matches!(memory.get_slice(base, offset), Err(Error::Overflow { base: 2, offset: o }) if o == offset)
    );

    memory
        .get_ref::<u32>(length - 4)
        .unwrap()
        .store(0x0102_0304);
    assert_eq!(
        memory.get_ref::<[u8; 4]>(length - 4).unwrap().load(),
        0x0102_0304u32.to_ne_bytes()
    );
    assert!(
        matches!(memory.get_ref::<u32>(length - 3), Err(Error::OutOfBounds { addr }) if addr == length + 1)
    );

    let array = memory.get_array_ref::<u16>(1, 3).unwrap();
    array.copy_from(&[1, 2, 3]);
    assert_eq!([array.load(0), array.load(1), array.load(2)], [1, 2, 3]);
    assert!(
        matches!(memory.get_array_ref::<u16>(length - 5, 3), Err(Error::OutOfBounds { addr }) if addr == length + 1)
    );
    for n in [usize::MAX, usize::MAX / 2, isize::MAX as usize / 2 + 1] {
        assert!(
            matches!(memory.get_array_ref::<u16>(0, n), Err(Error::TooBig { nelements, size: 2 }) if nelements == n)
        );
    }
    assert!(matches!(
        memory.get_array_ref::<u16>(0, isize::MAX as usize / 2),
        Err(Error::OutOfBounds { .. })
    ));

    memory
        .get_atomic_ref::<AtomicU32>(4)
        .unwrap()
        .store(0x0506_0708, Relaxed);
    assert_eq!(memory.get_ref::<u32>(4).unwrap().load(), 0x0506_0708);
    assert!(
        matches!(memory.get_atomic_ref::<AtomicU16>(3), Err(Error::Misaligned { addr, alignment: 2 }) if addr % 4 == 3)
    );
    assert!(matches!(
        memory.get_atomic_ref::<AtomicU32>(length),
        Err(Error::OutOfBounds { .. })
    ));

    // SAFETY: no other code uses the memory in this test.
    unsafe {
        *memory.aligned_as_mut::<u32>(8).unwrap() = 7;
        assert_eq!(*memory.aligned_as_ref::<u32>(8).unwrap(), 7);
        assert!(matches!(
            memory.aligned_as_ref::<u32>(2),
            Err(Error::Misaligned { alignment: 4, .. })
        ));
        assert!(matches!(
            memory.aligned_as_mut::<u32>(6),
            Err(Error::Misaligned { alignment: 4, .. })
        ));
        assert!(matches!(
            memory.aligned_as_ref::<u32>(length - 2),
            Err(Error::OutOfBounds { .. })
        ));
        assert!(matches!(
            memory.aligned_as_mut::<u32>(length),
            Err(Error::OutOfBounds { .. })
        ));
    }
}

#[test]
fn a_slice_is_volatile_memory_and_bytes() {
    test_volatile_memory(&Buffer::new().slice());
    test_bytes(
        &Buffer::new().slice(),
        |offset| usize::try_from(offset).unwrap_or(usize::MAX),
        96,
    );
    test_volatile_memory(&marked(&mut Buffer::new()).0);
}

/// An implementor that gives fewer bytes than it is asked for.
#[test]
fn a_slice_that_is_too_short_is_not_used() {
    struct Short(std::cell::UnsafeCell<[u8; 2]>);
    impl VolatileMemory for Short {
        type B = ();
        fn len(&self) -> usize {
            16
        }
        fn get_slice(&self, _offset: usize, _count: usize) -> super::Result<VolatileSlice<'_>> {
            // SAFETY: two bytes in a cell, to which no reference is made.
            Ok(unsafe { VolatileSlice::new(self.0.get().cast(), 2) })
        }
    }
    let memory = Short([0; 2].into());
    let is_short = |error| {
        matches!(
            error,
            Error::PartialBuffer {
                expected: 4,
                completed: 2
            }
        )
    };
    assert!(is_short(memory.get_ref::<u32>(0).unwrap_err()));
    assert!(is_short(memory.get_array_ref::<u16>(0, 2).unwrap_err()));
    assert!(is_short(memory.get_atomic_ref::<AtomicU32>(0).unwrap_err()));
    // SAFETY: no other code uses the memory.
    unsafe {
        assert!(is_short(memory.aligned_as_ref::<u32>(0).unwrap_err()));
        assert!(is_short(memory.aligned_as_mut::<u32>(0).unwrap_err()));
    }
}

#[test]
fn offsets_are_added_or_refused() {
    assert_eq!(compute_offset(1, usize::MAX - 1).unwrap(), usize::MAX);
    assert!(matches!(
        compute_offset(2, usize::MAX - 1),
        Err(Error::Overflow { base: 2, .. })
    ));
}

#[test]
fn errors_say_what_is_wrong() {
    for (error, text) in [
        (
            Error::OutOfBounds { addr: 0x1000 },
            "address 0x1000 is out of bounds",
        ),
        (
            Error::Overflow {
                base: 16,
                offset: 32,
            },
            "offset 0x20 from 0x10 overflows",
        ),
        (
            Error::TooBig {
                nelements: 5,
                size: 2,
            },
            "5 elements of 2 bytes are too many",
        ),
        (
            Error::Misaligned {
                addr: 0x11,
                alignment: 16,
            },
            "address 0x11 is not aligned to 0x10",
        ),
        (
            Error::IOError(std::io::ErrorKind::WriteZero.into()),
            "write zero",
        ),
        (
            Error::PartialBuffer {
                expected: 4,
                completed: 3,
            },
            "only 3 of 4 bytes are there",
        ),
    ] {
        assert_eq!(error.to_string(), text);
    }
    let mut buffer = Buffer::new();
    let slice = buffer.slice();
    assert!(matches!(
        slice.read(&mut [0], 96),
        Err(Error::OutOfBounds { addr: 96 })
    ));
    assert!(matches!(
        slice.read_slice(&mut [0; 4], 94),
        Err(Error::PartialBuffer {
            expected: 4,
            completed: 2
        })
    ));
    assert!(matches!(
        slice.store(1u32, 2, Relaxed),
        Err(Error::Misaligned { alignment: 4, .. })
    ));
    assert!(matches!(
        slice.load::<u32>(94, Relaxed),
        Err(Error::OutOfBounds { addr: 98 })
    ));
}
