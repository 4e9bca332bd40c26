//! Writing what came of a step.
//!
//! The order, and what a crash between two writes leaves behind:
//!
//! 1. **Agenda row**, if the profile must be woken earlier than its row says. Alone it is a spurious
//!    wake-up, which does no harm.
//! 2. **Card and cart**, if they changed. They are joins, so applying the event again changes them
//!    no further; and nothing is judged from them, so they may be ahead of the core. Only a merge
//!    writes them together with the core: a card that knows another id says that it was merged.
//! 3. **Core**, on the condition that nobody wrote it since it was read. With this the event has
//!    taken effect. Messages are planned in the same transaction.
//! 4. **History rows**. An id in the ring without a row is a retry's to repair.
//! 5. **Memberships and addresses**, which are projections of the profile: repaired by the retry,
//!    by the second visit of the agenda, and by the census.
//! 6. **Agenda rows that were overtaken** are taken off. One that stays is a spurious wake-up.
//!
//! Only then is the request answered.

use attune_domain::message::Message;
use attune_domain::profile::Profile;
use attune_domain::step::MembershipChange;
use attune_domain::time::Timestamp;
use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{CancellationReason, ReturnConsumedCapacity, TransactWriteItem};

use super::item::Attributes;
use super::profiles::{Stored, Versions, core_item, part_item};
use super::{Store, StoreError, items};

/// Tries before a write that others keep interfering with is given up.
pub(super) const MOST_RACES: usize = 5;

/// What a commit brought.
#[derive(Debug)]
pub enum Committed {
    /// It is written; this is what the store has now.
    Yes(Box<Stored>),
    /// Somebody else wrote in between: read again, step again.
    LostRace,
    /// The other items of the transaction did not allow it; the profile is as it was.
    Refused,
}

/// What is to be written.
pub(super) struct Work {
    /// What was read.
    pub(super) stored: Stored,
    /// What it became.
    pub(super) profile: Profile,
    /// Messages to plan with it.
    pub(super) messages: Vec<Message>,
    /// Memberships that changed.
    pub(super) changes: Vec<MembershipChange>,
    /// Other items of the same transaction.
    pub(super) with: Vec<TransactWriteItem>,
    /// Whether a wake-up is being visited, which uses up its row.
    pub(super) visits: bool,
}

impl Work {
    /// The card and the cart, if they changed, each with the version that it must be at.
    fn changed_parts(&self) -> Vec<(Attributes, u64)> {
        let Work { stored, profile, .. } = self;
        let (id, versions) = (&profile.id, &stored.versions);
        let card = (profile.card != stored.card).then(|| {
            let json = items::card::write(&profile.card);
            (part_item(id, "card", json, versions.card + 1), versions.card)
        });
        let cart = (profile.cart != stored.cart).then(|| {
            let json = items::cart::write(&profile.cart);
            (part_item(id, "cart", json, versions.cart + 1), versions.cart)
        });
        card.into_iter().chain(cart).collect()
    }

    /// The versions once the changed parts are written.
    fn versions_of_parts(&self) -> Versions {
        let Versions { core, card, cart } = self.stored.versions;
        Versions {
            core,
            card: card + u64::from(self.profile.card != self.stored.card),
            cart: cart + u64::from(self.profile.cart != self.stored.cart),
        }
    }
}

impl Store {
    /// Writes steps 1 to 3, 5 and 6; the history rows are the caller's.
    pub(super) async fn commit(
        &self,
        mut work: Work,
        now: Timestamp,
    ) -> Result<Committed, StoreError> {
        let overtaken = self.plan_wake_up(&mut work, now).await?;
        if !self.write_parts(&mut work).await? {
            return Ok(Committed::LostRace);
        }
        let mut versions = work.versions_of_parts();
        match self.write_core(&work, &mut versions, now).await? {
            Wrote::Yes => {}
            Wrote::LostRace | Wrote::AlreadyPlanned => return Ok(Committed::LostRace),
            Wrote::Refused => return Ok(Committed::Refused),
        }
        if let Some(observer) = &self.observer {
            observer.tell(&work.changes, &work.messages);
        }
        self.project_memberships(&work.changes, now).await?;
        self.project_addresses(&work.profile.id, &work.stored.card, &work.profile.card).await?;
        self.take_off_agenda(&work.profile.id, &overtaken, versions.core).await;
        let definitions = work.stored.definitions;
        let (card, cart) = (work.profile.card.clone(), work.profile.cart.clone());
        Ok(Committed::Yes(Box::new(Stored {
            profile: work.profile,
            definitions,
            versions,
            erased: false,
            card,
            cart,
        })))
    }

