//! Safetensors: <https://huggingface.co/docs/safetensors>.

mod header;
mod read;
mod write;

pub(crate) use header::looks_like;
pub(crate) use read::read_safetensors;
pub use write::write_safetensors;
