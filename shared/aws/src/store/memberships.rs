//! Who is in which segment: a projection of the profiles, for lists and counts.
//!
//! Each change carries the number of the entry, and a row never goes back to an earlier one. A row
//! of somebody who left stays for a while, so that a late writer of the entry does not bring it
//! back.

use std::collections::{BTreeMap, BTreeSet};

use attune_domain::id::CustomerId;
use attune_domain::membership::Membership;
use attune_domain::step::MembershipChange;
use attune_domain::time::{Span, Timestamp};
use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::types::ReturnConsumedCapacity;
use futures_util::stream::{StreamExt as _, TryStreamExt as _, iter};

use super::item::{Attributes, Build, Read, number, text};
use super::schema::TTL;
use super::{Store, StoreError, Table, expiry};

/// How long the row of somebody who left stays: longer than any writer can be late.
const LEFT: Span = Span::hours(24);
/// Rows written at the same time: a new customer enters about as many segments.
const AT_ONCE: usize = 8;
/// Pages of a count in one shard; a segment larger than that is counted by the census alone.
const COUNT_PAGES: usize = 64;

/// Somebody who is in a segment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// Who.
    pub customer: CustomerId,
    /// For the how-manieth time.
    pub ordinal: u32,
    /// Since when.
    pub since: Timestamp,
}

/// How many are in a segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Size {
    /// How many were counted.
    pub count: u64,
    /// Whether there are more than were counted.
    pub more: bool,
    /// When somebody last entered, or left in the last 24 hours.
    pub last_change: Option<Timestamp>,
    /// When they were counted.
    pub counted_at: Timestamp,
}

/// Rows that are there: partition, customer, ordinal, and whether inside.
#[derive(Debug, Default)]
pub(super) struct MembershipRows(BTreeSet<(String, CustomerId, u32, bool)>);

impl Store {
    /// Writes the rows of changes.
    pub(super) async fn project_memberships(
        &self,
        changes: &[MembershipChange],
        now: Timestamp,
    ) -> Result<(), StoreError> {
        // Of several changes in one step only the last of each segment is left to be seen.
        let mut last = BTreeMap::new();
        for MembershipChange { segment, customer, membership, .. } in changes {
            last.insert((segment.clone(), customer.clone()), *membership);
        }
        let puts = last.into_iter().map(|((segment, customer), membership)| async move {
            self.put_membership(segment.as_str(), &customer, membership, now).await
        });
        iter(puts).buffer_unordered(AT_ONCE).try_collect().await
    }

    pub(super) async fn put_membership(
        &self,
        segment: &str,
        customer: &CustomerId,
        membership: Membership,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let mut item = Build::default()
            .text("segment", self.partition(segment, self.shard_of(customer)))
            .text("customer", customer.as_str())
            .number("ordinal", membership.ordinal)
            .time("since", membership.since);
        if !membership.inside {
            item = item.flag("gone", true).number(TTL, expiry(now + LEFT));
        }
        // A leave settles its entry: what comes later with the same number is late.
        let condition = match membership.inside {
            true => {
                "attribute_not_exists(ordinal) OR ordinal < :n OR (ordinal = :n AND attribute_not_exists(gone))"
            }
            false => "attribute_not_exists(ordinal) OR ordinal <= :n",
        };
        let output = self
            .client
            .put_item()
            .table_name(self.table(Table::Memberships))
            .set_item(Some(item.done()))
            .condition_expression(condition)
            .expression_attribute_values(":n", number(membership.ordinal))
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .await;
        match output {
            Ok(output) => self.meter.writes(&output.consumed_capacity),
            Err(SdkError::ServiceError(error))
                if matches!(error.err(), PutItemError::ConditionalCheckFailedException(_)) => {}
            Err(error) => return Err(StoreError::of(error)),
        }
        Ok(())
    }

    /// Reads rows by customer and segment, those that are there. They may be a few seconds old. One
    /// that cannot be read is left out, and must not stop what else is read with it.
    pub(super) async fn membership_rows(
        &self,
        wanted: BTreeSet<(&CustomerId, &str)>,
    ) -> Result<MembershipRows, StoreError> {
        let key = |(customer, segment): (&CustomerId, &str)| {
            let partition = self.partition(segment, self.shard_of(customer));
            let key = Build::default().text("segment", partition);
            key.text("customer", customer.as_str()).done()
        };
        let keys: Vec<_> = wanted.into_iter().map(key).collect();
        let mut rows = BTreeSet::new();
        for item in self.get_all(Table::Memberships, &keys, false).await? {
            let read = Read { table: Table::Memberships, item: &item };
            if let (Ok(segment), Ok(member)) = (read.text("segment"), member(&item)) {
                let Member { customer, ordinal, .. } = member;
                rows.insert((segment.to_owned(), customer, ordinal, !read.flag("gone")));
            }
        }
        Ok(MembershipRows(rows))
    }

