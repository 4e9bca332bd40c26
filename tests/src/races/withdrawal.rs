//! A message that is being sent, against a person who withdraws, on every path of withdrawal.

use std::sync::Arc;

use attune_aws::transport::{Lost, Reply, Transport};
use attune_domain::channel::Channel;
use attune_domain::id::{CustomerId, MessageId, ProgramId, SegmentId};
use attune_domain::link::Link;
use attune_domain::time::Span;
use attune_embedded::capture::feedback::{FEEDBACK_TOPIC, Happened, by_topic, text_from, told_of};
use attune_embedded::capture::sent::{Kind, Sent};
use attune_testkit::World;
use axum::http::header;
use bytes::Bytes;
use fastrand::Rng;
use http::{Request, Response};
use serde_json::{Value, json};

use super::{Done, Gates, Side};
use crate::{dispatch, feedback, fill_in, hand_over, links, manage, post};

/// Customers of one world: making one costs as much as a race, and a full one gets slow.
const IN_ONE_WORLD: u64 = 50;

const SHOP: &str = "
policy: { learn: false }
segments:
  - { id: buyers, when: { event: Order Completed, within: 1d } }
  - { id: lookers, when: { event: Look, within: 1d } }
templates:
  - id: hello
    email: { subject: Hello, html: '<p>Hello</p>', text: Hello }
    sms: Hello
programs:
  - { id: before, enter: buyers, again: { after: 1d }, send: { template: hello } }
  - { id: hello, enter: lookers, again: { after: 1d }, send: { template: hello } }
";

/// How somebody withdraws.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// The shop's server tells.
    Event,
    /// One click in a mail client (RFC 8058).
    OneClick,
    /// The button of the page behind a link.
    Button,
    /// The form of the preference page.
    Form,
    /// One click by somebody else who has the mailbox, in a mail of theirs.
    Twin,
    /// STOP, by text.
    Stop,
    /// A complaint about an earlier mail.
    Complaint,
    /// The person is erased.
    Erasure,
}

impl Way {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Event,
        Self::OneClick,
        Self::Button,
        Self::Form,
        Self::Twin,
        Self::Stop,
        Self::Complaint,
        Self::Erasure,
    ];

    /// The channel on which the message would go.
    fn channel(self) -> Channel {
        if self == Self::Stop { Channel::Sms } else { Channel::Email }
    }

    /// The channels on which nothing may go out any more.
    fn ends(self) -> &'static [Channel] {
        match self {
            Self::Stop => &[Channel::Sms],
            Self::Erasure => &Channel::ALL,
            _ => &[Channel::Email],
        }
    }

    /// Whether it is about a mail that they have.
    fn needs_mail(self) -> bool {
        matches!(self, Self::OneClick | Self::Button | Self::Twin | Self::Complaint)
    }

    /// Who withdraws, of a message to this customer.
    fn by(self, customer: &str) -> String {
        if self == Self::Twin { format!("{customer}-twin") } else { customer.to_owned() }
    }
}

/// What came of races.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tally {
    /// Races.
    pub races: u64,
    /// The message was sent on the channel, and claimed before the withdrawal.
    pub sent_before: u64,
    /// It was not sent on the channel.
    pub not_sent: u64,
    /// A claim was refused, as something changed since the decision.
    pub refused_claims: u64,
    /// What must never be, in words with the seed.
    pub wrong: Vec<String>,
}

/// Puts something between the dispatcher and AWS.
pub type Wrap = fn(Arc<dyn Transport>) -> Arc<dyn Transport>;

/// Plays the races of these seeds.
pub async fn play(seeds: std::ops::Range<u64>, wrap: Wrap) -> Tally {
    let mut tally = Tally::default();
    let mut from = seeds.start;
    while from < seeds.end {
        let until = seeds.end.min(from + IN_ONE_WORLD);
        let arena = Arena::new(wrap).await;
        for seed in from..until {
            Box::pin(arena.race(seed, &mut tally)).await;
        }
        from = until;
    }
    tally
}

