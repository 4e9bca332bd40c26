//! STOP, HELP and START, as people write them.
//!
//! A text is a STOP if all its words are words of STOP or of courtesy, and at least one is the
//! former: `STOP`, `s t o p !!`, `Arrêt`, `please stop texting me, thank you`. So is `STOP` with one or
//! two words behind it, as a shop's name. A text with any other word is not: `don't stop!`, `I will stop by at five`, `cancel my order`. It is kept for a person
//! to read. The FCC asks to honour whatever "reasonable person would understand" as a wish to stop
//! (47 CFR 64.1200(a)(10)); what is in doubt, as `cancel it`, is a STOP, as a message too few costs
//! less than one too many.
//!
//! `YES` is no START: it may answer anything, and a grant must be meant.

use super::inbound::Reply;

/// Words that mean STOP by themselves, folded as [`fold`] does. The first row is the FCC's list and
/// what carriers in North America obey; then English in haste, French, German, Spanish, Italian,
/// Dutch, Portuguese, the North, the East, Turkish and the Baltic, Greek and Cyrillic, and scripts of
/// Asia.
const STOP: &str = "
    stop quit end revoke optout cancel unsubscribe stopall remove td
    unsub unsubscribed stops stopp stopping optmeout removeme cancelall
    arret arreter arretez arrete desabonner desabonnement desinscrire desinscription
    desabonnezmoi resilier fin
    stoppen abmelden abmeldung abbestellen abbestellung austragen ende kundigen kuendigen
    aufhoren aufhoeren
    alto baja parar pare cancelar detener darsedebaja darmedebaja salir anular eliminar
    annuler annulez
    disdici disdire disdetta ferma fermare basta annulla annullare cancella cancellami disiscrivi disiscrivimi
    disattiva rimuovi revoca
    afmelden uitschrijven stopzetten opzeggen einde
    sair remover descadastrar cancele
    avsluta sluta avregistrera avanmal afmeld frameld afslut afbestil avslutt avmeld slutt
    meldmegav
    lopeta lopettaa peru peruuta seis poista
    wypisz wypiszmnie rezygnuje rezygnacja koniec anuluj zrusit odhlasit odhlas leiratkozas
    leiratkozom vege dezabonare dezabonez oprire odjava odjavi prekini
    iptal dur durdur lopp lopeta beigt baigti berhenti huy dung
    στοπ διαγραφη стоп отписаться отписка отмена скасувати відписатися спри
    退订 退訂 停止 取消 解除 配信停止 수신거부 중지 정지 توقف ايقاف الغاء הסר הסרה עצור
";

/// Words that ask for help by themselves.
const HELP: &str = "
    help info aide hilfe ayuda aiuto hulp ajuda hjalp hjælp hjaelp hjelp apua pomoc pomoz
    segitseg ajutor yardim βοηθεια помощь 帮助 ヘルプ 도움말 עזרה مساعدة
";

/// Words that ask for messages again by themselves.
const START: &str = "
    start unstop optin subscribe resubscribe resume reprendre commencer reprise abonnieren
    wiederaufnehmen reanudar iniciar inicio comenzar inizia iniziare riprendi hervatten
    beginnen retomar comecar starta borja aloita wznow старт 订阅 開始 시작
";

/// Words that may stand beside those, and say nothing.
const BESIDE: &str = "
    a all already and any anymore from it just me message messages messaging messageing msg
    msgs more my now number ok okay out please pls plz sending sms spam text texting texts
    thank thanks the these this thx ty u you your opt sil vous plait svp stp merci bonjour les
    mes moi bitte danke alle sofort por favor gracias per favore piacere grazie aub
    alstublieft graag bedankt obrigado obrigada tack snalla tak takk venligst kiitos prosze
    dziekuje hello hi
";

/// Words that turn a STOP into its contrary. They are in no list above.
const NEVER_BESIDE: &str = "
    dont not never no nicht pas nunca niet
";

/// What a text asks for.
pub fn reply_of(body: &str) -> Reply {
    let words = fold(body);
    let joined = words.concat();
    if is_stop_with_a_name(&words) {
        return Reply::Stop;
    }
    for (list, reply) in [(STOP, Reply::Stop), (START, Reply::Start), (HELP, Reply::Help)] {
        if is_in(list, &joined) || only(list, &words) {
            return reply;
        }
    }
    Reply::Other
}

