//! What definitions need to know of customers, who lacks it, and what question would fill it.

use std::collections::{BTreeMap, BTreeSet};
use std::{fmt, iter};

use crate::card::{Card, Status};
use crate::channel::Channel;
use crate::definitions::{Content, Definitions, Shop};
use crate::message::Class;
use crate::plan::{CardTest, Memory};
use crate::program::Program;
use crate::time::Timestamp;
use crate::value::{Scalar, ValueTest};
use crate::vocabulary::{Meaning, Vocabulary};

/// Something that can be known of a customer.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fact {
    /// Where they can be reached on a channel.
    Address(Channel),
    /// That they allow messages on it, as a whole or about a topic.
    Consent(Channel, Option<String>),
    /// A trait, by its path such as `address.city`.
    Trait(String),
}

impl Fact {
    /// Whether it is known of the customer with this card.
    pub fn is_known(&self, card: &Card) -> bool {
        match self {
            Self::Address(channel) => card.address(*channel).is_some(),
            Self::Consent(channel, topic) => card.allows(*channel, topic.as_deref()),
            Self::Trait(path) => has(card, path),
        }
    }

    /// Whether the customer can be asked for it: they can be reached on any channel, did not say no to
    /// what is asked, and could answer. A device tells itself, and a consent is one for an address.
    pub fn may_be_asked(&self, card: &Card) -> bool {
        let said_no = |channel: Channel, topic: Option<&str>| {
            card.said_no_since(channel, topic, Timestamp::default())
        };
        let askable = match self {
            Self::Address(channel) => *channel != Channel::Push && !said_no(*channel, None),
            Self::Consent(channel, topic) => {
                card.address(*channel).is_some() && !said_no(*channel, topic.as_deref())
            }
            Self::Trait(_) => true,
        };
        askable && Channel::ALL.into_iter().any(|channel| card.allows(channel, None))
    }

    /// Everything that is known of the customer with this card.
    pub fn all_of(card: &Card) -> impl Iterator<Item = Self> {
        let channels = || Channel::ALL.into_iter();
        let traits = card.traits.iter().filter(|(_, known)| ValueTest::IsSet.holds(&known.value));
        let traits = traits.map(|(name, _)| Self::Trait(name.clone()));
        let consents = channels().map(|channel| Self::Consent(channel, None));
        let of_channels = channels().map(Self::Address).chain(consents);
        of_channels.filter(|fact| fact.is_known(card)).chain(traits)
    }

    /// Reads `address.email`, `consent.sms`, `consent.sms.news` or `trait.address.city`.
    pub fn parse(text: &str) -> Option<Self> {
        match text.split_once('.')? {
            ("address", channel) => Channel::parse(channel).map(Self::Address),
            ("consent", rest) => {
                let (channel, topic) = rest
                    .split_once('.')
                    .map_or((rest, None), |(channel, topic)| (channel, Some(topic)));
                Some(Self::Consent(Channel::parse(channel)?, topic.map(str::to_owned)))
            }
            ("trait", path) => Some(Self::Trait(path.to_owned())),
            _ => None,
        }
    }
}

impl fmt::Display for Fact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address(channel) => write!(f, "address.{channel}"),
            Self::Consent(channel, None) => write!(f, "consent.{channel}"),
            Self::Consent(channel, Some(topic)) => write!(f, "consent.{channel}.{topic}"),
            Self::Trait(path) => write!(f, "trait.{path}"),
        }
    }
}

/// What must be known of the customers of a program: what its template reads, and on each channel that it
/// has a text for an address, and consent if it sells.
pub fn needs_of_program(program: &Program, definitions: &Definitions) -> BTreeSet<Fact> {
    let Some(content) = definitions.templates.get(&program.template) else {
        return BTreeSet::new();
    };
    let traits = traits_read(content, &definitions.shop).into_iter().map(Fact::Trait);
    let channels = Channel::ALL.into_iter().filter(|channel| content.has(*channel));
    let sells = program.class == Class::Marketing;
    let consent = |channel| sells.then(|| Fact::Consent(channel, program.topic.clone()));
    let channels =
        channels.flat_map(|channel| iter::once(Fact::Address(channel)).chain(consent(channel)));
    traits.chain(channels).collect()
}

/// What the rule of each segment looks at, and those of the segments it refers to, by place.
pub fn needs_of_segments(definitions: &Definitions) -> Vec<BTreeSet<Fact>> {
    let mut all = vec![BTreeSet::new(); definitions.segments.len()];
    // Each comes after those that it refers to.
    for place in definitions.order() {
        let Some(segment) = definitions.segments.get(*place) else { continue };
        let slots = segment.rule.slots().into_iter();
        let memories = slots.filter_map(|slot| Some(&definitions.plan.slots().get(slot)?.memory));
        let own = memories.filter_map(|memory| match memory {
            Memory::Card(CardTest::Consent(channel, topic, Status::Granted)) => {
                Some(Fact::Consent(*channel, topic.clone()))
            }
            memory => memory.trait_path().map(|path| Fact::Trait(path.to_owned())),
        });
        let mut facts: BTreeSet<Fact> = own.collect();
        for other in segment.rule.segments() {
            facts.extend(all.get(other).into_iter().flatten().cloned());
        }
        if let Some(of) = all.get_mut(*place) {
            *of = facts;
        }
    }
    all
}

