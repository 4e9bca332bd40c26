//! What tests stand on. Development only: nothing that ships depends on this crate.
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::missing_panics_doc,
    reason = "only tests stand on this, and a test fails by panicking"
)]

#[cfg(feature = "world")]
pub mod faults;
pub mod workload;
#[cfg(feature = "world")]
mod world;

#[cfg(feature = "world")]
pub use world::{BEGIN, KEYS, World, at};
