//! The known word that was probably meant by an unknown one.

/// The nearest of these words, if one is near: one letter in three may be wrong, missing, added or
/// swapped with its neighbour, and at most three.
pub(crate) fn nearest<'w>(word: &str, known: impl IntoIterator<Item = &'w str>) -> Option<&'w str> {
    let word: String = word.chars().take(MAX_LETTERS).flat_map(char::to_lowercase).collect();
    let allowed = (word.chars().count() / 3).clamp(1, 3);
    known
        .into_iter()
        .map(|candidate| (strsim::osa_distance(&word, candidate), candidate))
        .filter(|(distance, candidate)| *distance <= allowed && *distance < candidate.len())
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// No tag or filter is longer; a longer word is near to none of them.
const MAX_LETTERS: usize = 32;

#[cfg(test)]
mod tests {
    use super::nearest;

    const WORDS: [&str; 4] = ["upcase", "downcase", "endif", "if"];

    #[test]
    fn a_swapped_missing_or_wrong_letter_still_finds_the_word() {
        assert_eq!(nearest("upacse", WORDS), Some("upcase"));
        assert_eq!(nearest("upcas", WORDS), Some("upcase"));
        assert_eq!(nearest("ednif", WORDS), Some("endif"));
        assert_eq!(nearest("UPCASE", WORDS), Some("upcase"));
    }

    #[test]
    fn a_word_that_is_like_none_gets_no_suggestion() {
        assert_eq!(nearest("lookup", WORDS), None);
        assert_eq!(nearest("x", WORDS), None);
    }
}
