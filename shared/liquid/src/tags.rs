//! The tags: one table, and for each tag one file with how it is read and what it does.
//!
//! A new tag is a row here, a file, and a line in `TAGS.md`. What begins with `comment`, `raw`,
//! `doc`, `liquid` and `#` is not in the table, because the inside of these is not read like that of
//! other tags.

pub(crate) mod abort;
pub(crate) mod assign;
pub(crate) mod branch;
pub(crate) mod capture;
pub(crate) mod case;
pub(crate) mod changed;
pub(crate) mod counter;
pub(crate) mod cycle;
pub(crate) mod for_loop;
pub(crate) mod klaviyo;
pub(crate) mod partial;
pub(crate) mod tablerow;

use crate::ast::Node;
use crate::dialect::Dialect;
use crate::parse::cursor::{Cursor, Parsed};

/// A tag as the parser knows it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Tag {
    pub(crate) name: &'static str,
    /// The dialects that have it; all of them where none is named.
    pub(crate) dialects: &'static [Dialect],
    pub(crate) kind: Kind,
}

/// What a tag is.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Kind {
    /// One node. `blank` tells that it writes nothing, so that a block of nothing else is left out
    /// with all its white space.
    Node { parse: fn(&mut Cursor<'_>) -> Parsed<Node>, blank: bool },
    /// A block up to its `end` tag.
    Block(fn(&mut Cursor<'_>) -> Parsed<Box<dyn Block>>),
    /// An output of what the product puts into the data under the tag's own name.
    Link,
}

/// A block under construction.
pub(crate) trait Block {
    /// Begins a branch (`else`, `elsif`, `when`), taking what stood before it. A block that has no
    /// such branch gives it back.
    fn branch(&mut self, name: &str, before: Body, cursor: &mut Cursor<'_>) -> Result<(), Body>;

    /// Ends the block: its node, and whether it writes nothing but white space.
    fn close(self: Box<Self>, last: Body) -> Option<(Node, bool)>;
}

/// The nodes of a block or of one of its branches.
#[derive(Debug)]
pub(crate) struct Body {
    pub(crate) nodes: Vec<Node>,
    /// Whether there is nothing but white space and tags that write nothing.
    pub(crate) blank: bool,
}

impl Default for Body {
    fn default() -> Self {
        Self { nodes: Vec::new(), blank: true }
    }
}

impl Body {
    pub(crate) fn push(&mut self, node: Node, blank: bool) {
        self.nodes.push(node);
        self.blank &= blank;
    }

    /// The nodes, without white space if the whole block is blank.
    pub(crate) fn into_nodes(mut self, block_is_blank: bool) -> Vec<Node> {
        if block_is_blank {
            self.nodes.retain(|node| !matches!(node, Node::Text(_)));
        }
        self.nodes
    }
}

/// A block whose opening tag was a mistake: it takes every branch and becomes nothing.
#[derive(Debug)]
pub(crate) struct Broken;

impl Block for Broken {
    fn branch(&mut self, _name: &str, _before: Body, cursor: &mut Cursor<'_>) -> Result<(), Body> {
        cursor.skip_all();
        Ok(())
    }

    fn close(self: Box<Self>, _last: Body) -> Option<(Node, bool)> {
        None
    }
}

static TAGS: &[Tag] = &[
    node("assign", assign::parse, true),
    block("capture", capture::parse),
    block("case", case::parse),
    node("cycle", cycle::parse, false),
    node("increment", counter::increment, false),
    node("decrement", counter::decrement, false),
    node("echo", |cursor| Ok(Node::Output(cursor.filtered())), false),
    block("for", for_loop::parse),
    node("break", |_| Ok(Node::Break), false),
    node("continue", |_| Ok(Node::Continue), false),
    block("if", branch::parse_if),
    block("unless", branch::parse_unless),
    block("ifchanged", changed::parse),
    node("include", partial::parse_include, false),
    node("render", partial::parse_render, false),
    block("tablerow", tablerow::parse),
    node("abort_message", abort::parse, false).only(&[Dialect::Braze]),
    link("unsubscribe_url").only(&[Dialect::CustomerIo]),
    link("view_in_browser_url").only(&[Dialect::CustomerIo]),
    link("manage_subscription_preferences_url").only(&[Dialect::CustomerIo]),
    node("today", klaviyo::today, false).only(&[Dialect::Klaviyo]),
    node("current_day", |cursor| klaviyo::now(cursor, "%-d"), false).only(&[Dialect::Klaviyo]),
    node("current_weekday", |cursor| klaviyo::now(cursor, "%A"), false).only(&[Dialect::Klaviyo]),
    node("current_month", |cursor| klaviyo::now(cursor, "%-m"), false).only(&[Dialect::Klaviyo]),
    node("current_month_name", |cursor| klaviyo::now(cursor, "%B"), false)
        .only(&[Dialect::Klaviyo]),
    node("current_year", |cursor| klaviyo::now(cursor, "%Y"), false).only(&[Dialect::Klaviyo]),
    node("currency_format", klaviyo::currency_format, false).only(&[Dialect::Klaviyo]),
    link("unsubscribe_link").only(&[Dialect::Klaviyo]),
    link("manage_preferences_link").only(&[Dialect::Klaviyo]),
    link("web_view_link").only(&[Dialect::Klaviyo]),
];

/// Tags of other products that this engine will not have, and why.
const REFUSED: &[(&[&str], &str)] = &[
    (
        &["connected_content", "catalog", "catalog_items", "catalog_selection_items", "feed"],
        "a template fetches nothing while it is rendered, put the content into the data",
    ),
    (
        &["promotion", "coupon_code"],
        "a template draws no code while it is rendered, put the code into the data",
    ),
    (&["random"], "a template gives the same text each time, put the number into the data"),
    (&["unsubscribe"], "write a link to the address that the product puts into the data"),
    (&["with"], "use `assign` instead"),
    (
        &[
            "section",
            "sections",
            "layout",
            "form",
            "paginate",
            "schema",
            "style",
            "stylesheet",
            "javascript",
        ],
        "it belongs to the theme of a shop",
    ),
];

const fn node(name: &'static str, parse: fn(&mut Cursor<'_>) -> Parsed<Node>, blank: bool) -> Tag {
    Tag { name, dialects: &[], kind: Kind::Node { parse, blank } }
}

const fn block(name: &'static str, parse: fn(&mut Cursor<'_>) -> Parsed<Box<dyn Block>>) -> Tag {
    Tag { name, dialects: &[], kind: Kind::Block(parse) }
}

const fn link(name: &'static str) -> Tag {
    Tag { name, dialects: &[], kind: Kind::Link }
}

/// Why a tag of this name is refused, if it is.
pub(crate) fn refusal(name: &str) -> Option<&'static str> {
    REFUSED.iter().find(|(names, _)| names.contains(&name)).map(|(_, reason)| *reason)
}

/// The tag of this name in this dialect.
pub(crate) fn find(name: &str, dialect: Dialect) -> Option<&'static Tag> {
    TAGS.iter().find(|tag| tag.name == name && tag.is_in(dialect))
}

