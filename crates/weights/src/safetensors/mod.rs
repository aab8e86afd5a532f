//! The safetensors format (<https://huggingface.co/docs/safetensors>).

mod header;
mod read;
mod write;

pub(crate) use header::is_safetensors;
pub(crate) use read::read_safetensors;
pub use write::write_safetensors;
