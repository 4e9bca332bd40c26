//! Coupons: pools of codes, each of which one message gets.
//!
//! A code that nobody has is a row of `free`; one that a message has is a row of `used`, for ever.
//! The claim of the message writes the second, on the condition that it is not there, and the code
//! on the message: so no two messages get one code, and a message that is claimed again has the one
//! it had. The row of `free` goes after the claim. One that stays after a crash is refused by the
//! next claim, and goes then.
//!
//! Both are spread over the shards by the code, and a message begins at the shard of its own hash: no
//! partition is hot, and nothing is scanned.

use std::collections::BTreeSet;

use attune_domain::coupon::{Code, Coupon};
use attune_domain::digest::hash64;
use attune_domain::id::{CouponId, MessageId};
use attune_domain::time::{Span, Timestamp};
use aws_sdk_dynamodb::types::{Put, ReturnConsumedCapacity, Select, TransactWriteItem};

use super::item::{Build, Read, text};
use super::{Store, StoreError, Table};

/// Free codes that a message picks from: enough for the few that are sent at one time to pick
/// different ones, in a read of one unit.
const PICK: i32 = 100;
/// Pages of a count in one shard; a pool larger than that has enough.
const COUNT_PAGES: usize = 64;
/// How long a count of a pool is believed.
const COUNTED: Span = Span::minutes(1);

/// The code that a message gives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Given {
    /// Of which coupon.
    pub coupon: CouponId,
    /// The code.
    pub code: Code,
    /// Whether it was picked from the pool just now, and the claim is to take it.
    pub picked: bool,
}

/// What became of codes that were to be loaded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Loaded {
    /// Codes that the pool did not know.
    pub new: usize,
    /// Codes that it knew, free or used.
    pub known: usize,
}

/// What is in a pool.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stock {
    /// Codes that nobody has.
    pub left: u64,
    /// Codes that a message has.
    pub claimed: u64,
    /// Whether there are more than were counted.
    pub more: bool,
    /// When they were counted.
    pub counted_at: Timestamp,
}

impl Store {
    /// Puts codes into the pool of a coupon. One that it knows stays as it is.
    pub async fn load_codes(
        &self,
        coupon: &CouponId,
        codes: &[Code],
    ) -> Result<Loaded, StoreError> {
        let key = |kind: &str, code: &Code| {
            let kind = self.pool(kind, coupon, self.shard_of_code(code));
            Build::default().text("kind", kind).text("id", code.as_str()).done()
        };
        let both = codes.iter().flat_map(|code| ["free", "used"].map(|kind| key(kind, code)));
        let keys: Vec<_> = both.collect();
        let known = self.get_all(Table::Workspace, &keys, true).await?;
        let id = |item| Read { table: Table::Workspace, item }.maybe_text("id");
        let known: BTreeSet<&str> = known.iter().filter_map(id).collect();
        let is_new = |code: &&Code| !known.contains(code.as_str());
        let new: Vec<_> = codes.iter().filter(is_new).map(|code| key("free", code)).collect();
        let loaded = Loaded { new: new.len(), known: codes.len() - new.len() };
        self.put_all(Table::Workspace, new).await?;
        if loaded.new > 0 {
            self.forget_stock(coupon).await?;
        }
        Ok(loaded)
    }

    /// A free code for a message, another at each turn; `None` if the pool is empty.
    pub async fn pick_code(
        &self,
        coupon: &Coupon,
        message: &MessageId,
        turn: u32,
        now: Timestamp,
    ) -> Result<Option<Code>, StoreError> {
        let place = hash64(&["pick", message.as_str()]).wrapping_add(u64::from(turn));
        let shards = u64::from(self.settings.shards.max(1));
        for step in 0..shards {
            let shard = place.wrapping_add(step) % shards;
            let codes = self.free_codes(&coupon.id, shard).await?;
            let free = codes.len() as u64;
            let whole = usize::try_from(PICK).is_ok_and(|most| codes.len() >= most);
            if !whole && free.saturating_mul(shards) <= coupon.low_stock.saturating_mul(2) {
                self.look_at_stock(coupon, now).await?;
            }
            let pick = (place / shards).checked_rem(free).and_then(|n| usize::try_from(n).ok());
            if let Some(code) = pick.and_then(|pick| codes.into_iter().nth(pick)) {
                return Ok(Some(code));
            }
        }
        Ok(None)
    }

    async fn free_codes(&self, coupon: &CouponId, shard: u64) -> Result<Vec<Code>, StoreError> {
        let output = self
            .client
            .query()
            .table_name(self.table(Table::Workspace))
            .key_condition_expression("kind = :kind")
            .expression_attribute_values(":kind", text(self.pool("free", coupon, shard)))
            .limit(PICK)
            .consistent_read(true)
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .await
            .map_err(StoreError::of)?;
        self.meter.reads(&output.consumed_capacity);
        let code = |item| {
            Read { table: Table::Workspace, item }.parsed("id", |code| Code::parse(code).ok())
        };
        output.items().iter().map(code).collect()
    }

