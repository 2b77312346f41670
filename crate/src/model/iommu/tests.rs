//! Mappings at every edge, and a memory behind them.

use super::*;
use crate::model::bitmap::tests::ByteMap;
use crate::model::bytes::Bytes;
use crate::model::guest_memory::{Error as MemoryError, GuestMemory, GuestMemorySliceIterator};
use crate::model::region::GuestRegionCollection;
use crate::model::region::tests::TestRegion;
use Permissions::{No, Read, ReadWrite, Write};
use std::ops::Range;
use std::sync::{RwLock, RwLockReadGuard};

#[derive(Debug, Default)]
struct Mappings(RwLock<Iotlb>);

impl Iommu for Mappings {
    type IotlbGuard<'a> = RwLockReadGuard<'a, Iotlb>;

    fn translate(
        &self,
        iova: GuestAddress,
        length: usize,
        access: Permissions,
    ) -> Result<IotlbIterator<Self::IotlbGuard<'_>>, Error> {
        let iotlb = self.0.read().unwrap();
        Iotlb::lookup(iotlb, iova, length, access).map_err(|fails| Error::CannotResolve {
            iova_range: IovaRange { base: iova, length },
            reason: format!("{fails:?}"),
        })
    }
}

fn iotlb(mappings: &[(u64, u64, usize, Permissions)]) -> Iotlb {
    let mut iotlb = Iotlb::new();
    for (iova, to, length, permissions) in mappings {
        iotlb
            .set_mapping(
                GuestAddress(*iova),
                GuestAddress(*to),
                *length,
                *permissions,
            )
            .unwrap();
    }
    iotlb
}

/// Starts and lengths.
type Ranges = Vec<(u64, usize)>;

fn lookup(
    iotlb: &Iotlb,
    iova: u64,
    length: usize,
    access: Permissions,
) -> Result<Ranges, (Ranges, Ranges)> {
    let pairs = |ranges: Vec<IovaRange>| {
        ranges
            .iter()
            .map(|range| (range.base.0, range.length))
            .collect()
    };
    Iotlb::lookup(iotlb, GuestAddress(iova), length, access)
        .map(|ranges| ranges.map(|range| (range.base.0, range.length)).collect())
        .map_err(|fails| (pairs(fails.misses), pairs(fails.access_fails)))
}

#[test]
fn a_range_is_mapped_as_a_whole_or_says_what_is_missing() {
    let iotlb = iotlb(&[
        (0x1000, 0x9000, 0x100, Read),
        (0x1100, 0x5000, 0x100, ReadWrite),
        (0x1300, 0, 0x100, No),
    ]);
    assert_eq!(
        lookup(&iotlb, 0x1000, 0x200, Read),
        Ok(vec![(0x9000, 0x100), (0x5000, 0x100)])
    );
    assert_eq!(
        lookup(&iotlb, 0x10ff, 2, Read),
        Ok(vec![(0x90ff, 1), (0x5000, 1)])
    );
    assert_eq!(lookup(&iotlb, 0x1180, 4, Write), Ok(vec![(0x5080, 4)]));
    assert_eq!(
        lookup(&iotlb, 0x10f0, 0x20, Write),
        Err((vec![], vec![(0x10f0, 0x10)]))
    );
    let fails = (
        vec![(0xf00, 0x100), (0x1200, 0x100), (0x1400, 0x100)],
        vec![(0x1300, 0x100)],
    );
    assert_eq!(lookup(&iotlb, 0xf00, 0x600, Read), Err(fails));
    assert_eq!(lookup(&iotlb, 0x1300, 1, No), Ok(vec![(0, 1)]));
    assert_eq!(
        lookup(&iotlb, 0x5000, 0, ReadWrite),
        Ok(vec![]),
        "no bytes, anywhere"
    );
    assert_eq!(
        lookup(&iotlb, 0x5000, 1, No),
        Err((vec![(0x5000, 1)], vec![]))
    );
}

