//! Hands libFuzzer's inputs to `airtight::fuzzing`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| airtight::fuzzing::SET.run(data));
