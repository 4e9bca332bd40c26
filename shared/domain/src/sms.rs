//! How long a text message is: what a carrier bills are its segments.

/// Units of one segment, and of each where there are several, as every one of those begins with a
/// header (3GPP TS 23.040, 9.2.3.24.1).
const GSM_7: [usize; 2] = [160, 153];
const UCS_2: [usize; 2] = [70, 67];

/// The GSM 7-bit alphabet (3GPP TS 23.038, 6.2.1), without the sign that begins an extension.
const ALPHABET: &str = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡\
    ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà";
/// Characters that take two places in it (3GPP TS 23.038, 6.2.1.1).
const EXTENSION: &str = "\u{c}^{}\\[~]|€";

/// How the characters of a text message are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// The GSM 7-bit alphabet: 160 characters in one segment.
    Gsm7,
    /// UTF-16, for a text with one character outside of that alphabet: 70 in one segment.
    Ucs2,
}

impl Encoding {
    /// `GSM-7` or `UCS-2`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Gsm7 => "GSM-7",
            Self::Ucs2 => "UCS-2",
        }
    }

    fn units(self, c: char) -> usize {
        match self {
            Self::Gsm7 if EXTENSION.contains(c) => 2,
            Self::Gsm7 => 1,
            Self::Ucs2 => c.len_utf16(),
        }
    }
}

/// How long a text message is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Count {
    /// How it is written.
    pub encoding: Encoding,
    /// The units it takes: characters, of which some count twice.
    pub characters: usize,
    /// The parts that are sent and billed.
    pub segments: usize,
    /// The characters outside of the GSM alphabet, each once: what makes it that much longer.
    pub outside: Vec<char>,
}

/// Counts a text message.
pub fn count(text: &str) -> Count {
    let mut outside = Vec::new();
    for c in text.chars().filter(|c| !ALPHABET.contains(*c) && !EXTENSION.contains(*c)) {
        if !outside.contains(&c) {
            outside.push(c);
        }
    }
    let (encoding, [one, each]) =
        if outside.is_empty() { (Encoding::Gsm7, GSM_7) } else { (Encoding::Ucs2, UCS_2) };
    let characters = text.chars().map(|c| encoding.units(c)).sum();
    let segments = match characters {
        0 => 0,
        few if few <= one => 1,
        _ => parts(text.chars().map(|c| encoding.units(c)), each),
    };
    Count { encoding, characters, segments, outside }
}

/// The parts into which characters go that cannot be cut through.
fn parts(units: impl Iterator<Item = usize>, room: usize) -> usize {
    let (mut parts, mut used) = (1, 0);
    for units in units {
        if used + units > room {
            parts += 1;
            used = 0;
        }
        used += units;
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, encoding: Encoding, characters: usize, segments: usize) {
        let count = count(text);
        assert_eq!(
            (count.encoding, count.characters, count.segments),
            (encoding, characters, segments),
            "{text}"
        );
    }

    #[test]
    fn a_text_in_the_gsm_alphabet_has_160_characters_in_one_segment_and_153_in_each_of_several() {
        for (length, segments) in [(0, 0), (1, 1), (160, 1), (161, 2), (306, 2), (307, 3)] {
            check(&"a".repeat(length), Encoding::Gsm7, length, segments);
        }
        check("Grüße, à bientôt".replace('ô', "o").as_str(), Encoding::Gsm7, 16, 1);
    }

    #[test]
    fn what_is_in_the_extension_takes_two_places_and_is_not_cut_through() {
        check("€", Encoding::Gsm7, 2, 1);
        check(&"€".repeat(80), Encoding::Gsm7, 160, 1);
        check(&"[".repeat(81), Encoding::Gsm7, 162, 2);
        // 152 characters and half of the 153rd do not fit: the sign goes into the second segment.
        check(&("a".repeat(152) + "€" + &"a".repeat(151)), Encoding::Gsm7, 305, 2);
        check(&("a".repeat(152) + "€" + &"a".repeat(152)), Encoding::Gsm7, 306, 3);
    }

    #[test]
    fn one_character_outside_leaves_room_for_70_and_67() {
        for (length, segments) in [(1, 1), (70, 1), (71, 2), (134, 2), (135, 3)] {
            check(&"ê".repeat(length), Encoding::Ucs2, length, segments);
        }
        assert_eq!(count("ça coûte, là ça coûte").outside, ['ç', 'û']);
    }

    #[test]
    fn an_emoji_takes_two_units_and_is_not_cut_through() {
        check("👍", Encoding::Ucs2, 2, 1);
        check(&"👍".repeat(35), Encoding::Ucs2, 70, 1);
        check(&"👍".repeat(36), Encoding::Ucs2, 72, 2);
        check(&"👍".repeat(67), Encoding::Ucs2, 134, 3);
    }
}
