//! The history: one row per event.

use std::collections::BTreeMap;

use attune_domain::event::{Event, EventKey};
use attune_domain::id::{CustomerId, EventId};
use attune_domain::limits;
use attune_domain::profile::Profile;
use attune_domain::ring::Entry;
use attune_domain::time::{Span, Timestamp};
use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::types::ReturnConsumedCapacity;
use serde_json::{Map, Value};

use super::item::{Attributes, Build, Read, text};
use super::items::event::{parse_sort_key, read, sort_key, tombstone, write};
use super::profiles::Stored;
use super::{Store, StoreError, Table};

/// Rows in one page of history.
const PAGE: i32 = 500;
/// Rows that are read to find those of a ring together. One event may have happened long before the
/// others, and between them is all that the customer did.
const LOOKED_FOR: i32 = 64;

/// What the history has of what an event said.
#[derive(Debug, Clone, PartialEq)]
pub enum Told {
    /// Its properties; none of an event that has none.
    There(Map<String, Value>),
    /// They were too large to be kept.
    TooLarge,
    /// Nothing: the row is not there yet, or its time is over.
    Missing,
}

/// What stands for an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Row {
    /// Its row.
    There,
    /// Only the mark that it took effect, and when it happened.
    Tombstone(Timestamp),
    /// Nothing.
    Missing,
}

impl Store {
    /// Puts the rows of events that took effect on `customer`.
    pub(super) async fn put_rows(
        &self,
        events: &[Event],
        customer: &CustomerId,
        keep: Span,
    ) -> Result<(), StoreError> {
        // A batch may not hold a row twice; a retried event may be in one request with itself.
        let rows: BTreeMap<(String, String), Attributes> = events
            .iter()
            .map(|event| {
                let key = (event.filed.to_string(), sort_key(event.sent, event.id));
                (key, write(event, customer, keep))
            })
            .collect();
        self.put_all(Table::Events, rows.into_values().collect()).await
    }

    /// What stands for an event.
    pub(super) async fn row(
        &self,
        filed: &CustomerId,
        sent: Timestamp,
        id: EventId,
    ) -> Result<Row, StoreError> {
        let Some(item) = self.item_of(filed, sent, id, Some("tombstone, occurred")).await? else {
            return Ok(Row::Missing);
        };
        let read = Read { table: Table::Events, item: &item };
        Ok(if read.flag("tombstone") { Row::Tombstone(read.time("occurred")?) } else { Row::There })
    }

    /// What an event said, as its row has it.
    pub async fn told(&self, key: &EventKey) -> Result<Told, StoreError> {
        let EventKey { filed, sent, id } = key;
        let Some(item) = self.item_of(filed, *sent, *id, None).await? else {
            return Ok(Told::Missing);
        };
        let Some((event, _)) = read(&item)? else { return Ok(Told::Missing) };
        Ok(match (Read { table: Table::Events, item: &item }).flag("data_not_kept") {
            true => Told::TooLarge,
            false => Told::There(event.properties().cloned().unwrap_or_default()),
        })
    }

    /// Some attributes of the row of an event, or all.
    async fn item_of(
        &self,
        filed: &CustomerId,
        sent: Timestamp,
        id: EventId,
        attributes: Option<&str>,
    ) -> Result<Option<Attributes>, StoreError> {
        let output = self
            .client
            .get_item()
            .table_name(self.table(Table::Events))
            .key("id", text(filed.as_str()))
            .key("at", text(sort_key(sent, id)))
            .set_projection_expression(attributes.map(str::to_owned))
            .consistent_read(true)
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .await
            .map_err(StoreError::of)?;
        self.meter.reads(&output.consumed_capacity);
        Ok(output.item)
    }

    /// Looks for the rows of all entries of a ring and lets go of them. One that has none gets a
    /// tombstone: its event took effect, and its writer died before the row, or is late and will
    /// overwrite it. What such a writer owes beside the row is written before it, as nobody else
    /// may come to do it; and a merge is finished, row and all.
    pub(super) async fn confirm_rows(
        &self,
        stored: &mut Stored,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let expires = now + stored.definitions.shop.history;
        let mut by_id: BTreeMap<CustomerId, Vec<Entry>> = BTreeMap::new();
        for entry in stored.profile.core.ring.entries() {
            by_id.entry(entry.filed.clone()).or_default().push(entry.clone());
        }
        let (mut missing, mut lost) = (Vec::new(), Vec::new());
        for (filed, entries) in &by_id {
            let seen = self.seen_rows(filed, entries).await?;
            for entry in entries.iter().filter(|entry| !seen.contains(&entry.id)) {
                // The query may be a little late, and does not go far.
                match self.row(filed, entry.sent, entry.id).await? {
                    Row::There => {}
                    Row::Missing => missing.push(entry),
                    Row::Tombstone(_) => lost.push(entry.id),
                }
            }
        }
        self.finish_merges(stored, &mut missing, now).await?;
        if !missing.is_empty() {
            self.project_again(stored, now).await?;
        }
        for entry in missing {
            self.put_tombstone(entry, expires).await?;
            lost.push(entry.id);
        }
        let ring = &mut stored.profile.core.ring;
        for id in lost {
            ring.lose_row(id);
        }
        ring.see_rows();
        Ok(())
    }

