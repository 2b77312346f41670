//! Mappings as volatile memory, as regions and as a guest's memory.

use super::*;
use crate::model::bitmap::tests::ByteMap;
use crate::model::bytes::{Bytes, tests::test_bytes};
use crate::model::guest_memory::tests::test_backend;
use crate::model::region::tests::test_far_positions;
use crate::model::volatile_memory::tests::{contents, test_volatile_memory};
use std::io::ErrorKind;

#[test]
fn a_mapping_is_volatile_memory_and_marks() {
    test_volatile_memory(&MmapRegion::<()>::new(96).unwrap());
    let mapping = MmapRegion::<ByteMap>::new(0x2000).unwrap();
    assert_eq!(contents(&mapping), [0; 0x2000]);
    mapping.get_slice(0xfff, 4).unwrap().copy_from(&[1u8, 2]);
    assert_eq!(mapping.bitmap().take(), [0xfff, 0x1000]);
    assert!(mapping.owned() && mapping.file_offset().is_none());
    assert_eq!((mapping.size(), mapping.prot()), (0x2000, 3));
    assert!(format!("{mapping:?}").contains("8192"));
}

#[test]
fn a_mapping_at_a_guest_address_is_a_region() {
    let mapping = Arc::new(MmapRegion::<()>::new(96).unwrap());
    let region = GuestRegionMmap::with_arc(mapping.clone(), GuestAddress(1 << 40)).unwrap();
    test_bytes(&region, MemoryRegionAddress, 96);
    assert!(Arc::ptr_eq(&mapping, &region.get_mmap()));
    assert_eq!(region.as_ptr(), mapping.as_ptr(), "dereferenced");
    let host = |addr| region.get_host_address(MemoryRegionAddress(addr));
    assert_eq!(host(95).unwrap().addr() - mapping.as_ptr().addr(), 95);
    for outside in [96, 1 << 32, u64::MAX] {
        assert!(host(outside).is_err());
        assert!(region.get_slice(MemoryRegionAddress(outside), 1).is_err());
    }
    assert!(GuestMemoryRegion::file_offset(&region).is_none());
    #[cfg(target_os = "linux")]
    assert_eq!(GuestMemoryRegion::is_hugetlbfs(&region), None);
    let marked = GuestRegionMmap::<ByteMap>::from_range(GuestAddress(0), 64, None).unwrap();
    marked.write_obj(1u8, MemoryRegionAddress(9)).unwrap();
    assert!(GuestMemoryRegion::bitmap(&marked).dirty_at(9));
}

#[test]
fn a_far_position_is_no_near_one() {
    test_far_positions(&GuestRegionMmap::<()>::from_range(GuestAddress(0), 64, None).unwrap());
}

#[test]
fn mappings_are_a_memory() {
    let ranges = [(0, 0x40), (0x40, 0x1000), (1 << 32, 8), (u64::MAX - 8, 8)];
    let addresses =
        ranges.map(|(start, size)| (GuestAddress(start), usize::try_from(size).unwrap()));
    test_backend(
        &GuestMemoryMmap::<()>::from_ranges(&addresses).unwrap(),
        &ranges,
    );
    test_bytes(
        &GuestMemoryMmap::<()>::from_ranges(&[(GuestAddress(8), 40), (GuestAddress(48), 56)])
            .unwrap(),
        |at| GuestAddress(8 + at),
        96,
    );
}

#[test]
fn what_cannot_be_mapped_is_refused() {
    let from = |ranges: &[(u64, usize)]| {
        let ranges: Vec<_> = ranges
            .iter()
            .map(|(start, size)| (GuestAddress(*start), *size))
            .collect();
        GuestMemoryMmap::<()>::from_ranges(&ranges).unwrap_err()
    };
    use FromRangesError::{Collection, InvalidGuestRegion};
    use GuestRegionCollectionError::{MemoryRegionOverlap, NoMemoryRegion, UnsortedMemoryRegions};
    assert!(matches!(from(&[]), Collection(NoMemoryRegion)));
    assert!(matches!(
        from(&[(0, 8), (7, 8)]),
        Collection(MemoryRegionOverlap)
    ));
    assert!(matches!(
        from(&[(8, 8), (0, 8)]),
        Collection(UnsortedMemoryRegions)
    ));
    assert!(matches!(from(&[(u64::MAX - 7, 8)]), InvalidGuestRegion));
    assert!(matches!(from(&[(u64::MAX, 8)]), InvalidGuestRegion));
    let refused = |error, expected| matches!(error, FromRangesError::MmapRegion(MmapRegionError::Mmap(error)) if error.kind() == expected);
    assert!(refused(from(&[(0, 8), (16, 0)]), ErrorKind::InvalidInput));
    // Miri has no error for it: it ends the program.
    if cfg!(not(miri)) {
        assert!(refused(
            from(&[(0, usize::MAX - 4095)]),
            ErrorKind::OutOfMemory
        ));
    }
    assert_eq!(
        from(&[(0, 8), (7, 8)]).to_string(),
        "the regions do not make up a memory: memory regions overlap"
    );
}

