//! Writing what came of a step.
//!
//! The order, and what a crash between two writes leaves behind:
//!
//! 1. **Agenda row**, if the profile must be woken earlier than its row says. Alone it is a spurious
//!    wake-up, which does no harm.
//! 2. **Card and cart**, if they changed. They are joins, so applying the event again changes them
//!    no further; and nothing is judged from them, so they may be ahead of the core, and never behind
//!    it. Only a merge writes them together with the core: a card that knows another id says that it was
//!    merged. A small cart is written with the core, in its item.
//! 3. **Core**, on the condition that nobody wrote it since it was read. With this the event has
//!    taken effect. Messages are planned in the same transaction.
//! 4. **Memberships and addresses**, which are projections of the profile: repaired by the retry,
//!    by the second visit of the agenda, and by the census.
//! 5. **Agenda rows that were overtaken** are taken off. One that stays is a spurious wake-up.
//! 6. **History rows**. One says that nothing is left to do. An id in the ring without a row is
//!    repaired by a retry, or by whoever finds the ring crowded.
//!
//! Only then is the request answered.

use attune_domain::message::Message;
use attune_domain::packed;
use attune_domain::profile::Profile;
use attune_domain::step::MembershipChange;
use attune_domain::time::Timestamp;
use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{CancellationReason, ReturnConsumedCapacity, TransactWriteItem};

use super::item::Attributes;
use super::profiles::{Stored, Versions, part_item};
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

/// The parts that a profile is written in.
struct Parts {
    core: Attributes,
    /// The card and the cart, if they have to be written.
    card: Option<Attributes>,
    cart: Option<Attributes>,
    cart_inside: bool,
    /// The versions once they are written.
    versions: Versions,
}

impl Parts {
    fn of(work: &Work) -> Self {
        let Work { stored, profile, .. } = work;
        let (id, before) = (&profile.id, &stored.versions);
        let core = packed::pack(&profile.core, id, &stored.definitions);
        let card = (profile.card != stored.card).then(|| {
            let item = part_item(id, "card", before.card + 1);
            item.text("json", items::card::write(&profile.card)).done()
        });
        // A cart that is in its own item, and does not change, may not even have been read.
        let cart = (stored.cart_inside || profile.cart != stored.cart)
            .then(|| packed::pack_cart(&profile.cart));
        let version = before.core + 1;
        let fits =
            |cart: &Vec<u8>| packed::item_bytes_with_cart(&core, cart, id, version).is_some();
        let (inside, outside) = match cart {
            Some(cart) if fits(&cart) => (Some(cart), None),
            cart => (None, cart),
        };
        let versions = Versions {
            core: version,
            card: before.card + u64::from(card.is_some()),
            cart: before.cart + u64::from(outside.is_some()),
        };
        let cart_inside = inside.is_some();
        let mut item = part_item(id, "core", versions.core).bytes("packed", core);
        if let Some(cart) = inside {
            item = item.bytes("cart", cart);
        }
        let cart =
            outside.map(|cart| part_item(id, "cart", versions.cart).bytes("packed", cart).done());
        Self { core: item.done(), card, cart, cart_inside, versions }
    }
}

impl Store {
    /// Writes steps 1 to 5; the history rows are the caller's.
    pub(super) async fn commit(
        &self,
        mut work: Work,
        now: Timestamp,
    ) -> Result<Committed, StoreError> {
        let overtaken = self.plan_wake_up(&mut work, now).await?;
        let mut parts = Parts::of(&work);
        if !self.write_card_and_cart(&mut work, &mut parts).await? {
            return Ok(Committed::LostRace);
        }
        let Parts { core, cart_inside, versions, .. } = parts;
        match self.write_core(&work, core, now).await? {
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
            cart_inside,
        })))
    }

    /// Writes the card and the cart if they have to be. Says no if somebody else did.
    async fn write_card_and_cart(
        &self,
        work: &mut Work,
        parts: &mut Parts,
    ) -> Result<bool, StoreError> {
        let whole = !work.with.is_empty();
        let before = work.stored.versions;
        let both = [(parts.card.take(), before.card), (parts.cart.take(), before.cart)];
        for (item, version) in both {
            let Some(item) = item else { continue };
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
        core: Attributes,
        now: Timestamp,
    ) -> Result<Wrote, StoreError> {
        if work.messages.is_empty() && work.with.is_empty() {
            let written = self.put_if_version(core, work.stored.versions.core).await?;
            return Ok(if written { Wrote::Yes } else { Wrote::LostRace });
        }
        match self.write_together(work, core.clone(), &work.messages, now).await? {
            Wrote::AlreadyPlanned => {
                let new = self.not_planned_yet(&work.messages).await?;
                self.write_together(work, core, &new, now).await
            }
            wrote => Ok(wrote),
        }
    }

    /// Writes the core, plans messages, and does what else belongs to it, all or nothing.
    async fn write_together(
        &self,
        work: &Work,
        core: Attributes,
        messages: &[Message],
        now: Timestamp,
    ) -> Result<Wrote, StoreError> {
        let put = self.put_of(core.clone(), work.stored.versions.core)?;
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
