//! Messages out: load → decide → write → claim → send → settle.
//!
//! At most one accepted send for each program, customer and entry; exactly one recorded outcome. In
//! the short moment in which nobody can know, the outcome is `unknown`, and the message is not sent
//! again.

mod code;
mod device;
mod facts;
mod hand_over;
mod noted;
mod outcome;
mod run;
mod send;
mod sweep;
mod text;
mod wire;

use attune_aws::clock::Clock;
use attune_aws::senders::Senders;
use attune_aws::store::Store;
use attune_domain::link::Links;

pub use outcome::{Dispatched, Outcome};
pub use run::Run;
pub use send::dispatch;
pub use sweep::sweep;
pub use wire::Tick;

/// What the function works with.
#[derive(Debug, Clone)]
pub struct Deps {
    /// The store.
    pub store: Store,
    /// SES and SNS.
    pub senders: Senders,
    /// The time.
    pub clock: Clock,
    /// Links in messages; without them one unsubscribes by mail.
    pub links: Option<Links>,
    /// Names this run and no other, so that a claim whose answer was lost can be recognised.
    pub run: String,
}