#[test]
#[cfg_attr(miri, ignore = "Miri maps memory for reading and writing only")]
fn a_builder_keeps_what_it_is_told() {
    let mut mapping = MmapRegionBuilder::<()>::new(4096).build().unwrap();
    assert_eq!(
        (mapping.prot(), mapping.flags(), mapping.is_hugetlbfs()),
        (0, flags::PRIVATE, None)
    );
    mapping.set_hugetlbfs(true);
    assert_eq!(mapping.is_hugetlbfs(), Some(true));
    let fixed = MmapRegionBuilder::<()>::new(4096).with_mmap_flags(flags::PRIVATE | flags::FIXED);
    assert!(matches!(fixed.build(), Err(MmapRegionError::MapFixed)));

    let owner = MmapRegion::<()>::new(2 * 65536).unwrap();
    // SAFETY: the owner outlives the region, and only volatile slices are made of its bytes.
    let raw = |offset| unsafe {
        MmapRegion::<()>::build_raw(owner.as_ptr().wrapping_add(offset), 4096, 3, 7)
    };
    let part = raw(65536).unwrap();
    assert_eq!(
        (part.owned(), part.prot(), part.flags(), part.size()),
        (false, 3, 7, 4096)
    );
    part.as_volatile_slice().write_obj(9u8, 5).unwrap();
    drop(part);
    assert_eq!(
        owner.as_volatile_slice().read_obj::<u8>(65536 + 5).unwrap(),
        9
    );
    assert!(matches!(raw(1), Err(MmapRegionError::InvalidPointer)));
}

#[cfg(any(unix, windows))]
mod files {
    use super::*;
    use crate::model::guest_memory::GuestMemoryBackend;
    use std::fs::{File, OpenOptions};
    use std::io::{Read, Seek, SeekFrom, Write};

    /// A file of two pages of 64 KiB, the largest page of any system. It is deleted when it is closed.
    fn file(name: &str) -> File {
        let path = std::env::temp_dir().join(format!("guest-memory-{}-{name}", std::process::id()));
        let mut options = OpenOptions::new();
        options.read(true).write(true).create_new(true);
        #[cfg(windows)]
        std::os::windows::fs::OpenOptionsExt::custom_flags(&mut options, 0x0400_0000); // deleted when it is closed
        let mut file = options.open(&path).unwrap();
        #[cfg(unix)]
        std::fs::remove_file(path).unwrap();
        file.write_all(&[1; 65536]).unwrap();
        file.write_all(&[2; 65536]).unwrap();
        file
    }

    #[test]
    #[cfg_attr(miri, ignore = "Miri maps no files")]
    fn a_mapped_file_is_shared() {
        let mut file = file("shared");
        let offset = FileOffset::new(file.try_clone().unwrap(), 65536);
        let memory = GuestMemoryMmap::<()>::from_ranges_with_files([
            (GuestAddress(0), 64, None),
            (GuestAddress(64), 65536, Some(offset)),
        ])
        .unwrap();
        assert_eq!(
            memory.read_obj::<[u8; 2]>(GuestAddress(63)).unwrap(),
            [0, 2]
        );
        memory.write_obj(7u8, GuestAddress(64)).unwrap();
        file.seek(SeekFrom::Start(65536)).unwrap();
        let mut byte = [0];
        file.read_exact(&mut byte).unwrap();
        assert_eq!(byte, [7]);
        let region = memory.find_region(GuestAddress(64)).unwrap();
        assert_eq!(
            GuestMemoryRegion::file_offset(region).unwrap().start(),
            65536
        );
    }

    #[test]
    #[cfg_attr(miri, ignore = "Miri maps no files")]
    fn one_file_mapped_twice_overlaps_or_not() {
        let file = Arc::new(file("overlap"));
        let map = |file: &Arc<File>, start, size| {
            MmapRegion::<()>::from_file(FileOffset::from_arc(file.clone(), start), size).unwrap()
        };
        let (low, high) = (map(&file, 0, 65536), map(&file, 65536, 65536));
        assert!(!low.fds_overlap(&high) && !high.fds_overlap(&low));
        let both = map(&file, 0, 65537);
        assert!(both.fds_overlap(&high) && high.fds_overlap(&both) && low.fds_overlap(&both));
        let other = Arc::new(file.try_clone().unwrap());
        assert!(
            !both.fds_overlap(&map(&other, 0, 65536)),
            "another descriptor"
        );
        assert!(!both.fds_overlap(&MmapRegion::<()>::new(4096).unwrap()));
    }

    /// The position also works where it has 32 bits by default. Not on Windows, where files have no holes by default.
    #[cfg(unix)]
    #[test]
    #[cfg_attr(miri, ignore = "Miri maps no files")]
    fn a_file_may_be_mapped_past_4_gib() {
        let mut file = file("far");
        file.seek(SeekFrom::Start((1 << 32) + 65536)).unwrap();
        file.write_all(&[7]).unwrap(); // the rest is a hole, which takes no space
        let map = MmapRegion::<()>::from_file(FileOffset::new(file, 1 << 32), 65537).unwrap();
        let bytes = map.as_volatile_slice();
        assert_eq!(bytes.read_obj::<u8>(0).unwrap(), 0, "not what is at 0");
        assert_eq!(bytes.read_obj::<u8>(65536).unwrap(), 7);
    }

    #[test]
    #[cfg_attr(miri, ignore = "Miri maps no files")]
    fn a_position_that_no_file_has_is_refused() {
        let file = Arc::new(file("refused"));
        let map = |start, size| {
            MmapRegion::<()>::from_file(FileOffset::from_arc(file.clone(), start), size)
                .unwrap_err()
        };
        assert!(matches!(
            map(u64::MAX, 1),
            MmapRegionError::InvalidOffsetLength
        ));
        assert!(matches!(
            map(1 << 63, 1),
            MmapRegionError::InvalidOffsetLength
        ));
        assert!(
            matches!(map(1, 4096), MmapRegionError::Mmap(_)),
            "not at a page"
        );
    }
}
