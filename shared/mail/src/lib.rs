//! Bodies of mail: MJML to HTML, styles written into the elements, and a plain text part.
//!
//! Liquid is left as it is: it is put aside before anything reads the markup, and put back after.
//! So a template is compiled once, and what is rendered for each customer is Liquid alone.
//!
//! Nothing is fetched and nothing is read: includes come from the caller, style sheets of other
//! sites are not loaded.

mod aside;
mod error;
mod include;
mod inline;
mod mjml;
mod place;
mod text;

pub use error::{MailError, Wrong};
pub use place::Place;
pub use text::text_of;

use aside::Aside;

/// Bytes of a body once its includes are in it, and of what it compiles to: what a mail may have
/// before Gmail cuts it is a tenth of it.
const MOST_BYTES: usize = 1024 * 1024;

/// A body that was compiled: HTML with the Liquid of its source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Compiled {
    /// The HTML.
    pub html: String,
    /// What was read over, each with its place.
    pub warnings: Vec<String>,
}

/// Compiles MJML, or plain HTML, whose includes are texts of `partials`.
///
/// HTML that brings no style sheet is kept byte for byte.
pub fn compile(
    source: &str,
    partials: &dyn Fn(&str) -> Option<String>,
) -> Result<Compiled, MailError> {
    let expanded = include::expand(source, partials)?;
    if expanded.text.len() > MOST_BYTES {
        return Err(expanded.error(0, Wrong::TooLarge(MOST_BYTES)));
    }
    let aside = Aside::put(&expanded)?;
    let (html, warnings) = match is_mjml(&expanded.text) {
        true => mjml::render(&aside, &expanded)?,
        false => (aside.text.clone(), Vec::new()),
    };
    let html = inline::inline(&html, is_mjml(&expanded.text), &aside)
        .map_err(|why| expanded.error(0, Wrong::Style(why)))?;
    let html = aside.put_back(&html, &expanded)?;
    let html = if html == source { html } else { in_lines(&html) };
    if html.len() > MOST_BYTES {
        return Err(expanded.error(0, Wrong::TooLarge(MOST_BYTES)));
    }
    Ok(Compiled { html, warnings })
}

/// The ids of the partials that a source includes by `<mj-include>`.
pub fn includes(source: &str) -> Vec<String> {
    include::ids(source)
}

/// Breaks lines where white space means nothing: a line of a mail has 998 bytes at most (RFC 5322,
/// 2.1.1), and MJML writes all of it into one.
fn in_lines(html: &str) -> String {
    let ends = ["<tr>", "</td>", "</th>", "</tr>", "</style>", "</head>"];
    ends.iter().fold(html.to_owned(), |html, end| html.replace(end, &format!("{end}\n")))
}

/// Whether a body is MJML.
pub fn is_mjml(source: &str) -> bool {
    source.contains("<mjml")
}

/// The same HTML in this language, or in none that it names: MJML without one says that it is not known,
/// and then a screen reader would not try to guess.
pub fn with_language(html: &str, language: Option<&str>) -> String {
    let language = language.map(|tag| format!(" lang=\"{tag}\""));
    html.replace(" lang=\"und\"", language.as_deref().unwrap_or_default())
}

/// The same HTML with a text that mailboxes show beside the subject, and readers do not see.
///
/// Without one they show how the mail begins, which is mostly "view in your browser". The blanks
/// that have no width keep the beginning from being shown behind a short text.
pub fn with_preheader(html: &str, preheader: &str) -> String {
    let hidden = format!(
        "<div style=\"display:none;font-size:1px;line-height:1px;max-height:0;max-width:0;\
         opacity:0;overflow:hidden;\">{preheader}{}</div>",
        ("&#847;&zwnj;&nbsp;".repeat(20) + "\n").repeat(3)
    );
    let body = html.find("<body").and_then(|from| {
        let end = html.get(from..)?.find('>')?;
        html.split_at_checked(from + end + 1)
    });
    match body {
        Some((before, after)) => format!("{before}{hidden}{after}"),
        None => format!("{hidden}{html}"),
    }
}

#[cfg(test)]
mod tests;
