//! The messages: outbox and send ledger in one.
//!
//! A message is planned with the entry that starts it. [`claims`](super::claims) hands it to one
//! sender, [`outcomes`](super::outcomes) writes what becomes of it.

use attune_domain::channel::Channel;
use attune_domain::feedback::Delivery;
use attune_domain::id::{CustomerId, MessageId};
use attune_domain::link::WebUrl;
use attune_domain::message::Message;
use attune_domain::time::Timestamp;
use aws_sdk_dynamodb::types::{Put, ReturnConsumedCapacity, TransactWriteItem};

use super::agenda::shard_name;
use super::coupons::Given;
use super::item::{Attributes, Build, Read, number, text};
use super::profiles::Consistency;
use super::schema::{DUE_INDEX, DUE_KEY};
use super::{Store, StoreError, Table, items};

/// A message and where it is on its way, as read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    /// The message.
    pub message: Message,
    /// The word for its state.
    pub state: String,
    /// Why it is there, in words.
    pub reason: Option<String>,
    /// Whose it was when it was claimed last, if that is not for whom it was planned: of the one they
    /// became a part of. The id may lead to somebody else by now.
    pub claimed_for: Option<CustomerId>,
    /// When something is to be done about it; none once it is settled.
    pub due: Option<Timestamp>,
    /// Until when a sender may take, while it is being sent.
    pub deadline: Option<Timestamp>,
    /// How often it was claimed.
    pub attempts: u32,
    /// The claim that holds it, while it is being sent.
    pub attempt: Option<String>,
    /// The channel it was claimed for.
    pub channel: Option<Channel>,
    /// The name under which the store knows the address that it was claimed for.
    pub to: Option<String>,
    /// What was heard of it since it was handed over.
    pub delivery: Delivery,
    /// When mailbox or phone took it, if that was told.
    pub delivered: Option<Timestamp>,
    /// Why this channel.
    pub because: Option<String>,
    /// The choice of the channel, in words.
    pub why: Option<String>,
    /// What it last waited for, and until when, in words.
    pub waited: Option<String>,
    /// Channels on which it was refused.
    pub refused: Vec<Channel>,
    /// The sender's own id for it.
    pub provider_id: Option<String>,
    /// Where the short links of a text lead, in order.
    pub links: Vec<WebUrl>,
    /// The code that it gives.
    pub given: Option<Given>,
    /// When it last changed.
    pub changed: Timestamp,
}

impl Stored {
    /// Whose it is, or was when it was claimed.
    pub fn whose(&self) -> &CustomerId {
        self.claimed_for.as_ref().unwrap_or(&self.message.customer)
    }

    /// Whether it waits to be decided upon.
    pub fn is_waiting(&self) -> bool {
        ["pending", "held"].contains(&self.state.as_str())
    }

    /// Whether it is being handed to a sender.
    pub fn is_sending(&self) -> bool {
        self.state == "sending"
    }

    /// The whole decision in words: what it waited for, where it went and why there, or why nowhere.
    pub fn decision(&self) -> String {
        let waited = self.waited.as_ref().map(|waited| format!("it waited: {waited}"));
        let channel = self.channel.map(|channel| {
            let why = self.why.as_ref().map(|why| format!(", as {why}")).unwrap_or_default();
            format!("chosen for {channel}{why}")
        });
        let reason = self.reason.as_ref().map(|reason| format!(": {reason}")).unwrap_or_default();
        let now = match self.state.as_str() {
            "pending" => "it waits for its time".to_owned(),
            "held" => "it waits".to_owned(),
            "sending" => "it is being sent".to_owned(),
            "accepted" => "the sender accepted it".to_owned(),
            "dropped" => format!("it is not sent{reason}"),
            "expired" => "it is not sent: it is too late".to_owned(),
            "failed" => format!("it could not be written{reason}"),
            "refused" => format!("the sender refused it{reason}"),
            _ => "nobody can know whether the sender has it, and it is not sent again".to_owned(),
        };
        [waited, channel, Some(now)].into_iter().flatten().collect::<Vec<_>>().join("; ")
    }

    /// Whether somebody may still be handing it to a sender.
    pub(super) fn is_on_its_way(&self, now: Timestamp) -> bool {
        self.is_sending() && self.deadline.is_none_or(|deadline| now <= deadline)
    }
}

