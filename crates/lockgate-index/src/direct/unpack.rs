//! Archives of source to folders, for a build.

use std::fs;
use std::io::{self, BufReader, Read, Seek};
use std::path::{Component, Path, PathBuf};

use lockgate_model::Packing;

use crate::tar_stream;

/// The most bytes that an archive may unpack to.
const MAX_UNPACKED: u64 = 8 * 1024 * 1024 * 1024;

/// Unpacks a source distribution into `folder`, and returns the project's folder: the one that it holds, if it holds one and nothing else.
/// Nothing is written outside of `folder`, whatever names are in the archive, and no link in it leads out: a build would read files of this
/// machine as its own.
pub fn unpack(filename: &str, mut archive: impl Read + Seek, folder: &Path) -> io::Result<PathBuf> {
    archive.rewind()?;
    let mut archive = BufReader::new(archive);
    let packing = Packing::of(filename)
        .ok_or_else(|| io::Error::other("archives of this kind are not unpacked"))?;
    if let Some(tar) = tar_stream::open(packing, &mut archive, MAX_UNPACKED)? {
        in_tar(tar, folder)?;
    } else {
        let mut archive = zip::ZipArchive::new(archive).map_err(io::Error::other)?;
        let whole: u128 = archive.decompressed_size().unwrap_or(0);
        if whole > u128::from(MAX_UNPACKED) {
            return Err(io::Error::other("it unpacks to more than 8 GiB"));
        }
        archive.extract(folder).map_err(io::Error::other)?;
    }
    links_stay_inside(folder)?;
    let entries: Vec<PathBuf> = fs::read_dir(folder)?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<_, _>>()?;
    match entries.as_slice() {
        [only] if only.is_dir() => Ok(only.clone()),
        _ => Ok(folder.to_owned()),
    }
}

fn in_tar(reader: impl Read, folder: &Path) -> io::Result<()> {
    let mut archive = tar::Archive::new(reader);
    // Owners and times of strangers are of no use here.
    archive.set_preserve_mtime(false);
    // Folders come last: one may not be writable.
    let mut folders = Vec::new();
    for entry in archive.entries()? {
        let mut entry = entry?;
        let path = entry.path()?.into_owned();
        let refused = |what: &str| Err(io::Error::other(format!("`{}` {what}", path.display())));
        let is_below =
            |part: Component<'_>| matches!(part, Component::Normal(_) | Component::CurDir);
        let kind = entry.header().entry_type();
        if kind.is_pax_global_extensions() {
            continue;
        }
        if !path.components().all(is_below) {
            return refused("leads out of the archive");
        }
        if kind.is_dir() {
            folders.push(entry);
        } else if kind.is_file()
            || kind.is_contiguous()
            || kind.is_gnu_sparse()
            || kind.is_symlink()
            || kind.is_hard_link()
        {
            if !entry.unpack_in(folder)? {
                return refused("leads out of the archive");
            }
        } else {
            return refused("is neither a file, a folder nor a link");
        }
    }
    for mut entry in folders {
        entry.unpack_in(folder)?;
    }
    Ok(())
}

/// Refuses a tree with a link that leads out of it.
fn links_stay_inside(top: &Path) -> io::Result<()> {
    let real = fs::canonicalize(top)?;
    let mut folders = vec![top.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder)? {
            let entry = entry?;
            let (path, kind) = (entry.path(), entry.file_type()?);
            if kind.is_dir() {
                folders.push(path);
            } else if kind.is_symlink() && !stays_inside(&path, top, &real)? {
                let shown = path.strip_prefix(top).unwrap_or(&path);
                return Err(io::Error::other(format!(
                    "`{}` is a link that leads out of the archive",
                    shown.display()
                )));
            }
        }
    }
    Ok(())
}

/// Whether a link leads to somewhere in the tree at `top`, which is at `real`.
fn stays_inside(link: &Path, top: &Path, real: &Path) -> io::Result<bool> {
    if let Ok(target) = fs::canonicalize(link) {
        return Ok(target.starts_with(real));
    }
    // One that leads to nothing could lead to something once a build has made it.
    let target = fs::read_link(link)?;
    let within = link.strip_prefix(top).unwrap_or(link);
    let mut depth = within.components().count() - 1;
    for part in target.components() {
        match part {
            Component::CurDir => {}
            Component::Normal(_) => depth += 1,
            Component::ParentDir if depth > 0 => depth -= 1,
            Component::ParentDir | Component::RootDir | Component::Prefix(_) => return Ok(false),
        }
    }
    Ok(true)
}

