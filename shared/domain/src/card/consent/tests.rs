use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::testing::{definitions, did, is};

const ADA: &str = "ada@example.com";

fn record((status, at, address): (u8, i64, u8)) -> Consent {
    Consent {
        channel: Channel::Email,
        topic: None,
        address: if address == 0 { ADA.to_owned() } else { format!("a{address}@b.example") },
        status: Status::ALL[usize::from(status % 3)],
        clock: (Timestamp::from_millis(at), EventId::stored(u64::from(status))),
        source: None,
        wording: None,
        origin: if status == 3 { Origin::Imported } else { Origin::Told },
    }
}

fn put_all(acts: &[(u8, i64, u8)]) -> Vec<Consent> {
    let mut records = Vec::new();
    acts.iter().for_each(|act| put(&mut records, record(*act)));
    records
}

fn at_ada(records: &[Consent]) -> Option<Status> {
    status(records, Channel::Email, None, &Address::email(ADA).unwrap())
}

#[track_caller]
fn check(acts: &[(Status, i64)], expected: Option<Status>) {
    let number =
        |status| u8::from(status == Status::Pending) + 2 * u8::from(status == Status::Withdrawn);
    let acts: Vec<_> = acts.iter().map(|(status, at)| (number(*status), *at, 0)).collect();
    assert_eq!(at_ada(&put_all(&acts)), expected);
}

#[test]
fn a_request_waits_for_the_confirmation_and_lowers_no_grant() {
    use Status::{Granted, Pending, Withdrawn};
    check(&[], None);
    check(&[(Pending, 1)], Some(Pending));
    check(&[(Pending, 1), (Granted, 2)], Some(Granted));
    check(&[(Granted, 1), (Pending, 2)], Some(Granted));
    check(&[(Pending, 1), (Withdrawn, 2)], Some(Withdrawn));
    check(&[(Withdrawn, 1), (Pending, 2)], Some(Pending));
    check(&[(Granted, 1), (Pending, 3), (Withdrawn, 2)], Some(Pending));
    check(&[(Granted, 1), (Pending, 2), (Withdrawn, 3)], Some(Withdrawn));
}

#[test]
fn an_import_raises_nothing_and_gives_way_to_every_other_act() {
    let at_ada = |acts: &[(u8, i64, u8)]| at_ada(&put_all(acts));
    assert_eq!(at_ada(&[(3, 9, 0)]), Some(Status::Granted));
    assert_eq!(at_ada(&[(2, 5, 0), (3, 9, 0)]), Some(Status::Withdrawn));
    assert_eq!(at_ada(&[(3, 9, 0), (2, 5, 0)]), Some(Status::Withdrawn));
    assert_eq!(at_ada(&[(2, 5, 0), (3, 9, 0), (0, 7, 0)]), Some(Status::Granted));
    assert_eq!(at_ada(&[(3, 1, 0), (2, 5, 0)]), Some(Status::Withdrawn));
}

#[test]
fn who_withdrew_at_one_address_is_asked_at_another_only_if_they_say_so_themselves() {
    let (withdrawn, granted) = (record((2, 5, 1)), record((0, 9, 0)));
    let at_ada = |granted: &Consent| {
        let mut records = Vec::new();
        put(&mut records, withdrawn.clone());
        put(&mut records, granted.clone());
        at_ada(&records)
    };
    assert_eq!(at_ada(&granted), Some(Status::Withdrawn));
    let themselves = Consent { origin: Origin::InPerson, ..granted };
    assert_eq!(at_ada(&themselves), Some(Status::Granted));
    let before = Consent { clock: record((0, 5, 0)).clock, ..themselves };
    assert_eq!(at_ada(&before), Some(Status::Withdrawn));
}

#[test]
fn a_grant_that_was_overruled_is_given_again_on_a_page_and_once() {
    let choice = Choice {
        address: Address::email(ADA).unwrap(),
        topic: None,
        status: Status::Granted,
        source: "preference page",
        wording: "Yes".to_owned(),
    };
    let (customer, now) = (CustomerId::known("42"), Timestamp::from_millis(3));
    let mut card = Card { consents: put_all(&[(2, 5, 1), (0, 9, 0)]), ..Card::default() };
    let granted = choice.event(&card, &customer, now).unwrap();
    card.apply(&granted.filed, &granted, &mut Vec::new());
    assert_eq!(at_ada(&card.consents), Some(Status::Granted));
    assert_eq!(choice.event(&card, &customer, now), None);
}

#[test]
fn a_choice_is_made_once_and_comes_after_what_it_replaces() {
    let choice = |status| Choice {
        address: Address::email(ADA).unwrap(),
        topic: None,
        status,
        source: "unsubscribe page",
        wording: "No more?".to_owned(),
    };
    let (customer, early) = (CustomerId::known("42"), Timestamp::from_millis(1));
    let mut card = Card { consents: put_all(&[(0, 5, 0)]), ..Card::default() };
    assert_eq!(choice(Status::Granted).event(&card, &customer, early), None);
    let leave = choice(Status::Withdrawn).event(&card, &customer, early).unwrap();
    assert_eq!(choice(Status::Withdrawn).event(&card, &customer, early), Some(leave.clone()));
    card.apply(&leave.filed, &leave, &mut Vec::new());
    assert_eq!(at_ada(&card.consents), Some(Status::Withdrawn));
    let back = choice(Status::Granted).event(&card, &customer, early).unwrap();
    card.apply(&back.filed, &back, &mut Vec::new());
    assert_eq!(at_ada(&card.consents), Some(Status::Granted));
    let again = choice(Status::Withdrawn).event(&card, &customer, early).unwrap();
    assert_ne!(again.id, leave.id);
    card.apply(&again.filed, &again, &mut Vec::new());
    assert_eq!(at_ada(&card.consents), Some(Status::Withdrawn));
}