/// Who needs to know a fact: segments and programs, by their places.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Needed {
    /// Segments whose rules look at it.
    pub segments: Vec<usize>,
    /// Programs whose templates do, or which need it to reach anybody.
    pub programs: Vec<usize>,
}

/// All that definitions need to know of customers; they keep it.
pub(crate) fn needs(definitions: &Definitions) -> BTreeMap<Fact, Needed> {
    let mut all: BTreeMap<Fact, Needed> = BTreeMap::new();
    for (place, facts) in needs_of_segments(definitions).into_iter().enumerate() {
        for fact in facts {
            all.entry(fact).or_default().segments.push(place);
        }
    }
    for (place, program) in definitions.programs.iter().enumerate() {
        for fact in needs_of_program(program, definitions) {
            all.entry(fact).or_default().programs.push(place);
        }
    }
    all
}

/// The kind of answer that a question for a fact gets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Asked {
    /// An e-mail address, a phone number or a device.
    Address,
    /// Whether they allow messages.
    Consent,
    /// One of these texts, or another: rules tell them apart.
    Choice(BTreeSet<String>),
    /// Yes or no.
    YesNo,
    /// A day.
    Date,
    /// A number.
    Number,
    /// Any text.
    Text,
}

impl Asked {
    /// What a question for `fact` asks, as the rules look at it.
    pub fn of(fact: &Fact, definitions: &Definitions) -> Self {
        let path = match fact {
            Fact::Address(_) => return Self::Address,
            Fact::Consent(..) => return Self::Consent,
            Fact::Trait(path) => path,
        };
        let slots = definitions.plan.slots().iter().map(|slot| &slot.memory);
        let about: Vec<_> = slots.filter(|memory| memory.trait_path() == Some(path)).collect();
        let tests = about.iter().flat_map(|memory| match memory {
            Memory::Card(CardTest::Trait(_, tests)) => tests.as_slice(),
            _ => &[],
        });
        let mut asked = Self::Text;
        let mut choices = BTreeSet::new();
        for test in tests {
            match test {
                ValueTest::In(scalars) => {
                    for scalar in scalars {
                        match scalar {
                            Scalar::Text(text) => drop(choices.insert(text.clone())),
                            Scalar::Bool(_) => asked = Self::YesNo,
                            Scalar::Number(_) => asked = Self::Number,
                        }
                    }
                }
                ValueTest::Number(_) => asked = Self::Number,
                ValueTest::Before(_) | ValueTest::After(_) => asked = Self::Date,
                ValueTest::Contains(_) | ValueTest::StartsWith(_) | ValueTest::IsSet => {}
            }
        }
        let dated =
            |memory: &&Memory| matches!(memory, Memory::Instant(_) | Memory::Anniversary(_));
        match (asked, choices.is_empty()) {
            (_, false) => Self::Choice(choices),
            (Self::Text, true) if about.iter().any(dated) => Self::Date,
            (asked, true) => asked,
        }
    }

    /// `address`, `choice`, …
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Address => "address",
            Self::Consent => "consent",
            Self::Choice(_) => "choice",
            Self::YesNo => "yes_no",
            Self::Date => "date",
            Self::Number => "number",
            Self::Text => "text",
        }
    }
}

/// The traits that a template of a shop reads: paths such as `first_name` or `address.city`.
pub fn traits_read(content: &Content, shop: &Shop) -> BTreeSet<String> {
    let vocabulary = Vocabulary { shop, dialect: content.dialect };
    let traits = content.variables().iter().filter_map(|path| match vocabulary.meaning(path) {
        Meaning::Trait(path) => Some(path),
        Meaning::Given | Meaning::Unknown(_) => None,
    });
    traits.collect()
}

