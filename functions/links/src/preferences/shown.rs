//! The form, with what is so now.

use attune_aws::store::Stored;
use attune_domain::channel::Channel;
use maud::{Markup, html};
use serde_json::Value;

use crate::page::{Names, veiled};
use crate::words::Words;

/// A box that can be ticked: a channel, or a topic on a channel.
pub(super) struct Ticked<'a> {
    pub(super) channel: Channel,
    pub(super) topic: Option<&'a str>,
    pub(super) on: bool,
}

impl Ticked<'_> {
    /// Its name in the form: `email`, or `email.news`.
    pub(super) fn name(&self) -> String {
        match self.topic {
            Some(topic) => format!("{}.{topic}", self.channel),
            None => self.channel.to_string(),
        }
    }
}

/// Channels on which the customer can be reached.
pub(super) fn channels(stored: &Stored) -> Vec<Channel> {
    let card = &stored.profile.card;
    Channel::ALL.into_iter().filter(|channel| card.address(*channel).is_some()).collect()
}

/// The boxes of a channel, the channel itself first. It is ticked if anything on it is.
pub(super) fn boxes(stored: &Stored, channel: Channel) -> Vec<Ticked<'_>> {
    let card = &stored.profile.card;
    let topics = stored.definitions.policy.topics.iter().map(|topic| Some(topic.id.as_str()));
    let mut boxes: Vec<Ticked<'_>> = std::iter::once(None)
        .chain(topics)
        .map(|topic| Ticked { channel, topic, on: card.allows(channel, topic) })
        .collect();
    let any = boxes.iter().any(|ticked| ticked.on);
    if let Some(first) = boxes.first_mut() {
        first.on = any;
    }
    boxes
}

/// What stands beside a box: what a customer agrees to by ticking it.
pub(super) fn wording(words: &Words, stored: &Stored, ticked: &Ticked<'_>) -> String {
    let names = Names {
        shop: &stored.definitions.shop.name,
        channel: words.channel(ticked.channel),
        topic: words.topic(stored, ticked.topic),
        address: String::new(),
    };
    names.fill(if ticked.topic.is_some() { words.about } else { words.allow })
}

/// The form.
pub(super) fn form(words: &Words, stored: &Stored, saved: bool) -> Markup {
    let channels = channels(stored);
    html! {
        h1 { (words.preferences) }
        @if saved { p.told role="status" { (words.saved) } }
        form method="post" {
            @for channel in &channels { (allowed(words, stored, *channel)) }
            @if channels.len() > 1 { (order(words, stored, &channels)) }
            (frequency(words, stored))
            (language(words, stored))
            (quiet_hours(words, stored))
            p { button name="saved" value="yes" { (words.save) } }
        }
    }
}

fn allowed(words: &Words, stored: &Stored, channel: Channel) -> Markup {
    let address = stored.profile.card.address(channel).map(|address| veiled(&address));
    html! {
        fieldset {
            legend { (capital(words.channel(channel))) " " (address.unwrap_or_default()) }
            @for ticked in boxes(stored, channel) {
                // What was ticked when the page was made: only what differs from it was asked for.
                @if ticked.on { input type="hidden" name="was" value=(ticked.name()); }
                label.within[ticked.topic.is_some()] {
                    input type="checkbox" name="want" value=(ticked.name()) checked[ticked.on];
                    (wording(words, stored, &ticked))
                }
            }
        }
    }
}

fn order(words: &Words, stored: &Stored, channels: &[Channel]) -> Markup {
    let stated = stored.profile.card.preference().channels;
    html! {
        fieldset {
            legend { (words.order) }
            @for (place, word) in words.places.iter().take(channels.len()).enumerate() {
                label {
                    (word) " "
                    select name="order" {
                        option value="" { (words.no_matter) }
                        @for channel in channels {
                            option value=(channel) selected[stated.get(place) == Some(channel)] {
                                (words.channel(*channel))
                            }
                        }
                    }
                }
            }
        }
    }
}

fn frequency(words: &Words, stored: &Stored) -> Markup {
    let less = trait_of(stored, "message_frequency") == Some("less");
    html! {
        fieldset {
            legend { (words.frequency) }
            label {
                input type="radio" name="frequency" value="normal" checked[!less];
                (words.normal)
            }
            label {
                input type="radio" name="frequency" value="less" checked[less];
                (words.less)
            }
        }
    }
}

fn language(words: &Words, stored: &Stored) -> Markup {
    let stated = trait_of(stored, "language");
    let other = stated.filter(|tag| !Words::ALL.iter().any(|words| words.tag == *tag));
    html! {
        fieldset {
            legend { label for="language" { (words.language) } }
            select #language name="language" {
                option value="" { (words.no_matter) }
                @if let Some(tag) = other { option value=(tag) selected { (tag) } }
                @for known in Words::ALL {
                    option value=(known.tag) lang=(known.tag) selected[stated == Some(known.tag)] {
                        (known.own_name)
                    }
                }
            }
        }
    }
}

fn quiet_hours(words: &Words, stored: &Stored) -> Markup {
    let stated = trait_of(stored, "quiet_hours").and_then(|hours| hours.split_once('-'));
    let (from, until) = stated.unwrap_or_default();
    html! {
        fieldset {
            legend { (words.quiet) }
            label { (words.quiet_from) " " input type="time" name="quiet_from" value=(from); }
            label { (words.quiet_until) " " input type="time" name="quiet_until" value=(until); }
        }
    }
}

fn trait_of<'a>(stored: &'a Stored, name: &str) -> Option<&'a str> {
    stored.profile.card.get(name).and_then(Value::as_str)
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    let first: String = letters.next().into_iter().flat_map(char::to_uppercase).collect();
    first + letters.as_str()
}