#[test]
fn mappings_replace_and_are_forgotten() {
    let mut iotlb = iotlb(&[(0x1000, 0x9000, 0x300, Read)]);
    iotlb
        .set_mapping(GuestAddress(0x1100), GuestAddress(0), 0x100, Write)
        .unwrap();
    assert_eq!(
        lookup(&iotlb, 0x1000, 0x300, No),
        Ok(vec![(0x9000, 0x100), (0, 0x100), (0x9200, 0x100)])
    );
    iotlb.invalidate_mapping(GuestAddress(0x1080), 0);
    iotlb.invalidate_mapping(GuestAddress(0x1280), usize::MAX);
    iotlb.invalidate_mapping(GuestAddress(0x1100), 0x100);
    assert_eq!(
        lookup(&iotlb, 0x1000, 0x300, No),
        Err((vec![(0x1100, 0x100), (0x1280, 0x80)], vec![]))
    );
    iotlb.invalidate_all();
    assert_eq!(
        lookup(&iotlb, 0x1000, 1, No),
        Err((vec![(0x1000, 1)], vec![]))
    );
}

#[test]
fn the_last_addresses_are_addresses_too() {
    let (last_page, end) = (u64::MAX - 0xfff, u64::MAX);
    let mut iotlb = iotlb(&[
        (last_page, 0x1000, 0x1000, Read),
        (0, last_page, 0x1000, Read),
    ]);
    assert_eq!(lookup(&iotlb, end, 1, Read), Ok(vec![(0x1fff, 1)]));
    assert_eq!(
        lookup(&iotlb, 0, 0x1000, Read),
        Ok(vec![(last_page, 0x1000)])
    );
    assert_eq!(
        lookup(&iotlb, end, 2, Read),
        Err((vec![(end, 2)], vec![])),
        "past 2^64"
    );
    assert_eq!(
        lookup(&iotlb, last_page - 1, 0x1001, Read),
        Err((vec![(last_page - 1, 1)], vec![]))
    );
    for (iova, to, length) in [(end, 0, 2), (0, end, 2), (0, 0, 0), (end, end, 0)] {
        let set = iotlb.set_mapping(GuestAddress(iova), GuestAddress(to), length, Read);
        assert!(
            matches!(set, Err(Error::IommuMisconfigured { .. })),
            "{length:#x} from {iova:#x}"
        );
    }
    iotlb.invalidate_mapping(GuestAddress(end), usize::MAX);
    assert_eq!(lookup(&iotlb, end, 1, Read), Err((vec![(end, 1)], vec![])));
}

#[test]
fn ranges_have_a_length_or_none() {
    let range =
        |range: Range<u64>| IovaRange::try_from(range).map(|range| (range.base.0, range.length));
    assert_eq!(range(0x10..0x30), Ok((0x10, 0x20)));
    assert_eq!(
        range(Range {
            start: 0x30,
            end: 0x10
        }),
        Ok((0x30, 0))
    );
    assert_eq!(
        range(0..u64::MAX).is_ok(),
        cfg!(target_pointer_width = "64")
    );
}

/// An IOMMU that translates half of the range it is asked for.
#[derive(Debug)]
struct Half(Mappings);

impl Iommu for Half {
    type IotlbGuard<'a> = RwLockReadGuard<'a, Iotlb>;

    fn translate(
        &self,
        iova: GuestAddress,
        length: usize,
        access: Permissions,
    ) -> Result<IotlbIterator<Self::IotlbGuard<'_>>, Error> {
        self.0.translate(iova, length / 2, access)
    }
}

#[test]
fn a_translation_that_is_too_short_is_an_error() {
    let mappings = Mappings(RwLock::new(iotlb(&[(0, 0, 64, ReadWrite)])));
    let backend = GuestRegionCollection::from_regions(vec![TestRegion::new(0, 64)]).unwrap();
    let memory = IommuMemory::new(backend, Half(mappings), true, ());
    assert!(!memory.check_range(GuestAddress(0), 8, Read));
    let mut slices = memory.get_slices(GuestAddress(0), 8, Read).unwrap();
    assert_eq!(slices.next().unwrap().unwrap().len(), 4);
    let Some(Err(MemoryError::IommuError(Error::CannotResolve { iova_range, .. }))) = slices.next()
    else {
        panic!("the rest is no slice")
    };
    assert_eq!((iova_range.base, iova_range.length), (GuestAddress(4), 4));
    assert!(slices.next().is_none());
    memory.write_slice(&[1; 8], GuestAddress(0)).unwrap_err();
    assert_eq!(
        memory
            .get_backend()
            .read_obj::<u32>(GuestAddress(0))
            .unwrap(),
        0
    );
}

