//! Who requires whom, for the script to draw: a graph for each place, with the nodes that findings point at.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use lockgate_model::{AuditReport, AuditedPackage};
use serde_json::{Value, json};

use crate::plain::plain;
use crate::view::{Badness, Entry, pin_text};

/// Above so many nodes, only the paths to findings are kept of a place.
const WHOLE: usize = 500;
/// Above so many nodes in all, places are left out; their chains stand with the findings.
const BUDGET: usize = 20_000;

/// The graphs and, for each finding in the order of the table, its nodes: `[graph, node]`.
pub(super) fn data(report: &AuditReport, entries: &[Entry<'_>]) -> Value {
    let mut places: BTreeMap<&str, (usize, Vec<&AuditedPackage>)> = BTreeMap::new();
    for (order, package) in report.packages.iter().enumerate() {
        let (_, packages) = places
            .entry(package.source.as_str())
            .or_insert((order, Vec::new()));
        packages.push(package);
    }
    let mut places: Vec<_> = places.into_iter().collect();
    places.sort_by_key(|(_, (order, _))| *order);

    let mut graphs = Vec::new();
    let mut places_of_graphs: HashMap<&str, (usize, HashMap<String, usize>)> = HashMap::new();
    let (mut nodes, mut left_out) = (0, 0);
    for (place, (_, packages)) in places {
        let Some(graph) = Graph::of(report, place, &packages) else {
            continue;
        };
        if nodes + graph.labels.len() > BUDGET {
            left_out += 1;
            continue;
        }
        nodes += graph.labels.len();
        places_of_graphs.insert(place, (graphs.len(), graph.places()));
        graphs.push(graph.value(place));
    }
    let findings: Vec<Value> = entries
        .iter()
        .map(|entry| {
            let at = entry.packages.iter().filter_map(|package| {
                let (graph, nodes) = places_of_graphs.get(package.source.as_str())?;
                let node = nodes.get(&pin_text(package))?;
                Some(json!([graph, node]))
            });
            json!({ "id": plain(&entry.finding.advisory.id), "at": at.collect::<Vec<_>>() })
        })
        .collect();
    json!({ "version": 1, "graphs": graphs, "left_out": left_out, "findings": findings })
}

/// One place's packages, its roots, and the edges between them.
#[derive(Default)]
struct Graph {
    labels: Vec<Label>,
    known: HashMap<Label, usize>,
    edges: BTreeSet<(usize, usize)>,
    /// The worst open finding of a node; none with a finding: all of them are ignored.
    findings: BTreeMap<usize, Option<Badness>>,
    is_whole: bool,
}

/// A root and a pin of the same text are not the same.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Label {
    Root(String),
    Pin(String),
}

impl Graph {
    /// None where nothing is known about who requires whom, or nothing was found.
    fn of(report: &AuditReport, place: &str, packages: &[&AuditedPackage]) -> Option<Self> {
        if packages.iter().all(|package| package.findings.is_empty()) {
            return None;
        }
        let mut graph = Self::default();
        let mut has_edges = false;
        for package in packages {
            let node = graph.node(Label::Pin(pin_text(package)));
            for parent in &package.parents {
                if let Some(parent) = report.packages.get(*parent) {
                    let parent = graph.node(Label::Pin(pin_text(parent)));
                    graph.edges.insert((parent, node));
                    has_edges = true;
                }
            }
            let of_finding = package.findings.iter().map(|finding| &finding.path);
            for chain in package.paths.iter().chain(of_finding) {
                graph.chain(chain, node);
            }
            let open = package.findings.iter().filter(|it| it.ignored.is_none());
            if !package.findings.is_empty() {
                graph.findings.insert(node, open.map(Badness::of).max());
            }
        }
        let entered: BTreeSet<usize> = graph.edges.iter().map(|(_, to)| *to).collect();
        for package in packages.iter().filter(|it| it.direct == Some(true)) {
            let node = graph.node(Label::Pin(pin_text(package)));
            if !entered.contains(&node) {
                let root = graph.node(Label::Root(place.to_owned()));
                graph.edges.insert((root, node));
            }
        }
        if graph.edges.is_empty() {
            return None;
        }
        graph.is_whole = has_edges && graph.labels.len() <= WHOLE;
        Some(if graph.is_whole {
            graph
        } else {
            graph.above_findings()
        })
    }

    fn node(&mut self, label: Label) -> usize {
        let next = self.labels.len();
        let node = *self.known.entry(label.clone()).or_insert(next);
        if node == next {
            self.labels.push(label);
        }
        node
    }

    /// The edges of one chain: its root, pins, and the pin of `last`, whether or not the chain names it.
    fn chain(&mut self, chain: &[String], last: usize) {
        let Some((root, pins)) = chain.split_first() else {
            return;
        };
        if pins.is_empty() {
            return;
        }
        let mut above = if self.known.contains_key(&Label::Pin(root.clone())) {
            self.node(Label::Pin(root.clone()))
        } else {
            self.node(Label::Root(root.clone()))
        };
        for pin in pins {
            let node = self.node(Label::Pin(pin.clone()));
            if node != above {
                self.edges.insert((above, node));
            }
            above = node;
        }
        if above != last {
            self.edges.insert((above, last));
        }
    }

    /// What stands on a path to a finding; the rest falls away.
    fn above_findings(self) -> Self {
        let mut parents: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for (from, to) in &self.edges {
            parents.entry(*to).or_default().push(*from);
        }
        let mut kept: BTreeSet<usize> = BTreeSet::new();
        let mut open: Vec<usize> = self.findings.keys().copied().collect();
        while let Some(node) = open.pop() {
            if kept.insert(node) {
                open.extend(parents.get(&node).into_iter().flatten());
            }
        }
        let mut graph = Self::default();
        let mut moved: HashMap<usize, usize> = HashMap::new();
        for (old, label) in self.labels.into_iter().enumerate() {
            if kept.contains(&old) {
                moved.insert(old, graph.node(label));
            }
        }
        let to = |old: &usize| moved.get(old).copied();
        graph.edges = (self.edges.iter())
            .filter_map(|(from, into)| Some((to(from)?, to(into)?)))
            .collect();
        graph.findings = (self.findings.iter())
            .filter_map(|(node, worst)| Some((to(node)?, *worst)))
            .collect();
        graph
    }

    /// Pins by their text.
    fn places(&self) -> HashMap<String, usize> {
        let pins = self.labels.iter().enumerate();
        pins.filter_map(|(node, label)| match label {
            Label::Pin(text) => Some((text.clone(), node)),
            Label::Root(_) => None,
        })
        .collect()
    }

    fn value(&self, place: &str) -> Value {
        let nodes: Vec<Value> = self
            .labels
            .iter()
            .enumerate()
            .map(|(node, label)| match (label, self.findings.get(&node)) {
                (Label::Root(text), _) => json!({ "text": plain(text), "root": true }),
                (Label::Pin(text), None) => json!({ "text": plain(text) }),
                (Label::Pin(text), Some(worst)) => {
                    let word = worst.map_or("ignored", Badness::word);
                    json!({ "text": plain(text), "severity": word })
                }
            })
            .collect();
        json!({ "place": plain(place), "whole": self.is_whole, "nodes": nodes, "edges": self.edges })
    }
}
