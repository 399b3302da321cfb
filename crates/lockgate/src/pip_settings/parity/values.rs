//! The values that `pip install` would start with, beside ours.

use std::collections::BTreeMap;

use jiff::Timestamp;
use lockgate_model::{BinaryPolicy, Name, ReleaseControl, Releases};
use serde_json::{Value, json};

use super::super::{KeyringProvider, PipOptions, Sourced, is_on};

/// Names whose formats and releases are compared.
const PROBES: [&str; 4] = ["a", "b", "some-thing", "other"];

/// The first value that differs, of those that this pip knows.
pub(super) fn differing_values(options: &PipOptions, theirs: &Value) -> Option<String> {
    let ours = shown(options);
    theirs
        .as_object()
        .unwrap()
        .iter()
        .find_map(|(name, value)| {
            let value = comparable(name, value);
            let own = ours
                .get(name.as_str())
                .unwrap_or_else(|| panic!("`{name}` is not compared"));
            let is_same = match (name.as_str(), own.as_f64(), value.as_f64()) {
                // Days are counted from two slightly different nows.
                ("uploaded-prior-to", Some(own), Some(value)) => (own - value).abs() < 600.0,
                _ => *own == value,
            };
            (!is_same).then(|| format!("`{name}`: {own} here, {value} by pip"))
        })
}

/// pip's value in the form that is compared.
fn comparable(name: &str, value: &Value) -> Value {
    match name {
        // No limit is a day here.
        "timeout" => {
            let seconds: f64 = value.as_str().unwrap().parse().unwrap();
            json!(if seconds == 0.0 {
                86400.0
            } else {
                seconds.min(86400.0)
            })
        }
        "proxy" if value == "" => Value::Null,
        _ => value.clone(),
    }
}

fn texts(all: &[Sourced<String>]) -> Vec<&str> {
    all.iter().map(|set| set.value.as_str()).collect()
}

fn text<T: AsRef<std::ffi::OsStr>>(set: Option<&Sourced<T>>) -> Option<String> {
    set.map(|set| set.value.as_ref().to_string_lossy().into_owned())
}

/// Our values under pip's names, its defaults included.
fn shown(options: &PipOptions) -> BTreeMap<&'static str, Value> {
    let provider = options.keyring_provider.as_ref().map(|set| set.value);
    let provider = match provider {
        None | Some(KeyringProvider::Auto) => "auto",
        Some(KeyringProvider::Disabled) => "disabled",
        Some(KeyringProvider::Import) => "import",
        Some(KeyringProvider::Subprocess) => "subprocess",
    };
    let timeout = options
        .timeout
        .as_ref()
        .map_or(15.0, |set| set.value.as_secs_f64());
    let cutoff = options
        .uploaded_prior_to
        .as_ref()
        .map(|set| set.value.at(Timestamp::now()));
    BTreeMap::from([
        ("index-url", json!(text(options.index_url.as_ref()))),
        ("extra-index-url", json!(texts(&options.extra_index_urls))),
        ("trusted-host", json!(texts(&options.trusted_hosts))),
        ("constraint", json!(texts(&options.constraints))),
        ("build-constraint", json!(texts(&options.build_constraints))),
        ("find-links", json!(texts(&options.find_links))),
        ("no-index", json!(is_on(&options.no_index))),
        ("no-proxy-env", json!(is_on(&options.no_proxy_env))),
        ("pre", json!(is_on(&options.pre))),
        ("prefer-binary", json!(is_on(&options.prefer_binary))),
        ("no-deps", json!(is_on(&options.no_deps))),
        ("cert", json!(text(options.cert.as_ref()))),
        ("client-cert", json!(text(options.client_cert.as_ref()))),
        ("proxy", json!(text(options.proxy.as_ref()))),
        ("timeout", json!(timeout)),
        (
            "retries",
            json!(options.retries.as_ref().map_or(5, |set| set.value)),
        ),
        ("keyring-provider", json!(provider)),
        ("no-binary", formats(&options.binary)),
        ("all-releases", releases(&options.releases)),
        ("uploaded-prior-to", json!(cutoff.map(Timestamp::as_second))),
    ])
}

fn formats(policy: &BinaryPolicy) -> Value {
    let mut all = serde_json::Map::new();
    for probe in PROBES {
        let control = policy.of(&probe.parse::<Name>().unwrap());
        let mut formats = Vec::new();
        if !control.no_wheels {
            formats.push("binary");
        }
        if !control.no_sdists {
            formats.push("source");
        }
        all.insert(probe.to_owned(), json!(formats));
    }
    Value::Object(all)
}

fn releases(control: &ReleaseControl) -> Value {
    let of = |probe: &str| {
        let releases = control.of(&probe.parse::<Name>().unwrap());
        json!(releases.map(|releases| releases == Releases::All))
    };
    PROBES
        .into_iter()
        .map(|probe| (probe.to_owned(), of(probe)))
        .collect()
}
