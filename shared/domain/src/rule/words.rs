//! Negation in words.

/// How leaves begin, and how they begin when they are denied. Past tense changes its verb.
const DENIALS: &[(&str, &str)] = &[
    ("did ", "did not do "),
    ("received ", "did not receive "),
    ("opened ", "did not open "),
    ("clicked ", "did not click "),
    ("allow ", "do not allow "),
    ("are ", "are not "),
    ("have ", "do not have "),
    ("prefer ", "do not prefer "),
];

/// The opposite of what a leaf says. `first did …` and `last did …` have no opposite of one word.
pub(super) fn denied(words: &str) -> String {
    let denial = DENIALS.iter().find_map(|(begin, not)| Some((not, words.strip_prefix(begin)?)));
    denial.map_or_else(|| format!("not: {words}"), |(not, rest)| format!("{not}{rest}"))
}
