//! The filters: one table per kind, one short function per filter.
//!
//! A new filter is a row in the table of its kind, a function beside it, and a line in `FILTERS.md`,
//! whose examples are tests.

mod arrays;
mod call;
mod dates;
mod encoding;
mod general;
mod hashes;
mod html;
mod math;
mod money;
mod select;
mod strings;
mod words;

pub(crate) use call::{Call, Filtered};
pub(crate) use general::LOOKUPS;
pub(crate) use money::CURRENCY_FORMAT;

use std::collections::HashMap;
use std::sync::LazyLock;

use crate::dialect::Dialect;

/// A filter as the parser and the renderer know it.
#[derive(Debug)]
pub(crate) struct Filter {
    pub(crate) name: &'static str,
    /// The fewest arguments it takes.
    pub(crate) min: usize,
    /// The most arguments it takes.
    pub(crate) max: usize,
    /// The named arguments it takes.
    pub(crate) named: &'static [&'static str],
    /// The dialects that have it; all of them where none is named.
    dialects: &'static [Dialect],
    pub(crate) html: Html,
    pub(crate) run: fn(&mut Call<'_, '_>) -> Filtered,
}

/// What a filter makes of markup, that is of text that need not be escaped any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Html {
    /// Its result is a new value; if it is text, it will be escaped.
    New,
    /// Text made of markup is markup again. An argument that becomes part of it is escaped first, so
    /// that nothing slips in with it; one that is only looked for stays as it is, so that
    /// `remove: '<br>'` finds what it means. Markup in that argument makes markup of any text, which
    /// is escaped for it.
    Keeps {
        /// The place of the argument that becomes part of the result.
        inserted: Option<usize>,
    },
    /// The same, save that text stays text: what was escaped could be cut within an entity.
    Cuts {
        /// The place of the argument that becomes part of the result.
        inserted: usize,
    },
    /// The same for the items of an array, between which the argument stands.
    Joins,
}

impl Filter {
    /// A filter with from `min` to `max` arguments, in all dialects.
    const fn new(
        name: &'static str,
        min: usize,
        max: usize,
        run: fn(&mut Call<'_, '_>) -> Filtered,
    ) -> Self {
        Self { name, min, max, named: &[], dialects: &[], html: Html::New, run }
    }

    /// The same filter, whose result is markup if its input is.
    const fn keeps_html(self) -> Self {
        Self { html: Html::Keeps { inserted: None }, ..self }
    }

    /// The same, for a filter that puts one of its arguments into the result.
    const fn keeps_html_with(self, inserted: usize) -> Self {
        Self { html: Html::Keeps { inserted: Some(inserted) }, ..self }
    }

    /// The same, for a filter that cuts its input.
    const fn cuts_html_with(self, inserted: usize) -> Self {
        Self { html: Html::Cuts { inserted }, ..self }
    }

    /// The same, for a filter that joins the items of its input.
    const fn joins_html(self) -> Self {
        Self { html: Html::Joins, ..self }
    }

    /// The same filter in these dialects only. It hides a filter of the same name that stands
    /// further down in the tables.
    const fn only(self, dialects: &'static [Dialect]) -> Self {
        Self { dialects, ..self }
    }

    /// The same filter with named arguments.
    const fn named(self, named: &'static [&'static str]) -> Self {
        Self { named, ..self }
    }

    fn is_in(&self, dialect: Dialect) -> bool {
        self.dialects.is_empty() || self.dialects.contains(&dialect)
    }
}

/// The tables.
static TABLES: &[&[Filter]] = &[
    strings::FILTERS,
    general::FILTERS,
    dates::FILTERS,
    math::FILTERS,
    arrays::FILTERS,
    select::FILTERS,
    html::FILTERS,
    encoding::FILTERS,
    money::FILTERS,
    words::FILTERS,
    hashes::FILTERS,
];

