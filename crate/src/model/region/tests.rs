//! [`TestRegion`] and [`VastRegion`], for the tests of this crate; and the tests of regions.

use super::{GuestMemoryRegion, GuestMemoryRegionBytes};
use crate::machine::address_space::AddressSpace;
use crate::model::bitmap::{BS, Bitmap, tests::ByteMap};
use crate::model::bytes::{Bytes, tests::test_bytes};
use crate::model::guest_memory::{
    Error, GuestAddress, GuestMemoryBackend, GuestUsize, MemoryRegionAddress, Result,
};
use crate::model::volatile_memory::{VolatileMemory, VolatileSlice};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// A region on the heap, whose first byte lies at a multiple of 8 in the host's memory.
#[derive(Debug, Default)]
pub(crate) struct TestRegion<B = ()> {
    start: GuestAddress,
    length: usize,
    words: Box<[AtomicU64]>,
    bitmap: B,
}

impl TestRegion {
    pub(crate) fn new(start: u64, length: usize) -> Self {
        Self::with_bitmap(start, length, ())
    }
}

impl<B: Bitmap> TestRegion<B> {
    pub(crate) fn with_bitmap(start: u64, length: usize, bitmap: B) -> Self {
        let words = (0..length.div_ceil(8)).map(|_| AtomicU64::new(0)).collect();
        TestRegion {
            start: GuestAddress(start),
            length,
            words,
            bitmap,
        }
    }
}

impl<B: Bitmap> GuestMemoryRegion for TestRegion<B> {
    type B = B;

    fn len(&self) -> GuestUsize {
        self.length as u64
    }

    fn start_addr(&self) -> GuestAddress {
        self.start
    }

    fn bitmap(&self) -> BS<'_, B> {
        self.bitmap.slice_at(0)
    }

    fn get_host_address(&self, addr: MemoryRegionAddress) -> Result<*mut u8> {
        Ok(self.get_slice(addr, 1)?.ptr_guard_mut().as_ptr())
    }

    fn get_slice(
        &self,
        offset: MemoryRegionAddress,
        count: usize,
    ) -> Result<VolatileSlice<'_, BS<'_, B>>> {
        let offset = offset
            .to_host_offset()
            .ok_or(Error::InvalidBackendAddress)?;
        let start = self.words.as_ptr().cast_mut().cast::<u8>();
        // SAFETY: a volatile slice is made of a raw pointer. The words live as long as `self` and may be changed while
        // they are shared, and no reference to them is ever made.
        let all = unsafe {
            VolatileSlice::with_bitmap(start, self.length, self.bitmap.slice_at(0), None)
        };
        all.compute_end_offset(offset, count)?;
        Ok(all.subslice(offset, count)?)
    }
}

impl<B: Bitmap> GuestMemoryRegionBytes for TestRegion<B> {}

/// A region that may claim any length, though only its first bytes exist: a slice at any offset shows those.
#[derive(Debug)]
pub(crate) struct VastRegion {
    length: u64,
    bytes: TestRegion,
}

impl VastRegion {
    pub(crate) fn new(start: u64, length: u64) -> Self {
        VastRegion {
            length,
            bytes: TestRegion::new(start, 64),
        }
    }
}

impl GuestMemoryRegion for VastRegion {
    type B = ();

    fn len(&self) -> GuestUsize {
        self.length
    }

    fn start_addr(&self) -> GuestAddress {
        self.bytes.start
    }

    fn bitmap(&self) {}

    fn get_slice(&self, offset: MemoryRegionAddress, count: usize) -> Result<VolatileSlice<'_>> {
        self.check_address(offset)
            .ok_or(Error::InvalidBackendAddress)?;
        self.bytes.get_slice(MemoryRegionAddress(0), count)
    }
}

impl GuestMemoryRegionBytes for VastRegion {}

