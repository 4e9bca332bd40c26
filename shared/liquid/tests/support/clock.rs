//! The time that work takes, whatever else the machine does meanwhile.

use std::sync::OnceLock;
use std::time::{Duration, Instant};

/// The time that this thread has worked, where the system tells it, so that other work on the
/// machine does not count; else the time of day.
pub(crate) fn worked() -> Duration {
    static BEGUN: OnceLock<Instant> = OnceLock::new();
    let worked = std::fs::read_to_string("/proc/thread-self/schedstat").ok();
    let worked =
        worked.and_then(|text| text.split(' ').next()?.parse().ok()).map(Duration::from_nanos);
    worked.unwrap_or_else(|| BEGUN.get_or_init(Instant::now).elapsed())
}
