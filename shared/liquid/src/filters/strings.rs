//! Filters for text.

use std::sync::Arc;

use crate::dialect::Dialect::Klaviyo;
use crate::number::whole;
use crate::parse::is_space;
use crate::render::Stop;
use crate::value::{ITEM_BYTES, Value, index};

use super::Filter;
use super::call::{Call, Filtered};

pub(super) const FILTERS: &[Filter] = &[
    Filter::new("upcase", 0, 0, |call| map(call, str::to_uppercase)).keeps_html(),
    Filter::new("downcase", 0, 0, |call| map(call, str::to_lowercase)).keeps_html(),
    Filter::new("capitalize", 0, 0, |call| map(call, capitalized)).keeps_html(),
    Filter::new("append", 1, 1, append).keeps_html_with(0),
    Filter::new("prepend", 1, 1, prepend).keeps_html_with(0),
    Filter::new("strip", 0, 0, |call| cut(call, |text| text.trim_matches(is_space))).keeps_html(),
    Filter::new("lstrip", 0, 0, |call| cut(call, |text| text.trim_start_matches(is_space)))
        .keeps_html(),
    Filter::new("rstrip", 0, 0, |call| cut(call, |text| text.trim_end_matches(is_space)))
        .keeps_html(),
    Filter::new("squish", 0, 0, |call| map(call, squished)).keeps_html(),
    Filter::new("strip_newlines", 0, 0, |call| map(call, without_newlines)).keeps_html(),
    Filter::new("replace", 1, 2, replace).keeps_html_with(1),
    Filter::new("replace_first", 1, 2, |call| replace_one(call, |text, old| text.find(old)))
        .keeps_html_with(1),
    Filter::new("replace_last", 2, 2, |call| replace_one(call, |text, old| text.rfind(old)))
        .keeps_html_with(1),
    Filter::new("remove", 1, 1, replace).keeps_html(),
    Filter::new("remove_first", 1, 1, |call| replace_one(call, |text, old| text.find(old)))
        .keeps_html(),
    Filter::new("remove_last", 1, 1, |call| replace_one(call, |text, old| text.rfind(old)))
        .keeps_html(),
    Filter::new("slice", 1, 1, slice_between).keeps_html().only(&[Klaviyo]),
    Filter::new("truncatechars", 1, 1, truncate).keeps_html().only(&[Klaviyo]),
    Filter::new("slice", 1, 2, slice).keeps_html(),
    Filter::new("truncate", 0, 2, truncate).cuts_html_with(1),
    Filter::new("truncatewords", 0, 2, truncatewords).cuts_html_with(1),
    Filter::new("split", 1, 1, split).keeps_html(),
];

/// Changes the text. No change of case makes a text more than three times as long.
fn map(call: &mut Call<'_, '_>, change: fn(&str) -> String) -> Filtered {
    let text = call.text()?;
    call.room(text.len().saturating_mul(3))?;
    Ok(Value::from(change(&text)))
}

/// Takes a part of the text.
fn cut(call: &mut Call<'_, '_>, part: fn(&str) -> &str) -> Filtered {
    let text = call.text()?;
    let part = part(&text);
    if part.len() == text.len() {
        return Ok(Value::Str(text));
    }
    call.room(part.len())?;
    Ok(Value::from(part))
}

/// The first letter in upper case, the others in lower case.
fn capitalized(text: &str) -> String {
    let mut characters = text.chars();
    let first = characters.next().into_iter().flat_map(char::to_uppercase);
    first.chain(characters.as_str().to_lowercase().chars()).collect()
}