/// The filters of each name, in the order of the tables.
static BY_NAME: LazyLock<HashMap<&str, Vec<&Filter>>> = LazyLock::new(|| {
    let mut named: HashMap<&str, Vec<&Filter>> = HashMap::new();
    for filter in TABLES.iter().flat_map(|table| table.iter()) {
        named.entry(filter.name).or_default().push(filter);
    }
    named
});

/// What a name of a filter turns out to be.
pub(crate) enum Lookup {
    Found(&'static Filter),
    /// Known elsewhere, refused here, and why.
    Refused(&'static str),
    Unknown,
}

/// The filter of this name in this dialect.
pub(crate) fn find(name: &str, dialect: Dialect) -> Lookup {
    let name = dialect.traits().filter(name);
    let mut named = BY_NAME.get(name).into_iter().flatten();
    match named.find(|filter| filter.is_in(dialect)) {
        Some(filter) => Lookup::Found(filter),
        None => refusal(name).map_or(Lookup::Unknown, Lookup::Refused),
    }
}

/// The other dialects that have a filter of this name.
pub(crate) fn elsewhere(name: &str) -> Vec<Dialect> {
    let has = |dialect: &Dialect| matches!(find(name, *dialect), Lookup::Found(_));
    Dialect::ALL.into_iter().filter(has).collect()
}

/// Filters of other products that would need what a template does not have, and why not.
const REFUSED: &[(&[&str], &str)] = &[(
    &[
        "img_url",
        "image_url",
        "asset_url",
        "asset_img_url",
        "shopify_asset_url",
        "file_url",
        "file_img_url",
        "global_asset_url",
        "img_tag",
        "image_tag",
        "script_tag",
        "stylesheet_tag",
        "payment_type_img_url",
        "payment_type_svg_tag",
        "placeholder_svg_tag",
        "font_url",
    ],
    "it names a file of a shop's theme, put the whole address of the image into the data",
)];

fn refusal(name: &str) -> Option<&'static str> {
    REFUSED.iter().find(|(names, _)| names.contains(&name)).map(|(_, reason)| *reason)
}

/// The names of all filters in this dialect, for suggestions.
pub(crate) fn names(dialect: Dialect) -> impl Iterator<Item = &'static str> {
    let all = TABLES.iter().flat_map(|table| table.iter());
    all.filter(move |filter| filter.is_in(dialect)).map(|filter| filter.name)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The section of `FILTERS.md` that documents a filter: its heading holds the dialect's name.
    fn is_documented(name: &str, dialect: Option<Dialect>) -> bool {
        let document = include_str!("../FILTERS.md");
        let row = format!("| `{name}` |");
        document.split("\n## ").any(|section| {
            let heading = section.lines().next().unwrap_or_default();
            let name =
                dialect.map(|dialect| format!("{dialect:?}").replace("CustomerIo", "Customer.io"));
            name.is_none_or(|name| heading.contains(&name)) && section.contains(&row)
        })
    }

    #[test]
    fn every_filter_is_documented_for_each_of_its_dialects() {
        for filter in TABLES.iter().flat_map(|table| table.iter()) {
            if filter.dialects.is_empty() {
                assert!(is_documented(filter.name, None), "{}", filter.name);
            }
            for dialect in filter.dialects {
                let documented = is_documented(filter.name, Some(*dialect));
                assert!(documented, "{} in {dialect:?}", filter.name);
            }
        }
        for dialect in Dialect::ALL {
            for (alias, _) in dialect.traits().filter_aliases {
                assert!(is_documented(alias, Some(dialect)), "{alias} in {dialect:?}");
            }
        }
    }

    #[test]
    fn a_filter_of_a_dialect_hides_the_one_that_all_have() {
        for dialect in Dialect::ALL {
            for name in names(dialect) {
                let Lookup::Found(found) = find(name, dialect) else {
                    panic!("{name} in {dialect:?}")
                };
                let own = TABLES
                    .iter()
                    .flat_map(|table| table.iter())
                    .any(|filter| filter.name == found.name && filter.dialects.contains(&dialect));
                assert_eq!(own, !found.dialects.is_empty(), "{name} in {dialect:?}");
            }
        }
    }
}
