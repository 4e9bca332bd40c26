//! Styles written into the elements, for the mailboxes that drop style sheets.

use css_inline::{CSSInliner, InlineOptions};

use crate::aside::{Aside, OF_AUTHOR, end_of_tag};

/// Writes the author's styles into the elements. What cannot be written there is kept: `@media`,
/// `a:hover`, and what only a mailbox adds the elements for, such as `#outlook a` or `[data-ogsc] a`. So
/// is a style sheet with tags of Liquid, of which nobody can know what it will say.
///
/// What MJML itself puts into style sheets stays there: it is about single mailboxes, and would
/// only be repeated in every cell.
pub(crate) fn inline(html: &str, of_mjml: bool, aside: &Aside) -> Result<String, String> {
    let sheets =
        Sheets::mark(html, |sheet| (of_mjml && !sheet.contains(OF_AUTHOR)) || aside.has_tag(sheet));
    if sheets.to_inline == 0 {
        return Ok(html.replace(OF_AUTHOR, ""));
    }
    let options = InlineOptions {
        keep_style_tags: sheets.left > 0,
        remove_inlined_selectors: true,
        keep_at_rules: true,
        keep_link_tags: true,
        load_remote_stylesheets: false,
        ..InlineOptions::default()
    };
    let inlined = CSSInliner::new(options).inline(&with_bodies(&sheets.html));
    let inlined = inlined.map_err(|error| error.to_string())?;
    Ok(inlined.replace(OF_AUTHOR, "").replace(LEAVE, ""))
}

/// Gives a body to each table that begins with a tag of Liquid before its first row. The parser
/// would begin it behind the tag, and a loop would begin it again with each row.
fn with_bodies(html: &str) -> String {
    let mut whole = String::with_capacity(html.len());
    let mut done = 0;
    for (start, _) in html.match_indices("<table") {
        let Some(end) = end_of_tag(html, start).filter(|_| start >= done) else { continue };
        let mut rest = html.get(end..).unwrap_or_default().trim_start();
        let before = rest.len();
        while let Some((_, after)) = rest.strip_prefix("<!--").and_then(|r| r.split_once("-->")) {
            rest = after.trim_start();
        }
        if rest.len() < before && rest.starts_with("<tr") {
            whole.push_str(html.get(done..end).unwrap_or_default());
            whole.push_str("<tbody>");
            done = end;
        }
    }
    whole.push_str(html.get(done..).unwrap_or_default());
    whole
}

/// What tells the inliner to leave a style sheet alone.
const LEAVE: &str = " data-css-inline=\"ignore\"";

/// HTML whose style sheets are marked, and how many there are of both kinds.
#[derive(Default)]
struct Sheets {
    html: String,
    to_inline: usize,
    left: usize,
}

impl Sheets {
    fn mark(html: &str, leave: impl Fn(&str) -> bool) -> Self {
        let mut sheets = Self::default();
        let mut rest = html;
        while let Some((before, after)) = rest.split_once("<style") {
            let sheet = after.split_once("</style").map_or(after, |(sheet, _)| sheet);
            sheets.html.push_str(before);
            sheets.html.push_str("<style");
            match leave(sheet) {
                true => {
                    sheets.html.push_str(LEAVE);
                    sheets.left += 1;
                }
                false => sheets.to_inline += 1,
            }
            rest = after;
        }
        sheets.html.push_str(rest);
        sheets
    }
}
