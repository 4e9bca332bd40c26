//! Liquid, put aside while others read the markup, and put back into what they wrote.
//!
//! A tag becomes a comment where markup stands, as text between the rows of a table would be moved
//! out of it; anything inside of a text, an attribute or a style becomes a word.

use crate::error::{MailError, Wrong};
use crate::include::Expanded;
use crate::mjml::{ELEMENTS, TEXT_ONLY, unknown};

/// Elements whose content is text and nothing else.
const RAW: [&str; 7] =
    ["style", "script", "title", "textarea", "mj-style", "mj-title", "mj-preview"];
/// Tags behind which no text may stand.
const NO_TEXT: [&str; 36] = [
    "table",
    "tbody",
    "thead",
    "tfoot",
    "tr",
    "/td",
    "/th",
    "/tr",
    "/tbody",
    "/thead",
    "/tfoot",
    "html",
    "head",
    "/head",
    "meta",
    "link",
    "base",
    "/title",
    "/style",
    "/script",
    "mjml",
    "mj-body",
    "mj-head",
    "mj-section",
    "mj-column",
    "mj-wrapper",
    "mj-group",
    "mj-table",
    "/mj-section",
    "/mj-column",
    "/mj-wrapper",
    "/mj-group",
    "/mj-text",
    "/mj-table",
    "/mj-raw",
    "colgroup",
];

/// Ends each style sheet of the author, so that it can be told from those that MJML adds.
pub(crate) const OF_AUTHOR: &str = "/*of-the-author*/";

/// A source without its Liquid.
#[derive(Debug)]
pub(crate) struct Aside {
    /// Words and comments stand in the place of Liquid.
    pub(crate) text: String,
    /// What each word begins with: letters that do not occur in the source.
    word: String,
    pieces: Vec<Piece>,
    /// Where text that was kept begins, here and in the source.
    kept: Vec<(usize, usize)>,
}

/// Liquid that was put aside.
#[derive(Debug)]
struct Piece {
    liquid: String,
    at: usize,
    comment: bool,
    /// Whether it is part of a default, which nothing may ask for.
    of_default: bool,
}

impl Aside {
    /// Puts the Liquid of a source aside, and sees that elements of MJML are closed.
    pub(crate) fn put(expanded: &Expanded) -> Result<Self, MailError> {
        let source = &expanded.text;
        let mut word = "zqliquid".to_owned();
        while source.contains(&word) {
            word.push('q');
        }
        let text = String::with_capacity(source.len());
        let aside = Self { text, word, pieces: Vec::new(), kept: Vec::new() };
        let mut scan =
            Scan { expanded, source, at: 0, aside, state: State::Text, last: "", open: Vec::new() };
        scan.run()?;
        Ok(scan.aside)
    }

    /// The byte of the source that a byte of the text stands for.
    pub(crate) fn source_of(&self, at: usize) -> usize {
        let next = self.kept.partition_point(|(here, _)| *here <= at);
        let kept = next.checked_sub(1).and_then(|last| self.kept.get(last));
        kept.map_or(at, |(here, there)| there + (at - here))
    }

    /// Whether a part of the text stands for a tag: one that decides whether what follows is there.
    pub(crate) fn has_tag(&self, text: &str) -> bool {
        text.match_indices(&self.word).any(|(at, _)| {
            let liquid = text.get(at..).and_then(|rest| self.liquid_in(rest));
            liquid.is_some_and(|liquid| liquid.starts_with("{%"))
        })
    }

    /// The Liquid that a part of the text stands for, if it stands for Liquid.
    pub(crate) fn liquid_in(&self, text: &str) -> Option<&str> {
        let (_, after) = text.split_once(&self.word)?;
        let (number, _) = after.split_once('q')?;
        self.pieces.get(number.parse::<usize>().ok()?).map(|piece| piece.liquid.as_str())
    }

    /// Puts the Liquid back. All of it must be there.
    pub(crate) fn put_back(&self, html: &str, expanded: &Expanded) -> Result<String, MailError> {
        let mut whole = String::with_capacity(html.len());
        let mut found = vec![false; self.pieces.len()];
        let mut rest = html;
        while let Some((before, after)) = rest.split_once(&self.word) {
            rest = after;
            let Some((number, after)) = after.split_once("qz") else { continue };
            let Some(at) = number.parse::<usize>().ok() else { continue };
            let Some(piece) = self.pieces.get(at) else { continue };
            if let Some(found) = found.get_mut(at) {
                *found = true;
            }
            let (before, after) = match piece.comment {
                true => (
                    before.strip_suffix("<!--").unwrap_or(before),
                    after.strip_prefix("-->").unwrap_or(after),
                ),
                // As a name of an attribute it was given a value.
                false => (before, after.strip_prefix("=\"\"").unwrap_or(after)),
            };
            whole.push_str(before);
            whole.push_str(&piece.liquid);
            rest = after;
        }
        whole.push_str(rest);
        let lost = self.pieces.iter().zip(found).filter(|(_, found)| !found);
        match lost.map(|(piece, _)| piece).find(|piece| !piece.of_default) {
            Some(lost) => Err(expanded.error(lost.at, Wrong::Lost(lost.liquid.clone()))),
            None => Ok(whole),
        }
    }
}

/// Where a scan is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Text,
    Comment,
    /// Inside of a tag, and of quotes if there are some.
    Tag(Option<char>),
    /// Inside of an element that holds text and nothing else.
    Raw,
}

