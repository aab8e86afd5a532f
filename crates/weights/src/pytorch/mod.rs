//! Reading of state dicts that `torch.save` wrote.
//!
//! The crate has a reader of its own, because pytorch-reader (which burn uses) bounds a hostile
//! file by constants (100 MiB of pickle, a million copied values, 10 GiB for a tensor), while
//! [`read`](crate::read) promises a small multiple of the file's size. Of two tensors with the same
//! name, pytorch-reader keeps the last. A guard in front of pytorch-reader would need an
//! interpreter of the same opcodes; this module is that interpreter, limited to the opcodes of a
//! state dict. The tests compare the results of both readers.

mod containers;
mod machine;
mod objects;
mod opcodes;
mod state_dict;
mod tensors;

pub(crate) use containers::{read_torch_archive, read_torch_legacy};