/// Where a page of due messages ended.
#[derive(Debug, Clone, PartialEq)]
pub struct Page(Attributes);

impl Store {
    /// The write that plans a message. It fails if the message is there already, which it cannot
    /// be, as its id holds the number of the entry.
    pub(super) fn plan_item(
        &self,
        message: &Message,
        now: Timestamp,
    ) -> Result<TransactWriteItem, StoreError> {
        let queue = self.queue_of(message);
        let put = Put::builder()
            .table_name(self.table(Table::Messages))
            .set_item(Some(items::message::write_new(message, &queue, now)))
            .condition_expression("attribute_not_exists(id)")
            .build()
            .map_err(StoreError::bug)?;
        Ok(TransactWriteItem::builder().put(put).build())
    }

    /// Messages of a queue about which something is to be done by `now`, the earliest first.
    ///
    /// Every run asks from the beginning, as what is not settled stays in the index; within a run,
    /// `after` goes on behind a page.
    pub async fn due_messages(
        &self,
        queue: &str,
        now: Timestamp,
        after: Option<Page>,
        most: i32,
    ) -> Result<(Vec<MessageId>, Option<Page>), StoreError> {
        let output = self
            .client
            .query()
            .table_name(self.table(Table::Messages))
            .index_name(DUE_INDEX)
            .key_condition_expression("#queue = :queue AND due <= :now")
            .expression_attribute_names("#queue", DUE_KEY.partition)
            .expression_attribute_values(":queue", text(queue))
            .expression_attribute_values(":now", number(now.millis()))
            .set_exclusive_start_key(after.map(|page| page.0))
            .limit(most)
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .await
            .map_err(StoreError::of)?;
        self.meter.reads(&output.consumed_capacity);
        let id = |item| Read { table: Table::Messages, item }.parsed("id", MessageId::parse);
        let ids = output.items().iter().map(id).collect::<Result<_, _>>()?;
        Ok((ids, output.last_evaluated_key.map(Page)))
    }

    /// A message as it is now.
    pub async fn message(&self, id: &MessageId) -> Result<Option<Stored>, StoreError> {
        let output = self
            .client
            .get_item()
            .table_name(self.table(Table::Messages))
            .key("id", text(id.as_str()))
            .consistent_read(true)
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .await
            .map_err(StoreError::of)?;
        self.meter.reads(&output.consumed_capacity);
        output.item.as_ref().map(items::message::read).transpose()
    }

    /// Those of `ids` that were ever planned.
    pub async fn messages(&self, ids: &[MessageId]) -> Result<Vec<Stored>, StoreError> {
        self.messages_by(ids, Consistency::Eventual).await
    }

    pub(super) async fn messages_by(
        &self,
        ids: &[MessageId],
        consistency: Consistency,
    ) -> Result<Vec<Stored>, StoreError> {
        let key = |id: &MessageId| Build::default().text("id", id.as_str()).done();
        let keys: Vec<_> = ids.iter().map(key).collect();
        let items =
            self.get_all(Table::Messages, &keys, consistency == Consistency::Strong).await?;
        items.iter().map(items::message::read).collect()
    }

    /// Every queue, in the order in which they are to be gone through: first those of messages that
    /// somebody waits for, so that no receipt waits for a campaign. Among equal ones another shard comes
    /// first each minute, as a run may end before the last.
    pub fn queues(&self, now: Timestamp) -> Vec<String> {
        let shards = self.settings.shards;
        let minute = now.millis().div_euclid(60_000).rem_euclid(shards.into());
        let first = u16::try_from(minute).unwrap_or_default();
        let shards = (0..shards).map(|n| (first + n) % shards);
        let names = |waited_for| shards.clone().map(move |shard| queue_name(shard, waited_for));
        names(true).chain(names(false)).collect()
    }

    /// The queue that a message waits in.
    pub(super) fn queue_of(&self, message: &Message) -> String {
        queue_name(self.shard_of(&message.customer), message.class.is_waited_for())
    }
}

fn queue_name(shard: u16, waited_for: bool) -> String {
    let shard = shard_name(shard);
    if waited_for { format!("first#{shard}") } else { shard }
}