struct Arena {
    world: World,
    sender: World,
    person: World,
    gates: Gates,
}

impl Arena {
    async fn new(wrap: Wrap) -> Self {
        // The SDK draws its transaction tokens and its back-off from here.
        fastrand::seed(1);
        let world = World::with(SHOP).await;
        // So many that the complaints do not stop the program.
        let many = attune_domain::brakes::Tally { sent: 1_000_000, bounced: 0, complained: 0 };
        world.store.tally(&before(), many, world.now()).await.expect("counted");
        let gates = Gates::default();
        let sender = world.another(|inner| gates.before(Side::One, wrap(inner)));
        let person = world.another(|inner| gates.before(Side::Other, inner));
        Self { world, sender, person, gates }
    }

    async fn race(&self, seed: u64, tally: &mut Tally) {
        let mut rng = Rng::with_seed(seed);
        let way = Way::ALL[rng.usize(0..Way::ALL.len())];
        let customer = (seed + 1).to_string();
        let earlier = self.prepare(&customer, way).await;
        let favour = rng.u32(100..900);
        let (sent, (), log) = self
            .gates
            .race(
                &mut rng,
                favour,
                Box::pin(dispatch(&self.sender)),
                Box::pin(self.withdraw(&customer, way, earlier.as_ref())),
            )
            .await;
        sent.expect("dispatched");
        let whose = CustomerId::known(&customer);
        let told = Told::of(&log, &whose, way.ends());
        let after = self.look_again(way.ends()).await;
        tally.count(&told, after, |what| {
            format!("seed {seed}, {way:?}: {what}\n{}", in_words(&log, &whose))
        });
    }

    /// A customer who can be reached on both channels, and whose message is due.
    async fn prepare(&self, customer: &str, way: Way) -> Option<Sent> {
        let world = &self.world;
        // The senders take fourteen a second.
        world.pass(Span::seconds(1));
        let channel = way.channel().as_str();
        let phone = format!("+1555{:07}", customer.parse::<u64>().expect("a number"));
        let traits = json!({"email": format!("customer-{customer}@example.com"), "phone": phone,
            "preferred_channel": channel});
        let arrive = async |who: &str| {
            let grant = |channel| world.track(who, "Consent Granted", json!({"channel": channel}));
            let identify = world.call(who, json!({"type": "identify", "traits": traits}));
            world.apply(&[identify, grant("email"), grant("sms")]).await;
        };
        let by = way.by(customer);
        arrive(&by).await;
        if by != customer {
            arrive(customer).await;
        }
        let mut earlier = None;
        if way.needs_mail() {
            let order = world.track(&by, "Order Completed", json!({"order_id": customer}));
            world.apply(&[order]).await;
            assert_eq!(dispatch(world).await.expect("dispatched").accepted, 1);
            world.pass(Span::seconds(1));
            earlier = world.capture.sent().pop();
        }
        world.apply(&[world.track(customer, "Look", json!({}))]).await;
        earlier
    }

