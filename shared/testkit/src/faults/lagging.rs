//! A database whose answers are true, but not always of this moment.
//!
//! `DynamoDB` answers a read from one of several copies. Unless asked for a consistent read, it may
//! miss the writes of the last moments; an index follows its table later still, entry by entry.
//!
//! **How it is done.** For each item written in the last seconds the images before each write are
//! kept. To answer a stale read, time is turned back: the items in question get their former
//! images, the engine answers, and they get their present ones back. So every expression, page and
//! index is the engine's own work on a state that really was, and what a test wrote past this
//! wrapper is simply never stale. Nothing can come in between, since the engine answers without
//! leaving the thread and the past is locked meanwhile; only who holds the engine itself, on
//! another thread, could look in at the wrong moment.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use attune_aws::transport::{Reply, Transport};
use attune_embedded::Engine;
use attune_embedded::service::Service;
use bytes::Bytes;
use fastrand::Rng;
use http::{Request, Response};
use tokio::time::Instant;

use super::knobs::between_zero_and;
use access::{Access, Key, View};
use items::{Item, Items};

mod access;
mod items;

/// How often and how far reads lag. Off by default.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lag {
    /// Per mille of the reads of a table that are not consistent: of a query or scan as a whole, of
    /// a batch key by key, since each key may be answered by another copy.
    pub stale_reads: u16,
    /// Per mille of the reads of an index. Within such a read every entry lags for itself.
    pub late_indexes: u16,
    /// The furthest a read looks back; how far it does is drawn evenly from this.
    pub window: Duration,
}

impl Default for Lag {
    fn default() -> Self {
        Self { stale_reads: 0, late_indexes: 0, window: Duration::from_secs(5) }
    }
}

/// An engine with [`Lag`]. Wrap it once: its memory of the past is that of the database, whoever
/// wrote. Consistent reads, transactions and conditions always see the truth.
#[derive(Debug)]
pub struct Lagging(Mutex<Past>);

impl Lagging {
    /// `engine`, with reads that lag as drawn from `seed`.
    pub fn new(engine: Engine, lag: Lag, seed: u64) -> Self {
        let (items, rng) = (Items::new(engine), Rng::with_seed(seed));
        Self(Mutex::new(Past { items, lag, rng, former: BTreeMap::new() }))
    }

    fn answer(&self, request: &Request<Bytes>) -> Response<Bytes> {
        let mut past = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if past.lag.stale_reads == 0 && past.lag.late_indexes == 0 {
            return past.items.answer(request);
        }
        let operation = Service::DynamoDb.operation(request);
        match Access::of(&operation, request.body(), &mut past.items) {
            Access::Write(keys) => past.write(keys, request),
            Access::Read(views) => past.read(&views, request),
            Access::Other => past.items.answer(request),
        }
    }
}

impl Transport for Lagging {
    fn call(&self, request: Request<Bytes>) -> Reply<'_> {
        Box::pin(async move { Ok(self.answer(&request)) })
    }
}

#[derive(Debug)]
struct Past {
    items: Items,
    lag: Lag,
    rng: Rng,
    /// The former images of each item written within the window, oldest first.
    former: BTreeMap<Key, Vec<Former>>,
}

/// What an item was until a moment; none if it was not there.
#[derive(Debug)]
struct Former {
    until: Instant,
    image: Option<Item>,
}

impl Past {
    fn write(&mut self, keys: Vec<Key>, request: &Request<Bytes>) -> Response<Bytes> {
        let images: Vec<_> = keys.iter().map(|key| self.items.get(key)).collect();
        let response = self.items.answer(request);
        if response.status().is_success() {
            let until = Instant::now();
            for (key, image) in keys.into_iter().zip(images) {
                self.former.entry(key).or_default().push(Former { until, image });
            }
            self.forget(until);
        }
        response
    }

    fn read(&mut self, views: &[View], request: &Request<Bytes>) -> Response<Bytes> {
        let stale: Vec<_> = views.iter().flat_map(|view| self.stale(view)).collect();
        let mut present = Vec::new();
        for (key, image) in stale {
            present.push((key.clone(), self.items.get(&key)));
            self.items.set(&key, image);
        }
        let response = self.items.answer(request);
        for (key, image) in present {
            self.items.set(&key, image);
        }
        response
    }

    /// The items that `view` will see as they were, with what they were.
    fn stale(&mut self, view: &View) -> Vec<(Key, Option<Item>)> {
        let now = Instant::now();
        let Lag { stale_reads, late_indexes, window } = self.lag;
        let rng = &mut self.rng;
        let happens = |rng: &mut Rng, per_mille| rng.u16(0..1_000) < per_mille;
        let back = |rng: &mut Rng| now.checked_sub(between_zero_and(window, rng)).unwrap_or(now);
        let of_table = |table: &String| {
            let table = table.clone();
            self.former.iter().filter(move |(key, _)| key.table == table)
        };
        match view {
            View::Keys(keys) => keys
                .iter()
                .filter_map(|key| {
                    let then = happens(rng, stale_reads).then(|| back(rng))?;
                    Some((key.clone(), image(self.former.get(key)?, then)?))
                })
                .collect(),
            View::Table(table) if happens(rng, stale_reads) => {
                let then = back(rng);
                let seen = of_table(table);
                seen.filter_map(|(key, past)| Some((key.clone(), image(past, then)?))).collect()
            }
            View::Index(table) if happens(rng, late_indexes) => of_table(table)
                .filter_map(|(key, past)| Some((key.clone(), image(past, back(rng))?)))
                .collect(),
            View::Table(_) | View::Index(_) => Vec::new(),
        }
    }

    /// Drops what no read looks back to any more.
    fn forget(&mut self, now: Instant) {
        let window = self.lag.window;
        self.former.retain(|_, past| {
            past.retain(|former| now - former.until <= window);
            !past.is_empty()
        });
    }
}

/// What an item was at `then`, if that differs from what it is now. The inner option is none if it
/// was not there.
#[expect(clippy::option_option, reason = "absent then is one thing, unchanged since is another")]
fn image(past: &[Former], then: Instant) -> Option<Option<Item>> {
    past.iter().find(|former| former.until > then).map(|former| former.image.clone())
}
