//! The payload of the schedule.

use serde::Deserialize;

/// What the schedule sends; there is nothing to say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub struct Tick {}
