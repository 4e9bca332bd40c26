//! Erasing a person: what is to be done is written down first, then done, and done again.
//!
//! 1. The **record** says what there is: ids, addresses, segments, messages. A wake-up is put, so that
//!    somebody goes on if this process dies.
//! 2. The core becomes a **mark**, on the condition of the version that the record was made from.
//!    Whoever has the profile in hand loses the race: no event takes effect, and no claim of a
//!    message commits, after it.
//! 3. **Tombstones**, then everything else goes ([`erasing`](super::erasing)). Each step can be done
//!    twice. A message that was claimed before the mark may be on its way to a sender yet: its row stays
//!    while it may, and only when there is none such is the person said to be erased.
//! 4. Writers that committed before the mark may still be at their rows. When all of them have ended
//!    the wake-up is due, and everything goes once more; with it the mark, and what the record said.

use attune_domain::address::Address;
use attune_domain::id::{CustomerId, MessageId, ProgramId, SegmentId};
use attune_domain::membership::Memberships;
use attune_domain::time::{Span, Timestamp};
use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::types::ReturnConsumedCapacity;
use serde::{Deserialize, Serialize};

use super::agenda::SETTLED;
use super::commit::MOST_RACES;
use super::item::{Attributes, Build, Read, number};
use super::profiles::{Consistency, Found, Stored};
use super::schema::TTL;
use super::{Store, StoreError, Table, expiry};

/// How long after the mark everything goes once more: when every writer from before has ended.
const AGAIN: Span = Span::from_millis(SETTLED.millis() + 60_000);
/// How long the record of an erasure stays that was asked for and not begun.
const UNBEGUN: Span = Span::days(30);
/// First entries of an id that became a part of another that are looked through at least: few visitors
/// enter a segment more often before they are known.
const OF_MERGED: u32 = 16;

/// How far an erasure is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Erasure {
    /// Its name: the pseudonym of the customer.
    pub token: String,
    /// When it was asked for.
    pub asked: Timestamp,
    /// Why, in the words of whoever asked.
    pub reason: Option<String>,
    /// When everything went for the first time, and no message was on its way any more.
    pub erased: Option<Timestamp>,
    /// When everything went for the second time, and what the record knew.
    pub ended: Option<Timestamp>,
    pub(super) plan: Plan,
    /// The version of the core that the plan was made from.
    version: u64,
}

/// What there is of a person.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(super) struct Plan {
    /// The customer.
    pub(super) customer: String,
    /// Ids that are theirs alone, the customer's own first.
    pub(super) ids: Vec<String>,
    /// Ids of devices that are somebody else's now, with what they did in between.
    pub(super) shared: Vec<String>,
    /// Keys of addresses.
    pub(super) addresses: Vec<String>,
    /// Addresses as people write them, to find them in what others wrote down.
    pub(super) texts: Vec<String>,
    /// Segments they were ever in.
    pub(super) segments: Vec<String>,
    /// Their messages.
    pub(super) messages: Vec<String>,
    /// Keys of addresses that those went to, whosever they are now.
    #[serde(default)]
    pub(super) sent_to: Vec<String>,
}

impl Erasure {
    /// Whether there is nothing left to be done.
    pub fn has_ended(&self) -> bool {
        self.ended.is_some()
    }

    /// Whether every writer from before the mark has ended by `now`.
    pub(super) fn is_settled(&self, now: Timestamp) -> bool {
        now >= self.again()
    }

    /// When everything goes once more.
    pub(super) fn again(&self) -> Timestamp {
        self.asked + AGAIN
    }
}