/// Whether a customer has a trait that is not blank, or one within it.
pub fn has(card: &Card, path: &str) -> bool {
    let within = format!("{path}.");
    let there = |(name, known): (&String, &crate::card::Trait)| {
        (name == path || name.starts_with(&within)) && ValueTest::IsSet.holds(&known.value)
    };
    let reached = card.values(path);
    card.traits.iter().any(there) || reached.into_iter().any(|value| ValueTest::IsSet.holds(value))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::testing::{definitions, is};

    #[track_caller]
    fn check(template: &str, traits: &[&str]) {
        let source = format!(
            "partials: {{ hello: 'Hi {{{{ who }}}} {{{{ customer.nick }}}}' }}\n\
             templates: [{{ id: t, {template} }}]"
        );
        let definitions = definitions(&source);
        let content = definitions.templates.values().next().unwrap();
        let found = traits_read(content, &definitions.shop);
        assert_eq!(found.iter().map(String::as_str).collect::<Vec<_>>(), traits);
    }

    #[test]
    fn traits_are_told_wherever_they_are_read() {
        check(
            "sms: '{{ customer.first_name }} {{ customer.address.city }} {{ customer.tags[0] }} {{ customer.id }} {{ cart.total }}'",
            &["address.city", "first_name", "tags"],
        );
        check("sms: '{% render \"hello\", who: customer.first_name %}'", &["first_name", "nick"]);
    }

    #[test]
    fn in_other_dialects_a_trait_may_stand_by_itself() {
        check(
            "dialect: braze, sms: '{{${first_name}}} {{custom_attribute.${shoe}}}'",
            &["first_name", "shoe"],
        );
        check(
            "dialect: klaviyo, sms: \"{{ person|lookup:'Points' }} {% if person|lookup:'Shoe' == 1 %}x{% endif %}\"",
            &["Points", "Shoe"],
        );
    }

    #[test]
    fn a_trait_is_read_even_if_its_name_is_given_again_further_down() {
        check(
            "dialect: braze, sms: '{% assign first_name = {{${first_name}}} | upcase %}{{first_name}}'",
            &["first_name"],
        );
    }

    const NEEDY: &str = "
segments:
  - { id: birthday, when: { trait: born, anniversary: { in_next: 7d } } }
  - { id: sporty, when: { any: [{ trait: sport, is: [tennis, golf] }, { trait: age, less_than: 30 }] } }
  - { id: reached, when: { all: [{ segment: sporty }, { consent: sms }] } }
  - { id: left, when: { consent: email, is: withdrawn } }
templates: [{ id: t, sms: 'Hi {{ customer.first_name }}' }]
programs: [{ id: p, enter: reached, again: never, send: { template: t } }]
";

    #[test]
    fn segments_need_what_their_rules_read_even_by_way_of_others() {
        let definitions = definitions(NEEDY);
        let needs = |place| {
            let facts: &BTreeSet<Fact> = &needs_of_segments(&definitions)[place];
            facts.iter().map(Fact::to_string).collect::<Vec<_>>()
        };
        assert_eq!(needs(0), ["trait.born"]);
        assert_eq!(needs(1), ["trait.age", "trait.sport"]);
        assert_eq!(needs(2), ["consent.sms", "trait.age", "trait.sport"]);
        assert!(needs(3).is_empty());
        let all = definitions.needs();
        let of = |fact: &str| all[&Fact::parse(fact).unwrap()].clone();
        assert_eq!(of("consent.sms"), Needed { segments: vec![2], programs: vec![0] });
        assert_eq!(of("trait.first_name"), Needed { segments: vec![], programs: vec![0] });
        assert_eq!(of("trait.sport").segments, [1, 2]);
    }

    #[test]
    fn who_waits_for_a_message_need_not_have_allowed_it_and_a_topic_is_no_channel() {
        let definitions = definitions(
            "
policy: { topics: [{ id: news }] }
segments: [{ id: readers, when: { consent: { channel: email, topic: news } } }]
templates: [{ id: t, sms: Thanks }]
programs:
  - { id: p, enter: readers, again: never, send: { template: t, class: transactional } }
",
        );
        let all = definitions.needs();
        assert_eq!(
            all.keys().map(Fact::to_string).collect::<Vec<_>>(),
            ["address.sms", "consent.email.news"]
        );
    }

    #[test]
    fn what_is_blank_is_not_known() {
        let mut card = Card::default();
        let traits = json!({"first_name": " ", "tags": [], "address": {"city": "Bath"}});
        let event = is("2026-01-01T00:00:00Z", traits);
        card.apply(&event.filed, &event, &mut Vec::new());
        let known = |path| has(&card, path);
        assert_eq!(
            ["first_name", "tags", "address", "address.city"].map(known),
            [false, false, true, true]
        );
    }

    #[test]
    fn a_waterfall_of_segments_is_gone_down_once() {
        let mut source =
            "segments:\n  - { id: s0, when: { trait: t0, is_set: true } }\n".to_owned();
        for n in 1..60 {
            let before = (0..n).map(|n| format!("{{ segment: s{n} }}")).collect::<Vec<_>>();
            let before = before.join(", ");
            let rule = format!(
                "{{ all: [{{ trait: t{n}, is_set: true }}, {{ not: {{ any: [{before}] }} }}] }}"
            );
            source += &format!("  - {{ id: s{n}, when: {rule} }}\n");
        }
        let needs = needs_of_segments(&definitions(&source));
        assert_eq!(needs.last().map(BTreeSet::len), Some(60));
    }

    #[test]
    fn a_question_asks_what_rules_can_tell_apart() {
        let definitions = definitions(NEEDY);
        let asked = |fact: &str| Asked::of(&Fact::parse(fact).unwrap(), &definitions);
        assert_eq!(asked("trait.born"), Asked::Date);
        assert_eq!(asked("trait.age"), Asked::Number);
        let choices = BTreeSet::from(["golf".to_owned(), "tennis".to_owned()]);
        assert_eq!(asked("trait.sport"), Asked::Choice(choices));
        assert_eq!(asked("trait.first_name"), Asked::Text);
        assert_eq!(asked("address.sms"), Asked::Address);
        assert_eq!(asked("consent.sms"), Asked::Consent);
    }
}
