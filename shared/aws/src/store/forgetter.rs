//! A seam for copies that are kept outside the tables: the outbox of one machine.

use std::fmt;
use std::sync::Arc;

use attune_domain::id::MessageId;

/// Whom to forget.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Traces {
    /// Keys of their addresses.
    pub addresses: Vec<String>,
    /// Their messages.
    pub messages: Vec<MessageId>,
}

/// Called for everybody who is erased, maybe more than once.
#[derive(Clone)]
pub struct Forgetter(Arc<dyn Fn(&Traces) + Send + Sync>);

impl Forgetter {
    /// Calls `forget`.
    pub fn new(forget: impl Fn(&Traces) + Send + Sync + 'static) -> Self {
        Self(Arc::new(forget))
    }

    pub(super) fn tell(&self, traces: &Traces) {
        (self.0)(traces);
    }
}

impl fmt::Debug for Forgetter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Forgetter")
    }
}
