//! Reading of safetensors, tensor by tensor, so that memory holds only the tensors themselves.

use std::io::{BufReader, Read, sink};

use super::header::read_header;
use crate::{
    Defect, Format, Weights,
    checksum::{CHECKSUM_KEY, checksum},
    collector::{Collector, check_shape},
    element::Element,
};

/// Reads a file of `length` bytes from its beginning.
pub(crate) fn read_safetensors(reader: impl Read, length: u64) -> Result<Weights, Defect> {
    let damaged = |problem| Defect::Damaged {
        format: Format::Safetensors,
        problem,
    };
    let mut reader = BufReader::new(reader);
    let (header, data) = read_header(&mut reader, length)?;
    let mut entries: Vec<_> = header.tensors.into_iter().collect();
    // Tensors without values may share an offset; the stable sort keeps them in order of name.
    entries.sort_by_key(|(_, entry)| entry.data_offsets);

    let mut collector = Collector::for_file(length);
    let mut position = 0;
    let mut has_integers = false;
    for (name, entry) in entries {
        let (begin, end) = entry.data_offsets;
        // The format allows neither gaps nor overlaps.
        if begin != position || end < begin {
            return Err(damaged("its tensors are not contiguous"));
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
            "F64" => Element::F64,
            // Counters and the like, which are no weights.
            "BOOL" | "I8" | "U8" | "I16" | "U16" | "I32" | "U32" | "I64" | "U64" => {
                has_integers = true;
                let skipped = std::io::copy(&mut reader.by_ref().take(end - begin), &mut sink())?;
                if skipped != end - begin {
                    return Err(damaged("it is cut off"));
                }
                continue;
            }
            _ => {
                let dtype = entry.dtype;
                return Err(Defect::DataType { name, dtype });
            }
        };
        let bytes = end - begin;
        let size = element.size() as u64;
        let count = usize::try_from(bytes / size).unwrap_or(usize::MAX);
        if bytes % size != 0 {
            return Err(damaged("a tensor ends within a number"));
        }
        check_shape(&name, &entry.shape, count)?;
        let mut values = collector.allocate(&name, &entry.shape)?;
        element.read(&mut reader, count, &mut values)?;
        collector.insert(name, entry.shape, values)?;
    }
    if position != data {
        return Err(damaged("it does not end with its last tensor"));
    }

    let tensors = collector.into_tensors();
    if tensors.is_empty() && has_integers {
        return Err(Defect::NoWeights {
            format: Format::Safetensors,
        });
    }
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
        skipped: Vec::new(),
    })
}
