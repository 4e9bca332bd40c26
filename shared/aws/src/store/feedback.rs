//! What was heard of a message, on its row: a set that only grows, so that any order and any
//! repetition of notices gives the same.

use attune_domain::feedback::Heard;
use attune_domain::id::MessageId;
use attune_domain::time::Timestamp;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnConsumedCapacity, ReturnValue};

use super::item::{Read, number, text};
use super::{Store, StoreError, Table};

impl Store {
    /// Adds to what was heard of a message; says whether it was not known before. A message that is
    /// gone by now is not made again. Of a delivery also when it was, the first time that it is told.
    pub async fn hear(
        &self,
        id: &MessageId,
        heard: Heard,
        at: Timestamp,
    ) -> Result<bool, StoreError> {
        let mut call = self
            .client
            .update_item()
            .table_name(self.table(Table::Messages))
            .key("id", text(id.as_str()))
            .update_expression("ADD heard :heard")
            .condition_expression("attribute_exists(id)")
            .expression_attribute_values(":heard", AttributeValue::Ss(vec![heard.to_string()]))
            .return_values(ReturnValue::UpdatedOld)
            .return_consumed_capacity(ReturnConsumedCapacity::Total);
        if heard == Heard::Delivered {
            call = call
                .update_expression(
                    "ADD heard :heard SET delivered_at = if_not_exists(delivered_at, :at)",
                )
                .expression_attribute_values(":at", number(at.millis()));
        }
        match call.send().await {
            Ok(output) => {
                self.meter.writes(&output.consumed_capacity);
                let before = output.attributes.unwrap_or_default();
                let read = Read { table: Table::Messages, item: &before };
                Ok(!read.texts("heard").any(|word| word == heard.as_str()))
            }
            Err(error)
                if matches!(
                    error.as_service_error(),
                    Some(UpdateItemError::ConditionalCheckFailedException(_))
                ) =>
            {
                Ok(false)
            }
            Err(error) => Err(StoreError::of(error)),
        }
    }
}
