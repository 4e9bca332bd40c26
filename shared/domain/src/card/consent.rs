//! What a person allows, with proof: one record for each channel, topic and address, and one more
//! while a request waits to be confirmed.
//!
//! Absence never counts. Among explicit acts on the same address the newest wins; across different
//! addresses withdrawal wins, so that nobody who said no at one address is asked at another, unless
//! they say yes at that one later, on a page of ours or by text: a server may tell what it was told
//! before it heard of the withdrawal, the person themselves may not be overruled; and a new address
//! does not inherit a grant. A grant that an import tells counts only where there is no other act,
//! whatever its date: what was copied from another system raises nothing. A request is no act of that
//! kind: it allows nothing but to be asked for confirmation, and where there is a grant it changes
//! nothing.

#[cfg(test)]
mod tests;

use serde_json::{Map, Value};

use super::{Card, Clock};
use crate::address::Address;
use crate::channel::Channel;
use crate::event::{Act, CONSENT_GRANTED, CONSENT_REQUESTED, CONSENT_WITHDRAWN, Event, Writer};
use crate::id::{CustomerId, EventId};
use crate::limits;
use crate::problem::{Flaw, Problem};
use crate::time::{Span, Timestamp};

/// What a person said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Status {
    /// They do not want it.
    Withdrawn,
    /// They want it.
    Granted,
    /// Somebody asked for it at their address, and they have not confirmed it yet.
    Pending,
}

impl Status {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Granted, Self::Pending, Self::Withdrawn];

    /// `granted`, `pending` or `withdrawn`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Withdrawn => "withdrawn",
            Self::Granted => "granted",
            Self::Pending => "pending",
        }
    }

    /// Reads `granted`, `pending` or `withdrawn`.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == text)
    }

    /// The event that tells it.
    pub const fn event(self) -> &'static str {
        match self {
            Self::Withdrawn => CONSENT_WITHDRAWN,
            Self::Granted => CONSENT_GRANTED,
            Self::Pending => CONSENT_REQUESTED,
        }
    }

    /// What an event of this name tells, if it tells of consent.
    pub fn told_by(event: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.event() == event)
    }
}

/// The newest act of a person about one channel and topic at one address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Consent {
    /// The channel.
    pub channel: Channel,
    /// The topic; `None` is the channel as a whole.
    pub topic: Option<String>,
    /// The address the person spoke for, in its one spelling.
    pub address: String,
    /// What they said.
    pub status: Status,
    /// When, and by which event, which is the proof.
    pub clock: Clock,
    /// Where the act was made: a form, a page, an import with a declared basis.
    pub source: Option<String>,
    /// Which wording the person saw.
    pub wording: Option<String>,
    /// How we know of it.
    pub origin: Origin,
}

/// How we know of an act.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Origin {
    /// It was made on a page of ours, or by text.
    InPerson,
    /// The shop told it when it was made.
    #[default]
    Told,
    /// The shop imported it.
    Imported,
}

impl Origin {
    const ALL: [Self; 3] = [Self::InPerson, Self::Told, Self::Imported];

    /// `in-person`, `told` or `imported`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::InPerson => "in-person",
            Self::Told => "told",
            Self::Imported => "imported",
        }
    }

    /// Reads `in-person`, `told` or `imported`.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|origin| origin.as_str() == text)
    }

    fn of(event: &Event) -> Self {
        match event.writer {
            Writer::Ourselves => Self::InPerson,
            _ if event.import => Self::Imported,
            _ => Self::Told,
        }
    }
}

impl Consent {
    /// Whether what was said at one address ends what was said at another.
    fn overrules(&self, other: &Self) -> bool {
        let about = (self.channel, &self.topic) == (other.channel, &other.topic);
        let answered = other.origin == Origin::InPerson && other.clock.0 > self.clock.0;
        about && self.address != other.address && self.status == Status::Withdrawn && !answered
    }

    fn is_about(&self, other: &Self) -> bool {
        (self.channel, &self.topic, &self.address) == (other.channel, &other.topic, &other.address)
    }

    fn is_request(&self) -> bool {
        self.status == Status::Pending
    }

    /// Whether it is a grant, and not one of a list that was imported.
    pub fn is_told_grant(&self) -> bool {
        self.status == Status::Granted && self.origin != Origin::Imported
    }

    /// Whether it gives way to any other act.
    fn is_imported_grant(&self) -> bool {
        (self.status, self.origin) == (Status::Granted, Origin::Imported)
    }
}

/// An event by which a person grants, withdraws, or asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConsentAct {
    /// The channel.
    pub channel: Channel,
    /// The address, if the event names one.
    pub address: Option<Address>,
    topic: Option<String>,
    status: Status,
    source: Option<String>,
    wording: Option<String>,
}

