//! What tests stand on. Development only: nothing that ships depends on this crate.

#[cfg(feature = "world")]
pub mod faults;
pub mod workload;
#[cfg(feature = "world")]
mod world;

#[cfg(feature = "world")]
pub use world::{BEGIN, KEYS, World, at};
