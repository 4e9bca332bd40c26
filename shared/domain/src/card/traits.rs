//! Facts about a person: the latest wins, and of addresses what a server told.
//!
//! A browser's key is public, so anybody can tell us any address of anybody. Such an address counts
//! where there is no other; it replaces none that a server told, and none of a known person.

use serde_json::Value;

use super::meaning::Meaning;
use super::{Card, Clock};
use crate::address::Address;
use crate::event::{Event, Writer};
use crate::id::CustomerId;
use crate::limits;
use crate::problem::{Flaw, Problem};
use crate::zone::Zone;

/// A fact about a person, with the clock of the event that told it.
#[derive(Debug, Clone, PartialEq)]
pub struct Trait {
    /// Null after it was taken back.
    pub value: Value,
    /// When it was told.
    pub clock: Clock,
    /// Whether it is an address of which only a browser told.
    pub by_browser: bool,
}

impl Trait {
    /// Of two, the one that ranks higher stays.
    fn rank(&self) -> (bool, Clock) {
        (!self.by_browser, self.clock)
    }
}

impl Card {
    /// Takes one trait; the members of an object are traits of their own.
    pub(super) fn tell(
        &mut self,
        whose: &CustomerId,
        event: &Event,
        name: &str,
        value: &Value,
        problems: &mut Vec<Problem>,
    ) {
        if let Value::Object(members) = value {
            for (member, value) in members {
                self.tell(whose, event, &format!("{name}.{member}"), value, problems);
            }
            return;
        }
        let place = format!("traits.{name}");
        if name.len() > limits::NAME_BYTES {
            problems.push(Problem::at("traits", Flaw::TooLong(limits::NAME_BYTES)));
        } else if value.to_string().len() > limits::TRAIT_BYTES {
            problems.push(Problem::at(place, Flaw::TooLong(limits::TRAIT_BYTES)));
        } else if !self.traits.contains_key(name) && self.traits.len() >= limits::TRAITS {
            problems.push(Problem::at(place, Flaw::TooManyTraits));
        } else if let Some(value) = understood(name, value, problems) {
            match self.accepted(whose, event, name, &value) {
                Ok(told) => self.put(name, told),
                Err(flaw) => problems.push(Problem::at(place, flaw)),
            }
        }
    }

    /// Addresses are brought into one spelling, and a browser replaces none that counts.
    fn accepted(
        &self,
        whose: &CustomerId,
        event: &Event,
        name: &str,
        value: &Value,
    ) -> Result<Trait, Flaw> {
        let clock = event.clock();
        let parse = match name {
            "email" => Address::email,
            "phone" => Address::phone,
            _ => return Ok(Trait { value: value.clone(), clock, by_browser: false }),
        };
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        let value = match parse(&text) {
            _ if value.is_null() => Value::Null,
            Ok(address) => Value::String(address.into_text()),
            Err(why) => return Err(Flaw::NotAnAddress(why)),
        };
        let by_browser = event.writer == Writer::Browser;
        let counts =
            |known: &&Trait| !known.by_browser || (whose.is_known() && !known.value.is_null());
        let kept = self.traits.get(name).filter(|_| by_browser).filter(counts);
        if kept.is_some_and(|known| known.value != value) {
            return Err(Flaw::AddressKept);
        }
        Ok(Trait { value, clock, by_browser })
    }

    /// Takes over a trait of a profile that becomes part of this one: anybody can make one with a
    /// browser's key, and have it become part of anybody.
    pub(super) fn take_over(&mut self, name: &str, theirs: &Trait) {
        if !theirs.by_browser || self.get(name).is_none() {
            self.put(name, theirs.clone());
        }
    }

    fn put(&mut self, name: &str, told: Trait) {
        match self.traits.get_mut(name) {
            Some(known) if known.rank() >= told.rank() => {}
            Some(known) => *known = told,
            None => {
                self.traits.insert(name.to_owned(), told);
            }
        }
    }
}

