//! Names of months and weekdays. Source: CLDR, the Gregorian calendar's `format` names, `wide` and
//! `abbreviated`, as they stand in a date; English is abbreviated as Ruby does it.

use super::Language;

/// The names of one language, each with its short form.
pub(super) struct Names {
    /// From January on.
    pub(super) months: [(&'static str, &'static str); 12],
    /// From Sunday on.
    pub(super) weekdays: [(&'static str, &'static str); 7],
}

pub(super) fn names(language: Language) -> &'static Names {
    match language {
        Language::English => &ENGLISH,
        Language::German => &GERMAN,
        Language::Spanish => &SPANISH,
        Language::French => &FRENCH,
        Language::Italian => &ITALIAN,
        Language::Dutch => &DUTCH,
        Language::Portuguese => &PORTUGUESE,
    }
}

const ENGLISH: Names = Names {
    months: [
        ("January", "Jan"),
        ("February", "Feb"),
        ("March", "Mar"),
        ("April", "Apr"),
        ("May", "May"),
        ("June", "Jun"),
        ("July", "Jul"),
        ("August", "Aug"),
        ("September", "Sep"),
        ("October", "Oct"),
        ("November", "Nov"),
        ("December", "Dec"),
    ],
    weekdays: [
        ("Sunday", "Sun"),
        ("Monday", "Mon"),
        ("Tuesday", "Tue"),
        ("Wednesday", "Wed"),
        ("Thursday", "Thu"),
        ("Friday", "Fri"),
        ("Saturday", "Sat"),
    ],
};

const GERMAN: Names = Names {
    months: [
        ("Januar", "Jan."),
        ("Februar", "Feb."),
        ("März", "März"),
        ("April", "Apr."),
        ("Mai", "Mai"),
        ("Juni", "Juni"),
        ("Juli", "Juli"),
        ("August", "Aug."),
        ("September", "Sept."),
        ("Oktober", "Okt."),
        ("November", "Nov."),
        ("Dezember", "Dez."),
    ],
    weekdays: [
        ("Sonntag", "So."),
        ("Montag", "Mo."),
        ("Dienstag", "Di."),
        ("Mittwoch", "Mi."),
        ("Donnerstag", "Do."),
        ("Freitag", "Fr."),
        ("Samstag", "Sa."),
    ],
};

const SPANISH: Names = Names {
    months: [
        ("enero", "ene"),
        ("febrero", "feb"),
        ("marzo", "mar"),
        ("abril", "abr"),
        ("mayo", "may"),
        ("junio", "jun"),
        ("julio", "jul"),
        ("agosto", "ago"),
        ("septiembre", "sept"),
        ("octubre", "oct"),
        ("noviembre", "nov"),
        ("diciembre", "dic"),
    ],
    weekdays: [
        ("domingo", "dom"),
        ("lunes", "lun"),
        ("martes", "mar"),
        ("miércoles", "mié"),
        ("jueves", "jue"),
        ("viernes", "vie"),
        ("sábado", "sáb"),
    ],
};

const FRENCH: Names = Names {
    months: [
        ("janvier", "janv."),
        ("février", "févr."),
        ("mars", "mars"),
        ("avril", "avr."),
        ("mai", "mai"),
        ("juin", "juin"),
        ("juillet", "juil."),
        ("août", "août"),
        ("septembre", "sept."),
        ("octobre", "oct."),
        ("novembre", "nov."),
        ("décembre", "déc."),
    ],
    weekdays: [
        ("dimanche", "dim."),
        ("lundi", "lun."),
        ("mardi", "mar."),
        ("mercredi", "mer."),
        ("jeudi", "jeu."),
        ("vendredi", "ven."),
        ("samedi", "sam."),
    ],
};

const ITALIAN: Names = Names {
    months: [
        ("gennaio", "gen"),
        ("febbraio", "feb"),
        ("marzo", "mar"),
        ("aprile", "apr"),
        ("maggio", "mag"),
        ("giugno", "giu"),
        ("luglio", "lug"),
        ("agosto", "ago"),
        ("settembre", "set"),
        ("ottobre", "ott"),
        ("novembre", "nov"),
        ("dicembre", "dic"),
    ],
    weekdays: [
        ("domenica", "dom"),
        ("lunedì", "lun"),
        ("martedì", "mar"),
        ("mercoledì", "mer"),
        ("giovedì", "gio"),
        ("venerdì", "ven"),
        ("sabato", "sab"),
    ],
};

const DUTCH: Names = Names {
    months: [
        ("januari", "jan"),
        ("februari", "feb"),
        ("maart", "mrt"),
        ("april", "apr"),
        ("mei", "mei"),
        ("juni", "jun"),
        ("juli", "jul"),
        ("augustus", "aug"),
        ("september", "sep"),
        ("oktober", "okt"),
        ("november", "nov"),
        ("december", "dec"),
    ],
    weekdays: [
        ("zondag", "zo"),
        ("maandag", "ma"),
        ("dinsdag", "di"),
        ("woensdag", "wo"),
        ("donderdag", "do"),
        ("vrijdag", "vr"),
        ("zaterdag", "za"),
    ],
};

const PORTUGUESE: Names = Names {
    months: [
        ("janeiro", "jan."),
        ("fevereiro", "fev."),
        ("março", "mar."),
        ("abril", "abr."),
        ("maio", "mai."),
        ("junho", "jun."),
        ("julho", "jul."),
        ("agosto", "ago."),
        ("setembro", "set."),
        ("outubro", "out."),
        ("novembro", "nov."),
        ("dezembro", "dez."),
    ],
    weekdays: [
        ("domingo", "dom."),
        ("segunda-feira", "seg."),
        ("terça-feira", "ter."),
        ("quarta-feira", "qua."),
        ("quinta-feira", "qui."),
        ("sexta-feira", "sex."),
        ("sábado", "sáb."),
    ],
};
