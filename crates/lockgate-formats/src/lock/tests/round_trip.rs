//! Whatever is locked is read back as it was.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;

fn version() -> impl Strategy<Value = String> {
    "([1-9]!)?[0-9]{1,3}(\\.[0-9]{1,3}){0,3}((a|b|rc)[0-9])?(\\.post[0-9])?(\\.dev[0-9])?(\\+[a-z][a-z0-9]{0,3})?"
}

fn a_pin() -> impl Strategy<Value = Pin> {
    let name = "[a-z]([a-z0-9]|-[a-z0-9]){0,8}";
    let extras = prop::collection::btree_set("[a-z][a-z0-9]{0,5}", 0..3);
    (name, version(), extras, 0..4_u8).prop_map(|(name, version, extras, files)| {
        let extras = extras.iter().map(|extra| extra.parse().unwrap());
        Pin {
            extras: extras.collect(),
            ..pin(&name, &version, files)
        }
    })
}

fn a_graph() -> impl Strategy<Value = LockedGraph> {
    let pins = prop::collection::vec(a_pin(), 0..8);
    let edges = prop::collection::vec(
        (any::<prop::sample::Index>(), any::<prop::sample::Index>()),
        0..16,
    );
    (pins, edges).prop_map(|(pins, edges)| {
        let mut graph = LockedGraph::default();
        for pin in pins {
            if !graph.pins.contains(&pin.name) {
                graph.pins.insert(pin);
            }
        }
        let names: Vec<_> = graph.pins.names().cloned().collect();
        for (from, to) in edges.iter().filter(|_| !names.is_empty()) {
            let (from, to) = (from.get(&names), to.get(&names));
            let via = if from == to {
                Via::Source(origin("-r requirements/base.in"))
            } else {
                Via::Pin(from.clone())
            };
            let extras: Vec<String> = graph.pins.of(to)[0]
                .extras
                .iter()
                .map(ToString::to_string)
                .collect();
            let text = format!("{to}[{}]", extras.join(","));
            graph.edges.push(edge(to.as_str(), via, &text));
        }
        graph
    })
}

/// Name, version, extras, hashes, who asks.
type Known = (String, String, Vec<String>, Vec<String>, BTreeSet<String>);

/// What a reader can know of each pin.
fn written(graph: &LockedGraph) -> Vec<Known> {
    let pins = graph.pins.iter().map(|pin| {
        let via = graph.edges.iter().filter(|edge| edge.to == pin.name);
        let via: BTreeSet<String> = via
            .map(|edge| match &edge.from {
                Via::Source(origin) => origin.via.clone(),
                Via::Pin(name) => name.to_string(),
            })
            .collect();
        let hashes = pin.files.iter().rev();
        (
            pin.name.to_string(),
            pin.version.to_string(),
            // What nobody asks for is not written.
            pin.extras
                .iter()
                .filter(|_| !via.is_empty())
                .map(ToString::to_string)
                .collect(),
            hashes
                .map(|file| format!("sha256:{}", file.sha256))
                .collect(),
            via,
        )
    });
    pins.collect()
}

proptest! {
    #[test]
    fn a_rendered_graph_is_read_back(graph in a_graph(), line in any::<bool>(), windows in any::<bool>()) {
        let annotation = if line { Annotation::Line } else { Annotation::Split };
        let newline = Newline::of(windows.then_some("\r\n"));
        let options = RenderOptions { annotation, newline, ..RenderOptions::default() };
        let text = render(&graph, &header(), &options);
        let lock = read(&text, "requirements.txt").unwrap();
        let read_back: Vec<Known> = lock.pins.into_iter().map(|pin| (
            pin.name.to_string(),
            pin.version.to_string(),
            pin.extras.iter().map(ToString::to_string).collect(),
            pin.hashes,
            pin.via.into_iter().collect(),
        )).collect();
        prop_assert_eq!(read_back, written(&graph));
        prop_assert!(lock.unpinned.is_empty());
        prop_assert_eq!(render(&graph, &header(), &options), text);
    }

    #[test]
    fn no_text_makes_the_reader_panic(text in "[ -~\\n\\\\#\\r]{0,80}") {
        let _ = read(&text, "requirements.txt");
    }
}
