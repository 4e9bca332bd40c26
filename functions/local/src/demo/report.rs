//! The figures of a demo, as they are shown and as they are written.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

use attune_aws::meter::Units;
use attune_aws::store::StoredMessage;
use attune_domain::census::quality::Quality;
use attune_domain::id::MessageId;
use attune_domain::number::{Number, ratio};
use attune_domain::time::{Span, Timestamp};
use attune_embedded::capture::sent::{Kind, Sent};
use serde::Serialize;

use super::model::{MadeUp, Model};
use super::orders::Order;
use super::play::Figures;
use crate::Failure;
use crate::suite::Suite;

/// What was played.
pub(super) struct Played<'a> {
    pub(super) shop: String,
    pub(super) from: Timestamp,
    pub(super) until: Timestamp,
    pub(super) orders: &'a [Order],
    pub(super) left_out: usize,
    pub(super) model: Model,
    pub(super) made_up: MadeUp,
}

/// The figures of a demo.
#[derive(Debug, Serialize)]
pub(super) struct Report {
    pub(super) shop: String,
    pub(super) from: String,
    pub(super) until: String,
    pub(super) orders: usize,
    pub(super) orders_left_out: usize,
    pub(super) revenue: String,
    pub(super) customers: usize,
    pub(super) made_up: MadeUp,
    pub(super) made_up_by: Model,
    pub(super) segments: Vec<Segment>,
    /// What the census found wrong with them, in sentences.
    pub(super) findings: Vec<String>,
    pub(super) known: Vec<Known>,
    pub(super) messages: Vec<Messages>,
    pub(super) problems: u64,
    pub(super) capacity: Capacity,
    pub(super) wake_ups: WakeUps,
    pub(super) seconds: f64,
    /// A reminder as it went out.
    pub(super) example: Option<Sent>,
}

/// A segment at the end.
#[derive(Debug, Serialize)]
pub(super) struct Segment {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) sentence: String,
    pub(super) size: u64,
}

/// A trait, an address or a consent, and of how many customers it is known.
#[derive(Debug, Serialize)]
pub(super) struct Known {
    pub(super) what: String,
    pub(super) customers: u64,
    pub(super) of: u64,
    /// Of whom it is not known and needed, and who can be asked.
    pub(super) askable: u64,
}

/// Messages of one program on one channel with one outcome.
#[derive(Debug, Serialize)]
pub(super) struct Messages {
    pub(super) program: String,
    pub(super) channel: Option<String>,
    pub(super) outcome: String,
    pub(super) reason: Option<String>,
    pub(super) count: u64,
}

/// Request units of DynamoDB.
#[derive(Debug, Serialize)]
pub(super) struct Capacity {
    pub(super) events: u64,
    pub(super) tables: Vec<Used>,
    pub(super) per_event: Used,
    pub(super) ingest_per_event: Used,
    pub(super) recompute_per_event: Used,
    pub(super) dispatch_per_message: Used,
    pub(super) dollars_per_million_events: f64,
}

/// Request units of one table, or of one thing.
#[derive(Debug, Serialize)]
pub(super) struct Used {
    pub(super) of: String,
    pub(super) writes: f64,
    pub(super) reads: f64,
}

/// How often time alone made us look.
#[derive(Debug, Serialize)]
pub(super) struct WakeUps {
    pub(super) count: u64,
    pub(super) ticks: u64,
    pub(super) percent_of_customers_per_hour: f64,
}