    /// The part of a claim that takes a code, and fails if another message has it.
    pub(super) fn take_code(
        &self,
        given: &Given,
        now: Timestamp,
    ) -> Result<TransactWriteItem, StoreError> {
        let item = Build::default()
            .text("kind", self.pool("used", &given.coupon, self.shard_of_code(&given.code)))
            .text("id", given.code.as_str())
            .time("at", now)
            .done();
        let put = Put::builder()
            .table_name(self.table(Table::Workspace))
            .set_item(Some(item))
            .condition_expression("attribute_not_exists(kind)")
            .build()
            .map_err(StoreError::bug)?;
        Ok(TransactWriteItem::builder().put(put).build())
    }

    /// Takes a code that a message has out of those that are free.
    pub(super) async fn no_longer_free(&self, given: &Given) -> Result<(), StoreError> {
        let kind = self.pool("free", &given.coupon, self.shard_of_code(&given.code));
        self.delete_row(&kind, given.code.as_str()).await
    }

    /// After a claim that did not come through: if somebody has the code, it is no longer free.
    pub async fn check_code(&self, given: &Given) -> Result<(), StoreError> {
        let kind = self.pool("used", &given.coupon, self.shard_of_code(&given.code));
        match self.workspace(&kind, given.code.as_str()).await? {
            Some(_) if given.picked => self.no_longer_free(given).await,
            _ => Ok(()),
        }
    }

    /// What is in the pool of a coupon, as counted at most a minute ago.
    pub async fn stock(&self, coupon: &CouponId, now: Timestamp) -> Result<Stock, StoreError> {
        if let Some(item) = self.workspace("stock", coupon.as_str()).await? {
            let read = Read { table: Table::Workspace, item: &item };
            let counted_at = read.time("counted_at")?;
            if now.since(counted_at) < COUNTED && counted_at <= now {
                let (left, claimed) = (read.number("left")?, read.number("claimed")?);
                return Ok(Stock { left, claimed, more: read.flag("more"), counted_at });
            }
        }
        self.count_stock(coupon, now).await
    }

    async fn count_stock(&self, coupon: &CouponId, now: Timestamp) -> Result<Stock, StoreError> {
        let mut stock = Stock { left: 0, claimed: 0, more: false, counted_at: now };
        for shard in 0..u64::from(self.settings.shards.max(1)) {
            for kind in ["free", "used"] {
                let (count, more) = self.count_rows(self.pool(kind, coupon, shard)).await?;
                let counter = if kind == "free" { &mut stock.left } else { &mut stock.claimed };
                *counter += count;
                stock.more |= more;
            }
        }
        let item = Build::default()
            .text("kind", "stock")
            .text("id", coupon.as_str())
            .number("left", stock.left)
            .number("claimed", stock.claimed)
            .flag("more", stock.more)
            .time("counted_at", now)
            .done();
        self.put_all(Table::Workspace, vec![item]).await?;
        Ok(stock)
    }

    async fn count_rows(&self, kind: String) -> Result<(u64, bool), StoreError> {
        let (mut count, mut from) = (0, None);
        for _ in 0..COUNT_PAGES {
            let output = self
                .client
                .query()
                .table_name(self.table(Table::Workspace))
                .key_condition_expression("kind = :kind")
                .expression_attribute_values(":kind", text(kind.as_str()))
                .select(Select::Count)
                .set_exclusive_start_key(from)
                .return_consumed_capacity(ReturnConsumedCapacity::Total)
                .send()
                .await
                .map_err(StoreError::of)?;
            self.meter.reads(&output.consumed_capacity);
            count += u64::try_from(output.count).unwrap_or(0);
            from = output.last_evaluated_key;
            if from.is_none() {
                return Ok((count, false));
            }
        }
        Ok((count, true))
    }

    /// Tells, once until codes are loaded, that a pool is nearly empty.
    async fn look_at_stock(&self, coupon: &Coupon, now: Timestamp) -> Result<(), StoreError> {
        if self.workspace("low-stock", coupon.id.as_str()).await?.is_some() {
            return Ok(());
        }
        let mut left = 0;
        for shard in 0..u64::from(self.settings.shards.max(1)) {
            left += self.count_rows(self.pool("free", &coupon.id, shard)).await?.0;
            if left >= coupon.low_stock {
                return Ok(());
            }
        }
        self.record_low_stock(coupon, now).await?;
        let told = Build::default().text("kind", "low-stock").text("id", coupon.id.as_str());
        self.put_all(Table::Workspace, vec![told.time("at", now).done()]).await
    }

    /// New codes: what was counted and told is no longer so.
    async fn forget_stock(&self, coupon: &CouponId) -> Result<(), StoreError> {
        self.delete_row("stock", coupon.as_str()).await?;
        self.delete_row("low-stock", coupon.as_str()).await
    }

    /// Deletes a row of the workspace, if it is there.
    pub(super) async fn delete_row(&self, kind: &str, id: &str) -> Result<(), StoreError> {
        let output = self
            .client
            .delete_item()
            .table_name(self.table(Table::Workspace))
            .key("kind", text(kind))
            .key("id", text(id))
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .await
            .map_err(StoreError::of)?;
        self.meter.writes(&output.consumed_capacity);
        Ok(())
    }

    fn pool(&self, kind: &str, coupon: &CouponId, shard: u64) -> String {
        format!("{kind}#{coupon}#{shard:02}")
    }

    fn shard_of_code(&self, code: &Code) -> u64 {
        hash64(&["code", code.as_str()]) % u64::from(self.settings.shards.max(1))
    }
}
