//! Reads a text in Liquid and tells each mistake at its character: of the language, of partials that
//! are not there, of variables that nothing gives.

use std::collections::BTreeMap;
use std::sync::Arc;

use attune_liquid::{Dialect, Mode, Outline, ParseOptions, Position, Problem, Template};

use super::Shop;
use super::lookalike::lookalikes;
use super::mistake::Wrong;
use super::partials::Partials;
use super::reach::{Reached, reached};
use super::reader::Reader;
use super::source::{Node, Place};
use crate::limits;
use crate::vocabulary::{Meaning, Vocabulary, links_of, misspelt_trait};

/// The names of dialects.
pub(super) fn dialects() -> [(&'static str, Dialect); 6] {
    Dialect::ALL.map(|dialect| (dialect.name(), dialect))
}

/// How a template is read.
pub(super) struct Reading<'n> {
    pub(super) dialect: Dialect,
    /// The language that the text is for, if it is for one.
    pub(super) language: Option<String>,
    pub(super) partials: Arc<Partials>,
    pub(super) shop: &'n Shop,
    /// Where the texts of partials stand.
    pub(super) places: &'n BTreeMap<&'n str, &'n Node>,
}

impl Reading<'_> {
    /// A text in Liquid, whose partials and variables are there.
    pub(super) fn liquid(&self, reader: &mut Reader, node: &Node) -> Option<Template> {
        let before = reader.mistakes.len();
        let template = lax(reader, node, self.dialect)?;
        let right = reader.mistakes.len() == before;
        if !reader.published {
            let outline = template.outline();
            self.partials.check(reader, node, &outline);
            self.check_names(reader, node, &outline, right);
        }
        right.then_some(template)
    }

    /// Tells names that nothing gives, and traits that are nearly spelt like known ones.
    /// In a template with other mistakes only what is nearly right is told: a name may be unknown
    /// because the tag that gives it could not be read.
    fn check_names(&self, reader: &mut Reader, node: &Node, outline: &Outline, right: bool) {
        let vocabulary = Vocabulary { shop: self.shop, dialect: self.dialect };
        let included = node.text().map(attune_mail::includes).unwrap_or_default();
        for Reached { partial, read, own } in reached(outline, &included, &self.partials) {
            let Position { line, column } = read.position;
            let place = || self.place(node, partial.as_deref(), line, column);
            match vocabulary.meaning(&read.path) {
                // What a loop over an unknown list calls its items is told where the list is named.
                Meaning::Unknown(unknown) if own || !unknown.is_in(&read.written) => {}
                Meaning::Unknown(unknown) if right || unknown.near().is_some() => {
                    reader.refuse::<()>(&place(), Wrong::Invalid(unknown.told(&read.written)));
                }
                Meaning::Trait(name) => {
                    if let Some(told) = misspelt_trait(&name, &read.written) {
                        reader.doubt(place(), told);
                    }
                }
                Meaning::Unknown(_) | Meaning::Given => {}
            }
        }
    }

    /// The place in the file of a line and column of a text, or of a partial that it renders.
    pub(super) fn place(
        &self,
        node: &Node,
        partial: Option<&str>,
        line: usize,
        column: usize,
    ) -> Place {
        let within = partial.map_or(Some(&node), |id| self.places.get(id));
        within.map_or_else(|| node.place.clone(), |node| node.place_of(line, column))
    }
}

/// A text in Liquid without a mistake of the language.
pub(super) fn liquid(reader: &mut Reader, node: &Node, dialect: Dialect) -> Option<Template> {
    let before = reader.mistakes.len();
    lax(reader, node, dialect).filter(|_| reader.mistakes.len() == before)
}

/// Reads strictly, so that every mistake is told; what is kept is the lax reading, for which a
/// value of the wrong kind is a warning and not the end of the message.
fn lax(reader: &mut Reader, node: &Node, dialect: Dialect) -> Option<Template> {
    let text = reader.text(node)?;
    if text.len() > limits::TEMPLATE_BYTES {
        return reader.refuse(&node.place, Wrong::Expected("a template of at most 256 KB"));
    }
    let lax = Template::parse(text, &ParseOptions::lax().dialect(dialect));
    let strict = ParseOptions { mode: Mode::Strict, dialect, ..ParseOptions::default() };
    let errors = match (&lax, reader.published) {
        (Err(errors), true) => Some(errors.clone()),
        (_, true) => None,
        (_, false) => Template::parse(text, &strict).err(),
    };
    // Among mistakes nobody looks for doubts.
    let doubtful = !reader.published && errors.is_none();
    let doubts = if doubtful { lookalikes(text, dialect) } else { Vec::new() };
    for (Position { line, column }, told) in doubts {
        reader.doubt(node.place_of(line, column), told);
    }
    for error in errors.iter().flatten() {
        let Position { line, column } = error.position;
        let told = told(node, error.position, &error.problem);
        reader.refuse::<()>(&node.place_of(line, column), Wrong::Invalid(told));
    }
    lax.ok()
}

/// A mistake in words, in which lines are those of the file.
fn told(node: &Node, at: Position, problem: &Problem) -> String {
    let mut problem = problem.clone();
    if let Problem::UnexpectedEnd { open: Some((_, opened)), .. } = &mut problem {
        opened.line = node.place_of(opened.line, opened.column).line;
    }
    let ours = match &problem {
        Problem::OtherDialect { name, .. } if name.starts_with("money") => {
            ", or read an amount as it is written out: `cart.total_money`, `item.price_money`"
                .to_owned()
        }
        Problem::OtherDialect { name, .. } => {
            let link = our_link(name).or_else(|| our_link(word_at(node, at)));
            link.map_or(String::new(), |link| format!(", or write `{{{{ {link} }}}}`"))
        }
        Problem::Refused { name, .. } if name == "unsubscribe" => {
            ": `{{ unsubscribe_url }}`, or `{{ preferences_url }}`".to_owned()
        }
        _ => String::new(),
    };
    format!("{problem}{ours}")
}

/// What we call a link that some other product has under this name.
fn our_link(name: &str) -> Option<&'static str> {
    let same = &("unsubscribe_url", "unsubscribe_url");
    let mut links = Dialect::ALL.into_iter().flat_map(links_of).chain([same]);
    links.find(|(theirs, _)| *theirs == name).map(|(_, ours)| *ours)
}

/// The name that stands at a place, or behind signs there, as in Braze's `${name}`.
fn word_at(node: &Node, at: Position) -> &str {
    let line = node.text().and_then(|text| text.lines().nth(at.line.checked_sub(1)?));
    let from = line.and_then(|line| {
        let (start, _) = line.char_indices().nth(at.column.checked_sub(1)?)?;
        line.get(start..)
    });
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    let word = from.unwrap_or_default().trim_start_matches(|c| !is_word(c));
    word.split(|c| !is_word(c)).next().unwrap_or_default()
}
