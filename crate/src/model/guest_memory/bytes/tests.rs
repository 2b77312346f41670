//! Tests of guest memory as bytes: accesses that cross regions, partial accesses, and errors that move nothing.

use crate::machine::fault::Fault;
use crate::model::bitmap::{BS, BitmapSlice, tests::ByteMap};
use crate::model::bytes::{Bytes, tests::test_bytes};
use crate::model::guest_memory::tests::{Minimal, memory, regions};
use crate::model::guest_memory::{
    Error, GuestAddress, GuestMemory, GuestMemoryBackend, GuestMemorySliceIterator, Permissions,
    Result,
};
use crate::model::io::ReadVolatile;
use crate::model::region::tests::TestRegion;
use crate::model::region::{GuestMemoryRegion, GuestRegionCollection};
use crate::model::volatile_memory::VolatileSlice;
use std::io::ErrorKind;
use std::sync::atomic::Ordering::Relaxed;

#[test]
fn guest_memory_is_bytes() {
    test_bytes(&memory(&[(0x1000, 96)]), |at| GuestAddress(0x1000 + at), 96);
    test_bytes(
        &memory(&[(0x1000, 48), (0x1030, 48), (1 << 33, 8)]),
        |at| GuestAddress(0x1000 + at),
        96,
    );
    test_bytes(
        &Minimal(regions(&[(1 << 40, 40), ((1 << 40) + 40, 56)])),
        |at| GuestAddress((1 << 40) + at),
        96,
    );
}

/// vm-memory's README: five bytes across the boundary of two regions.
#[test]
fn a_range_may_cross_regions_and_stops_at_a_hole() {
    let memory = memory(&[(0, 0x1000), (0x1000, 0x1000), (0x2004, 8)]);
    assert_eq!(
        memory.write(&[1, 2, 3, 4, 5], GuestAddress(0xffc)).unwrap(),
        5
    );
    let mut into = [0; 5];
    assert_eq!(memory.read(&mut into, GuestAddress(0xffc)).unwrap(), 5);
    assert_eq!(into, [1, 2, 3, 4, 5]);
    memory
        .read_slice(&mut into[..2], GuestAddress(0xfff))
        .unwrap();
    assert_eq!(into, [4, 5, 3, 4, 5]);

    assert_eq!(memory.write(&[9; 16], GuestAddress(0x1ffe)).unwrap(), 2);
    assert_eq!(memory.read(&mut into, GuestAddress(0x1ffd)).unwrap(), 3);
    assert_eq!(into, [0, 9, 9, 4, 5]);
    assert!(matches!(
        memory.write(&[1], GuestAddress(0x2000)),
        Err(Error::InvalidGuestAddress(GuestAddress(0x2000)))
    ));
    for (addr, length, completed) in [(0x1ffe, 4, 2), (0xfff, 0x1002, 0x1001), (0x2004, 9, 8)] {
        let result = memory.write_slice(&vec![7; length], GuestAddress(addr));
        let Err(Error::PartialBuffer {
            expected,
            completed: there,
        }) = result
        else {
            panic!("{result:?}")
        };
        assert_eq!((expected, there), (length, completed));
        let mut into = vec![7; length];
        let result = memory.read_slice(&mut into, GuestAddress(addr));
        assert!(
            matches!(result, Err(Error::PartialBuffer { completed: there, .. }) if there == completed)
        );
        assert!(into.iter().all(|byte| *byte == 7), "nothing moved");
    }
    assert_eq!(
        memory.read_obj::<[u8; 2]>(GuestAddress(0x1ffe)).unwrap(),
        [9, 9],
        "nothing moved"
    );
    assert!(matches!(
        memory.read_obj::<u8>(GuestAddress(0x2000)),
        Err(Error::InvalidGuestAddress(_))
    ));
    assert!(matches!(
        memory.store(1u16, GuestAddress(0xfff), Relaxed),
        Err(Error::InvalidBackendAddress)
    ));
    assert!(matches!(
        memory.load::<u16>(GuestAddress(1), Relaxed),
        Err(Error::InvalidBackendAddress)
    ));
    assert!(matches!(
        memory.load::<u16>(GuestAddress(0x2000), Relaxed),
        Err(Error::InvalidGuestAddress(_))
    ));
}

