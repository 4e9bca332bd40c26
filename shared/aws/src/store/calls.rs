//! Calls whose answers everybody reads in the same way: pages, and conditions that may fail.

use std::time::Duration;

use aws_sdk_dynamodb::operation::delete_item::DeleteItemError;
use aws_sdk_dynamodb::operation::delete_item::builders::DeleteItemFluentBuilder;
use aws_sdk_dynamodb::operation::query::builders::QueryFluentBuilder;
use aws_sdk_dynamodb::operation::scan::builders::ScanFluentBuilder;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder;
use aws_sdk_dynamodb::types::ReturnConsumedCapacity;

use super::commit::MOST_RACES;
use super::item::Attributes;
use super::{Store, StoreError};

/// How long a transaction of somebody else may be at work on an item.
const CONFLICT: Duration = Duration::from_millis(50);

/// A page of items, and where the next one begins.
pub(super) type Page = (Vec<Attributes>, Option<Attributes>);

impl Store {
    /// The page of a query that begins at `from`.
    pub(super) async fn page(
        &self,
        query: QueryFluentBuilder,
        from: Option<Attributes>,
    ) -> Result<Page, StoreError> {
        let query = query.set_exclusive_start_key(from);
        let query = query.return_consumed_capacity(ReturnConsumedCapacity::Total);
        let output = query.send().await.map_err(StoreError::of)?;
        self.meter.reads(&output.consumed_capacity);
        Ok((output.items.unwrap_or_default(), output.last_evaluated_key))
    }

    /// The rows of a query, page by page until there are `enough`: then some more, as pages come whole.
    pub(super) async fn rows(
        &self,
        query: QueryFluentBuilder,
        enough: usize,
    ) -> Result<Vec<Attributes>, StoreError> {
        let (mut rows, mut from) = (Vec::new(), None);
        loop {
            let (page, next) = self.page(query.clone(), from).await?;
            rows.extend(page);
            from = next;
            if from.is_none() || rows.len() >= enough {
                return Ok(rows);
            }
        }
    }

    /// The page of a scan that begins at `from`.
    pub(super) async fn scanned(
        &self,
        scan: ScanFluentBuilder,
        from: Option<Attributes>,
    ) -> Result<Page, StoreError> {
        let scan = scan.set_exclusive_start_key(from);
        let scan = scan.return_consumed_capacity(ReturnConsumedCapacity::Total);
        let output = scan.send().await.map_err(StoreError::of)?;
        self.meter.reads(&output.consumed_capacity);
        Ok((output.items.unwrap_or_default(), output.last_evaluated_key))
    }

    /// Updates an item, and gives the attributes that the call asked for; `None` if its condition did
    /// not hold.
    pub(super) async fn update_if(
        &self,
        call: UpdateItemFluentBuilder,
    ) -> Result<Option<Attributes>, StoreError> {
        let call = call.return_consumed_capacity(ReturnConsumedCapacity::Total);
        match call.send().await {
            Ok(output) => {
                self.meter.writes(&output.consumed_capacity);
                Ok(Some(output.attributes.unwrap_or_default()))
            }
            Err(error) => match error.as_service_error() {
                Some(UpdateItemError::ConditionalCheckFailedException(_)) => Ok(None),
                _ => Err(StoreError::of(error)),
            },
        }
    }

    /// The same, of an item that a transaction of somebody else may be at work on: the SDK does not ask
    /// again for that.
    pub(super) async fn update_past_conflicts(
        &self,
        call: UpdateItemFluentBuilder,
    ) -> Result<Option<Attributes>, StoreError> {
        let call = call.return_consumed_capacity(ReturnConsumedCapacity::Total);
        for _ in 0..MOST_RACES {
            let error = match call.clone().send().await {
                Ok(output) => {
                    self.meter.writes(&output.consumed_capacity);
                    return Ok(Some(output.attributes.unwrap_or_default()));
                }
                Err(error) => error,
            };
            match error.as_service_error() {
                Some(UpdateItemError::ConditionalCheckFailedException(_)) => return Ok(None),
                Some(UpdateItemError::TransactionConflictException(_)) => {
                    tokio::time::sleep(CONFLICT).await;
                }
                _ => return Err(StoreError::of(error)),
            }
        }
        Err(StoreError::Contended(MOST_RACES))
    }

    /// Deletes an item; says no if its condition did not hold.
    pub(super) async fn delete_if(
        &self,
        call: DeleteItemFluentBuilder,
    ) -> Result<bool, StoreError> {
        let call = call.return_consumed_capacity(ReturnConsumedCapacity::Total);
        match call.send().await {
            Ok(output) => {
                self.meter.writes(&output.consumed_capacity);
                Ok(true)
            }
            Err(error) => match error.as_service_error() {
                Some(DeleteItemError::ConditionalCheckFailedException(_)) => Ok(false),
                _ => Err(StoreError::of(error)),
            },
        }
    }
}
