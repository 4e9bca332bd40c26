//! Cuts a template into text, outputs and tags.
//!
//! As in Ruby an output ends at the first `}}` and a tag at the first `%}`, even inside quotes. The
//! scanner remembers where a closing sign was not found, so that no text is searched twice.

use crate::position::Span;
use crate::problem::Problem;

/// A piece of a template.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Piece {
    Text(Span),
    Output(Markup),
    Tag { name: Span, markup: Markup },
}

/// The inside of a tag (after its name) or of an output, and which text beside it loses its space.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Markup {
    /// Where the `{{` or `{%` stands.
    pub(crate) at: usize,
    pub(crate) inside: Span,
    pub(crate) trim_before: bool,
    pub(crate) trim_after: bool,
}

pub(crate) struct Scanner<'s> {
    source: &'s str,
    at: usize,
    /// Whether an output may contain `${name}` and other outputs, whose braces do not end it.
    dollar_names: bool,
    /// No output that begins before this offset is closed.
    unclosed_before: usize,
    /// There is no `%}` from here to the end.
    no_tag_end: bool,
}

/// A piece, or a problem at an offset; the text with the problem is then part of the next piece.
pub(crate) type Scanned = Result<Piece, (usize, Problem)>;

impl<'s> Scanner<'s> {
    pub(crate) fn new(source: &'s str, dollar_names: bool) -> Self {
        Self { source, at: 0, dollar_names, unclosed_before: 0, no_tag_end: false }
    }

    /// The next piece; `None` at the end.
    pub(crate) fn next(&mut self) -> Option<Scanned> {
        let rest = self.rest();
        if rest.is_empty() {
            return None;
        }
        let piece = match rest.get(..2) {
            Some("{{") => self.output(),
            Some("{%") => self.tag(),
            _ => return Some(Ok(Piece::Text(self.text(0)))),
        };
        Some(piece.map_err(|problem| (self.at, problem)))
    }

    /// Takes a sign that opens nothing as the text that it is.
    pub(crate) fn sign_as_text(&mut self) -> Span {
        self.text(2)
    }

    /// Text up to the next sign, of which this many bytes are text whatever they are.
    fn text(&mut self, certain: usize) -> Span {
        let start = self.at;
        let rest = self.rest().get(certain..).unwrap_or_default();
        self.at = start + certain + next_sign(rest).unwrap_or(rest.len());
        Span::new(start, self.at)
    }

    fn rest(&self) -> &'s str {
        self.source.get(self.at..).unwrap_or_default()
    }

    fn output(&mut self) -> Result<Piece, Problem> {
        if self.at < self.unclosed_before {
            return Err(Problem::UnclosedOutput);
        }
        let inner = self.rest().get(2..).unwrap_or_default();
        match self.output_len(inner) {
            Ok(len) => Ok(Piece::Output(self.markup(len))),
            Err(stop) => {
                self.unclosed_before = self.at + 2 + stop;
                Err(Problem::UnclosedOutput)
            }
        }
    }

    /// How long the inside of an output is, or where the search for its end stopped: at the end, or
    /// at a `{%`, which means that the output was never closed.
    fn output_len(&self, inner: &str) -> Result<usize, usize> {
        let (mut at, mut depth) = (0, 0_usize);
        loop {
            let rest = inner.get(at..).unwrap_or_default();
            let found = at + rest.find(['}', '{']).ok_or(inner.len())?;
            let here = inner.get(found..).unwrap_or_default();
            let insert =
                self.dollar_names && inner.get(..found).is_some_and(|before| before.ends_with('$'));
            if insert {
                at = found + here.find('}').ok_or(inner.len())? + 1;
            } else if here.starts_with("}}") && depth == 0 {
                return Ok(found);
            } else if here.starts_with("{%") {
                return Err(found);
            } else if self.dollar_names && (here.starts_with("}}") || here.starts_with("{{")) {
                depth = if here.starts_with("{{") { depth + 1 } else { depth - 1 };
                at = found + 2;
            } else {
                at = found + 1;
            }
        }
    }

    fn tag(&mut self) -> Result<Piece, Problem> {
        let inner = self.rest().get(2..).unwrap_or_default();
        let len = if self.no_tag_end { None } else { inner.find("%}") };
        let Some(len) = len else {
            self.no_tag_end = true;
            return Err(Problem::UnclosedTag);
        };
        let mut markup = self.markup(len);
        let name = tag_name(self.source, markup.inside);
        markup.inside.start = name.end;
        Ok(Piece::Tag { name, markup })
    }

    /// Takes a tag or output whose inside has this length.
    fn markup(&mut self, len: usize) -> Markup {
        let at = self.at;
        let mut inside = Span::new(at + 2, at + 2 + len);
        self.at = inside.end + 2;
        let text = inside.text(self.source);
        let trim_before = text.starts_with('-');
        let trim_after = text.ends_with('-');
        inside.start += usize::from(trim_before);
        inside.end = (inside.end - usize::from(trim_after)).max(inside.start);
        Markup { at, inside, trim_before, trim_after }
    }

    /// Skips to the end of a `raw` or `doc` block, whose inside is not read: its content and whether
    /// its closing tag trims. Where it is never closed, everything is skipped.
    pub(crate) fn verbatim(&mut self, end: &str) -> Option<(Span, bool)> {
        let start = self.at;
        let mut at = start;
        self.at = self.source.len();
        loop {
            let open = at + self.source.get(at..)?.find("{%")?;
            at = open + 2;
            let rest = closing_tag(self.source.get(at..)?, end);
            if let Some(rest) = rest {
                let len = rest.find("%}")?;
                self.at = self.source.len() - rest.len() + len + 2;
                return Some((Span::new(start, open), rest.get(..len)?.ends_with('-')));
            }
        }
    }
}

/// The name at the beginning of a tag: letters, digits and `_`, or a lone `#`; empty if none.
pub(crate) fn tag_name(source: &str, inside: Span) -> Span {
    let text = inside.text(source);
    let spaces = text.len() - text.trim_start().len();
    let name = text.get(spaces..).unwrap_or_default();
    let len = if name.starts_with('#') {
        1
    } else {
        name.find(|c: char| c != '_' && !c.is_alphanumeric()).unwrap_or(name.len())
    };
    Span::new(inside.start + spaces, inside.start + spaces + len)
}

/// Where the next `{{` or `{%` begins.
fn next_sign(text: &str) -> Option<usize> {
    let mut at = 0;
    loop {
        let found = at + text.get(at..)?.find('{')?;
        if matches!(text.as_bytes().get(found + 1), Some(b'{' | b'%')) {
            return Some(found);
        }
        at = found + 1;
    }
}

/// What follows the name of this closing tag, if the inside of a tag begins with it.
fn closing_tag<'i>(inside: &'i str, end: &str) -> Option<&'i str> {
    let name = inside.strip_prefix('-').unwrap_or(inside).trim_start();
    let rest = name.strip_prefix(end)?;
    (!rest.starts_with(|c: char| c == '_' || c.is_alphanumeric())).then_some(rest)
}
