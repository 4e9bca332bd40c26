//! The one text by which STOP, START and HELP are answered. It sells nothing: the FCC allows one
//! confirmation, and no marketing in it (47 CFR 64.1200(a)(12)).

use super::Reply;

/// STOP, START and HELP in a language, for a shop whose name comes first. All in the GSM alphabet,
/// so that with a name of usual length each is one part.
const ANSWERS: &[(&str, [&str; 3])] = &[
    (
        "en",
        [
            "You are unsubscribed and will get no more messages. Reply START to get them again.",
            "You will get messages again. Reply STOP to end them, HELP for help.",
            "Reply STOP to get no more messages, START to get them again.",
        ],
    ),
    (
        "fr",
        [
            "Vous êtes désabonné et ne recevrez plus de messages. Répondez START pour reprendre.",
            "Vous recevrez à nouveau nos messages. Répondez STOP pour arrêter.",
            "Répondez STOP pour ne plus recevoir de messages, START pour reprendre.",
        ],
    ),
    (
        "de",
        [
            "Sie sind abgemeldet und erhalten keine Nachrichten mehr. Mit START wieder anmelden.",
            "Sie erhalten wieder Nachrichten. Mit STOP abmelden.",
            "Antworten Sie STOP, um keine Nachrichten mehr zu erhalten, START für neue.",
        ],
    ),
    (
        "es",
        [
            "Te has dado de baja y no recibirás más mensajes. Responde START para volver.",
            "Volverás a recibir mensajes. Responde STOP para dejar de recibirlos.",
            "Responde STOP para no recibir más mensajes, START para volver.",
        ],
    ),
    (
        "it",
        [
            "Iscrizione annullata: non riceverai altri messaggi. Rispondi START per riprendere.",
            "Riceverai di nuovo i messaggi. Rispondi STOP per fermarli.",
            "Rispondi STOP per non ricevere altri messaggi, START per riprendere.",
        ],
    ),
    (
        "nl",
        [
            "Je bent afgemeld en krijgt geen berichten meer. Antwoord START om ze weer te krijgen.",
            "Je krijgt weer berichten. Antwoord STOP om te stoppen.",
            "Antwoord STOP om geen berichten meer te krijgen, START om ze weer te krijgen.",
        ],
    ),
    (
        "pt",
        [
            "Foi removido e não receberá mais mensagens. Responda START para voltar.",
            "Voltará a receber mensagens. Responda STOP para parar.",
            "Responda STOP para não receber mais mensagens, START para voltar.",
        ],
    ),
];

/// The answer to a text; none to one that a person is to read.
pub fn answer_to(reply: Reply, shop: &str, language: Option<&str>) -> Option<String> {
    let at = match reply {
        Reply::Stop => 0,
        Reply::Start => 1,
        Reply::Help => 2,
        Reply::Other => return None,
    };
    let wanted = language.unwrap_or("en").to_lowercase();
    let of = |name: &str| ANSWERS.iter().find(|(language, _)| *language == name);
    let (_, answers) = wanted.get(..2).and_then(of).or_else(|| of("en"))?;
    answers.get(at).map(|text| format!("{shop}: {text}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_names_the_shop_in_the_customers_language() {
        let french = answer_to(Reply::Stop, "Boutique", Some("fr-CA")).unwrap();
        assert!(french.starts_with("Boutique: Vous êtes désabonné"), "{french}");
        let other = answer_to(Reply::Help, "Shop", Some("xx")).unwrap();
        assert!(other.starts_with("Shop: Reply STOP"), "{other}");
        assert_eq!(answer_to(Reply::Other, "Shop", None), None);
    }

    #[test]
    fn every_answer_fits_into_one_text() {
        for (language, answers) in ANSWERS {
            for answer in answers {
                assert!(answer.chars().count() <= 120, "{language}: {answer}");
            }
        }
    }
}
