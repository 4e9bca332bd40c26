//! How a shop sends its messages.

use std::collections::BTreeMap;

use crate::card::ConsentAct;
use crate::channel::Channel;
use crate::event::Event;
use crate::feedback::SoftBounces;
use crate::language;
use crate::number::Number;
use crate::pressure::{Cap, REMEMBERED};
use crate::problem::{Flaw, Problem};
use crate::time::Span;
use crate::timing::Hours;
use crate::zone::Zone;

/// How messages are sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// The order of channels for those who stated no preference and whose own is not learned yet.
    pub channels: Vec<Channel>,
    /// Whether the order is learned from what a customer responds to.
    pub learn: bool,
    /// How long after a purchase the same product is not sold again.
    pub just_bought: Span,
    /// When messages may go out.
    pub hours: Hours,
    /// Zones in which customers may live of whom nothing tells where; none means the shop's own.
    pub zones: Vec<Zone>,
    /// How many messages a customer may get.
    pub caps: Vec<Cap>,
    /// The further cap for those who asked for fewer messages.
    pub less_often: Cap,
    /// What becomes of a message that a cap is in the way of.
    pub when_capped: WhenCapped,
    /// What messages can be about, for customers to choose from.
    pub topics: Vec<Topic>,
    /// Whether links in messages go by us, so that it is known who followed them.
    pub track_clicks: bool,
    /// How long a link that confirms a consent does so, from when its message was due.
    pub confirm_within: Span,
    /// When an address is given up that does not take messages.
    pub soft_bounces: SoftBounces,
    /// How long text messages may be, and what they cost.
    pub sms: Texts,
}

/// How long text messages may be, and what they cost.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Texts {
    /// Segments that one may have, as it is sent: from 1 to
    /// [`SMS_SEGMENTS`](crate::limits::SMS_SEGMENTS).
    pub most_segments: u16,
    /// What the carrier takes for a segment, if the shop said so.
    pub price: Option<Number>,
    /// In which currency: an ISO 4217 code.
    pub currency: String,
}

impl Texts {
    /// What so many segments cost, if the price is known.
    pub fn cost(&self, segments: usize) -> Option<Number> {
        let segments = i64::try_from(segments).ok()?;
        self.price.map(|price| price.times(segments))
    }
}

impl Default for Texts {
    fn default() -> Self {
        // Three segments are 459 plain letters, which is more than anybody reads. SNS bills in USD.
        Self { most_segments: 3, price: None, currency: "USD".to_owned() }
    }
}

/// What messages can be about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Topic {
    /// As programs and consents name it.
    pub id: String,
    /// What those call it for whose language there is no name.
    pub name: String,
    /// What others call it, by language in lower case.
    pub names: BTreeMap<String, String>,
}

/// What becomes of a message that a cap is in the way of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WhenCapped {
    /// It waits until the cap has room, or until it is too late.
    Hold,
    /// It is not sent.
    Drop,
}

impl Policy {
    /// How many sends on each channel a profile must remember: what the largest cap counts, and the
    /// message itself, whose own claim may be among them. A cap that is raised counts from then on.
    pub fn remembered(&self) -> usize {
        let largest = self.caps.iter().chain([&self.less_often]).map(|cap| cap.at_most).max();
        largest.unwrap_or(0).min(REMEMBERED) + 1
    }
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            channels: Channel::ALL.to_vec(),
            learn: true,
            just_bought: Span::days(30),
            hours: Hours::default(),
            zones: Vec::new(),
            caps: Vec::new(),
            less_often: Cap { channel: None, at_most: 1, per: Span::days(7) },
            when_capped: WhenCapped::Hold,
            topics: Vec::new(),
            track_clicks: true,
            confirm_within: Span::days(7),
            soft_bounces: SoftBounces::default(),
            sms: Texts::default(),
        }
    }
}

impl Policy {
    /// A consent about a topic that is not listed: it is kept, and no program asks for it.
    pub fn unknown_topic(&self, event: &Event) -> Option<Problem> {
        let acts = ConsentAct::of(event, &mut Vec::new());
        let topic = acts.first()?.topic()?;
        let unknown = self.topics.iter().all(|known| known.id != topic);
        let flaw = || Flaw::UnknownTopic(topic.chars().take(40).collect());
        unknown.then(|| Problem::at("properties.topic", flaw()))
    }

    /// What people who speak a language such as `fr-CA` call a topic; its id if it is not listed.
    pub fn topic_name<'t>(&'t self, id: &'t str, language: &str) -> &'t str {
        let Some(topic) = self.topics.iter().find(|topic| topic.id == id) else { return id };
        let wanted = language::lower(language);
        language::wider(&wanted).find_map(|tag| topic.names.get(tag)).unwrap_or(&topic.name)
    }
}