    /// Writes the card and the cart if they changed. Says no if somebody else did.
    async fn write_parts(&self, work: &mut Work) -> Result<bool, StoreError> {
        let whole = !work.with.is_empty();
        for (item, version) in work.changed_parts() {
            if whole {
                let put = self.put_of(item, version)?;
                work.with.push(TransactWriteItem::builder().put(put).build());
            } else if !self.put_if_version(item, version).await? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    async fn write_core(
        &self,
        work: &Work,
        versions: &mut Versions,
        now: Timestamp,
    ) -> Result<Wrote, StoreError> {
        let item = core_item(&work.profile, &work.stored.definitions, versions.core + 1);
        if work.messages.is_empty() && work.with.is_empty() {
            if !self.put_if_version(item, versions.core).await? {
                return Ok(Wrote::LostRace);
            }
        } else {
            match self.write_together(work, item, versions.core, &work.messages, now).await? {
                Wrote::Yes => {}
                Wrote::AlreadyPlanned => {
                    let new = self.not_planned_yet(&work.messages).await?;
                    let item =
                        core_item(&work.profile, &work.stored.definitions, versions.core + 1);
                    let wrote = self.write_together(work, item, versions.core, &new, now).await?;
                    if wrote != Wrote::Yes {
                        return Ok(wrote);
                    }
                }
                other => return Ok(other),
            }
        }
        versions.core += 1;
        Ok(Wrote::Yes)
    }

    /// Writes the core, plans messages, and does what else belongs to it, all or nothing.
    async fn write_together(
        &self,
        work: &Work,
        core: Attributes,
        version: u64,
        messages: &[Message],
        now: Timestamp,
    ) -> Result<Wrote, StoreError> {
        let put = self.put_of(core.clone(), version)?;
        let mut writes = vec![TransactWriteItem::builder().put(put).build()];
        for message in messages {
            writes.push(self.plan_item(message, now)?);
        }
        let planned = writes.len();
        writes.extend(work.with.iter().cloned());
        let output = self
            .client
            .transact_write_items()
            .set_transact_items(Some(writes))
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .await;
        match output {
            Ok(output) => {
                self.meter.writes(output.consumed_capacity());
                Ok(Wrote::Yes)
            }
            Err(SdkError::ServiceError(error)) => match error.into_err() {
                TransactWriteItemsError::TransactionCanceledException(cancelled) => {
                    Ok(Wrote::of(cancelled.cancellation_reasons(), &core, planned))
                }
                error => Err(StoreError::of::<_, ()>(SdkError::service_error(error, ()))),
            },
            Err(error) => Err(StoreError::of(error)),
        }
    }

    /// The messages that have no row. One that has was planned for an entry of the same number
    /// before the profile was lost or restored; one message per entry is the rule.
    async fn not_planned_yet(&self, messages: &[Message]) -> Result<Vec<Message>, StoreError> {
        let ids: Vec<_> = messages.iter().map(|message| message.id.clone()).collect();
        let there = self.messages(&ids).await?;
        let new = |message: &&Message| !there.iter().any(|known| known.message.id == message.id);
        Ok(messages.iter().filter(new).cloned().collect())
    }
}

/// What a conditional write did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wrote {
    Yes,
    LostRace,
    AlreadyPlanned,
    Refused,
}

impl Wrote {
    /// What a cancelled transaction means: the core comes first, then `planned - 1` messages, then
    /// what belongs to the caller.
    ///
    /// A core that is already exactly what we mean to write says that our own transaction came
    /// through and its answer was lost; but not when there is more to it, as then another process
    /// may have meant to write the same core and something else beside it.
    fn of(reasons: &[CancellationReason], core: &Attributes, planned: usize) -> Self {
        let failed = |reason: &CancellationReason| reason.code() == Some("ConditionalCheckFailed");
        let alone = reasons.len() == planned;
        match reasons.first().filter(|first| failed(first)) {
            Some(first) if alone && first.item() == Some(core) => Self::Yes,
            Some(_) => Self::LostRace,
            None if reasons.iter().take(planned).any(failed) => Self::AlreadyPlanned,
            None if reasons.iter().any(failed) => Self::Refused,
            // A conflict with another transaction, or throttling.
            None => Self::LostRace,
        }
    }
}
