//! The text between tags: which white space goes, and what a dialect puts there.

use crate::ast::{Expr, Filtered, Node, Path, Segment};
use crate::position::Span;

use super::blocks::Parser;
use super::found::Last;
use super::trim;

impl Parser<'_> {
    /// Takes a piece of text as it stands in the template.
    pub(super) fn text(&mut self, span: Span) {
        let mut span = if self.trim_next { trim::trim_start(span, self.source) } else { span };
        self.trim_next = false;
        let traits = self.traits();
        let after_output = std::mem::replace(&mut self.last, Last::Text) == Last::Output;
        if after_output && span.text(self.source).starts_with(traits.fence) {
            span.start += traits.fence.len();
        }
        match traits.placeholders {
            Some(object) => self.placeholders(span, object),
            None => self.plain(span),
        }
    }

    fn plain(&mut self, span: Span) {
        let blank = trim::is_blank(span, self.source);
        self.body.push(Node::Text(span), blank);
    }

    /// Drops the fence before an output; the one after it goes with the next text.
    pub(super) fn drop_fence(&mut self) {
        let fence = self.traits().fence;
        if self.last == Last::Text
            && let Some(Node::Text(span)) = self.body.nodes.last_mut()
            && span.text(self.source).ends_with(fence)
        {
            span.end -= fence.len();
        }
    }

    /// Text with `@NAME@` in it: each stands for an entry of this object.
    fn placeholders(&mut self, mut span: Span, object: &'static str) {
        while let Some((start, end)) = next_placeholder(span.text(self.source)) {
            let (start, end) = (span.start + start, span.start + end);
            self.plain(Span::new(span.start, start));
            let name = Span::new(start + 1, end - 1).text(self.source).to_ascii_lowercase();
            let output = named_output(start, object.split('.').chain([&*name]));
            self.body.push(Node::Output(output), false);
            span.start = end;
        }
        self.plain(span);
    }
}

/// An output of the path of these names.
pub(super) fn named_output<'n>(at: usize, names: impl IntoIterator<Item = &'n str>) -> Filtered {
    let mut names = names.into_iter().map(|name| Segment::Name(name.into()));
    let root = names.next().unwrap_or_else(|| Segment::Name("".into()));
    let expr = Expr::Path(Path { at, root, segments: names.collect() });
    Filtered { at, expr, filters: Vec::new() }
}

/// Where the first `@NAME@` begins and ends. Capital letters, digits and `_` only, so that no e-mail
/// address is taken for one.
fn next_placeholder(text: &str) -> Option<(usize, usize)> {
    let mut from = 0;
    loop {
        let start = from + text.get(from..)?.find('@')?;
        let name = text.get(start + 1..)?;
        let len = name
            .bytes()
            .take_while(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || *b == b'_')
            .count();
        let end = start + 1 + len;
        if len > 0 && text.get(end..)?.starts_with('@') {
            return Some((start, end + 1));
        }
        from = end;
    }
}
