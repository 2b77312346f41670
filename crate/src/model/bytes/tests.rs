//! A battery for every [`Bytes`]; and the tests of [`ByteValued`].

use super::{AtomicAccess, ByteValued, Bytes};
use std::fmt::Debug;
use std::io;
use std::sync::atomic::Ordering::{self, AcqRel, Acquire, Relaxed, Release, SeqCst};

/// Checks an implementation of [`Bytes`] that has exactly `length` bytes from `at(0)`, all 0. `length` is at least 64
/// and a multiple of 8. `at(0)` lies at a multiple of 8 in the host's memory.
pub(crate) fn test_bytes<A, M>(memory: &M, at: impl Fn(u64) -> A, length: usize)
where
    M: Bytes<A, E: Debug>,
{
    test_slices(memory, &at, length);
    test_ends(memory, &at, length);
    test_values(memory, &at, length);
    test_atomics(memory, &at, length);
    test_streams(memory, &at, length);
}

fn contents<A, M: Bytes<A, E: Debug>>(memory: &M, at: impl Fn(u64) -> A, length: usize) -> Vec<u8> {
    let mut bytes = vec![0xee; length];
    assert_eq!(memory.read(&mut bytes, at(0)).unwrap(), length);
    bytes
}

/// Miri, which is a thousand times slower, runs every fifth case; these still have each alignment.
const STEP: usize = if cfg!(miri) { 5 } else { 1 };

/// Every alignment at the start, the end and around the middle, where a memory may have a seam.
fn offsets(length: usize) -> impl Iterator<Item = usize> {
    [0, length / 2 - 12, length - 24]
        .into_iter()
        .flat_map(|start| (start..start + 16).step_by(STEP))
}

fn test_slices<A, M: Bytes<A, E: Debug>>(memory: &M, at: impl Fn(u64) -> A, length: usize) {
    let mut expected = contents(memory, &at, length);
    assert!(
        expected.iter().all(|byte| *byte == 0),
        "fresh memory is zero"
    );
    let mut next = 0u8;
    for offset in offsets(length) {
        for count in (0..=24)
            .step_by(STEP)
            .filter(|count| offset + count <= length)
        {
            let bytes: Vec<u8> = (0..)
                .take(count)
                .map(|index: u8| next.wrapping_add(index))
                .collect();
            next = next.wrapping_add(7);
            let start = || at(offset as u64);
            let mut into = vec![0; count];
            // In turns, the method that moves the whole range and the one that says how much it moved.
            if (offset + count) % 2 == 0 {
                memory.write_slice(&bytes, start()).unwrap();
                assert_eq!(memory.read(&mut into, start()).unwrap(), count);
            } else {
                assert_eq!(memory.write(&bytes, start()).unwrap(), count);
                memory.read_slice(&mut into, start()).unwrap();
            }
            expected[offset..offset + count].copy_from_slice(&bytes);
            assert_eq!(into, bytes, "{count} bytes at {offset}");
        }
        assert_eq!(contents(memory, &at, length), expected, "around {offset}");
    }
}

fn test_ends<A, M: Bytes<A, E: Debug>>(memory: &M, at: impl Fn(u64) -> A, length: usize) {
    let end = length as u64;
    for outside in [end, end + 1, 1 << 32, (1 << 32) + 8, 1 << 62] {
        assert_eq!(
            memory.write(&[], at(outside)).unwrap(),
            0,
            "no bytes go anywhere"
        );
        assert_eq!(memory.read(&mut [], at(outside)).unwrap(), 0);
        memory.write_slice(&[], at(outside)).unwrap();
        memory.read_slice(&mut [], at(outside)).unwrap();
        memory.write(&[1], at(outside)).unwrap_err();
        memory.read(&mut [1], at(outside)).unwrap_err();
        memory.write_slice(&[1], at(outside)).unwrap_err();
        memory.read_slice(&mut [1], at(outside)).unwrap_err();
        memory.store(1u8, at(outside), Relaxed).unwrap_err();
        memory.load::<u8>(at(outside), Relaxed).unwrap_err();
    }
    let before = contents(memory, &at, length);
    memory.write_slice(&[0xaa; 9], at(end - 8)).unwrap_err();
    memory.write_obj([0xaau8; 4], at(end - 3)).unwrap_err();
    assert_eq!(
        contents(memory, &at, length),
        before,
        "an error moves nothing"
    );
    let mut into = [0xbb; 9];
    memory.read_slice(&mut into, at(end - 8)).unwrap_err();
    assert_eq!(into, [0xbb; 9], "an error moves nothing");

    assert_eq!(
        memory.write(&[1, 2, 3, 4, 5], at(end - 3)).unwrap(),
        3,
        "partial"
    );
    assert_eq!(memory.read(&mut into, at(end - 4)).unwrap(), 4, "partial");
    assert_eq!(
        into,
        [before[length - 4], 1, 2, 3, 0xbb, 0xbb, 0xbb, 0xbb, 0xbb]
    );
}

