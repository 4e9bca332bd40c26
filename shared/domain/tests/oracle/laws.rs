//! Laws of the step that need no oracle.

use std::collections::BTreeSet;

use attune_domain::card::Status;
use attune_domain::channel::Channel;
use attune_domain::definitions::Definitions;
use attune_domain::event::Event;
use attune_domain::id::{CustomerId, EventId};
use attune_domain::packed::{pack, unpack};
use attune_domain::profile::Profile;
use attune_domain::step::{Input as Taken, step};
use fastrand::Rng;

use crate::case::Case;
use crate::model::*;
use crate::person::{Change, Person};
use crate::wire::{self, instant};

/// Ticks of one schedule in one case, at the most.
const TICKS: i64 = 1_000;

fn known() -> CustomerId {
    CustomerId::known(wire::KNOWN)
}

fn agreed(agree: bool, why: impl FnOnce() -> String) -> Result<(), String> {
    if agree { Ok(()) } else { Err(why()) }
}

impl Case {
    /// The events of the story in order of arrival, each once, all of one profile.
    fn events(&self) -> Vec<Event> {
        let event = |input: &Input| match input {
            Input::Call(call) => Some(wire::event(call, call.received)),
            _ => None,
        };
        self.inputs.iter().filter_map(event).collect()
    }

    fn end(&self) -> Ms {
        self.inputs.iter().map(Input::at).max().unwrap_or(self.begin)
    }
}

/// Membership changes and packed profiles do not depend on how often anyone ticks.
pub(crate) fn ticks_make_no_difference(seed: u64) -> Result<(), String> {
    let case = Case::of(seed);
    let definitions = case.definitions();
    let expected = with_ticks(&case, &definitions, None);
    for period in [MINUTE, HOUR, DAY] {
        let told = with_ticks(&case, &definitions, Some(period));
        agreed(told == expected, || {
            let pair = told.0.iter().zip(&expected.0).find(|(one, other)| one != other);
            format!("ticks every {period} ms differ from none: {pair:?}\n{}", case.told())
        })?;
    }
    agreed(expected == with_ticks(&case, &definitions, None), || "not deterministic".to_owned())?;
    Ok(())
}

/// All changes, and the packed profile after each event.
fn with_ticks(
    case: &Case,
    definitions: &Definitions,
    period: Option<Ms>,
) -> (Vec<Change>, Vec<Vec<u8>>) {
    let mut person = Person::new(known(), definitions, case.begin);
    let (mut changes, mut packed) = (Vec::new(), Vec::new());
    let mut left = TICKS;
    let mut tick_until = |person: &mut Person<'_>, from: Ms, to: Ms| {
        let Some(period) = period else { return Vec::new() };
        let ticks = (1..).map(|tick| from + tick * period);
        let ticks = ticks.take_while(|at| *at < to).take(left.unsigned_abs() as usize);
        let changes = ticks.flat_map(|at| {
            left -= 1;
            person.take(Taken::Tick, at)
        });
        changes.collect()
    };
    let mut now = case.begin;
    for event in case.events() {
        let at = event.received.millis();
        changes.extend(tick_until(&mut person, now, at));
        changes.extend(person.event(&event).unwrap().unwrap_or_default());
        packed.push(pack(&person.profile().core, &known(), definitions));
        now = at;
    }
    changes.extend(tick_until(&mut person, now, case.end()));
    changes.extend(person.take(Taken::Tick, case.end()));
    packed.push(pack(&person.profile().core, &known(), definitions));
    (changes, packed)
}

/// A clock that is behind the profile's decides nothing anew: it counts as the profile's own.
pub(crate) fn an_earlier_clock_decides_nothing(seed: u64) -> Result<(), String> {
    let case = Case::of(seed);
    let definitions = case.definitions();
    let mut rng = Rng::with_seed(seed);
    let mut person = Person::new(known(), &definitions, case.begin);
    for event in case.events() {
        let profile = person.profile().clone();
        let as_of = profile.core.as_of;
        let earlier = instant(as_of.millis() - rng.i64(1..100 * DAY));
        let ticked = step(profile.clone(), Taken::Tick, &definitions, earlier);
        agreed(ticked.changes.is_empty() && ticked.profile == profile, || {
            format!("a tick in the past changes {:?}", ticked.changes)
        })?;
        let behind = step(profile.clone(), Taken::Event(&event), &definitions, earlier);
        let own = step(profile, Taken::Event(&event), &definitions, as_of);
        agreed(behind == own, || "an event in the past counts otherwise".to_owned())?;
        person.event(&event)?;
    }
    Ok(())
}

