//! Django's date formats, which Klaviyo uses: `F d, Y`.

/// What Django's letters are in Ruby's formats.
const LETTERS: &[(char, &str)] = &[
    ('d', "%d"),
    ('j', "%-d"),
    ('D', "%a"),
    ('l', "%A"),
    ('w', "%w"),
    ('z', "%-j"),
    ('W', "%-V"),
    ('m', "%m"),
    ('n', "%-m"),
    ('M', "%b"),
    ('b', "%#b"),
    ('F', "%B"),
    ('N', "%b"),
    ('y', "%y"),
    ('Y', "%Y"),
    ('g', "%-I"),
    ('G', "%-H"),
    ('h', "%I"),
    ('H', "%H"),
    ('i', "%M"),
    ('s', "%S"),
    ('u', "%6N"),
    ('a', "%P"),
    ('A', "%p"),
    ('P', "%-I:%M %P"),
    ('f', "%-I:%M"),
    ('e', "%Z"),
    ('T', "%Z"),
    ('O', "%z"),
    ('U', "%s"),
    ('c', "%Y-%m-%dT%H:%M:%S%:z"),
    ('r', "%a, %d %b %Y %H:%M:%S %z"),
];

/// A Django format as one of Ruby's. A format with a `%` in it is Ruby's already.
pub(crate) fn from_django(format: &str) -> String {
    if format.contains('%') {
        return format.to_owned();
    }
    let mut translated = String::with_capacity(format.len() * 2);
    let mut letters = format.chars();
    while let Some(letter) = letters.next() {
        if letter == '\\' {
            translated.extend(letters.next());
            continue;
        }
        match LETTERS.iter().find(|(known, _)| *known == letter) {
            Some((_, directive)) => translated.push_str(directive),
            None => translated.push(letter),
        }
    }
    translated
}

#[cfg(test)]
mod tests {
    use super::from_django;

    #[test]
    fn letters_become_directives_unless_they_are_guarded() {
        assert_eq!(from_django("F j, Y"), "%B %-d, %Y");
        assert_eq!(from_django(r"jS \o\f F"), "%-dS of %B");
        assert_eq!(from_django("%B %d"), "%B %d");
    }
}
