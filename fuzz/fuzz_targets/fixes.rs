//! Hands libFuzzer's inputs to `airtight::fuzzing`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| airtight::fuzzing::FIXES.run(data));
