//! `attune replay`: time travel. Events are played at simulated time through the same functions,
//! and every membership and message is written down.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{BufRead as _, BufReader, BufWriter, Write as _};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use attune_aws::clock::{Clock, ClockHand};
use attune_aws::keys::{Keys, Scope};
use attune_aws::store::{Observer, Source, StoredMessage};
use attune_domain::channel::Channel;
use attune_domain::definitions::Lineage;
use attune_domain::id::MessageId;
use attune_domain::step::MembershipChange;
use attune_domain::time::{Span, Timestamp};
use attune_domain::value;
use axum::body::{Body, to_bytes};
use axum::http::Request;
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::{Value, json};
use tower::ServiceExt as _;

use crate::suite::Suite;
use crate::{Failure, cli, folder, push};

/// The key that a replay sends its events with.
const KEY: &str = "replay";
/// Events of one instant that are sent together.
const TOGETHER: usize = 500;

/// What happened, as it happened.
#[derive(Debug, Default)]
struct Record {
    changes: Vec<MembershipChange>,
    messages: BTreeSet<MessageId>,
}

/// An event and when it came.
struct Line {
    at: Timestamp,
    event: Value,
}

/// Plays events and writes what came of them.
pub(crate) async fn run(asked: &cli::Replay) -> Result<(), Failure> {
    let source = folder::read(&asked.definitions)?;
    let lines = read(&asked.events)?;
    let (Some(first), Some(last)) = (lines.first(), lines.last()) else {
        return Err(Failure::file(&asked.events, "there are no events in it"));
    };
    let until = asked.until.unwrap_or(last.at);
    let tick = match asked.tick {
        Some(tick) if tick.millis() == 0 => {
            return Err(Failure::Input("a tick must be longer than nothing".to_owned()));
        }
        Some(tick) => tick,
        None => usual_tick(&source, until.since(first.at))?,
    };
    refuse_far(first.at, until, tick)?;
    let record = Arc::new(Mutex::new(Record::default()));
    let (clock, hand) = Clock::simulated(first.at);
    let keys = Keys::default().with(Scope::Server, KEY);
    let suite = Suite::open(None, clock, keys, Some(observer(&record))).await?;
    push::publish(&suite, &source).await?;
    play(&suite, &hand, &lines, tick, until).await?;
    write(&suite, &record, asked, until).await
}

/// The shortest tick that nobody asked for, and the longest.
const USUAL: (Span, Span) = (Span::minutes(1), Span::hours(1));

/// How often to tick in so much time, so that no message is too late because of the ticks.
fn usual_tick(source: &Source, time: Span) -> Result<Span, Failure> {
    let definitions =
        source.read(&Lineage::default()).map_err(|mistakes| push::told(&mistakes, source))?;
    // Half of it, as what comes at the very instant of a tick waits for the next.
    let halves = definitions.programs.iter().map(|program| program.max_lateness.millis() / 2);
    let shortest = halves.min().map(Span::from_millis);
    // Not as often as that would be refused, save where a date must be wrong.
    let least = Span::from_millis(time.millis() / MOST_TICKS + 1);
    Ok(shortest.unwrap_or(USUAL.1).max(least).clamp(USUAL.0, USUAL.1))
}

/// Ticks of one replay or demo: a hundred years by the hour would not end today, and one wrong date
/// is enough for that.
const MOST_TICKS: i64 = 250_000;

/// Refuses to play a time that is too long.
pub(crate) fn refuse_far(from: Timestamp, until: Timestamp, tick: Span) -> Result<(), Failure> {
    let ticks = until.since(from).millis() / tick.millis().max(1);
    if ticks <= MOST_TICKS {
        return Ok(());
    }
    Err(Failure::Input(format!(
        "from {from} to {until} would be {ticks} runs of the schedules, and at most {MOST_TICKS} are \
         played; look for a wrong date, or play fewer"
    )))
}

/// Reads events, each with the time it came: `receivedAt`, else `timestamp`; sorted by it, those of
/// one instant as they stand in the file.
fn read(path: &Path) -> Result<Vec<Line>, Failure> {
    let file = File::open(path).map_err(|why| Failure::file(path, why))?;
    let mut lines = Vec::new();
    for (number, text) in BufReader::new(file).lines().enumerate() {
        let text = text.map_err(|why| Failure::file(path, why))?;
        if text.trim().is_empty() {
            continue;
        }
        let wrong = |why: String| Failure::file(path, format!("line {}: {why}", number + 1));
        let event: Value = serde_json::from_str(&text).map_err(|why| wrong(why.to_string()))?;
        let at =
            ["receivedAt", "timestamp"].iter().find_map(|name| value::instant_of(&event[*name]));
        let at =
            at.ok_or_else(|| wrong("neither `receivedAt` nor `timestamp` is a time".to_owned()))?;
        lines.push(Line { at, event });
    }
    lines.sort_by_key(|line| line.at);
    Ok(lines)
}

fn observer(record: &Arc<Mutex<Record>>) -> Observer {
    let record = Arc::clone(record);
    Observer::new(move |changes, messages| {
        let mut record = locked(&record);
        record.changes.extend_from_slice(changes);
        record.messages.extend(messages.iter().map(|message| message.id.clone()));
    })
}

fn locked(record: &Mutex<Record>) -> MutexGuard<'_, Record> {
    record.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Sends each event when it came, and ticks in between.