#[cfg(all(test, unix))]
mod tests {
    use std::io::{Cursor, Write as _};

    use tar::EntryType;

    use super::*;

    /// An archive of a `pyproject.toml` and one more member.
    fn tar_with(kind: EntryType, name: &str, target: &str) -> Vec<u8> {
        let mut archive = tar::Builder::new(Vec::new());
        let mut add = |kind: EntryType, name: &str, target: &str, body: &[u8]| {
            let mut header = tar::Header::new_gnu();
            header.set_entry_type(kind);
            header.set_mode(0o644);
            header.set_size(body.len() as u64);
            // The methods that set these refuse what an attacker writes by hand.
            let fields = header.as_gnu_mut().expect("it is a GNU header");
            fields.name[..name.len()].copy_from_slice(name.as_bytes());
            fields.linkname[..target.len()].copy_from_slice(target.as_bytes());
            header.set_cksum();
            archive
                .append(&header, body)
                .expect("memory can be written");
        };
        add(EntryType::Regular, "a-1/pyproject.toml", "", b"[project]\n");
        add(kind, name, target, b"");
        add(EntryType::Regular, "a-1/z.py", "", b"z\n");
        archive.into_inner().expect("an archive can be finished")
    }

    #[test]
    fn members_that_lead_out_of_an_archive_are_refused() {
        for (kind, name, target, is_admitted) in [
            (EntryType::Symlink, "a-1/x", "/etc/hostname", false),
            (EntryType::Symlink, "a-1/x", "../../outside", false),
            (EntryType::Symlink, "a-1/x", "../..", false),
            (EntryType::Symlink, "a-1/x", "..", true),
            (EntryType::Symlink, "a-1/x", "/nowhere/at/all", false),
            (EntryType::Symlink, "a-1/x", "../../nowhere", false),
            (EntryType::Symlink, "a-1/x", "../a-1/pyproject.toml", true),
            (EntryType::Symlink, "a-1/x", "pyproject.toml", true),
            (EntryType::Symlink, "a-1/x", "not/there", true),
            (EntryType::Link, "a-1/x", "/etc/hostname", false),
            (EntryType::Link, "a-1/x", "../outside", false),
            (EntryType::Link, "a-1/x", "a-1/pyproject.toml", true),
            (EntryType::Char, "a-1/x", "", false),
            (EntryType::Block, "a-1/x", "", false),
            (EntryType::Fifo, "a-1/x", "", false),
            (EntryType::Regular, "/tmp/x", "", false),
            (EntryType::Regular, "../x", "", false),
            (EntryType::Regular, "a-1/../../x", "", false),
            (EntryType::Directory, "../d", "", false),
            (EntryType::Directory, "a-1/d", "", true),
            (EntryType::Regular, "a-1/x", "", true),
        ] {
            let root = tempfile::tempdir().unwrap();
            fs::write(root.path().join("outside"), "secret").unwrap();
            let folder = root.path().join("in");
            fs::create_dir(&folder).unwrap();
            let bytes = tar_with(kind, name, target);
            let unpacked = unpack("a-1.tar", Cursor::new(bytes), &folder);
            let what = format!("{kind:?} {name} {target}");
            match unpacked {
                Ok(project) => {
                    assert!(is_admitted, "{what}");
                    assert_eq!(project, folder.join("a-1"), "{what}");
                }
                Err(error) => assert!(!is_admitted, "{what}: {error}"),
            }
            // Nothing else came up next to the folder.
            assert_eq!(fs::read_dir(root.path()).unwrap().count(), 2, "{what}");
        }
    }

    #[test]
    fn links_in_a_zip_archive_stay_in_it_too() {
        for (target, is_admitted) in [
            ("/etc/hostname", false),
            ("../../outside", false),
            ("b", true),
        ] {
            let mut archive = zip::ZipWriter::new(Cursor::new(Vec::new()));
            let options = zip::write::SimpleFileOptions::default();
            archive.start_file("a-1/b", options).unwrap();
            archive.write_all(b"b").unwrap();
            archive.add_symlink("a-1/x", target, options).unwrap();
            let bytes = archive.finish().unwrap().into_inner();
            let root = tempfile::tempdir().unwrap();
            fs::write(root.path().join("outside"), "secret").unwrap();
            let folder = root.path().join("in");
            fs::create_dir(&folder).unwrap();
            let unpacked = unpack("a-1.zip", Cursor::new(bytes), &folder);
            assert_eq!(unpacked.is_ok(), is_admitted, "{target}: {unpacked:?}");
        }
    }
}
