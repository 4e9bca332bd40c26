//! A line of a file as a message shows it, with a sign below one of its characters.

use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

/// The most columns of a line that are shown, which fit most terminals with the number of the line:
/// HTML that came out of an editor may be one line of 100 KB.
const MOST: usize = 96;
/// The columns before the sign that are shown of a longer line.
const BEFORE: usize = 48;
/// What is shown for a tab. A tab itself is as wide as the terminal likes.
const TAB: &str = "    ";

/// A line, or what is around the character at `at` (from 0) if the line is long, and the columns that
/// stand before that character.
pub(crate) fn excerpt(line: &str, at: usize) -> (String, usize) {
    let shown: Vec<String> = line.chars().map(shown).collect();
    let (before, from) = shown.split_at(at.min(shown.len()));
    let (before, from) = (before.concat(), from.concat());
    if before.width() + from.width() <= MOST {
        let columns = before.width();
        return (before + &from, columns);
    }
    // One column is for the ellipsis.
    let room = BEFORE.max((MOST - 1).saturating_sub(from.width()));
    let before = match last(&before, room) {
        whole if whole.len() == before.len() => before,
        end => format!("…{end}"),
    };
    let columns = before.width();
    let from = match first(&from, MOST.saturating_sub(columns)) {
        whole if whole.len() == from.len() => from,
        beginning => format!("{beginning}…"),
    };
    (before + &from, columns)
}

/// A character as it is shown. One that would steer the terminal is not.
fn shown(letter: char) -> String {
    match letter {
        '\t' => TAB.to_owned(),
        // Directions of text would put the sign below another character.
        '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {
            char::REPLACEMENT_CHARACTER.to_string()
        }
        letter if letter.is_control() => char::REPLACEMENT_CHARACTER.to_string(),
        letter => letter.to_string(),
    }
}

/// The longest beginning of so many columns. What has no column of its own, such as an accent, stays
/// with the character that it stands on.
fn first(text: &str, columns: usize) -> &str {
    let mut taken = 0;
    let beyond = text.char_indices().find(|(_, letter)| {
        taken += letter.width().unwrap_or(0);
        taken > columns
    });
    beyond.and_then(|(end, _)| text.get(..end)).unwrap_or(text)
}

/// The longest end of so many columns.
fn last(text: &str, columns: usize) -> &str {
    let mut taken = 0;
    let beyond = text.char_indices().rev().find(|(_, letter)| {
        taken += letter.width().unwrap_or(0);
        taken > columns
    });
    let Some((at, letter)) = beyond else { return text };
    let end = text.get(at + letter.len_utf8()..).unwrap_or_default();
    end.trim_start_matches(|letter: char| letter.width() == Some(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Checks that what is shown is short, and that the sign is below the `@` of the line.
    #[track_caller]
    fn check(line: &str) -> String {
        let at = line.chars().position(|letter| letter == '@').unwrap();
        let (shown, columns) = excerpt(line, at);
        let (before, _) = shown.split_once('@').unwrap();
        assert_eq!(before.width(), columns, "{shown}");
        assert!(shown.width() <= MOST + 2, "{} columns: {shown}", shown.width());
        shown
    }

    #[test]
    fn a_short_line_is_shown_whole() {
        assert_eq!(check("a é@b"), "a é@b");
        assert_eq!(excerpt("ab", 2), ("ab".to_owned(), 2));
        assert_eq!(excerpt("", 9), (String::new(), 0));
    }

    #[test]
    fn a_tab_is_blanks_and_a_character_that_steers_the_terminal_is_not_shown() {
        assert_eq!(excerpt("\ta", 1), ("    a".to_owned(), 4));
        assert_eq!(excerpt("\u{1b}[2J\u{202e}a", 5), ("�[2J�a".to_owned(), 5));
    }

    #[test]
    fn the_sign_counts_columns_and_not_characters() {
        assert_eq!(excerpt("日本 a", 3).1, 5);
        assert_eq!(excerpt("e\u{301}e\u{301} a", 5).1, 3);
        assert_eq!(excerpt("👩‍👩‍👧 a", 6).1, 3);
    }

    #[test]
    fn of_a_long_line_only_what_is_around_the_sign_is_shown() {
        let shown = check(&format!("{}@{}", "x".repeat(5_000), "y".repeat(5_000)));
        assert_eq!(shown, format!("…{}@{}…", "x".repeat(48), "y".repeat(46)));
        let shown = check(&format!("{}@", "x".repeat(500)));
        assert_eq!(shown, format!("…{}@", "x".repeat(94)));
        let shown = check(&format!("@{}", "y".repeat(500)));
        assert_eq!(shown, format!("@{}…", "y".repeat(95)));
        check(&format!("{}@{}", "日\t".repeat(90), "本".repeat(90)));
        check(&format!("{}@{}", "👩‍👩‍👧 ".repeat(90), "👩‍👩‍👧".repeat(90)));
    }

    #[test]
    fn an_accent_is_not_parted_from_its_letter() {
        let accents = "e\u{301}".repeat(100);
        let shown = check(&format!("{accents}@{accents}"));
        assert_eq!(shown, format!("…{}@{}…", "e\u{301}".repeat(48), "e\u{301}".repeat(46)));
    }
}
