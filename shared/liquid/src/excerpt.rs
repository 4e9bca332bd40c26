//! The beginning of a text for a message.

/// The most characters of a template or of its data that a message repeats.
const MAX_CHARACTERS: usize = 40;

/// The text, or its beginning and an ellipsis if it is long. A message must not grow with what it
/// complains about: a template can hold a single word of its whole length.
pub(crate) fn excerpt(text: &str) -> String {
    match text.char_indices().nth(MAX_CHARACTERS) {
        None => text.to_owned(),
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
    }
}

#[cfg(test)]
mod tests {
    use super::excerpt;

    #[test]
    fn a_long_text_is_cut_and_a_short_one_is_not() {
        assert_eq!(excerpt(&"é".repeat(40)), "é".repeat(40));
        assert_eq!(excerpt(&"é".repeat(41)), "é".repeat(40) + "…");
    }
}