#[test]
fn the_last_address_is_an_address_and_the_next_is_none() {
    let memory = memory(&[(u64::MAX - 15, 8), (u64::MAX - 7, 8)]);
    let at = GuestAddress(u64::MAX - 9);
    memory
        .write_slice(&[1, 2, 3, 4, 5, 6, 7, 8, 9, 10], at)
        .unwrap();
    assert_eq!(memory.read_obj::<u8>(GuestAddress(u64::MAX)).unwrap(), 10);
    assert!(matches!(
        memory.write_slice(&[0; 11], at),
        Err(Error::GuestAddressOverflow)
    ));
    let mut into = [0; 11];
    assert!(matches!(
        memory.read_slice(&mut into, at),
        Err(Error::GuestAddressOverflow)
    ));
    assert_eq!(memory.read(&mut into, at).unwrap(), 10, "partial");
    assert_eq!(into, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 0]);
}

#[test]
fn writes_are_marked_in_the_regions_they_reach() {
    let region = |start| TestRegion::with_bitmap(start, 8, ByteMap::default());
    let memory =
        GuestRegionCollection::from_regions(vec![region(0), region(8), region(20)]).unwrap();
    let take = || {
        memory
            .iter()
            .map(|region| region.bitmap().take())
            .collect::<Vec<_>>()
    };
    memory.write_slice(&[1; 4], GuestAddress(6)).unwrap();
    assert_eq!(take(), [vec![6, 7], vec![0, 1], vec![]]);
    memory.write(&[1; 9], GuestAddress(14)).unwrap();
    assert_eq!(take(), [vec![], vec![6, 7], vec![]]);
    memory.store(1u16, GuestAddress(22), Relaxed).unwrap();
    assert_eq!(take(), [vec![], vec![], vec![2, 3]]);
    memory.write_slice(&[1; 3], GuestAddress(14)).unwrap_err();
    memory.read_obj::<u64>(GuestAddress(4)).unwrap();
    assert!(
        take().iter().all(Vec::is_empty),
        "errors and reads mark nothing"
    );
}

/// A memory that is not a backend, such as one behind an IOMMU, decides by its own permissions.
#[test]
fn an_access_must_be_allowed() {
    struct Guarded(Minimal<TestRegion>, Permissions);
    impl GuestMemory for Guarded {
        type PhysicalMemory = Minimal<TestRegion>;
        type Bitmap = ();
        fn check_range(&self, addr: GuestAddress, count: usize, access: Permissions) -> bool {
            self.1.allow(access) && GuestMemoryBackend::check_range(&self.0, addr, count)
        }
        fn get_slices<'a>(
            &'a self,
            addr: GuestAddress,
            count: usize,
            access: Permissions,
        ) -> Result<impl GuestMemorySliceIterator<'a, BS<'a, ()>>> {
            if !self.1.allow(access) {
                return Err(Error::HostAddressNotAvailable);
            }
            Ok(GuestMemoryBackend::get_slices(&self.0, addr, count))
        }
    }
    let guarded = Guarded(Minimal(regions(&[(0, 64)])), Permissions::Read);
    assert!(guarded.physical_memory().is_none());
    assert!(guarded.check_range(GuestAddress(0), 64, Permissions::Read));
    assert!(!guarded.check_range(GuestAddress(0), 64, Permissions::ReadWrite));
    assert_eq!(guarded.read_obj::<u32>(GuestAddress(60)).unwrap(), 0);
    assert_eq!(guarded.load::<u32>(GuestAddress(60), Relaxed).unwrap(), 0);
    guarded.read(&mut [0; 4], GuestAddress(60)).unwrap();
    guarded.write(&[1], GuestAddress(0)).unwrap_err();
    guarded.write_slice(&[1], GuestAddress(0)).unwrap_err();
    guarded.store(1u8, GuestAddress(0), Relaxed).unwrap_err();
    let guarded = Guarded(Minimal(regions(&[(0, 64)])), Permissions::Write);
    guarded.write_obj(1u32, GuestAddress(0)).unwrap();
    guarded.write(&[1], GuestAddress(0)).unwrap();
    guarded.store(1u8, GuestAddress(0), Relaxed).unwrap();
    guarded.read(&mut [0], GuestAddress(0)).unwrap_err();
    guarded.read_slice(&mut [0], GuestAddress(0)).unwrap_err();
    guarded.load::<u8>(GuestAddress(0), Relaxed).unwrap_err();
}

