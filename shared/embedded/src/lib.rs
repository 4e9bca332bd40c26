//! AWS on one machine: what `attune` runs on, and what tests run on.
//!
//! Each stand-in is a [`Transport`](attune_aws::transport::Transport), so the unchanged AWS SDK
//! speaks to it in process: requests are serialised and replies and errors are parsed by the
//! shipped code, and only the socket is gone.
//!
//! The stand-ins are obedient: always consistent, never throttled, never in conflict. Whoever wants
//! the weather of a real cloud wraps them in the testkit's faults.

pub mod capture;
pub mod engine;
#[cfg(test)]
mod fixtures;
pub mod forget;
#[cfg(feature = "http")]
pub mod listen;
pub mod outbox;
pub mod router;
pub mod service;

pub use capture::{Account, Capture};
pub use engine::{Engine, EngineError};
pub use forget::forgetter;
pub use outbox::Outbox;
pub use router::Router;
