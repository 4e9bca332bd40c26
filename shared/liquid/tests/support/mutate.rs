//! Makes templates and data that nobody would write, out of those that somebody did.

use attune_liquid::Value;

/// A sequence of numbers that is the same for the same seed.
pub(crate) struct Chance(u64);

impl Chance {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next number (splitmix64).
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// A number below `end`; 0 if that is 0.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        let end = u64::try_from(end).unwrap_or(u64::MAX).max(1);
        usize::try_from(self.next() % end).unwrap_or(0)
    }

    /// One of these.
    pub(crate) fn one_of<'a, T>(&mut self, all: &'a [T]) -> Option<&'a T> {
        all.get(self.below(all.len()))
    }
}

/// Pieces of the language that a mutation may put anywhere.
const PIECES: &[&str] = &[
    "{{",
    "}}",
    "{%",
    "%}",
    "{%-",
    "-%}",
    "{{-",
    "-}}",
    "|",
    ":",
    ",",
    ".",
    "..",
    "[",
    "]",
    "(",
    ")",
    "'",
    "\"",
    "==",
    "!=",
    "<>",
    "<",
    ">",
    "<=",
    ">=",
    "=",
    "and",
    "or",
    "not",
    "contains",
    "in",
    "with",
    "for",
    "as",
    "if",
    "elsif",
    "else",
    "endif",
    "unless",
    "endunless",
    "case",
    "when",
    "endcase",
    "for x in ",
    "endfor",
    "tablerow x in ",
    "endtablerow",
    "cols:",
    "limit:",
    "offset:",
    "continue",
    "reversed",
    "break",
    "capture x",
    "endcapture",
    "assign x = ",
    "increment x",
    "decrement x",
    "cycle 1, 2",
    "echo ",
    "liquid\n",
    "comment",
    "endcomment",
    "raw",
    "endraw",
    "doc",
    "enddoc",
    "ifchanged",
    "endifchanged",
    "include 'a'",
    "render 'a'",
    "#",
    "nil",
    "true",
    "false",
    "blank",
    "empty",
    "forloop",
    "forloop.index",
    "(1..3)",
    "(1..99999999)",
    "-1",
    "0",
    "1.5",
    "999999999999999999",
    "-999999999999999999",
    "9999999999999999999",
    "'a'",
    "''",
    "x",
    "self",
    " | append: x",
    " | replace: '', x",
    " | split: ''",
    " | join",
    " | date: '%c'",
    " | sort",
    " | map: 'a'",
    " | slice: -1, 9",
    " | truncate: 3",
    " | times: 999999999999",
    " | round: -3",
    " | json",
    " | raw",
    " | escape",
    " | where: 'a'",
    " | default: x",
    " | divided_by: 0",
    " | size",
    " | first",
    " | url_decode",
    " | strip_html",
    "${",
    "}",
    "${x}",
    "####",
    "@X@",
    "“",
    "’",
    "é",
    "\u{1F600}",
    "\u{a0}",
    "\0",
    "\n",
    "\t",
    "\r\n",
    "&gt;",
    "&&",
];

/// A mutation of this template with parts of the others.
pub(crate) fn template(chance: &mut Chance, all: &[String]) -> String {
    let mut text = chance.one_of(all).cloned().unwrap_or_default();
    for _ in 0..=chance.below(5) {
        text = mutated(chance, &text, all);
        if text.len() > 4_000 {
            break;
        }
    }
    text
}

fn mutated(chance: &mut Chance, text: &str, all: &[String]) -> String {
    let (from, to) = range(chance, text);
    let (before, inside, after) =
        (part(text, 0, from), part(text, from, to), part(text, to, text.len()));
    match chance.below(8) {
        0 => format!("{before}{after}"),
        1 => format!("{before}{inside}{inside}{after}"),
        2 => format!("{before}{}{after}", inside.repeat(chance.below(20))),
        3 => {
            let other = chance.one_of(all).cloned().unwrap_or_default();
            let (from, to) = range(chance, &other);
            format!("{before}{}{after}", part(&other, from, to))
        }
        4 => format!("{before}{after}{inside}"),
        5 => format!("{before}{}{inside}{after}", chance.one_of(all).cloned().unwrap_or_default()),
        _ => format!("{before}{}{after}", chance.one_of(PIECES).copied().unwrap_or_default()),
    }
}

/// Two places in a text, in order and at most 40 bytes apart.
fn range(chance: &mut Chance, text: &str) -> (usize, usize) {
    let from = boundary(text, chance.below(text.len() + 1));
    let to = boundary(text, (from + chance.below(40)).min(text.len()));
    (from, to.max(from))
}

fn boundary(text: &str, place: usize) -> usize {
    (0..=place).rev().find(|place| text.is_char_boundary(*place)).unwrap_or(0)
}

fn part(text: &str, from: usize, to: usize) -> &str {
    text.get(from..to).unwrap_or_default()
}

/// The data with some values changed for others.
pub(crate) fn data(chance: &mut Chance, value: &Value) -> Value {
    if chance.below(12) == 0 {
        return odd(chance);
    }
    match value {
        Value::Array(items) => {
            Value::array(items.iter().map(|item| data(chance, item)).collect::<Vec<_>>())
        }
        Value::Object(object) => {
            let entries: Vec<_> =
                object.iter().map(|(key, value)| (key.clone(), data(chance, value))).collect();
            Value::object(entries)
        }
        other => other.clone(),
    }
}

/// A value at the edge of what there is.
fn odd(chance: &mut Chance) -> Value {
    match chance.below(14) {
        0 => Value::Nil,
        1 => Value::Bool(false),
        2 => Value::Int(i64::MAX),
        3 => Value::Int(i64::MIN),
        4 => Value::Int(0),
        5 => Value::Float(f64::MAX),
        6 => Value::Float(-1e-300),
        7 => Value::Float(-0.0),
        8 => Value::from("<b>\"&é\u{1F600}"),
        9 => Value::from("-9223372036854775808"),
        10 => Value::from("2026-02-29T25:61:61+99:99"),
        11 => Value::array([
            Value::from("a"),
            Value::Nil,
            Value::array([Value::Int(1)]),
            Value::object([("a", Value::Nil)]),
        ]),
        12 => Value::html("<i>é</i>"),
        _ => Value::from("x".repeat(chance.below(2_000))),
    }
}