/// vm-memory panics at each of these, or wraps if overflow is not checked.
#[test]
fn past_2_to_the_64_and_for_no_bytes_nothing_panics() {
    let memory = memory::<()>(u64::MAX - 0xff);
    let (last, no_bytes) = (GuestAddress(u64::MAX), &mut [][..]);
    assert!(matches!(
        memory.write_obj(7u16, last),
        Err(MemoryError::GuestAddressOverflow)
    ));
    assert!(matches!(
        memory.read(&mut [0; 2], last),
        Err(MemoryError::GuestAddressOverflow)
    ));
    let slices = memory.get_slices(last, usize::MAX, Read).err();
    assert!(matches!(slices, Some(MemoryError::GuestAddressOverflow)));
    assert!(!memory.check_range(last, 2, Read));
    for anywhere in [GuestAddress(0), last] {
        assert!(memory.check_range(anywhere, 0, ReadWrite));
        memory.write_slice(no_bytes, anywhere).unwrap();
        memory.read_slice(no_bytes, anywhere).unwrap();
        let slices = memory.get_slices(anywhere, 0, Read).unwrap();
        assert_eq!(slices.count(), 0);
    }

    let mut iotlb = iotlb(&[(0, 0, 0x1000, ReadWrite)]);
    for (iova, to, length) in [(0, 0, 0), (u64::MAX, 0, 2), (0, u64::MAX, 2)] {
        let set = iotlb.set_mapping(GuestAddress(iova), GuestAddress(to), length, Read);
        assert!(matches!(set, Err(Error::IommuMisconfigured { .. })));
    }
    iotlb.invalidate_mapping(GuestAddress(0x800), 0);
    iotlb.invalidate_mapping(last, usize::MAX);
    assert_eq!(
        lookup(&iotlb, 0, 0x1000, ReadWrite),
        Ok(vec![(0, 0x1000)]),
        "as it was"
    );
}

type Memory<B> = IommuMemory<GuestRegionCollection<TestRegion<B>>, Mappings>;

/// Two regions of 64 bytes, at 0 and 0x40; the mapping turns their order round from IOVA `base` on.
fn memory<B: crate::model::bitmap::NewBitmap + Clone>(base: u64) -> Memory<B> {
    let region = |start| TestRegion::with_bitmap(start, 64, B::default());
    let backend = GuestRegionCollection::from_regions(vec![region(0), region(64)]).unwrap();
    let mappings = [
        (base, 64, 64, ReadWrite),
        (base + 64, 0, 64, Read),
        (base + 128, 120, 16, ReadWrite),
    ];
    IommuMemory::new(
        backend,
        Mappings(RwLock::new(iotlb(&mappings))),
        true,
        B::default(),
    )
}

#[test]
fn a_device_sees_what_is_mapped() {
    let mut memory = memory::<()>(1 << 40);
    let iova = |offset: u64| GuestAddress((1 << 40) + offset);
    memory
        .get_backend()
        .write_slice(&[1, 2], GuestAddress(63))
        .unwrap();
    assert_eq!(memory.read_obj::<u8>(iova(127)).unwrap(), 1);
    assert_eq!(memory.read_obj::<u8>(iova(0)).unwrap(), 2);
    memory.write_obj(0x0506_0708u32, iova(8)).unwrap();
    assert_eq!(
        memory
            .get_backend()
            .read_obj::<u32>(GuestAddress(72))
            .unwrap(),
        0x0506_0708
    );
    let slices = memory
        .get_slices(iova(60), 8, Read)
        .unwrap()
        .stop_on_error()
        .unwrap();
    assert_eq!(slices.map(|slice| slice.len()).collect::<Vec<_>>(), [4, 4]);

    assert!(memory.check_range(iova(0), 128, Read) && !memory.check_range(iova(0), 65, Write));
    assert!(
        !memory.check_range(iova(128), 16, Read),
        "mapped to where nothing is"
    );
    let refused = |error| matches!(error, MemoryError::IommuError(Error::CannotResolve { .. }));
    assert!(
        refused(memory.write_obj(1u8, iova(64)).unwrap_err()),
        "read only"
    );
    assert!(
        refused(memory.write_obj(1u8, GuestAddress(0)).unwrap_err()),
        "not mapped"
    );
    assert!(
        refused(memory.write_slice(&[9; 8], iova(60)).unwrap_err()),
        "all or nothing"
    );
    assert_eq!(memory.read_obj::<u32>(iova(60)).unwrap(), 0);
    let hole = memory.read_slice(&mut [0; 16], iova(128)).unwrap_err();
    assert!(matches!(
        hole,
        MemoryError::PartialBuffer {
            expected: 16,
            completed: 8
        }
    ));
    let past = memory.read_obj::<u16>(GuestAddress(u64::MAX)).unwrap_err();
    assert!(matches!(past, MemoryError::GuestAddressOverflow));
    assert!(!memory.check_range(GuestAddress(u64::MAX), 2, Read));

    assert!(memory.physical_memory().is_none() && memory.get_iommu_enabled());
    memory.set_iommu_enabled(false);
    assert_eq!(
        memory
            .read_obj::<u16>(GuestAddress(63))
            .unwrap()
            .to_ne_bytes(),
        [1, 2]
    );
    assert!(
        memory.check_range(GuestAddress(0), 128, ReadWrite) && memory.physical_memory().is_some()
    );
    assert_eq!(memory.clone().read_obj::<u8>(GuestAddress(63)).unwrap(), 1);
}