#[test]
fn a_region_is_bytes() {
    test_bytes(&TestRegion::new(0x1000, 96), MemoryRegionAddress, 96);
    test_bytes(
        &TestRegion::with_bitmap(u64::MAX - 95, 96, ByteMap::default()),
        MemoryRegionAddress,
        96,
    );
}

#[test]
fn a_position_is_inside_or_refused() {
    let region = TestRegion::new(0x1000, 0x20);
    assert_eq!(
        (region.start_addr(), region.last_addr()),
        (GuestAddress(0x1000), GuestAddress(0x101f))
    );
    for (position, inside) in [
        (0, true),
        (0x1f, true),
        (0x20, false),
        (1 << 32, false),
        (u64::MAX, false),
    ] {
        let position = MemoryRegionAddress(position);
        assert_eq!(region.address_in_range(position), inside, "{position:?}");
        assert_eq!(region.check_address(position), inside.then_some(position));
        assert_eq!(region.get_host_address(position).is_ok(), inside);
        assert_eq!(region.get_slice(position, 1).is_ok(), inside);
    }
    let at = |position| Some(MemoryRegionAddress(position));
    assert_eq!(
        region.checked_offset(MemoryRegionAddress(0x10), 0xf),
        at(0x1f)
    );
    assert_eq!(region.checked_offset(MemoryRegionAddress(0x10), 0x10), None);
    assert_eq!(
        region.checked_offset(MemoryRegionAddress(u64::MAX), 1),
        None
    );
    assert_eq!(region.to_region_addr(GuestAddress(0x1000)), at(0));
    assert_eq!(region.to_region_addr(GuestAddress(0x101f)), at(0x1f));
    assert_eq!(region.to_region_addr(GuestAddress(0x1020)), None);
    assert_eq!(region.to_region_addr(GuestAddress(0xfff)), None);
    assert_eq!(region.as_volatile_slice().unwrap().len(), 0x20);
    assert!(matches!(
        region.get_slice(MemoryRegionAddress(0x1f), 2),
        Err(Error::InvalidBackendAddress)
    ));
}

#[test]
fn a_region_may_end_at_the_last_address() {
    let region = TestRegion::new(u64::MAX - 7, 8);
    assert_eq!(region.last_addr(), GuestAddress(u64::MAX));
    assert_eq!(
        region.to_region_addr(GuestAddress(u64::MAX)),
        Some(MemoryRegionAddress(7))
    );
    region.write_obj(0x55u8, MemoryRegionAddress(7)).unwrap();
    assert!(matches!(
        region.read_obj::<u16>(MemoryRegionAddress(7)),
        Err(Error::PartialBuffer { .. })
    ));
    assert_eq!(
        VastRegion::new(2, u64::MAX).last_addr(),
        GuestAddress(u64::MAX),
        "no wrap, though it is too long"
    );
    assert_eq!(TestRegion::new(5, 0).last_addr(), GuestAddress(5));
}

/// Checks that a position of 2^32 does not become 0 on a 32-bit host: no access there moves a byte. The region is all
/// zero and has at least 64 bytes.
pub(crate) fn test_far_positions<R: GuestMemoryRegionBytes>(region: &R) {
    use Error::InvalidBackendAddress as Refused;
    for position in [1 << 32, (1 << 32) + 8, 1 << 63, u64::MAX] {
        let at = MemoryRegionAddress(position);
        let (mut into, mut source, mut sink) = ([7; 4], &[7; 8][..], Vec::new());
        assert!(matches!(region.write(&[7], at), Err(Refused)));
        assert!(matches!(region.read(&mut into, at), Err(Refused)));
        assert!(matches!(region.write_slice(&[7], at), Err(Refused)));
        assert!(matches!(region.read_slice(&mut into, at), Err(Refused)));
        assert!(matches!(region.write_obj(7u64, at), Err(Refused)));
        assert!(matches!(region.read_obj::<u64>(at), Err(Refused)));
        let read = region.read_volatile_from(at, &mut source, 4);
        assert!(matches!(read, Err(Refused)));
        let read = region.read_exact_volatile_from(at, &mut source, 4);
        assert!(matches!(read, Err(Refused)));
        let written = region.write_volatile_to(at, &mut sink, 4);
        assert!(matches!(written, Err(Refused)));
        let written = region.write_all_volatile_to(at, &mut sink, 4);
        assert!(matches!(written, Err(Refused)));
        assert!(matches!(region.store(7u32, at, Relaxed), Err(Refused)));
        assert!(matches!(region.load::<u32>(at, Relaxed), Err(Refused)));
        assert!(matches!(region.get_slice(at, 0), Err(Refused)));
        assert!(matches!(region.get_host_address(at), Err(Refused)));
        assert!(region.check_address(at).is_none() && !region.address_in_range(at));
        assert_eq!((into, source.len(), sink.len()), ([7; 4], 8, 0));
    }
    let bytes: [u8; 64] = region.read_obj(MemoryRegionAddress(0)).unwrap();
    assert_eq!(bytes, [0; 64]);
}

