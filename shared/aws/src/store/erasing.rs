//! Everything that there is of a person goes: see [`erasures`](super::erasures).

use std::collections::BTreeSet;

use attune_domain::address::Address;
use attune_domain::event::{Act, Event};
use attune_domain::id::{CustomerId, MessageId};
use attune_domain::time::Timestamp;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnConsumedCapacity, ReturnValue};
use serde_json::Value;

use super::agenda::{shard_name, sort_key};
use super::commit::MOST_RACES;
use super::erasures::{Erasure, Plan};
use super::forgetter::Traces;
use super::item::{Attributes, Build, Read, text};
use super::items::event;
use super::messages::Stored as Message;
use super::profiles::{Consistency, Found, Stored};
use super::tombstones::ERASED;
use super::{Store, StoreError, Table};

/// History rows in one page: as many as one read brings without a second.
const PAGE: i32 = 200;

impl Store {
    /// Goes on with the erasure of a customer, if there is one.
    pub(super) async fn go_on_erasing_if_any(
        &self,
        customer: &CustomerId,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        match self.erasure_of(customer).await? {
            Some(erasure) if erasure.has_ended() => {
                self.erase_wake_ups(customer.as_str(), None).await
            }
            Some(erasure) => self.go_on_erasing(erasure, now).await.map(|_| ()),
            None => Ok(()),
        }
    }

    /// Lets everything go. Once every writer from before the mark has ended, also the mark, and what
    /// the record knew.
    pub(super) async fn go_on_erasing(
        &self,
        mut erasure: Erasure,
        now: Timestamp,
    ) -> Result<Erasure, StoreError> {
        let again = erasure.is_settled(now);
        if erasure.has_ended() || (erasure.erased.is_some() && !again) {
            return Ok(erasure);
        }
        let plan = erasure.plan.clone();
        self.bury(&plan.ids, erasure.asked).await?;
        let on_their_way = self.erase_messages(&plan, again, now).await?;
        self.erase_rows(&plan, erasure.asked).await?;
        self.erase_profile(&plan).await?;
        self.erase_from_problems(&plan).await?;
        let addresses = [plan.addresses.as_slice(), &plan.sent_to].concat();
        let forgotten = self.not_allowed_since(&addresses, erasure.asked).await?;
        self.tell_forgetter(&plan, &forgotten);
        if !on_their_way {
            erasure.erased.get_or_insert(now);
        }
        if again {
            self.erase_mark(&plan.customer, &erasure.token).await?;
            erasure.ended = Some(now);
        }
        self.keep_erasure(&erasure).await?;
        // The row of the second time stays until then.
        let kept = (!again).then(|| erasure.again());
        self.erase_wake_ups(&plan.customer, kept).await?;
        Ok(erasure)
    }

    /// Messages go, but for those that are on their way: whoever claimed one before the mark may hand
    /// it over yet. Tells whether there are any; `again`, when all those have ended, there are none.
    async fn erase_messages(
        &self,
        plan: &Plan,
        again: bool,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let ids: Vec<_> = plan.messages.iter().filter_map(|id| MessageId::parse(id)).collect();
        let mut there = self.messages_by(&ids, Consistency::Strong).await?;
        let planned = there.len();
        there.retain(|message| again || !message.is_on_its_way(now));
        let key = |known: &Message| Build::default().text("id", known.message.id.as_str()).done();
        self.delete_all(Table::Messages, there.iter().map(key).collect()).await?;
        Ok(there.len() < planned)
    }

    /// History, memberships, addresses.
    async fn erase_rows(&self, plan: &Plan, asked: Timestamp) -> Result<(), StoreError> {
        for id in plan.ids.iter().chain(&plan.shared) {
            self.erase_history(id, plan, asked).await?;
        }
        let mut memberships = Vec::new();
        for id in &plan.ids {
            let shard = CustomerId::parse(id).map_or(0, |id| self.shard_of(&id));
            memberships.extend(plan.segments.iter().map(|segment| {
                let partition = self.partition(segment, shard);
                Build::default().text("segment", partition).text("customer", id.as_str()).done()
            }));
        }
        self.delete_all(Table::Memberships, memberships).await?;
        for address in &plan.addresses {
            self.detach(address, plan, asked).await?;
        }
        Ok(())
    }

    /// Those of some addresses that nobody allowed anew since an instant.
    async fn not_allowed_since(
        &self,
        addresses: &[String],
        asked: Timestamp,
    ) -> Result<Vec<String>, StoreError> {
        let unique: BTreeSet<&String> = addresses.iter().collect();
        let key = |address: &&String| Build::default().text("address", address.as_str()).done();
        let keys: Vec<_> = unique.iter().map(key).collect();
        let rows = self.get_all(Table::Addresses, &keys, true).await?;
        let allowed = |address: &str| {
            rows.iter().any(|row| {
                let read = Read { table: Table::Addresses, item: row };
                read.maybe_text("address") == Some(address) && is_allowed_since(row, asked)
            })
        };
        Ok(unique.into_iter().filter(|address| !allowed(address)).cloned().collect())
    }

