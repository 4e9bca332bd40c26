use super::*;

/// What people write around a word, between its letters, and on them.
const AROUND: &[(&str, &str)] = &[
    ("", ""),
    (" ", "\n"),
    ("\"", "\""),
    ("*", "*"),
    ("", "!"),
    ("", "!!!"),
    ("", "."),
    ("", " "),
    ("- ", " -"),
    ("(", ")"),
    ("¡", "!"),
    ("\u{200b}", "\u{feff}"),
    ("please ", ""),
    ("Pls ", " now"),
    ("", " thanks"),
    ("", ", thank you!"),
    ("", " texting me"),
    ("", " sms"),
    ("SVP ", " merci"),
    ("Bitte ", ""),
    ("", " por favor"),
    ("", " 🙏"),
    ("", "\r\n"),
];

fn spaced(word: &str, gap: &str) -> String {
    word.chars().map(|c| c.to_string()).collect::<Vec<_>>().join(gap)
}

/// One of the ways to write a word.
fn spelling(word: &str, rng: &mut fastrand::Rng) -> String {
    let cased: String = match rng.u8(0..5) {
        0 => word.to_owned(),
        1 => word.to_uppercase(),
        2 => word
            .chars()
            .map(|c| if rng.bool() { c.to_uppercase().next().unwrap() } else { c })
            .collect(),
        3 => word
            .chars()
            .enumerate()
            .map(|(n, c)| if n == 0 { c.to_uppercase().next().unwrap() } else { c })
            .collect(),
        // As a phone set to Japanese or Chinese writes Latin letters.
        _ => word
            .chars()
            .map(|c| {
                if c.is_ascii_lowercase() {
                    char::from_u32(u32::from(c) + 0xfee0).unwrap()
                } else {
                    c
                }
            })
            .collect(),
    };
    let (before, after) = AROUND[rng.usize(..AROUND.len())];
    let courteous = before.chars().chain(after.chars()).any(char::is_alphabetic);
    let inner = match rng.u8(0..6) {
        _ if courteous => cased,
        0 => spaced(&cased, " "),
        1 => spaced(&cased, "."),
        2 => spaced(&cased, "\u{301}"),
        3 => format!("{cased} {cased}"),
        4 => cased.clone() + &cased.chars().last().unwrap().to_string().repeat(rng.usize(0..4)),
        _ => cased,
    };
    format!("{before}{inner}{after}")
}

#[test]
fn ten_thousand_spellings_of_stop_are_all_obeyed() {
    let mut rng = fastrand::Rng::with_seed(1);
    let mut played = 0;
    while played < 10_000 {
        for word in STOP.split_whitespace() {
            let written = spelling(word, &mut rng);
            assert_eq!(reply_of(&written), Reply::Stop, "`{written}` of `{word}`");
            played += 1;
        }
    }
}

#[test]
fn the_words_of_the_fcc_and_of_carriers_are_obeyed_as_written() {
    for word in [
        "STOP",
        "Quit",
        "END",
        "Revoke",
        "OPT OUT",
        "Opt-Out",
        "OPTOUT",
        "cancel",
        "Unsubscribe",
        "STOPALL",
        "Stop All",
        "ARRET",
        "Arrêt",
        "ARRÊTER",
        "TD",
        "td",
        "REMOVE",
        "Stopp",
        "ABMELDEN",
        "s.t.o.p",
        "STOOOP!",
        "stop stop stop",
        "Please stop texting me, thank you.",
        "désabonner",
        "Stop sms",
        "Kündigen",
        "Uitschrijven",
        "вып".replace("вып", "СТОП").as_str(),
        "退订",
        "cancel it",
        "Opt me out",
        "remove me",
        "End now",
        "Unsubscribe me from this",
        "Stop this",
        "STOP Bluedoor",
        "Stop Blue Door!",
        "STOP 36123",
        "停止",
        "ANNULER",
        "Annulez svp",
        "DISDICI",
        "disdetta",
    ] {
        assert_eq!(reply_of(word), Reply::Stop, "{word}");
    }
}

#[test]
fn what_is_no_stop_is_left_to_a_person() {
    for text in [
        "",
        " ",
        "?",
        "don't stop!",
        "Don’t stop",
        "dont stop the music",
        "do not stop",
        "never stop",
        "I will stop by at five",
        "stop by the shop",
        "stop not",
        "Stop never!",
        "Where is the bus stop?",
        "cancel my order",
        "the end of the week",
        "weekend",
        "no",
        "ne pas arreter",
        "nicht abmelden",
        "stopwatch",
        "Can I cancel just one item?",
        "end up with two",
        "bitte nicht stoppen",
        "yes",
        "ok thanks",
        "I never asked to stop",
        "non-stop",
        "Remove the red one from my cart",
        "please please",
    ] {
        assert_eq!(reply_of(text), Reply::Other, "{text}");
    }
}

#[test]
fn help_and_start_are_words_of_their_own() {
    for (text, reply) in [
        ("HELP", Reply::Help),
        ("info?", Reply::Help),
        ("Hjälp!", Reply::Help),
        ("aide svp", Reply::Help),
        ("START", Reply::Start),
        ("Unstop", Reply::Start),
        ("opt in", Reply::Start),
        ("help me stop", Reply::Other),
        ("YES", Reply::Other),
        ("start stop", Reply::Other),
    ] {
        assert_eq!(reply_of(text), reply, "{text}");
    }
}

#[test]
fn no_word_is_in_two_lists_and_none_that_negates_is_in_any() {
    let lists = [STOP, HELP, START, BESIDE];
    for (at, list) in lists.iter().enumerate() {
        for word in list.split_whitespace() {
            assert_eq!(fold(word).concat(), word, "written as it is compared");
            let others = lists.iter().skip(at + 1).filter(|other| is_in(other, word));
            assert_eq!(others.count(), 0, "{word}");
        }
        assert!(NEVER_BESIDE.split_whitespace().all(|word| !is_in(list, word)));
    }
}
