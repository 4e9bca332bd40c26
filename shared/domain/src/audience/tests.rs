use serde_json::json;

use super::*;
use crate::event::Event;
use crate::limits;
use crate::testing::{did, is};

// Published by Google, with its own code that formats for the Data Manager API:
// https://github.com/googleads/data-manager-python/blob/main/tests/formatter_test.py
const ALEXZ: &str = "509e933019bb285a134a9334b8bb679dff79d0ce023d529af4bd744d47b4fd8a";
const PHONE: &str = "fb4f73a6ec5fdb7077d564cdd22c3554b43ce49168550c3b12c547b78c517b30";
const GIVENNAME: &str = "128a07bfe2df877c52076e60d7774cf5baaa046c5a6c48daf30ff43ecca2f814";
const FAMILYNAME: &str = "77762c287e61ce065bee5c15464012c6fbe088398b8057627d5577249430d574";

// Published by Meta:
// https://developers.facebook.com/docs/marketing-api/conversions-api/parameters/customer-information-parameters
const JOHN: &str = "62a14e44f765419d10fea99367361a727c12365e2520f32218d505ed9aa0f62f";
const DIGITS: &str = "e323ec626319ca94ee8bff2e4c87cf613be6ea19919ed1364124e16807ab3176";
const MARY: &str = "6915771be1c5aa0c886870b6951b03d7eafc121fea0e80a5ea83beb7c449f4ec";
const JEONG: &str = "8fa8cd9c440be61d0151429310034083132b35975c4bea67fdd74158eb51db14";
const VALERY: &str = "08e1996b5dd49e62a4b4c010d44e4345592a863bb9f8e3976219bac29417149c";

// Computed with Python's hashlib: `test@example.com`, `us`, `fr`, `f`, `m`.
const TEST: &str = "973dfe463ec85785f5f95af5ba3906eedb2d931c24e69824a89ea65dba4e813b";
const US: &str = "79adb2a2fce5c6ba215fe5f27f532d4e7edbac4b6a5e09e1ef3a08084a904621";
const FR: &str = "67ad8f41a7bb0a18c45f3efd8f6a32bdcd832bcf8f3f2eb44006c03d53076e18";
const F: &str = "252f10c83610ebca1a059c0bae8255eba2f95be4d1d7bcfa89d7248a82d9f111";
const M: &str = "62c66a7a5dd70c3146618063c344e531e6d4b59e379808443ce962b3abd63c5a";

fn consent(word: &str, properties: Value) -> Event {
    did(&format!("Consent {word}"), "2026-10-01T10:00:00Z", properties)
}

fn card(traits: Value, events: &[Event]) -> Card {
    let mut card = Card::default();
    let who = is("2026-10-01T09:00:00Z", traits);
    card.apply(&who.filed, &who, &mut Vec::new());
    events.iter().for_each(|event| card.apply(&event.filed, event, &mut Vec::new()));
    card
}

/// Somebody who allows e-mail and text messages.
fn open(traits: Value) -> Card {
    let granted = |channel: &str| consent("Granted", json!({"channel": channel}));
    card(traits, &[granted("email"), granted("sms")])
}

fn row_about(topic: Option<&str>, platform: Platform, card: &Card) -> Option<Vec<String>> {
    let zone = Zone::utc();
    let row = Audience { platform, topic, zone: &zone }.row(card, &[]);
    assert!(row.iter().all(|row| row.len() == platform.columns().len()));
    row
}

fn row(platform: Platform, card: &Card) -> Option<Vec<String>> {
    row_about(None, platform, card)
}

/// One column of somebody's row.
#[track_caller]
fn value(platform: Platform, column: &str, card: &Card) -> String {
    let at = platform.columns().iter().position(|name| *name == column).expect("a column");
    row(platform, card).expect("a row")[at].clone()
}

/// A column for somebody with these traits, and an e-mail address that they allow.
#[track_caller]
fn told(platform: Platform, column: &str, mut traits: Value) -> String {
    traits["email"] = json!("test@example.com");
    value(platform, column, &open(traits))
}

#[track_caller]
fn google(column: &str, traits: Value) -> String {
    let mut whole = json!({"first_name": "Givenname", "last_name": "Familyname", "country": "US",
        "address": {"postalCode": "94045"}});
    whole.as_object_mut().unwrap().extend(traits.as_object().unwrap().clone());
    told(Platform::Google, column, whole)
}

#[track_caller]
fn meta(column: &str, traits: Value) -> String {
    told(Platform::Meta, column, traits)
}

/// The published spelling, hashed.
fn hash(text: &str) -> String {
    sha256_hex(text)
}

#[test]
fn an_address_has_the_published_hash() {
    for platform in Platform::ALL {
        let column = platform.columns()[0];
        for (email, expected) in [
            (" Test@Example.com ", TEST),
            ("ALEXZ@example.com", ALEXZ),
            ("user.name+NYC@Example.com", &hash("user.name+nyc@example.com")),
        ] {
            assert_eq!(value(platform, column, &open(json!({"email": email}))), expected);
        }
    }
    let john = open(json!({"email": "John_Smith@gmail.com"}));
    assert_eq!(value(Platform::Meta, "email", &john), JOHN);
}

