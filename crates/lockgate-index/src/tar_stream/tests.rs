//! Streams of each kind, sound and otherwise.

use std::io::{Cursor, Write as _};

use lzma_rust2::{LzmaOptions, LzmaWriter, XzOptions, XzWriter};

use super::*;

pub(crate) fn bzip2(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = ::bzip2::write::BzEncoder::new(Vec::new(), ::bzip2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

pub(crate) fn xz(bytes: &[u8]) -> Vec<u8> {
    let mut writer = XzWriter::new(Vec::new(), XzOptions::with_preset(1)).unwrap();
    writer.write_all(bytes).unwrap();
    writer.finish().unwrap()
}

pub(crate) fn lzma(bytes: &[u8]) -> Vec<u8> {
    let options = LzmaOptions::with_preset(1);
    let mut writer = LzmaWriter::new_use_header(Vec::new(), &options, None).unwrap();
    writer.write_all(bytes).unwrap();
    writer.finish().unwrap()
}

fn read(packing: Packing, archive: &[u8], limit: u64) -> Result<Vec<u8>, String> {
    let told = |error: io::Error| error.to_string();
    let mut stream = open(packing, Cursor::new(archive), limit)
        .map_err(told)?
        .unwrap();
    let mut bytes = Vec::new();
    let all = stream.read_to_end(&mut bytes);
    // Who asks again after an error or the end gets nothing more.
    assert_eq!(stream.read(&mut [0; 8]).unwrap(), 0);
    all.map(|_| bytes).map_err(told)
}

/// A stream of each kind.
fn streams(bytes: &[u8]) -> [(Packing, &'static str, Vec<u8>); 3] {
    [
        (Packing::Bzip2, "bzip2", bzip2(bytes)),
        (Packing::Xz, "xz", xz(bytes)),
        (Packing::Xz, "lzma", lzma(bytes)),
    ]
}

fn text() -> Vec<u8> {
    (0..4000_u32).flat_map(u32::to_le_bytes).collect()
}

#[test]
fn streams_are_read_one_after_the_other_and_within_their_limit() {
    let text = text();
    for (packing, name, stream) in streams(&text) {
        let length = text.len() as u64;
        assert_eq!(read(packing, &stream, length), Ok(text.clone()), "{name}");
        let beyond = read(packing, &stream, length - 1).unwrap_err();
        assert!(beyond.contains("it unpacks to more than"), "{beyond}");
        if name != "lzma" {
            let twice = stream.repeat(2);
            assert_eq!(read(packing, &twice, u64::MAX), Ok(text.repeat(2)));
        }
    }
}

#[test]
fn a_stream_that_breaks_off_or_is_damaged_says_so_and_never_panics() {
    let text = text();
    for (packing, name, stream) in streams(&text) {
        for length in 0..stream.len() {
            let why = read(packing, &stream[..length], u64::MAX).unwrap_err();
            assert!(
                why.contains("breaks off") || why.contains("damaged") || why.contains("neither"),
                "{name} to {length}: {why}"
            );
        }
        for place in 0..stream.len() {
            let mut damaged = stream.clone();
            damaged[place] ^= 0x10;
            // Not every bit means something, and lzma alone has no checksum.
            let read = read(packing, &damaged, 1 << 20);
            let is_other = read.is_ok_and(|read| read != text);
            assert!(name == "lzma" || !is_other, "{name}: {place}");
        }
    }
}

/// `xz --lzma2=dict=1536MiB` is valid.
#[test]
fn a_dictionary_beyond_the_limit_is_refused_before_it_is_made() {
    // Behind the header of the stream: length, flags, filter, length of its properties, dictionary, padding, CRC32.
    let with_dictionary = |code: u8| {
        let mut stream = xz(b"text");
        assert_eq!(stream[12..16], [2, 0, 0x21, 1]);
        stream[16] = code;
        let mut crc = flate2::Crc::new();
        crc.update(&stream[12..20]);
        stream[20..24].copy_from_slice(&crc.sum().to_le_bytes());
        read(Packing::Xz, &stream, 10)
    };
    assert_eq!(with_dictionary(30), Ok(b"text".to_vec()), "128 MiB");
    for code in [31, 40] {
        let refused = with_dictionary(code).unwrap_err();
        assert!(refused.contains("more than 128 MiB"), "{refused}");
    }

    let mut alone = lzma(b"text");
    alone[1..5].copy_from_slice(&(256_u32 << 20).to_le_bytes());
    let refused = read(Packing::Xz, &alone, 10).unwrap_err();
    assert!(refused.contains("more than 128 MiB"), "{refused}");
}

/// liblzma, which Python reads with, takes for lzma alone only what looks like it.
#[test]
fn what_is_neither_xz_nor_lzma_is_told_from_them() {
    let sound = lzma(b"text");
    assert_eq!(read(Packing::Xz, &sound, 10), Ok(b"text".to_vec()));
    for (place, value) in [(0, 225), (0, 8 + 4 * 9), (1, 1), (10, 1)] {
        let mut other = sound.clone();
        other[place] = value;
        let why = read(Packing::Xz, &other, 10).unwrap_err();
        assert_eq!(why, "neither xz nor lzma", "{place} {value}");
    }
    for lzip in [
        read(Packing::Xz, b"LZIP\x01\x14", 10),
        read(Packing::Lzip, b"", 10),
    ] {
        assert_eq!(lzip.unwrap_err(), Packing::LZIP);
    }
}
