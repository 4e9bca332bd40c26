//! What tests stand on. Development only: nothing that ships depends on this crate.

pub mod faults;
pub mod workload;
mod world;

pub use world::{BEGIN, KEYS, World, at};
