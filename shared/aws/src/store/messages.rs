//! The messages: outbox and send ledger in one.
//!
//! A message is handed to a sender only after a claim: one transaction that moves it to `sending`,
//! writes the profile on the condition of the version that was decided upon, and checks that the
//! address is not suppressed. What was acknowledged before the claim is therefore seen by it, and a
//! message that is being sent is being sent by one process only. A claim is never given back unless
//! the sender definitely did not accept.

use std::time::Duration;

use attune_domain::channel::Channel;
use attune_domain::decide::Choice;
use attune_domain::id::{CustomerId, MessageId};
use attune_domain::message::{Held, Message, State};
use attune_domain::ring::Known;
use attune_domain::step::{Input, step};
use attune_domain::time::{Span, Timestamp};
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::{Put, ReturnConsumedCapacity, TransactWriteItem, Update};

use super::agenda::shard_name;
use super::commit::{Committed, MOST_RACES, Work};
use super::item::{Attributes, Build, Read, number, text};
use super::profiles::Stored as StoredProfile;
use super::schema::{DUE_INDEX, DUE_KEY, TTL};
use super::{Store, StoreError, Table, expiry, items};

/// How long a settled message is kept.
const KEPT: Span = Span::days(400);
/// How long a transaction of somebody else may be at work on a message.
const CONFLICT: Duration = Duration::from_millis(50);

/// A message and where it is on its way, as read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    /// The message.
    pub message: Message,
    /// The word for its state.
    pub state: String,
    /// Why it is there, in words.
    pub reason: Option<String>,
    /// When something is to be done about it; none once it is settled.
    pub due: Option<Timestamp>,
    /// Until when a sender may take, while it is being sent.
    pub deadline: Option<Timestamp>,
    /// How often it was claimed.
    pub attempts: u32,
    /// The claim that holds it, while it is being sent.
    pub attempt: Option<String>,
    /// The channel it was claimed for.
    pub channel: Option<Channel>,
    /// Why this channel.
    pub because: Option<String>,
    /// Channels on which it was refused.
    pub refused: Vec<Channel>,
    /// The sender's own id for it.
    pub provider_id: Option<String>,
    /// When it last changed.
    pub changed: Timestamp,
}

impl Stored {
    /// Whether it waits to be decided upon.
    pub fn is_waiting(&self) -> bool {
        ["pending", "held"].contains(&self.state.as_str())
    }

    /// Whether it is being handed to a sender.
    pub fn is_sending(&self) -> bool {
        self.state == "sending"
    }
}

/// Where a page of due messages ended.
#[derive(Debug, Clone, PartialEq)]
pub struct Page(Attributes);

/// A claimed message: whoever holds this may send it, once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// The message.
    pub message: Message,
    /// Where to.
    pub choice: Choice,
    /// How often it was claimed, this time included.
    pub attempts: u32,
    attempt: String,
}

/// What became of a claim.
#[derive(Debug)]
pub enum Claimed {
    /// It is ours to send.
    Yes(Box<Claim>),
    /// Something changed since the decision: read and decide again.
    DecideAgain,
}

impl Store {
    /// The write that plans a message. It fails if the message is there already, which it cannot
    /// be, as its id holds the number of the entry.
    pub(super) fn plan_item(
        &self,
        message: &Message,
        now: Timestamp,
    ) -> Result<TransactWriteItem, StoreError> {
        let queue = shard_name(self.shard_of(&message.customer));
        let put = Put::builder()
            .table_name(self.table(Table::Messages))
            .set_item(Some(items::message::write_new(message, &queue, now)))
            .condition_expression("attribute_not_exists(id)")
            .build()
            .map_err(StoreError::bug)?;
        Ok(TransactWriteItem::builder().put(put).build())
    }

    /// Messages of a shard about which something is to be done by `now`, the earliest first.
    ///
    /// Every run asks from the beginning, as what is not settled stays in the index; within a run,
    /// `after` goes on behind a page.
    pub async fn due_messages(
        &self,
        shard: u16,
        now: Timestamp,
        after: Option<Page>,
        most: i32,
    ) -> Result<(Vec<MessageId>, Option<Page>), StoreError> {
        let output = self
            .client
            .query()
            .table_name(self.table(Table::Messages))
            .index_name(DUE_INDEX)
            .key_condition_expression("#queue = :queue AND due <= :now")
            .expression_attribute_names("#queue", DUE_KEY.partition)
            .expression_attribute_values(":queue", text(shard_name(shard)))
            .expression_attribute_values(":now", number(now.millis()))
            .set_exclusive_start_key(after.map(|page| page.0))
            .limit(most)
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .await
            .map_err(StoreError::of)?;
        self.meter.reads(&output.consumed_capacity);
        let id = |item| Read { table: Table::Messages, item }.parsed("id", MessageId::parse);
        let ids = output.items().iter().map(id).collect::<Result<_, _>>()?;
        Ok((ids, output.last_evaluated_key.map(Page)))
    }

