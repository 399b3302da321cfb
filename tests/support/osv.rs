//! The OSV service over fixture advisories: the query API (`/v1/querybatch`, `/v1/query`, `/v1/vulns/ID`) and the bulk export
//! (`/PyPI/all.zip`, `/PyPI/modified_id.csv`, `/PyPI/ID.json`).
//!
//! Queries are matched by name alone, and by version only where an advisory lists versions or has one simple range: as the real
//! service, it may say too little about what is affected to decide from, and never too much.

use std::collections::BTreeMap;
use std::io::{Cursor, Write as _};
use std::sync::RwLock;

use serde_json::{Value, json};
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use crate::advisory::Advisory;
use crate::artifact::normalised;
use crate::loopback::{Answer, Incoming, Loopback, Site};

const JSON: &str = "application/json";

/// The service as a site.
pub struct OsvService {
    advisories: RwLock<Vec<Advisory>>,
    page_size: usize,
}

impl OsvService {
    fn batch(&self, body: &[u8]) -> Answer {
        let Ok(Value::Object(request)) = serde_json::from_slice(body) else {
            return Answer::status(400);
        };
        let queries = request
            .get("queries")
            .and_then(Value::as_array)
            .cloned()
            .unwrap_or_default();
        if queries.len() > 1000 {
            return Answer::status(400);
        }
        let results: Vec<Value> = queries
            .iter()
            .map(|query| self.page_of(query, false))
            .collect();
        Answer::ok(JSON, json!({ "results": results }).to_string())
    }

    fn query(&self, body: &[u8]) -> Answer {
        match serde_json::from_slice(body) {
            Ok(query) => Answer::ok(JSON, self.page_of(&query, true).to_string()),
            Err(_) => Answer::status(400),
        }
    }

    /// One page of what matches one query; whole records or only ids.
    fn page_of(&self, query: &Value, whole: bool) -> Value {
        let name = query["package"]["name"].as_str().unwrap_or_default();
        let offset: usize = query["page_token"]
            .as_str()
            .and_then(|token| token.parse().ok())
            .unwrap_or(0);
        let advisories = self
            .advisories
            .read()
            .expect("no thread panicked over the advisories");
        let matching: Vec<&Advisory> = advisories
            .iter()
            .filter(|advisory| {
                advisory.withdrawn.is_none() && normalised(&advisory.package) == name
            })
            .collect();
        let page: Vec<Value> = matching
            .iter()
            .skip(offset)
            .take(self.page_size)
            .map(|advisory| {
                if whole {
                    advisory.to_value()
                } else {
                    json!({ "id": advisory.id, "modified": advisory.modified() })
                }
            })
            .collect();
        let mut result = if page.is_empty() {
            json!({})
        } else {
            json!({ "vulns": page })
        };
        if offset + self.page_size < matching.len() {
            result["next_page_token"] = json!((offset + self.page_size).to_string());
        }
        result
    }

    fn record(&self, id: &str) -> Answer {
        let advisories = self
            .advisories
            .read()
            .expect("no thread panicked over the advisories");
        match advisories.iter().find(|advisory| advisory.id == id) {
            Some(advisory) => Answer::ok(JSON, advisory.to_json()),
            None => Answer::status(404),
        }
    }

    fn export(&self) -> Answer {
        let advisories = self
            .advisories
            .read()
            .expect("no thread panicked over the advisories");
        Answer::ok("application/zip", export(&advisories))
    }

    fn modified_ids(&self) -> Answer {
        let advisories = self
            .advisories
            .read()
            .expect("no thread panicked over the advisories");
        let mut lines: Vec<String> = advisories
            .iter()
            .map(|advisory| format!("{},{}\n", advisory.modified(), advisory.id))
            .collect();
        lines.sort();
        lines.reverse();
        Answer::ok("text/csv", lines.concat())
    }
}

/// A bulk export: a flat zip of records.
pub fn export(advisories: &[Advisory]) -> Vec<u8> {
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    let by_id: BTreeMap<&str, &Advisory> = advisories
        .iter()
        .map(|advisory| (advisory.id.as_str(), advisory))
        .collect();
    for (id, advisory) in by_id {
        archive
            .start_file(format!("{id}.json"), SimpleFileOptions::default())
            .expect("a member can be started");
        archive
            .write_all(advisory.to_json().as_bytes())
            .expect("memory can be written");
    }
    archive
        .finish()
        .expect("an archive can be finished")
        .into_inner()
}

impl Site for OsvService {
    fn answer(&self, request: &Incoming) -> Answer {
        match request.path.as_str() {
            "/v1/querybatch" => self.batch(&request.body),
            "/v1/query" => self.query(&request.body),
            "/PyPI/all.zip" => self.export(),
            "/PyPI/modified_id.csv" => self.modified_ids(),
            path => {
                let bulk = path
                    .strip_prefix("/PyPI/")
                    .and_then(|path| path.strip_suffix(".json"));
                match path.strip_prefix("/v1/vulns/").or(bulk) {
                    Some(id) => self.record(id),
                    None => Answer::status(404),
                }
            }
        }
    }
}

impl Loopback<OsvService> {
    /// Serves these advisories, at most `page_size` ids to an answer.
    pub fn osv(advisories: Vec<Advisory>, page_size: usize) -> Self {
        Self::start(OsvService {
            advisories: RwLock::new(advisories),
            page_size,
        })
    }

    /// The database moves on.
    pub fn set_advisories(&self, advisories: Vec<Advisory>) {
        *self
            .site()
            .advisories
            .write()
            .expect("no thread panicked over the advisories") = advisories;
    }

    /// The address of the bulk export.
    pub fn export_url(&self) -> String {
        format!("{}/PyPI/all.zip", self.origin())
    }
}