/// What can be read of a value, and what is wrong with the rest.
fn understood(name: &str, value: &Value, problems: &mut Vec<Problem>) -> Option<Value> {
    let is_unknown = |value: &Value| match value.as_str() {
        Some(told) => !told.trim().is_empty() && Zone::all_of_country(told).is_empty(),
        None => !value.is_null(),
    };
    if ["country", "address.country"].contains(&name) && is_unknown(value) {
        problems.push(Problem::at(format!("traits.{name}"), Flaw::UnknownCountry));
    }
    let Some(meaning) = Meaning::of(name) else { return Some(value.clone()) };
    let (read, all) = meaning.sift(value);
    if !all {
        problems.push(Problem::at(format!("traits.{name}"), Flaw::Unreadable(meaning.expected)));
    }
    read
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::channel::Channel;
    use crate::testing::call;

    const SHOPS: &str = "ada@example.com";
    const BROWSERS: &str = "mallory@example.com";

    /// A card of `whose`, told of an address by each writer in turn, a minute apart.
    fn told(whose: &str, by: &[(Writer, &str)]) -> Card {
        let whose = CustomerId::parse(whose).unwrap();
        let mut card = Card::default();
        for (minute, (writer, email)) in by.iter().enumerate() {
            let identify = json!({"type": "identify", "traits": {"email": email}});
            let event = call(identify, &format!("2026-01-01T00:{minute:02}:00Z"));
            let event = Event { writer: *writer, filed: whose.clone(), ..event };
            card.apply(&whose, &event, &mut Vec::new());
        }
        card
    }

    #[track_caller]
    fn check(card: &Card, expected: &str) {
        assert_eq!(card.get("email"), Some(&json!(expected)));
    }

    #[test]
    fn what_a_browser_says_of_a_visitor_replaces_no_address_of_the_customer() {
        let visitor = told("a#1", &[(Writer::Browser, BROWSERS)]);
        for writer in [Writer::Server, Writer::Browser] {
            let mut customer = told("u#1", &[(writer, SHOPS)]);
            customer.merge(&visitor);
            check(&customer, SHOPS);
        }
        let mut nobody = Card::default();
        nobody.merge(&visitor);
        check(&nobody, BROWSERS);
    }

    #[test]
    fn what_a_server_says_of_a_visitor_replaces_what_a_browser_said() {
        let visitor = told("a#1", &[(Writer::Server, SHOPS)]);
        let mut customer =
            told("u#1", &[(Writer::Browser, "x@example.com"), (Writer::Browser, BROWSERS)]);
        check(&customer, "x@example.com");
        customer.merge(&visitor);
        check(&customer, SHOPS);
    }

    #[test]
    fn a_browser_replaces_an_address_only_where_it_told_it_and_of_a_visitor() {
        let (shop, browser) = ((Writer::Server, SHOPS), (Writer::Browser, BROWSERS));
        check(&told("a#1", &[shop, browser]), SHOPS);
        check(&told("a#1", &[(Writer::Browser, SHOPS), browser]), BROWSERS);
        check(&told("u#1", &[(Writer::Browser, SHOPS), browser]), SHOPS);
        check(&told("u#1", &[browser, shop]), SHOPS);
    }

    #[test]
    fn a_browser_speaks_for_nobody_by_an_id_that_leads_to_a_customer() {
        let mut customer = told("u#1", &[(Writer::Browser, SHOPS)]);
        let identify = json!({"type": "identify", "traits": {"email": BROWSERS}});
        let event = call(identify, "2026-01-02T00:00:00Z");
        let filed = CustomerId::anonymous("1");
        let event = Event { writer: Writer::Browser, filed, ..event };
        let mut problems = Vec::new();
        customer.apply(&CustomerId::known("1"), &event, &mut problems);
        check(&customer, SHOPS);
        assert_eq!(problems, [Problem::at("traits.email", Flaw::AddressKept)]);
    }

    #[test]
    fn a_trait_that_means_something_and_cannot_be_read_is_told_and_the_rest_is_taken() {
        let mut card = Card::default();
        let mut tell = |traits: Value, time: &str| {
            let mut problems = Vec::new();
            let event = call(json!({"type": "identify", "traits": traits}), time);
            card.apply(&event.filed, &event, &mut problems);
            let told: Vec<String> = problems.iter().map(ToString::to_string).collect();
            (card.clone(), told)
        };
        let good = json!({"timezone": "Europe/Paris", "quiet_hours": "21:00-09:00", "language": "fr",
            "birthday": "1985-03-14", "preferred_channel": "sms", "country": "France"});
        assert_eq!(tell(good, "2026-01-01T00:00:00Z").1, Vec::<String>::new());
        let (card, told) = tell(
            json!({"timezone": "Mars/Phobos", "quiet_hours": "at night", "language": "français",
                "birthday": "in spring", "preferred_channel": ["pigeon", "email"],
                "country": "Atlantis", "phone": "0612", "email": 7, "first_name": "Ada"}),
            "2026-01-02T00:00:00Z",
        );
        assert_eq!(told.len(), 8, "{told:?}");
        for (name, why) in [
            ("timezone", "expected an IANA time zone"),
            ("quiet_hours", "expected two times, such as `21:00-09:00`"),
            ("language", "expected a language"),
            ("birthday", "expected a day"),
            ("preferred_channel", "expected email, sms or push"),
            ("country", "is no country that is known"),
            ("phone", "was left out: not a phone number"),
            ("email", "was left out: not an e-mail address"),
        ] {
            let about = format!("`traits.{name}` ");
            let one = told.iter().find(|told| told.starts_with(&about)).unwrap();
            assert!(one.contains(why), "{one}");
            let quoted = ["Phobos", "at night", "français", "spring", "pigeon", "0612", "Atlantis"];
            assert!(quoted.iter().all(|value| !one.contains(value)), "{one}");
        }
        // What was known before stays, and what can be read of a list is taken.
        assert_eq!(card.get("timezone"), Some(&json!("Europe/Paris")));
        assert_eq!(card.get("birthday"), Some(&json!("1985-03-14")));
        assert_eq!(card.preference().channels, [Channel::Email]);
        assert_eq!(card.get("first_name"), Some(&json!("Ada")));
    }
}