fn squished(text: &str) -> String {
    text.split(is_space).filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

fn without_newlines(text: &str) -> String {
    text.replace("\r\n", "").replace('\n', "")
}

fn append(call: &mut Call<'_, '_>) -> Filtered {
    let (text, other) = (call.text()?, call.argument_text(0)?);
    join(call, &[&text, &other])
}

fn prepend(call: &mut Call<'_, '_>) -> Filtered {
    let (text, other) = (call.text()?, call.argument_text(0)?);
    join(call, &[&other, &text])
}

fn join(call: &mut Call<'_, '_>, parts: &[&str]) -> Filtered {
    call.room(parts.iter().map(|part| part.len()).sum())?;
    Ok(Value::from(parts.concat()))
}

/// Puts the second argument in the place of every first; nothing if there is no second.
fn replace(call: &mut Call<'_, '_>) -> Filtered {
    let (text, old, new) = (call.text()?, call.argument_text(0)?, call.argument_text(1)?);
    let count = text.matches(&*old).count();
    if count == 0 {
        return Ok(Value::Str(text));
    }
    let bytes = text
        .len()
        .saturating_sub(count * old.len())
        .saturating_add(count.saturating_mul(new.len()));
    call.room(bytes)?;
    Ok(Value::from(text.replace(&*old, &new)))
}

fn replace_one(call: &mut Call<'_, '_>, find: fn(&str, &str) -> Option<usize>) -> Filtered {
    let (text, old, new) = (call.text()?, call.argument_text(0)?, call.argument_text(1)?);
    let Some(at) = find(&text, &old) else { return Ok(Value::Str(text)) };
    let (before, from) = text.split_at(at);
    join(call, &[before, &new, from.get(old.len()..).unwrap_or_default()])
}

/// A part of a text or an array: from a place, so many characters or items.
fn slice(call: &mut Call<'_, '_>) -> Filtered {
    let offset = whole(&call.argument(0))?;
    let length = match call.given(1) {
        None | Some(Value::Nil) => 1,
        Some(length) => whole(length)?,
    };
    part(call, offset, length)
}

/// Django's way to name a part: `':5'`, `'2:'`, `'-3:-1'`.
fn slice_between(call: &mut Call<'_, '_>) -> Filtered {
    let range = call.argument_text(0)?;
    let Some((first, end)) = range.split_once(':') else { return slice(call) };
    let len = match &call.input {
        Value::Array(items) => items.len(),
        _ => call.text()?.chars().count(),
    };
    let place = |text: &str, otherwise: usize| match text.trim() {
        "" => Ok(otherwise),
        text => whole(&Value::from(text)).map(|place| index(place, len).unwrap_or(0).min(len)),
    };
    let (first, end) = (place(first, 0)?, place(end, len)?);
    let wide = |place: usize| i64::try_from(place).unwrap_or(i64::MAX);
    part(call, wide(first), wide(end.saturating_sub(first)))
}

fn part(call: &mut Call<'_, '_>, offset: i64, length: i64) -> Filtered {
    if let Value::Array(items) = &call.input {
        let items: Arc<[Value]> = items.clone();
        let Some((first, count)) = window(offset, length, items.len()) else {
            return Ok(Value::from(Vec::new()));
        };
        call.room_for_items(count)?;
        return Ok(Value::array(items.iter().skip(first).take(count).cloned()));
    }
    let text = call.text()?;
    let Some((first, count)) = window(offset, length, text.chars().count()) else {
        return Ok(Value::empty());
    };
    let byte_at = |place: usize| text.char_indices().nth(place).map_or(text.len(), |(at, _)| at);
    let part = text.get(byte_at(first)..byte_at(first + count)).unwrap_or_default();
    call.room(part.len())?;
    Ok(Value::from(part))
}

/// Ruby's `slice(offset, length)`: the first place and the count, if they lie within so many.
fn window(offset: i64, length: i64, len: usize) -> Option<(usize, usize)> {
    let first = index(offset, len).filter(|first| *first <= len)?;
    let count = usize::try_from(length).ok()?.min(len - first);
    Some((first, count))
}

/// The text up to a number of characters, of which the ellipsis is part.
fn truncate(call: &mut Call<'_, '_>) -> Filtered {
    if call.input == Value::Nil {
        return Ok(Value::Nil);
    }
    let length = call.given(0).map_or(Ok(50), whole)?;
    let (text, ellipsis) = (call.text()?, ellipsis(call)?);
    let length = usize::try_from(length).unwrap_or(0);
    if text.chars().nth(length).is_none() {
        return Ok(Value::Str(text));
    }
    let kept = length.saturating_sub(ellipsis.chars().count());
    let end = text.char_indices().nth(kept).map_or(text.len(), |(at, _)| at);
    join(call, &[text.get(..end).unwrap_or_default(), &ellipsis])
}

fn ellipsis(call: &mut Call<'_, '_>) -> Result<Arc<str>, Stop> {
    if call.given(1).is_some() { call.argument_text(1) } else { Ok("...".into()) }
}

/// The text up to a number of words. A text that is cut loses its other white space as well.
fn truncatewords(call: &mut Call<'_, '_>) -> Filtered {
    if call.input == Value::Nil {
        return Ok(Value::Nil);
    }
    let count = call.given(0).map_or(Ok(15), whole)?.max(1);
    let (text, ellipsis) = (call.text()?, ellipsis(call)?);
    let mut words = text.split(is_space).filter(|word| !word.is_empty());
    call.room(text.len().saturating_add(ellipsis.len()))?;
    let mut kept = String::new();
    for _ in 0..count {
        let Some(word) = words.next() else { return Ok(Value::Str(text)) };
        kept.push_str(if kept.is_empty() { "" } else { " " });
        kept.push_str(word);
    }
    if words.next().is_none() {
        return Ok(Value::Str(text));
    }
    kept.push_str(&ellipsis);
    Ok(Value::from(kept))
}

/// The pieces between a separator: a single space stands for any white space, nothing for every
/// character. Empty pieces at the end are dropped.
fn split(call: &mut Call<'_, '_>) -> Filtered {
    let (text, separator) = (call.text()?, call.argument_text(0)?);
    let count = match &*separator {
        "" | " " => text.len(),
        separator => text.matches(separator).count(),
    };
    call.room(text.len().saturating_add((count + 1).saturating_mul(ITEM_BYTES + PIECE_BYTES)))?;
    let mut pieces: Vec<&str> = match &*separator {
        "" => text.split("").filter(|piece| !piece.is_empty()).collect(),
        " " => text.split(is_space).filter(|piece| !piece.is_empty()).collect(),
        separator => text.split(separator).collect(),
    };
    while pieces.last().is_some_and(|piece| piece.is_empty()) {
        pieces.pop();
    }
    Ok(Value::array(pieces.into_iter().map(Value::from)))
}

/// What a piece of text costs beside its characters: the two counters of an `Arc`.
const PIECE_BYTES: usize = 16;
