//! The known word that was probably meant by an unknown one.

/// The nearest of these words, if one is near: one letter in three may be wrong, missing, added or
/// swapped with its neighbour, and at most three.
pub(crate) fn nearest<'w>(word: &str, known: impl IntoIterator<Item = &'w str>) -> Option<&'w str> {
    let letters: Vec<char> = word.chars().take(MAX_LETTERS).flat_map(char::to_lowercase).collect();
    let allowed = (letters.len() / 3).clamp(1, 3);
    known
        .into_iter()
        .map(|candidate| (distance(&letters, candidate), candidate))
        .filter(|(distance, candidate)| *distance <= allowed && *distance < candidate.len())
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// No tag or filter is longer; a longer word is near to none of them.
const MAX_LETTERS: usize = 32;

/// The Damerau-Levenshtein distance (optimal string alignment) of a word to a candidate.
fn distance(word: &[char], candidate: &str) -> usize {
    let candidate: Vec<char> = candidate.chars().collect();
    let width = candidate.len() + 1;
    let mut rows: Vec<Vec<usize>> = vec![(0..width).collect()];
    for (i, letter) in word.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, other) in candidate.iter().enumerate() {
            let cell =
                |row: &[usize], column: usize| row.get(column).copied().unwrap_or(usize::MAX / 2);
            let above = rows.last().map_or(&[][..], Vec::as_slice);
            let changed = cell(above, j) + usize::from(letter != other);
            let mut best = changed.min(cell(above, j + 1) + 1).min(cell(&row, j) + 1);
            let swapped = i > 0
                && j > 0
                && word.get(i - 1) == Some(other)
                && candidate.get(j - 1) == Some(letter);
            if swapped && let Some(before) = rows.len().checked_sub(2).and_then(|n| rows.get(n)) {
                best = best.min(cell(before, j - 1) + 1);
            }
            row.push(best);
        }
        rows.push(row);
    }
    rows.last().and_then(|row| row.last()).copied().unwrap_or(usize::MAX)
}

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
