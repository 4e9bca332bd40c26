//! MJML by `mrml`, whose errors are given the places of the source.

use mrml::prelude::parser::{Error, Span, Warning, WarningKind};
use mrml::prelude::render::RenderOptions;

use crate::aside::Aside;
use crate::error::{MailError, Wrong};
use crate::include::Expanded;

/// Elements in which `mrml` takes text, and no comment.
pub(crate) const TEXT_ONLY: [&str; 1] = ["mj-accordion-title"];

/// The elements of MJML.
pub(crate) const ELEMENTS: [&str; 37] = [
    "mjml",
    "mj-accordion",
    "mj-accordion-element",
    "mj-accordion-text",
    "mj-accordion-title",
    "mj-all",
    "mj-attributes",
    "mj-body",
    "mj-breakpoint",
    "mj-button",
    "mj-carousel",
    "mj-carousel-image",
    "mj-class",
    "mj-column",
    "mj-divider",
    "mj-font",
    "mj-group",
    "mj-head",
    "mj-hero",
    "mj-html-attributes",
    "mj-image",
    "mj-include",
    "mj-navbar",
    "mj-navbar-link",
    "mj-preview",
    "mj-raw",
    "mj-section",
    "mj-selector",
    "mj-social",
    "mj-social-element",
    "mj-spacer",
    "mj-style",
    "mj-table",
    "mj-text",
    "mj-title",
    "mj-wrapper",
    "mj-html-attribute",
];

/// What to say of an element that MJML does not have.
pub(crate) fn unknown(name: &str) -> Wrong {
    let near = ELEMENTS.iter().min_by_key(|known| strsim::damerau_levenshtein(name, known));
    Wrong::UnknownElement { found: name.to_owned(), near: near.copied().unwrap_or("mj-text") }
}

/// Renders MJML, with what was read over.
pub(crate) fn render(
    aside: &Aside,
    expanded: &Expanded,
) -> Result<(String, Vec<String>), MailError> {
    let parsed = mrml::parse(&aside.text).map_err(|error| told(&error, aside, expanded))?;
    let html = parsed.element.render(&RenderOptions::default());
    let html = html.map_err(|error| expanded.error(0, Wrong::Mjml(error.to_string())))?;
    let warning = |warning: &Warning| {
        let place = expanded.place(aside.source_of(warning.span.start));
        format!("{place}: `{}`: {}", excerpt(&aside.text, warning.span), warning.kind)
    };
    // All of the author's styles are inlined, whether they ask for it or not.
    let told = parsed.warnings.iter();
    let told = told.filter(|warning| warning.kind != WarningKind::InlineStyleUnsupported);
    Ok((html, told.map(warning).collect()))
}

fn told(error: &Error, aside: &Aside, expanded: &Expanded) -> MailError {
    let at = |span: Span, wrong: Wrong| expanded.error(aside.source_of(span.start), wrong);
    let unexpected = |span: Span| {
        let text = aside.text.get(span.start..span.end).unwrap_or_default();
        let wrong = match aside.liquid_in(text) {
            Some(liquid) => Wrong::UnexpectedLiquid(liquid.to_owned()),
            None => Wrong::Unexpected(excerpt(&aside.text, span)),
        };
        at(span, wrong)
    };
    match error {
        Error::UnexpectedElement { position, .. } | Error::UnexpectedToken { position, .. } => {
            unexpected(*position)
        }
        Error::MissingAttribute { name, position, .. } => {
            at(*position, Wrong::MissingAttribute(name))
        }
        Error::InvalidAttribute { position, .. } | Error::InvalidFormat { position, .. } => {
            at(*position, Wrong::BadAttribute(excerpt(&aside.text, *position)))
        }
        Error::ParserError { source, .. } => {
            let (line, column) = (source.pos().row as usize, source.pos().col as usize);
            let offset = offset_of(&aside.text, line, column);
            expanded.error(aside.source_of(offset), Wrong::Mjml(told_by_parser(source)))
        }
        other => expanded.error(0, Wrong::Mjml(other.to_string())),
    }
}

/// Without the place that the parser names, which is one of the text it was given.
fn told_by_parser(error: &htmlparser::Error) -> String {
    let told = error.to_string();
    told.split(" at ").next().unwrap_or(&told).to_owned()
}

fn offset_of(text: &str, line: usize, column: usize) -> usize {
    let before: usize = text.split_inclusive('\n').take(line.saturating_sub(1)).map(str::len).sum();
    before + column.saturating_sub(1)
}

/// The beginning of a part of the text, in one line.
fn excerpt(text: &str, span: Span) -> String {
    let part = text.get(span.start..span.end.max(span.start)).unwrap_or_default().trim();
    let line = part.lines().next().unwrap_or_default();
    let short: String = line.chars().take(40).collect();
    if short.len() < part.len() { format!("{short}…") } else { short }
}
