//! What the business knows, and nothing else: no clock, no randomness, no I/O, no AWS, no async.

pub mod answer;
pub mod digest;
pub mod event;
pub mod feature;
pub mod id;
pub mod identity;
pub mod limits;
pub mod moment;
pub mod number;
pub mod problem;
pub mod time;
pub mod value;
pub mod zone;
