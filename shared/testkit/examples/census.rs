//! The twelve segments of the reference workload and a class of sixteen cells, counted over everybody
//! from profiles: how many are in each, and how long this thread worked for it.
//!
//! ```text
//! cargo run --release -p attune-testkit --no-default-features --example census -- 100000 target/duckdb
//! ```
//!
//! It writes the same customers and events as CSV, so that `tests/duckdb/run` can ask a database for the
//! same, and what it counted as JSON.

#![allow(clippy::expect_used, reason = "a measurement that cannot begin must stop")]

use std::error::Error;
use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};

use attune_domain::definitions::{Definitions, Lineage};
use attune_domain::digest::Key;
use attune_domain::id::CustomerId;
use attune_domain::number::Number;
use attune_domain::profile::Core;
use attune_domain::ranking::Ranking;
use attune_testkit::workload::{BEGIN, Kind, Person, SEGMENTS, Sample, Workload};
use serde_json::json;

/// As `attune` has it.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const ROUNDS: usize = 5;
/// Bands of each axis of the class.
const BANDS: usize = 4;

/// How many are in each segment, and in each cell.
#[derive(Debug, PartialEq, Eq)]
struct Counts {
    segments: Vec<u64>,
    cells: Vec<u64>,
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let customers = arguments.next().map_or(Ok(10_000), |number| number.parse())?;
    let folder = arguments.next().map_or_else(|| PathBuf::from("target/duckdb"), PathBuf::from);
    std::fs::create_dir_all(&folder)?;
    let workload = Workload::new(1, customers);
    write(&workload, &folder)?;
    let files = [("workload.yaml", workload.yaml()), ("class.yaml", class())];
    let files = files.each_ref().map(|(name, yaml)| (*name, yaml.as_str()));
    let definitions = Definitions::read(&files, &Lineage::default().next())
        .map_err(|mistakes| format!("{mistakes:#?}"))?;
    let samples: Vec<Sample> =
        workload.people().filter_map(|person| Sample::of(&person, &definitions)).collect();
    let decoded = |sight: Sight| {
        best(|| {
            let mut work = Work::new(&definitions);
            samples.iter().for_each(|sample| work.count(&sample.id, &sample.core, sight));
            work.finish()
        })
    };
    let stored = |sight: Sight| {
        best(|| {
            let mut work = Work::new(&definitions);
            let decoded = |sample: &Sample| sample.decoded(&definitions);
            samples.iter().for_each(|sample| work.count(&sample.id, &decoded(sample), sight));
            work.finish()
        })
    };
    let (counts, standing_decoded) = decoded(Sight::Standing);
    let ways = [stored(Sight::Standing), decoded(Sight::Anew), stored(Sight::Anew)];
    let [standing_stored, anew_decoded, anew_stored] = ways.map(|(same, seconds)| {
        assert_eq!(same, counts, "the answers on the profiles are those that the rules give");
        seconds
    });
    let quartiles = workload.quartiles();
    let told = json!({
        "at": BEGIN.millis(),
        "customers": samples.len(),
        "stored_bytes": samples.iter().map(|sample| sample.stored.len()).sum::<usize>(),
        "bands": BANDS,
        "recent_hours": quartiles.recent_hours,
        "long_ago_hours": quartiles.long_ago_hours,
        "orders": quartiles.orders,
        "revenue_cents": quartiles.revenue_cents,
        "segments": SEGMENTS.iter().zip(&counts.segments).collect::<Vec<_>>(),
        "cells": counts.cells,
        "seconds": [
            ["the answers on decoded profiles", standing_decoded],
            ["the answers on stored profiles", standing_stored],
            ["decoded profiles, every rule judged anew", anew_decoded],
            ["stored profiles, every rule judged anew", anew_stored],
        ],
    });
    std::fs::write(folder.join("told.json"), told.to_string())?;
    Ok(())
}

/// Revenue by orders of a year, in quarters.
fn class() -> String {
    let cells = (1..=BANDS).flat_map(|amount| {
        let cell = move |frequency| {
            format!(
                "      - {{ id: c{amount}{frequency}, amount: {amount}, frequency: {frequency} }}\n"
            )
        };
        (1..=BANDS).map(cell)
    });
    let head = "
metrics:
  orders_year: { count: Order Completed, within: 365d }
classes:
  - id: value
    name: Value
    cross:
      amount: { metric: revenue_year, split: quartiles }
      frequency: { metric: orders_year, split: quartiles }
    cells:
";
    std::iter::once(head.to_owned()).chain(cells).collect()
}

/// What is asked who is in a segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sight {
    /// The answers that stand on the profile, as a census does: whatever would change them woke it.
    Standing,
    /// The rules, as if nothing were known.
    Anew,
}

