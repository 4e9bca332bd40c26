//! The readable part of a profile: who the person is, and what they allow.
//!
//! Everything on the card is a join: it carries the clock of the event that wrote it, and the
//! latest clock wins. So applying an event twice, or two events in either order, gives the same
//! card. That is what lets the store write the card before the core without a transaction.

mod consent;
mod meaning;
mod preference;
mod traits;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

pub use consent::{Choice, Consent, ConsentAct, Origin, Status};
pub use preference::Preference;
pub use traits::Trait;

use crate::address::Address;
use crate::channel::Channel;
use crate::event::{Act, Device, Event, trait_name};
use crate::id::{CustomerId, EventId};
use crate::identity::KnownId;
use crate::limits;
use crate::plan::{CardTest, passes_all, trait_values};
use crate::problem::{Flaw, Problem};
use crate::time::{Span, Timestamp};
use crate::value;
use crate::zone::Zone;

/// When something was written, and by which event; the later wins.
pub type Clock = (Timestamp, EventId);

/// A device that push messages can reach.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    /// Whose push service it listens to, and its token there.
    pub device: Device,
    /// When it was last seen.
    pub clock: Clock,
}

/// The readable part of a profile.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Card {
    /// Facts by name; nested ones by their path.
    pub traits: BTreeMap<String, Trait>,
    /// Other ids of this person.
    pub ids: Vec<KnownId>,
    /// What they allow, with proof.
    pub consents: Vec<Consent>,
    /// Devices, newest first.
    pub tokens: Vec<Token>,
    /// The zone that their client said it is in.
    pub seen_zone: Option<(String, Clock)>,
    /// The groups they belong to.
    pub groups: BTreeMap<String, Clock>,
}

impl Card {
    /// Whether `event` may say something of the person.
    pub fn concerns(&self, event: &Event) -> bool {
        event.zone.is_some()
            || event.device.is_some()
            || event.alias.as_ref().is_some_and(|alias| !self.knows(alias))
            || match &event.act {
                Act::Track { name, .. } => Status::told_by(name).is_some(),
                Act::View { .. } => false,
                Act::Identify { .. } | Act::Group { .. } | Act::Merge { .. } => true,
            }
    }

    /// Takes over what `event` says of the person, who is `whose`.
    pub fn apply(&mut self, whose: &CustomerId, event: &Event, problems: &mut Vec<Problem>) {
        if let Some(alias) = &event.alias {
            self.know(KnownId { id: alias.clone(), merged: false });
        }
        self.see_zone(event, problems);
        if let Some(device) = &event.device {
            self.see_device(device.clone(), event.clock());
        }
        match &event.act {
            Act::Identify { traits } => {
                for (name, value) in traits {
                    self.tell(whose, event, trait_name(name), value, problems);
                }
            }
            Act::Group { group } => {
                let clock = self.groups.entry(group.clone()).or_insert(event.clock());
                *clock = (*clock).max(event.clock());
            }
            Act::Track { .. } => {
                let acts = ConsentAct::of(event, problems);
                let noted = acts.iter().filter(|act| self.consent(event, act)).count();
                if noted == 0 && !acts.is_empty() {
                    problems.push(Problem::at("properties", Flaw::NoAddress));
                }
            }
            Act::Merge { from } => self.know(KnownId { id: from.clone(), merged: false }),
            Act::View { .. } => {}
        }
    }

    /// Adds all that another profile's card says.
    pub fn merge(&mut self, other: &Self) {
        for (name, theirs) in &other.traits {
            self.take_over(name, theirs);
        }
        for theirs in &other.ids {
            self.know(theirs.clone());
        }
        other.consents.iter().for_each(|theirs| consent::put(&mut self.consents, theirs.clone()));
        for theirs in &other.tokens {
            self.keep_latest(theirs);
        }
        if let Some((_, clock)) = &other.seen_zone
            && self.seen_zone.as_ref().is_none_or(|(_, ours)| clock > ours)
        {
            self.seen_zone.clone_from(&other.seen_zone);
        }
        for (group, clock) in &other.groups {
            let ours = self.groups.entry(group.clone()).or_insert(*clock);
            *ours = (*ours).max(*clock);
        }
    }