fn acts() -> impl Strategy<Value = Vec<(u8, i64, u8)>> {
    proptest::collection::vec((0..4_u8, 0..6_i64, 0..2_u8), 0..9)
}

proptest! {
    #[test]
    fn any_order_and_any_repetition_give_the_same(acts in acts(), seed in any::<u64>()) {
        let mut shuffled = [acts.clone(), acts.clone()].concat();
        fastrand::Rng::with_seed(seed).shuffle(&mut shuffled);
        prop_assert_eq!(put_all(&acts), put_all(&shuffled));
    }

    #[test]
    fn a_request_never_makes_or_ends_a_grant(acts in acts(), at in 0..9_i64, address in 0..2_u8) {
        let mut records = put_all(&acts);
        let before = at_ada(&records);
        put(&mut records, record((1, at, address)));
        let after = at_ada(&records);
        prop_assert_eq!(before == Some(Status::Granted), after == Some(Status::Granted));
        // Nor does it answer for another address.
        prop_assert!(address == 0 || before == after);
    }

    #[test]
    fn who_withdrew_anywhere_since_their_last_act_is_not_written_to(acts in acts(), address in 0..2_u8) {
        let mut records = put_all(&acts);
        put(&mut records, record((2, 9, address)));
        prop_assert_eq!(at_ada(&records), Some(Status::Withdrawn));
    }
}

/// What a customer with a mail address and a phone allows on each channel after granting all, and
/// what was told of the event that followed.
fn after(name: &str, properties: Value) -> ([Option<Status>; 3], Vec<String>) {
    let mut card = Card::default();
    let mut problems = Vec::new();
    let contacts = json!({"email": ADA, "phone": "+33612345678"});
    let grants = json!({"channel": ["email", "SMS"]});
    for event in [
        is("2026-01-01T00:00:00Z", contacts),
        did("Consent Granted", "2026-01-01T00:00:00Z", grants),
        did(name, "2026-01-02T00:00:00Z", properties),
    ] {
        card.apply(&event.filed, &event, &mut problems);
    }
    let status = |channel| {
        let address = card.address(channel)?;
        status(&card.consents, channel, None, &address)
    };
    (Channel::ALL.map(status), problems.iter().map(ToString::to_string).collect())
}

#[test]
fn a_withdrawal_that_cannot_be_read_is_one_from_every_channel() {
    use Status::{Granted, Withdrawn};
    let check = |name: &str, properties: Value, email, sms, told: &str| {
        let (status, problems) = after(name, properties);
        let of = |channel| status[Channel::ALL.iter().position(|c| *c == channel).unwrap()];
        assert_eq!((of(Channel::Email), of(Channel::Sms)), (Some(email), Some(sms)));
        assert_eq!(problems.join("; "), told);
    };
    check("Consent Withdrawn", json!({"channel": "Email"}), Withdrawn, Granted, "");
    check("consent withdrawn", json!({"channel": ["email", "sms"]}), Withdrawn, Withdrawn, "");
    check("Consent Withdrawn", json!({}), Withdrawn, Withdrawn, "");
    check("Consent Withdrawn", json!({"channel": []}), Withdrawn, Withdrawn, "");
    let topics = json!({"channel": "email", "topic": ["news"]});
    let no_text = "`properties.topic` expected a text";
    check("Consent Withdrawn", topics, Withdrawn, Granted, no_text);
    let unknown = "`properties.channel` `e-mail` is not a channel; use email, sms or push";
    check("Consent Withdrawn", json!({"channel": "e-mail"}), Withdrawn, Withdrawn, unknown);
    let nowhere = json!({"channel": "email", "address": "ada"});
    let told = "`properties.address` was left out: ";
    let (status, problems) = after("Consent Withdrawn", nowhere);
    assert!(status.contains(&Some(Withdrawn)) && problems[0].starts_with(told), "{problems:?}");
}

#[test]
fn a_grant_that_cannot_be_read_allows_nothing() {
    let refused = |properties: Value| {
        let event = did("Consent Granted", "2026-01-02T00:00:00Z", properties);
        let mut problems = Vec::new();
        assert_eq!(ConsentAct::of(&event, &mut problems), []);
        problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
    };
    let topics = json!({"channel": "email", "topic": ["news"]});
    assert_eq!(refused(topics), "`properties.topic` expected a text");
    let address = json!({"channel": "email", "address": {"email": ADA}});
    assert_eq!(refused(address), "`properties.address` expected a text");
    assert_eq!(refused(json!({"channel": []})), "`properties.channel` is missing");
    // Some shops count their topics.
    let number = json!({"channel": "sms", "topic": 7});
    let event = did("Consent Granted", "2026-01-02T00:00:00Z", number);
    let acts = ConsentAct::of(&event, &mut Vec::new());
    assert_eq!(acts.iter().map(ConsentAct::topic).collect::<Vec<_>>(), [Some("7")]);
}

#[test]
fn a_topic_that_nobody_listed_is_told_and_capitals_are_no_matter() {
    let policy = definitions("policy: { topics: [{ id: news }] }").policy;
    let told = |topic: &str| {
        let properties = json!({"channel": "email", "topic": topic});
        policy.unknown_topic(&did("Consent Withdrawn", "2026-01-01T00:00:00Z", properties))
    };
    assert_eq!(told("News "), None);
    assert_eq!(told("wine").map(|problem| problem.place).as_deref(), Some("properties.topic"));
}
