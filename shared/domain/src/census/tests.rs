use expect_test::expect;
use serde_json::json;

use super::*;
use crate::definitions::Definitions;
use crate::event::Event;
use crate::event::Writer;
use crate::event::segment::{Arrival, read};
use crate::id::{CustomerId, SegmentId};
use crate::message::Cause;
use crate::profile::Profile;
use crate::step::{Input, MembershipChange, step};
use crate::testing::{at, definitions};
use crate::time::{Span, Timestamp};

const SHOP: &str = "
metrics:
  spent: { sum: total, of: Order Completed }
  orders: { count: Order Completed }
  recency: { days_since: Order Completed }
segments:
  - { id: big, when: { metric: spent, top: 20% } }
  - { id: not-big, when: { not: { segment: big } } }
classes:
  - id: value
    name: Value
    cross:
      amount: { metric: spent, split: median }
      frequency: { metric: orders, split: 2 }
    cells:
      - { id: very-good, amount: 2, frequency: 2 }
      - { id: good, amount: 2, frequency: 1 }
      - { id: other, amount: 1 }
";
const DAY: &str = "2026-03-01T00:00:00Z";

fn bought(id: &str, order: &str, total: f64, time: &str) -> Event {
    let call = json!({
        "type": "track", "event": "Order Completed", "userId": id, "timestamp": time,
        "properties": {
            "order_id": order, "total": total, "products": [{"product_id": format!("of {id}")}],
        },
    });
    let arrival = Arrival { received: at(time), sent_at: None, writer: Writer::Ourselves };
    read(&call, &arrival).unwrap().0
}

/// Somebody who bought for this much in one order on each of so many days.
fn customer(id: &str, total: f64, orders: usize, definitions: &Definitions) -> Profile {
    let begin = at("2026-01-01T00:00:00Z");
    let mut profile = Profile::new(CustomerId::known(id), definitions, begin);
    for n in 0..orders {
        let time = format!("2026-02-{:02}T00:00:00Z", n + 1);
        let event = bought(id, &format!("{id}-{n}"), total, &time);
        profile = step(profile, Input::Event(&event), definitions, event.received).profile;
    }
    profile
}

fn shop(definitions: &Definitions) -> Vec<Profile> {
    let buyer = |n: u8| {
        let id = format!("{n:02}");
        customer(&id, 10.0 * f64::from(n), 1 + usize::from(n % 2), definitions)
    };
    let lead = customer("lead", 0.0, 0, definitions);
    (1..=10).map(buyer).chain([lead]).collect()
}

fn count(profiles: &[Profile], definitions: &Definitions) -> Summary {
    let counter = Counter::new(definitions, at(DAY), Timestamp::default());
    let mut summary = Summary::default();
    profiles.iter().for_each(|profile| counter.count(&mut summary, profile));
    summary
}

/// Who entered what, at the step that adopts the census.
fn adopt(profile: Profile, definitions: &Definitions) -> (Profile, Vec<MembershipChange>) {
    let stepped = step(profile, Input::Tick, definitions, at(DAY));
    (stepped.profile, stepped.changes)
}

fn inside(profile: &Profile, definitions: &Definitions) -> Vec<String> {
    let inside = |segment: &&crate::definitions::Segment| {
        profile.core.memberships.get(segment.key).is_some_and(|place| place.inside)
    };
    definitions.segments.iter().filter(inside).map(|segment| segment.id.to_string()).collect()
}

