//! The `tar` in an archive of source, decompressed as Python's `tarfile` does it for pip, within limits: whoever publishes an archive decides
//! what it unpacks to, and how much memory its header asks for.

use std::io::{self, BufRead, ErrorKind, Read};

use bzip2::bufread::MultiBzDecoder;
use flate2::bufread::MultiGzDecoder;
use lockgate_model::Packing;
use lzma_rust2::{LzmaReader, XzReader, lzma2_get_memory_usage};

/// The largest dictionary, in bytes, that is kept for an archive. `xz -9` makes one of 64 MiB; a header may ask for 4 GiB.
const MAX_DICTIONARY: u32 = 128 * 1024 * 1024;

/// Opens the `tar` in `archive`, which is an error after `limit` bytes; none for a zip archive.
pub(crate) fn open<'a>(
    packing: Packing,
    archive: impl BufRead + 'a,
    limit: u64,
) -> io::Result<Option<TarStream<'a>>> {
    let (name, inner): (_, Box<dyn Read + 'a>) = match packing {
        Packing::Zip => return Ok(None),
        Packing::Lzip => return Err(lzip()),
        Packing::Tar => ("tar", Box::new(archive)),
        Packing::Gzip => ("gzip", Box::new(MultiGzDecoder::new(archive))),
        Packing::Bzip2 => ("bzip2", Box::new(MultiBzDecoder::new(archive))),
        Packing::Xz => xz_or_lzma(archive)?,
    };
    Ok(Some(TarStream {
        inner,
        name,
        limit,
        left: limit,
        is_at_end: false,
    }))
}

/// What is in an archive whose name says xz or lzma: liblzma tells them apart by the first byte.
fn xz_or_lzma<'a>(
    mut archive: impl BufRead + 'a,
) -> io::Result<(&'static str, Box<dyn Read + 'a>)> {
    let mut header = Vec::new();
    (&mut archive).take(LZMA_HEADER).read_to_end(&mut header)?;
    let whole = io::Cursor::new(header.clone()).chain(archive);
    match header.first() {
        Some(0xfd) => {
            let limit = lzma2_get_memory_usage(MAX_DICTIONARY);
            Ok(("xz", Box::new(XzReader::new_mem_limit(whole, true, limit))))
        }
        Some(b'L') => Err(lzip()),
        _ => {
            check_lzma(&header)?;
            let reader = LzmaReader::new_mem_limit(whole, u32::MAX, None);
            let reader = reader.map_err(|error| explained(&error, "lzma"))?;
            Ok(("lzma", Box::new(reader)))
        }
    }
}

/// Bytes of the header of lzma alone.
const LZMA_HEADER: u64 = 13;

/// Holds the header of lzma alone against what liblzma takes for one where it has to tell: there is no magic number.
fn check_lzma(header: &[u8]) -> io::Result<()> {
    let invalid = || invalid("neither xz nor lzma");
    let (properties, rest) = header.split_first().ok_or_else(|| broken_off("xz"))?;
    let (dictionary, size) = rest.split_at_checked(4).ok_or_else(invalid)?;
    let dictionary = u32::from_le_bytes(dictionary.try_into().map_err(|_length| invalid())?);
    let size = u64::from_le_bytes(size.try_into().map_err(|_length| invalid())?);
    let (literal_context, literal_position) = (properties % 9, properties / 9 % 5);
    // A power of two, or one and a half of one.
    let is_usual = dictionary == u32::MAX
        || dictionary.is_power_of_two()
        || (dictionary % 3 == 0 && (dictionary / 3).is_power_of_two());
    let is_plausible = size == u64::MAX || size < 1 << 38;
    if *properties > 224 || literal_context + literal_position > 4 || !is_usual || !is_plausible {
        return Err(invalid());
    }
    if dictionary > MAX_DICTIONARY {
        return Err(large_dictionary("lzma"));
    }
    Ok(())
}

/// A decompressed `tar`.
pub(crate) struct TarStream<'a> {
    inner: Box<dyn Read + 'a>,
    name: &'static str,
    limit: u64,
    left: u64,
    /// Nothing is asked of a decoder that has failed or ended.
    is_at_end: bool,
}

impl TarStream<'_> {
    /// Reads what follows the end of the `tar`: the checksum of an xz or bzip2 stream stands behind the padding. What follows in a gzip file
    /// may be padding of the file itself, which pip does not look at either.
    pub(crate) fn finish(&mut self) -> io::Result<()> {
        if matches!(self.name, "bzip2" | "xz" | "lzma") {
            io::copy(self, &mut io::sink())?;
        }
        Ok(())
    }
}

impl Read for TarStream<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.is_at_end || buffer.is_empty() {
            return Ok(0);
        }
        let most = usize::try_from(self.left).unwrap_or(usize::MAX);
        let length = buffer.len().min(most).max(1);
        let part = buffer.get_mut(..length).unwrap_or_default();
        let read = match self.inner.read(part) {
            Err(error) if error.kind() == ErrorKind::Interrupted => return Err(error),
            Err(error) => Err(explained(&error, self.name)),
            Ok(read) if read as u64 > self.left => Err(invalid(&format!(
                "it unpacks to more than {} GiB",
                self.limit >> 30
            ))),
            Ok(read) => Ok(read),
        };
        match read {
            Ok(read) if read > 0 => self.left -= read as u64,
            _ => self.is_at_end = true,
        }
        read
    }
}

/// What a decoder says, in words that do not suppose a look into it.
fn explained(error: &io::Error, name: &str) -> io::Error {
    match error.kind() {
        ErrorKind::OutOfMemory => large_dictionary(name),
        ErrorKind::UnexpectedEof => broken_off(name),
        kind => io::Error::new(kind, format!("its {name} stream is damaged: {error}")),
    }
}

fn invalid(why: &str) -> io::Error {
    io::Error::new(ErrorKind::InvalidData, why)
}

fn broken_off(name: &str) -> io::Error {
    let why = format!("its {name} stream breaks off");
    io::Error::new(ErrorKind::UnexpectedEof, why)
}

fn large_dictionary(name: &str) -> io::Error {
    invalid(&format!(
        "its {name} stream asks for a dictionary of more than {} MiB",
        MAX_DICTIONARY >> 20
    ))
}

fn lzip() -> io::Error {
    io::Error::new(ErrorKind::Unsupported, Packing::LZIP)
}

#[cfg(test)]
pub(crate) mod tests;
