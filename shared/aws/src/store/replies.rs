//! The one text that answers a STOP, START or HELP: a row of the send ledger like any message's.
//!
//! Its id is derived from the text it answers, so a notice that comes twice meets the row of the
//! first. It is claimed, sent once, and settled. Who meets a claim of somebody else cannot know
//! whether it was sent, and leaves it as `unknown`. It does not say whom it went to: nobody asks, and
//! it would have to go when they are erased.

use attune_domain::digest::name128;
use attune_domain::message::State;
use attune_domain::time::{Span, Timestamp};
use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::delete_item::DeleteItemError;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::types::ReturnConsumedCapacity;

use super::item::{Build, number, text};
use super::schema::TTL;
use super::{Store, StoreError, Table, expiry};

/// How long such a row is kept: far longer than any notice is repeated.
const KEPT: Span = Span::days(30);

/// An answer that is ours to send, once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReplyClaim {
    id: String,
    attempt: String,
}

impl Store {
    /// Claims the answer to the text that carriers call `inbound`. `attempt` names this claim and no
    /// other. `None` if it was claimed before.
    pub async fn claim_reply(
        &self,
        inbound: &str,
        attempt: &str,
        now: Timestamp,
    ) -> Result<Option<ReplyClaim>, StoreError> {
        let id = format!("rep_{}", name128(&["reply", inbound]));
        let item = Build::default()
            .text("id", &id)
            .text("state", "sending")
            .text("attempt", attempt)
            .time("changed", now)
            .number(TTL, expiry(now + KEPT));
        let put = self
            .client
            .put_item()
            .table_name(self.table(Table::Messages))
            .set_item(Some(item.done()))
            .condition_expression("attribute_not_exists(id) OR attempt = :attempt")
            .expression_attribute_values(":attempt", text(attempt))
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .await;
        match put {
            Ok(output) => {
                self.meter.writes(&output.consumed_capacity);
                Ok(Some(ReplyClaim { id, attempt: attempt.to_owned() }))
            }
            Err(SdkError::ServiceError(error))
                if matches!(error.err(), PutItemError::ConditionalCheckFailedException(_)) =>
            {
                let lost = ReplyClaim { id, attempt: String::new() };
                self.change_reply(&lost, &State::Unknown, None, "#state = :sending", now).await?;
                Ok(None)
            }
            Err(error) => Err(StoreError::of(error)),
        }
    }

    /// Writes what became of an answer.
    pub async fn settle_reply(
        &self,
        claim: &ReplyClaim,
        state: &State,
        provider_id: Option<&str>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.change_reply(claim, state, provider_id, "attempt = :attempt", now).await
    }

    /// Gives an answer back that the sender definitely did not take, so that it is claimed again. If
    /// somebody did so already, it is theirs: the SDK repeats a delete whose answer was lost.
    pub async fn release_reply(&self, claim: &ReplyClaim) -> Result<(), StoreError> {
        let deleted = self
            .client
            .delete_item()
            .table_name(self.table(Table::Messages))
            .key("id", text(&claim.id))
            .condition_expression("attempt = :attempt")
            .expression_attribute_values(":attempt", text(&claim.attempt))
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .await;
        match deleted {
            Ok(output) => self.meter.writes(&output.consumed_capacity),
            Err(SdkError::ServiceError(error))
                if matches!(error.err(), DeleteItemError::ConditionalCheckFailedException(_)) => {}
            Err(error) => return Err(StoreError::of(error)),
        }
        Ok(())
    }

    async fn change_reply(
        &self,
        claim: &ReplyClaim,
        state: &State,
        provider_id: Option<&str>,
        condition: &str,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let mut call = self
            .client
            .update_item()
            .table_name(self.table(Table::Messages))
            .key("id", text(&claim.id))
            .condition_expression(condition)
            .expression_attribute_names("#state", "state")
            .expression_attribute_values(":state", text(state.as_str()))
            .expression_attribute_values(":now", number(now.millis()));
        call = match condition.contains(":sending") {
            true => call.expression_attribute_values(":sending", text("sending")),
            false => call.expression_attribute_values(":attempt", text(&claim.attempt)),
        };
        call = match provider_id {
            Some(id) => call
                .update_expression("SET #state = :state, changed = :now, provider_id = :provider")
                .expression_attribute_values(":provider", text(id)),
            None => call.update_expression("SET #state = :state, changed = :now"),
        };
        // An answer that was accepted would be taken for one of which nobody knows.
        self.update_past_conflicts(call).await.map(drop)
    }
}
