//! Languages, as tags of BCP 47, and what people get for whose language there is nothing.

use std::iter;

/// Reads a tag such as `fr`, `pt-BR` or `pt_BR`: in lower case.
pub fn parse(text: &str) -> Result<String, String> {
    let tag = lower(text);
    let word = |word: &str| {
        (1..=8).contains(&word.len()) && word.chars().all(|c| c.is_ascii_alphanumeric())
    };
    let first = tag.split('-').next().is_some_and(|word| (2..=3).contains(&word.len()));
    match first && tag.split('-').all(word) {
        true => Ok(tag),
        false => Err(format!("`{text}` is not a language, such as `fr` or `pt-BR`")),
    }
}

/// A tag as it is compared, whatever people made of it.
pub(crate) fn lower(tag: &str) -> String {
    tag.trim().replace('_', "-").to_ascii_lowercase()
}

/// A tag in lower case and those it is a kind of, the nearest first: `pt-br`, `pt`.
pub(crate) fn wider(tag: &str) -> impl Iterator<Item = &str> {
    iter::successors(Some(tag), |tag| tag.rsplit_once('-').map(|(wider, _)| wider))
}