struct Scan<'s> {
    expanded: &'s Expanded,
    source: &'s str,
    at: usize,
    aside: Aside,
    state: State,
    /// The last tag, with a slash if it was a closing one.
    last: &'s str,
    open: Vec<(&'s str, usize)>,
}

impl<'s> Scan<'s> {
    fn run(&mut self) -> Result<(), MailError> {
        self.aside.kept.push((0, 0));
        while let Some(rest) = self.source.get(self.at..).filter(|rest| !rest.is_empty()) {
            if rest.starts_with("{{") || rest.starts_with("{%") {
                self.liquid(rest)?;
                continue;
            }
            match self.state {
                State::Text if rest.starts_with("<!--") => self.state = State::Comment,
                State::Text => self.maybe_tag(rest)?,
                State::Comment if rest.starts_with("-->") => self.state = State::Text,
                State::Raw if self.ends_raw(rest) => {
                    if self.last == "mj-style" {
                        self.insert(OF_AUTHOR);
                    }
                    self.maybe_tag(rest)?;
                }
                State::Comment | State::Raw => {}
                State::Tag(quote) => self.in_tag(rest, quote),
            }
            let step = rest.chars().next().map_or(1, char::len_utf8);
            self.aside.text.push_str(rest.get(..step).unwrap_or_default());
            self.at += step;
        }
        match self.open.pop() {
            Some((name, at)) => Err(self.expanded.error(at, Wrong::Unclosed(name.to_owned()))),
            None => Ok(()),
        }
    }

    fn liquid(&mut self, rest: &'s str) -> Result<(), MailError> {
        let tag = rest.starts_with("{%");
        let (opens, closes) = if tag { ("{%", "%}") } else { ("{{", "}}") };
        let Some(end) = rest.find(closes) else {
            return Err(self.expanded.error(self.at, Wrong::UnclosedLiquid(opens)));
        };
        let mut end = end + 2;
        // Braze: `{{${first_name}}}`.
        while !tag && rest.get(end..).is_some_and(|after| after.starts_with('}')) {
            end += 1;
        }
        let comment = self.state == State::Text
            && match tag {
                true => !TEXT_ONLY.contains(&self.last),
                false => NO_TEXT.contains(&self.last),
            };
        let number = self.aside.pieces.len();
        let word = format!("{}{number}qz", self.aside.word);
        self.insert(&if comment { format!("<!--{word}-->") } else { word });
        let liquid = rest.get(..end).unwrap_or_default().to_owned();
        let of_default = !tag && self.open.iter().any(|(name, _)| *name == "mj-attributes");
        self.aside.pieces.push(Piece { liquid, at: self.at, comment, of_default });
        self.at += end;
        self.aside.kept.push((self.aside.text.len(), self.at));
        Ok(())
    }

    /// Adds what is not in the source.
    fn insert(&mut self, text: &str) {
        self.aside.kept.push((self.aside.text.len(), self.at));
        self.aside.text.push_str(text);
        self.aside.kept.push((self.aside.text.len(), self.at));
    }

    fn maybe_tag(&mut self, rest: &'s str) -> Result<(), MailError> {
        let Some(name) = tag_name(rest) else { return Ok(()) };
        self.last = name;
        self.state = State::Tag(None);
        if !name.trim_start_matches('/').starts_with("mj") {
            return Ok(());
        }
        if !ELEMENTS.contains(&name.trim_start_matches('/')) {
            return Err(self.expanded.error(self.at, unknown(name.trim_start_matches('/'))));
        }
        match name.strip_prefix('/') {
            None => self.open.push((name, self.at)),
            Some(closed) => match self.open.pop() {
                Some((open, _)) if open == closed => {}
                open => {
                    let open = open.map(|(open, _)| open.to_owned());
                    let wrong = Wrong::NotOpen { found: closed.to_owned(), open };
                    return Err(self.expanded.error(self.at, wrong));
                }
            },
        }
        Ok(())
    }

    fn in_tag(&mut self, rest: &str, quote: Option<char>) {
        let next = rest.chars().next().unwrap_or_default();
        self.state = match (next, quote) {
            ('"' | '\'', None) => State::Tag(Some(next)),
            (_, Some(quote)) if next == quote => State::Tag(None),
            ('>', None) => {
                let closed = self.aside.text.ends_with('/');
                if closed && self.open.last().is_some_and(|(name, _)| *name == self.last) {
                    self.open.pop();
                }
                if RAW.contains(&self.last) && !closed { State::Raw } else { State::Text }
            }
            (_, quote) => State::Tag(quote),
        };
    }

    fn ends_raw(&self, rest: &str) -> bool {
        tag_name(rest).and_then(|name| name.strip_prefix('/')) == Some(self.last)
    }
}

/// The name of the tag that a text begins with, with the slash of a closing one.
fn tag_name(text: &str) -> Option<&str> {
    let name = text.strip_prefix('<')?;
    let slash = usize::from(name.starts_with('/'));
    let word = name.get(slash..)?;
    let end = word.find(|c: char| !c.is_ascii_alphanumeric() && c != '-').unwrap_or(word.len());
    let letter = word.starts_with(|c: char| c.is_ascii_alphabetic());
    name.get(..slash + end).filter(|_| letter)
}

/// Where the tag that begins at `start` ends, behind its `>`.
pub(crate) fn end_of_tag(text: &str, start: usize) -> Option<usize> {
    let mut quote = None;
    for (at, c) in text.get(start..)?.char_indices() {
        match (c, quote) {
            ('"' | '\'', None) => quote = Some(c),
            (_, Some(open)) if c == open => quote = None,
            ('>', None) => return Some(start + at + 1),
            _ => {}
        }
    }
    None
}
