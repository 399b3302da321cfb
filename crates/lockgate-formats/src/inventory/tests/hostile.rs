//! Files that were damaged by chance or by intent: an error or an inventory, never a panic, and never without end.

use lockgate_model::InventoryKind;
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

use super::super::{kind_of, read_inventory};
use super::{Recorded, read};

/// One change of a text.
#[derive(Debug, Clone)]
enum Damage {
    CutAt(usize),
    FlipByte(usize, u8),
    SwapLines(usize, usize),
    DropLine(usize),
    RepeatLine(usize),
    /// A value becomes one of another type.
    Retype(usize, &'static str),
}

fn damage() -> impl Strategy<Value = Damage> {
    let other = prop_oneof![
        Just("1"),
        Just("true"),
        Just("[]"),
        Just("{}"),
        Just("null"),
        Just("\"\""),
        Just("[[[{}]]]"),
        Just("\"(((\""),
    ];
    prop_oneof![
        any::<usize>().prop_map(Damage::CutAt),
        (any::<usize>(), any::<u8>()).prop_map(|(place, byte)| Damage::FlipByte(place, byte)),
        (any::<usize>(), any::<usize>()).prop_map(|(one, other)| Damage::SwapLines(one, other)),
        any::<usize>().prop_map(Damage::DropLine),
        any::<usize>().prop_map(Damage::RepeatLine),
        (any::<usize>(), other).prop_map(|(place, value)| Damage::Retype(place, value)),
    ]
}

fn apply(bytes: &mut Vec<u8>, damage: &Damage) {
    if bytes.is_empty() {
        return;
    }
    let mut lines: Vec<Vec<u8>> = bytes
        .split(|byte| *byte == b'\n')
        .map(<[u8]>::to_vec)
        .collect();
    let count = lines.len();
    match damage {
        Damage::CutAt(place) => {
            let place = place % bytes.len();
            bytes.truncate(place);
            return;
        }
        Damage::FlipByte(place, byte) => {
            let place = place % bytes.len();
            bytes[place] = *byte;
            return;
        }
        Damage::SwapLines(one, other) => lines.swap(one % count, other % count),
        Damage::DropLine(line) => {
            lines.remove(line % count);
        }
        Damage::RepeatLine(line) => lines.insert(line % count, lines[line % count].clone()),
        Damage::Retype(line, value) => {
            let line = &mut lines[line % count];
            if let Some(end) = line.iter().position(|byte| matches!(byte, b'=' | b':')) {
                let comma = line.ends_with(b",");
                line.truncate(end + 1);
                line.extend_from_slice(value.as_bytes());
                if comma {
                    line.push(b',');
                }
            }
        }
    }
    *bytes = lines.join(&b'\n');
}

#[test]
fn a_damaged_file_is_an_error_or_an_inventory() {
    let recorded = Recorded::load();
    let locks: Vec<&String> = recorded
        .0
        .keys()
        .filter(|file| super::super::is_lock_name(file) || file.contains("requirements.in"))
        .collect();
    assert!(locks.len() > 12);
    // Seeded: a failure is one for everybody.
    let config = Config {
        cases: 400,
        failure_persistence: None,
        ..Config::default()
    };
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &[5; 32]);
    let mut runner = TestRunner::new_with_rng(config, rng);
    let strategy = (0..locks.len(), prop::collection::vec(damage(), 1..4));
    runner
        .run(&strategy, |(file, damages)| {
            let file = locks[file];
            let whole = &recorded.0[file];
            let kind = kind_of(file, std::str::from_utf8(whole).unwrap()).unwrap();
            let mut bytes = whole.clone();
            for damage in &damages {
                apply(&mut bytes, damage);
            }
            let _ = kind_of("-", &String::from_utf8_lossy(&bytes));
            match read_inventory(kind, &bytes, file, &recorded) {
                Ok(inventory) => {
                    let count = inventory.items.len();
                    for item in &inventory.items {
                        for parent in &item.parents {
                            if let lockgate_model::Parent::Item(index) = parent {
                                prop_assert!(*index < count);
                            }
                        }
                    }
                }
                Err(error) => prop_assert!(!error.message.is_empty() && error.remedy.is_some()),
            }
            Ok(())
        })
        .unwrap();
}

#[test]
fn depth_has_an_end() {
    let deep = |open: &str, close: &str| format!("{}{}", open.repeat(50_000), close.repeat(50_000));
    for kind in InventoryKind::ALL {
        for text in [
            deep("[", "]"),
            deep("{\"components\":[", "]}"),
            format!("a = {}", deep("[", "]")),
            format!("a==1 ; {}", deep("(", ")")),
            format!(
                "a==1 ; {}os_name == 'nt'{}",
                "(".repeat(20_000),
                ")".repeat(20_000)
            ),
            "\0".to_owned(),
            "\u{feff}".to_owned(),
        ] {
            let _ = read(kind, &text);
        }
    }
    let nested = format!(
        "{{\"bomFormat\": \"CycloneDX\", \"specVersion\": \"1.5\", \"components\": [{}{}]}}",
        "{\"name\": \"a\", \"components\": [".repeat(28),
        "]}".repeat(28)
    );
    let error = read(InventoryKind::CycloneDx, &nested).unwrap_err();
    assert!(error.message.contains("nested"), "{error}");
}
