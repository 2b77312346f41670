//! Runs cases one by one, natively or inside Wasm: `loops SIDE REGION_SIZE times MILLISECONDS` prints nanoseconds for
//! each case, `loops SIDE REGION_SIZE count CASE TIMES` only runs one, for a tool that counts instructions.

use side_by_side::{Case, ours};
use std::time::{Duration, Instant};

/// How often a case is timed. The fastest time counts, because other programs can only make it slower. The times are
/// short and many: a time that is shorter than the system lets a program run has a chance to be undisturbed.
const SAMPLES: u32 = 50;

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let words: Vec<&str> = arguments.iter().skip(1).map(String::as_str).collect();
    let [side, region_size, command, rest @ ..] = words.as_slice() else {
        panic!("see the first lines of this file");
    };
    let mut cases = cases(side, region_size.parse().expect("a size in bytes"));
    match (*command, rest) {
        ("times", [milliseconds]) => {
            let each = Duration::from_millis(milliseconds.parse().expect("milliseconds")) / SAMPLES;
            for case in &mut cases {
                let figure = nanoseconds(case, each);
                println!("{}\t{figure:.3}", case.name);
            }
        }
        ("count", [name, times]) => {
            let case = cases.iter_mut().find(|case| case.name == *name);
            (case.expect("a case's name").run)(times.parse().expect("a number"));
        }
        _ => panic!("see the first lines of this file"),
    }
}

fn cases(side: &str, region_size: usize) -> Vec<Case> {
    match side {
        "ours" => ours::all(region_size),
        #[cfg(not(target_family = "wasm"))]
        "original" => side_by_side::original::all(region_size),
        _ => panic!("ours or original"),
    }
}

/// The time of one step: the least of some samples, each of about `each`.
fn nanoseconds(case: &mut Case, each: Duration) -> f64 {
    // This also warms up: an engine compiles a function again after many calls, and uses the new code from the next
    // call on.
    let mut times = 1;
    while time(case, times) < each {
        times *= 2;
    }
    let samples = (0..SAMPLES).map(|_| time(case, times));
    let least = samples.min().unwrap_or_default();
    least.as_secs_f64() * 1e9 / times as f64
}

fn time(case: &mut Case, times: u64) -> Duration {
    let start = Instant::now();
    (case.run)(times);
    start.elapsed()
}
