//! What a person said about how they want to be reached.

use serde_json::Value;

use super::Card;
use crate::channel::Channel;
use crate::timing::QuietHours;

/// A person's stated preference, from their traits.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Preference {
    /// Channels in the order they want them; empty if they said nothing.
    pub channels: Vec<Channel>,
    /// Their language, as a tag such as `fr` or `pt-BR`.
    pub language: Option<String>,
    /// Whether they asked for fewer messages.
    pub less_often: bool,
    /// Hours in which they do not want to be disturbed.
    pub quiet_hours: Option<QuietHours>,
}

impl Preference {
    /// Reads `preferred_channel` (a word or a list of them), `language`, `message_frequency` (`less`)
    /// and `quiet_hours` (`21:00-09:00`). What cannot be read was not said.
    pub(super) fn of(card: &Card) -> Self {
        let words: Vec<&str> = match card.get("preferred_channel") {
            Some(Value::String(word)) => vec![word],
            Some(Value::Array(words)) => words.iter().filter_map(Value::as_str).collect(),
            _ => Vec::new(),
        };
        let channels = words.into_iter().filter_map(|w| Channel::parse(&w.to_ascii_lowercase()));
        let language = card.get("language").and_then(Value::as_str).map(str::to_owned);
        let text = |name: &str| card.get(name).and_then(Value::as_str);
        Self {
            channels: channels.collect(),
            language,
            less_often: text("message_frequency")
                .is_some_and(|word| word.trim().eq_ignore_ascii_case("less")),
            quiet_hours: text("quiet_hours").and_then(|text| QuietHours::parse(text).ok()),
        }
    }
}
