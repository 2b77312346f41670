//! Random operations, discards among them, against a plain array.

use super::*;

/// Random operations against an array of bytes, and a mark for each page.
#[test]
fn bytes_and_marks_are_those_of_a_plain_array() {
    let _turn = turn();
    let (start, size) = (0x800_u64, 2 * CHUNK + 0x1800);
    let mut seed = 5_u64;
    let mut random = |limit: u64| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (seed >> 33) % limit
    };
    let space = Arc::new(space(start, size));
    let number = handle::register(Arc::clone(&space)).unwrap();
    let mut model = vec![0xaa_u8; usize::try_from(size).unwrap()];
    let client = space.open_dirty_client().unwrap();
    let mut marks = vec![false; 140];
    let mut held = None;
    let mut given_back = 0;
    for round in 0..if cfg!(miri) { 30 } else { 1_500 } {
        let (from, length) = match random(3) {
            0 => (random(size), random(0x3000)),
            1 => (random(size) / PAGE * PAGE + 0x800, random(4) * PAGE),
            _ => (random(size), random(9)),
        };
        let length = length.min(size - from);
        let (address, range) = (at(start + from), index(from)..index(from + length));
        let mut written = true;
        match random(12) {
            0..4 => {
                space.discard(address, length).unwrap();
                model[range.clone()].fill(0);
                given_back += usize::from(!absent(&space).is_empty());
            }
            4 => {
                space.fill(address, 7, length).unwrap();
                model[range.clone()].fill(7);
            }
            5 => {
                let bytes: Vec<u8> = range.clone().map(|place| place.to_le_bytes()[0]).collect();
                space.view().write_slice(&bytes, address).unwrap();
                model[range.clone()].copy_from_slice(&bytes);
            }
            6 if length > 0 => {
                space.write_obj(9_u8, address).unwrap();
                model[range.start] = 9;
                marks[((start + from) / PAGE) as usize] = true;
                written = false;
            }
            7 => {
                let to = random(size - length + 1);
                space.copy_within(at(start + to), address, length).unwrap();
                model.copy_within(range.clone(), index(to));
                for page in pages(start + to, length) {
                    marks[page] = true;
                }
                written = false;
            }
            8 => space.mark_dirty(address, length).unwrap(),
            9 => {
                held = (random(3) == 0).then(|| space.view());
                written = false;
            }
            10 => {
                let mut ranges = [(at(0), 0); 140];
                let (count, _) = space.collect_dirty(client, at(0), &mut ranges);
                let mut collected = vec![false; marks.len()];
                for &(at, length) in &ranges[..count] {
                    pages(at.0, length).for_each(|page| collected[page] = true);
                }
                assert_eq!(collected, marks, "round {round}");
                marks.fill(false);
                written = false;
            }
            _ => {
                space.populate(address, length).unwrap();
                written = false;
            }
        }
        if written {
            pages(start + from, length).for_each(|page| marks[page] = true);
        }
        let region = space.region_at(at(start), None).unwrap().region;
        let (offset, probe) = (random(size), index(length));
        let (host, bytes) = region.run(offset).unwrap();
        let byte = |at: usize| {
            let Some(host) = host else { return 0 };
            // SAFETY: a byte of the run, in memory of the space, which no other code uses.
            unsafe { host::pointer(host + at).read_volatile() }
        };
        for behind in [0, bytes - 1, probe % bytes] {
            assert_eq!(byte(behind), model[index(offset) + behind], "round {round}");
        }
        assert!(region.run(size).is_none() && region.run(u64::MAX).is_none());
        if round % 16 == 0 {
            let view = space.view();
            for range in view.flat().ranges() {
                let run = space
                    .host_run(range.start(), range.last - range.start + 1)
                    .unwrap();
                let expected = index(range.start - start);
                let held_bytes = &model[expected..expected + run.length];
                for (behind, &byte) in held_bytes.iter().enumerate().step_by(STEP) {
                    // SAFETY: a byte of the run, in memory of the space, which no other code uses.
                    let got = unsafe { host::pointer(run.host + behind).read_volatile() };
                    assert_eq!(
                        got,
                        byte,
                        "round {round}, {:#x}",
                        range.start + behind as u64
                    );
                }
            }
        }
    }
    assert!(cfg!(miri) || given_back > 200, "{given_back}");
    drop(held);
    assert!(handle::release(number));
}

/// The pages that a range touches.
fn pages(first: u64, length: u64) -> std::ops::Range<usize> {
    match length {
        0 => 0..0,
        _ => index(first / PAGE)..((first + length - 1) / PAGE) as usize + 1,
    }
}

fn index(value: u64) -> usize {
    usize::try_from(value).unwrap()
}
