//! What whoever reads an address said no to there, whichever customers have it, now or later.
//!
//! A customer who comes by the address afterwards, from an import or another form, has consents of their
//! own. Those that are older than what was said at the address, or that an import tells, do not count.

use std::collections::BTreeMap;

use crate::address::Address;
use crate::card::{Card, Choice, Origin, Status};
use crate::event::Event;
use crate::id::CustomerId;
use crate::time::Timestamp;

/// When an address was unsubscribed, by topic; the empty one is the channel as a whole.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Unsubscribed(BTreeMap<String, Timestamp>);

impl Unsubscribed {
    /// Notes that the address was unsubscribed from a topic, or from the channel as a whole.
    pub fn note(&mut self, topic: Option<&str>, at: Timestamp) {
        let known = self.0.entry(topic.unwrap_or_default().to_owned()).or_insert(at);
        *known = (*known).max(at);
    }

    /// Whether it never was.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What the customer said of messages at this address, about a topic, as far as it still counts there.
    pub fn status(&self, card: &Card, address: &Address, topic: Option<&str>) -> Option<Status> {
        let said = card.status_at(address, topic)?;
        let counts = said == Status::Withdrawn || self.lets(card, address, topic, said);
        Some(if counts { said } else { Status::Withdrawn })
    }

    /// Whether the customer said at this address that they do (`Granted`), or might (`Pending`), want
    /// messages about a topic, in a way that still counts.
    fn lets(&self, card: &Card, address: &Address, topic: Option<&str>, said: Status) -> bool {
        let later = |last: Timestamp, of_topic_alone: bool| {
            card.consents.iter().any(|act| {
                let here =
                    (act.channel, act.address.as_str()) == (address.channel(), address.text());
                let same = act.topic.as_deref() == topic || act.topic.is_none() && !of_topic_alone;
                let counts = act.origin != Origin::Imported && act.clock.0 > last;
                act.status == said && here && same && counts
            })
        };
        let whole = self.0.get("").is_none_or(|last| later(*last, false));
        // Who comes back to the channel says nothing of a topic that was left.
        let about = topic.and_then(|topic| self.0.get(topic));
        whole && about.is_none_or(|last| later(*last, true))
    }

    /// What those who came by the address with a consent that does not count are to be told to have
    /// withdrawn, so that everybody sees it, and they can subscribe anew.
    pub fn owed(&self, card: &Card, customer: &CustomerId, address: &Address) -> Vec<Event> {
        let owed = self.0.iter().filter_map(|(topic, at)| {
            let topic = Some(topic.as_str()).filter(|topic| !topic.is_empty());
            let granted = card.status_at(address, topic) == Some(Status::Granted);
            if !granted || self.lets(card, address, topic, Status::Granted) {
                return None;
            }
            let choice = Choice {
                address: address.clone(),
                topic,
                status: Status::Withdrawn,
                source: "unsubscribed at the address",
                wording: String::new(),
            };
            choice.event(card, customer, *at)
        });
        owed.collect()
    }

    /// As it is stored: a line for each topic.
    pub fn to_text(&self) -> String {
        let lines = self.0.iter().map(|(topic, at)| format!("{} {topic}", at.millis()));
        lines.collect::<Vec<_>>().join("\n")
    }

    /// Reads what was stored; `None` if it is not that.
    pub fn parse(text: &str) -> Option<Self> {
        let line = |line: &str| {
            let (at, topic) = line.split_once(' ')?;
            Some((topic.to_owned(), Timestamp::from_millis(at.parse().ok()?)))
        };
        text.lines().map(line).collect::<Option<_>>().map(Self)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::event::Writer;
    use crate::testing::{at, did, is};

    /// Whether somebody who granted so at Ada's address, which was unsubscribed in the second hour, gets
    /// mail about news.
    #[track_caller]
    fn check(topic: Option<&str>, granted: Event, lets: bool) {
        let mut unsubscribed = Unsubscribed::default();
        unsubscribed.note(topic, at("2026-01-01T02:00:00Z"));
        unsubscribed.note(topic, at("2026-01-01T01:00:00Z"));
        let unsubscribed = Unsubscribed::parse(&unsubscribed.to_text()).unwrap();
        let mut card = Card::default();
        for event in [is("2026-01-01T00:00:00Z", json!({"email": "ada@example.com"})), granted] {
            card.apply(&event.filed, &event, &mut Vec::new());
        }
        let ada = Address::email("ada@example.com").unwrap();
        assert_eq!(unsubscribed.lets(&card, &ada, Some("news"), Status::Granted), lets);
    }

    fn granted(time: &str, mut more: Value) -> Event {
        more["channel"] = "email".into();
        did("Consent Granted", time, more)
    }

    #[test]
    fn only_a_later_yes_counts_at_an_address_that_was_unsubscribed() {
        let (before, after) = ("2026-01-01T01:30:00Z", "2026-01-01T02:30:00Z");
        let news = || json!({"topic": "news"});
        check(None, granted(before, json!({})), false);
        check(None, granted(after, json!({})), true);
        check(None, granted(after, news()), true);
        check(Some("news"), granted(before, json!({})), false);
        check(Some("news"), granted(after, json!({})), false);
        check(Some("news"), granted(after, news()), true);
        check(Some("wine"), granted(before, json!({})), true);
        let imported = Event { import: true, writer: Writer::Server, ..granted(after, json!({})) };
        check(None, imported, false);
    }

    #[test]
    fn an_address_that_never_was_lets_everybody() {
        let ada = Address::email("ada@example.com").unwrap();
        assert!(Unsubscribed::default().lets(&Card::default(), &ada, None, Status::Granted));
        assert_eq!(Unsubscribed::parse(""), Some(Unsubscribed::default()));
        assert_eq!(Unsubscribed::parse("x"), None);
    }
}