#[test]
fn writes_are_marked_by_their_iova() {
    let memory = memory::<ByteMap>(0x1000);
    memory
        .write_slice(&[1, 2, 3], GuestAddress(0x1003))
        .unwrap();
    assert_eq!(memory.bitmap().take(), [0x1003, 0x1004, 0x1005]);
    memory
        .store(
            5u32,
            GuestAddress(0x1008),
            std::sync::atomic::Ordering::SeqCst,
        )
        .unwrap();
    assert_eq!(memory.bitmap().take(), [0x1008, 0x1009, 0x100a, 0x100b]);
    let backend = memory.get_backend();
    let marked = |start| {
        crate::GuestMemoryBackend::find_region(backend, GuestAddress(start)).is_some_and(|region| {
            (0..64).any(|at| {
                crate::model::bitmap::Bitmap::dirty_at(
                    &crate::GuestMemoryRegion::bitmap(region),
                    at,
                )
            })
        })
    };
    assert!(!marked(0) && !marked(64), "not where it lies");
    let mut direct = memory.with_replaced_backend(backend.clone());
    direct.set_iommu_enabled(false);
    direct.write_obj(1u8, GuestAddress(64)).unwrap();
    assert!(marked(64) && memory.bitmap().take().is_empty());
    assert!(std::sync::Arc::ptr_eq(memory.iommu(), direct.iommu()));
}

/// A bitmap's offset is a `usize`: on a 32-bit host, bytes that cannot be marked cannot be written.
#[test]
fn marks_past_4_gib_never_alias() {
    let memory = memory::<ByteMap>((1 << 32) - 8);
    let write = |iova: u64, length| memory.write_slice(&vec![1; length], GuestAddress(iova));
    write((1 << 32) - 8, 4).unwrap();
    assert_eq!(memory.bitmap().take().len(), 4);
    for (iova, length) in [((1 << 32) - 4, 5), (1 << 32, 1)] {
        let result = write(iova, length);
        if cfg!(target_pointer_width = "64") {
            result.unwrap();
            assert_eq!(memory.bitmap().take().last(), Some(&(1 << 31 << 1)));
        } else {
            assert!(matches!(result, Err(MemoryError::InvalidBackendAddress)));
            assert!(memory.bitmap().take().is_empty());
        }
    }
}

#[test]
fn errors_say_what_is_wrong() {
    let iova_range = || IovaRange {
        base: GuestAddress(0x1000),
        length: 0x20,
    };
    let error = Error::CannotResolve {
        iova_range: iova_range(),
        reason: "a miss".into(),
    };
    assert_eq!(
        error.to_string(),
        "the range of 0x20 bytes from IOVA 0x1000 cannot be resolved: a miss"
    );
    let error = Error::Fragmented {
        iova_range: iova_range(),
        continuous_length: 8,
    };
    assert_eq!(
        error.to_string(),
        "the range of 0x20 bytes from IOVA 0x1000 is fragmented: only 8 bytes are contiguous"
    );
    let error = MemoryError::from(Error::IommuMisconfigured {
        reason: "no table".into(),
    });
    assert_eq!(error.to_string(), "the IOMMU is misconfigured: no table");
}
