//! A segment as a file that an advertising platform matches with the people it knows: a row for each
//! customer, in the platform's spelling, hashed.
//!
//! Consent decides, as it does for a message that sells: an address is in the file only where such a
//! message could go. What else is known of somebody goes along with such an address or not at all.

mod google;
mod meta;
mod states;

use icu_normalizer::ComposingNormalizerBorrowed;
use jiff::civil::Date;
use serde_json::Value;

use crate::address::Address;
use crate::card::Card;
use crate::channel::Channel;
use crate::digest::sha256_hex;
use crate::moment::date_in;
use crate::zone::Zone;

/// Who takes the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Platform {
    /// Customer Match of Google Ads.
    Google,
    /// Custom Audiences of Meta.
    Meta,
}

impl Platform {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::Google, Self::Meta];

    /// `google` or `meta`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Google => "google",
            Self::Meta => "meta",
        }
    }

    /// Reads `google` or `meta`.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|platform| platform.as_str() == text)
    }

    /// The names of the columns, as the platform knows them.
    pub const fn columns(self) -> &'static [&'static str] {
        match self {
            Self::Google => &google::COLUMNS,
            Self::Meta => &meta::COLUMNS,
        }
    }
}

/// What a file is to be of.
#[derive(Debug, Clone, Copy)]
pub struct Audience<'a> {
    /// Who takes it.
    pub platform: Platform,
    /// What customers must allow to be written to about; `None` is the channel as a whole.
    pub topic: Option<&'a str>,
    /// The shop's zone, for birthdays that were told as an instant.
    pub zone: &'a Zone,
}

impl Audience<'_> {
    /// The addresses of a card that may be in the file unless they are closed, as they are suppressed or
    /// were unsubscribed: an e-mail address and a phone number at most.
    pub fn allowed(&self, card: &Card) -> Vec<Address> {
        let allowed = |channel: &Channel| card.allows(*channel, self.topic);
        let channels = [Channel::Email, Channel::Sms].into_iter().filter(allowed);
        channels.filter_map(|channel| card.address(channel)).collect()
    }

    /// The row of a customer, with a value for each of the platform's columns; a value that is not
    /// known is empty. `None` if no address of theirs may be in the file.
    pub fn row(&self, card: &Card, closed: &[Address]) -> Option<Vec<String>> {
        let mut open = self.allowed(card);
        open.retain(|address| !closed.contains(address));
        let person = Person::of(card, &open, self.zone);
        match self.platform {
            Platform::Google => google::row(&person),
            Platform::Meta => meta::row(&person),
        }
    }
}

/// What platforms look at, as it was told.
struct Person {
    email: Option<String>,
    phone: Option<String>,
    first_name: Option<String>,
    last_name: Option<String>,
    city: Option<String>,
    state: Option<String>,
    postal_code: Option<String>,
    /// ISO 3166, two letters in upper case.
    country: Option<String>,
    born: Option<Date>,
    gender: Option<String>,
}

impl Person {
    fn of(card: &Card, open: &[Address], zone: &Zone) -> Self {
        let at = |channel: Channel| {
            let address = open.iter().find(|address| address.channel() == channel);
            address.map(|address| address.text().to_owned())
        };
        let told = |names: &[&str]| names.iter().find_map(|name| text(card.get(name)?));
        let is_code =
            |code: &&str| code.len() == 2 && code.bytes().all(|b| b.is_ascii_alphabetic());
        let born = told(&["birthday"]).and_then(|text| date_in(&text, &card.zone(zone)));
        Self {
            email: at(Channel::Email),
            phone: at(Channel::Sms),
            first_name: told(&["first_name"]),
            last_name: told(&["last_name"]),
            city: told(&["address.city", "city"]),
            state: told(&["address.state", "state"]),
            postal_code: told(&["address.postalCode", "address.postal_code", "postal_code"]),
            country: card.country().map(str::trim).filter(is_code).map(str::to_ascii_uppercase),
            born,
            gender: told(&["gender"]),
        }
    }
}

/// A trait as a text without blanks around it, composed: a letter with its accent is one character,
/// however it was typed. Platforms hash it so. `None` for what is empty.
fn text(value: &Value) -> Option<String> {
    let text = match value {
        Value::String(text) => text.trim().to_owned(),
        Value::Number(number) => number.to_string(),
        _ => return None,
    };
    let text = ComposingNormalizerBorrowed::new_nfc().normalize(&text).into_owned();
    (!text.is_empty()).then_some(text)
}

/// SHA-256 in hexadecimal; empty for what is not known or has nothing left in it.
fn hashed(text: Option<String>) -> String {
    text.filter(|text| !text.is_empty()).map(|text| sha256_hex(&text)).unwrap_or_default()
}

#[cfg(test)]
mod tests;
