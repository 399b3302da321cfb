#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| lockgate_fuzz_targets::run("wheel", bytes));
