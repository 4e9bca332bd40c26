//! Batch calls, which may leave a part undone: one helper owns that.

use std::collections::HashMap;
use std::time::Duration;

use aws_sdk_dynamodb::types::{
    DeleteRequest, KeysAndAttributes, PutRequest, ReturnConsumedCapacity, WriteRequest,
};

use super::item::Attributes;
use super::{Store, StoreError, Table};

/// Items that one call may write: DynamoDB's limit.
const WRITES: usize = 25;
/// Keys that one call may read: DynamoDB's limit.
const READS: usize = 100;
/// Calls for one batch before what is undone counts as not available.
const TRIES: u32 = 8;

impl Store {
    /// Puts all items, whatever was there. All of them are written when this returns `Ok`.
    pub(super) async fn put_all(
        &self,
        table: Table,
        items: Vec<Attributes>,
    ) -> Result<(), StoreError> {
        if let [_] = items.as_slice() {
            return self.put_one(table, items).await;
        }
        for chunk in items.chunks(WRITES) {
            let put = |item: &Attributes| {
                let put = PutRequest::builder().set_item(Some(item.clone())).build();
                Ok(WriteRequest::builder().put_request(put.map_err(StoreError::bug)?).build())
            };
            let requests = chunk.iter().map(put).collect::<Result<Vec<_>, StoreError>>()?;
            self.write_batch(HashMap::from([(self.table(table), requests)])).await?;
        }
        Ok(())
    }

    /// Deletes items by key, those that are there. All of them are gone when this returns `Ok`.
    pub(super) async fn delete_all(
        &self,
        table: Table,
        keys: Vec<Attributes>,
    ) -> Result<(), StoreError> {
        for chunk in keys.chunks(WRITES) {
            let delete = |key: &Attributes| {
                let delete = DeleteRequest::builder().set_key(Some(key.clone())).build();
                let delete = delete.map_err(StoreError::bug)?;
                Ok(WriteRequest::builder().delete_request(delete).build())
            };
            let requests = chunk.iter().map(delete).collect::<Result<Vec<_>, StoreError>>()?;
            self.write_batch(HashMap::from([(self.table(table), requests)])).await?;
        }
        Ok(())
    }

    async fn put_one(&self, table: Table, items: Vec<Attributes>) -> Result<(), StoreError> {
        let call = self
            .client
            .put_item()
            .table_name(self.table(table))
            .set_item(items.into_iter().next())
            .return_consumed_capacity(ReturnConsumedCapacity::Total);
        let output = call.send().await.map_err(StoreError::of)?;
        self.meter.writes(&output.consumed_capacity);
        Ok(())
    }

    async fn write_batch(
        &self,
        mut requests: HashMap<String, Vec<WriteRequest>>,
    ) -> Result<(), StoreError> {
        for attempt in 0..TRIES {
            let output = self
                .client
                .batch_write_item()
                .set_request_items(Some(requests))
                .return_consumed_capacity(ReturnConsumedCapacity::Total)
                .send()
                .await
                .map_err(StoreError::of)?;
            self.meter.writes(output.consumed_capacity());
            requests = output.unprocessed_items.unwrap_or_default();
            if requests.is_empty() {
                return Ok(());
            }
            pause(attempt).await;
        }
        Err(StoreError::Unavailable(format!("a batch was left undone {TRIES} times")))
    }

    /// Reads items by key, those that are there, in no particular order.
    pub(super) async fn get_all(
        &self,
        table: Table,
        keys: &[Attributes],
        consistent: bool,
    ) -> Result<Vec<Attributes>, StoreError> {
        let mut items = Vec::new();
        for chunk in keys.chunks(READS) {
            let keys = KeysAndAttributes::builder()
                .set_keys(Some(chunk.to_vec()))
                .consistent_read(consistent)
                .build()
                .map_err(StoreError::bug)?;
            self.read_batch(table, HashMap::from([(self.table(table), keys)]), &mut items).await?;
        }
        Ok(items)
    }

    async fn read_batch(
        &self,
        table: Table,
        mut requests: HashMap<String, KeysAndAttributes>,
        items: &mut Vec<Attributes>,
    ) -> Result<(), StoreError> {
        for attempt in 0..TRIES {
            let output = self
                .client
                .batch_get_item()
                .set_request_items(Some(requests))
                .return_consumed_capacity(ReturnConsumedCapacity::Total)
                .send()
                .await
                .map_err(StoreError::of)?;
            self.meter.reads(output.consumed_capacity());
            let mut responses = output.responses.unwrap_or_default();
            items.extend(responses.remove(&self.table(table)).unwrap_or_default());
            requests = output.unprocessed_keys.unwrap_or_default();
            if requests.is_empty() {
                return Ok(());
            }
            pause(attempt).await;
        }
        Err(StoreError::Unavailable(format!("a batch was left undone {TRIES} times")))
    }
}

/// 10 ms, doubled with each try: what is left undone is a sign of throttling.
async fn pause(attempt: u32) {
    tokio::time::sleep(Duration::from_millis(10 << attempt)).await;
}
