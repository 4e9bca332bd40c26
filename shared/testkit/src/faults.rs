//! The bad days of a cloud, on one thread, in virtual time, from one seed.
//!
//! The stand-ins of `attune-embedded` are obedient. What breaks real systems is put between them
//! and the SDK here, so that what is tested is the shipped code with the shipped client:
//!
//! - [`Faulty`] is the weather of one process. Each call of it meets a [`Fate`]: carried out, lost
//!   before or after its effect, refused, throttled, in conflict, done in part, late, or the last
//!   thing the process ever did. A [`Script`] chooses, and [`Faults`] is the test's hand on it.
//! - [`Lagging`] is the nature of one database: reads that are not asked to be consistent see what
//!   was true up to five seconds ago, and indexes follow late.
//!
//! ```text
//! SDK ── Faulty (one per process) ── Router ── Lagging ── Engine
//!                                       └───── Capture
//! ```
//!
//! Time is `tokio::time`, so a test that starts with time paused sleeps for no real time, and the
//! SDK's own timeouts and back-off run on the same clock. Nothing is drawn from anywhere but the
//! seed: a seed that fails once fails always.

mod call;
mod fate;
mod faulty;
mod hand;
mod knobs;
mod lagging;
mod partial;

pub use call::Call;
pub use fate::{Fate, Point, Reason, Trouble};
pub use faulty::Faulty;
pub use hand::{Faults, Run, Script};
pub use knobs::{Knobs, Weather};
pub use lagging::{Lag, Lagging};

#[cfg(test)]
mod tests;
