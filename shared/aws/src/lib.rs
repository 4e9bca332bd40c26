//! Everything that touches AWS: the store, the senders, configuration, telemetry.

pub mod sdk;
pub mod transport;