fn test_values<A, M: Bytes<A, E: Debug>>(memory: &M, at: impl Fn(u64) -> A, length: usize) {
    for offset in offsets(length)
        .filter(|offset| offset + 16 <= length)
        .map(|offset| offset as u64)
    {
        macro_rules! check {
            ($($value:expr),*) => {$(
                memory.write_obj($value, at(offset)).unwrap();
                assert_eq!(memory.read_obj(at(offset)).map_or(None, Some), Some($value), "at {offset}");
                let mut bytes = $value;
                memory.read_slice(ByteValued::as_mut_slice(&mut bytes), at(offset)).unwrap();
                assert_eq!(bytes, $value);
            )*};
        }
        check!(
            0x12u8,
            0x3456u16,
            0x789a_bcdeu32,
            -2i64,
            0x0123_4567_89ab_cdefu64,
            u128::MAX / 3,
            [1u16, 2, 3],
            3usize
        );
    }
}

fn test_atomics<A, M: Bytes<A, E: Debug>>(memory: &M, at: impl Fn(u64) -> A, length: usize) {
    fn check<T, A, M>(memory: &M, at: &impl Fn(u64) -> A, length: usize, value: T, order: Ordering)
    where
        T: AtomicAccess + PartialEq + Debug,
        M: Bytes<A, E: Debug>,
    {
        let size = size_of::<T>() as u64;
        for offset in offsets(length)
            .map(|offset| offset as u64)
            .filter(|offset| offset + size <= length as u64)
        {
            if offset % align_of::<T::A>() as u64 == 0 {
                memory.store(T::zeroed(), at(offset), order).unwrap();
                assert_eq!(memory.load::<T>(at(offset), order).unwrap(), T::zeroed());
                memory.store(value, at(offset), order).unwrap();
                assert_eq!(memory.load::<T>(at(offset), order).unwrap(), value);
                assert_eq!(memory.read_obj::<T>(at(offset)).unwrap(), value);
            } else {
                let before = contents(memory, at, length);
                memory.store(value, at(offset), order).unwrap_err();
                memory.load::<T>(at(offset), order).unwrap_err();
                assert_eq!(contents(memory, at, length), before);
            }
        }
        if size > 1 {
            memory
                .store(value, at(length as u64 - size / 2), order)
                .unwrap_err();
            memory
                .load::<T>(at(length as u64 - size / 2), order)
                .unwrap_err();
        }
    }
    for order in [Relaxed, Acquire, Release, AcqRel, SeqCst] {
        check(memory, &at, length, -1i8, order);
        check(memory, &at, length, 0x8001u16, order);
        check(memory, &at, length, 0x8765_4321u32, order);
        check(memory, &at, length, usize::MAX - 3, order);
        #[cfg(target_has_atomic = "64")]
        check(memory, &at, length, 0x8765_4321_0fed_cba9u64, order);
    }
}

