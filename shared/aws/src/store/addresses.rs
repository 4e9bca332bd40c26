//! What is known of an address: which customers have it, and whether it must not be written to.

use attune_domain::address::Address;
use attune_domain::booking::{Booking, Bookings};
use attune_domain::card::{Card, ConsentAct};
use attune_domain::event::Event;
use attune_domain::id::CustomerId;
use attune_domain::time::Timestamp;
use attune_domain::unsubscribed::Unsubscribed;
use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::{AttributeValue, ConditionCheck, TransactWriteItem, Update};

use super::commit::MOST_RACES;
use super::item::{Build, Read, number, text};
use super::profiles::Stored;
use super::tombstones::Buried;
use super::{Store, StoreError, Table};

/// Customers with one address whose consents what is said there changes at once. For all others, now or
/// later, it is what stands on the address.
const MOST_CUSTOMERS: usize = 25;
/// Adds a customer to an address.
const ADD: &str = "ADD customers :customer";
/// Takes a customer off an address.
const DELETE: &str = "DELETE customers :customer";
/// What comes before, if the address has a tombstone.
const SUPPRESS: &str = "SET suppressed = if_not_exists(suppressed, :why), \
                        suppressed_at = if_not_exists(suppressed_at, :since)";

/// What is known of an address.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AddressRow {
    /// The customers who have it.
    pub customers: Vec<CustomerId>,
    /// Why it must not be written to, if it must not.
    pub suppressed: Option<String>,
    /// Since when.
    pub suppressed_at: Option<Timestamp>,
    /// Of a device, the SNS endpoint that stands for it.
    pub endpoint: Option<String>,
    /// What it was sent.
    pub booked: Bookings,
    /// What whoever reads it said no to.
    pub unsubscribed: Unsubscribed,
}

impl Store {
    /// Brings the rows of addresses that were added to a card, or left it, up to date.
    pub(super) async fn project_addresses(
        &self,
        customer: &CustomerId,
        before: &Card,
        after: &Card,
    ) -> Result<(), StoreError> {
        let (card, before, after) = (after, before.addresses(), after.addresses());
        for address in after.difference(&before) {
            let buried = self.buried(address, card).await?;
            self.change_customers(address, customer, ADD, buried).await?;
        }
        for address in before.difference(&after) {
            self.change_customers(address, customer, DELETE, None).await?;
        }
        Ok(())
    }

    async fn change_customers(
        &self,
        address: &Address,
        customer: &CustomerId,
        change: &str,
        buried: Option<Buried>,
    ) -> Result<(), StoreError> {
        let customers = AttributeValue::Ss(vec![customer.to_string()]);
        let call = self.of_address(address).expression_attribute_values(":customer", customers);
        let call = match buried {
            None => call.update_expression(change),
            Some(Buried { why, since }) => call
                .update_expression(format!("{SUPPRESS} {change}"))
                .expression_attribute_values(":why", text(why))
                .expression_attribute_values(":since", number(since.millis())),
        };
        self.update_if(call).await.map(drop)
    }

    /// The addresses of a card, each with what is known of it.
    pub async fn addresses_of(
        &self,
        card: &Card,
    ) -> Result<Vec<(Address, AddressRow)>, StoreError> {
        let addresses: Vec<Address> = card.addresses().into_iter().collect();
        let rows = self.addresses(&addresses).await?;
        Ok(addresses.into_iter().zip(rows).collect())
    }

    /// What is known of addresses, in their order.
    pub async fn addresses(&self, addresses: &[Address]) -> Result<Vec<AddressRow>, StoreError> {
        let key = |address: &Address| Build::default().text("address", address.key()).done();
        let keys: Vec<_> = addresses.iter().map(key).collect();
        let items = self.get_all(Table::Addresses, &keys, true).await?;
        let find = |address: &Address| {
            let key = address.key();
            items.iter().find(|item| {
                Read { table: Table::Addresses, item }.maybe_text("address") == Some(&key)
            })
        };
        addresses
            .iter()
            .map(|address| find(address).map_or(Ok(AddressRow::default()), read))
            .collect()
    }

    /// Notes that whoever reads an address unsubscribed it, for everybody who has it now or later.
    pub async fn unsubscribe(
        &self,
        address: &str,
        topic: Option<&str>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        for _ in 0..MOST_RACES {
            let Some(row) = self.find_row(address).await? else {
                // Nobody's: whoever had it was erased, and the mark of that holds.
                return Ok(());
            };
            let mut unsubscribed = row.unsubscribed.clone();
            unsubscribed.note(topic, now);
            let (condition, values) = as_seen(&row.unsubscribed);
            let values = values.map(|(name, value)| [(name.to_owned(), value)].into());
            let call = self
                .client
                .update_item()
                .table_name(self.table(Table::Addresses))
                .key("address", text(address))
                .update_expression("SET unsubscribed = :now")
                .condition_expression(format!("attribute_exists(address) AND {condition}"))
                .set_expression_attribute_values(values)
                .expression_attribute_values(":now", text(unsubscribed.to_text()));
            if self.update_past_conflicts(call).await?.is_some() {
                return Ok(());
            }
        }
        Err(StoreError::Contended(MOST_RACES))
    }

    async fn find_row(&self, address: &str) -> Result<Option<AddressRow>, StoreError> {
        let key = Build::default().text("address", address).done();
        let items = self.get_all(Table::Addresses, &[key], true).await?;
        items.first().map(read).transpose()
    }

