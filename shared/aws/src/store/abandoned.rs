//! Claims whose holder died: what the holder owed beside the outcome.
//!
//! A claim books the message on the profile in its transaction; the history row of that event and
//! the membership rows come after it. Nobody retries a claim, so whoever gives it up does this
//! first.

use attune_domain::event::Event;
use attune_domain::time::Timestamp;

use super::messages::Stored;
use super::profiles::Consistency;
use super::{Store, StoreError};

impl Store {
    /// Writes what follows a claim, unless its row is known to be there, which comes last.
    pub async fn finish_claim(&self, sending: &Stored, now: Timestamp) -> Result<(), StoreError> {
        let Some(channel) = sending.channel else { return Ok(()) };
        let profile = self.load(sending.whose(), Consistency::Strong, now).await?;
        let class = profile.definitions.class_of(&sending.message.program);
        let event = sending.message.sent_event(sending.whose(), channel, class, now);
        let mut entries = profile.profile.core.ring.entries().iter();
        let Some(booked) = entries.find(|entry| entry.id == event.id) else { return Ok(()) };
        let event = Event { occurred: booked.occurred, filed: booked.filed.clone(), ..event };
        self.project_again(&profile, now).await?;
        let keep = profile.definitions.shop.history;
        self.put_rows(std::slice::from_ref(&event), &profile.profile.id, keep).await
    }
}