impl Store {
    /// Erases whoever an id leads to. Asked again it goes on, or says that it is done: while a
    /// message is on its way, for some seconds, they are not `erased` yet. `None` if the id leads to
    /// nobody, and never did: whoever comes by that id later did not ask to be forgotten.
    pub async fn erase(
        &self,
        id: &CustomerId,
        reason: Option<&str>,
        now: Timestamp,
    ) -> Result<Option<Erasure>, StoreError> {
        for _ in 0..MOST_RACES {
            let stored = self.load(id, Consistency::Strong, now).await?;
            let token = self.pseudonym(stored.profile.id.as_str());
            let known = self.erasure(&token).await?;
            let begun = |known: &Erasure| stored.is_erased() || known.erased.is_some();
            if known.is_none() && !self.is_known(id, &stored).await? {
                return Ok(None);
            }
            if let Some(known) = known.filter(|known| begun(known) && !stored.exists()) {
                return self.go_on_erasing(known, now).await.map(Some);
            }
            let erasure = Erasure {
                token,
                asked: now,
                reason: reason.map(str::to_owned),
                erased: None,
                ended: None,
                plan: self.plan_of(&stored, id, now).await?,
                version: stored.versions.core,
            };
            if self.begin(&erasure, &stored, now).await? {
                return self.go_on_erasing(erasure, now).await.map(Some);
            }
        }
        Err(StoreError::Contended(MOST_RACES))
    }

    /// Whether an id leads, or led, to somebody: to what was loaded by it, or to who was erased.
    async fn is_known(&self, id: &CustomerId, stored: &Stored) -> Result<bool, StoreError> {
        let found = stored.exists() || stored.is_erased() || stored.profile.id != *id;
        Ok(found || self.tombstone(id.as_str()).await?.is_some())
    }

    /// Writes down what is to be done, and marks the core. Says no if somebody else wrote it since.
    async fn begin(
        &self,
        erasure: &Erasure,
        stored: &Stored,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        if !self.keep_plan(erasure, now + UNBEGUN).await? {
            return Ok(false);
        }
        let id = &stored.profile.id;
        self.put_wake_up(id, now + AGAIN, None).await?;
        let version = stored.versions.core;
        let mark = Build::default()
            .text("customer", id.as_str())
            .text("part", "core")
            .number("version", version + 1)
            .text("erased", erasure.token.as_str())
            .time("at", now);
        self.put_if_version(mark.done(), version).await
    }

    /// What there is of a profile.
    async fn plan_of(
        &self,
        stored: &Stored,
        asked: &CustomerId,
        now: Timestamp,
    ) -> Result<Plan, StoreError> {
        let Stored { profile, definitions, .. } = stored;
        let mut ids = vec![profile.id.clone()];
        let mut shared = Vec::new();
        let others = profile.card.ids.iter().map(|known| &known.id).chain([asked]);
        for other in others.filter(|id| **id != profile.id) {
            let ours = match self.find(other, Consistency::Strong, now).await? {
                Found::Pointer(to) => to == profile.id || profile.card.knows(&to),
                Found::Profile(found) => !found.exists(),
            };
            if ours { ids.push(other.clone()) } else { shared.push(other.to_string()) }
        }
        let messages = stored.message_ids(u32::MAX);
        let messages = self.messages_by(&messages, Consistency::Strong).await?;
        let keys = profile.core.memberships.iter().map(|(key, _)| *key);
        let segments = keys.filter_map(|key| definitions.segment_id(key)).map(SegmentId::to_string);
        let addresses = profile.card.addresses();
        let texts = addresses.iter().map(|address| address.text().to_owned()).collect();
        Ok(Plan {
            customer: profile.id.to_string(),
            ids: ids.iter().map(CustomerId::to_string).collect(),
            shared,
            addresses: addresses.iter().map(Address::key).collect(),
            texts,
            segments: segments.collect(),
            messages: messages.iter().map(|known| known.message.id.to_string()).collect(),
            sent_to: messages.into_iter().filter_map(|known| known.to).collect(),
        })
    }

    /// An erasure, by its token.
    pub async fn erasure(&self, token: &str) -> Result<Option<Erasure>, StoreError> {
        self.workspace("erasure", token).await?.as_ref().map(read).transpose()
    }

    /// The erasure of whoever had an id.
    pub async fn erasure_of(&self, id: &CustomerId) -> Result<Option<Erasure>, StoreError> {
        self.erasure(&self.pseudonym(id.as_str())).await
    }