impl ConsentAct {
    /// Reads `Consent Granted`, `Consent Requested` and `Consent Withdrawn`, one act for each channel
    /// that they name; none for every other event.
    ///
    /// What cannot be read allows nothing: a withdrawal whose channel is missing or unknown is one from
    /// all of them, one whose address is none is of the address that is known, and one whose topic is no
    /// text is of all topics.
    pub fn of(event: &Event, problems: &mut Vec<Problem>) -> Vec<Self> {
        let Some(status) = event.name().and_then(Status::told_by) else { return Vec::new() };
        let Act::Track { properties, .. } = &event.act else { return Vec::new() };
        let text = |name: &str| properties.get(name).and_then(Value::as_str).map(str::to_owned);
        let withdrawn = status == Status::Withdrawn;
        let channels = match channels(properties.get("channel")) {
            Ok(channels) => channels,
            Err(Flaw::Missing) if withdrawn => Channel::ALL.to_vec(),
            Err(flaw) => {
                problems.push(Problem::at("properties.channel", flaw));
                if withdrawn { Channel::ALL.to_vec() } else { Vec::new() }
            }
        };
        let told = [scalar(properties, "address"), scalar(properties, "topic")];
        for (name, told) in ["properties.address", "properties.topic"].iter().zip(&told) {
            if let Err(flaw) = told {
                problems.push(Problem::at(*name, flaw.clone()));
                if !withdrawn {
                    return Vec::new();
                }
            }
        }
        let [address, topic] = told.map(|told| told.ok().flatten());
        // With a list of channels, an address is for the one that it fits.
        let read = |channel| address.as_ref().map(|told| Address::on(channel, told)).transpose();
        let addresses: Vec<_> = channels.iter().map(|channel| read(*channel)).collect();
        if let Some(Err(why)) = addresses.first()
            && addresses.iter().all(Result::is_err)
        {
            problems.push(Problem::at("properties.address", Flaw::NotAnAddress(*why)));
            if !withdrawn {
                return Vec::new();
            }
        }
        let topic = topic.map(|topic| topic.trim().to_lowercase());
        let act = |(channel, address): (Channel, Result<Option<Address>, _>)| Self {
            channel,
            address: address.ok().flatten(),
            topic: topic.clone().filter(|topic| !topic.is_empty()),
            status,
            source: text("source"),
            wording: text("wording"),
        };
        channels.into_iter().zip(addresses).map(act).collect()
    }

    /// The topic; `None` is the channel as a whole.
    pub fn topic(&self) -> Option<&str> {
        self.topic.as_deref()
    }

    pub(super) fn record(&self, address: Address, event: &Event) -> Consent {
        Consent {
            channel: self.channel,
            topic: self.topic.clone(),
            address: address.into_text(),
            status: self.status,
            clock: event.clock(),
            source: self.source.clone(),
            wording: self.wording.clone(),
            origin: Origin::of(event),
        }
    }
}

/// A property that is a text or a number, if it is there.
fn scalar(properties: &Map<String, Value>, name: &str) -> Result<Option<String>, Flaw> {
    match properties.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.clone())),
        Some(Value::Number(number)) => Ok(Some(number.to_string())),
        Some(_) => Err(Flaw::WrongType("a text")),
    }
}

/// The channels that are named: by a word, or by a list of them.
fn channels(named: Option<&Value>) -> Result<Vec<Channel>, Flaw> {
    let words = match named {
        None | Some(Value::Null) => return Err(Flaw::Missing),
        Some(Value::Array(words)) if words.is_empty() => return Err(Flaw::Missing),
        Some(Value::Array(words)) => words.as_slice(),
        Some(word) => std::slice::from_ref(word),
    };
    let channel = |word: &Value| {
        let text = word.as_str().map_or_else(|| word.to_string(), str::to_owned);
        let unknown = || Flaw::UnknownChannel(text.chars().take(40).collect());
        Channel::parse(&text.trim().to_ascii_lowercase()).ok_or_else(unknown)
    };
    words.iter().map(channel).collect()
}

/// What a person does about consent on one of our own pages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice<'a> {
    /// The address.
    pub address: Address,
    /// The topic; `None` is the channel as a whole.
    pub topic: Option<&'a str>,
    /// What they say.
    pub status: Status,
    /// Which page.
    pub source: &'a str,
    /// What stood there.
    pub wording: String,
}

