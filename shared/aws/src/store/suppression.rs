//! Why an address must not be written to, on its row.
//!
//! Each write here is a join: of two reasons the stronger stays, of STOP and START the later. So
//! notices may come in any order and any number of times. A claim checks the row in its own
//! transaction: what is written here holds from the next claim on.

use attune_domain::address::Address;
use attune_domain::digest::name128;
use attune_domain::feedback::Suppression;
use attune_domain::time::Timestamp;
use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder;

use super::item::{Attributes, number, text};
use super::{Store, StoreError, Table};

/// Whether a person's STOP or START counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Spoken {
    /// It is the last thing that they said.
    Newest,
    /// They said something later, or the same before: nothing is to be answered.
    Before,
}

impl Store {
    /// Suppresses an address, unless it is for a stronger reason. Of two times of one reason the
    /// earlier stays, but of a device that is gone the later: its app may have been seen in between.
    pub async fn suppress(
        &self,
        address: &Address,
        why: Suppression,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        let mut call = self
            .of_address(address)
            .update_expression("SET suppressed = :why, suppressed_at = :at")
            .expression_attribute_values(":why", text(why.as_str()))
            .expression_attribute_values(":at", number(at.millis()));
        let mut weaker = Vec::new();
        for (n, other) in why.weaker().enumerate() {
            call = call.expression_attribute_values(format!(":w{n}"), text(other.as_str()));
            weaker.push(format!(":w{n}"));
        }
        let stays = if why == Suppression::Disabled { '<' } else { '>' };
        let mut condition = format!(
            "attribute_not_exists(suppressed) OR (suppressed = :why AND suppressed_at {stays} :at)"
        );
        if !weaker.is_empty() {
            condition = format!("{condition} OR suppressed IN ({})", weaker.join(", "));
        }
        match why {
            // It is the person's own word, whatever we know of the number.
            Suppression::Stop => self.update_if(call.condition_expression(condition)).await,
            _ => self.update_row(address, call, &condition).await,
        }
        .map(drop)
    }

    /// Lifts a suppression, if it is for this reason and no newer than `until`.
    pub async fn lift_suppression(
        &self,
        address: &Address,
        why: Suppression,
        until: Timestamp,
    ) -> Result<bool, StoreError> {
        let call = self
            .of_address(address)
            .update_expression("REMOVE suppressed, suppressed_at, endpoint")
            .condition_expression("suppressed = :why AND suppressed_at <= :until")
            .expression_attribute_values(":why", text(why.as_str()))
            .expression_attribute_values(":until", number(until.millis()));
        Ok(self.update_if(call).await?.is_some())
    }

    /// Takes a STOP: the number is suppressed, unless START was said later.
    pub async fn stop(
        &self,
        phone: &Address,
        id: &str,
        at: Timestamp,
    ) -> Result<Spoken, StoreError> {
        let spoken = self.speak(phone, "stop", id, at).await?;
        if spoken == Spoken::Newest {
            self.suppress(phone, Suppression::Stop, at).await?;
        }
        Ok(spoken)
    }

    /// Takes a START: what STOP did is lifted, unless it was said later. Other reasons stay.
    pub async fn start(
        &self,
        phone: &Address,
        id: &str,
        at: Timestamp,
    ) -> Result<Spoken, StoreError> {
        let spoken = self.speak(phone, "start", id, at).await?;
        if spoken == Spoken::Newest {
            self.lift_suppression(phone, Suppression::Stop, at).await?;
        }
        Ok(spoken)
    }

    /// Remembers the last word of a person. Of two the later counts. The same word again is known,
    /// and moves only its time. A repetition of that very text still is the newest, as whoever took
    /// it may have died before the rest was done.
    async fn speak(
        &self,
        phone: &Address,
        word: &str,
        id: &str,
        at: Timestamp,
    ) -> Result<Spoken, StoreError> {
        let id = name128(&["inbound", id]);
        let call = self
            .of_address(phone)
            .update_expression("SET said = :word, said_at = :at, said_by = :id")
            .condition_expression(
                "attribute_not_exists(said_at) OR said_by = :id \
                 OR (said <> :word AND said_at < :at)",
            )
            .expression_attribute_values(":word", text(word))
            .expression_attribute_values(":at", number(at.millis()))
            .expression_attribute_values(":id", text(id));
        if self.update_if(call).await?.is_some() {
            return Ok(Spoken::Newest);
        }
        let again = self
            .of_address(phone)
            .update_expression("SET said_at = :at")
            .condition_expression("said = :word AND said_at < :at")
            .expression_attribute_values(":word", text(word))
            .expression_attribute_values(":at", number(at.millis()));
        self.update_if(again).await?;
        Ok(Spoken::Before)
    }

    /// Updates the row of an address if a condition holds. Where there is no row, one is made, as
    /// whoever should have made it may have died; but not of an address whose owner was erased: what
    /// comes late brings nothing back.
    pub(super) async fn update_row(
        &self,
        address: &Address,
        call: UpdateItemFluentBuilder,
        condition: &str,
    ) -> Result<Option<Attributes>, StoreError> {
        let known = format!("attribute_exists(address) AND ({condition})");
        let row = self.update_if(call.clone().condition_expression(known)).await?;
        if row.is_some() || self.tombstone(&address.key()).await?.is_some() {
            return Ok(row);
        }
        self.update_if(call.condition_expression(condition)).await
    }

    pub(super) fn of_address(&self, address: &Address) -> UpdateItemFluentBuilder {
        self.client
            .update_item()
            .table_name(self.table(Table::Addresses))
            .key("address", text(address.key()))
    }
}
