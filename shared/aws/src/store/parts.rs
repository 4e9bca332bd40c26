//! Conditional writes of the parts of a profile: each has a version of its own, and a write that
//! does not know the current one does nothing.

use attune_domain::id::CustomerId;
use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::types::{
    AttributeValue, Put, ReturnConsumedCapacity, ReturnValuesOnConditionCheckFailure,
};

use super::item::{Attributes, number, text};
use super::{Store, StoreError, Table};
impl Store {
    /// Puts a part of a profile if it is still at `version`. If it is already exactly what we mean
    /// to write, then our own write came through and its answer was lost.
    pub(super) async fn put_if_version(
        &self,
        item: Attributes,
        version: u64,
    ) -> Result<bool, StoreError> {
        let (condition, values) = at_version(version);
        let output = self
            .client
            .put_item()
            .table_name(self.table(Table::Profiles))
            .set_item(Some(item.clone()))
            .condition_expression(condition)
            .set_expression_attribute_names(version_name(version))
            .set_expression_attribute_values(values)
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .await;
        match output {
            Ok(output) => {
                self.meter.writes(&output.consumed_capacity);
                Ok(true)
            }
            Err(SdkError::ServiceError(error)) => match error.into_err() {
                PutItemError::ConditionalCheckFailedException(failed) => {
                    Ok(failed.item() == Some(&item))
                }
                PutItemError::TransactionConflictException(_) => Ok(false),
                error => Err(StoreError::of::<_, ()>(SdkError::service_error(error, ()))),
            },
            Err(error) => Err(StoreError::of(error)),
        }
    }

    /// The same, as a part of a transaction.
    pub(super) fn put_of(&self, item: Attributes, version: u64) -> Result<Put, StoreError> {
        let (condition, values) = at_version(version);
        Put::builder()
            .table_name(self.table(Table::Profiles))
            .set_item(Some(item))
            .condition_expression(condition)
            .set_expression_attribute_names(version_name(version))
            .set_expression_attribute_values(values)
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .build()
            .map_err(StoreError::bug)
    }

    /// Deletes the card and cart of a profile that became a pointer. What is left of them after a
    /// crash is never read, since the pointer is met first.
    pub(super) async fn delete_parts(&self, id: &CustomerId) -> Result<(), StoreError> {
        for part in ["card", "cart"] {
            let output = self
                .client
                .delete_item()
                .table_name(self.table(Table::Profiles))
                .key("customer", text(id.as_str()))
                .key("part", text(part))
                .return_consumed_capacity(ReturnConsumedCapacity::Total)
                .send()
                .await
                .map_err(StoreError::of)?;
            self.meter.writes(&output.consumed_capacity);
        }
        Ok(())
    }
}

type Values = Option<std::collections::HashMap<String, AttributeValue>>;

fn at_version(version: u64) -> (&'static str, Values) {
    match version {
        0 => ("attribute_not_exists(customer)", None),
        version => {
            let values = [(":version".to_owned(), number(version))];
            ("#version = :version", Some(values.into()))
        }
    }
}

fn version_name(version: u64) -> Option<std::collections::HashMap<String, String>> {
    (version > 0).then(|| [("#version".to_owned(), "version".to_owned())].into())
}