async fn play(
    suite: &Suite,
    hand: &ClockHand,
    lines: &[Line],
    every: Span,
    until: Timestamp,
) -> Result<(), Failure> {
    let router = attune_ingest::router(suite.ingest());
    let lines: Vec<&Line> = lines.iter().filter(|line| line.at <= until).collect();
    let mut tick = hand.now() + every;
    let bar = bar(lines.len());
    for together in lines.chunk_by(|one, next| one.at == next.at) {
        let Some(at) = together.first().map(|line| line.at) else { continue };
        while tick <= at {
            tick_at(suite, hand, tick).await?;
            tick = tick + every;
        }
        hand.set(at);
        for some in together.chunks(TOGETHER) {
            let batch: Vec<&Value> = some.iter().map(|line| &line.event).collect();
            send(&router, &json!({ "batch": batch, "writeKey": KEY })).await?;
            bar.inc(some.len() as u64);
        }
    }
    while tick < until {
        tick_at(suite, hand, tick).await?;
        tick = tick + every;
    }
    tick_at(suite, hand, until).await?;
    bar.finish_and_clear();
    Ok(())
}

async fn tick_at(suite: &Suite, hand: &ClockHand, at: Timestamp) -> Result<(), Failure> {
    hand.set(at);
    suite.tick().await?;
    Ok(())
}

async fn send(router: &axum::Router, body: &Value) -> Result<(), Failure> {
    let request = Request::post("/v1/batch").body(Body::from(body.to_string()));
    let request = request.map_err(|why| Failure::Api(why.to_string()))?;
    let response = match router.clone().oneshot(request).await {
        Ok(response) => response,
        Err(never) => match never {},
    };
    let status = response.status();
    if status.is_success() {
        return Ok(());
    }
    let body = to_bytes(response.into_body(), 1 << 16).await.unwrap_or_default();
    Err(Failure::Api(format!("{status}: {}", String::from_utf8_lossy(&body))))
}

/// Writes what was asked for, and tells what was found.
async fn write(
    suite: &Suite,
    record: &Mutex<Record>,
    asked: &cli::Replay,
    until: Timestamp,
) -> Result<(), Failure> {
    let Record { mut changes, messages } = std::mem::take(&mut *locked(record));
    let from = asked.from.unwrap_or(Timestamp::EPOCH);
    changes.retain(|change| (from..=until).contains(&change.membership.since));
    changes.sort_by(|one, other| order(one).cmp(&order(other)));
    // A write whose answer was lost is told again when it is found to have come through.
    changes.dedup();
    if let Some(path) = &asked.memberships {
        write_lines(path, changes.iter().map(membership))?;
    }
    let messages: Vec<MessageId> = messages.into_iter().collect();
    let mut messages = suite.store.messages(&messages).await?;
    messages.retain(|stored| stored.message.at >= from);
    messages.sort_by(|one, other| {
        let place = |stored: &StoredMessage| {
            let message = &stored.message;
            let (customer, segment) = (message.customer.clone(), message.segment.clone());
            (message.due, customer, segment, message.id.clone())
        };
        place(one).cmp(&place(other))
    });
    if let Some(path) = &asked.messages {
        write_lines(path, messages.iter().map(message))?;
    }
    let problems = suite.store.problems(None, 1_000).await?;
    say!("{} changes of membership, {} messages", changes.len(), messages.len());
    let mut kinds: BTreeMap<&str, u64> = BTreeMap::new();
    for problem in &problems {
        *kinds.entry(&problem.problem).or_default() += problem.count;
    }
    for (problem, count) in kinds {
        say!("{count} events: {problem}");
    }
    Ok(())
}

fn order(change: &MembershipChange) -> (Timestamp, &str, &str, u32, bool) {
    let MembershipChange { customer, segment, membership, .. } = change;
    // At one instant somebody leaves an entry before they enter the next.
    let entered = membership.inside;
    (membership.since, customer.as_str(), segment.as_str(), membership.ordinal, !entered)
}

fn membership(change: &MembershipChange) -> Value {
    json!({
        "at": change.membership.since.to_string(),
        "customer": change.customer.as_str(),
        "segment": change.segment.as_str(),
        "change": if change.membership.inside { "enter" } else { "leave" },
        "entry": change.membership.ordinal,
        "cause": change.cause.as_str(),
    })
}

fn message(stored: &StoredMessage) -> Value {
    let message = &stored.message;
    json!({
        "due": message.due.to_string(),
        "id": message.id.as_str(),
        "customer": message.customer.as_str(),
        "program": message.program.as_str(),
        "segment": message.segment.as_str(),
        "entry": message.entry,
        "cause": message.cause.as_str(),
        "state": stored.state,
        "reason": stored.reason,
        "channel": stored.channel.map(Channel::as_str),
        "because": stored.because,
        "decision": stored.decision(),
        "changed": stored.changed.to_string(),
    })
}

fn write_lines(path: &Path, lines: impl Iterator<Item = Value>) -> Result<(), Failure> {
    let write = || -> std::io::Result<()> {
        let mut file = BufWriter::new(File::create(path)?);
        for line in lines {
            writeln!(file, "{line}")?;
        }
        file.flush()
    };
    write().map_err(|why| Failure::file(path, why))
}

fn bar(length: usize) -> ProgressBar {
    let style = ProgressStyle::with_template("replaying [{bar:40}] {pos}/{len} events, {elapsed}");
    ProgressBar::new(length as u64)
        .with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}
