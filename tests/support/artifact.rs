//! Wheels and source distributions made on the fly: small, installable by pip, and the same bytes every time.

use std::fmt::Write as _;
use std::io::{Cursor, Write as _};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bzip2::write::BzEncoder;
use flate2::Compression;
use flate2::write::GzEncoder;
use lzma_rust2::{LzipOptions, LzipWriter, LzmaOptions, LzmaWriter, XzOptions, XzWriter};
use sha2::{Digest as _, Sha256};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use crate::world::{Release, SourceDistribution};

/// One file of a release, as the index serves it.
#[derive(Debug, Clone)]
pub struct Artifact {
    /// Its name.
    pub filename: String,
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// The metadata that a wheel holds; none for a source distribution.
    pub metadata: Option<Vec<u8>>,
}

/// A project's name in the form that stands in URLs (PEP 503).
pub fn normalised(name: &str) -> String {
    let mut out = String::new();
    for character in name.chars() {
        if !matches!(character, '-' | '_' | '.') {
            out.extend(character.to_lowercase());
        } else if !out.ends_with('-') {
            out.push('-');
        }
    }
    out
}

/// Whether two texts are one version.
pub fn is_same_version(one: &str, other: &str) -> bool {
    let read = |text: &str| text.parse::<lockgate_model::Version>().ok();
    one == other || (read(one).is_some() && read(one) == read(other))
}

/// Lowercase hexadecimal SHA-256.
pub fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes)
        .iter()
        .fold(String::new(), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        })
}

/// All files of a release.
pub fn artifacts(name: &str, version: &str, release: &Release) -> Vec<Artifact> {
    let mut files: Vec<Artifact> = release
        .wheels
        .iter()
        .map(|tags| wheel(name, version, release, tags))
        .collect();
    if release.sdist != SourceDistribution::None {
        files.push(sdist(name, version, release));
    }
    files.extend(release.others.iter().map(|filename| Artifact {
        filename: filename.clone(),
        bytes: filename.clone().into_bytes(),
        metadata: None,
    }));
    files
}

/// A wheel of these tags (`py3-none-any`).
pub fn wheel(name: &str, version: &str, release: &Release, tags: &str) -> Artifact {
    let metadata = metadata(name, version, release, "2.1", "").into_bytes();
    Artifact {
        filename: format!("{}-{version}-{tags}.whl", module(name)),
        bytes: wheel_holding(name, version, tags, &metadata),
        metadata: Some(metadata),
    }
}

/// A wheel's bytes around any METADATA.
pub fn wheel_holding(name: &str, version: &str, tags: &str, metadata: &[u8]) -> Vec<u8> {
    wheel_with(name, version, tags, metadata, &[])
}

/// The same with more files in it.
pub fn wheel_with(
    name: &str,
    version: &str,
    tags: &str,
    metadata: &[u8],
    more: &[(String, Vec<u8>)],
) -> Vec<u8> {
    let module = module(name);
    let folder = format!("{module}-{version}.dist-info");
    let expanded = expand(tags).join("\nTag: ");
    let own = [
        (
            format!("{module}.py"),
            format!("VERSION = \"{version}\"\n").into_bytes(),
        ),
        (format!("{folder}/METADATA"), metadata.to_vec()),
        (
            format!("{folder}/WHEEL"),
            format!(
                "Wheel-Version: 1.0\nGenerator: lockgate-tests\nRoot-Is-Purelib: true\nTag: {expanded}\n"
            )
            .into_bytes(),
        ),
    ];
    let is_replaced = |path: &String| more.iter().any(|(other, _)| other == path);
    let mut files: Vec<(String, Vec<u8>)> = own.into_iter().collect();
    files.retain(|(path, _)| !is_replaced(path));
    files.extend_from_slice(more);
    let mut record = String::new();
    for (path, bytes) in &files {
        let digest = URL_SAFE_NO_PAD.encode(Sha256::digest(bytes));
        let _ = writeln!(record, "{path},sha256={digest},{}", bytes.len());
    }
    let _ = writeln!(record, "{folder}/RECORD,,");

    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    // The default time stamp is a constant: the clock must not reach the bytes.
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated);
    for (path, bytes) in files
        .iter()
        .chain([&(format!("{folder}/RECORD"), record.into_bytes())])
    {
        archive
            .start_file(path.as_str(), options)
            .expect("a wheel's member can be started");
        archive.write_all(bytes).expect("memory can be written");
    }
    archive
        .finish()
        .expect("a wheel can be finished")
        .into_inner()
}

/// The source distribution that a release describes.
pub fn sdist(name: &str, version: &str, release: &Release) -> Artifact {
    let (metadata_version, dynamic) = match &release.sdist {
        SourceDistribution::Dynamic => ("2.2", "Dynamic: Requires-Dist\n"),
        SourceDistribution::MetadataVersion(version) => (version.as_str(), ""),
        SourceDistribution::Static | SourceDistribution::None => ("2.2", ""),
    };
    let module = module(name);
    let folder = format!("{module}-{version}");
    let files = [
        (format!("{folder}/PKG-INFO"), metadata(name, version, release, metadata_version, dynamic)),
        (
            format!("{folder}/pyproject.toml"),
            "[build-system]\nrequires = [\"setuptools\"]\nbuild-backend = \"setuptools.build_meta\"\n".to_owned(),
        ),
        (format!("{folder}/{module}.py"), format!("VERSION = \"{version}\"\n")),
    ];
    Artifact {
        filename: format!("{folder}.tar.gz"),
        bytes: tar_gz(&files),
        metadata: None,
    }
}

