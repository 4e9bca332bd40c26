//! What a person allows, with proof: one record for each channel, topic and address.
//!
//! Absence never counts. Among explicit acts on the same address the newest wins; across different
//! addresses withdrawal wins, so that nobody who said no at one address is asked at another; and a
//! new address does not inherit a grant.

use serde_json::Value;

use super::Clock;
use crate::address::Address;
use crate::channel::Channel;
use crate::event::{Act, CONSENT_GRANTED, CONSENT_WITHDRAWN, Event};
use crate::limits;
use crate::problem::{Flaw, Problem};

/// The newest act of a person about one channel and topic at one address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Consent {
    /// The channel.
    pub channel: Channel,
    /// The topic; `None` is the channel as a whole.
    pub topic: Option<String>,
    /// The address the person spoke for, in its one spelling.
    pub address: String,
    /// Granted, or withdrawn.
    pub granted: bool,
    /// When, and by which event, which is the proof.
    pub clock: Clock,
    /// Where the act was made: a form, a page, an import with a declared basis.
    pub source: Option<String>,
    /// Which wording the person saw.
    pub wording: Option<String>,
}

impl Consent {
    fn is_about(&self, other: &Self) -> bool {
        (self.channel, &self.topic, &self.address) == (other.channel, &other.topic, &other.address)
    }
}

/// An event by which a person grants or withdraws.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConsentAct {
    /// The channel.
    pub channel: Channel,
    /// The address, if the event names one.
    pub address: Option<Address>,
    topic: Option<String>,
    granted: bool,
    source: Option<String>,
    wording: Option<String>,
}

impl ConsentAct {
    /// Reads `Consent Granted` and `Consent Withdrawn`; `None` for every other event.
    pub fn of(event: &Event) -> Option<Result<Self, Problem>> {
        let granted = match event.name()? {
            CONSENT_GRANTED => true,
            CONSENT_WITHDRAWN => false,
            _ => return None,
        };
        let Act::Track { properties, .. } = &event.act else { return None };
        let text = |name: &str| properties.get(name).and_then(Value::as_str).map(str::to_owned);
        let Some(named) = text("channel") else {
            return Some(Err(Problem::at("properties.channel", Flaw::Missing)));
        };
        let Some(channel) = Channel::parse(&named) else {
            let named = named.chars().take(40).collect();
            return Some(Err(Problem::at("properties.channel", Flaw::UnknownChannel(named))));
        };
        let address = match text("address").map(|address| Address::on(channel, &address)) {
            Some(Err(why)) => {
                let flaw = Flaw::NotAnAddress(why);
                return Some(Err(Problem::at("properties.address", flaw)));
            }
            Some(Ok(address)) => Some(address),
            None => None,
        };
        let (topic, source, wording) = (text("topic"), text("source"), text("wording"));
        Some(Ok(Self { channel, address, topic, granted, source, wording }))
    }

    pub(super) fn record(&self, address: Address, event: &Event) -> Consent {
        Consent {
            channel: self.channel,
            topic: self.topic.clone(),
            address: address.into_text(),
            granted: self.granted,
            clock: event.clock(),
            source: self.source.clone(),
            wording: self.wording.clone(),
        }
    }
}

/// Adds a record; of two about the same the newer act stays, at the same instant the withdrawal.
pub(super) fn put(records: &mut Vec<Consent>, record: Consent) {
    let rank = |record: &Consent| (record.clock.0, !record.granted, record.clock.1);
    match records.iter_mut().find(|known| known.is_about(&record)) {
        Some(known) if rank(known) >= rank(&record) => {}
        Some(known) => *known = record,
        None => records.push(record),
    }
    // A withdrawal is never forgotten before a grant.
    records.sort_by(|one, other| {
        (one.granted, other.clock, &one.address, &one.topic).cmp(&(
            other.granted,
            one.clock,
            &other.address,
            &other.topic,
        ))
    });
    records.truncate(limits::CONSENTS);
}

/// Whether messages may go to `address` on `channel`, about `topic`.
///
/// A topic that was never spoken of follows the channel as a whole; a withdrawal of the channel as
/// a whole is one of all its topics.
pub(super) fn allows(
    records: &[Consent],
    channel: Channel,
    topic: Option<&str>,
    address: &Address,
) -> bool {
    let said = |topic: Option<&str>| {
        let about =
            |record: &&Consent| record.channel == channel && record.topic.as_deref() == topic;
        let mut elsewhere = records.iter().filter(about).filter(|r| r.address != address.text());
        if elsewhere.any(|record| !record.granted) {
            return Some(false);
        }
        let here = records.iter().filter(about).find(|record| record.address == address.text());
        here.map(|record| record.granted)
    };
    match (said(None), topic.and_then(|topic| said(Some(topic)))) {
        (Some(false), _) | (None, None) => false,
        (_, Some(granted)) => granted,
        (Some(true), None) => true,
    }
}