#[test]
fn before_the_first_census_nothing_is_known_and_after_it_everything_is() {
    let definitions = definitions(SHOP);
    let profiles = shop(&definitions);
    // Not even who is not among the top: nobody knows.
    assert!(profiles.iter().all(|profile| inside(profile, &definitions).is_empty()));
    let census = count(&profiles, &definitions).finish(1, at(DAY), &definitions);
    let definitions = definitions.with_census(census);
    let told = profiles.into_iter().map(|profile| {
        let (profile, changes) = adopt(profile, &definitions);
        assert!(changes.iter().all(|change| change.cause == Cause::Census));
        format!("{} {}\n", profile.id, inside(&profile, &definitions).join(" "))
    });
    let told: String = told.collect();
    expect![[r"
        u#01 not-big value.other
        u#02 not-big value.other
        u#03 not-big value.other
        u#04 not-big value.other
        u#05 not-big value.very-good
        u#06 not-big value.other
        u#07 big value.very-good
        u#08 not-big value.good
        u#09 big value.very-good
        u#10 not-big value.good
        u#lead not-big
    "]]
    .assert_eq(&told);
}

#[test]
fn a_rank_stands_until_the_next_census_and_wakes_nobody() {
    let definitions = definitions(SHOP);
    let profiles = shop(&definitions);
    let census = count(&profiles, &definitions).finish(1, at(DAY), &definitions);
    let definitions = definitions.with_census(census);
    let (profile, _) = adopt(profiles[9].clone(), &definitions);
    assert!(profile.core.wake_at.is_never());
    // A second step by the same census changes nothing.
    let again = step(profile.clone(), Input::Tick, &definitions, at(DAY));
    assert_eq!((again.profile, again.changes), (profile.clone(), Vec::new()));
    // Nor does time.
    let later = step(profile.clone(), Input::Tick, &definitions, at("2027-03-01T00:00:00Z"));
    assert_eq!(later.changes, []);
    // What they do themselves counts at once, by the cuts as they are.
    let second = &profiles[1];
    let (small, _) = adopt(second.clone(), &definitions);
    let event = bought("02", "big", 1_000.0, "2026-03-02T00:00:00Z");
    let stepped = step(small, Input::Event(&event), &definitions, event.received);
    let entered: Vec<_> =
        stepped.changes.iter().map(|c| (c.segment.as_str(), c.membership.inside)).collect();
    assert_eq!(
        entered,
        [("big", true), ("not-big", false), ("value.very-good", true), ("value.other", false)]
    );
    assert!(stepped.changes.iter().all(|change| change.cause == Cause::Event));
}

#[test]
fn slices_add_up_to_the_whole_however_they_are_cut() {
    let definitions = definitions(SHOP);
    let profiles = shop(&definitions);
    let whole = count(&profiles, &definitions);
    for cut in 0..=profiles.len() {
        let mut summary = count(&profiles[cut..], &definitions);
        summary.merge(count(&profiles[..cut], &definitions));
        assert_eq!(summary, whole);
    }
    assert_eq!(Summary::unpack(&whole.pack()), Ok(whole.clone()));
    let census = whole.finish(3, at(DAY), &definitions);
    assert_eq!(Census::unpack(&census.pack()), Ok(census));
}

#[test]
fn the_sample_knows_what_was_bought_within_a_year() {
    let definitions = definitions(SHOP);
    let begin = at("2026-01-01T00:00:00Z");
    let mut profile = Profile::new(CustomerId::known("01"), &definitions, begin);
    for (n, time) in ["2025-03-01T00:00:00Z", "2025-03-01T00:00:01Z"].into_iter().enumerate() {
        let mut event = bought("01", &n.to_string(), 1.0, time);
        let crate::event::Act::Track { properties, .. } = &mut event.act else { panic!() };
        properties.insert("products".to_owned(), json!([{"product_id": n}]));
        profile = step(profile, Input::Event(&event), &definitions, event.received).profile;
    }
    let summary = count(&[profile], &definitions);
    let bought: Vec<_> = summary.rows.values().flat_map(|row| row.bought.clone()).collect();
    assert_eq!(bought, [crate::affinity::ProductKey::of("1")]);
}

#[test]
fn planted_faults_are_found_and_nothing_else() {
    let tiny: String = (0..50)
        .map(|n| format!("  - {{ id: tiny-{n:02}, when: {{ trait: number, in: [{n}] }} }}\n"))
        .collect();
    let shop = definitions(&format!(
        "
metrics:
  spent: {{ sum: total, of: Order Completed }}
segments:
  - {{ id: rich, when: {{ metric: spent, at_least: 900 }} }}
  - {{ id: wealthy, when: {{ metric: spent, more_than: 899 }} }}
  - {{ id: poor, when: {{ metric: spent, less_than: 300 }} }}
  - {{ id: odd, when: {{ trait: odd, is: true }} }}
  - {{ id: nobody, when: {{ trait: never, is_set: true }} }}
{tiny}"
    ));
    let profiles: Vec<Profile> = (0..600_u32)
        .map(|n| {
            let id = format!("c{n:03}");
            let profile = customer(&id, f64::from(n % 300) * 5.0 + 1.0, 1, &shop);
            let call = json!({
                "type": "identify", "userId": id, "timestamp": "2026-02-20T00:00:00Z",
                "traits": {"number": n, "odd": n / 300 == 1},
            });
            let received = at("2026-02-20T00:00:00Z");
            let arrival = Arrival { received, sent_at: None, writer: Writer::Ourselves };
            let event = read(&call, &arrival).unwrap().0;
            step(profile, Input::Event(&event), &shop, received).profile
        })
        .collect();
    let quality = super::quality::Quality::of(&count(&profiles, &shop), &shop);
    let told: String = quality
        .findings
        .iter()
        .map(|finding| {
            let told = finding.to_string();
            format!("{}: {}\n", finding.as_str(), told.get(..120).unwrap_or(&told))
        })
        .collect();
    expect![[r"
        too-many: there are 55 segments; hardly anybody keeps more than 40 apart
        empty: nobody is in “nobody”
        too-small: fewer than 20 customers are in each of “tiny-00”, “tiny-01”, “tiny-02”, “tiny-03”, “tiny-04”, “tin
        same: “rich” and “wealthy” are the same: 100 % of their customers are in both
        like-everybody: the customers in “odd” are no different from all others
    "]].assert_eq(&told);
    let small = quality.findings.iter().find_map(|finding| match finding {
        super::quality::Finding::TooSmall { segments, .. } => Some(segments.len()),
        _ => None,
    });
    assert_eq!(small, Some(50));
    // Two fifths of an even spread are two fifths as wide.
    let rich = &quality.segments[0];
    let (spread, distance) = (rich.spread[0].1, rich.distance.unwrap());
    assert_eq!(
        (rich.tally.inside, format!("{spread:.2} {distance:.2}")),
        (240, "0.40 1.04".to_owned())
    );
    assert_eq!(rich.nearest.as_ref().map(|(id, _)| id.as_str()), Some("wealthy"));
}

/// The day of a census, counted from 0.
fn day(n: u32) -> Timestamp {
    at(DAY) + Span::days(n)
}

/// What the second round of a census counts, once its cuts are adopted.
fn ranked(
    profiles: Vec<Profile>,
    definitions: Definitions,
    n: u32,
) -> (Vec<Profile>, Definitions, Trend) {
    // The census before ended when the last of its customers was ranked.
    let before = n.checked_sub(1).map(day).unwrap_or_default();
    let count = |profiles: &[Profile], definitions: &Definitions| {
        let counter = Counter::new(definitions, day(n), before);
        let mut summary = Summary::default();
        profiles.iter().for_each(|profile| counter.count(&mut summary, profile));
        summary
    };
    let census = count(&profiles, &definitions).finish(n + 1, day(n), &definitions);
    let definitions = definitions.with_census(census);
    let adopt = |profile| step(profile, Input::Pass, &definitions, day(n)).profile;
    let profiles: Vec<_> = profiles.into_iter().map(adopt).collect();
    let trend = Trend::of(n + 1, day(n), &count(&profiles, &definitions), &definitions);
    assert_eq!(Trend::unpack(&trend.pack()), Ok(trend.clone()));
    (profiles, definitions, trend)
}

/// Moves within classes, and the sizes of segments with who entered and left.
fn told(trend: &Trend) -> String {
    let name = |cell: &Option<SegmentId>| cell.as_ref().map_or("-", |id| id.as_str()).to_owned();
    let flows = trend.classes.values().flatten();
    let flows = flows.map(|Flow { from, to, customers }| {
        format!("{} > {}: {customers}\n", name(from), name(to))
    });
    let sizes = trend
        .segments
        .iter()
        .map(|(id, size)| format!("{id} {} +{} -{}\n", size.customers, size.entered, size.left));
    flows.chain(sizes).collect()
}

#[test]
fn who_moves_within_a_class_is_told_from_where_to_where() {
    let definitions = definitions(SHOP);
    let profiles = shop(&definitions);
    let (mut profiles, definitions, first) = ranked(profiles, definitions, 0);
    expect![[r"
        - > value.very-good: 3
        - > value.good: 2
        - > value.other: 5
        big 2 +2 -0
        not-big 9 +9 -0
        value.good 2 +2 -0
        value.other 5 +5 -0
        value.very-good 3 +3 -0
    "]]
    .assert_eq(&told(&first));
    // Between two censuses somebody rises, and somebody new comes. Both are counted at the next, and
    // the next after that counts neither again.
    let event = bought("02", "big", 1_000.0, "2026-03-01T08:00:00Z");
    profiles[1] =
        step(profiles[1].clone(), Input::Event(&event), &definitions, event.received).profile;
    let event = bought("new", "first", 5.0, "2026-03-01T09:00:00Z");
    let new = Profile::new(CustomerId::known("new"), &definitions, event.received);
    profiles.push(step(new, Input::Event(&event), &definitions, event.received).profile);
    let (profiles, definitions, second) = ranked(profiles, definitions, 1);
    expect![[r"
        - > value.other: 1
        value.very-good > value.very-good: 3
        value.good > value.good: 1
        value.good > value.other: 1
        value.other > value.very-good: 1
        value.other > value.other: 4
        big 2 +1 -1
        not-big 10 +2 -1
        value.good 1 +0 -1
        value.other 6 +2 -1
        value.very-good 4 +1 -0
    "]]
    .assert_eq(&told(&second));
    let (_, _, third) = ranked(profiles, definitions, 2);
    expect![[r"
        value.very-good > value.very-good: 4
        value.good > value.good: 1
        value.other > value.other: 6
        big 2 +0 -0
        not-big 10 +0 -0
        value.good 1 +0 -0
        value.other 6 +0 -0
        value.very-good 4 +0 -0
    "]]
    .assert_eq(&told(&third));
}

#[test]
fn a_rule_about_a_class_is_explained_by_the_cuts() {
    let best = "segments:\n  - { id: best, when: { class: value, is: very-good } }";
    let definitions = definitions(&SHOP.replacen("segments:", best, 1));
    let profiles = shop(&definitions);
    let census = count(&profiles, &definitions).finish(1, at(DAY), &definitions);
    let definitions = definitions.with_census(census);
    let (profile, _) = adopt(profiles.into_iter().nth(6).unwrap(), &definitions);
    let rule = &definitions.segment("best").unwrap().rule;
    let explained = definitions.explain(rule, &profile.core, at(DAY));
    let cell = &definitions.segment("value.very-good").unwrap().rule;
    assert_eq!(explained.value, definitions.explain(cell, &profile.core, at(DAY)).value);
    let told = explained.value.unwrap();
    assert!(
        explained.holds && told.contains("cut above") && told.contains("by the census of"),
        "{told}"
    );
}
