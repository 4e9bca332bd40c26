//! What stays of somebody who was erased: pseudonyms of their ids and addresses, and when.
//!
//! An id that has one, and no profile, takes no events until its owner allows something anew. An
//! address that has one is suppressed as soon as somebody has it again, unless they allow it anew.
//! That of an address also keeps why it was not to be written to before, and what its owner says
//! afterwards: a STOP holds, although nothing says any more whose number it is.

use attune_domain::address::Address;
use attune_domain::card::Card;
use attune_domain::event::{CONSENT_GRANTED, Event, Writer};
use attune_domain::id::CustomerId;
use attune_domain::time::Timestamp;
use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder;

use super::item::{Attributes, Read, number, text};
use super::profiles::Stored;
use super::{Store, StoreError, Table};

/// Why an address must not be written to whose owner was erased.
pub(super) const ERASED: &str = "erased";

/// Why an address must not be written to that has a tombstone, and since when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Buried {
    pub(super) why: String,
    pub(super) since: Timestamp,
}

impl Store {
    /// The pseudonym under which an id or an address is known once its owner is erased.
    pub(super) fn pseudonym(&self, text: &str) -> String {
        self.settings.pseudonyms.of(text)
    }

    /// Puts the tombstones of texts. What one says already stays.
    pub(super) async fn bury(&self, texts: &[String], now: Timestamp) -> Result<(), StoreError> {
        for text in texts {
            let call = self
                .of_tombstone(&self.pseudonym(text))
                .update_expression("SET #at = :at")
                .expression_attribute_names("#at", "at")
                .expression_attribute_values(":at", number(now.millis()));
            self.update_if(call).await?;
        }
        Ok(())
    }

    pub(super) fn of_tombstone(&self, name: &str) -> UpdateItemFluentBuilder {
        self.client
            .update_item()
            .table_name(self.table(Table::Workspace))
            .key("kind", text(partition(name)))
            .key("id", text(name))
    }

    /// When the owner of an id or an address was erased.
    pub(super) async fn tombstone(&self, text: &str) -> Result<Option<Timestamp>, StoreError> {
        let item = self.tombstone_row(text).await?;
        item.map(|item| Read { table: Table::Workspace, item: &item }.time("at")).transpose()
    }

    async fn tombstone_row(&self, text: &str) -> Result<Option<Attributes>, StoreError> {
        let name = self.pseudonym(text);
        self.workspace(&partition(&name), &name).await
    }

    /// How many of `events`, sent under `id`, are of somebody who was erased and are to be dropped:
    /// all of them, or, if a new consent is among them, those from before the erasure. Whoever tells
    /// of a consent tells in one request whose it is, at which address, and for what.
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
                && !event.import
                && event.occurred > erased
        };
        let before = |event: &&Event| event.occurred <= erased;
        Ok(match events.iter().any(revives) {
            true => events.iter().take_while(before).count(),
            false => events.len(),
        })
    }

    /// Whether an id may lead to a profile: it is not of somebody who was erased, or they came back.
    pub(super) async fn may_link(
        &self,
        id: &CustomerId,
        ours: &Stored,
    ) -> Result<bool, StoreError> {
        let Some(erased) = self.tombstone(id.as_str()).await? else { return Ok(true) };
        let consents = &ours.profile.card.consents;
        Ok(consents.iter().any(|consent| consent.is_told_grant() && consent.clock.0 > erased))
    }

    /// Why an address that a card has must not be written to, as its owner was erased and did not
    /// allow it since. If they did, the tombstone goes; what it kept stays on the row.
    pub(super) async fn buried(
        &self,
        address: &Address,
        card: &Card,
    ) -> Result<Option<Buried>, StoreError> {
        let key = address.key();
        let Some(item) = self.tombstone_row(&key).await? else { return Ok(None) };
        let read = Read { table: Table::Workspace, item: &item };
        let erased = read.time("at")?;
        let kept = read.maybe_text("suppressed").map(|why| Buried {
            why: why.to_owned(),
            since: read.maybe_time("suppressed_at").unwrap_or(erased),
        });
        let anew = card.consents.iter().filter(|consent| {
            let here = consent.channel == address.channel() && consent.address == address.text();
            here && consent.is_told_grant() && consent.clock.0 > erased
        });
        let Some(allowed) = anew.map(|consent| consent.clock.0).max() else {
            let erased = || Buried { why: ERASED.to_owned(), since: erased };
            return Ok(Some(kept.unwrap_or_else(erased)));
        };
        match kept {
            Some(kept) => self.suppress_instead(address, &kept).await?,
            None => self.lift(address, allowed).await?,
        }
        let name = self.pseudonym(&key);
        self.delete_row(&partition(&name), &name).await?;
        Ok(None)
    }

    /// Lets an address be written to again that was suppressed for nothing else, and notes since when
    /// it is allowed: the erasure may not have ended, and must not suppress it once more.
    async fn lift(&self, address: &Address, allowed: Timestamp) -> Result<(), StoreError> {
        let call = self
            .of_address(address)
            .update_expression("SET allowed_at = :at REMOVE suppressed, suppressed_at")
            .condition_expression("attribute_not_exists(suppressed) OR suppressed = :erased")
            .expression_attribute_values(":at", number(allowed.millis()))
            .expression_attribute_values(":erased", text(ERASED));
        self.update_if(call).await.map(drop)
    }

    /// Suppresses an address for what was kept, and no longer because its owner was erased.
    async fn suppress_instead(&self, address: &Address, kept: &Buried) -> Result<(), StoreError> {
        let call = self
            .of_address(address)
            .update_expression("SET suppressed = :why, suppressed_at = :since")
            .condition_expression("attribute_not_exists(suppressed) OR suppressed = :erased")
            .expression_attribute_values(":why", text(kept.why.as_str()))
            .expression_attribute_values(":since", number(kept.since.millis()))
            .expression_attribute_values(":erased", text(ERASED));
        self.update_if(call).await.map(drop)
    }
}

/// Tombstones are spread by their first byte.
fn partition(name: &str) -> String {
    format!("erased#{}", name.get(..2).unwrap_or_default())
}
