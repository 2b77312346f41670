//! Tests of the collection of regions: which regions it accepts, and which one it finds.

use super::GuestRegionCollectionError::{
    MemoryRegionOverlap, NoMemoryRegion, UnsortedMemoryRegions,
};
use super::{GuestRegionCollection, GuestRegionCollectionError};
use crate::model::guest_memory::{GuestAddress, GuestMemoryBackend};
use crate::model::region::tests::{TestRegion, VastRegion};
use crate::model::region::{GuestMemoryRegion, GuestMemoryRegionBytes};
use std::sync::Arc;

type Collection = GuestRegionCollection<VastRegion>;

fn collection(ranges: &[(u64, u64)]) -> Result<Collection, GuestRegionCollectionError> {
    Collection::from_regions(
        ranges
            .iter()
            .map(|(start, length)| VastRegion::new(*start, *length))
            .collect(),
    )
}

fn ranges<R: GuestMemoryRegion>(collection: &GuestRegionCollection<R>) -> Vec<(u64, u64)> {
    collection
        .iter()
        .map(|region| (region.start_addr().0, region.len()))
        .collect()
}

#[test]
fn regions_are_sorted_and_apart() {
    for accepted in [
        &[(0, 1)][..],
        &[(0, u64::MAX)],
        &[(1, u64::MAX)],
        &[(u64::MAX, 1)],
        &[(0, 0x1000), (0x1000, 0x1000)],
        &[
            (0, 0x1000),
            (0x1001, 1),
            (1 << 40, 1 << 40),
            (1 << 63, 1 << 63),
        ],
    ] {
        let collection = collection(accepted).unwrap();
        assert_eq!(ranges(&collection), accepted);
        assert_eq!(collection.num_regions(), accepted.len());
    }
    macro_rules! check {
        ($($ranges:expr => $error:pat,)*) => {$(
            let ranges: &[(u64, u64)] = &$ranges;
            assert!(matches!(collection(ranges), Err($error)), "{ranges:x?}");
        )*};
    }
    check! {
        [] => NoMemoryRegion,
        [(5, 0)] => NoMemoryRegion,
        [(0, 1), (5, 0)] => NoMemoryRegion,
        [(2, u64::MAX)] => MemoryRegionOverlap,
        [(u64::MAX, 2)] => MemoryRegionOverlap,
        [(0, 0x1001), (0x1000, 1)] => MemoryRegionOverlap,
        [(0, 1), (0, 1)] => MemoryRegionOverlap,
        [(0, u64::MAX), (u64::MAX - 1, 1)] => MemoryRegionOverlap,
        [(0x1000, 1), (0, 1)] => UnsortedMemoryRegions,
        [(0x1000, 0x1000), (0xfff, 0x1000)] => UnsortedMemoryRegions,
    }
}

#[test]
fn an_empty_collection_backs_nothing() {
    for collection in [
        Collection::new(),
        Collection::default(),
        Collection::new().clone(),
    ] {
        assert_eq!(
            (collection.num_regions(), collection.iter().count()),
            (0, 0)
        );
        assert_eq!(collection.last_addr(), GuestAddress(0));
        assert!(collection.find_region(GuestAddress(0)).is_none());
        assert!(collection.find_region(GuestAddress(u64::MAX)).is_none());
    }
}

/// Looks for the regions of a layout at their edges and between.
fn check(layout: &[(u64, u64)]) {
    finds(&collection(layout).unwrap(), layout);
}

/// Also checks that the index is up to date. A stale index would only make the search slower.
fn finds(collection: &Collection, layout: &[(u64, u64)]) {
    if let Ok(fresh) = self::collection(layout) {
        assert_eq!(collection.index, fresh.index);
    }
    let edges = layout.iter().flat_map(|(start, length)| {
        let last = start + (length - 1);
        [
            start.wrapping_sub(1),
            *start,
            start + length / 2,
            last,
            last.wrapping_add(1),
        ]
    });
    for addr in edges.chain([0, u64::MAX]) {
        let expected = layout
            .iter()
            .find(|(start, length)| addr.checked_sub(*start).is_some_and(|at| at < *length));
        let found = collection
            .to_region_addr(GuestAddress(addr))
            .map(|(region, at)| {
                (
                    region.start_addr().0 + at.0,
                    (region.start_addr().0, region.len()),
                )
            });
        assert_eq!(
            found,
            expected.map(|region| (addr, *region)),
            "{addr:#x} of {} regions",
            layout.len()
        );
    }
    let last = layout
        .last()
        .map_or(0, |(start, length)| start + (length - 1));
    assert_eq!(collection.last_addr(), GuestAddress(last));
}

