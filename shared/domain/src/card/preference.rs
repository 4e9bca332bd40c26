//! What a person said about how they want to be reached.

use serde_json::Value;

use super::Card;
use crate::channel::Channel;

/// A person's stated preference, from their traits.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Preference {
    /// Channels in the order they want them; empty if they said nothing.
    pub channels: Vec<Channel>,
    /// Their language, as a tag such as `fr` or `pt-BR`.
    pub language: Option<String>,
}

impl Preference {
    /// Reads `preferred_channel` (a word or a list of them) and `language`.
    pub(super) fn of(card: &Card) -> Self {
        let words: Vec<&str> = match card.get("preferred_channel") {
            Some(Value::String(word)) => vec![word],
            Some(Value::Array(words)) => words.iter().filter_map(Value::as_str).collect(),
            _ => Vec::new(),
        };
        let channels = words.into_iter().filter_map(|w| Channel::parse(&w.to_ascii_lowercase()));
        let language = card.get("language").and_then(Value::as_str).map(str::to_owned);
        Self { channels: channels.collect(), language }
    }
}
