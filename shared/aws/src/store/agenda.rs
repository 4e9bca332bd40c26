//! The agenda: the moments at which time alone may change an answer.
//!
//! A sweep is one range query per shard, however long the gap since the last. Each shard has two
//! cursors, which only ever rise. **Fresh** runs to now. **Settled** runs [`SETTLED`] behind and
//! visits every row a second time: a row may be visited before the profile that it stands for was
//! written, but its writer has ended long before the second visit.

use attune_domain::id::CustomerId;
use attune_domain::time::{Span, Timestamp};
use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::ReturnConsumedCapacity;

use super::item::{Attributes, Build, Read, text};
use super::schema::TTL;
use super::{Store, StoreError, Table, expiry};

/// How far behind the second visit runs: longer than a function may take plus the difference of two
/// clocks, which a test of the template asserts.
pub const SETTLED: Span = Span::minutes(15);
/// The largest difference between the clocks of two functions that the protocol allows for.
pub const MOST_SKEW: Span = Span::minutes(5);
/// How long a row is kept after its due time.
const KEPT: Span = Span::days(30);

/// A wake-up that is due.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Due {
    /// When.
    pub at: Timestamp,
    /// Whose.
    pub customer: CustomerId,
}

/// A place in a shard of the agenda. Thousands of rows may be due at the same midnight, so an
/// instant alone is no place.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position(String);

impl Position {
    /// After every row that is due at `at` or before.
    pub fn after(at: Timestamp) -> Self {
        // `$` is the character after `#`.
        Self(format!("{:015}$", at.millis().max(0)))
    }
}

impl Default for Position {
    /// Before every row.
    fn default() -> Self {
        Self("0".to_owned())
    }
}

impl From<&Due> for Position {
    /// After this row.
    fn from(due: &Due) -> Self {
        Self(sort_key(due.at, due.customer.as_str()))
    }
}

/// How far a shard was swept: every row up to there was visited.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Cursors {
    /// By the first visit.
    pub fresh: Position,
    /// By the second visit.
    pub settled: Position,
}

impl Store {
    /// Puts a wake-up for a version of the customer's core; without one it is never taken off.
    pub(super) async fn put_wake_up(
        &self,
        customer: &CustomerId,
        due: Timestamp,
        version: Option<u64>,
    ) -> Result<(), StoreError> {
        let mut item = Build::default()
            .text("shard", shard_name(self.shard_of(customer)))
            .text("due", sort_key(due, customer.as_str()))
            .number(TTL, expiry(due + KEPT));
        if let Some(version) = version {
            item = item.number("version", version);
        }
        self.put_all(Table::Agenda, vec![item.done()]).await
    }

    /// Puts a wake-up off, when its visit could not be made.
    pub async fn put_off(&self, due: &Due, until: Timestamp) -> Result<(), StoreError> {
        self.put_wake_up(&due.customer, until, None).await
    }

    /// Whether a wake-up is there. The answer may be a few seconds old.
    pub(super) async fn has_wake_up(
        &self,
        customer: &CustomerId,
        due: Timestamp,
    ) -> Result<bool, StoreError> {
        let output = self
            .client
            .get_item()
            .table_name(self.table(Table::Agenda))
            .key("shard", text(shard_name(self.shard_of(customer))))
            .key("due", text(sort_key(due, customer.as_str())))
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .await
            .map_err(StoreError::of)?;
        self.meter.reads(&output.consumed_capacity);
        Ok(output.item.is_some())
    }

    /// Wake-ups after one place and up to another, the earliest first: one page, and whether there
    /// are more.
    pub async fn due_wake_ups(
        &self,
        shard: u16,
        after: &Position,
        until: &Position,
        most: i32,
    ) -> Result<(Vec<Due>, bool), StoreError> {
        let output = self
            .client
            .query()
            .table_name(self.table(Table::Agenda))
            .key_condition_expression("#shard = :shard AND due BETWEEN :from AND :to")
            .expression_attribute_names("#shard", "shard")
            .expression_attribute_values(":shard", text(shard_name(shard)))
            .expression_attribute_values(":from", text(after.0.as_str()))
            .expression_attribute_values(":to", text(until.0.as_str()))
            .limit(most)
            .consistent_read(true)
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .await
            .map_err(StoreError::of)?;
        self.meter.reads(&output.consumed_capacity);
        let due = output.items().iter().map(read_due).collect::<Result<Vec<_>, _>>()?;
        let due = due.into_iter().filter(|due| Position::from(due) > *after).collect();
        Ok((due, output.last_evaluated_key.is_some()))
    }

    /// How far a shard was swept.
    pub async fn cursors(&self, shard: u16) -> Result<Cursors, StoreError> {
        let output = self
            .client
            .get_item()
            .table_name(self.table(Table::Workspace))
            .set_key(Some(cursor_key(shard)))
            .consistent_read(true)
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .await
            .map_err(StoreError::of)?;
        self.meter.reads(&output.consumed_capacity);
        let Some(item) = &output.item else { return Ok(Cursors::default()) };
        let read = Read { table: Table::Workspace, item };
        let position = |name| read.text(name).map(|at| Position(at.to_owned()));
        Ok(Cursors { fresh: position("fresh")?, settled: position("settled")? })
    }

    /// Raises the cursors of a shard. If another sweep is ahead in either, nothing changes: the next
    /// sweep visits a little twice, which is harmless.
    pub async fn raise_cursors(&self, shard: u16, to: &Cursors) -> Result<(), StoreError> {
        let output = self
            .client
            .update_item()
            .table_name(self.table(Table::Workspace))
            .set_key(Some(cursor_key(shard)))
            .update_expression("SET fresh = :fresh, settled = :settled")
            .condition_expression(
                "attribute_not_exists(fresh) OR (fresh <= :fresh AND settled <= :settled)",
            )
            .expression_attribute_values(":fresh", text(to.fresh.0.as_str()))
            .expression_attribute_values(":settled", text(to.settled.0.as_str()))
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .await;
        match output {
            Ok(output) => self.meter.writes(&output.consumed_capacity),
            Err(SdkError::ServiceError(error))
                if matches!(error.err(), UpdateItemError::ConditionalCheckFailedException(_)) => {}
            Err(error) => return Err(StoreError::of(error)),
        }
        Ok(())
    }
}

/// The name of a shard, in keys.
pub(super) fn shard_name(shard: u16) -> String {
    format!("{shard:02}")
}

fn cursor_key(shard: u16) -> Attributes {
    Build::default().text("kind", "cursors").text("id", shard_name(shard)).done()
}

pub(super) fn sort_key(due: Timestamp, customer: &str) -> String {
    format!("{:015}#{customer}", due.millis().max(0))
}

fn read_due(item: &Attributes) -> Result<Due, StoreError> {
    let read = Read { table: Table::Agenda, item };
    read.parsed("due", |key| {
        let (at, customer) = key.split_once('#')?;
        let at = Timestamp::from_millis(at.parse().ok()?);
        Some(Due { at, customer: CustomerId::parse(customer)? })
    })
}
