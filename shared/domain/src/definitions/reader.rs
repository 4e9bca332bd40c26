//! Typed reading of a definition tree: every mistake is noted with its place, none ends the reading.

use super::mistake::{Mistake, Wrong, nearest, quoted};
use super::source::{Kind, Node, Place};
use crate::number::Number;
use crate::time::Span;

/// Collects mistakes. What it reads comes back as `None` where a mistake was noted.
#[derive(Debug, Default)]
pub(crate) struct Reader {
    pub(crate) mistakes: Vec<Mistake>,
    /// What is lawful and was hardly meant.
    pub(crate) doubts: Vec<Mistake>,
    /// Whether what is read was checked before.
    pub(crate) published: bool,
}

/// The members of a map, each to be asked for by its key.
pub(crate) struct Members<'n> {
    /// Where the map stands.
    pub(crate) place: &'n Place,
    entries: &'n [(Node, Node)],
    asked: Vec<&'static str>,
}

impl<'n> Members<'n> {
    /// The value under `key`, if it is there and not null.
    pub(crate) fn get(&mut self, key: &'static str) -> Option<&'n Node> {
        self.asked.push(key);
        let (_, value) = self.entries.iter().find(|(known, _)| known.text() == Some(key))?;
        (!value.is_null()).then_some(value)
    }

    /// The first of `keys` that is there.
    pub(crate) fn first_of(&self, keys: &[&'static str]) -> Option<&'static str> {
        let there = |key: &str| self.entries.iter().any(|(known, _)| known.text() == Some(key));
        keys.iter().copied().find(|key| there(key))
    }

    /// The keys as written.
    pub(crate) fn keys(&self) -> impl Iterator<Item = &'n str> {
        self.entries.iter().filter_map(|(key, _)| key.text())
    }
}

impl Reader {
    /// Notes a mistake.
    pub(crate) fn refuse<T>(&mut self, place: &Place, wrong: Wrong) -> Option<T> {
        self.mistakes.push(Mistake { place: place.clone(), wrong });
        None
    }

    /// Notes what is lawful and was hardly meant. What was published was doubted before.
    pub(crate) fn doubt(&mut self, place: Place, told: String) {
        if !self.published {
            self.doubts.push(Mistake { place, wrong: Wrong::Invalid(told) });
        }
    }

    /// A map.
    pub(crate) fn members<'n>(&mut self, node: &'n Node) -> Option<Members<'n>> {
        match &node.kind {
            Kind::Map(entries) => Some(Members { place: &node.place, entries, asked: Vec::new() }),
            _ => self.refuse(&node.place, Wrong::Expected("a map of keys and values")),
        }
    }

    /// A map whose keys are the shop's own words.
    pub(crate) fn entries<'n>(&mut self, node: &'n Node) -> &'n [(Node, Node)] {
        if let Kind::Map(entries) = &node.kind {
            return entries;
        }
        self.refuse::<()>(&node.place, Wrong::Expected("a map of names and values"));
        &[]
    }

    /// Notes every key that nobody asked for.
    pub(crate) fn finish(&mut self, members: &Members<'_>) {
        for (key, _) in members.entries {
            let text = key.text().unwrap_or_default();
            if !members.asked.contains(&text) {
                let near = nearest(text, members.asked.iter().copied());
                let known = quoted(members.asked.iter().copied());
                self.refuse::<()>(&key.place, Wrong::UnknownKey { key: text.into(), near, known });
            }
        }
    }

    /// The value under a key that must be there.
    pub(crate) fn required<'n>(
        &mut self,
        members: &mut Members<'n>,
        key: &'static str,
    ) -> Option<&'n Node> {
        let found = members.get(key);
        if found.is_none() {
            self.refuse::<()>(members.place, Wrong::Missing(key));
        }
        found
    }

    /// A list, or one value that stands for a list of it.
    pub(crate) fn list<'n>(&mut self, node: &'n Node) -> &'n [Node] {
        match &node.kind {
            Kind::List(elements) => elements,
            _ => std::slice::from_ref(node),
        }
    }

    /// A text that is not blank.
    pub(crate) fn text<'n>(&mut self, node: &'n Node) -> Option<&'n str> {
        match node.text().filter(|text| !text.trim().is_empty()) {
            None => self.refuse(&node.place, Wrong::Expected("a text")),
            text => text,
        }
    }

    /// A text that some type reads, whose refusal says why not.
    pub(crate) fn parsed<T, E: std::fmt::Display>(
        &mut self,
        node: &Node,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Option<T> {
        match parse(self.text(node)?) {
            Ok(value) => Some(value),
            Err(error) => self.refuse(&node.place, Wrong::Invalid(error.to_string())),
        }
    }

    /// A duration.
    pub(crate) fn span(&mut self, node: &Node) -> Option<Span> {
        self.parsed(node, Span::parse)
    }

    /// A decimal number.
    pub(crate) fn number(&mut self, node: &Node) -> Option<Number> {
        match node.text().and_then(Number::parse) {
            None => self.refuse(&node.place, Wrong::Expected("a number")),
            number => number,
        }
    }

    /// A whole number from 1 to `most`.
    pub(crate) fn count(&mut self, node: &Node, most: u16, beyond: Wrong) -> Option<u16> {
        match node.text().and_then(|text| text.parse::<u64>().ok()).filter(|number| *number > 0) {
            None => self.refuse(&node.place, Wrong::Expected("a whole number above 0")),
            Some(number) => match u16::try_from(number).ok().filter(|number| *number <= most) {
                None => self.refuse(&node.place, beyond),
                number => number,
            },
        }
    }

    /// `true` or `false`.
    pub(crate) fn truth(&mut self, node: &Node) -> Option<bool> {
        match node.truth() {
            None => self.refuse(&node.place, Wrong::Expected("`true` or `false`")),
            truth => truth,
        }
    }

    /// One of a fixed set of words.
    pub(crate) fn word<T: Copy>(&mut self, node: &Node, words: &[(&str, T)]) -> Option<T> {
        let text = self.text(node)?;
        match words.iter().find(|(word, _)| *word == text) {
            Some((_, meaning)) => Some(*meaning),
            None => {
                let known = quoted(words.iter().map(|(word, _)| *word));
                self.refuse(&node.place, Wrong::NotOneOf { word: text.to_owned(), known })
            }
        }
    }
}
