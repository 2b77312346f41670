//! Maps of hundreds of regions: more ranges than a chunk has, in transactions of many changes, with snapshots held.

use super::*;
use crate::machine::memory_map::journal::{self, Journal, Seen};

const REGIONS: u64 = if cfg!(miri) { 70 } else { 500 };
const WINDOWS: u64 = 20;

/// The region and offset that each page shows, by asking every placement.
fn model(known: &[Known]) -> Vec<Option<(u32, u64)>> {
    (0..2 * REGIONS)
        .map(|page| naive(known, page * PAGE))
        .collect()
}

fn seen(map: &MemoryMap) -> Vec<Option<(u32, u64)>> {
    let mut pages = vec![None; usize::try_from(2 * REGIONS).unwrap()];
    for range in map.flat().ranges() {
        for page in range.start / PAGE..=range.last / PAGE {
            let offset = range.offset + (page * PAGE - range.start);
            pages[usize::try_from(page).unwrap()] = Some((range.region.id(), offset));
        }
    }
    pages
}

/// The ranges of the flat view, as listeners hear of them.
fn wholes(map: &MemoryMap) -> Vec<Seen> {
    let mut all = Vec::new();
    journal::each(map.flat(), 0, u64::MAX, |range| all.push(range));
    all
}

#[test]
fn hundreds_of_regions_show_what_the_model_says_and_snapshots_stay_as_they_were() {
    let mut seed = 11_u32;
    let mut random = |limit: u64| {
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        u64::from(seed >> 8) % limit
    };
    let space = AddressSpace::new().unwrap();
    let mut known = Vec::new();
    for index in 0..REGIONS + WINDOWS {
        let window = index >= REGIONS;
        let pages = if window { 1 + random(REGIONS / 2) } else { 1 };
        let place = Known {
            region: region("x", RegionKind::Mmio, pages * PAGE),
            start: if window { 0 } else { index * 2 * PAGE },
            priority: if window {
                i32::try_from(index).unwrap()
            } else {
                0
            },
            enabled: !window,
        };
        match place.enabled {
            true => space.map(&place.region, GuestAddress(place.start), place.priority),
            false => space.map_disabled(&place.region, GuestAddress(place.start), place.priority),
        }
        .unwrap();
        known.push(place);
    }
    space.state().journal = Some(Journal::default());
    let (mut told, mut snapshots) = (wholes(&space.view()), Vec::new());
    for round in 0..if cfg!(miri) { 3 } else { 120 } {
        if random(3) == 0 {
            snapshots.push((space.view(), model(&known)));
        }
        let before = known.clone();
        space.begin();
        let changes = [1, 3, REGIONS][usize::try_from(random(3)).unwrap()];
        for _ in 0..changes {
            let index = usize::try_from(random(REGIONS + WINDOWS)).unwrap();
            let place = &mut known[index];
            if place.priority > 0 && random(2) == 0 {
                place.start = random(REGIONS) * PAGE;
                let to = GuestAddress(place.start);
                space.move_region(&place.region, to).unwrap();
            } else {
                place.enabled = !place.enabled;
                space.set_enabled(&place.region, place.enabled).unwrap();
            }
        }
        if round % 4 == 3 {
            space.roll_back();
            known = before;
        } else {
            space.commit().unwrap();
        }
        let map = space.view();
        assert_eq!(seen(&map), model(&known));
        if random(3) == 0 {
            let now = wholes(&map);
            let state = &mut space.state();
            let Journal { gone, come } = core::mem::take(state.journal.as_mut().unwrap());
            let without = |all: &[Seen], others: &[Seen]| -> Vec<Seen> {
                let new = |seen: &&Seen| !others.contains(seen);
                all.iter().filter(new).copied().collect()
            };
            assert_eq!(gone, without(&told, &now));
            assert_eq!(come, without(&now, &told));
            told = now;
        }
        let ranges = map.flat().ranges();
        assert_eq!(ranges.len(), ranges.iter().count());
        for page in 0..2 * REGIONS {
            let shown = map.flat().range_at(GuestAddress(page * PAGE + 5));
            let id = shown.map(|range| range.region.id());
            assert_eq!(id, naive(&known, page * PAGE).map(|shown| shown.0));
        }
        let order =
            space.placements(|all| all.iter().map(|one| one.region.id()).collect::<Vec<_>>());
        assert!(
            order.iter().eq(known
                .iter()
                .map(|one| one.region.id())
                .collect::<Vec<_>>()
                .iter())
        );
    }
    for (map, pages) in snapshots {
        assert_eq!(seen(&map), pages);
    }
}

#[test]
fn what_is_unmapped_in_the_middle_comes_back_to_its_place_in_the_order() {
    let space = AddressSpace::new().unwrap();
    let regions: Vec<_> = (0..200)
        .map(|_| region("x", RegionKind::Mmio, PAGE))
        .collect();
    for (index, region) in (0_u64..).zip(&regions) {
        space.map(region, GuestAddress(index * PAGE), 0).unwrap();
    }
    let order =
        || space.placements(|all| all.iter().map(|one| one.region.id()).collect::<Vec<_>>());
    let before = order();
    space.begin();
    for region in regions.iter().skip(3).step_by(7) {
        space.unmap(region).unwrap();
    }
    let more = region("more", RegionKind::Mmio, PAGE);
    space.map(&more, GuestAddress(3 * PAGE), 0).unwrap();
    assert_eq!(order().last(), Some(&more.id()));
    space.roll_back();
    assert_eq!(order(), before);
    assert_eq!(space.unmap(&more), Err(Fault::NoMemoryRegion));
    // A region that is mapped again comes last.
    space.unmap(&regions[3]).unwrap();
    space.map(&regions[3], GuestAddress(3 * PAGE), 0).unwrap();
    assert_eq!(order().last(), Some(&regions[3].id()));
}
