//! Meta's spelling.
//!
//! Columns: <https://www.facebook.com/business/help/2082575038703844>. Spelling and hashing:
//! <https://developers.facebook.com/docs/marketing-api/audiences/guides/custom-audiences> and, with
//! examples,
//! <https://developers.facebook.com/docs/marketing-api/conversions-api/parameters/customer-information-parameters>.
//!
//! Of the columns that Meta takes unhashed there is none: we know no advertising ids, and a shop's id
//! of a customer may be an address.

use jiff::civil::Date;

use super::states::STATES;
use super::{Person, hashed};

/// The names of the columns.
pub(super) const COLUMNS: [&str; 11] =
    ["email", "phone", "fn", "ln", "ct", "st", "zip", "country", "dob", "doby", "gen"];
/// The first year in which Meta believes that somebody was born.
const FIRST_YEAR: i16 = 1900;

/// The row of somebody who has an address. Everything is hashed.
pub(super) fn row(person: &Person) -> Option<Vec<String>> {
    if person.email.is_none() && person.phone.is_none() {
        return None;
    }
    let in_us = person.country.as_deref() == Some("US");
    let born = person.born.filter(|date| date.year() >= FIRST_YEAR);
    let values = [
        person.email.clone(),
        person.phone.as_deref().map(phone),
        person.first_name.as_deref().map(name),
        person.last_name.as_deref().map(name),
        person.city.as_deref().map(place),
        person.state.as_deref().map(|text| state(text, in_us)),
        person.postal_code.as_deref().map(|text| postal_code(text, in_us)),
        person.country.as_ref().map(|code| code.to_ascii_lowercase()),
        born.map(day),
        born.map(|date| format!("{:04}", date.year())),
        person.gender.as_deref().and_then(gender),
    ];
    Some(values.into_iter().map(hashed).collect())
}

/// Digits alone, the country's first.
fn phone(e164: &str) -> String {
    e164.trim_start_matches('+').to_owned()
}

/// Lower case, without blanks and punctuation, in whatever alphabet.
fn name(text: &str) -> String {
    text.to_lowercase().chars().filter(|c| !c.is_whitespace() && !is_punctuation(*c)).collect()
}

/// A name without digits.
fn place(text: &str) -> String {
    name(text).chars().filter(|c| !c.is_numeric()).collect()
}

/// In the United States the two letters of the state, elsewhere the name of a place.
fn state(text: &str, in_us: bool) -> String {
    let name = place(text);
    let known = STATES.iter().find(|(state, _)| in_us && *state == name);
    known.map_or(name, |(_, code)| (*code).to_owned())
}

/// Lower case, without blanks and hyphens; in the United States five digits.
fn postal_code(text: &str, in_us: bool) -> String {
    let code = name(text);
    code.chars().take(if in_us { 5 } else { code.len() }).collect()
}

/// `YYYYMMDD`.
fn day(date: Date) -> String {
    format!("{:04}{:02}{:02}", date.year(), date.month(), date.day())
}

/// `f` or `m`; Meta knows no others.
fn gender(text: &str) -> Option<String> {
    let letter = match text.to_lowercase().as_str() {
        "f" | "female" | "woman" => "f",
        "m" | "male" | "man" => "m",
        _ => return None,
    };
    Some(letter.to_owned())
}

/// ASCII's punctuation, and that of Unicode's block of it: `O’Brien` has no apostrophe of ASCII.
fn is_punctuation(c: char) -> bool {
    c.is_ascii_punctuation() || matches!(c, '\u{2010}'..='\u{2027}' | '\u{2030}'..='\u{205e}')
}
