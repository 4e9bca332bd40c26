//! How many test messages were sent today: they are in no ledger, and must not become a way around
//! it.

use attune_domain::time::Timestamp;
use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::ReturnConsumedCapacity;

use super::item::{number, text};
use super::{Store, StoreError, Table};

impl Store {
    /// Counts a test that is about to be sent. Says no if the day, by UTC, had `most` already.
    pub async fn count_test(&self, most: u32, now: Timestamp) -> Result<bool, StoreError> {
        let today = now.to_string().chars().take(10).collect::<String>();
        let one_more = "SET sent = sent + :one, on_day = :today";
        if self.count_if(one_more, "on_day = :today AND sent < :most", &today, most).await? {
            return Ok(true);
        }
        let first = "SET sent = :one, on_day = :today";
        let new_day = "(attribute_not_exists(on_day) OR on_day < :today) AND :one <= :most";
        self.count_if(first, new_day, &today, most).await
    }

    async fn count_if(
        &self,
        update: &str,
        condition: &str,
        today: &str,
        most: u32,
    ) -> Result<bool, StoreError> {
        let output = self
            .client
            .update_item()
            .table_name(self.table(Table::Workspace))
            .key("kind", text("tests"))
            .key("id", text("today"))
            .update_expression(update)
            .condition_expression(condition)
            .expression_attribute_values(":one", number(1))
            .expression_attribute_values(":today", text(today))
            .expression_attribute_values(":most", number(most))
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .await;
        match output {
            Ok(output) => {
                self.meter.writes(&output.consumed_capacity);
                Ok(true)
            }
            Err(SdkError::ServiceError(error))
                if matches!(error.err(), UpdateItemError::ConditionalCheckFailedException(_)) =>
            {
                Ok(false)
            }
            Err(error) => Err(StoreError::of(error)),
        }
    }
}