fn test_streams<A, M: Bytes<A, E: Debug>>(memory: &M, at: impl Fn(u64) -> A, length: usize) {
    let bytes: Vec<u8> = (1..=u8::MAX).cycle().take(length + 1).collect();
    let (end, mut source) = (length as u64, &bytes[..]);
    memory
        .read_exact_volatile_from(at(0), &mut source, length)
        .unwrap();
    assert_eq!(
        (source.len(), contents(memory, &at, length)),
        (1, bytes[..length].to_vec())
    );
    let mut sink = Vec::new();
    memory
        .write_all_volatile_to(at(0), &mut sink, length)
        .unwrap();
    assert_eq!(sink, bytes[..length]);

    for outside in [end, end + 1, 1 << 32, (1 << 32) + 8] {
        let mut source = &bytes[..];
        assert_eq!(
            memory
                .read_volatile_from(at(outside), &mut source, 0)
                .unwrap(),
            0
        );
        assert_eq!(
            memory.write_volatile_to(at(outside), &mut sink, 0).unwrap(),
            0
        );
        memory
            .read_exact_volatile_from(at(outside), &mut source, 0)
            .unwrap();
        memory
            .write_all_volatile_to(at(outside), &mut sink, 0)
            .unwrap();
        memory
            .read_volatile_from(at(outside), &mut source, 1)
            .unwrap_err();
        memory
            .write_volatile_to(at(outside), &mut sink, 1)
            .unwrap_err();
        assert_eq!(
            (source.len(), sink.len()),
            (length + 1, length),
            "an error moves nothing"
        );
    }
    memory
        .read_exact_volatile_from(at(end - 8), &mut &[0; 9][..], 9)
        .unwrap_err();
    memory
        .write_all_volatile_to(at(end - 8), &mut sink, 9)
        .unwrap_err();
    assert_eq!(
        (contents(memory, &at, length), sink.len()),
        (bytes[..length].to_vec(), length)
    );

    // Partial transfers: the memory ends first, or the stream does.
    let mut source = &[0xaa; 9][..];
    assert_eq!(
        memory
            .read_volatile_from(at(end - 4), &mut source, 9)
            .unwrap(),
        4
    );
    assert_eq!(
        memory
            .read_volatile_from(at(0), &mut source, length)
            .unwrap(),
        5
    );
    assert_eq!(
        memory
            .read_volatile_from(at(0), &mut source, length)
            .unwrap(),
        0
    );
    let mut expected = bytes[..length].to_vec();
    expected[length - 4..].fill(0xaa);
    expected[..5].fill(0xaa);
    assert_eq!(contents(memory, &at, length), expected);
    memory
        .read_exact_volatile_from(at(0), &mut source, 1)
        .unwrap_err();
    sink.clear();
    assert_eq!(
        memory.write_volatile_to(at(end - 4), &mut sink, 9).unwrap(),
        4
    );
    assert_eq!(sink, [0xaa; 4]);
    memory
        .write_all_volatile_to(at(0), &mut &mut [0; 7][..], 8)
        .unwrap_err();
}

#[test]
fn a_value_is_its_bytes() {
    let mut value = 0x0102_0304u32;
    assert_eq!(value.as_slice(), 0x0102_0304u32.to_ne_bytes());
    value.as_mut_slice().copy_from_slice(&5u32.to_ne_bytes());
    assert_eq!(value, 5);
    value.as_bytes().write_obj(6u32, 0).unwrap();
    assert_eq!(value, 6);
    assert_eq!(<[u32; 3]>::zeroed(), [0; 3]);
    assert_eq!(
        [0x0101u16, 0x0202].as_slice().len(),
        2,
        "arrays keep their own as_slice"
    );
    assert_eq!(ByteValued::as_slice(&[0x0101u16, 0x0202]), [1, 1, 2, 2]);
}

#[test]
fn bytes_are_a_value_if_size_and_alignment_fit() {
    let mut words = [0x0102_0304u32, 0x0506_0708];
    let bytes = ByteValued::as_mut_slice(&mut words);
    assert_eq!(u32::from_slice(&bytes[4..]), Some(&0x0506_0708));
    assert_eq!(u32::from_slice(&bytes[..3]), None, "too short");
    assert_eq!(u32::from_slice(&bytes[..5]), None, "too long");
    assert_eq!(u32::from_slice(&bytes[1..5]), None, "misaligned");
    assert_eq!(
        <[u8; 4]>::from_slice(&bytes[1..5]).map(|array| array.len()),
        Some(4)
    );
    *u32::from_mut_slice(&mut bytes[..4]).unwrap() = 9;
    assert_eq!(u32::from_mut_slice(&mut bytes[..3]), None);
    assert_eq!(u32::from_mut_slice(&mut bytes[2..6]), None);
    assert_eq!(words, [9, 0x0506_0708]);
}

#[test]
fn a_value_goes_through_streams() {
    let mut stream = Vec::new();
    0x1234_5678u32.write_all_to(&mut stream).unwrap();
    assert_eq!(u32::read_exact_from(&stream[..]).unwrap(), 0x1234_5678);
    let error = u64::read_exact_from(&stream[..]).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof);
    let mut short = [0u8; 2];
    assert_eq!(
        5u32.write_all_to(&mut short[..]).unwrap_err().kind(),
        io::ErrorKind::WriteZero
    );
}