    /// The history under one id. Addresses that only it tells of are detached before it goes.
    async fn erase_history(
        &self,
        id: &str,
        plan: &Plan,
        asked: Timestamp,
    ) -> Result<(), StoreError> {
        let mut from = None;
        loop {
            let output = self
                .client
                .query()
                .table_name(self.table(Table::Events))
                .key_condition_expression("id = :id")
                .expression_attribute_values(":id", text(id))
                .limit(PAGE)
                .consistent_read(true)
                .set_exclusive_start_key(from)
                .return_consumed_capacity(ReturnConsumedCapacity::Total)
                .send()
                .await
                .map_err(StoreError::of)?;
            self.meter.reads(&output.consumed_capacity);
            let (mut rows, mut addresses) = (Vec::new(), BTreeSet::new());
            for item in output.items() {
                let read = event::read(item)?;
                let ours = |whose: &CustomerId| plan.ids.iter().any(|id| *id == whose.as_str());
                // What stands for a lost row is whoever's the id is.
                if read.as_ref().map_or(plan.ids.iter().any(|own| own == id), |(_, w)| ours(w)) {
                    addresses.extend(read.iter().flat_map(|(event, _)| told_by(event)));
                    rows.push(key_of(item));
                }
            }
            addresses.retain(|key| !plan.addresses.contains(key));
            for address in &addresses {
                self.detach(address, plan, asked).await?;
            }
            let addresses: Vec<String> = addresses.into_iter().collect();
            self.tell_forgetter(plan, &addresses);
            self.delete_all(Table::Events, rows).await?;
            from = output.last_evaluated_key;
            if from.is_none() {
                return Ok(());
            }
        }
    }

    /// Takes a person off an address, whose tombstone keeps why it must not be written to. A row that is
    /// nobody's then goes; one that others have is suppressed, as its owner asked to be forgotten, unless
    /// they allowed it since.
    async fn detach(&self, address: &str, plan: &Plan, asked: Timestamp) -> Result<(), StoreError> {
        let key = Build::default().text("address", address).done();
        for _ in 0..MOST_RACES {
            let rows = self.get_all(Table::Addresses, std::slice::from_ref(&key), true).await?;
            let row = rows.first();
            let allowed = row.is_some_and(|row| is_allowed_since(row, asked));
            if !allowed {
                self.bury(&[address.to_owned()], asked).await?;
            }
            let Some(row) = row else { return Ok(()) };
            if !allowed {
                self.bury_suppression(address, row).await?;
            }
            let Some(row) = self.take_off(address, row, plan, allowed).await? else { continue };
            if row.contains_key("customers") || self.delete_address(address, &row).await? {
                return Ok(());
            }
        }
        Err(StoreError::Contended(MOST_RACES))
    }

    /// Takes a person off an address, and gives its row as it is then; none if something was said of it
    /// since it was read.
    async fn take_off(
        &self,
        address: &str,
        row: &Attributes,
        plan: &Plan,
        allowed: bool,
    ) -> Result<Option<Attributes>, StoreError> {
        let (condition, mut values) = nothing_said_since(row);
        let suppress = if allowed {
            ""
        } else {
            values.insert(":erased".to_owned(), text(ERASED));
            "SET suppressed = :erased REMOVE booked "
        };
        values.insert(":ids".to_owned(), AttributeValue::Ss(plan.ids.clone()));
        let call = self
            .client
            .update_item()
            .table_name(self.table(Table::Addresses))
            .key("address", text(address))
            .update_expression(format!("{suppress}DELETE customers :ids"))
            .condition_expression(format!("attribute_exists(address) AND {condition}"))
            .set_expression_attribute_values(Some(values))
            .return_values(ReturnValue::AllNew);
        self.update_if(call).await
    }

    /// Deletes the row of an address that is nobody's. Says no if somebody has it again, or said
    /// something of it, since it was read.
    async fn delete_address(&self, address: &str, row: &Attributes) -> Result<bool, StoreError> {
        let (condition, values) = nothing_said_since(row);
        let call = self
            .client
            .delete_item()
            .table_name(self.table(Table::Addresses))
            .key("address", text(address))
            .condition_expression(format!("attribute_not_exists(customers) AND {condition}"))
            .set_expression_attribute_values(Some(values).filter(|values| !values.is_empty()));
        self.delete_if(call).await
    }

    /// Cards and carts, and the pointers of ids that led to the person. The mark stays.
    async fn erase_profile(&self, plan: &Plan) -> Result<(), StoreError> {
        for id in plan.ids.iter().filter_map(|id| CustomerId::parse(id)) {
            self.delete_parts(&id).await?;
            if id.as_str() != plan.customer {
                self.erase_pointer(&id, plan).await?;
            }
        }
        Ok(())
    }