/// What a profile knows does not depend on the order in which it came.
pub(crate) fn any_order_of_arrival_gives_the_same(seed: u64) -> Result<(), String> {
    let case = Case::of(seed);
    let definitions = case.definitions();
    let mut events = case.events();
    // Where the order is known to matter: an address that is not named, a sighting of a zone or
    // device within a day of another, and a cart of which we hear after its order.
    for event in &mut events {
        (event.zone, event.device) = (None, None);
    }
    events.retain(|event| {
        let consent = event.name().is_some_and(|name| name.starts_with("Consent "));
        !consent || !event.property("address").is_empty()
    });
    let live = |events: &[Event]| {
        let mut person = Person::new(known(), &definitions, case.begin);
        for event in events {
            person.take(Taken::Event(event), case.end());
        }
        person.profile().clone()
    };
    let expected = live(&events);
    Rng::with_seed(seed).shuffle(&mut events);
    agreed_on_what_is_known(&expected, &live(&events))
        .map_err(|what| format!("{what} depends on the order of arrival\n{}", case.told()))?;
    Ok(())
}

fn agreed_on_what_is_known(one: &Profile, other: &Profile) -> Result<(), String> {
    agreed(one.core.features == other.core.features, || {
        let features = one.core.features.iter().zip(&other.core.features);
        let pair = features.into_iter().find(|(one, other)| one != other);
        format!("a feature: {pair:?}")
    })?;
    agreed(one.core.orders == other.core.orders, || "orders".to_owned())?;
    agreed(one.core.zone == other.core.zone, || "the zone".to_owned())?;
    agreed(one.card.traits == other.card.traits, || "a trait".to_owned())?;
    agreed(one.card.consents == other.card.consents, || "a consent".to_owned())
}

/// Three profiles made one, in every order and grouping.
pub(crate) fn merging_is_commutative_and_associative(seed: u64) -> Result<(), String> {
    let case = Case::of(seed);
    let definitions = case.definitions();
    let at = case.end();
    let mut people =
        ["a", "b", "c"].map(|id| Person::new(CustomerId::anonymous(id), &definitions, case.begin));
    let mut rng = Rng::with_seed(seed);
    for event in case.events() {
        people[rng.usize(..3)].event(&event)?;
    }
    for person in &mut people {
        person.take(Taken::Tick, at);
    }
    let [a, b, c] = &people;
    let expected = merged(&merged(a, b, at)?, c, at)?;
    for (how, other) in [
        ("a + (b + c)", merged(a, &merged(b, c, at)?, at)?),
        ("(b + a) + c", merged(&merged(b, a, at)?, c, at)?),
        ("c + (b + a)", merged(c, &merged(b, a, at)?, at)?),
    ] {
        let (one, other) = (expected.profile(), other.profile());
        let same = agreed_on_what_is_known(one, other);
        same.and_then(|()| agreed(one.cart == other.cart, || "the cart".to_owned()))
            .and_then(|()| agreed(one.card.tokens == other.card.tokens, || "a token".to_owned()))
            .and_then(|()| agreed(inside(one) == inside(other), || "a membership".to_owned()))
            .map_err(|what| format!("{how}: {what}\n{}", case.told()))?;
    }
    Ok(())
}

/// One person with another made a part of them.
fn merged<'d>(one: &Person<'d>, other: &Person<'d>, at: Ms) -> Result<Person<'d>, String> {
    let before: BTreeSet<_> =
        granted(one.profile()).union(&granted(other.profile())).cloned().collect();
    let mut one = one.clone();
    let mut event = wire::merge(at);
    event.id = EventId::sent(&format!("merge {}", one.changes.len()));
    one.merge(&event, other);
    let raised = !granted(one.profile()).is_subset(&before);
    agreed(!raised, || "a merge raises consent".to_owned()).map(|()| one)
}

fn inside(profile: &Profile) -> Vec<u32> {
    let places = profile.core.memberships.iter().filter(|(_, place)| place.inside);
    places.map(|(key, _)| key.0).collect()
}

