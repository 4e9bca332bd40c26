//! Messages that an address did not take, and the newest that it did, on its row.
//!
//! The row has the newest bounces after the newest delivery. That is a join, and whether they are too
//! many is a function of it: see [`SoftBounces`].

use attune_domain::address::Address;
use attune_domain::digest::name128;
use attune_domain::feedback::{KEPT, SoftBounces, Suppression};
use attune_domain::time::Timestamp;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValue};

use super::item::{Attributes, Read, number, text};
use super::{Store, StoreError, Table};

impl Store {
    /// Counts a soft bounce once, and suppresses the address if there were too many since the last
    /// delivery.
    pub async fn count_soft_bounce(
        &self,
        address: &Address,
        bounce: &str,
        at: Timestamp,
        rule: SoftBounces,
    ) -> Result<(), StoreError> {
        let name = format!("{} {}", at.millis(), name128(&["bounce", bounce]));
        let call = self
            .of_address(address)
            .update_expression("ADD soft_bounces :bounce")
            .expression_attribute_values(":bounce", AttributeValue::Ss(vec![name]))
            .expression_attribute_values(":at", number(at.millis()))
            .return_values(ReturnValue::AllNew);
        let later = "attribute_not_exists(delivered_at) OR delivered_at < :at";
        let Some(row) = self.update_row(address, call, later).await? else { return Ok(()) };
        let bounces = Bounces::of(&row);
        if let Some(at) = rule.too_many(&bounces.instants()) {
            self.suppress(address, Suppression::SoftBounces, at).await?;
        }
        self.forget_bounces(address, &bounces).await
    }

    /// Notes that an address took a message: what bounced before it no longer counts.
    pub async fn note_delivery(
        &self,
        address: &Address,
        at: Timestamp,
        rule: SoftBounces,
    ) -> Result<(), StoreError> {
        let call = self
            .of_address(address)
            .update_expression("SET delivered_at = :at")
            .expression_attribute_values(":at", number(at.millis()))
            .return_values(ReturnValue::AllNew);
        // The same again does what a call that died left undone.
        let newest = "attribute_not_exists(delivered_at) OR delivered_at <= :at";
        let Some(row) = self.update_row(address, call, newest).await? else { return Ok(()) };
        let bounces = Bounces::of(&row);
        let soft = Suppression::SoftBounces.as_str();
        let read = Read { table: Table::Addresses, item: &row };
        if read.maybe_text("suppressed") == Some(soft) {
            let since = rule.too_many(&bounces.instants());
            self.judge_anew(address, &row, since, at).await?;
        }
        self.forget_bounces(address, &bounces).await
    }

    /// Lets an address be written to again, or says since when it is not, unless something came in
    /// between.
    async fn judge_anew(
        &self,
        address: &Address,
        row: &Attributes,
        since: Option<Timestamp>,
        delivered: Timestamp,
    ) -> Result<(), StoreError> {
        let call = self
            .of_address(address)
            .expression_attribute_values(":soft", text(Suppression::SoftBounces.as_str()))
            .expression_attribute_values(":at", number(delivered.millis()));
        let call = match since {
            Some(since) => call
                .update_expression("SET suppressed_at = :since")
                .expression_attribute_values(":since", number(since.millis())),
            None => call.update_expression("REMOVE suppressed, suppressed_at"),
        };
        let (call, same) = match row.get("soft_bounces") {
            Some(seen) => {
                (call.expression_attribute_values(":seen", seen.clone()), "soft_bounces = :seen")
            }
            None => (call, "attribute_not_exists(soft_bounces)"),
        };
        let condition = format!("suppressed = :soft AND delivered_at = :at AND {same}");
        self.update_if(call.condition_expression(condition)).await.map(drop)
    }

    async fn forget_bounces(&self, address: &Address, bounces: &Bounces) -> Result<(), StoreError> {
        if bounces.old.is_empty() {
            return Ok(());
        }
        let call = self
            .of_address(address)
            .update_expression("DELETE soft_bounces :bounces")
            .condition_expression("attribute_exists(address)")
            .expression_attribute_values(":bounces", AttributeValue::Ss(bounces.old.clone()));
        self.update_if(call).await.map(drop)
    }
}

/// The soft bounces on a row.
struct Bounces {
    /// Those that count, the newest first.
    counting: Vec<(Timestamp, String)>,
    /// Names of those that do not: before the newest delivery, or beyond what is kept.
    old: Vec<String>,
}

impl Bounces {
    fn of(row: &Attributes) -> Self {
        let read = Read { table: Table::Addresses, item: row };
        let bounce = |name: &str| {
            let at = name.split_once(' ')?.0.parse().ok()?;
            Some((Timestamp::from_millis(at), name.to_owned()))
        };
        let delivered = read.maybe_time("delivered_at");
        let mut all: Vec<_> = read.texts("soft_bounces").filter_map(bounce).collect();
        all.sort_by(|one, other| other.cmp(one));
        let (mut counting, before): (Vec<_>, Vec<_>) =
            all.into_iter().partition(|(at, _)| delivered.is_none_or(|delivered| *at > delivered));
        let beyond = counting.split_off(counting.len().min(KEPT));
        let old = beyond.into_iter().chain(before).map(|(_, name)| name).collect();
        Self { counting, old }
    }

    fn instants(&self) -> Vec<Timestamp> {
        self.counting.iter().map(|(at, _)| *at).collect()
    }
}
