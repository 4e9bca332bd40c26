//! Definition files, read into a tree that remembers where everything stood.
//!
//! YAML 1.2, of which JSON is a part. Aliases are refused: a few lines of them expand to gigabytes,
//! and nobody needs them to write a segment.

use std::sync::Arc;

use saphyr_parser::{Event, Marker, Parser, ScalarStyle};

use super::mistake::{Mistake, Wrong};
use super::written::Written;
use crate::limits;

/// Where something stands in a definition file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The file's name.
    pub file: Arc<str>,
    /// From 1.
    pub line: usize,
    /// From 1, in characters.
    pub column: usize,
}

/// A value in a definition file.
#[derive(Debug, Clone)]
pub(crate) struct Node {
    /// Where it begins.
    pub(crate) place: Place,
    /// What it is.
    pub(crate) kind: Kind,
    /// Of a scalar, how it stands there.
    written: Option<Written>,
}

/// The kinds of values.
#[derive(Debug, Clone)]
pub(crate) enum Kind {
    /// A text, a number, `true`, `false` or null.
    Scalar {
        /// As written, without quotes.
        text: String,
        /// Whether it stood without quotes, so that `12` is a number and `"12"` is not.
        plain: bool,
    },
    /// Values in order.
    List(Vec<Node>),
    /// Keys in the order written, each with its own place, and their values.
    Map(Vec<(Node, Node)>),
}

impl Node {
    /// Reads a file. An empty file is an empty map.
    pub(crate) fn read(file: &str, text: &str) -> Result<Self, Mistake> {
        let source = text.into();
        Reader { file: file.into(), source, open: Vec::new(), root: None }.read(text)
    }

    /// The text of a scalar that is not null.
    pub(crate) fn text(&self) -> Option<&str> {
        match &self.kind {
            Kind::Scalar { text, .. } if !self.is_null() => Some(text),
            _ => None,
        }
    }

    /// Where the character of its text at this line and column, from 1, stands in the file.
    pub(crate) fn place_of(&self, line: usize, column: usize) -> Place {
        match (&self.kind, &self.written) {
            (Kind::Scalar { text, .. }, Some(written)) => {
                written.place(&self.place, text, line, column)
            }
            _ => self.place.clone(),
        }
    }

    /// Whether nothing stands here.
    pub(crate) fn is_null(&self) -> bool {
        matches!(&self.kind, Kind::Scalar { text, plain: true } if ["", "~", "null"].contains(&text.as_str()))
    }

    /// `true` or `false`, without quotes.
    pub(crate) fn truth(&self) -> Option<bool> {
        match &self.kind {
            Kind::Scalar { text, plain: true } => text.parse().ok(),
            _ => None,
        }
    }
}

/// Builds the tree from the parser's events, with a stack of its own instead of recursion.
struct Reader {
    file: Arc<str>,
    source: Arc<str>,
    open: Vec<Open>,
    root: Option<Node>,
}

/// A list or map whose end has not come.
struct Open {
    node: Node,
    /// In a map, the key whose value has not come.
    key: Option<Node>,
}

impl Reader {
    fn read(mut self, text: &str) -> Result<Node, Mistake> {
        for event in Parser::new_from_str(text) {
            let (event, span) = event.map_err(|error| {
                self.mistake(error.marker(), Wrong::Syntax(error.info().to_owned()))
            })?;
            self.take(event, &span.start)?;
        }
        let start = self.place(&Marker::new(0, 1, 0));
        Ok(self.root.unwrap_or(Node { place: start, kind: Kind::Map(Vec::new()), written: None }))
    }

    fn take(&mut self, event: Event<'_>, at: &Marker) -> Result<(), Mistake> {
        match event {
            Event::Alias(_) => Err(self.mistake(at, Wrong::Alias)),
            Event::Scalar(text, style, ..) => {
                let plain = style == ScalarStyle::Plain;
                self.put(Node {
                    place: self.place(at),
                    kind: Kind::Scalar { text: text.into_owned(), plain },
                    written: Some(Written { source: Arc::clone(&self.source), style }),
                })
            }
            Event::SequenceStart(..) => self.enter(at, Kind::List(Vec::new())),
            Event::MappingStart(..) => self.enter(at, Kind::Map(Vec::new())),
            Event::SequenceEnd | Event::MappingEnd => {
                self.open.pop().map_or(Ok(()), |done| self.put(done.node))
            }
            Event::DocumentStart(_) if self.root.is_some() => {
                Err(self.mistake(at, Wrong::SecondDocument))
            }
            _ => Ok(()),
        }
    }

    fn enter(&mut self, at: &Marker, kind: Kind) -> Result<(), Mistake> {
        if self.open.len() >= limits::DEFINITION_DEPTH {
            return Err(self.mistake(at, Wrong::TooDeep(limits::DEFINITION_DEPTH)));
        }
        let node = Node { place: self.place(at), kind, written: None };
        self.open.push(Open { node, key: None });
        Ok(())
    }

    fn put(&mut self, node: Node) -> Result<(), Mistake> {
        let Some(open) = self.open.last_mut() else {
            self.root = Some(node);
            return Ok(());
        };
        match &mut open.node.kind {
            Kind::List(elements) => elements.push(node),
            Kind::Map(members) => match open.key.take() {
                None if node.text().is_none() => {
                    return Err(Mistake { place: node.place, wrong: Wrong::Expected("a key") });
                }
                None => open.key = Some(node),
                Some(key) if members.iter().any(|(known, _)| known.text() == key.text()) => {
                    let wrong = Wrong::DuplicateKey(key.text().unwrap_or_default().to_owned());
                    return Err(Mistake { place: key.place, wrong });
                }
                Some(key) => members.push((key, node)),
            },
            Kind::Scalar { .. } => {}
        }
        Ok(())
    }

    fn place(&self, at: &Marker) -> Place {
        Place { file: Arc::clone(&self.file), line: at.line(), column: at.col() + 1 }
    }

    fn mistake(&self, at: &Marker, wrong: Wrong) -> Mistake {
        Mistake { place: self.place(at), wrong }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_refused(text: &str, expected: &str) {
        let mistake = Node::read("a.yaml", text).unwrap_err().to_string();
        assert!(mistake.starts_with(expected), "{mistake}");
    }

    #[test]
    fn json_is_read_as_well() {
        let node = Node::read("a.json", "{\"a\": [1, \"2\", true, null]}").unwrap();
        let Kind::Map(members) = node.kind else { panic!() };
        let Kind::List(list) = &members[0].1.kind else { panic!() };
        assert_eq!(list[2].truth(), Some(true));
        assert!(list[3].is_null());
        assert!(matches!(list[1].kind, Kind::Scalar { plain: false, .. }));
    }

    #[test]
    fn mistakes_point_at_their_place() {
        check_refused("a: 1\na: 2\n", "a.yaml:2:1: the key `a` stands here twice");
        check_refused("a: &x 1\nb: *x\n", "a.yaml:2:4: aliases");
        check_refused("a: [1\nb: 2\n", "a.yaml:2:");
        check_refused("a: 1\n---\nb: 2\n", "a.yaml:2:1: one document");
        check_refused(&"[".repeat(100), "a.yaml:1:65: nested more than 64 levels deep");
    }

    #[test]
    fn an_empty_file_defines_nothing() {
        assert!(matches!(Node::read("a.yaml", "").unwrap().kind, Kind::Map(m) if m.is_empty()));
    }
}
