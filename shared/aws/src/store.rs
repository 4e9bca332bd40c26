//! The store: what the product keeps, in DynamoDB.
//!
//! One place knows keys, conditions and the order of writes. The order is the protocol: a reader
//! who meets a crash between any two writes finds enough to go on. The module `commit` says why.

mod abandoned;
mod addresses;
mod affinities;
mod agenda;
mod apply;
mod audience;
mod backfill;
mod batch;
mod brakes;
mod calls;
mod census;
mod claims;
mod commit;
mod coupons;
mod definitions;
mod deflate;
mod erasing;
mod erasures;
mod error;
mod feedback;
mod forgetter;
mod history;
mod item;
mod items;
mod link;
mod memberships;
mod messages;
mod observer;
mod outcomes;
mod pace;
mod parts;
mod pass;
mod problems;
mod profiles;
mod rehearsal;
mod replies;
mod restored;
pub mod schema;
mod slices;
mod soft_bounces;
mod suppression;
mod tombstones;
mod trends;
mod wake;
mod wake_ups;

use std::sync::{Arc, Mutex};

use attune_domain::id::CustomerId;
use attune_domain::time::{Span, Timestamp};
use aws_sdk_dynamodb::Client;

pub use addresses::AddressRow;
pub use agenda::{Cursors, Due, MOST_SKEW, Position, SETTLED};
pub use apply::Applied;
pub use brakes::Switch;
pub use census::Counted;
pub use claims::{Claim, Claimed, Wanted};
pub use commit::Committed;
pub use coupons::{Given, Loaded, Stock};
pub use definitions::{Published, Source};
pub use erasures::Erasure;
pub use error::StoreError;
pub use forgetter::{Forgetter, Traces};
pub use history::Told;
pub use memberships::{Member, Size};
pub use messages::Stored as StoredMessage;
pub use observer::Observer;
pub use pass::{MOST_TIMEOUT, Pass, Round, Slice};
pub use problems::{ProblemReport, ProblemRow};
pub use profiles::{Consistency, Found, Stored};
pub use rehearsal::Page as RehearsalPage;
pub use replies::ReplyClaim;
pub use restored::{LATE, Restored};
pub use schema::Table;
pub use slices::{SliceProgress, Stretch};
pub use suppression::Spoken;
pub use wake::{AtHand, Woken};

use crate::meter::Meter;
use crate::pseudonym::Pseudonyms;

/// A handle on the tables of one shop. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Store {
    client: Client,
    settings: Arc<Settings>,
    meter: Meter,
    cache: Arc<Mutex<definitions::Cache>>,
    affinities: Arc<Mutex<affinities::Cache>>,
    observer: Option<Observer>,
    forgetter: Option<Forgetter>,
}

/// How a shop's tables are laid out and read.
#[derive(Debug, Clone)]
pub struct Settings {
    /// What every table's name begins with.
    pub prefix: String,
    /// Parts into which the agenda, the messages that are due, and the members of a segment are
    /// spread, so that no partition is hot. A table takes 1,000 writes a second per part. It cannot
    /// be changed once there is data.
    pub shards: u16,
    /// How long a process believes its definitions.
    pub cache: Span,
    /// How long after a publication the full pass waits: until no call is under way that may still
    /// work by the definitions before.
    pub settle: Span,
    /// How people are named who were erased. With another key nobody is recognised.
    pub pseudonyms: Pseudonyms,
}

impl Settings {
    /// For one machine: one part, and definitions that are believed until this very process
    /// publishes others.
    pub fn local() -> Self {
        let (cache, settle) = (Span::LONGEST, Span::seconds(1));
        let pseudonyms = Pseudonyms::of_bytes([0; 32]);
        Self { prefix: "attune-".to_owned(), shards: 1, cache, settle, pseudonyms }
    }
}

impl Store {
    /// A store on these tables.
    pub fn new(client: Client, settings: Settings) -> Self {
        Self {
            client,
            settings: Arc::new(settings),
            meter: Meter::default(),
            cache: Arc::default(),
            affinities: Arc::default(),
            observer: None,
            forgetter: None,
        }
    }

    /// The same store, which tells `observer` what came of every step, once that is durable.
    #[must_use]
    pub fn observed_by(self, observer: Observer) -> Self {
        Self { observer: Some(observer), ..self }
    }

    /// The same store, which tells `forgetter` whom to forget.
    #[must_use]
    pub fn forgotten_by(self, forgetter: Forgetter) -> Self {
        Self { forgetter: Some(forgetter), ..self }
    }

    /// What this store has used.
    pub fn meter(&self) -> &Meter {
        &self.meter
    }

    /// How it is laid out.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    fn table(&self, table: Table) -> String {
        format!("{}{}", self.settings.prefix, table.suffix())
    }

    /// The part that a customer's rows are in.
    fn shard_of(&self, customer: &CustomerId) -> u16 {
        let hash = attune_domain::digest::hash64(&["shard", customer.as_str()]);
        u16::try_from(hash % u64::from(self.settings.shards.max(1))).unwrap_or(0)
    }
}

/// When an item may be deleted by the table's time to live, in whole seconds.
fn expiry(at: Timestamp) -> i64 {
    at.millis().div_euclid(1000)
}
