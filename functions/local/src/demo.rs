//! The story: a real shop's orders through the real functions, at simulated time.

mod model;
mod orders;
mod play;
mod report;
mod show;

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use attune_aws::clock::Clock;
use attune_aws::keys::{Keys, Scope};
use attune_aws::store::Observer;
use attune_domain::id::MessageId;
use attune_domain::link::{LinkKeys, Links};
use attune_domain::time::{Span, Timestamp};
use attune_embedded::Outbox;

use crate::cli;
use crate::suite::Suite;
use crate::{Failure, folder};
use model::Model;
use orders::Order;
use play::Stage;
use report::{Played, Report};

/// The key that the demo sends its events with.
const KEY: &str = "demo";

/// Plays the story, shows it, and writes the report.
pub async fn run(asked: &cli::Demo) -> Result<(), Failure> {
    let report = tell(asked).await?;
    show::print(&report);
    if let Some(path) = &asked.report {
        let json = serde_json::to_string_pretty(&report).unwrap_or_default();
        std::fs::write(path, json + "\n").map_err(|why| Failure::file(path, why))?;
        say!("The same as JSON: {}", path.display());
    }
    Ok(())
}

/// Plays the story.
async fn tell(asked: &cli::Demo) -> Result<Report, Failure> {
    let begun = Instant::now();
    let (shop, mut orders, left_out) = read_orders(asked)?;
    if let Some(as_of) = asked.as_of {
        orders.retain(|order| order.at <= as_of);
    }
    let (Some(first), Some(last)) = (orders.first(), orders.last()) else {
        return Err(Failure::Input("there are no orders before that time".to_owned()));
    };
    // A day that is only a day ends at midnight.
    let last = if last.day_only { last.at + Span::days(1) } else { last.at };
    let until = asked.as_of.unwrap_or(last);
    let begin = first.at - Span::days(1);
    crate::replay::refuse_far(begin, until, play::TICK)?;
    let model = Model::new(asked.seed);
    let (planned, made_up) = model.play(&orders);

    let planned_ids = Arc::new(Mutex::new(BTreeSet::<MessageId>::new()));
    let (clock, hand) = Clock::simulated(begin);
    let keys = Keys::default().with(Scope::Server, KEY);
    let mut suite = Suite::open(None, clock, keys, Some(noting(&planned_ids))).await?;
    suite.links = links();
    if let Some(folder) = &asked.outbox {
        suite.write_to(Outbox::open(folder).map_err(|why| Failure::file(folder, why))?);
    }
    publish(&suite, asked).await?;
    let figures = Stage { suite: &suite, hand: &hand }.play(&planned, until).await?;
    while !suite.census().await? {
        hand.set(suite.clock.now() + suite.store.settings().settle);
    }
    let ids: Vec<MessageId> =
        planned_ids.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect();
    let played = Played { shop, from: begin, until, orders: &orders, left_out, model, made_up };
    Report::of(&suite, &played, &figures, &ids, begun).await
}

/// Links as messages have them, though in the demo nobody answers there.
fn links() -> Option<Links> {
    let keys = LinkKeys::parse(&format!("demo:{}", "de".repeat(64))).ok()?;
    Links::new("https://links.shop.example.com", keys).ok()
}

fn read_orders(asked: &cli::Demo) -> Result<(String, Vec<Order>, usize), Failure> {
    match &asked.orders {
        None => Ok(("CDNOW".to_owned(), orders::cdnow()?, 0)),
        Some(path) => {
            let (orders, left_out) = orders::csv(path)?;
            Ok((path.display().to_string(), orders, left_out))
        }
    }
}

/// Notes every message that is planned, so that its outcome can be told in the end.
fn noting(ids: &Arc<Mutex<BTreeSet<MessageId>>>) -> Observer {
    let ids = Arc::clone(ids);
    Observer::new(move |_, messages| {
        let mut ids = ids.lock().unwrap_or_else(PoisonError::into_inner);
        ids.extend(messages.iter().map(|message| message.id.clone()));
    })
}

async fn publish(suite: &Suite, asked: &cli::Demo) -> Result<(), Failure> {
    let source = folder::read_or_starter(asked.definitions.as_deref())?;
    crate::push::publish(suite, &source).await
}

/// An instant for people: `1998-06-30 08:00`.
fn day_and_time(at: Timestamp) -> String {
    at.to_string().replace('T', " ").chars().take(16).collect()
}
