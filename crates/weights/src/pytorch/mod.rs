//! State dicts that `torch.save` wrote.
//!
//! Why an own reader: pytorch-reader (the one behind burn) is good, and bounds what a hostile file
//! can do by constants (100 MiB of pickle, a million copied values)
//! and a tensor by 10 GiB, where [`read`](crate::read) promises a small multiple of the file. It
//! also keeps the last of two tensors of one name. To guard in front of it would take an
//! interpreter of the same opcodes; this is that interpreter, for what a state dict needs. The
//! tests hold the two against each other.

mod containers;
mod machine;
mod objects;
mod opcodes;
mod state_dict;
mod tensors;

pub(crate) use containers::{read_torch_archive, read_torch_legacy};
