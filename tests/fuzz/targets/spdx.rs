#![no_main]

use libfuzzer_sys::fuzz_target;
use lockgate_model::InventoryKind;

fuzz_target!(|bytes: &[u8]| lockgate_fuzz::inventory(InventoryKind::Spdx, bytes));