struct Work<'a> {
    definitions: &'a Definitions,
    ranking: &'a Ranking,
    /// In the order of the definitions, of which the cells are the last.
    segments: Vec<u64>,
    /// The keys of the twelve, rising, with their places among them.
    keys: Vec<(Key, usize)>,
    ranked: Vec<(&'a CustomerId, Vec<Number>)>,
}

impl<'a> Work<'a> {
    fn new(definitions: &'a Definitions) -> Self {
        let (.., ranking) = definitions.plan.rankings().next().expect("a class");
        let twelve = definitions.segments.iter().take(SEGMENTS.len()).enumerate();
        let mut keys: Vec<_> = twelve.map(|(place, segment)| (segment.key, place)).collect();
        keys.sort_unstable();
        let segments = vec![0; SEGMENTS.len()];
        Self { definitions, ranking, segments, keys, ranked: Vec::new() }
    }

    fn count(&mut self, id: &'a CustomerId, core: &Core, sight: Sight) {
        match sight {
            Sight::Standing => self.count_standing(core),
            Sight::Anew => self.judge(core),
        }
        self.ranked.extend(self.ranking.values(&core.facts(), BEGIN).map(|values| (id, values)));
    }

    fn count_standing(&mut self, core: &Core) {
        let mut keys = self.keys.iter().peekable();
        for (key, membership) in core.memberships.iter() {
            while keys.next_if(|(known, _)| known < key).is_some() {}
            if let Some((_, place)) = keys.next_if(|(known, _)| known == key)
                && let Some(count) = self.segments.get_mut(*place)
            {
                *count += u64::from(membership.inside);
            }
        }
    }

    fn judge(&mut self, core: &Core) {
        let facts = core.facts();
        for (count, segment) in self.segments.iter_mut().zip(&self.definitions.segments) {
            *count += u64::from(segment.rule.answer(&facts, BEGIN).holds);
        }
    }

    fn finish(self) -> Counts {
        let frozen = self.ranking.freeze(self.ranked.len() as u64, &self.ranked);
        let mut cells = vec![0; BANDS * BANDS];
        for (id, values) in &self.ranked {
            let cell = self.ranking.cell(&frozen, Some(values), id);
            if let Some(count) = cells.get_mut(usize::from(cell) - 1) {
                *count += 1;
            }
        }
        Counts { segments: self.segments, cells }
    }
}

/// What a work comes to, and the fewest seconds of some rounds for which this thread worked.
fn best<T>(mut work: impl FnMut() -> T) -> (T, f64) {
    let mut fewest = f64::INFINITY;
    let mut round = || {
        let begun = worked();
        let told = work();
        fewest = fewest.min(worked() - begun);
        told
    };
    let told = round();
    (1..ROUNDS).for_each(|_| drop(round()));
    (told, fewest)
}

/// The seconds for which this thread has worked.
fn worked() -> f64 {
    let told = std::fs::read_to_string("/proc/thread-self/schedstat").expect("Linux");
    let nanos = told.split(' ').next().expect("a number").parse::<f64>().expect("a number");
    nanos / 1e9
}

/// Who there is and what they did, as a database would have it.
fn write(workload: &Workload, folder: &Path) -> Result<(), Box<dyn Error>> {
    let create = |name| File::create(folder.join(name)).map(BufWriter::new);
    let (mut customers, mut events) = (create("customers.csv")?, create("events.csv")?);
    writeln!(customers, "customer,country,month,day,local_month,local_day,signed_up")?;
    writeln!(events, "customer,happened,kind,cents")?;
    for (number, person) in workload.people().enumerate() {
        let arrived = person.doings.iter().take_while(|doing| doing.arrives <= BEGIN);
        for doing in arrived {
            let at = doing.occurred.millis();
            let (kind, cents) = match doing.kind {
                Kind::SignUp => {
                    write_customer(&mut customers, number, &person)?;
                    continue;
                }
                Kind::Order(cents) => ("order", cents),
                Kind::Cart => ("cart", 0),
                Kind::View => ("view", 0),
                Kind::Open => ("open", 0),
                Kind::Click => ("click", 0),
                Kind::Consent => ("consent", 0),
            };
            writeln!(events, "{number},{at},{kind},{cents}")?;
        }
    }
    Ok(())
}

fn write_customer(
    file: &mut impl std::io::Write,
    number: usize,
    person: &Person,
) -> Result<(), Box<dyn Error>> {
    let Person { country, birthday: (month, day), zone, signed_up, .. } = person;
    let today = jiff::Timestamp::from_millisecond(BEGIN.millis())?.in_tz(zone)?.date();
    let local = (today.month(), today.day());
    let signed_up = signed_up.millis();
    writeln!(file, "{number},{country},{month},{day},{},{},{signed_up}", local.0, local.1)?;
    Ok(())
}
