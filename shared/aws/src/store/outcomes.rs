//! What becomes of a message: every change of its state but the claim.
//!
//! A claim is never given back unless the sender definitely did not accept.

use attune_domain::channel::Channel;
use attune_domain::id::MessageId;
use attune_domain::message::{Held, State};
use attune_domain::time::{Span, Timestamp};
use aws_sdk_dynamodb::types::AttributeValue;

use super::claims::Claim;
use super::item::{number, text};
use super::messages::Stored;
use super::schema::{DUE_KEY, TTL};
use super::{Store, StoreError, Table, expiry};

/// How long a settled message is kept.
const KEPT: Span = Span::days(400);

impl Store {
    /// Lets a message wait for a reason, and no longer than it is good for: what is told of the wait is
    /// when the reason is over. Says no if it is no longer as it was read.
    pub async fn hold(
        &self,
        waiting: &Stored,
        held: Held,
        until: Timestamp,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let change = Change { due_by: Some(waiting.message.expires), ..Change::default() };
        self.change(waiting, &State::Held(held, until), change, now).await
    }

    /// Notes a channel on which a message that was not claimed is refused: it is decided anew. Says no
    /// if it is no longer as it was read.
    pub async fn pass_over(
        &self,
        waiting: &Stored,
        refused: Channel,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let change = Change { refused: Some(refused), ..Change::default() };
        self.change(waiting, &State::Pending, change, now).await
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

    /// Writes what became of a claim, also if it was given up in the meantime as `unknown`: its holder
    /// knows. Says no if the message is gone, or was `accepted` after all.
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

    /// Lets a claimed message wait again, as the sender definitely did not accept it, also if the claim
    /// was given up. Says no if the message is gone.
    pub async fn release(
        &self,
        claim: &Claim,
        state: &State,
        refused: Option<Channel>,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let queue = self.queue_of(&claim.message);
        let attempt = Some(claim.attempt.as_str());
        let change = Change { attempt, refused, queue: Some(&queue), ..Change::default() };
        self.change_by_id(&claim.message.id, "sending", state, change, now).await
    }

    /// Turns a claim whose holder ran out of time into `unknown`, and does what else the holder owed.
    pub async fn give_up(&self, sending: &Stored, now: Timestamp) -> Result<bool, StoreError> {
        self.finish_claim(sending, now).await?;
        let change = Change { attempt: sending.attempt.as_deref(), ..Change::default() };
        self.change_by_id(&sending.message.id, "sending", &State::Unknown, change, now).await
    }

    /// Turns `sending` or `unknown` into `accepted`: something came back that only a message can
    /// cause that the sender took. Does first what a holder who died owed.
    pub async fn accepted_after_all(
        &self,
        found: &Stored,
        provider_id: Option<&str>,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        self.finish_claim(found, now).await?;
        let attempt = found.attempt.as_deref();
        let change = Change { attempt, provider_id, ..Change::default() };
        self.change_by_id(&found.message.id, &found.state, &State::Accepted, change, now).await
    }

    /// Changes a message that is still as it was seen.
    async fn change(
        &self,
        waiting: &Stored,
        state: &State,
        change: Change<'_>,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let change = Change { seen: Some(waiting.changed), ..change };
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
            .expression_attribute_values(":now", number(now.millis()));
        if let Some(reason) = state.reason() {
            call = call.expression_attribute_values(":reason", text(reason));
        }
        if let State::Held(held, until) = state {
            call =
                call.expression_attribute_values(":waited", text(format!("{held}, until {until}")));
        }
        let due = due_of(state, now).map(|due| change.due_by.map_or(due, |last| due.min(last)));
        call = match due {
            Some(due) => call.expression_attribute_values(":due", number(due.millis())),
            None => call
                .expression_attribute_names("#queue", DUE_KEY.partition)
                .expression_attribute_names("#expires", TTL)
                .expression_attribute_values(":expires", number(expiry(now + KEPT))),
        };
        if let Some(queue) = change.queue {
            call = call
                .expression_attribute_names("#queue", DUE_KEY.partition)
                .expression_attribute_names("#expires", TTL)
                .expression_attribute_values(":queue", text(queue));
        }
        if let Some(id) = change.provider_id {
            call = call.expression_attribute_values(":provider", text(id));
        }
        if let Some(channel) = change.refused {
            let refused = AttributeValue::Ss(vec![channel.to_string()]);
            call = call.expression_attribute_values(":refused", refused);
        }
        call = match (change.attempt, change.seen) {
            (Some(attempt), _) => call
                .condition_expression("#state IN (:before, :unknown) AND attempt = :attempt")
                .expression_attribute_values(":unknown", text(State::Unknown.as_str()))
                .expression_attribute_values(":attempt", text(attempt)),
            (None, Some(seen)) => call
                .condition_expression("#state = :before AND changed = :seen")
                .expression_attribute_values(":seen", number(seen.millis())),
            (None, None) => call.condition_expression("#state = :before"),
        };
        // Another run may be trying to claim it. A message that was accepted would be given up as unknown.
        Ok(self.update_past_conflicts(call).await?.is_some())
    }
}

/// What else changes with the state.
#[derive(Debug, Clone, Copy, Default)]
struct Change<'a> {
    /// The claim that it ends.
    attempt: Option<&'a str>,
    /// When the message had last changed, where it is decided on what was read of it.
    seen: Option<Timestamp>,
    provider_id: Option<&'a str>,
    refused: Option<Channel>,
    /// Where it waits again, if it may have left there as `unknown`.
    queue: Option<&'a str>,
    /// When something is to be done at the latest.
    due_by: Option<Timestamp>,
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
        // Stays when the wait is over, so that the decision can be told as a whole.
        if let State::Held(..) = state {
            set.push("waited = :waited");
        }
        if state.is_settled() {
            set.push("#expires = :expires");
            remove.extend(["#queue", "due"]);
        } else {
            set.push("due = :due");
            remove.push("attempt");
        }
        if self.queue.is_some() {
            set.push("#queue = :queue");
            remove.push("#expires");
        }
        if self.provider_id.is_some() {
            set.push("provider_id = :provider");
        }
        let add = self.refused.map_or("", |_| " ADD refused :refused");
        format!("SET {} REMOVE {}{add}", set.join(", "), remove.join(", "))
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