    /// A message as it is now.
    pub async fn message(&self, id: &MessageId) -> Result<Option<Stored>, StoreError> {
        let output = self
            .client
            .get_item()
            .table_name(self.table(Table::Messages))
            .key("id", text(id.as_str()))
            .consistent_read(true)
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .await
            .map_err(StoreError::of)?;
        self.meter.reads(&output.consumed_capacity);
        output.item.as_ref().map(items::message::read).transpose()
    }

    /// Those of `ids` that were ever planned.
    pub async fn messages(&self, ids: &[MessageId]) -> Result<Vec<Stored>, StoreError> {
        let key = |id: &MessageId| Build::default().text("id", id.as_str()).done();
        let keys: Vec<_> = ids.iter().map(key).collect();
        let items = self.get_all(Table::Messages, &keys, false).await?;
        items.iter().map(items::message::read).collect()
    }

    /// Claims a message for a choice that was made about `profile`. `attempt` names this claim and
    /// no other.
    pub async fn claim(
        &self,
        waiting: &Stored,
        mut profile: StoredProfile,
        choice: Choice,
        attempt: &str,
        deadline: Timestamp,
        now: Timestamp,
    ) -> Result<Claimed, StoreError> {
        let message = waiting.message.clone();
        let keep = profile.definitions.shop.history;
        if profile.profile.core.ring.room() == 0 {
            self.confirm_rows(&mut profile, now).await?;
        }
        let mut event = message.sent_event(choice.address.channel(), now);
        // A message that is claimed again after the sender asked to wait was booked already.
        let known = self.known(&profile.profile, &event).await?;
        let input = match known {
            Known::New => Input::Event(&event),
            Known::Applied(_) | Known::AskHistory => Input::Tick,
        };
        let stepped = step(profile.profile.clone(), input, &profile.definitions, now);
        let mut with = Vec::new();
        if !stepped.behind {
            with.push(self.claim_item(waiting, &choice, attempt, deadline, now)?);
            with.push(self.not_suppressed(&choice.address)?);
        }
        let customer = stepped.profile.id.clone();
        let work = Work {
            stored: profile,
            profile: stepped.profile,
            messages: stepped.messages,
            changes: stepped.changes,
            with,
        };
        match self.commit(work, now).await? {
            Committed::Yes(_) if !stepped.behind => {}
            _ => return Ok(Claimed::DecideAgain),
        }
        if let Known::Applied(booked) = &known {
            event.occurred = booked.occurred;
        }
        let has_row = match known {
            Known::New => false,
            Known::Applied(booked) => booked.row_seen,
            Known::AskHistory => true,
        };
        if !has_row {
            self.put_rows(std::slice::from_ref(&event), &customer, keep).await?;
        }
        let attempts = waiting.attempts + 1;
        let attempt = attempt.to_owned();
        Ok(Claimed::Yes(Box::new(Claim { message, choice, attempts, attempt })))
    }

    fn claim_item(
        &self,
        waiting: &Stored,
        choice: &Choice,
        attempt: &str,
        deadline: Timestamp,
        now: Timestamp,
    ) -> Result<TransactWriteItem, StoreError> {
        let update = Update::builder()
            .table_name(self.table(Table::Messages))
            .key("id", text(waiting.message.id.as_str()))
            .update_expression(
                "SET #state = :sending, attempt = :attempt, attempts = :attempts, \
                 deadline = :deadline, channel = :channel, because = :because, changed = :now \
                 REMOVE reason",
            )
            .condition_expression("#state = :before AND changed = :changed")
            .expression_attribute_names("#state", "state")
            .expression_attribute_values(":before", text(waiting.state.as_str()))
            .expression_attribute_values(":changed", number(waiting.changed.millis()))
            .expression_attribute_values(":sending", text("sending"))
            .expression_attribute_values(":attempt", text(attempt))
            .expression_attribute_values(":attempts", number(waiting.attempts + 1))
            .expression_attribute_values(":deadline", number(deadline.millis()))
            .expression_attribute_values(":channel", text(choice.address.channel().as_str()))
            .expression_attribute_values(":because", text(choice.because.as_str()))
            .expression_attribute_values(":now", number(now.millis()))
            .build()
            .map_err(StoreError::bug)?;
        Ok(TransactWriteItem::builder().update(update).build())
    }

    /// The claim that holds a message, if it is the one that `attempt` names: its answer was lost.
    pub fn own_claim(&self, stored: &Stored, choice: &Choice, attempt: &str) -> Option<Claim> {
        (stored.is_sending() && stored.attempt.as_deref() == Some(attempt)).then(|| Claim {
            message: stored.message.clone(),
            choice: choice.clone(),
            attempts: stored.attempts,
            attempt: attempt.to_owned(),
        })
    }

    /// Lets a message wait for a reason. Says no if it is no longer as it was read.
    pub async fn hold(
        &self,
        waiting: &Stored,
        held: Held,
        until: Timestamp,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        self.change(waiting, &State::Held(held, until), Change::default(), now).await
    }

    /// Settles a message that was not claimed. Says no if it is no longer as it was read.
    pub async fn close(
        &self,
        waiting: &Stored,
        state: &State,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        self.change(waiting, state, Change::default(), now).await
    }