    /// The customers who have the address that the store knows under this name, and for whom whoever
    /// reads what comes there says that they want no more of it.
    pub async fn customers_at(&self, address: &str) -> Result<Vec<CustomerId>, StoreError> {
        let mut customers = self.find_row(address).await?.unwrap_or_default().customers;
        customers.sort();
        if customers.len() > MOST_CUSTOMERS {
            tracing::warn!(customers = customers.len(), "store.too_many_customers");
            customers.truncate(MOST_CUSTOMERS);
        }
        Ok(customers)
    }

    /// Withdraws what events allowed at addresses that were unsubscribed. What is at hand is old then:
    /// the next commit loses its race and reads anew.
    pub(super) async fn withdraw_owed(
        &self,
        events: &[Event],
        stored: &Stored,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let customer = &stored.profile.id;
        for event in events {
            let owed = self.allow_anew(event, &stored.card, customer).await?;
            if !owed.is_empty() {
                Box::pin(self.apply(customer, &owed, now)).await?;
            }
        }
        Ok(())
    }

    /// Looks again at an address of a card that was allowed anew: its owner may have been erased.
    /// And whoever reads it may have unsubscribed: what does not count there is withdrawn by the
    /// events that are returned.
    async fn allow_anew(
        &self,
        event: &Event,
        card: &Card,
        customer: &CustomerId,
    ) -> Result<Vec<Event>, StoreError> {
        let mut owed = Vec::new();
        for act in ConsentAct::of(event, &mut Vec::new()) {
            if let Some(address) = act.address.or_else(|| card.address(act.channel)) {
                self.buried(&address, card).await?;
                let row = self.find_row(&address.key()).await?;
                owed.extend(
                    row.iter().flat_map(|row| row.unsubscribed.owed(card, customer, &address)),
                );
            }
        }
        Ok(owed)
    }

    /// Remembers the SNS endpoint that stands for a device, if anybody has it: its owner may have
    /// been erased in the meantime. SNS makes the same endpoint again when it is asked to.
    pub async fn keep_endpoint(&self, device: &Address, endpoint: &str) -> Result<(), StoreError> {
        let call = self
            .of_address(device)
            .update_expression("SET endpoint = :endpoint")
            .condition_expression("attribute_exists(address)")
            .expression_attribute_values(":endpoint", text(endpoint));
        self.update_if(call).await.map(drop)
    }

    /// The part of a claim that fails if the address was suppressed since it was decided upon.
    pub(super) fn not_suppressed(
        &self,
        address: &Address,
    ) -> Result<TransactWriteItem, StoreError> {
        let check = ConditionCheck::builder()
            .table_name(self.table(Table::Addresses))
            .key("address", text(address.key()))
            .condition_expression("attribute_not_exists(suppressed)")
            .build()
            .map_err(StoreError::bug)?;
        Ok(TransactWriteItem::builder().condition_check(check).build())
    }

    /// The same, which also books a message that sells, or asks for a confirmation, among the newest
    /// `most`, and fails if another one was booked, or the address was unsubscribed, since. It costs what
    /// the check costs.
    pub(super) fn book(
        &self,
        address: &Address,
        seen: &AddressRow,
        booking: Booking,
        most: usize,
    ) -> Result<TransactWriteItem, StoreError> {
        let bytes = |bookings: &Bookings| AttributeValue::B(Blob::new(bookings.pack()));
        let mut booked = seen.booked.clone();
        booked.note(booking, most);
        let update = Update::builder()
            .table_name(self.table(Table::Addresses))
            .key("address", text(address.key()))
            .update_expression("SET booked = :booked")
            .expression_attribute_values(":booked", bytes(&booked));
        let (was_booked, update) = match seen.booked.is_empty() {
            true => ("attribute_not_exists(booked)", update),
            false => {
                ("booked = :seen", update.expression_attribute_values(":seen", bytes(&seen.booked)))
            }
        };
        let (was_unsubscribed, values) = as_seen(&seen.unsubscribed);
        let update = values
            .into_iter()
            .fold(update, |update, (name, value)| update.expression_attribute_values(name, value));
        let update = update.condition_expression(format!(
            "attribute_not_exists(suppressed) AND {was_booked} AND {was_unsubscribed}"
        ));
        let update = update.build().map_err(StoreError::bug)?;
        Ok(TransactWriteItem::builder().update(update).build())
    }
}

/// That an address was unsubscribed from nothing but what was seen.
fn as_seen(seen: &Unsubscribed) -> (&'static str, Option<(&'static str, AttributeValue)>) {
    match seen.is_empty() {
        true => ("attribute_not_exists(unsubscribed)", None),
        false => ("unsubscribed = :unsubscribed", Some((":unsubscribed", text(seen.to_text())))),
    }
}

fn read(item: &super::item::Attributes) -> Result<AddressRow, StoreError> {
    let read = Read { table: Table::Addresses, item };
    let customers = match item.get("customers").and_then(|value| value.as_ss().ok()) {
        None => Vec::new(),
        Some(ids) => {
            let ids: Option<_> = ids.iter().map(|id| CustomerId::parse(id)).collect();
            ids.ok_or_else(|| read.unreadable("customers"))?
        }
    };
    Ok(AddressRow {
        customers,
        suppressed: read.maybe_text("suppressed").map(str::to_owned),
        suppressed_at: read.maybe_time("suppressed_at"),
        endpoint: read.maybe_text("endpoint").map(str::to_owned),
        booked: match read.flag("booked") {
            true => {
                Bookings::unpack(read.bytes("booked")?).ok_or_else(|| read.unreadable("booked"))?
            }
            false => Bookings::default(),
        },
        unsubscribed: Unsubscribed::parse(read.maybe_text("unsubscribed").unwrap_or_default())
            .ok_or_else(|| read.unreadable("unsubscribed"))?,
    })
}
