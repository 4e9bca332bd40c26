//! Keeps the events of a request: one commit for each customer, and a record of every problem.

use std::collections::{BTreeMap, HashMap};

use attune_aws::store::{ProblemReport, Store, StoreError};
use attune_domain::event::segment::{Arrival, read};
use attune_domain::event::{Act, Event, Writer};
use attune_domain::id::CustomerId;
use attune_domain::problem::{Flaw, Problem};
use attune_domain::time::Timestamp;
use futures_util::stream::{StreamExt as _, iter};
use serde_json::Value;

use crate::Deps;
use crate::wire::Calls;

/// Customers whose events are kept at the same time. A call of the store takes some milliseconds,
/// and a function has one processor.
const AT_ONCE: usize = 16;

/// Keeps every event, or records why it cannot be.
pub(crate) async fn keep(deps: &Deps, calls: &Calls<'_>, writer: Writer) -> Result<(), StoreError> {
    let now = deps.clock.now();
    let arrival = Arrival { received: now, sent_at: calls.sent_at, writer };
    let mut sorted = Sorted::default();
    for (at, raw) in calls.events.iter().enumerate() {
        sorted.take(at, calls.parse(raw), &arrival);
    }
    let Sorted { mut customers, mut problems, .. } = sorted;
    customers.iter_mut().for_each(Theirs::put_in_order);
    let kept = iter(customers.into_iter().map(|theirs| keep_one(&deps.store, theirs, now)))
        .buffer_unordered(AT_ONCE)
        .collect::<Vec<_>>()
        .await;
    for told in kept {
        problems.extend(told?);
    }
    record(&deps.store, calls, problems, now).await
}

/// A problem with the event at a place of the request.
struct Told {
    at: usize,
    problem: Problem,
    /// Whether the event could not be used.
    lost: bool,
}

/// One customer's events, with their places in the request.
struct Theirs {
    filed: CustomerId,
    events: Vec<Event>,
    places: Vec<usize>,
}

impl Theirs {
    /// Puts them in the order of time, and who somebody is before what they did at the same instant.
    fn put_in_order(&mut self) {
        let rank = |event: &Event| (event.occurred, !matches!(event.act, Act::Identify { .. }));
        let events = std::mem::take(&mut self.events);
        let mut both: Vec<_> = events.into_iter().zip(std::mem::take(&mut self.places)).collect();
        both.sort_by_key(|(event, _)| rank(event));
        (self.events, self.places) = both.into_iter().unzip();
    }
}

/// Events by customer, in the order of the first of each.
#[derive(Default)]
struct Sorted {
    customers: Vec<Theirs>,
    known: HashMap<CustomerId, usize>,
    problems: Vec<Told>,
}

impl Sorted {
    fn take(&mut self, at: usize, call: Result<Value, serde_json::Error>, arrival: &Arrival) {
        let event = call
            .map_err(|error| Problem::whole(Flaw::NotJson(error.to_string())))
            .and_then(|event| read(&event, arrival));
        match event {
            Ok((event, problems)) => {
                let told = |problem| Told { at, problem, lost: false };
                self.problems.extend(problems.into_iter().map(told));
                self.put(at, event);
            }
            Err(problem) => self.problems.push(Told { at, problem, lost: true }),
        }
    }

    fn put(&mut self, at: usize, event: Event) {
        let next = self.customers.len();
        let place = *self.known.entry(event.filed.clone()).or_insert(next);
        if place == next {
            let filed = event.filed.clone();
            self.customers.push(Theirs { filed, events: Vec::new(), places: Vec::new() });
        }
        if let Some(theirs) = self.customers.get_mut(place) {
            theirs.events.push(event);
            theirs.places.push(at);
        }
    }
}

async fn keep_one(store: &Store, theirs: Theirs, now: Timestamp) -> Result<Vec<Told>, StoreError> {
    // On the heap, as sixteen of them are under way at a time.
    let applied = Box::pin(store.apply(&theirs.filed, &theirs.events, now)).await?;
    let told = applied.problems.into_iter().filter_map(|(place, problem)| {
        let lost = problem.flaw == Flaw::Erased;
        theirs.places.get(place).map(|at| Told { at: *at, problem, lost })
    });
    Ok(told.collect())
}

/// Records problems, those of one kind once for the request: the first of them is the example.
async fn record(
    store: &Store,
    calls: &Calls<'_>,
    problems: Vec<Told>,
    now: Timestamp,
) -> Result<(), StoreError> {
    let mut kinds: BTreeMap<String, ProblemReport> = BTreeMap::new();
    for Told { at, problem, lost } in problems {
        let raw = calls.events.get(at).map_or("", |raw| raw.get());
        // It is counted, and says of nobody that they were erased.
        let raw = if problem.flaw == Flaw::Erased { "" } else { raw };
        let report = ProblemReport { problem, lost, event: raw.to_owned(), count: 0 };
        kinds.entry(report.problem.kind()).or_insert(report).count += 1;
    }
    for report in kinds.values() {
        store.record_problem(report, now).await?;
    }
    Ok(())
}
