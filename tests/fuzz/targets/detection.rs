#![no_main]

use libfuzzer_sys::fuzz_target;
use lockgate_formats::inventory::kind_of;

fuzz_target!(|text: &str| {
    let _ = kind_of("-", text);
});
