//! What is wrong with a definition, and where.

use std::fmt;

use super::source::Place;
use crate::limits;

/// One mistake in a set of definitions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistake {
    /// Where it stands.
    pub place: Place,
    /// What is wrong.
    pub wrong: Wrong,
}

impl fmt::Display for Mistake {
    /// `segments.yaml:12:7: …`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Place { file, line, column } = &self.place;
        write!(f, "{file}:{line}:{column}: {}", self.wrong)
    }
}

/// What can be wrong with a definition.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Wrong {
    /// Not YAML.
    #[error("{0}")]
    Syntax(String),
    /// An alias.
    #[error("aliases (`*name`) are not taken; write the value out")]
    Alias,
    /// More than one document in a file.
    #[error("one document a file, please; split the file at this `---`")]
    SecondDocument,
    /// Nested too deeply.
    #[error("nested more than {0} levels deep")]
    TooDeep(usize),
    /// The same key twice.
    #[error("the key `{0}` stands here twice")]
    DuplicateKey(String),
    /// A key that means nothing here.
    #[error("`{key}` means nothing here; {}", did_you_mean(.near.as_deref(), .known))]
    UnknownKey {
        /// As written.
        key: String,
        /// The nearest key that would mean something.
        near: Option<String>,
        /// All keys that would.
        known: String,
    },
    /// A key that must be there.
    #[error("`{0}` is missing")]
    Missing(&'static str),
    /// A value of another kind.
    #[error("expected {0}")]
    Expected(&'static str),
    /// A text that cannot be what it should be, in the words of the type that refused it.
    #[error("{0}")]
    Invalid(String),
    /// One of a fixed set of words was expected.
    #[error("`{word}` is not one of {known}")]
    NotOneOf {
        /// As written.
        word: String,
        /// The words.
        known: String,
    },
    /// A reference to a thing that is not there.
    #[error("there is no {kind} `{id}`{}", .near.as_ref().map(|near| format!("; did you mean `{near}`?")).unwrap_or_default())]
    Unknown {
        /// Segment, metric, ….
        kind: &'static str,
        /// As written.
        id: String,
        /// The nearest that is there.
        near: Option<String>,
    },
    /// Two things with one id.
    #[error("there is a {kind} `{id}` already")]
    DuplicateId {
        /// Segment, metric, ….
        kind: &'static str,
        /// As written.
        id: String,
    },
    /// Files without a single definition, which would take everything back.
    #[error(
        "there is nothing in these files; to take everything back, leave at least `shop:` in them"
    )]
    Nothing,
    /// A group without rules, which would match everyone or no one by accident.
    #[error(
        "this group is empty; an empty group would match everyone or no one, so write at least one rule in it"
    )]
    EmptyGroup,
    /// Nothing that makes it a rule.
    #[error("this is not a rule; a rule has one of {0}")]
    NotARule(String),
    /// Two rules in one map.
    #[error("this is both `{0}` and `{1}`; put them into `all:` or `any:`")]
    TwoRules(String, String),
    /// A trait without a test.
    #[error("this needs a test, such as {0}")]
    NoTest(&'static str),
    /// A negation that has its own word.
    #[error("{0}")]
    WriteNot(&'static str),
    /// A range or a window that nothing can be in.
    #[error("nothing can pass this: {0}")]
    Impossible(&'static str),
    /// Two keys that say the same in two ways.
    #[error("{0}")]
    Contradiction(&'static str),
    /// More leaves than a rule may have.
    #[error("a rule has at most {} leaves", limits::RULE_LEAVES)]
    TooManyLeaves,
    /// More groups within each other than a rule may have.
    #[error("groups are nested more than {} deep", limits::RULE_DEPTH)]
    GroupsTooDeep,
    /// More things than a shop may have.
    #[error("at most {1} {0} can be defined")]
    TooMany(&'static str, usize),
    /// A count beyond what is remembered: to know that there were at most so many, one more is.
    #[error(
        "a rule can count up to {}, and up to {} where there may be no more",
        limits::TIMES,
        limits::TIMES - 1
    )]
    CountTooLarge,
    /// Segments that refer to each other in a circle.
    #[error("these segments refer to each other in a circle: {0}")]
    Cycle(String),
    /// A window longer than the history is kept.
    #[error(
        "looks back {asked}, but the history is kept for {kept}; raise `shop.history`, or set `beyond_history: true`"
    )]
    BeyondHistory {
        /// The window.
        asked: String,
        /// The retention.
        kept: String,
    },
    /// Two names with one hash; a rename of either mends it.
    #[error("`{0}` and `{1}` cannot be told apart in a packed profile; rename one of them")]
    KeysCollide(String, String),
}

fn did_you_mean(near: Option<&str>, known: &str) -> String {
    match near {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("known here: {known}"),
    }
}

/// The candidate nearest to `word`, if it is near enough to be what was meant.
pub(crate) fn nearest<'a>(
    word: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<String> {
    let enough = (word.chars().count() / 3).clamp(1, 3);
    candidates
        .into_iter()
        .map(|candidate| (strsim::damerau_levenshtein(word, candidate), candidate))
        .filter(|(distance, _)| *distance <= enough)
        .min()
        .map(|(_, candidate)| candidate.to_owned())
}

/// `` `a`, `b`, `c` ``
pub(crate) fn quoted<'a>(words: impl IntoIterator<Item = &'a str>) -> String {
    words.into_iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ")
}