impl Report {
    pub(super) async fn of(
        suite: &Suite,
        played: &Played<'_>,
        figures: &Figures,
        messages: &[MessageId],
        begun: Instant,
    ) -> Result<Self, Failure> {
        let customers: BTreeSet<&str> =
            played.orders.iter().map(|order| order.customer.as_str()).collect();
        let revenue =
            played.orders.iter().map(|order| order.amount).fold(Number::ZERO, Number::plus);
        let capacity = Capacity::of(suite, figures, messages.len());
        let problems = suite.store.problems(None, 1_000).await?;
        let (findings, known) = census(suite).await?;
        let example = suite.capture.sent().into_iter().rev().find(is_reminder);
        Ok(Self {
            shop: played.shop.clone(),
            from: played.from.to_string(),
            until: played.until.to_string(),
            orders: played.orders.len(),
            orders_left_out: played.left_out,
            revenue: revenue.to_string(),
            customers: customers.len(),
            made_up: played.made_up,
            made_up_by: played.model.clone(),
            segments: segments(suite, played.until).await?,
            findings,
            known,
            messages: outcomes(suite, messages).await?,
            problems: problems.iter().map(|problem| problem.count).sum(),
            capacity,
            wake_ups: WakeUps {
                count: figures.wake_ups,
                ticks: figures.ticks,
                percent_of_customers_per_hour: 100.0
                    * ratio(figures.wake_ups, figures.customer_hours),
            },
            seconds: begun.elapsed().as_secs_f64(),
            example,
        })
    }
}

/// The mail that speaks of a cart, as it is the most personal one.
fn is_reminder(sent: &Sent) -> bool {
    matches!(&sent.kind, Kind::Email(mail) if mail.tags.get("program").is_some_and(|p| p.contains("cart")))
}

/// What the census found, and what is known of whom.
async fn census(suite: &Suite) -> Result<(Vec<String>, Vec<Known>), Failure> {
    let Some(counted) = suite.store.last_census().await? else { return Ok(Default::default()) };
    let quality = Quality::of(&counted.summary, &counted.definitions);
    let known = counted.summary.known.iter().map(|(fact, known)| Known {
        what: fact.to_string(),
        customers: known.have.customers,
        of: counted.summary.customers,
        askable: known.askable.customers,
    });
    Ok((quality.findings.iter().map(ToString::to_string).collect(), known.collect()))
}

async fn segments(suite: &Suite, now: Timestamp) -> Result<Vec<Segment>, Failure> {
    let definitions = suite.store.definitions(now).await?;
    let mut segments = Vec::new();
    for segment in &definitions.segments {
        let size = suite.store.size(segment.id.as_str(), Span::default(), now).await?;
        segments.push(Segment {
            id: segment.id.to_string(),
            name: segment.name.clone(),
            sentence: segment.rule.describe(),
            size: size.count,
        });
    }
    Ok(segments)
}

async fn outcomes(suite: &Suite, ids: &[MessageId]) -> Result<Vec<Messages>, Failure> {
    let mut counts: BTreeMap<(String, Option<String>, String, Option<String>), u64> =
        BTreeMap::new();
    for message in suite.store.messages(ids).await? {
        let StoredMessage { message, state, reason, channel, .. } = message;
        let channel = channel.map(|channel| channel.to_string());
        *counts.entry((message.program.to_string(), channel, state, reason)).or_default() += 1;
    }
    let view = |((program, channel, outcome, reason), count)| Messages {
        program,
        channel,
        outcome,
        reason,
        count,
    };
    Ok(counts.into_iter().map(view).collect())
}

impl Capacity {
    fn of(suite: &Suite, figures: &Figures, messages: usize) -> Self {
        let meter = suite.store.meter();
        let table = |(table, units): (String, Units)| {
            let of = table.strip_prefix(&suite.store.settings().prefix).unwrap_or(&table);
            Used { of: of.to_owned(), writes: units.writes, reads: units.reads }
        };
        let per = |of: &str, units: Units, count: u64| Used {
            of: of.to_owned(),
            writes: units.writes * ratio(1, count),
            reads: units.reads * ratio(1, count),
        };
        let Figures { events, ingest, recompute, dispatch, .. } = *figures;
        let used = [ingest, recompute, dispatch].into_iter().sum::<Units>();
        Self {
            events,
            tables: meter.by_table().into_iter().map(table).collect(),
            per_event: per("event, all in all", used, events),
            ingest_per_event: per("event, ingest", ingest, events),
            recompute_per_event: per("event, recompute", recompute, events),
            dispatch_per_message: per("message, dispatch", dispatch, messages as u64),
            dollars_per_million_events: used.dollars() * 1e6 * ratio(1, events),
        }
    }
}