    pub(super) async fn keep_erasure(&self, erasure: &Erasure) -> Result<(), StoreError> {
        self.put_all(Table::Workspace, vec![write(erasure).done()]).await
    }

    /// Writes a plan, unless there is one that was made from a later version of the core.
    async fn keep_plan(&self, erasure: &Erasure, expires: Timestamp) -> Result<bool, StoreError> {
        let output = self
            .client
            .put_item()
            .table_name(self.table(Table::Workspace))
            .set_item(Some(write(erasure).number(TTL, expiry(expires)).done()))
            .condition_expression("attribute_not_exists(version) OR version <= :version")
            .expression_attribute_values(":version", number(erasure.version))
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .await;
        match output {
            Ok(output) => {
                self.meter.writes(&output.consumed_capacity);
                Ok(true)
            }
            Err(SdkError::ServiceError(error))
                if matches!(error.err(), PutItemError::ConditionalCheckFailedException(_)) =>
            {
                Ok(false)
            }
            Err(error) => Err(StoreError::of(error)),
        }
    }
}

/// The record as an item. Once nothing is left to be done it says of nobody what there was.
fn write(erasure: &Erasure) -> Build {
    let mut item = Build::default()
        .text("kind", "erasure")
        .text("id", erasure.token.as_str())
        .time("asked", erasure.asked)
        .maybe("reason", erasure.reason.as_deref());
    for (name, at) in [("erased", erasure.erased), ("ended", erasure.ended)] {
        item = at.into_iter().fold(item, |item, at| item.time(name, at));
    }
    if erasure.has_ended() {
        return item;
    }
    // Plain lists of texts always become JSON.
    let plan = serde_json::to_string(&erasure.plan).unwrap_or_default();
    item.text("plan", plan).number("version", erasure.version)
}

fn read(item: &Attributes) -> Result<Erasure, StoreError> {
    let read = Read { table: Table::Workspace, item };
    let plan = match read.maybe_text("plan") {
        Some(json) => serde_json::from_str(json).map_err(|_| read.unreadable("plan"))?,
        None => Plan::default(),
    };
    Ok(Erasure {
        token: read.text("id")?.to_owned(),
        asked: read.time("asked")?,
        reason: read.maybe_text("reason").map(str::to_owned),
        erased: read.maybe_time("erased"),
        ended: read.maybe_time("ended"),
        plan,
        version: read.maybe_number("version").unwrap_or(0),
    })
}

impl Stored {
    /// The ids that messages of a customer can have, of the newest entries of each program, as many as are
    /// `asked` for. They are derived from program, segment, customer and entry, so no index is needed to
    /// find them.
    pub fn message_ids(&self, asked: u32) -> Vec<MessageId> {
        let merged = self.profile.card.ids.iter().filter(|known| known.merged);
        let merged: Vec<&CustomerId> = merged.map(|known| &known.id).collect();
        let mut ids = Vec::new();
        for (program, segment, last) in self.entries() {
            let of = |id: &CustomerId, entry| MessageId::of(&program, &segment, id, entry);
            let newest = last.saturating_sub(asked) + 1..=last;
            ids.extend(newest.map(|entry| of(&self.profile.id, entry)));
            // Those count from 1, and how far they came is not known any more.
            let first = 1..=last.min(asked.max(OF_MERGED));
            ids.extend(merged.iter().flat_map(|id| first.clone().map(|entry| of(id, entry))));
        }
        ids
    }

    /// Programs that were ever defined, each with the segments that it ever followed and the number of
    /// the last entry into them.
    fn entries(&self) -> Vec<(ProgramId, SegmentId, u32)> {
        let ever = self.definitions.programs_ever.iter();
        let pairs = ever.flat_map(|(program, segments)| segments.iter().map(move |s| (program, s)));
        let entry = |(program, segment): (&String, &String)| {
            let segment = SegmentId::parse(segment).ok()?;
            let place = self.profile.core.memberships.get(Memberships::key(&segment))?;
            Some((ProgramId::parse(program).ok()?, segment, place.ordinal))
        };
        pairs.filter_map(entry).collect()
    }
}
