//! Zip archives, as untrusted as everything else.

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

/// Where a file lies in the archive.
#[derive(Debug)]
pub(crate) struct Entry {
    place: ZipArchiveEntryWayfinder,
    method: CompressionMethod,
    crc: u32,
}

impl Entry {
    /// Its size once unpacked, as the archive says.
    pub(crate) fn size(&self) -> u64 {
        self.place.uncompressed_size_hint()
    }
}

/// An archive whose directory was read, and nothing else.
pub(crate) struct Archive<'a> {
    zip: ZipArchive<&'a dyn ReaderAt>,
    entries: BTreeMap<String, Entry>,
}

impl<'a> Archive<'a> {
    /// Reads the directory of an archive of so many bytes.
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

    /// The files by name.
    pub(crate) fn entries(&self) -> &BTreeMap<String, Entry> {
        &self.entries
    }

    /// The folder (with its slash, or nothing) that `torch.save` wrote, if it wrote this.
    pub(crate) fn torch_root(&self) -> Option<String> {
        self.entries
            .keys()
            .filter_map(|name| name.strip_suffix("data.pkl"))
            .find(|root| root.is_empty() || root.ends_with('/'))
            .map(str::to_owned)
    }

    /// A reader of an entry's content. It gives no more bytes than the directory says, and an error
    /// instead of its end when there are fewer or the checksum is another.
    pub(crate) fn reader(&self, entry: &Entry) -> Result<Box<dyn Read + '_>, Defect> {
        let found = self.zip.get_entry(entry.place).map_err(damaged)?;
        let stored = found.reader();
        let unpacked: Box<dyn Read + '_> = match entry.method {
            CompressionMethod::STORE => Box::new(stored),
            CompressionMethod::DEFLATE => Box::new(DeflateDecoder::new(BufReader::new(stored))),
            method => return Err(Defect::Archive(format!("{method:?} is not read").into())),
        };
        // `torch.save` can be told to write no checksums (set_crc32_options(False)): they are 0.
        let checked: Box<dyn Read + '_> = match entry.crc {
            0 => unpacked,
            _ => Box::new(found.verifying_reader(unpacked)),
        };
        Ok(Box::new(checked.take(entry.size())))
    }

    /// An entry's whole content.
    pub(crate) fn content(&self, entry: &Entry) -> Result<Vec<u8>, Defect> {
        // The size was checked against the archive's when it was opened.
        let mut bytes = Vec::with_capacity(usize::try_from(entry.size()).unwrap_or(0));
        self.reader(entry)?.read_to_end(&mut bytes)?;
        if bytes.len() as u64 != entry.size() {
            return Err(std::io::Error::from(std::io::ErrorKind::UnexpectedEof).into());
        }
        Ok(bytes)
    }
}

/// The most that an archive of so many bytes may unpack to.
///
/// Deflate packs zeros 1000 to 1, which is what a zip bomb lives on, and trained weights about
/// 1.1 to 1: their lower bits are noise. BVLC GoogLeNet's give 1.08 to 1, and PyTorch packs nothing.
/// The constant leaves room for small archives of round numbers.
fn inflated_limit(length: u64) -> u64 {
    const RATIO: u64 = 4;
    const SMALL: u64 = 1 << 20;
    length.saturating_mul(RATIO).saturating_add(SMALL)
}

fn damaged(source: rawzip::Error) -> Defect {
    Defect::Archive(Box::new(source))
}