#[test]
fn a_far_position_is_no_near_one() {
    test_far_positions(&TestRegion::new(0, 64));
    let space = AddressSpace::from_ranges(&[(GuestAddress(0), 64)]).unwrap();
    test_far_positions(space.view().flat().iter().next().unwrap());
    for length in [u64::MAX, (1 << 32) + 8] {
        let vast = VastRegion::new(0, length);
        let all = vast.as_volatile_slice();
        assert!(
            matches!(all, Err(Error::InvalidBackendAddress)),
            "not 8 bytes"
        );
    }
}

#[test]
fn writes_to_a_region_are_marked_in_its_bitmap() {
    let region = TestRegion::with_bitmap(0x1000, 0x40, ByteMap::default());
    region
        .write_slice(&[1, 2, 3], MemoryRegionAddress(5))
        .unwrap();
    assert_eq!(region.bitmap().take(), [5, 6, 7]);
    region.write(&[1; 9], MemoryRegionAddress(0x3e)).unwrap();
    assert_eq!(region.bitmap().take(), [0x3e, 0x3f]);
    region.write_obj(1u16, MemoryRegionAddress(9)).unwrap();
    assert_eq!(region.bitmap().take(), [9, 10]);
    region
        .store(1u32, MemoryRegionAddress(0x10), Relaxed)
        .unwrap();
    assert_eq!(region.bitmap().take(), [0x10, 0x11, 0x12, 0x13]);
    region
        .write_slice(&[1; 9], MemoryRegionAddress(0x3e))
        .unwrap_err();
    region
        .store(1u32, MemoryRegionAddress(0x11), Relaxed)
        .unwrap_err();
    region.read_obj::<u64>(MemoryRegionAddress(0)).unwrap();
    assert!(
        region.bitmap().take().is_empty(),
        "errors and reads mark nothing"
    );
}

/// The optional properties of a region.
#[test]
fn a_region_without_host_memory_says_so() {
    struct Nowhere;
    impl GuestMemoryRegion for Nowhere {
        type B = ();
        fn len(&self) -> GuestUsize {
            0x1000
        }
        fn start_addr(&self) -> GuestAddress {
            GuestAddress(0)
        }
        fn bitmap(&self) {}
    }
    impl GuestMemoryRegionBytes for Nowhere {}
    let start = MemoryRegionAddress(0);
    assert!(matches!(
        Nowhere.get_host_address(start),
        Err(Error::HostAddressNotAvailable)
    ));
    assert!(matches!(
        Nowhere.get_slice(start, 1),
        Err(Error::HostAddressNotAvailable)
    ));
    assert!(matches!(
        Nowhere.as_volatile_slice(),
        Err(Error::HostAddressNotAvailable)
    ));
    assert!(matches!(
        Nowhere.write(&[1], start),
        Err(Error::HostAddressNotAvailable)
    ));
}