    /// Which of these entries, all filed under one id, have a row: one short query over their span.
    async fn seen_rows(
        &self,
        filed: &CustomerId,
        entries: &[Entry],
    ) -> Result<Vec<EventId>, StoreError> {
        let keys = entries.iter().map(|entry| sort_key(entry.sent, entry.id));
        let (Some(first), Some(last)) = (keys.clone().min(), keys.max()) else {
            return Ok(Vec::new());
        };
        let output = self
            .client
            .query()
            .table_name(self.table(Table::Events))
            .key_condition_expression("id = :id AND #at BETWEEN :first AND :last")
            .filter_expression("attribute_not_exists(tombstone)")
            .expression_attribute_names("#at", "at")
            .expression_attribute_values(":id", text(filed.as_str()))
            .expression_attribute_values(":first", text(first.as_str()))
            .expression_attribute_values(":last", text(last.as_str()))
            .projection_expression("#at")
            .limit(LOOKED_FOR)
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .await
            .map_err(StoreError::of)?;
        self.meter.reads(&output.consumed_capacity);
        let id = |item: &Attributes| {
            let read = Read { table: Table::Events, item };
            Ok(read.parsed("at", parse_sort_key)?.1)
        };
        output.items().iter().map(id).collect()
    }

    /// Unless the row came after we looked: all the better.
    async fn put_tombstone(&self, entry: &Entry, expires: Timestamp) -> Result<(), StoreError> {
        let output = self
            .client
            .put_item()
            .table_name(self.table(Table::Events))
            .set_item(Some(tombstone(entry, expires)))
            .condition_expression("attribute_not_exists(id)")
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .await;
        match output {
            Ok(output) => {
                self.meter.writes(&output.consumed_capacity);
                Ok(())
            }
            Err(SdkError::ServiceError(error))
                if matches!(error.err(), PutItemError::ConditionalCheckFailedException(_)) =>
            {
                Ok(())
            }
            Err(error) => Err(StoreError::of(error)),
        }
    }

    /// One page of everything that happened to somebody, under all of their ids; and after what to go
    /// on. `None` if that is not where a page ended.
    pub async fn history_page(
        &self,
        profile: &Profile,
        after: Option<&str>,
    ) -> Result<Option<(Vec<Event>, Option<String>)>, StoreError> {
        let others = profile.card.ids.iter().map(|known| &known.id);
        let ids: Vec<&CustomerId> = std::iter::once(&profile.id).chain(others).collect();
        let (at, after) = match after.map(|text| text.split_once('~')) {
            None => (0, None),
            Some(Some((at, key))) => (at.parse().unwrap_or(usize::MAX), Some(key)),
            Some(None) => return Ok(None),
        };
        let after = after.filter(|key| !key.is_empty());
        let Some(filed) = ids.get(at) else { return Ok(None) };
        let start =
            after.map(|key| Build::default().text("id", filed.as_str()).text("at", key).done());
        let output = self
            .client
            .query()
            .table_name(self.table(Table::Events))
            .key_condition_expression("id = :id")
            .expression_attribute_values(":id", text(filed.as_str()))
            .limit(PAGE)
            .consistent_read(true)
            .set_exclusive_start_key(start)
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .await
            .map_err(StoreError::of)?;
        self.meter.reads(&output.consumed_capacity);
        let merged = |id: &CustomerId| profile.card.ids.iter().any(|k| k.merged && k.id == *id);
        let mut events = Vec::new();
        for item in output.items() {
            // What a shared device did for somebody else is not theirs.
            let theirs = |whose: &CustomerId| *whose == profile.id || merged(whose);
            events.extend(read(item)?.filter(|(_, whose)| theirs(whose)).map(|(event, _)| event));
        }
        let next = match &output.last_evaluated_key {
            Some(item) => {
                let key = Read { table: Table::Events, item }.text("at")?.to_owned();
                Some(format!("{at}~{key}"))
            }
            None => ids.get(at + 1).map(|_| format!("{}~", at + 1)),
        };
        Ok(Some((events, next)))
    }

    /// The history under one id, newest first: events, and whose they became; at most
    /// [`limits::BACKFILL_ROWS`]. The flag says whether there are more.
    pub async fn history(
        &self,
        filed: &CustomerId,
        most: usize,
    ) -> Result<(Vec<(Event, CustomerId)>, bool), StoreError> {
        let most = most.min(limits::BACKFILL_ROWS);
        let (mut events, mut from) = (Vec::new(), None);
        loop {
            let output = self
                .client
                .query()
                .table_name(self.table(Table::Events))
                .key_condition_expression("id = :id")
                .expression_attribute_values(":id", text(filed.as_str()))
                .scan_index_forward(false)
                .limit(PAGE)
                .consistent_read(true)
                .set_exclusive_start_key(from)
                .return_consumed_capacity(ReturnConsumedCapacity::Total)
                .send()
                .await
                .map_err(StoreError::of)?;
            self.meter.reads(&output.consumed_capacity);
            for item in output.items() {
                events.extend(read(item)?);
            }
            from = output.last_evaluated_key;
            if from.is_none() || events.len() >= most {
                let more = from.is_some() || events.len() > most;
                events.truncate(most);
                return Ok((events, more));
            }
        }
    }
}