#[test]
fn google_reads_a_gmail_address_without_dots_and_what_follows_a_plus() {
    for (email, expected) in [
        ("Jefferson.Loves.hiking@gmail.com", "jeffersonloveshiking@gmail.com"),
        ("Cloudy.SanFrancisco+shopping@googlemail.com", "cloudysanfrancisco@googlemail.com"),
    ] {
        let card = open(json!({"email": email}));
        assert_eq!(value(Platform::Google, "Email", &card), hash(expected));
        assert_eq!(value(Platform::Meta, "email", &card), hash(&email.to_lowercase()));
    }
    assert_eq!(row(Platform::Google, &open(json!({"email": "+x@gmail.com"}))), None);
}

#[test]
fn one_phone_has_two_hashes() {
    let card = open(json!({"phone": "+1 (800) 555-0100"}));
    assert_eq!(value(Platform::Google, "Phone", &card), PHONE);
    let card = open(json!({"phone": "+1 (650) 555-1212"}));
    assert_eq!(value(Platform::Meta, "phone", &card), DIGITS);
    assert_ne!(value(Platform::Google, "Phone", &card), DIGITS);
}

#[test]
fn google_keeps_the_words_of_a_name_apart_and_meta_joins_them() {
    assert_eq!(google("First Name", json!({"first_name": "  GivenName  "})), GIVENNAME);
    assert_eq!(google("Last Name", json!({"last_name": "  FamilyName "})), FAMILYNAME);
    assert_eq!(google("First Name", json!({"first_name": "Mary   Ann"})), hash("mary ann"));
    assert_eq!(google("Last Name", json!({"last_name": "O’Brien"})), hash("o’brien"));
    assert_eq!(meta("fn", json!({"first_name": "Mary"})), MARY);
    assert_eq!(meta("fn", json!({"first_name": "Mary-Ann F."})), hash("maryannf"));
    for name in ["O'Brien", "O’Brien"] {
        assert_eq!(meta("ln", json!({"last_name": name})), hash("obrien"));
    }
}

#[test]
fn names_in_every_alphabet_are_hashed_composed() {
    assert_eq!(meta("fn", json!({"first_name": "정"})), JEONG);
    for name in ["Valéry", "Vale\u{301}ry", "VALÉRY"] {
        assert_eq!(meta("fn", json!({"first_name": name})), VALERY);
        assert_eq!(google("First Name", json!({"first_name": name})), VALERY);
    }
    assert_eq!(meta("ct", json!({"address": {"city": "Москва"}})), hash("москва"));
}

#[test]
fn google_gets_country_and_postal_code_as_they_are() {
    assert_eq!(google("Country", json!({"country": " us"})), "US");
    for code in ["94045", "94303-5300", "WC2H 8LG", "1229-076"] {
        assert_eq!(google("Zip", json!({"address": {"postalCode": code}})), code);
    }
    assert_eq!(google("Zip", json!({"address": {"postalCode": 94045}})), "94045");
}

#[test]
fn google_gets_name_country_and_postal_code_together_or_not_at_all() {
    for missing in ["first_name", "last_name", "country"] {
        for column in &Platform::Google.columns()[2..] {
            assert_eq!(google(column, json!({ missing: null })), "", "{column} without {missing}");
        }
    }
    for code in ["=1+1", "ada@example.com", "1234567890123", "-1", ""] {
        assert_eq!(google("Zip", json!({"address": {"postalCode": code}})), "", "{code}");
    }
    assert_eq!(google("Country", json!({"country": "France"})), "");
}

#[test]
fn meta_gets_places_without_blanks_and_marks() {
    let place = |address: Value, column: &str| meta(column, json!({"address": address}));
    // The spellings that Meta publishes as examples.
    assert_eq!(place(json!({"city": "New York"}), "ct"), hash("newyork"));
    assert_eq!(place(json!({"city": "Saint-Étienne 2"}), "ct"), hash("saintétienne"));
    assert_eq!(place(json!({"postalCode": "M1 1AE", "country": "GB"}), "zip"), hash("m11ae"));
    assert_eq!(place(json!({"postalCode": "75018", "country": "FR"}), "zip"), hash("75018"));
    assert_eq!(place(json!({"postalCode": "94303-5300", "country": "US"}), "zip"), hash("94303"));
    assert_eq!(place(json!({"postalCode": "1229-076", "country": "PT"}), "zip"), hash("1229076"));
    assert_eq!(place(json!({"country": "US"}), "country"), US);
    assert_eq!(meta("country", json!({"country": "fr", "address": {"country": "US"}})), FR);
    assert_eq!(meta("country", json!({"country": "United States"})), "");
}

