//! What a filled-in form asks for.

use std::collections::BTreeSet;

use attune_aws::store::Stored;
use attune_domain::card::{Choice, Status};
use attune_domain::channel::Channel;
use serde_json::{Map, Value, json};

use super::shown::{Ticked, boxes, channels, wording};
use crate::Deps;
use crate::acts;
use crate::failure::Failure;
use crate::form::Form;
use crate::words::Words;

/// Where the acts are made.
const SOURCE: &str = "preference page";

/// What a form asks for.
pub(super) struct Asked<'a> {
    traits: Map<String, Value>,
    choices: Vec<Choice<'a>>,
}

impl<'a> Asked<'a> {
    /// Reads a form; none if it is not ours.
    pub(super) fn of(form: &Form, stored: &'a Stored, words: &Words) -> Option<Self> {
        form.get("saved")?;
        let traits = traits(form, stored)?;
        let choices = channels(stored).into_iter();
        let choices = choices.flat_map(|channel| choices_on(channel, form, stored, words));
        Some(Self { traits, choices: choices.collect() })
    }

    /// Does it. What is withdrawn is withdrawn for everybody who has the address.
    pub(super) async fn fulfil(self, deps: &Deps, stored: &Stored) -> Result<(), Failure> {
        let (card, id, now) = (&stored.profile.card, &stored.profile.id, deps.clock.now());
        let mut events = Vec::from_iter(acts::tell(card, id, self.traits, now));
        events.extend(self.choices.iter().filter_map(|choice| choice.event(card, id, now)));
        for choice in self.choices.iter().filter(|choice| choice.status == Status::Withdrawn) {
            acts::withdraw(deps, id, &choice.address.key(), choice).await?;
        }
        acts::apply(deps, id, &events).await
    }
}

/// What is chosen on one channel: where the form differs from what its page showed. A page that was
/// open for long does not undo what was done in between.
fn choices_on<'a>(
    channel: Channel,
    form: &Form,
    stored: &'a Stored,
    words: &Words,
) -> Vec<Choice<'a>> {
    let (was, want): (BTreeSet<&str>, BTreeSet<&str>) =
        (form.all("was").collect(), form.all("want").collect());
    let Some(address) = stored.profile.card.address(channel) else { return Vec::new() };
    let was = |ticked: &Ticked<'_>| was.contains(ticked.name().as_str());
    let wanted = |ticked: &Ticked<'_>| want.contains(ticked.name().as_str());
    let (mut boxes, mut turned_on) = (boxes(stored, channel), false);
    if let Some(whole) = boxes.first() {
        match (was(whole), wanted(whole)) {
            // Without the channel there is nothing to say of its topics.
            (true, false) => boxes.truncate(1),
            (before, now) => turned_on = now && !before,
        }
    }
    // Who allows a channel and names topics says with it which they do not want. Who names none says
    // nothing of them.
    let named = boxes.iter().skip(1).any(|topic| was(topic) != wanted(topic));
    boxes.retain(|ticked| was(ticked) != wanted(ticked) || (turned_on && named));
    let choice = |ticked: &Ticked<'a>| Choice {
        address: address.clone(),
        topic: ticked.topic,
        status: if wanted(ticked) { Status::Granted } else { Status::Withdrawn },
        source: SOURCE,
        wording: said(words, stored, ticked),
    };
    boxes.iter().map(choice).collect()
}

/// What stood beside the box; of a topic with what stood above it.
fn said(words: &Words, stored: &Stored, ticked: &Ticked<'_>) -> String {
    let channel = Ticked { channel: ticked.channel, topic: None, on: ticked.on };
    let above = wording(words, stored, &channel);
    match ticked.topic {
        Some(_) => format!("{above}: {}", wording(words, stored, ticked)),
        None => above,
    }
}

/// The preferences that the form tells; none if it tells what its page has no choice for.
fn traits(form: &Form, stored: &Stored) -> Option<Map<String, Value>> {
    let mut traits = Map::new();
    let mut put = |name: &str, value: Value| traits.insert(name.to_owned(), value);
    if channels(stored).len() > 1 {
        put("preferred_channel", order(form)?);
    }
    put(
        "message_frequency",
        match form.get("frequency")? {
            "less" => json!("less"),
            "normal" => stored
                .profile
                .card
                .get("message_frequency")
                .map_or(Value::Null, |_| json!("normal")),
            _ => return None,
        },
    );
    put("language", language(form.get("language")?, stored)?);
    put("quiet_hours", quiet_hours(form.get("quiet_from")?, form.get("quiet_until")?)?);
    Some(traits)
}

/// Channels in the order of the form, each once.
fn order(form: &Form) -> Option<Value> {
    let mut order: Vec<Channel> = Vec::new();
    for word in form.all("order").filter(|word| !word.is_empty()) {
        let channel = Channel::parse(word)?;
        if !order.contains(&channel) {
            order.push(channel);
        }
    }
    let words: Vec<&str> = order.into_iter().map(Channel::as_str).collect();
    Some(if words.is_empty() { Value::Null } else { json!(words) })
}

/// A language of the page, or the one that the customer had.
fn language(tag: &str, stored: &Stored) -> Option<Value> {
    let own = stored.profile.card.get("language").and_then(Value::as_str) == Some(tag);
    match tag {
        "" => Some(Value::Null),
        tag if own || Words::ALL.iter().any(|words| words.tag == tag) => Some(json!(tag)),
        _ => None,
    }
}

/// `21:00-09:00`, or nothing if one of the two is left out.
fn quiet_hours(from: &str, until: &str) -> Option<Value> {
    if from.is_empty() || until.is_empty() || from == until {
        return Some(Value::Null);
    }
    (is_time(from) && is_time(until)).then(|| json!(format!("{from}-{until}")))
}

fn is_time(text: &str) -> bool {
    let part = |text: &str, most: u8| {
        text.len() == 2 && text.parse::<u8>().is_ok_and(|number| number <= most)
    };
    text.split_once(':').is_some_and(|(hour, minute)| part(hour, 23) && part(minute, 59))
}