    /// Deletes pointers that events put which were then dropped, as they are of somebody who was
    /// erased.
    pub(super) async fn forget_aliases(
        &self,
        stored: &Stored,
        events: &[Event],
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let own = Plan { ids: vec![stored.profile.id.to_string()], ..Plan::default() };
        for alias in events.iter().filter_map(|event| event.alias.as_ref()) {
            match self.find(alias, Consistency::Strong, now).await? {
                Found::Pointer(to) if to == stored.profile.id => {
                    self.erase_pointer(alias, &own).await?;
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Deletes a pointer that leads to the person.
    pub(super) async fn erase_pointer(
        &self,
        id: &CustomerId,
        plan: &Plan,
    ) -> Result<(), StoreError> {
        let names: Vec<String> = (0..plan.ids.len()).map(|n| format!(":id{n}")).collect();
        let mut call = self
            .client
            .delete_item()
            .table_name(self.table(Table::Profiles))
            .key("customer", text(id.as_str()))
            .key("part", text("core"))
            .condition_expression(format!("#to IN ({})", names.join(", ")))
            .expression_attribute_names("#to", "to");
        for (name, id) in names.iter().zip(&plan.ids) {
            call = call.expression_attribute_values(name, text(id.as_str()));
        }
        // If it does not hold, somebody else has the id now, or it is gone.
        self.delete_if(call).await.map(drop)
    }

    async fn erase_mark(&self, customer: &str, token: &str) -> Result<(), StoreError> {
        let call = self
            .client
            .delete_item()
            .table_name(self.table(Table::Profiles))
            .key("customer", text(customer))
            .key("part", text("core"))
            .condition_expression("erased = :token")
            .expression_attribute_values(":token", text(token));
        self.delete_if(call).await.map(drop)
    }

    /// Takes every wake-up of a customer off the agenda, but the one of the second time. It reads the
    /// whole shard: a profile knows only its last three rows.
    async fn erase_wake_ups(
        &self,
        customer: &str,
        kept: Option<Timestamp>,
    ) -> Result<(), StoreError> {
        let shard = CustomerId::parse(customer).map_or(0, |id| self.shard_of(&id));
        let kept = kept.map(|due| sort_key(due, customer));
        let mut from = None;
        loop {
            let output = self
                .client
                .query()
                .table_name(self.table(Table::Agenda))
                .key_condition_expression("#shard = :shard")
                .projection_expression("due")
                .expression_attribute_names("#shard", "shard")
                .expression_attribute_values(":shard", text(shard_name(shard)))
                .consistent_read(true)
                .set_exclusive_start_key(from)
                .return_consumed_capacity(ReturnConsumedCapacity::Total)
                .send()
                .await
                .map_err(StoreError::of)?;
            self.meter.reads(&output.consumed_capacity);
            let mut rows = Vec::new();
            for item in output.items() {
                let due = Read { table: Table::Agenda, item }.text("due")?;
                let own = due.split_once('#').is_some_and(|(_, whose)| whose == customer);
                if own && kept.as_deref() != Some(due) {
                    let key = Build::default().text("shard", shard_name(shard)).text("due", due);
                    rows.push(key.done());
                }
            }
            self.delete_all(Table::Agenda, rows).await?;
            from = output.last_evaluated_key;
            if from.is_none() {
                return Ok(());
            }
        }
    }

    /// Tells whoever keeps copies outside the tables.
    fn tell_forgetter(&self, plan: &Plan, addresses: &[String]) {
        if let Some(forgetter) = &self.forgetter {
            let messages = plan.messages.iter().filter_map(|id| MessageId::parse(id)).collect();
            forgetter.tell(&Traces { addresses: addresses.to_vec(), messages });
        }
    }
}

/// Whether somebody allowed an address after an instant.
fn is_allowed_since(row: &Attributes, asked: Timestamp) -> bool {
    let read = Read { table: Table::Addresses, item: row };
    read.maybe_time("allowed_at").is_some_and(|allowed| allowed > asked)
}

/// The condition that nothing was said of an address since its row was read.
fn nothing_said_since(row: &Attributes) -> (String, Attributes) {
    let mut values = Attributes::new();
    let same = ["suppressed", "said_at", "allowed_at"].map(|name| match row.get(name) {
        Some(seen) => {
            values.insert(format!(":{name}"), seen.clone());
            format!("{name} = :{name}")
        }
        None => format!("attribute_not_exists({name})"),
    });
    (same.join(" AND "), values)
}

/// Keys of the addresses that an event tells of.
fn told_by(event: &Event) -> Vec<String> {
    let mut told = Vec::new();
    let data = match &event.act {
        Act::Identify { traits } => traits,
        Act::Track { properties, .. } => properties,
        _ => return told,
    };
    let text = |name: &str| data.get(name).and_then(Value::as_str);
    for value in [text("email"), text("address"), text("phone")].into_iter().flatten() {
        told.extend(Address::email(value).ok().map(|address| address.key()));
        told.extend(Address::phone(value).ok().map(|address| address.key()));
    }
    told
}

fn key_of(row: &Attributes) -> Attributes {
    row.iter()
        .filter(|(name, _)| ["id", "at"].contains(&name.as_str()))
        .map(|(n, v)| (n.clone(), v.clone()))
        .collect()
}
