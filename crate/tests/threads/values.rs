//! Values that two threads access: none is a mix of two.

use super::{BOUNDARY, ROUNDS, both, memory};
use guest_memory::{
    Address, AddressSpace, Bytes, GuestAddress, GuestMemoryBackend, VolatileMemory,
};
use std::fmt::Debug;
use std::sync::atomic::Ordering;

/// Values that are all ones or all zeros: a mix of two halves would be seen.
fn check<T: PartialEq + Debug + Copy + Send + Sync>(
    zeros: T,
    ones: T,
    write: impl Fn(T) + Send + Sync,
    read: impl Fn() -> T + Send + Sync,
) {
    both(
        || (0..ROUNDS).for_each(|round| write(if round % 2 == 0 { ones } else { zeros })),
        || {
            for _ in 0..ROUNDS {
                let value = read();
                assert!(value == zeros || value == ones, "torn: {value:?}");
            }
        },
    );
}

#[test]
fn aligned_values_of_up_to_eight_bytes_are_never_torn() {
    macro_rules! check_each {
        ($($T:ident),*) => {$({
            let memory = memory();
            let at = GuestAddress(0x100);
            check(0, $T::MAX, |value| memory.write_obj(value, at).unwrap(), || memory.read_obj::<$T>(at).unwrap());
            let bytes = |value: $T| memory.write_slice(&value.to_ne_bytes(), at).unwrap();
            let read = || {
                let mut bytes = [0; size_of::<$T>()];
                assert_eq!(memory.read(&mut bytes, at).unwrap(), bytes.len());
                $T::from_ne_bytes(bytes)
            };
            check(0, $T::MAX, bytes, read);
            let slice = || memory.get_slice(at, 4 * size_of::<$T>()).unwrap();
            let reference = |value| slice().get_ref::<$T>(0).unwrap().store(value);
            check(0, $T::MAX, reference, || slice().get_ref::<$T>(0).unwrap().load());
            // Several elements, each of them whole.
            let element = || slice().get_array_ref::<$T>(0, 4).unwrap().load(3);
            check(0, $T::MAX, |value| slice().copy_from(&[value; 4]), element);
            let read = || {
                let mut values = [0; 4];
                slice().copy_to(&mut values);
                values[2]
            };
            check(0, $T::MAX, |value| slice().get_array_ref::<$T>(0, 4).unwrap().store(2, value), read);
        })*};
    }
    check_each!(u8, u16, u32, u64);
}

#[test]
fn atomic_accesses_are_never_torn() {
    macro_rules! check_each {
        ($($T:ident),*) => {$({
            let memory = memory();
            // The last address in a region.
            let at = BOUNDARY.unchecked_sub(size_of::<$T>() as u64);
            for (store, load) in [(Ordering::Relaxed, Ordering::Relaxed), (Ordering::SeqCst, Ordering::SeqCst)] {
                check(
                    0,
                    $T::MAX,
                    |value| memory.store(value, at, store).unwrap(),
                    || memory.load(at, load).unwrap(),
                );
            }
        })*};
    }
    check_each!(u8, u16, u32, u64);
}

/// Natively the page table is read without a lock.
#[test]
fn scalars_of_an_address_space_are_never_torn() {
    let space = AddressSpace::from_ranges(&[(GuestAddress(0), 0x4000)]).unwrap();
    macro_rules! check_each {
        ($($T:ident),*) => {$({
            let at = GuestAddress(0x100);
            check(0, $T::MAX, |value| space.write_obj(value, at).unwrap(), || space.read_obj::<$T>(at).unwrap());
            check(0, $T::MAX, |value| space.write_obj(value, at).unwrap(), || space.view().read_obj::<$T>(at).unwrap());
            // Not aligned: no promise of one access, and no race of plain accesses either.
            let beside = GuestAddress(0x201);
            both(
                || (0..ROUNDS).for_each(|_| space.write_obj($T::MAX, beside).unwrap()),
                || {
                    let bytes = |_| space.read_obj::<$T>(beside).unwrap().to_ne_bytes();
                    assert!((0..ROUNDS).flat_map(bytes).all(|byte| byte == 0 || byte == u8::MAX));
                },
            );
        })*};
    }
    check_each!(u8, u16, u32, u64);
}

/// Not sound, and so run only by scripts/thread-sanitizer.mjs, which must see it end in a report: else the tests above
/// would show nothing.
#[test]
#[ignore = "a data race on purpose"]
fn plain_accesses_race() {
    let memory = memory();
    let pointer = || {
        memory
            .get_host_address(GuestAddress(0x100))
            .unwrap()
            .cast::<u64>()
    };
    check(
        0,
        u64::MAX,
        // SAFETY: in bounds and aligned. It is a race, which is to be reported.
        |value| unsafe { pointer().write(value) },
        // SAFETY: as above.
        || unsafe { pointer().read() },
    );
}