    /// Writes what became of a claim. Says no if the claim was given up in the meantime.
    pub async fn settle(
        &self,
        claim: &Claim,
        state: &State,
        provider_id: Option<&str>,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let change = Change { attempt: Some(&claim.attempt), provider_id, ..Change::default() };
        self.change_by_id(&claim.message.id, "sending", state, change, now).await
    }

    /// Lets a claimed message wait again, as the sender definitely did not accept it.
    pub async fn release(
        &self,
        claim: &Claim,
        state: &State,
        refused: Option<Channel>,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let change = Change { attempt: Some(&claim.attempt), refused, ..Change::default() };
        self.change_by_id(&claim.message.id, "sending", state, change, now).await
    }

    /// Turns a claim whose holder ran out of time into `unknown`, and does what else the holder owed.
    pub async fn give_up(&self, sending: &Stored, now: Timestamp) -> Result<bool, StoreError> {
        self.finish_claim(sending, now).await?;
        let change = Change { attempt: sending.attempt.as_deref(), ..Change::default() };
        self.change_by_id(&sending.message.id, "sending", &State::Unknown, change, now).await
    }

    async fn change(
        &self,
        waiting: &Stored,
        state: &State,
        change: Change<'_>,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        self.change_by_id(&waiting.message.id, &waiting.state, state, change, now).await
    }

    async fn change_by_id(
        &self,
        id: &MessageId,
        before: &str,
        state: &State,
        change: Change<'_>,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let mut call = self
            .client
            .update_item()
            .table_name(self.table(Table::Messages))
            .key("id", text(id.as_str()))
            .update_expression(change.expression(state))
            .expression_attribute_names("#state", "state")
            .expression_attribute_values(":before", text(before))
            .expression_attribute_values(":state", text(state.as_str()))
            .expression_attribute_values(":now", number(now.millis()))
            .return_consumed_capacity(ReturnConsumedCapacity::Total);
        if let Some(reason) = state.reason() {
            call = call.expression_attribute_values(":reason", text(reason));
        }
        call = match due_of(state, now) {
            Some(due) => call.expression_attribute_values(":due", number(due.millis())),
            None => call
                .expression_attribute_names("#queue", DUE_KEY.partition)
                .expression_attribute_names("#expires", TTL)
                .expression_attribute_values(":expires", number(expiry(now + KEPT))),
        };
        if let Some(id) = change.provider_id {
            call = call.expression_attribute_values(":provider", text(id));
        }
        if let Some(channel) = change.refused {
            call = call
                .expression_attribute_values(":refused", text(format!("{channel} ")))
                .expression_attribute_values(":none", text(""));
        }
        call = match change.attempt {
            Some(attempt) => call
                .condition_expression("#state = :before AND attempt = :attempt")
                .expression_attribute_values(":attempt", text(attempt)),
            None => call.condition_expression("#state = :before"),
        };
        for _ in 0..MOST_RACES {
            let error = match call.clone().send().await {
                Ok(output) => {
                    self.meter.writes(&output.consumed_capacity);
                    return Ok(true);
                }
                Err(error) => error,
            };
            match error.as_service_error() {
                Some(UpdateItemError::ConditionalCheckFailedException(_)) => return Ok(false),
                // Another run tries to claim it. The SDK does not ask again for this one, and a
                // message that was accepted would be given up as unknown.
                Some(UpdateItemError::TransactionConflictException(_)) => {
                    tokio::time::sleep(CONFLICT).await;
                }
                _ => return Err(StoreError::of(error)),
            }
        }
        Err(StoreError::Contended(MOST_RACES))
    }

    /// The queue that a customer's messages wait in; for tests of the index.
    pub fn queue_of(&self, customer: &CustomerId) -> u16 {
        self.shard_of(customer)
    }
}

/// What else changes with the state.
#[derive(Debug, Clone, Copy, Default)]
struct Change<'a> {
    attempt: Option<&'a str>,
    provider_id: Option<&'a str>,
    refused: Option<Channel>,
}

impl Change<'_> {
    fn expression(&self, state: &State) -> String {
        let mut set = vec!["#state = :state", "changed = :now"];
        let mut remove = vec!["deadline"];
        if state.reason().is_some() {
            set.push("reason = :reason");
        } else {
            remove.push("reason");
        }
        if state.is_settled() {
            set.push("#expires = :expires");
            remove.extend(["#queue", "due"]);
        } else {
            set.push("due = :due");
            remove.push("attempt");
        }
        if self.provider_id.is_some() {
            set.push("provider_id = :provider");
        }
        if self.refused.is_some() {
            set.push("refused = if_not_exists(refused, :none) + :refused");
        }
        format!("SET {} REMOVE {}", set.join(", "), remove.join(", "))
    }
}

/// When something is to be done about a message that waits.
fn due_of(state: &State, now: Timestamp) -> Option<Timestamp> {
    match state {
        State::Held(_, until) => Some(*until),
        State::Pending | State::Sending(_) => Some(now),
        _ => None,
    }
}
