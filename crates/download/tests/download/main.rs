//! Downloads from a server on this machine that behaves well, badly, or not at all.

mod broken;
mod cache;
mod interrupted;
mod kit;
mod routes;
mod server;
mod settings;
mod together;
mod whole;
