//! `<mj-include path="…"/>`, taken from partials before anything else reads the source.

use crate::error::{MailError, Wrong};
use crate::place::Place;
use crate::{MOST_BYTES, aside};

/// Partials within partials.
const DEPTH: usize = 8;

/// A source with its includes in it.
#[derive(Debug)]
pub(crate) struct Expanded {
    pub(crate) text: String,
    /// The source first, then each partial as often as it was included.
    origins: Vec<(Option<String>, String)>,
    /// From which byte on the text is that of which origin, from which byte of it.
    pieces: Vec<(usize, usize, usize)>,
}

impl Expanded {
    /// The place of a byte of the text, in the source or the partial that it comes from.
    pub(crate) fn place(&self, at: usize) -> Place {
        let next = self.pieces.partition_point(|(from, ..)| *from <= at);
        let piece = next.checked_sub(1).and_then(|last| self.pieces.get(last));
        let Some((from, origin, begin)) = piece else { return Place::of(None, "", 0) };
        let Some((name, text)) = self.origins.get(*origin) else { return Place::of(None, "", 0) };
        Place::of(name.as_deref(), text, begin + (at - from))
    }

    pub(crate) fn error(&self, at: usize, wrong: Wrong) -> MailError {
        MailError { place: self.place(at), wrong }
    }

    fn take(&mut self, origin: usize, text: &str, begin: usize) {
        if !text.is_empty() {
            self.pieces.push((self.text.len(), origin, begin));
            self.text.push_str(text);
        }
    }
}

/// The partials that a source includes, in the order in which it does.
pub(crate) fn ids(source: &str) -> Vec<String> {
    let mut ids = Vec::new();
    let mut done = 0;
    while let Some((_, tag, end)) = next_include(source, done) {
        ids.extend(attribute(tag, "path").map(|path| id_of(path).to_owned()));
        done = end;
    }
    ids
}

/// Puts the text of partials in the place of includes.
pub(crate) fn expand(
    source: &str,
    partials: &dyn Fn(&str) -> Option<String>,
) -> Result<Expanded, MailError> {
    let origins = vec![(None, source.to_owned())];
    let mut expanded = Expanded { text: String::new(), origins, pieces: Vec::new() };
    add(&mut expanded, 0, partials, DEPTH)?;
    Ok(expanded)
}

/// Recursion is bounded by `depth`.
fn add(
    expanded: &mut Expanded,
    origin: usize,
    partials: &dyn Fn(&str) -> Option<String>,
    depth: usize,
) -> Result<(), MailError> {
    let (name, text) = expanded.origins.get(origin).cloned().unwrap_or_default();
    let fail = |at: usize, wrong: Wrong| {
        Err(MailError { place: Place::of(name.as_deref(), &text, at), wrong })
    };
    let mut done = 0;
    while let Some((start, tag, end)) = next_include(&text, done) {
        expanded.take(origin, text.get(done..start).unwrap_or_default(), done);
        done = end;
        let Some(path) = attribute(tag, "path") else { return fail(start, Wrong::NoPath) };
        let id = id_of(path);
        let Some(partial) = partials(id) else {
            return fail(start, Wrong::NoPartial(id.to_owned()));
        };
        if depth == 0 || expanded.text.len() > MOST_BYTES {
            return fail(start, Wrong::IncludesTooDeep(DEPTH));
        }
        if crate::is_mjml(&partial) {
            return fail(start, Wrong::WholeDocument(id.to_owned()));
        }
        let (before, after) = match attribute(tag, "type") {
            Some("css") => ("<mj-style>", "</mj-style>"),
            Some("html") => ("<mj-raw>", "</mj-raw>"),
            _ => ("", ""),
        };
        expanded.take(origin, before, start);
        expanded.origins.push((Some(id.to_owned()), partial));
        add(expanded, expanded.origins.len() - 1, partials, depth - 1)?;
        expanded.take(origin, after, start);
    }
    expanded.take(origin, text.get(done..).unwrap_or_default(), done);
    Ok(())
}

/// The next include: where it begins, its tag, where it ends.
fn next_include(text: &str, from: usize) -> Option<(usize, &str, usize)> {
    let start = from + text.get(from..)?.find("<mj-include")?;
    let end = aside::end_of_tag(text, start)?;
    let tag = text.get(start..end)?;
    let rest = text.get(end..)?;
    let closing = rest.trim_start().strip_prefix("</mj-include>");
    let end = match (tag.ends_with("/>"), closing) {
        (false, Some(after)) => text.len() - after.len(),
        _ => end,
    };
    Some((start, tag, end))
}

/// The value of an attribute in quotes.
fn attribute<'t>(tag: &'t str, name: &str) -> Option<&'t str> {
    let mut rest = tag;
    loop {
        let (before, after) = rest.split_once(name)?;
        let value = after.trim_start().strip_prefix('=').map(str::trim_start);
        if let Some(value) = value.filter(|_| before.ends_with(char::is_whitespace)) {
            let quote = value.chars().next().filter(|c| ['"', '\''].contains(c))?;
            return value.get(1..)?.split_once(quote).map(|(value, _)| value.trim());
        }
        rest = after;
    }
}

/// The id that a path stands for: `./footer.mjml` is `footer`.
fn id_of(path: &str) -> &str {
    let path = path.trim_start_matches("./");
    [".mjml", ".html", ".css"].iter().find_map(|end| path.strip_suffix(end)).unwrap_or(path)
}
