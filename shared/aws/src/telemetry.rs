//! Logs: one JSON line an event, with dotted fields; never an address, a token or a body.

use tracing_subscriber::EnvFilter;

/// Starts logging as JSON, for a function in the cloud. `ATTUNE_LOG` sets the level (`info` unless
/// set).
pub fn start() {
    let filter = EnvFilter::try_from_env("ATTUNE_LOG").unwrap_or_else(|_| EnvFilter::new("info"));
    // A second start, as in tests, leaves the first in place.
    tracing_subscriber::fmt()
        .json()
        .with_env_filter(filter)
        .with_current_span(false)
        .without_time()
        .flatten_event(true)
        .try_init()
        .ok();
}