    async fn withdraw(&self, customer: &str, way: Way, earlier: Option<&Sent>) {
        let (world, now) = (&self.person, self.person.now());
        let id = CustomerId::known(&way.by(customer));
        let segment = SegmentId::parse("buyers").expect("an id");
        let message = MessageId::of(&before(), &segment, &id, 1);
        let page = || World::links().url(&Link::Unsubscribe { message: message.clone() });
        match way {
            Way::Event => {
                let event = json!({"type": "track", "userId": customer, "messageId": "gone",
                    "event": "Consent Withdrawn", "properties": {"channel": "email"},
                    "timestamp": now.to_string()});
                let body = json!({"batch": [event]});
                let (status, _) = post(world, "/v1/batch", "server-key", &body).await;
                assert_eq!(status.as_u16(), 200);
            }
            Way::OneClick | Way::Twin => {
                let kind = (header::CONTENT_TYPE, "application/x-www-form-urlencoded");
                let form = "List-Unsubscribe=One-Click";
                let (status, ..) = links(world, "POST", &page(), &[kind], form).await;
                assert_eq!(status.as_u16(), 200);
            }
            Way::Button => {
                assert_eq!(fill_in(world, &page(), "wish=nothing").await.0.as_u16(), 200);
            }
            Way::Form => {
                let url = World::links().url(&Link::Preferences { customer: id });
                let form = "saved=1&was=email&was=sms&want=sms&order=email&order=sms\
                            &frequency=normal&language=&quiet_from=&quiet_until=";
                assert_eq!(fill_in(world, &url, form).await.0.as_u16(), 200);
            }
            Way::Stop => {
                let phone = format!("+1555{:07}", customer.parse::<u64>().expect("a number"));
                let text = text_from(&phone, "STOP", &format!("text-{customer}"));
                let payload = by_topic(FEEDBACK_TOPIC, &text, now.millis());
                assert_eq!(hand_over(world, &payload).await.expect("taken").taken, 1);
            }
            Way::Complaint => {
                let mail = earlier.expect("a mail");
                let notice = told_of(mail, Happened::Complaint, now.millis()).expect("a notice");
                assert_eq!(feedback(world, &notice).await.expect("taken").taken, 1);
            }
            Way::Erasure => {
                let path = format!("/api/customers/{customer}");
                let (status, _) = manage(world, "DELETE", &path, &Value::Null).await;
                // 202 while a message is on its way to them.
                assert!([200, 202].contains(&status.as_u16()), "{status}");
            }
        }
    }

    /// Whether anything more goes out on these channels once all is told.
    async fn look_again(&self, channels: &[Channel]) -> bool {
        self.world.pass(Span::minutes(2));
        let before = self.world.capture.sent().len();
        dispatch(&self.world).await.expect("dispatched");
        let sent = self.world.capture.sent();
        sent.iter().skip(before).any(|sent| channels.contains(&channel_of(sent)))
    }
}

/// The program of the mail that customers have already.
fn before() -> ProgramId {
    ProgramId::parse("before").expect("an id")
}

fn channel_of(sent: &Sent) -> Channel {
    match sent.kind {
        Kind::Email(_) => Channel::Email,
        Kind::Sms(_) => Channel::Sms,
        Kind::Push(_) => Channel::Push,
    }
}

/// What the log of a race tells of the channels that were withdrawn.
#[derive(Debug, Default)]
struct Told {
    /// Places of claims for them that were committed.
    claims: Vec<usize>,
    /// Claims, on any channel, that were refused.
    refused: u64,
    /// Where the withdrawal was committed.
    withdrawn: Option<usize>,
    /// How often a message was accepted on them.
    sent: usize,
}

impl Told {
    fn of(log: &[Done], whose: &CustomerId, channels: &[Channel]) -> Self {
        let mut told = Self::default();
        let send = |channel: &Channel| match channel {
            Channel::Email => "SendEmail",
            Channel::Sms | Channel::Push => "Publish",
        };
        let sends: Vec<&str> = channels.iter().map(send).collect();
        for (place, done) in log.iter().enumerate() {
            match (done.side, claim_of(done)) {
                (Side::One, Some(_)) if !done.done => told.refused += 1,
                (Side::One, Some(on)) if channels.contains(&on) => told.claims.push(place),
                (Side::One, None) if done.done && sends.contains(&&*done.operation) => {
                    told.sent += 1;
                }
                (Side::Other, _) if done.done && withdraws(done, whose) => {
                    told.withdrawn = told.withdrawn.or(Some(place));
                }
                _ => {}
            }
        }
        told
    }
}

/// The channel that a call claims a message for.
fn claim_of(done: &Done) -> Option<Channel> {
    let items = done.asked["TransactItems"].as_array()?;
    let values = items.iter().map(|item| &item["Update"]["ExpressionAttributeValues"]);
    let claim = values.into_iter().find(|values| values[":sending"]["S"] == "sending")?;
    Channel::parse(claim[":channel"]["S"].as_str()?)
}

