//! What tests stand on. Development only: nothing that ships depends on this crate.

pub mod faults;
mod world;

pub use world::{BEGIN, KEYS, World, at};
