//! What stays of somebody who was erased: pseudonyms of their ids and addresses, and when.
//!
//! An id that has one, and no profile, takes no events until its owner allows something anew. An
//! address that has one is suppressed as soon as somebody has it again, unless they allow it anew.

use attune_domain::address::Address;
use attune_domain::card::{Card, Status};
use attune_domain::event::{CONSENT_GRANTED, Event, Writer};
use attune_domain::id::CustomerId;
use attune_domain::time::Timestamp;
use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::ReturnConsumedCapacity;

use super::item::{Build, Read, text};
use super::profiles::Stored;
use super::{Store, StoreError, Table};

/// Why an address must not be written to whose owner was erased.
pub(super) const ERASED: &str = "erased";

impl Store {
    /// The pseudonym under which an id or an address is known once its owner is erased.
    pub(super) fn pseudonym(&self, text: &str) -> String {
        self.settings.pseudonyms.of(text)
    }

    /// Puts the tombstones of texts.
    pub(super) async fn bury(&self, texts: &[String], now: Timestamp) -> Result<(), StoreError> {
        let row = |text: &String| {
            let name = self.pseudonym(text);
            Build::default().text("kind", partition(&name)).text("id", name).time("at", now).done()
        };
        self.put_all(Table::Workspace, texts.iter().map(row).collect()).await
    }

    /// When the owner of an id or an address was erased.
    pub(super) async fn tombstone(&self, text: &str) -> Result<Option<Timestamp>, StoreError> {
        let name = self.pseudonym(text);
        let item = self.workspace(&partition(&name), &name).await?;
        item.map(|item| Read { table: Table::Workspace, item: &item }.time("at")).transpose()
    }

    /// How many of `events`, sent under `id`, are of somebody who was erased and are to be dropped:
    /// all of them, or those before a new consent.
    pub(super) async fn dropped(
        &self,
        id: &CustomerId,
        stored: &Stored,
        events: &[Event],
    ) -> Result<usize, StoreError> {
        if stored.exists() {
            return Ok(0);
        }
        if stored.is_erased() {
            return Ok(events.len());
        }
        let mut erased = self.tombstone(id.as_str()).await?;
        if stored.profile.id != *id {
            erased = erased.max(self.tombstone(stored.profile.id.as_str()).await?);
        }
        let Some(erased) = erased else { return Ok(0) };
        let revives = |event: &Event| {
            event.name() == Some(CONSENT_GRANTED)
                && event.writer == Writer::Server
                && event.occurred > erased
        };
        Ok(events.iter().position(revives).unwrap_or(events.len()))
    }

    /// Whether an id may lead to a profile: it is not of somebody who was erased, or they came back.
    pub(super) async fn may_link(
        &self,
        id: &CustomerId,
        ours: &Stored,
    ) -> Result<bool, StoreError> {
        let Some(erased) = self.tombstone(id.as_str()).await? else { return Ok(true) };
        let consents = &ours.profile.card.consents;
        Ok(consents
            .iter()
            .any(|consent| consent.status == Status::Granted && consent.clock.0 > erased))
    }

    /// Whether an address that a card has must not be written to, as its owner was erased and did
    /// not allow it since. If they did, the tombstone goes.
    pub(super) async fn is_buried(
        &self,
        address: &Address,
        card: &Card,
    ) -> Result<bool, StoreError> {
        let key = address.key();
        let Some(erased) = self.tombstone(&key).await? else { return Ok(false) };
        let anew = card.consents.iter().any(|consent| {
            let here = consent.channel == address.channel() && consent.address == address.text();
            here && consent.status == Status::Granted && consent.clock.0 > erased
        });
        if anew {
            self.lift(&key).await?;
            let name = self.pseudonym(&key);
            self.delete_row(&partition(&name), &name).await?;
        }
        Ok(!anew)
    }

    /// Lets an address be written to again that was suppressed for nothing else.
    async fn lift(&self, key: &str) -> Result<(), StoreError> {
        let output = self
            .client
            .update_item()
            .table_name(self.table(Table::Addresses))
            .key("address", text(key))
            .update_expression("REMOVE suppressed, suppressed_at")
            .condition_expression("suppressed = :erased")
            .expression_attribute_values(":erased", text(ERASED))
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

/// Tombstones are spread by their first byte.
fn partition(name: &str) -> String {
    format!("erased#{}", name.get(..2).unwrap_or_default())
}