/// The other dialects that have a tag of this name.
pub(crate) fn elsewhere(name: &str) -> Vec<Dialect> {
    let own = |dialect: &Dialect| find(dialect.traits().tag(name), *dialect).is_some();
    Dialect::ALL.into_iter().filter(own).collect()
}

/// What other languages call tags.
const SYNONYMS: [(&str, &str); 12] = [
    ("each", "for"),
    ("endeach", "endfor"),
    ("endforeach", "endfor"),
    ("endloop", "endfor"),
    ("endswitch", "endcase"),
    ("foreach", "for"),
    ("let", "assign"),
    ("loop", "for"),
    ("print", "echo"),
    ("set", "assign"),
    ("switch", "case"),
    ("var", "assign"),
];

/// The tag that another language calls so.
pub(crate) fn synonym(name: &str) -> Option<&'static str> {
    SYNONYMS.iter().find(|(other, _)| *other == name).map(|(_, tag)| *tag)
}

/// Whether a tag of this name is a block in any dialect.
pub(crate) fn is_block(name: &str) -> bool {
    let table = TAGS.iter().any(|tag| tag.name == name && matches!(tag.kind, Kind::Block(_)));
    table || matches!(name, "comment" | "raw" | "doc")
}

/// The names of all tags in this dialect, for suggestions.
pub(crate) fn names(dialect: Dialect) -> impl Iterator<Item = &'static str> {
    const OTHERS: [&str; 17] = [
        "comment",
        "raw",
        "doc",
        "liquid",
        "else",
        "elsif",
        "when",
        "endif",
        "endfor",
        "endunless",
        "endcase",
        "endcapture",
        "endcomment",
        "endraw",
        "endtablerow",
        "endifchanged",
        "enddoc",
    ];
    let known = TAGS.iter().filter(move |tag| tag.is_in(dialect));
    known.map(|tag| tag.name).chain(OTHERS)
}

impl Tag {
    /// The same tag in these dialects only.
    const fn only(self, dialects: &'static [Dialect]) -> Self {
        Self { dialects, ..self }
    }

    fn is_in(&self, dialect: Dialect) -> bool {
        self.dialects.is_empty() || self.dialects.contains(&dialect)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whether an example in the section of the dialect, or of all, has the tag in it.
    fn has_example(tag: &Tag, dialect: Option<Dialect>) -> bool {
        let document = include_str!("../TAGS.md");
        document.split("\n## ").any(|section| {
            let heading = section.lines().next().unwrap_or_default();
            let whose = dialect.map(|dialect| format!("({})", dialect.product()));
            let in_heading = whose.is_none_or(|whose| heading.ends_with(&whose));
            let mut examples = section.split("```liquid").skip(1);
            in_heading
                && examples.any(|example| {
                    let example = example.split("```").next().unwrap_or_default();
                    example
                        .split("{%")
                        .skip(1)
                        .any(|found| found.trim_start_matches(['-', ' ']).starts_with(tag.name))
                })
        })
    }

    #[test]
    fn every_tag_has_an_example_in_each_of_its_dialects() {
        for tag in TAGS {
            if tag.dialects.is_empty() {
                assert!(has_example(tag, None), "{}", tag.name);
            }
            for dialect in tag.dialects {
                assert!(has_example(tag, Some(*dialect)), "{} in {dialect:?}", tag.name);
            }
        }
    }
}
