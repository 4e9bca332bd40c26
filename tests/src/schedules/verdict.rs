//! What must hold when all is quiet, whatever went wrong before.

mod messages;

use std::collections::BTreeSet;

use attune_aws::store::{Consistency, Stored};
use attune_domain::channel::Channel;
use attune_domain::event::MESSAGE_SENT;
use attune_domain::id::{CustomerId, EventId};
use attune_domain::plan::Memory;
use attune_domain::step::{Input, step};
use serde_json::Value;

use super::stage::Stage;
use super::{Act, Flow, Played, Reference, Schedule};

/// What is known of a customer, without what depends on when exactly it was processed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Portrait(Vec<String>);

impl Portrait {
    /// Of a profile as loaded.
    pub fn of(stored: &Stored) -> Self {
        let core = &stored.profile.core;
        let places = core.memberships.iter().map(|(key, at)| (key, at.inside, at.ordinal));
        Self(vec![
            format!("orders {:?}", core.orders),
            format!("features {:?}", features(stored)),
            format!("memberships {:?}", places.collect::<Vec<_>>()),
            format!("started {:?}", core.started.keys().collect::<Vec<_>>()),
            format!("definitions {:?} {:?}", core.made_for, core.judged_by),
            format!("card {:?}", stored.profile.card),
            format!("cart {:?}", stored.profile.cart),
        ])
    }
}

/// What is remembered; of messages sent only how many, as when depends on who came first.
fn features(stored: &Stored) -> Vec<String> {
    let slots = stored.definitions.plan.slots().iter();
    let told = slots.zip(&stored.profile.core.features).map(|(slot, feature)| {
        let feature = format!("{feature:?}");
        match &slot.memory {
            Memory::Latest { pattern, .. } if pattern.event.as_deref() == Some(MESSAGE_SENT) => {
                format!("{} sent", feature.matches("Timestamp").count())
            }
            _ => feature,
        }
    });
    told.collect()
}

/// Everything that is wrong.
pub async fn of(
    flow: &Flow,
    schedule: &Schedule,
    played: &Played,
    reference: &Reference,
) -> Vec<String> {
    let (stage, mut wrong) = (&played.stage, Vec::new());
    wrong.extend(events(flow, stage));
    wrong.extend(customers(flow, stage, reference).await);
    wrong.extend(memberships(flow, stage).await);
    wrong.extend(agenda(stage).await);
    wrong.extend(addresses(stage).await);
    wrong.extend(messages::of(flow, schedule, stage, &played.calls));
    wrong.extend(left_over(stage).await);
    let told = told(stage);
    if told != reference.told {
        wrong.push(format!(
            "of feedback and the census is left\n  {told:?}\n  instead of\n  {:?}",
            reference.told
        ));
    }
    wrong
}

/// Every acknowledged event has one history row, and no tombstone in its place. So has the event
/// that stands for handing a message to a sender.
fn events(flow: &Flow, stage: &Stage) -> Vec<String> {
    let rows = stage.world.items("events");
    let check = |message: &String| {
        let end = format!("#{}", EventId::sent(message));
        let of_it = |row: &&Value| row["at"]["S"].as_str().is_some_and(|at| at.ends_with(&end));
        let found: Vec<&Value> = rows.iter().filter(of_it).collect();
        match found.as_slice() {
            [row] if row["tombstone"].is_null() => None,
            [_] => Some(format!("`{message}` has only a tombstone")),
            rows => Some(format!("`{message}` has {} rows", rows.len())),
        }
    };
    let posted = posted(flow).filter_map(|event| event["messageId"].as_str().map(str::to_owned));
    let messages = stage.world.items("messages");
    let claimed = messages.iter().filter(|message| !message["attempts"].is_null());
    let claimed =
        claimed.filter_map(|message| Some(format!("sent {}", message["id"]["S"].as_str()?)));
    let heard = messages.iter().flat_map(|message| {
        let words = message["heard"]["SS"].as_array().into_iter().flatten();
        let words = words.filter_map(Value::as_str).filter(|word| *word != "delayed");
        words.map(|word| format!("{word} {}", message["id"]["S"].as_str().unwrap_or_default()))
    });
    let claimed = claimed.chain(heard);
    posted.chain(claimed).collect::<BTreeSet<_>>().iter().filter_map(check).collect()
}