    /// Puts those rows of a customer's memberships that are not `there`. They may have been put a few
    /// seconds ago: then one is put again, which changes nothing.
    pub(super) async fn repair_memberships(
        &self,
        customer: &CustomerId,
        memberships: &[(&str, Membership)],
        there: &MembershipRows,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        for (segment, membership) in memberships {
            let partition = self.partition(segment, self.shard_of(customer));
            let row = (partition, customer.clone(), membership.ordinal, membership.inside);
            if !there.0.contains(&row) {
                self.put_membership(segment, customer, *membership, now).await?;
            }
        }
        Ok(())
    }

    /// At most `most` members of a segment, after a customer; and the last of them, if more come.
    pub async fn members(
        &self,
        segment: &str,
        after: Option<&CustomerId>,
        most: i32,
    ) -> Result<(Vec<Member>, Option<CustomerId>), StoreError> {
        let (mut members, mut after) = (Vec::new(), after.cloned());
        let page_size = usize::try_from(most).unwrap_or(0);
        let mut shard = after.as_ref().map_or(0, |customer| self.shard_of(customer));
        loop {
            let one_more = most.saturating_add(1);
            let (page, next) = self.members_of(segment, shard, after.as_ref(), one_more).await?;
            members.extend(page);
            if members.len() > page_size {
                members.truncate(page_size);
                let last = members.last().map(|member: &Member| member.customer.clone());
                return Ok((members, last));
            }
            shard += u16::from(next.is_none());
            after = next;
            if shard >= self.settings.shards {
                return Ok((members, None));
            }
        }
    }

    /// One page of one shard.
    async fn members_of(
        &self,
        segment: &str,
        shard: u16,
        after: Option<&CustomerId>,
        most: i32,
    ) -> Result<(Vec<Member>, Option<CustomerId>), StoreError> {
        let partition = self.partition(segment, shard);
        let start = after.map(|customer| {
            let key = Build::default().text("segment", partition.as_str());
            key.text("customer", customer.as_str()).done()
        });
        let output = self
            .client
            .query()
            .table_name(self.table(Table::Memberships))
            .key_condition_expression("#segment = :segment")
            .filter_expression("attribute_not_exists(gone)")
            .expression_attribute_names("#segment", "segment")
            .expression_attribute_values(":segment", text(partition))
            .set_exclusive_start_key(start)
            .limit(most)
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .await
            .map_err(StoreError::of)?;
        self.meter.reads(&output.consumed_capacity);
        let members = output.items().iter().map(member).collect::<Result<Vec<_>, _>>()?;
        let next = match &output.last_evaluated_key {
            Some(item) => {
                let read = Read { table: Table::Memberships, item };
                Some(read.parsed("customer", CustomerId::parse)?)
            }
            None => None,
        };
        Ok((members, next))
    }

    /// How many are in a segment: as counted at most `age` ago, or else counted now.
    pub async fn size(&self, segment: &str, age: Span, now: Timestamp) -> Result<Size, StoreError> {
        if let Some(item) = self.workspace("size", segment).await? {
            let read = Read { table: Table::Workspace, item: &item };
            let counted_at = read.time("counted_at")?;
            if now.since(counted_at) < age && counted_at <= now {
                return Ok(Size {
                    count: read.number("count")?,
                    more: read.flag("more"),
                    last_change: read.maybe_time("last_change"),
                    counted_at,
                });
            }
        }
        let size = self.count(segment, now).await?;
        let mut item = Build::default()
            .text("kind", "size")
            .text("id", segment)
            .number("count", size.count)
            .flag("more", size.more)
            .time("counted_at", size.counted_at);
        if let Some(last) = size.last_change {
            item = item.time("last_change", last);
        }
        self.put_all(Table::Workspace, vec![item.done()]).await?;
        Ok(size)
    }

    async fn count(&self, segment: &str, now: Timestamp) -> Result<Size, StoreError> {
        let mut size = Size { count: 0, more: false, last_change: None, counted_at: now };
        for shard in 0..self.settings.shards {
            let mut from = None;
            for page in 0..COUNT_PAGES {
                let output = self
                    .client
                    .query()
                    .table_name(self.table(Table::Memberships))
                    .key_condition_expression("#segment = :segment")
                    .projection_expression("since, gone")
                    .expression_attribute_names("#segment", "segment")
                    .expression_attribute_values(":segment", text(self.partition(segment, shard)))
                    .set_exclusive_start_key(from)
                    .return_consumed_capacity(ReturnConsumedCapacity::Total)
                    .send()
                    .await
                    .map_err(StoreError::of)?;
                self.meter.reads(&output.consumed_capacity);
                for item in output.items() {
                    let read = Read { table: Table::Memberships, item };
                    size.count += u64::from(!read.flag("gone"));
                    size.last_change = size.last_change.max(Some(read.time("since")?));
                }
                from = output.last_evaluated_key;
                size.more |= from.is_some() && page + 1 == COUNT_PAGES;
                if from.is_none() {
                    break;
                }
            }
        }
        Ok(size)
    }

    pub(super) fn partition(&self, segment: &str, shard: u16) -> String {
        format!("{segment}#{shard:02}")
    }
}

fn member(item: &Attributes) -> Result<Member, StoreError> {
    let read = Read { table: Table::Memberships, item };
    Ok(Member {
        customer: read.parsed("customer", CustomerId::parse)?,
        ordinal: read.number("ordinal")?,
        since: read.time("since")?,
    })
}
