//! Every case on both sides, in one run of criterion. The environment's `FIRST` names the side that goes first, and
//! `REGION_SIZE` gives the size of the regions in bytes.

use criterion::Criterion;
use side_by_side::{Case, original, ours};
use std::env;
use std::time::{Duration, Instant};

fn main() {
    let region_size = env::var("REGION_SIZE").map_or(0x8000_0000, |size| {
        size.parse().expect("REGION_SIZE is a number of bytes")
    });
    let ours_first = env::var("FIRST").is_ok_and(|first| first == "ours");
    let mut criterion = Criterion::default()
        .sample_size(30)
        .nresamples(10_000)
        .warm_up_time(Duration::from_millis(100))
        .measurement_time(Duration::from_millis(400))
        .configure_from_args();
    for (original, ours) in original::all(region_size)
        .into_iter()
        .zip(ours::all(region_size))
    {
        assert_eq!(original.name, ours.name);
        let mut group = criterion.benchmark_group(&original.name);
        let mut sides = [("original", original), ("ours", ours)];
        if ours_first {
            sides.reverse();
        }
        for (side, case) in &mut sides {
            group.bench_function(*side, |bencher| {
                bencher.iter_custom(|times| time(case, times))
            });
        }
    }
    criterion.final_summary();
}

fn time(case: &mut Case, times: u64) -> Duration {
    let start = Instant::now();
    (case.run)(times);
    start.elapsed()
}