#[test]
fn meta_gets_two_letters_of_a_state_of_the_united_states_and_names_elsewhere() {
    let state = |state: &str, country: &str| {
        meta("st", json!({"address": {"state": state, "country": country}}))
    };
    for california in ["CA", "ca", "California", " California "] {
        assert_eq!(state(california, "US"), hash("ca"));
    }
    assert_eq!(state("New York", "US"), hash("ny"));
    assert_eq!(state("Castilla y León", "ES"), hash("castillayleón"));
    assert_eq!(state("Georgia", "GE"), hash("georgia"));
}

#[test]
fn meta_gets_the_day_of_birth_where_its_year_is_known() {
    // The example that Meta publishes is 2/16/1997, as 19970216.
    assert_eq!(meta("dob", json!({"birthday": "1997-02-16"})), hash("19970216"));
    assert_eq!(meta("doby", json!({"birthday": "1997-02-16"})), hash("1997"));
    for unknown in ["02-16", "--02-16", "1899-12-31", "soon"] {
        assert_eq!(meta("dob", json!({"birthday": unknown})), "", "{unknown}");
    }
    let paris = json!({"birthday": "1997-02-15T23:30:00Z", "country": "FR"});
    assert_eq!(meta("dob", paris), hash("19970216"));
}

#[test]
fn meta_knows_two_genders() {
    for (told, expected) in
        [("F", F), ("Female", F), ("male", M), ("m", M), ("non-binary", ""), ("", "")]
    {
        assert_eq!(meta("gen", json!({"gender": told})), expected, "{told}");
    }
}

#[test]
fn only_addresses_that_are_allowed_are_in_the_row() {
    let traits = json!({"email": "test@example.com", "phone": "+18005550100",
        "first_name": "Mary", "country": "US"});
    let granted = |channel: &str| consent("Granted", json!({"channel": channel}));
    let by_mail = row(Platform::Meta, &card(traits.clone(), &[granted("email")])).unwrap();
    assert_eq!((by_mail[0].as_str(), by_mail[1].as_str(), by_mail[2].as_str()), (TEST, "", MARY));
    let by_text = row(Platform::Google, &card(traits.clone(), &[granted("sms")])).unwrap();
    assert_eq!((by_text[0].as_str(), by_text[1].as_str()), ("", PHONE));
    let later = did("Consent Withdrawn", "2026-10-02T10:00:00Z", json!({"channel": "email"}));
    for nobody in [
        vec![],
        vec![granted("push")],
        vec![consent("Requested", json!({"channel": "email"}))],
        vec![granted("email"), later],
    ] {
        for platform in Platform::ALL {
            assert_eq!(row(platform, &card(traits.clone(), &nobody)), None);
        }
    }
}

#[test]
fn who_has_no_address_is_left_out_whatever_else_is_known() {
    let traits = json!({"first_name": "Mary", "last_name": "Ann", "country": "US",
        "address": {"postalCode": "94045"}});
    for platform in Platform::ALL {
        assert_eq!(row(platform, &open(traits.clone())), None);
    }
}

#[test]
fn a_topic_that_was_refused_is_respected() {
    let about = |word: &str| consent(word, json!({"channel": "email", "topic": "ads"}));
    let granted = consent("Granted", json!({"channel": "email"}));
    let traits = json!({"email": "test@example.com"});
    let without = card(traits.clone(), &[granted, about("Withdrawn")]);
    assert!(row(Platform::Meta, &without).is_some());
    assert_eq!(row_about(Some("ads"), Platform::Meta, &without), None);
    let only = card(traits, &[about("Granted")]);
    assert_eq!(row(Platform::Meta, &only), None);
    assert!(row_about(Some("ads"), Platform::Meta, &only).is_some());
}

#[test]
fn a_suppressed_address_is_left_out() {
    let zone = Zone::utc();
    let audience = Audience { platform: Platform::Meta, topic: None, zone: &zone };
    let card = open(json!({"email": "test@example.com", "phone": "+16505551212"}));
    let email = Address::email("test@example.com").unwrap();
    let row = audience.row(&card, std::slice::from_ref(&email)).unwrap();
    assert_eq!((row[0].as_str(), row[1].as_str()), ("", DIGITS));
    assert_eq!(audience.row(&card, &audience.allowed(&card)), None);
}

#[test]
fn an_answer_of_the_widest_rows_fits_into_what_a_function_may_answer() {
    let whole = json!({"email": "test@example.com", "phone": "+16505551212", "first_name": "Mary",
        "last_name": "Ann", "country": "US", "birthday": "1997-02-16", "gender": "f",
        "address": {"city": "Paris", "state": "TX", "postalCode": "75460-1234"}});
    for platform in Platform::ALL {
        let row = row(platform, &open(whole.clone())).unwrap();
        assert!(row.iter().all(|value| !value.is_empty()));
        // A comma after each value, but a line break after the last, which is two characters in JSON.
        let bytes = row.iter().map(|value| value.len() + 1).sum::<usize>() + 1;
        assert!(
            bytes * usize::from(limits::AUDIENCE) < 6_000_000,
            "{}: {bytes} a row",
            platform.as_str()
        );
    }
}