impl Choice<'_> {
    /// The event of the choice; none if the card says the same already.
    ///
    /// Its id is made from the act that it replaces, so that the same choice, made twice at once, is
    /// one event, and the same choice after another one is a new event. It comes after that act, even
    /// if another clock than ours wrote that one.
    pub fn event(&self, card: &Card, customer: &CustomerId, now: Timestamp) -> Option<Event> {
        let (channel, address) = (self.address.channel(), self.address.text());
        let before = card.act(channel, self.topic, address);
        let ends = |act: &&Consent| before.is_some_and(|before| act.overrules(before));
        let overruled = card.consents.iter().filter(ends).map(|act| act.clock.0).max();
        let unheard = self.status == Status::Granted && overruled.is_some();
        if before.is_some_and(|act| act.status == self.status) && !unheard {
            return None;
        }
        let last = before.map(|act| act.clock.0).max(overruled);
        let now = last.map_or(now, |last| now.max(last + Span::from_millis(1)));
        let before = before.map_or_else(String::new, |act| act.clock.1.to_string());
        let (about, status) = (self.topic.unwrap_or_default(), self.status.as_str());
        let id = format!("{status} {channel} {about:?} {address} after {before}");
        let mut properties = Map::new();
        for (name, value) in [
            ("channel", Some(channel.as_str())),
            ("topic", self.topic),
            ("address", Some(address)),
            ("source", Some(self.source)),
            ("wording", Some(&self.wording)),
        ] {
            properties.extend(value.map(|value| (name.to_owned(), value.into())));
        }
        let act = Act::Track { name: self.status.event().to_owned(), properties };
        let id = EventId::derived(&format!("{customer} {id}"));
        Some(Event { id, ..Event::ours(customer, act, now) })
    }
}

/// Adds a record; of two about the same the newer act stays, at the same instant the withdrawal, and an
/// imported grant before no other act. A request stays beside an act, until an act that is as new.
pub(super) fn put(records: &mut Vec<Consent>, record: Consent) {
    let rank = |record: &Consent| {
        let withdrawn = record.status == Status::Withdrawn;
        (!record.is_imported_grant(), record.clock.0, withdrawn, record.clock.1)
    };
    let same =
        |known: &&mut Consent| known.is_about(&record) && known.is_request() == record.is_request();
    match records.iter_mut().find(same) {
        Some(known) if rank(known) >= rank(&record) => {}
        Some(known) => *known = record,
        None => records.push(record),
    }
    forget_answered(records);
    // A withdrawal is never forgotten before a grant, nor a grant before a request.
    records.sort_by(|one, other| {
        (one.status, other.clock, &one.address, &one.topic).cmp(&(
            other.status,
            one.clock,
            &other.address,
            &other.topic,
        ))
    });
    records.truncate(limits::CONSENTS);
}

/// Takes away requests that an act has answered. Such acts are only replaced by newer ones, so what is
/// taken away here would never count again. An imported grant may give way to an older act, and so
/// answers none.
fn forget_answered(records: &mut Vec<Consent>) {
    let acts: Vec<Consent> =
        records.iter().filter(|record| !record.is_request()).cloned().collect();
    records.retain(|record| {
        let answer = |act: &Consent| {
            act.is_about(record) && act.clock.0 >= record.clock.0 && !act.is_imported_grant()
        };
        !record.is_request() || !acts.iter().any(answer)
    });
}

/// What was said of messages to `address` on `channel`, about `topic`.
///
/// A topic that was never spoken of follows the channel as a whole; a withdrawal of the channel as
/// a whole is one of all its topics.
pub(super) fn status(
    records: &[Consent],
    channel: Channel,
    topic: Option<&str>,
    address: &Address,
) -> Option<Status> {
    let said = |topic: Option<&str>| {
        let about =
            |record: &&Consent| record.channel == channel && record.topic.as_deref() == topic;
        let here = records.iter().filter(about).filter(|record| record.address == address.text());
        let (mut act, mut request) = (None, None);
        for record in here {
            *(if record.is_request() { &mut request } else { &mut act }) = Some(record);
        }
        let mut elsewhere = records.iter().filter(about).filter(|r| r.address != address.text());
        let ends = |record: &Consent| match act {
            Some(act) => record.overrules(act),
            None => record.status == Status::Withdrawn,
        };
        if elsewhere.any(ends) {
            return Some(Status::Withdrawn);
        }
        let (act, request) = (act.map(|act| act.status), request.map(|act| act.status));
        // Where there is a grant, a request changes nothing.
        act.filter(|status| *status == Status::Granted).or(request).or(act)
    };
    match (said(None), topic.and_then(|topic| said(Some(topic)))) {
        (Some(Status::Withdrawn), _) => Some(Status::Withdrawn),
        // To be asked about a topic takes nothing away from who allowed the channel.
        (Some(Status::Granted), Some(Status::Pending)) => Some(Status::Granted),
        (whole, about) => about.or(whole),
    }
}
