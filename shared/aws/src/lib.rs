//! Everything that touches AWS: the store, the senders, configuration, telemetry.

pub mod clock;
pub mod config;
pub mod keys;
pub mod meter;
pub mod pass_machine;
pub mod pseudonym;
pub mod sdk;
pub mod senders;
pub mod store;
pub mod telemetry;
pub mod transport;