/// Whether it is `STOP` and one or two words more, as `STOP Bluedoor` or `stop 36123`: people name whom
/// they mean, and a sentence that begins so is longer.
fn is_stop_with_a_name(words: &[String]) -> bool {
    let Some((first, named)) = words.split_first() else { return false };
    let negated = named.iter().any(|word| is_in(NEVER_BESIDE, word));
    squeeze(first) == "stop" && (1..=2).contains(&named.len()) && !negated
}

/// Whether every word is in the list or beside it, and one is in the list.
fn only(list: &str, words: &[String]) -> bool {
    let beside = |word: &String| is_in(BESIDE, word);
    words.iter().any(|word| is_in(list, word))
        && words.iter().all(|word| is_in(list, word) || beside(word))
}

/// Whether a folded word is in a list, however often its letters are repeated (`stooop`).
fn is_in(list: &str, word: &str) -> bool {
    let squeezed = squeeze(word);
    list.split_whitespace().any(|known| known == word || squeeze(known) == squeezed)
}

/// A word with each run of one letter made a single one.
fn squeeze(word: &str) -> String {
    let mut squeezed: Vec<char> = word.chars().collect();
    squeezed.dedup();
    squeezed.into_iter().collect()
}

/// The words of a text: lower case, without accents, punctuation, or marks that cannot be seen.
fn fold(body: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    for c in body.chars().flat_map(char::to_lowercase).filter(|c| !is_mark(*c)) {
        let letter = plain(c);
        if letter.chars().all(char::is_alphanumeric) && !letter.is_empty() {
            if let Some(word) = words.last_mut() {
                word.push_str(&letter);
            }
        } else if c != '\'' && c != '’' && words.last().is_some_and(|word| !word.is_empty()) {
            words.push(String::new());
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

/// Marks that stand on a letter, join or separate without a width, or choose how it is drawn.
fn is_mark(c: char) -> bool {
    matches!(c, '\u{300}'..='\u{36f}' | '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}'
        | '\u{ad}' | '\u{fe00}'..='\u{fe0f}' | '\u{591}'..='\u{5c7}' | '\u{64b}'..='\u{652}')
}

/// A letter without its accent. Wide letters of Asian keyboards are the plain ones.
fn plain(c: char) -> String {
    const TABLE: &[(&str, &str)] = &[
        ("àáâãäåāăąǎ", "a"),
        ("çćĉċč", "c"),
        ("ďđð", "d"),
        ("èéêëēĕėęě", "e"),
        ("ĝğġģ", "g"),
        ("ĥħ", "h"),
        ("ìíîïĩīĭįı", "i"),
        ("ĵ", "j"),
        ("ķ", "k"),
        ("ĺļľŀł", "l"),
        ("ñńņňŉ", "n"),
        ("òóôõöøōŏőơ", "o"),
        ("ŕŗř", "r"),
        ("śŝşšș", "s"),
        ("ţťŧț", "t"),
        ("ùúûüũūŭůűųưừ", "u"),
        ("ŵ", "w"),
        ("ýÿŷ", "y"),
        ("źżž", "z"),
        ("ß", "ss"),
        ("œ", "oe"),
        ("ά", "α"),
        ("έ", "ε"),
        ("ή", "η"),
        ("ίϊΐ", "ι"),
        ("ό", "ο"),
        ("ύϋΰ", "υ"),
        ("ώ", "ω"),
        ("ς", "σ"),
        ("ё", "е"),
        ("أإآ", "ا"),
    ];
    if ('\u{ff01}'..='\u{ff5e}').contains(&c) {
        let ascii = char::from_u32(u32::from(c) - 0xfee0).unwrap_or(c);
        return ascii.to_lowercase().collect();
    }
    let found = TABLE.iter().find(|(letters, _)| letters.contains(c));
    found.map_or_else(|| c.to_string(), |(_, plain)| (*plain).to_owned())
}

#[cfg(test)]
mod tests;
