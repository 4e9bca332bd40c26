//! What a decision looks at, loaded.

use attune_aws::store::{AddressRow, Consistency, Store, StoreError, Stored, StoredMessage};
use attune_domain::address::Address;
use attune_domain::booking::Bookings;
use attune_domain::brakes::Brakes;
use attune_domain::channel::Channel;
use attune_domain::decide::{Decision, Situation, decide, held_over, rivals};
use attune_domain::message::{Dropped, Message};
use attune_domain::time::Timestamp;
use attune_domain::unsubscribed::Unsubscribed;

use crate::device;

/// What a decision looks at, loaded.
#[derive(Debug)]
pub(crate) struct Facts<'a> {
    /// The message.
    pub(crate) waiting: &'a StoredMessage,
    /// Whose it is.
    pub(crate) profile: Stored,
    /// Their addresses.
    pub(crate) rows: Vec<(Address, AddressRow)>,
    /// Whether the message was found too long for a text message.
    pub(crate) too_long: bool,
    /// Whether a message that goes first waits.
    outranked: bool,
    brakes: &'a Brakes,
}

impl<'a> Facts<'a> {
    /// Loads the facts about a message, or tells that there is nobody to send it to.
    pub(crate) async fn load(
        store: &Store,
        waiting: &'a StoredMessage,
        brakes: &'a Brakes,
        now: Timestamp,
    ) -> Result<Result<Self, Dropped>, StoreError> {
        let customer = &waiting.message.customer;
        let profile = store.load(customer, Consistency::Strong, now).await?;
        if !profile.exists() {
            return Ok(Err(Dropped::Gone));
        }
        // An id that leads to somebody else by now, as on a device that two people use, is not enough.
        if !profile.profile.is(customer) {
            return Ok(Err(Dropped::SomebodyElse));
        }
        let card = &profile.profile.card;
        let addresses: Vec<Address> =
            Channel::ALL.into_iter().filter_map(|channel| card.address(channel)).collect();
        let rows = store.addresses(&addresses).await?;
        let mut rows: Vec<_> = addresses.into_iter().zip(rows).collect();
        device::revive(store, card, &mut rows).await?;
        let mut facts = Self { waiting, profile, rows, too_long: false, outranked: false, brakes };
        facts.outranked = facts.is_outranked(store, now).await?;
        Ok(Ok(facts))
    }

    /// The message.
    pub(crate) fn message(&self) -> &Message {
        &self.waiting.message
    }

    /// What is known of an address of theirs.
    pub(crate) fn row(&self, address: &Address) -> Option<&AddressRow> {
        self.rows.iter().find(|(known, _)| known == address).map(|(_, row)| row)
    }

    /// What to do about the message, if senders also refused it on these channels.
    pub(crate) fn decide(&self, also_refused: &[Channel], now: Timestamp) -> Decision {
        let refused = [self.waiting.refused.as_slice(), also_refused].concat();
        self.situated(&refused, |situation| decide(situation, now))
    }

    /// Until when the message waits that may not go out before `until`.
    pub(crate) fn held_over(&self, until: Timestamp) -> Timestamp {
        self.situated(&[], |situation| held_over(situation, until))
    }

    /// Whether a message that goes first for the last room under a cap waits.
    async fn is_outranked(&self, store: &Store, now: Timestamp) -> Result<bool, StoreError> {
        let rivals = self.situated(&[], |situation| rivals(situation, now));
        if rivals.is_empty() {
            return Ok(false);
        }
        let rivals = store.messages(&rivals).await?;
        let waits = |rival: &StoredMessage| {
            rival.is_sending() || (rival.is_waiting() && rival.due.is_some_and(|due| due <= now))
        };
        Ok(rivals.iter().any(waits))
    }

    fn situated<T>(&self, refused: &[Channel], ask: impl FnOnce(&Situation<'_>) -> T) -> T {
        let suppressed = self.rows.iter().filter(|(_, row)| row.suppressed.is_some());
        let suppressed: Vec<Address> = suppressed.map(|(address, _)| address.clone()).collect();
        let booked = self.rows.iter().map(|(address, row)| (address, &row.booked));
        let booked: Vec<(&Address, &Bookings)> = booked.collect();
        let unsubscribed = self.rows.iter().filter(|(_, row)| !row.unsubscribed.is_empty());
        let unsubscribed = unsubscribed.map(|(address, row)| (address, &row.unsubscribed));
        let unsubscribed: Vec<(&Address, &Unsubscribed)> = unsubscribed.collect();
        ask(&Situation {
            message: self.message(),
            profile: &self.profile.profile,
            definitions: &self.profile.definitions,
            suppressed: &suppressed,
            booked: &booked,
            unsubscribed: &unsubscribed,
            refused,
            too_long: self.too_long,
            outranked: self.outranked,
            brakes: self.brakes,
        })
    }
}
