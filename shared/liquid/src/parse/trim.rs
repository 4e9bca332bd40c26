//! White space that a `-` beside a sign takes away: Ruby's, which counts the zero byte as well.

use crate::position::Span;

/// Whether Ruby's `strip` takes this character away. A no-break space stays.
pub(crate) fn is_space(character: char) -> bool {
    matches!(character, ' ' | '\t' | '\n' | '\u{b}' | '\u{c}' | '\r' | '\0')
}

/// The span without the space at its beginning.
pub(crate) fn trim_start(span: Span, source: &str) -> Span {
    let kept = span.text(source).trim_start_matches(is_space).len();
    Span::new(span.end - kept, span.end)
}

/// The span without the space at its end.
pub(crate) fn trim_end(span: Span, source: &str) -> Span {
    let kept = span.text(source).trim_end_matches(is_space).len();
    Span::new(span.start, span.start + kept)
}

/// Whether there is nothing but space.
pub(crate) fn is_blank(span: Span, source: &str) -> bool {
    span.text(source).chars().all(is_space)
}