/// What is allowed, by channel, topic and address.
fn granted(profile: &Profile) -> BTreeSet<(Channel, Option<String>, String)> {
    let granted = profile.card.consents.iter().filter(|consent| consent.status == Status::Granted);
    granted.map(|c| (c.channel, c.topic.clone(), c.address.clone())).collect()
}

/// Nothing but a grant grants.
pub(crate) fn only_a_grant_raises_consent(seed: u64) -> Result<(), String> {
    let case = Case::of(seed);
    let definitions = case.definitions();
    let mut person = Person::new(known(), &definitions, case.begin);
    for event in case.events() {
        let before = granted(person.profile());
        person.event(&event)?;
        let after = granted(person.profile());
        let by_grant = event.name() == Some("Consent Granted");
        agreed(by_grant || after.is_subset(&before), || {
            format!("{:?} raises consent", event.name())
        })?;
        for channel in Channel::ALL {
            let Some(address) = person.profile().card.address(channel) else { continue };
            let named = after.iter().any(|(c, _, text)| *c == channel && text == address.text());
            let allowed = [None, Some("news")]
                .into_iter()
                .any(|topic| person.profile().card.allows(channel, topic));
            agreed(named || !allowed, || format!("{channel} is allowed, and nobody said so"))?;
        }
    }
    Ok(())
}

/// Somebody of whom nothing is known is in no segment that is made of positive tests.
pub(crate) fn nobody_is_in_by_accident(seed: u64) -> Result<(), String> {
    let mut case = Case::of(seed);
    let rules = std::mem::take(&mut case.shop.segments);
    case.shop.segments = rules.iter().map(positive).collect();
    let definitions = case.definitions();
    let profile = Profile::new(known(), &definitions, instant(case.begin));
    for at in [case.begin, case.end(), case.end() + 400 * DAY] {
        let answers = definitions.answers(&profile.core.facts(), instant(at));
        let inside = answers.iter().position(|answer| answer.holds || !answer.until.is_never());
        agreed(inside.is_none(), || format!("s{inside:?} holds for nobody\n{}", case.told()))?;
    }
    Ok(())
}

/// The rule without its negations, and without ranges of numbers that hold zero: a number that is
/// zero for nobody is in those.
fn positive(rule: &Rule) -> Rule {
    match rule {
        Rule::All(rules) => Rule::All(rules.iter().map(positive).collect()),
        Rule::Any(rules) => Rule::Any(rules.iter().map(positive).collect()),
        Rule::Not(rule) => positive(rule),
        Rule::Leaf(leaf) => {
            let above = Range { more_than: Some(0), ..Range::default() };
            let test = match leaf.test.clone() {
                Test::Metric(at, _) => Test::Metric(at, above),
                Test::Score(at, _) => Test::Score(at, above),
                test => test,
            };
            Rule::Leaf(Leaf { test, ..leaf.clone() })
        }
    }
}

/// Packing a profile and unpacking it is no change; and bytes that were damaged, or written under
/// other definitions, are read or refused.
pub(crate) fn packing_loses_nothing(seed: u64) -> Result<(), String> {
    let case = Case::of(seed);
    let (definitions, others) = (case.definitions(), Case::of(seed + 1).definitions());
    let mut rng = Rng::with_seed(seed);
    let mut person = Person::new(known(), &definitions, case.begin);
    for event in case.events() {
        person.event(&event)?;
        let mut core = person.profile().core.clone();
        for _ in 0..rng.usize(..5) {
            core.wake_ups.note(instant(case.begin + rng.i64(0..DAY)), core.as_of);
        }
        let mut bytes = pack(&core, &known(), &definitions);
        let unpacked = unpack(&bytes, &known(), &definitions);
        agreed(unpacked.as_ref() == Ok(&core), || format!("{core:?}\n{unpacked:?}"))?;
        let elsewhere = unpack(&bytes, &known(), &others);
        agreed(elsewhere.is_ok(), || "unreadable under other definitions".to_owned())?;
        for _ in 0..rng.usize(1..4) {
            let at = rng.usize(..bytes.len());
            bytes[at] = rng.u8(..);
        }
        bytes.truncate(rng.usize(..=bytes.len()));
        drop(unpack(&bytes, &known(), &definitions));
    }
    Ok(())
}
