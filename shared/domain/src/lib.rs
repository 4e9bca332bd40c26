//! What the business knows, and nothing else: no clock, no randomness, no I/O, no AWS, no async.

pub mod address;
pub mod answer;
pub mod card;
pub mod cart;
pub mod channel;
pub mod content;
pub mod decide;
pub mod definitions;
pub mod digest;
pub mod event;
pub mod feature;
pub mod id;
pub mod identity;
pub mod limits;
pub mod membership;
pub mod message;
pub mod moment;
pub mod money;
pub mod number;
pub mod order_event;
pub mod packed;
pub mod plan;
pub mod problem;
pub mod profile;
pub mod program;
pub mod ring;
pub mod rule;
pub mod starter;
pub mod step;
#[cfg(test)]
mod testing;
pub mod time;
pub mod value;
pub mod wake_ups;
pub mod zone;
