//! Tests of slices: cutting them, and copying in, out and between.

use super::{Error, VolatileMemory, VolatileSlice};
use crate::model::bytes::{ByteValued, Bytes};
use crate::model::volatile_memory::VolatileArrayRef;
use crate::model::volatile_memory::tests::{Buffer, contents, marked};

#[test]
fn a_slice_is_cut_where_it_is_asked_to_be() {
    let mut buffer = Buffer::new();
    let (slice, map) = marked(&mut buffer);
    let (first, rest) = slice.split_at(90).unwrap();
    assert_eq!((first.len(), rest.len()), (90, 6));
    rest.copy_from(&[1u8, 2, 3, 4, 5, 6, 7]);
    assert_eq!(map.take(), [90, 91, 92, 93, 94, 95]);
    assert_eq!(contents(&slice)[89..], [0, 1, 2, 3, 4, 5, 6]);
    slice
        .offset(95)
        .unwrap()
        .subslice(0, 1)
        .unwrap()
        .copy_from(&[9u8]);
    assert_eq!(
        map.take(),
        [95],
        "an offset of an offset marks in the whole"
    );
    assert_eq!(slice.offset(96).unwrap().len(), 0);
    assert_eq!(slice.split_at(96).unwrap().1.len(), 0);
    assert!(matches!(
        slice.offset(97),
        Err(Error::OutOfBounds { addr: 97 })
    ));
    assert!(matches!(
        slice.split_at(97),
        Err(Error::OutOfBounds { addr: 97 })
    ));
    assert!(matches!(
        slice.offset(usize::MAX),
        Err(Error::OutOfBounds { .. })
    ));
    assert!(matches!(
        slice.subslice(96, 1),
        Err(Error::OutOfBounds { addr: 97 })
    ));
    assert!(matches!(
        slice.subslice(1, usize::MAX),
        Err(Error::Overflow {
            base: 1,
            offset: usize::MAX
        })
    ));
}

#[test]
fn values_are_copied_whole_and_marked() {
    fn check<T: ByteValued + PartialEq + std::fmt::Debug>(value: T) {
        let size = size_of::<T>();
        let mut buffer = Buffer::new();
        let (all, map) = marked(&mut buffer);
        for (offset, length) in [
            (0, 96),
            (1, 95),
            (3, 2 * size),
            (2, 2 * size + size / 2),
            (0, size - 1),
            (96, 0),
        ] {
            let slice = all.subslice(offset, length).unwrap();
            let count = (length / size).min(4);
            slice.copy_from(&[value; 4]);
            assert_eq!(
                map.take(),
                (offset..offset + count * size).collect::<Vec<_>>(),
                "{size}-byte values"
            );
            let mut into = [T::zeroed(); 4];
            assert_eq!(slice.copy_to(&mut into), count);
            assert_eq!(into[..count], vec![value; count]);
            assert_eq!(into[count..], vec![T::zeroed(); 4 - count]);
            let mut bytes = value.as_slice().repeat(count);
            bytes.resize(length, 0);
            assert_eq!(contents(&slice), bytes, "nothing else has changed");
            slice.copy_from(&[0u8; 96]);
            map.take();
        }
    }
    check(0x5au8);
    check(0x1234u16);
    check([1u8, 2, 3]);
    check(0x1234_5678u32);
    check([1u8, 2, 3, 4, 5, 6, 7]);
    check(0x1234_5678_9abc_def0u64);
    check(0x1234_5678_9abc_def0_0fed_cba9_8765_4321u128);
}

#[test]
fn values_without_bytes_are_copied_too() {
    let mut buffer = Buffer::new();
    let (slice, map) = marked(&mut buffer);
    let mut none: [[u64; 0]; 3] = [[]; 3];
    slice.copy_from(&none);
    assert_eq!(slice.copy_to(&mut none), 3);
    let array = slice.get_array_ref::<[u64; 0]>(96, usize::MAX).unwrap();
    array.copy_from(&none);
    array.store(usize::MAX - 1, []);
    assert_eq!(
        (
            array.copy_to(&mut none),
            array.load(5),
            array.to_slice().len()
        ),
        (3, [], 0)
    );
    slice.get_ref::<[u64; 0]>(96).unwrap().store([]);
    assert!(map.take().is_empty());
}

#[test]
fn slices_are_copied_to_slices_that_may_overlap() {
    let bytes: Vec<u8> = (0..96).collect();
    for (from, to, length) in [
        (0, 3, 5),
        (3, 0, 8),
        (0, 1, 90),
        (6, 0, 90),
        (10, 10, 20),
        (0, 50, 40),
    ] {
        let mut buffer = Buffer::new();
        let (slice, map) = marked(&mut buffer);
        slice.copy_from(&bytes);
        map.take();
        let mut expected = bytes.clone();
        expected.copy_within(from..from + length, to);
        let source = slice.subslice(from, length).unwrap();
        source.copy_to_volatile_slice(slice.offset(to).unwrap());
        assert_eq!(
            contents(&slice),
            expected,
            "{length} bytes from {from} to {to}"
        );
        assert_eq!(map.take(), (to..to + length).collect::<Vec<_>>());
    }
    let (mut short, mut long) = (Buffer::new(), Buffer::new());
    let (target, map) = marked(&mut short);
    long.slice().copy_from(&bytes);
    let source = long.slice();
    source.copy_to_volatile_slice(target.subslice(2, 4).unwrap());
    assert_eq!(contents(&target)[..7], [0, 0, 0, 1, 2, 3, 0]);
    assert_eq!(map.take(), [2, 3, 4, 5]);
}

/// A region of 3 GiB on a 32-bit host: offsets beyond `isize::MAX` are right, and none wraps.
#[test]
fn a_slice_may_be_larger_than_half_the_address_space() {
    const LENGTH: usize = usize::MAX / 4 * 3;
    let start = std::ptr::without_provenance_mut::<u8>(0x1000);
    // SAFETY: no byte of the region is accessed; only offsets are computed.
    let slice = unsafe { VolatileSlice::new(start, LENGTH) };
    let last = slice.subslice(LENGTH - 1, 1).unwrap();
    assert_eq!(last.ptr_guard().as_ptr().addr(), 0x1000 + LENGTH - 1);
    assert_eq!(slice.offset(LENGTH - 8).unwrap().len(), 8);
    assert_eq!(
        slice
            .get_ref::<u64>(LENGTH - 8)
            .unwrap()
            .ptr_guard()
            .as_ptr()
            .addr(),
        0x1000 + LENGTH - 8
    );
    let array = VolatileArrayRef::from(slice);
    assert_eq!(
        array.ref_at(LENGTH - 1).ptr_guard().as_ptr().addr(),
        0x1000 + LENGTH - 1
    );
    assert!(matches!(
        slice.subslice(LENGTH - 1, 2),
        Err(Error::OutOfBounds { .. })
    ));
    assert!(matches!(
        slice.read(&mut [0], LENGTH),
        Err(Error::OutOfBounds { .. })
    ));
    let partial = slice.write_slice(&[0; 4], LENGTH - 3);
    assert!(matches!(
        partial,
        Err(Error::PartialBuffer {
            expected: 4,
            completed: 3
        })
    ));
}
