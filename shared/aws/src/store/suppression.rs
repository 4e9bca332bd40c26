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

use super::item::{Attributes, Read, number, text};
use super::{Store, StoreError, Table};

/// Whether a person's STOP or START counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Spoken {
    /// It is the last thing that they said.
    Newest,
    /// They said something later, or the same before: nothing is to be answered.
    Before,
}

/// Where what is said of an address is written down.
#[derive(Debug)]
enum Place<'a> {
    /// On its row.
    Row(&'a Address),
    /// On the tombstone of this name.
    Tombstone(String),
}

impl Store {
    /// Suppresses an address, unless it is for a stronger reason. Of two times of one reason the
    /// earlier stays, but of a device that is gone the later: its app may have been seen in between. Of
    /// an address whose owner was erased its tombstone keeps it.
    pub async fn suppress(
        &self,
        address: &Address,
        why: Suppression,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        let (call, condition) = suppressing(self.of_address(address), why, at);
        if self.update_row(address, call, &condition).await?.is_none() {
            self.suppress_buried(address, why, at).await?;
        }
        Ok(())
    }

    /// Keeps on the tombstone of an address why it must not be written to; says whether it has one.
    pub async fn suppress_buried(
        &self,
        address: &Address,
        why: Suppression,
        at: Timestamp,
    ) -> Result<bool, StoreError> {
        let key = address.key();
        if self.tombstone(&key).await?.is_none() {
            return Ok(false);
        }
        self.suppress_at(&Place::Tombstone(self.pseudonym(&key)), why, at).await?;
        Ok(true)
    }

    async fn suppress_at(
        &self,
        place: &Place<'_>,
        why: Suppression,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        let (call, condition) = suppressing(self.of_place(place), why, at);
        self.update_if(call.condition_expression(condition)).await.map(drop)
    }

    /// Lifts a suppression, if it is for this reason and no newer than `until`.
    pub async fn lift_suppression(
        &self,
        address: &Address,
        why: Suppression,
        until: Timestamp,
    ) -> Result<bool, StoreError> {
        self.lift_at(&Place::Row(address), why, until).await
    }

    async fn lift_at(
        &self,
        place: &Place<'_>,
        why: Suppression,
        until: Timestamp,
    ) -> Result<bool, StoreError> {
        let call = self
            .of_place(place)
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
        let place = self.place_of(phone).await?;
        let spoken = self.speak(&place, "stop", id, at).await?;
        if spoken == Spoken::Newest {
            self.suppress_at(&place, Suppression::Stop, at).await?;
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
        let place = self.place_of(phone).await?;
        let spoken = self.speak(&place, "start", id, at).await?;
        if spoken == Spoken::Newest {
            self.lift_at(&place, Suppression::Stop, at).await?;
        }
        Ok(spoken)
    }

    /// Remembers the last word of a person. Of two the later counts. The same word again is known,
    /// and moves only its time. A repetition of that very text still is the newest, as whoever took
    /// it may have died before the rest was done.
    async fn speak(
        &self,
        place: &Place<'_>,
        word: &str,
        id: &str,
        at: Timestamp,
    ) -> Result<Spoken, StoreError> {
        let id = name128(&["inbound", id]);
        let call = self
            .of_place(place)
            .update_expression("SET said = :word, said_at = :at, said_by = :id")
            .condition_expression(
                "attribute_not_exists(said_at) OR (said_by = :id AND said_at <= :at) \
                 OR (said <> :word AND said_at < :at)",
            )
            .expression_attribute_values(":word", text(word))
            .expression_attribute_values(":at", number(at.millis()))
            .expression_attribute_values(":id", text(&id));
        if self.update_if(call).await?.is_some() {
            return Ok(Spoken::Newest);
        }
        let again = self
            .of_place(place)
            .update_expression("SET said_at = :at")
            .condition_expression("said = :word AND said_at < :at")
            .expression_attribute_values(":word", text(word))
            .expression_attribute_values(":at", number(at.millis()));
        if self.update_if(again).await?.is_some() {
            return Ok(Spoken::Before);
        }
        // A repetition, after the same word that came later moved the time.
        let repeated = self
            .of_place(place)
            .update_expression("SET said_by = :id")
            .condition_expression("said_by = :id")
            .expression_attribute_values(":id", text(id));
        let repeated = self.update_if(repeated).await?.is_some();
        Ok(if repeated { Spoken::Newest } else { Spoken::Before })
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

    /// Where what a person says of an address is kept: not on its row, if they were erased and
    /// nobody has it, as a row says what the address is.
    async fn place_of<'a>(&self, address: &'a Address) -> Result<Place<'a>, StoreError> {
        let key = address.key();
        if self.tombstone(&key).await?.is_none() {
            return Ok(Place::Row(address));
        }
        let rows = self.addresses(std::slice::from_ref(address)).await?;
        let is_had = rows.iter().any(|row| !row.customers.is_empty());
        Ok(if is_had { Place::Row(address) } else { Place::Tombstone(self.pseudonym(&key)) })
    }

    /// Keeps on its tombstone why an address must not be written to, before its row goes.
    pub(super) async fn bury_suppression(
        &self,
        key: &str,
        row: &Attributes,
    ) -> Result<(), StoreError> {
        let (read, place) =
            (Read { table: Table::Addresses, item: row }, Place::Tombstone(self.pseudonym(key)));
        let why = read.maybe_text("suppressed").and_then(Suppression::parse);
        let why = why.filter(|why| *why != Suppression::Erased);
        if let (Some(why), Some(at)) = (why, read.maybe_time("suppressed_at")) {
            self.suppress_at(&place, why, at).await?;
        }
        let said = (row.get("said"), row.get("said_at"), row.get("said_by"));
        if let (Some(said), Some(at), Some(by)) = said {
            let call = self
                .of_place(&place)
                .update_expression("SET said = :said, said_at = :at, said_by = :by")
                .condition_expression("attribute_not_exists(said_at) OR said_at < :at")
                .expression_attribute_values(":said", said.clone())
                .expression_attribute_values(":at", at.clone())
                .expression_attribute_values(":by", by.clone());
            self.update_if(call).await?;
        }
        Ok(())
    }

    fn of_place(&self, place: &Place<'_>) -> UpdateItemFluentBuilder {
        match place {
            Place::Row(address) => self.of_address(address),
            Place::Tombstone(name) => self.of_tombstone(name),
        }
    }

    pub(super) fn of_address(&self, address: &Address) -> UpdateItemFluentBuilder {
        self.client
            .update_item()
            .table_name(self.table(Table::Addresses))
            .key("address", text(address.key()))
    }
}

/// The write that suppresses, and the condition on which it does.
fn suppressing(
    call: UpdateItemFluentBuilder,
    why: Suppression,
    at: Timestamp,
) -> (UpdateItemFluentBuilder, String) {
    let mut call = call
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
    (call, condition)
}