/// An archive of these files.
pub fn tar_gz(files: &[(String, String)]) -> Vec<u8> {
    packed(&tar(files), "tar.gz")
}

/// An archive of these files, packed as the ending of its name says.
pub fn archive(files: &[(String, String)], filename: &str) -> Vec<u8> {
    if !has_ending(filename, "zip") {
        return packed(&tar(files), filename);
    }
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    for (path, text) in files {
        let started = archive.start_file(path.as_str(), SimpleFileOptions::default());
        started.expect("a member can be started");
        archive
            .write_all(text.as_bytes())
            .expect("memory can be written");
    }
    let finished = archive.finish().expect("an archive can be finished");
    finished.into_inner()
}

/// A `tar` as an archive of this name has it.
fn packed(tar: &[u8], filename: &str) -> Vec<u8> {
    let ends = |endings: &[&str]| endings.iter().any(|ending| has_ending(filename, ending));
    let done = |written: std::io::Result<Vec<u8>>| written.expect("memory can be written");
    if ends(&["gz", "tgz"]) {
        let mut writer = GzEncoder::new(Vec::new(), Compression::default());
        done(writer.write_all(tar).and_then(|()| writer.finish()))
    } else if ends(&["bz2", "tbz"]) {
        let mut writer = BzEncoder::new(Vec::new(), bzip2::Compression::default());
        done(writer.write_all(tar).and_then(|()| writer.finish()))
    } else if ends(&["xz", "txz"]) {
        let mut writer = done_making(XzWriter::new(Vec::new(), XzOptions::with_preset(6)));
        done(writer.write_all(tar).and_then(|()| writer.finish()))
    } else if ends(&["lzma", "tlz"]) {
        let options = LzmaOptions::with_preset(6);
        let mut writer = done_making(LzmaWriter::new_use_header(Vec::new(), &options, None));
        done(writer.write_all(tar).and_then(|()| writer.finish()))
    } else if ends(&["lz"]) {
        let mut writer = LzipWriter::new(Vec::new(), LzipOptions::with_preset(6));
        done(writer.write_all(tar).and_then(|()| writer.finish()))
    } else {
        tar.to_owned()
    }
}

fn done_making<T>(made: std::io::Result<T>) -> T {
    made.expect("memory can be written")
}

fn has_ending(filename: &str, ending: &str) -> bool {
    filename
        .rsplit('.')
        .next()
        .is_some_and(|last| last.eq_ignore_ascii_case(ending))
}

fn tar(files: &[(String, String)]) -> Vec<u8> {
    let mut archive = tar::Builder::new(Vec::new());
    for (path, text) in files {
        let mut header = tar::Header::new_ustar();
        header.set_size(text.len() as u64);
        header.set_mode(0o644);
        header.set_mtime(0);
        archive
            .append_data(&mut header, path, text.as_bytes())
            .expect("memory can be written");
    }
    archive.into_inner().expect("an archive can be finished")
}

/// Core metadata of a release.
fn metadata(
    name: &str,
    version: &str,
    release: &Release,
    metadata_version: &str,
    dynamic: &str,
) -> String {
    if let Some(text) = &release.metadata {
        return text.clone();
    }
    let mut text = format!(
        "Metadata-Version: {metadata_version}\nName: {name}\nVersion: {version}\n{dynamic}"
    );
    if let Some(summary) = &release.summary {
        let _ = writeln!(text, "Summary: {summary}");
    }
    if let Some(python) = &release.requires_python {
        let _ = writeln!(text, "Requires-Python: {python}");
    }
    for requirement in &release.requires {
        let _ = writeln!(text, "Requires-Dist: {requirement}");
    }
    for (extra, requirements) in &release.extras {
        let _ = writeln!(text, "Provides-Extra: {extra}");
        for requirement in requirements {
            let guarded = match requirement.split_once(';') {
                Some((requirement, marker)) => format!(
                    "{requirement}; ({}) and extra == \"{extra}\"",
                    marker.trim()
                ),
                None => format!("{requirement}; extra == \"{extra}\""),
            };
            let _ = writeln!(text, "Requires-Dist: {guarded}");
        }
    }
    text
}

/// A project's name as it stands in file names.
fn module(name: &str) -> String {
    normalised(name).replace('-', "_")
}

/// `py2.py3-none-any` is two tags.
fn expand(tags: &str) -> Vec<String> {
    let mut parts = tags.rsplitn(3, '-');
    let (platforms, abis, pythons) = (parts.next(), parts.next(), parts.next());
    let split = |part: Option<&str>| {
        part.unwrap_or("any")
            .split('.')
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    let mut out = Vec::new();
    for python in split(pythons) {
        for abi in split(abis) {
            for platform in split(platforms) {
                out.push(format!("{python}-{abi}-{platform}"));
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_release_has_the_same_bytes() {
        let release = Release {
            sdist: SourceDistribution::Static,
            ..Release::default()
        };
        let hashes = |files: Vec<Artifact>| {
            files
                .iter()
                .map(|file| sha256(&file.bytes))
                .collect::<Vec<_>>()
        };
        assert_eq!(
            hashes(artifacts("A.b", "1.0", &release)),
            hashes(artifacts("A.b", "1.0", &release))
        );
    }

    #[test]
    fn names_are_normalised_as_urls_have_them() {
        assert_eq!(normalised("Zope._-Interface"), "zope-interface");
    }
}
