//! Reading, tensor by tensor, so that no more is in memory than the tensors themselves.

use std::io::{BufReader, Read};

use super::header::read_header;
use crate::{
    Defect, Format, Weights,
    checksum::{CHECKSUM_KEY, checksum},
    collector::{Collector, check_shape},
    element::Element,
};

/// Reads a file of so many bytes from its beginning.
pub(crate) fn read_safetensors(reader: impl Read, length: u64) -> Result<Weights, Defect> {
    let damaged = |problem| Defect::Damaged {
        format: Format::Safetensors,
        problem,
    };
    let mut reader = BufReader::new(reader);
    let (header, data) = read_header(&mut reader, length)?;
    let mut entries: Vec<_> = header.tensors.into_iter().collect();
    // The name decides between tensors of no values at one place.
    entries.sort_by_key(|(_, entry)| entry.data_offsets);

    let mut collector = Collector::for_file(length);
    let mut position = 0;
    for (name, entry) in entries {
        let (begin, end) = entry.data_offsets;
        // The format allows neither holes nor overlaps, and neither did the writer mean any.
        if begin != position || end < begin {
            return Err(damaged("its tensors do not follow one another"));
        }
        if end > data {
            return Err(damaged(
                "its tensors reach past the end (is the file cut off?)",
            ));
        }
        position = end;
        let element = match entry.dtype.as_str() {
            "F32" => Element::F32,
            "F16" => Element::F16,
            "BF16" => Element::Bf16,
            _ => {
                let dtype = entry.dtype;
                return Err(Defect::DataType { name, dtype });
            }
        };
        let bytes = end - begin;
        let size = element.size() as u64;
        let count = usize::try_from(bytes / size).unwrap_or(usize::MAX);
        if bytes % size != 0 {
            return Err(damaged("a tensor ends in half a number"));
        }
        check_shape(&name, &entry.shape, count)?;
        let mut values = collector.room(&name, &entry.shape)?;
        element.read(&mut reader, count, &mut values)?;
        collector.insert(name, entry.shape, values)?;
    }
    if position != data {
        return Err(damaged("it does not end where its tensors do"));
    }

    let tensors = collector.into_tensors();
    if let Some(expected) = header.metadata.get(CHECKSUM_KEY) {
        let found = checksum(&tensors, &header.metadata);
        if *expected != found {
            let expected = expected.clone();
            return Err(Defect::Checksum { expected, found });
        }
    }
    Ok(Weights {
        format: Format::Safetensors,
        tensors,
        labels: None,
        metadata: header.metadata,
    })
}