/// Gives at most four bytes at once, all 7.
struct Trickle;

impl ReadVolatile for Trickle {
    fn read_volatile<B: BitmapSlice>(
        &mut self,
        buf: &mut VolatileSlice<B>,
    ) -> crate::model::volatile_memory::Result<usize> {
        buf.write(&[7; 4], 0)
    }
}

#[test]
fn a_short_read_at_a_boundary_leaves_no_hole() {
    let memory = memory(&[(0, 16), (16, 16), (40, 8)]);
    let bytes = || memory.read_obj::<[u8; 32]>(GuestAddress(0)).unwrap();
    let mut expected = [0; 32];
    expected[8..12].fill(7);
    let read = |addr, count| memory.read_volatile_from(GuestAddress(addr), &mut Trickle, count);
    assert_eq!((read(8, 16).unwrap(), bytes()), (4, expected));
    expected[13..20].fill(7);
    assert_eq!(
        (read(13, 16).unwrap(), bytes()),
        (7, expected),
        "the rest of one, and four of the next"
    );
    memory
        .read_exact_volatile_from(GuestAddress(8), &mut Trickle, 20)
        .unwrap();
    expected[8..28].fill(7);
    assert_eq!(bytes(), expected);

    // Either the bytes up to the hole are moved, or none, with an error.
    assert_eq!(read(30, 16).unwrap(), 2);
    let error = memory.read_exact_volatile_from(GuestAddress(28), &mut Trickle, 5);
    assert!(matches!(
        error,
        Err(Error::PartialBuffer {
            expected: 5,
            completed: 4
        })
    ));
    assert_eq!(memory.read_obj::<u16>(GuestAddress(28)).unwrap(), 0);
    let mut sink = Vec::new();
    let error = memory.write_all_volatile_to(GuestAddress(28), &mut sink, 5);
    assert!(
        matches!(
            error,
            Err(Error::PartialBuffer {
                expected: 5,
                completed: 4
            })
        ) && sink.is_empty()
    );
    assert_eq!(
        memory
            .write_volatile_to(GuestAddress(28), &mut sink, 5)
            .unwrap(),
        4
    );
    let mut short = &mut [0; 6][..];
    let error = memory.write_volatile_to(GuestAddress(12), &mut short, 8);
    assert!(matches!(error, Err(Error::IOError(error)) if error.kind() == ErrorKind::WriteZero));
}

/// An error has vm-memory's shape, with the address or the length if the shape has room for it; `Fault::of` has both.
#[test]
fn errors_keep_address_and_length() {
    let memory = memory(&[(0, 0x10), (0x10, 0x10), (u64::MAX - 7, 8)]);
    let write = |at, length| {
        memory
            .write_slice(&vec![1; length], GuestAddress(at))
            .unwrap_err()
    };
    let fault = |at, length| Fault::of(&memory, GuestAddress(at), length).unwrap();
    assert!(matches!(
        write(0x20, 4),
        Error::InvalidGuestAddress(GuestAddress(0x20))
    ));
    assert_eq!(fault(0x20, 4), Fault::InvalidGuestAddress { address: 0x20 });
    assert!(matches!(
        write(0xf, 0x20),
        Error::PartialBuffer {
            expected: 0x20,
            completed: 0x11
        }
    ));
    let hole = Fault::PartialBuffer {
        address: 0x20,
        completed: 0x11,
    };
    assert_eq!(fault(0xf, 0x20), hole);
    assert!(matches!(
        write(u64::MAX - 7, 9),
        Error::GuestAddressOverflow
    ));
    let past_end = Fault::GuestAddressOverflow { completed: 8 };
    assert_eq!(fault(u64::MAX - 7, 9), past_end);
    assert_eq!(past_end.location(), (u64::MAX, 8));
    assert_eq!(Fault::of(&memory, GuestAddress(0xf), 2), None);
}
