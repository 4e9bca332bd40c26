//! Tells somebody what came of every step, such as a replay that writes it down.

use std::fmt;
use std::sync::Arc;

use attune_domain::message::Message;
use attune_domain::step::MembershipChange;

type Tell = dyn Fn(&[MembershipChange], &[Message]) + Send + Sync;

/// Is told what came of a step, once that is durable: memberships that changed, and messages that
/// were planned. Both may be told twice, as a write whose answer was lost is found to be there.
#[derive(Clone)]
pub struct Observer(Arc<Tell>);

impl Observer {
    /// One that calls `tell`.
    pub fn new(tell: impl Fn(&[MembershipChange], &[Message]) + Send + Sync + 'static) -> Self {
        Self(Arc::new(tell))
    }

    pub(super) fn tell(&self, changes: &[MembershipChange], messages: &[Message]) {
        (self.0)(changes, messages);
    }
}

impl fmt::Debug for Observer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Observer")
    }
}