/// Whether a call of whoever withdraws is the one from which on it holds: the profile's core, or the
/// suppression of the address.
fn withdraws(done: &Done, whose: &CustomerId) -> bool {
    let asked = &done.asked;
    let update = asked["UpdateExpression"].as_str().unwrap_or_default();
    let is_core =
        |item: &Value| item["part"]["S"] == "core" && item["customer"]["S"] == whose.as_str();
    let core = is_core(&asked["Item"]) || is_core(&asked["Key"]);
    let written = matches!(done.operation.as_str(), "PutItem" | "UpdateItem");
    let mut together = asked["TransactItems"].as_array().into_iter().flatten();
    let together = together.any(|item| is_core(&item["Put"]["Item"]));
    (written && core) || together || update.starts_with("SET suppressed = :why")
}

impl Tally {
    fn count(&mut self, told: &Told, after: bool, say: impl Fn(&str) -> String) {
        self.races += 1;
        self.refused_claims += u64::from(told.refused > 0);
        match told.claims.as_slice() {
            [] => self.not_sent += 1,
            _ => self.sent_before += 1,
        }
        let Some(withdrawn) = told.withdrawn else {
            return self.wrong.push(say("nothing was withdrawn"));
        };
        if told.claims.iter().any(|claim| *claim > withdrawn) {
            self.wrong.push(say("a claim was committed after the withdrawal"));
        }
        if told.sent != told.claims.len() || told.sent > 1 {
            let (claims, sent) = (told.claims.len(), told.sent);
            self.wrong.push(say(&format!("{claims} claims and {sent} sends")));
        }
        if after {
            self.wrong.push(say("it was sent once all was told"));
        }
    }
}

fn in_words(log: &[Done], whose: &CustomerId) -> String {
    let line = |done: &Done| {
        let claim = claim_of(done).map(|on| format!(" claim for {on}")).unwrap_or_default();
        let gone = if withdraws(done, whose) { " withdraws" } else { "" };
        let end = if done.done { "" } else { " refused" };
        format!("  {:?} {}{claim}{gone}{end}\n", done.side, done.operation)
    };
    log.iter().map(line).collect()
}

/// A planted bug: what was decided upon is not looked at again by the claim.
pub fn claim_without_looking(inner: Arc<dyn Transport>) -> Arc<dyn Transport> {
    Arc::new(Blind(inner))
}

/// Nothing in between.
pub fn as_it_is(inner: Arc<dyn Transport>) -> Arc<dyn Transport> {
    inner
}

#[derive(Debug)]
struct Blind(Arc<dyn Transport>);

impl Transport for Blind {
    fn call(&self, request: Request<Bytes>) -> Reply<'_> {
        Box::pin(self.go(request))
    }
}

impl Blind {
    async fn go(&self, request: Request<Bytes>) -> Result<Response<Bytes>, Lost> {
        let (head, body) = request.into_parts();
        let body = blinded(&body).unwrap_or(body);
        self.0.call(Request::from_parts(head, body)).await
    }
}

/// A claim without its conditions on the profile and the address.
fn blinded(body: &Bytes) -> Option<Bytes> {
    let mut asked: Value = serde_json::from_slice(body).ok()?;
    let items = asked["TransactItems"].as_array_mut()?;
    let claims = |item: &Value| !item["Update"]["ExpressionAttributeValues"][":sending"].is_null();
    if !items.iter().any(claims) {
        return None;
    }
    items.retain(|item| {
        let parts = item.as_object().into_iter().flat_map(serde_json::Map::values);
        !parts.into_iter().any(|part| part["TableName"] == "attune-addresses")
    });
    for put in items.iter_mut().filter_map(|item| item["Put"].as_object_mut()) {
        if put["TableName"] == "attune-profiles" {
            put.retain(|name, _| !name.contains("Expression"));
        }
    }
    Some(asked.to_string().into())
}