/// What feedback left on addresses and messages, and what a census found.
pub fn told(stage: &Stage) -> Vec<String> {
    let texts = |value: &Value| {
        let set = value["SS"].as_array().into_iter().flatten().filter_map(Value::as_str);
        set.map(str::to_owned).collect::<BTreeSet<_>>()
    };
    let addresses = stage.world.items("addresses").into_iter().map(|row| {
        let why = [&row["suppressed"], &row["suppressed_at"], &row["said"]];
        format!("{} {why:?} {:?}", row["address"], texts(&row["soft_bounces"]))
    });
    let messages = stage.world.items("messages").into_iter();
    let messages = messages.map(|row| format!("{} {:?}", row["id"], texts(&row["heard"])));
    let found = stage.world.items("workspace").into_iter();
    let kinds = ["affinities", "census", "trend"];
    let found = found.filter(|row| kinds.iter().any(|kind| row["kind"]["S"] == *kind));
    let found = found.map(|row| row.to_string());
    let mut told: Vec<String> = addresses.chain(messages).chain(found).collect();
    told.sort();
    told
}

/// Of a customer who became part of another nothing is left but the pointer, and each merge has its
/// row.
async fn left_over(stage: &Stage) -> Vec<String> {
    let items = stage.world.items("profiles");
    let pointers: BTreeSet<&str> = items
        .iter()
        .filter(|item| !item["to"].is_null())
        .filter_map(|item| item["customer"]["S"].as_str())
        .collect();
    let parts = items.iter().filter(|item| item["part"]["S"] != "core");
    let left = parts.filter(|item| {
        item["customer"]["S"].as_str().is_some_and(|customer| pointers.contains(customer))
    });
    let mut wrong: Vec<String> = left.map(|item| format!("left over: {item}")).collect();
    let events = stage.world.items("events");
    let told: BTreeSet<&str> = events.iter().filter_map(|row| row["from"]["S"].as_str()).collect();
    let (store, now) = (&stage.world.store, stage.world.now());
    for id in stage.customers() {
        let stored = store.load(&id, Consistency::Strong, now).await.expect("a profile");
        let merged = stored.profile.card.ids.iter().filter(|known| known.merged);
        let untold = merged.filter(|known| !told.contains(known.id.as_str()));
        wrong.extend(untold.map(|known| format!("no row tells that {} was merged", known.id)));
    }
    let rows = stage.world.items("addresses");
    let listed = rows.iter().filter_map(|row| row["customers"]["SS"].as_array());
    let gone = listed.flatten().filter_map(Value::as_str).filter(|id| pointers.contains(id));
    wrong.extend(gone.map(|id| format!("{id} is merged, and still found by an address")));
    wrong
}

fn posted(flow: &Flow) -> impl Iterator<Item = &Value> {
    flow.before.iter().chain(&flow.acts).flat_map(|act| match act {
        Act::Post(events) | Act::PostAndForget(events) => events.as_slice(),
        _ => &[],
    })
}

/// Every event had its effect exactly once: orders are as many as they should be, and the profiles
/// are what they are when nothing goes wrong.
async fn customers(flow: &Flow, stage: &Stage, reference: &Reference) -> Vec<String> {
    let mut wrong = Vec::new();
    let (store, now) = (&stage.world.store, stage.world.now());
    for (customer, expected) in &flow.orders {
        let id = CustomerId::known(customer);
        let stored = store.load(&id, Consistency::Strong, now).await.expect("a profile");
        let orders = stored.profile.core.orders.counted().count();
        if orders != *expected {
            wrong.push(format!("{id} has {orders} orders, not {expected}"));
        }
    }
    let portraits = stage.portraits().await;
    for id in portraits.keys().chain(reference.portraits.keys()).collect::<BTreeSet<_>>() {
        match (portraits.get(id), reference.portraits.get(id)) {
            (Some(Portrait(got)), Some(Portrait(expected))) => {
                let pairs = got.iter().zip(expected).filter(|(got, expected)| got != expected);
                wrong.extend(pairs.map(|(got, expected)| {
                    format!("{id} is\n  {got}\n  instead of\n  {expected}")
                }));
            }
            (got, _) => {
                wrong.push(format!("{id} is {}", if got.is_some() { "new" } else { "gone" }));
            }
        }
    }
    wrong
}

