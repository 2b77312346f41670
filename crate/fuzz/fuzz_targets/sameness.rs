//! vm-memory and guest-memory do the same for any bytes of the fuzzer.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    if let Some(scenario) = guest_memory_fuzz::scenario(bytes) {
        guest_memory_fuzz::compare(&scenario);
    }
});