    /// The trait of that name, if it is there and not null.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.traits.get(name).map(|known| &known.value).filter(|value| !value.is_null())
    }

    /// Every value that a path leads to.
    pub fn values(&self, path: &str) -> Vec<&Value> {
        trait_values(self.traits.iter().map(|(name, known)| (name.as_str(), &known.value)), path)
    }

    /// The person's zone: their trait, else what their client said, else the only zone of their
    /// country, else the shop's.
    pub fn zone(&self, shop: &Zone) -> Zone {
        let country = || self.country().and_then(Zone::of_country);
        self.told_zone().or_else(country).unwrap_or_else(|| shop.clone())
    }

    /// The zones that the person may be in: the one they told, else those of their country, else
    /// `unknown`, else the shop's.
    pub fn possible_zones(&self, unknown: &[Zone], shop: &Zone) -> Vec<Zone> {
        if let Some(told) = self.told_zone() {
            return vec![told];
        }
        let country = self.country().map(Zone::all_of_country).unwrap_or_default();
        match (country.is_empty(), unknown.is_empty()) {
            (false, _) => country,
            (true, false) => unknown.to_vec(),
            (true, true) => vec![shop.clone()],
        }
    }

    fn told_zone(&self) -> Option<Zone> {
        let stated = self.get("timezone").and_then(Value::as_str);
        let seen = self.seen_zone.as_ref().map(|(name, _)| name.as_str());
        [stated, seen].into_iter().flatten().find_map(|name| Zone::parse(name).ok())
    }

    /// The country as it was told: the trait, else that of the address.
    pub fn country(&self) -> Option<&str> {
        self.get("country").or_else(|| self.get("address.country")).and_then(Value::as_str)
    }

    /// Whether the person was asked to confirm that messages may go to them on `channel`.
    pub fn awaits(&self, channel: Channel, topic: Option<&str>) -> bool {
        self.status(channel, topic) == Some(Status::Pending)
    }

    /// Whether an event was taken into the card already, which is written before the rest of a
    /// profile: then what followed from it may never have been written.
    pub fn has_taken(&self, event: &Event) -> bool {
        let traits = self.traits.values().map(|known| known.clock);
        let tokens = self.tokens.iter().map(|token| token.clock);
        traits.chain(tokens).any(|(_, told_by)| told_by == event.id)
    }

    /// The address at which the person is reached on a channel: the newest device for push.
    pub fn address(&self, channel: Channel) -> Option<Address> {
        match channel {
            Channel::Email => Address::email(self.get("email")?.as_str()?).ok(),
            Channel::Sms => Address::phone(self.get("phone")?.as_str()?).ok(),
            Channel::Push => self.tokens.first().map(|token| Address::device(&token.device)),
        }
    }

    /// All addresses at which the person is reached: one of each channel, and every device.
    pub fn addresses(&self) -> BTreeSet<Address> {
        let first = Channel::ALL.into_iter().filter_map(|channel| self.address(channel));
        first.chain(self.tokens.iter().map(|token| Address::device(&token.device))).collect()
    }

    /// Whether the person allows messages on a channel, about a topic.
    pub fn allows(&self, channel: Channel, topic: Option<&str>) -> bool {
        self.status(channel, topic) == Some(Status::Granted)
    }

    /// What the person said of messages on a channel, about a topic, at the address they have now.
    pub fn status(&self, channel: Channel, topic: Option<&str>) -> Option<Status> {
        consent::status(&self.consents, channel, topic, &self.address(channel)?)
    }

    /// What the person said of messages at an address, about a topic.
    pub fn status_at(&self, address: &Address, topic: Option<&str>) -> Option<Status> {
        consent::status(&self.consents, address.channel(), topic, address)
    }

    /// The newest act about exactly this channel, topic and address.
    pub fn act(&self, channel: Channel, topic: Option<&str>, address: &str) -> Option<&Consent> {
        self.consents.iter().find(|record| {
            record.status != Status::Pending
                && (record.channel, record.topic.as_deref()) == (channel, topic)
                && record.address == address
        })
    }

    /// Whether the person said no on a channel, as a whole or about a topic, at `at` or later.
    pub fn said_no_since(&self, channel: Channel, topic: Option<&str>, at: Timestamp) -> bool {
        self.consents.iter().any(|record| {
            let about = record.topic.is_none() || record.topic.as_deref() == topic;
            record.channel == channel
                && about
                && record.status == Status::Withdrawn
                && record.clock.0 >= at
        })
    }

    /// What the person said they prefer.
    pub fn preference(&self) -> Preference {
        Preference::of(self)
    }

    /// Whether a test on the card holds.
    pub fn holds(&self, test: &CardTest) -> bool {
        match test {
            CardTest::Trait(path, tests) => {
                self.values(path).into_iter().any(|value| passes_all(value, tests))
            }
            CardTest::Consent(channel, topic, status) => {
                self.status(*channel, topic.as_deref()) == Some(*status)
            }
            CardTest::Prefers(channel) => self.preference().channels.first() == Some(channel),
        }
    }

    /// The instant in a trait.
    pub fn instant(&self, path: &str) -> Option<Timestamp> {
        self.values(path).into_iter().find_map(value::instant_of)
    }

    /// Notes another id of the person. Beyond the limit it is not listed.
    pub fn know(&mut self, id: KnownId) {
        if let Some(known) = self.ids.iter_mut().find(|known| known.id == id.id) {
            known.merged |= id.merged;
        } else if self.ids.len() < limits::ANONYMOUS_IDS {
            self.ids.push(id);
        }
    }

    /// Whether an id is listed.
    pub fn knows(&self, id: &CustomerId) -> bool {
        self.ids.iter().any(|known| known.id == *id)
    }

    fn see_zone(&mut self, event: &Event, problems: &mut Vec<Problem>) {
        let Some(name) = &event.zone else { return };
        let seen = self.seen_zone.as_ref();
        if seen.is_some_and(|(seen, clock)| !worth_noting(*clock, event.clock(), seen == name)) {
            return;
        }
        match Zone::parse(name) {
            Ok(zone) => self.seen_zone = Some((zone.name().to_owned(), event.clock())),
            Err(_) => {
                let flaw = Flaw::UnknownZone(name.chars().take(64).collect());
                problems.push(Problem::at("context.timezone", flaw));
            }
        }
    }

    fn see_device(&mut self, device: Device, clock: Clock) {
        let newest = self.tokens.first().is_some_and(|first| first.device == device);
        match self.tokens.iter_mut().find(|known| known.device == device) {
            Some(known) if worth_noting(known.clock, clock, newest) => known.clock = clock,
            Some(_) => {}
            None => self.tokens.push(Token { device, clock }),
        }
        self.order_tokens();
    }

    /// Takes over another profile's device. It costs no write of its own, so that its sighting is
    /// always worth noting; then it is no matter which profile becomes a part of which.
    fn keep_latest(&mut self, theirs: &Token) {
        match self.tokens.iter_mut().find(|known| known.device == theirs.device) {
            Some(known) => known.clock = known.clock.max(theirs.clock),
            None => self.tokens.push(theirs.clone()),
        }
        self.order_tokens();
    }

    fn order_tokens(&mut self) {
        self.tokens.sort_by_key(|token| std::cmp::Reverse(token.clock));
        self.tokens.truncate(limits::TOKENS);
    }

    /// Notes an act; says no if no address is known for it.
    fn consent(&mut self, event: &Event, act: &ConsentAct) -> bool {
        let address = act.address.clone().or_else(|| self.address(act.channel));
        let record = address.map(|address| act.record(address, event));
        let noted = record.is_some();
        record.into_iter().for_each(|record| consent::put(&mut self.consents, record));
        noted
    }
}

/// Whether a sighting is worth a write: a newer one of something else, or of the same a day later.
/// Clients repeat their zone and device with every event.
fn worth_noting(known: Clock, seen: Clock, same: bool) -> bool {
    seen > known && (!same || seen.0.since(known.0) >= Span::days(1))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::testing::call;

    fn seen(token: &str, time: &str) -> Event {
        let device = json!({"type": "android", "token": token});
        call(json!({"type": "page", "context": {"device": device}}), time)
    }

    fn card(events: &[Event]) -> Card {
        let mut card = Card::default();
        events.iter().for_each(|event| card.apply(&event.filed, event, &mut Vec::new()));
        card
    }

    #[test]
    fn the_newest_device_is_the_same_whichever_profile_is_merged_into_which() {
        let morning = card(&[seen("old", "2026-10-01T08:00:00Z")]);
        let evening =
            card(&[seen("new", "2026-10-01T09:00:00Z"), seen("old", "2026-10-01T18:00:00Z")]);
        let (mut one, mut other) = (morning.clone(), evening.clone());
        one.merge(&evening);
        other.merge(&morning);
        assert_eq!(one.tokens, other.tokens);
        assert_eq!(one.tokens[0].device.token, "old");
    }
}