/// The rows of members are those of the profiles, and those that are expected.
async fn memberships(flow: &Flow, stage: &Stage) -> Vec<String> {
    let (store, now) = (&stage.world.store, stage.world.now());
    let mut of_profiles = BTreeSet::new();
    for id in stage.customers() {
        let stored = store.load(&id, Consistency::Strong, now).await.expect("a profile");
        for (key, place) in stored.profile.core.memberships.iter().filter(|(_, at)| at.inside) {
            let segment = stored.definitions.segment_id(*key).expect("a segment");
            let since = place.since.millis().to_string();
            of_profiles.insert((segment.to_string(), id.to_string(), place.ordinal, since));
        }
    }
    let rows = stage.world.items("memberships");
    let inside = rows.iter().filter(|row| row["gone"].is_null());
    let of_rows: BTreeSet<_> = inside.filter_map(member).collect();
    let expected: BTreeSet<_> = flow.members.iter().copied().collect();
    let who: BTreeSet<_> = of_profiles
        .iter()
        .filter_map(|(segment, id, ..)| Some((segment.as_str(), id.strip_prefix("u#")?)))
        .collect();
    let mut wrong = Vec::new();
    if of_rows != of_profiles {
        wrong.push(format!("membership rows are {of_rows:?}, profiles say {of_profiles:?}"));
    }
    if who != expected {
        wrong.push(format!("members are {who:?}, not {expected:?}"));
    }
    wrong
}

fn member(row: &Value) -> Option<(String, String, u32, String)> {
    let (segment, _) = row["segment"]["S"].as_str()?.rsplit_once('#')?;
    let customer = row["customer"]["S"].as_str()?.to_owned();
    let ordinal = row["ordinal"]["N"].as_str()?.parse().ok()?;
    Some((segment.to_owned(), customer, ordinal, row["since"]["N"].as_str()?.to_owned()))
}

/// Whoever time alone will change has a row that wakes them in time; nobody is overdue.
async fn agenda(stage: &Stage) -> Vec<String> {
    let (store, now) = (&stage.world.store, stage.world.now());
    let rows = stage.world.items("agenda");
    let mut wrong = Vec::new();
    for id in stage.customers() {
        let stored = store.load(&id, Consistency::Strong, now).await.expect("a profile");
        let stepped = step(stored.profile.clone(), Input::Tick, &stored.definitions, now);
        if !stepped.changes.is_empty() {
            wrong.push(format!("{id} was not woken: {:?}", stepped.changes));
        }
        let wake_at = stepped.profile.core.wake_at;
        let wakes = |row: &&Value| {
            let key = row["due"]["S"].as_str().and_then(|due| due.split_once('#'));
            key.is_some_and(|(due, customer)| {
                let due: i64 = due.parse().expect("an instant");
                customer == id.as_str() && now.millis() < due && due <= wake_at.millis()
            })
        };
        if !wake_at.is_never() && rows.iter().filter(wakes).count() == 0 {
            wrong.push(format!("nothing will wake {id} by {wake_at}"));
        }
    }
    wrong
}

/// A customer is found by the addresses of their card.
async fn addresses(stage: &Stage) -> Vec<String> {
    let (store, now) = (&stage.world.store, stage.world.now());
    let mut wrong = Vec::new();
    for id in stage.customers() {
        let stored = store.load(&id, Consistency::Strong, now).await.expect("a profile");
        let card = &stored.profile.card;
        let own: Vec<_> = Channel::ALL.into_iter().filter_map(|c| card.address(c)).collect();
        let rows = store.addresses(&own).await.expect("addresses");
        let lost = rows.iter().filter(|row| !row.customers.contains(&id)).count();
        if lost > 0 {
            wrong.push(format!("{id} is not found by {lost} of {} addresses", own.len()));
        }
    }
    wrong
}
