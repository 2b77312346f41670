//! Random scenarios, and the corpus: files that reach every source region that the fuzzer reached, and the faults that it
//! found. The files are few, so that a reader can look through them.

use guest_memory_fuzz::rules::Rule;
use guest_memory_fuzz::{compare, scenario};
use proptest::prelude::*;
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

proptest! {
    #![proptest_config(ProptestConfig { cases: 4000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn both_do_the_same(bytes in proptest::collection::vec(any::<u8>(), 0..1024)) {
        if let Some(scenario) = scenario(&bytes) {
            compare(&scenario);
        }
    }
}

#[test]
fn both_do_the_same_on_the_corpus_which_needs_every_rule() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus/sameness");
    let (mut used, mut files) = (BTreeSet::new(), 0);
    for entry in fs::read_dir(folder).expect("the corpus is there") {
        let path = entry.expect("a folder can be listed").path();
        let bytes = fs::read(&path).expect("a file can be read");
        println!("{}", path.display());
        used.extend(scenario(&bytes).iter().flat_map(compare));
        files += 1;
    }
    assert!(files < 60, "{files} files");
    assert_eq!(used, BTreeSet::from(Rule::ALL));
}