#[test]
fn the_region_of_an_address_is_found() {
    // 1 to 300 regions, adjacent and with holes between.
    let counts = [1, 2, 3, 4, 7, 8, 64, 255, 300u64];
    // Miri is a thousand times slower.
    for count in counts
        .into_iter()
        .filter(|count| !cfg!(miri) || *count < 10)
    {
        let even: Vec<(u64, u64)> = (0..count)
            .map(|index| (index * 0x1000, 0x1000 - index % 3))
            .collect();
        check(&even);
        // One region far away, so that all others are in one part of the index.
        check(&[&even[..], &[(u64::MAX - 9, 10)]].concat());
        let at_the_end = even
            .iter()
            .map(|(start, length)| (start + (u64::MAX << 32), *length));
        check(&at_the_end.clone().collect::<Vec<_>>());
        check(&even.iter().copied().chain(at_the_end).collect::<Vec<_>>());
        // Each region twice as far away as the one before.
        let rising = (0..count.min(52)).map(|index| (0x1000 << index, 0x1000 << index));
        check(&rising.collect::<Vec<_>>());
    }
    let one = collection(&[(0x1000, 0x1000)]).unwrap();
    for (addr, found) in [
        (0, false),
        (0xfff, false),
        (0x1000, true),
        (0x1fff, true),
        (0x2000, false),
        (u64::MAX, false),
    ] {
        assert_eq!(
            one.find_region(GuestAddress(addr)).is_some(),
            found,
            "{addr:#x}"
        );
    }
}

fn insert(
    collection: &mut Collection,
    start: u64,
    length: u64,
) -> Result<(), GuestRegionCollectionError> {
    let before = ranges(collection);
    let next = collection.insert_region(Arc::new(VastRegion::new(start, length)));
    assert_eq!(ranges(collection), before, "it makes another collection");
    finds(collection, &before);
    *collection = next?;
    finds(collection, &ranges(collection));
    Ok(())
}

#[test]
fn regions_are_inserted_where_nothing_is() {
    let mut regions = Collection::new();
    insert(&mut regions, 0x3000, 0x1000).unwrap();
    insert(&mut regions, 0, 0x1000).unwrap();
    insert(&mut regions, 0x2000, 0x1000).unwrap();
    insert(&mut regions, u64::MAX, 1).unwrap();
    insert(&mut regions, 0x4000, 1).unwrap();
    let expected = [
        (0, 0x1000),
        (0x2000, 0x1000),
        (0x3000, 0x1000),
        (0x4000, 1),
        (u64::MAX, 1),
    ];
    assert_eq!(ranges(&regions), expected);
    for (start, length) in [
        (0, 1),
        (0xfff, 1),
        (0x1000, 0x1001),
        (0x1fff, 2),
        (0x4000, 1),
        (0x5000, u64::MAX - 0x4fff),
    ] {
        assert!(
            matches!(
                insert(&mut regions, start, length),
                Err(MemoryRegionOverlap)
            ),
            "{length:#x} at {start:#x}"
        );
    }
    assert!(matches!(
        insert(&mut regions, 0x8000, 0),
        Err(NoMemoryRegion)
    ));
    assert!(matches!(
        insert(&mut regions, u64::MAX, 2),
        Err(MemoryRegionOverlap)
    ));
    assert_eq!(ranges(&regions), expected);
}

#[test]
fn exactly_the_named_region_is_removed() {
    let mut regions = collection(&[(0, 0x1000), (0x2000, 0x1000), (u64::MAX - 7, 8)]).unwrap();
    for (base, size) in [
        (0, 0xfff),
        (0, 0x1001),
        (0, 0),
        (1, 0x1000),
        (0x1000, 0x1000),
        (u64::MAX - 7, 9),
        (u64::MAX, 0),
    ] {
        assert!(
            matches!(
                regions.remove_region(GuestAddress(base), size),
                Err(NoMemoryRegion)
            ),
            "{size:#x} at {base:#x}"
        );
    }
    for (base, size, left) in [
        (0x2000, 0x1000, &[(0, 0x1000), (u64::MAX - 7, 8)][..]),
        (u64::MAX - 7, 8, &[(0, 0x1000)]),
        (0, 0x1000, &[]),
    ] {
        let before = ranges(&regions);
        let (next, region) = regions.remove_region(GuestAddress(base), size).unwrap();
        assert_eq!(
            (region.start_addr(), ranges(&next)),
            (GuestAddress(base), left.to_vec())
        );
        assert_eq!(
            ranges(&regions),
            before,
            "remove_region makes another collection"
        );
        finds(&regions, &before);
        finds(&next, left);
        regions = next;
    }
}

/// `Clone` and `Default` need no trait of the region.
#[test]
fn a_clone_shares_the_regions() {
    let region = Arc::new(TestRegion::new(0, 8));
    let collection = GuestRegionCollection::from_arc_regions(vec![region.clone()]).unwrap();
    let clone = collection.clone();
    assert_eq!(Arc::strong_count(&region), 3);
    assert!(std::ptr::eq(
        clone.find_region(GuestAddress(0)).unwrap(),
        &*region
    ));
    fn is_bytes<R: GuestMemoryRegionBytes>(_: &R) {}
    is_bytes(&*region);
}

#[test]
fn errors_say_what_is_wrong() {
    for (error, text) in [
        (NoMemoryRegion, "no memory region"),
        (MemoryRegionOverlap, "memory regions overlap"),
        (
            UnsortedMemoryRegions,
            "memory regions are not sorted by address",
        ),
    ] {
        assert_eq!(error.to_string(), text);
    }
}
