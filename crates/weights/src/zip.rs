//! Zip archives, read as untrusted input.

use std::{
    collections::BTreeMap,
    io::{BufReader, Read},
};

use flate2::bufread::DeflateDecoder;
use rawzip::{
    CompressionMethod, RECOMMENDED_BUFFER_SIZE, ReaderAt, ZipArchive, ZipArchiveEntryWayfinder,
    ZipLocator,
};

use crate::Defect;

/// The position, compression and checksum of a file in the archive.
#[derive(Debug)]
pub(crate) struct Entry {
    place: ZipArchiveEntryWayfinder,
    method: CompressionMethod,
    crc: u32,
}

impl Entry {
    /// The unpacked size in bytes, as the archive's directory states it.
    pub(crate) fn size(&self) -> u64 {
        self.place.uncompressed_size_hint()
    }
}

/// An archive of which only the directory has been read.
pub(crate) struct Archive<'a> {
    zip: ZipArchive<&'a dyn ReaderAt>,
    entries: BTreeMap<String, Entry>,
}

impl<'a> Archive<'a> {
    /// Reads the directory of an archive of `length` bytes.
    pub(crate) fn open(source: &'a dyn ReaderAt, length: u64) -> Result<Self, Defect> {
        let limit = inflated_limit(length);
        let mut buffer = vec![0; RECOMMENDED_BUFFER_SIZE];
        let zip = ZipLocator::new()
            .locate_in_reader(source, &mut buffer, length)
            .map_err(|(_, error)| damaged(error))?;
        let mut entries = BTreeMap::new();
        let mut inflated = 0_u64;
        let mut listed = zip.entries(&mut buffer);
        while let Some(entry) = listed.next_entry().map_err(damaged)? {
            inflated = inflated.saturating_add(entry.uncompressed_size_hint());
            if inflated > limit {
                return Err(Defect::Inflates { limit });
            }
            let name = String::from_utf8_lossy(entry.file_path().as_bytes()).into_owned();
            let found = Entry {
                place: entry.wayfinder(),
                method: entry.compression_method(),
                crc: entry.crc32(),
            };
            if entries.insert(name.clone(), found).is_some() {
                return Err(Defect::Duplicate { name });
            }
        }
        Ok(Self { zip, entries })
    }

    /// Returns the files by name.
    pub(crate) fn entries(&self) -> &BTreeMap<String, Entry> {
        &self.entries
    }

    /// Returns the folder of the `data.pkl` that `torch.save` wrote, with its slash, or `None` if
    /// the archive has no such file. The folder is empty for a file at the top.
    pub(crate) fn torch_root(&self) -> Option<String> {
        self.entries
            .keys()
            .filter_map(|name| name.strip_suffix("data.pkl"))
            .find(|root| root.is_empty() || root.ends_with('/'))
            .map(str::to_owned)
    }

    /// Returns a reader of an entry's content. The reader returns no more bytes than the directory
    /// states, and ends with an error if there are fewer or if the checksum does not match.
    pub(crate) fn reader(&self, entry: &Entry) -> Result<Box<dyn Read + '_>, Defect> {
        let found = self.zip.get_entry(entry.place).map_err(damaged)?;
        let stored = found.reader();
        let unpacked: Box<dyn Read + '_> = match entry.method {
            CompressionMethod::STORE => Box::new(stored),
            CompressionMethod::DEFLATE => Box::new(DeflateDecoder::new(BufReader::new(stored))),
            method => {
                return Err(Defect::Archive(
                    format!("the compression {method:?} is not supported").into(),
                ));
            }
        };
        // `torch.serialization.set_crc32_options(False)` turns checksums off: all of them are 0.
        let checked: Box<dyn Read + '_> = match entry.crc {
            0 => unpacked,
            _ => Box::new(found.verifying_reader(unpacked)),
        };
        Ok(Box::new(checked.take(entry.size())))
    }

    /// Returns the whole content of an entry.
    pub(crate) fn content(&self, entry: &Entry) -> Result<Vec<u8>, Defect> {
        // `open` has checked the sum of all sizes against the archive's size.
        let mut bytes = Vec::with_capacity(usize::try_from(entry.size()).unwrap_or(0));
        self.reader(entry)?.read_to_end(&mut bytes)?;
        if bytes.len() as u64 != entry.size() {
            return Err(std::io::Error::from(std::io::ErrorKind::UnexpectedEof).into());
        }
        Ok(bytes)
    }
}

/// The largest unpacked size, in bytes, that is accepted for an archive of `length` bytes.
///
/// Deflate compresses zeros 1000 to 1, which zip bombs exploit, and trained weights only about 1.1
/// to 1, because their lower bits are noise. The weights of BVLC GoogLeNet compress 1.08 to 1, and
/// PyTorch does not compress. The constant leaves room for small archives of round numbers.
fn inflated_limit(length: u64) -> u64 {
    const RATIO: u64 = 4;
    const EXTRA_BYTES: u64 = 1 << 20;
    length.saturating_mul(RATIO).saturating_add(EXTRA_BYTES)
}

fn damaged(source: rawzip::Error) -> Defect {
    Defect::Archive(Box::new(source))
}
