//! What a census adds up, customer by customer, in bounded space.
//!
//! Counts are exact. Whatever needs the customers themselves is told from a sample: those whose ids
//! have the lowest hashes. Which these are depends neither on the order in which customers come nor
//! on how they were cut into slices, and who comes twice is one row. As long as a slice has no more
//! than [`SAMPLE`], the sample is everybody.

use std::collections::{BTreeMap, BTreeSet};

use super::Census;
use crate::affinity::ProductKey;
use crate::cart::BOUGHT;
use crate::channel::Channel;
use crate::coverage::{Fact, Needed};
use crate::definitions::Definitions;
use crate::digest::{Key, hash64};
use crate::id::CustomerId;
use crate::limits;
use crate::membership::Membership;
use crate::number::Number;
use crate::profile::Profile;
use crate::ranking::{Ranking, ranked_by};
use crate::rule::Metric;
use crate::time::{Span, Timestamp};

/// Rows that one slice keeps. With some hundred bytes each they stay well within one item of the
/// store; eight slices together tell a share to within a percent.
pub const SAMPLE: usize = 1_024;

/// Bytes of an id that the sample keeps, so that a slice's rows are within one item whatever ids are
/// like.
const ID_BYTES: usize = 64;

/// How far back a purchase counts for what is bought together: what was sold longer ago is often not
/// sold any more.
const BOUGHT_WITHIN: Span = Span::days(365);

/// What was added up of some customers, under one set of definitions. Segments are known by their
/// places.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Summary {
    /// How many customers there are.
    pub customers: u64,
    /// How many are ranked, by the key of the ranking's slot.
    pub ranked: BTreeMap<Key, u64>,
    /// Each segment.
    pub segments: Vec<Tally>,
    /// How many are in both of two segments, the first of which comes first.
    pub both: BTreeMap<(u16, u16), u64>,
    /// Who of the ranked moved where since the census before, or stayed.
    pub moves: BTreeMap<Move, u64>,
    /// Of how many what is known, and of how many what is needed is not.
    pub known: BTreeMap<Fact, Known>,
    /// The sample, by the hash of the id.
    pub rows: BTreeMap<u64, Row>,
    /// The lowest hash that was left out of the sample, if any was.
    pub beyond: Option<u64>,
}

/// From which cell of a class to which: the places of their segments, `None` for in none of them.
pub type Move = (Option<u16>, Option<u16>);

/// Counts of one segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tally {
    /// Who are in it.
    pub inside: u64,
    /// Of them, who have an address and consent, on each channel in the order of [`Channel::ALL`].
    pub reachable: [u64; 3],
    /// Of them, who can be reached on any.
    pub reached: u64,
    /// Who entered since the census before.
    pub entered: u64,
    /// Who left since.
    pub left: u64,
}

/// Of how many customers one fact is known.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Known {
    /// Of whom it is known.
    pub have: Headcount,
    /// Of whom it is not, and who can be asked for it. Only for facts that are needed, and by segment
    /// only where a program needs it.
    pub askable: Headcount,
}

/// A number of customers, in all and by segment.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Headcount {
    /// In all.
    pub customers: u64,
    /// By the place of the segment.
    pub inside: BTreeMap<u16, u64>,
}

impl Headcount {
    /// Counts a customer who is in these segments.
    fn count<'a>(&mut self, inside: impl IntoIterator<Item = &'a u16>) {
        self.customers += 1;
        inside.into_iter().for_each(|segment| *self.inside.entry(*segment).or_default() += 1);
    }

    fn add(&mut self, other: Self) {
        self.customers += other.customers;
        for (segment, inside) in other.inside {
            *self.inside.entry(segment).or_default() += inside;
        }
    }
}

/// A customer in the sample.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Who; of a long id, its beginning.
    pub id: CustomerId,
    /// The values of [`metrics`], in their order.
    pub values: Vec<Option<Number>>,
    /// The places of the segments they are in, rising.
    pub inside: Vec<u16>,
    /// What they bought within a year, the newest first: at most [`BOUGHT`] products.
    pub bought: Vec<ProductKey>,
}

/// The metrics that a census looks at: those of rankings, then others, up to
/// [`limits::CENSUS_METRICS`].
pub fn metrics(definitions: &Definitions) -> Vec<&Metric> {
    let ranked = definitions.plan.rankings().flat_map(|(.., ranking)| &ranking.axes);
    let all = ranked.map(|axis| &axis.metric).chain(&definitions.metrics);
    let mut seen = BTreeSet::new();
    let new = |metric: &&Metric| seen.insert(metric.id.as_str().to_owned());
    all.filter(new).take(limits::CENSUS_METRICS).collect()
}

/// Adds customers to summaries.
#[derive(Debug)]
pub struct Counter<'a> {
    definitions: &'a Definitions,
    metrics: Vec<&'a Metric>,
    rankings: Vec<(Key, Vec<usize>)>,
    /// Facts that are needed, and the places of the segments of the programs that need them.
    needed: BTreeMap<Fact, BTreeSet<u16>>,
    /// When the census before came to its end.
    before: Timestamp,
    /// The instant of this one.
    at: Timestamp,
}

impl<'a> Counter<'a> {
    /// Counts by these definitions, as of `at`; what changed, since the census `before` came to its
    /// end.
    pub fn new(definitions: &'a Definitions, at: Timestamp, before: Timestamp) -> Self {
        let metrics = metrics(definitions);
        let rankings = definitions.plan.rankings();
        let rankings = rankings.map(|(_, key, ranking)| (key, axes(&metrics, ranking))).collect();
        let needed = definitions.needs().iter().take(limits::CENSUS_FACTS);
        let needed = needed.map(|(fact, Needed { programs, .. })| {
            let programs = programs.iter().filter_map(|place| definitions.programs.get(*place));
            (
                fact.clone(),
                programs.filter_map(|program| u16::try_from(program.segment).ok()).collect(),
            )
        });
        Self { definitions, metrics, rankings, needed: needed.collect(), before, at }
    }

    /// Adds one customer, who was not added before.
    pub fn count(&self, summary: &mut Summary, profile: &Profile) {
        summary.customers += 1;
        let memberships = &profile.core.memberships;
        let places = self.definitions.segments.iter().map(|segment| memberships.get(segment.key));
        let places: Vec<_> = places.collect();
        let inside = self.count_segments(summary, profile, &places);
        self.count_moves(summary, &places);
        self.count_known(summary, profile, &inside);
        let facts = profile.core.facts();
        let values: Vec<_> =
            self.metrics.iter().map(|metric| ranked_by(metric, &facts, self.at)).collect();
        for (key, axes) in &self.rankings {
            let ranked = axes.iter().all(|axis| values.get(*axis).is_some_and(Option::is_some));
            *summary.ranked.entry(*key).or_default() += u64::from(ranked);
        }
        let hash = hash64(&["census", profile.id.as_str()]);
        let bought = bought(profile, self.at);
        summary.put(hash, Row { id: shortened(&profile.id), values, inside, bought });
    }

    /// Counts who is where, by their place in each segment.
    fn count_segments(
        &self,
        summary: &mut Summary,
        profile: &Profile,
        places: &[Option<Membership>],
    ) -> Vec<u16> {
        summary.segments.resize(places.len(), Tally::default());
        let reach = Channel::ALL.map(|channel| profile.card.allows(channel, None));
        let mut inside = Vec::new();
        for ((n, place), tally) in (0_u16..).zip(places).zip(&mut summary.segments) {
            let Some(place) = place else { continue };
            let was_inside = place.was_inside(self.before);
            tally.entered += u64::from(place.inside && !was_inside);
            tally.left += u64::from(was_inside && !place.inside);
            if place.inside {
                tally.inside += 1;
                for (count, reached) in tally.reachable.iter_mut().zip(reach) {
                    *count += u64::from(reached);
                }
                tally.reached += u64::from(reach.contains(&true));
                inside.push(n);
            }
        }
        for (n, one) in inside.iter().enumerate() {
            for other in inside.iter().skip(n + 1) {
                *summary.both.entry((*one, *other)).or_default() += 1;
            }
        }
        inside
    }

    /// Since the census before somebody can have gone through several cells of a class: what they
    /// were in then is the one that they left first.
    fn count_moves(&self, summary: &mut Summary, places: &[Option<Membership>]) {
        for class in &self.definitions.classes {
            let cells = class
                .segments
                .iter()
                .filter_map(|cell| Some((u16::try_from(*cell).ok()?, (*places.get(*cell)?)?)));
            let cells: Vec<_> = cells.collect();
            let was = cells.iter().filter(|(_, known)| known.was_inside(self.before));
            let was = was.min_by_key(|(_, known)| known.since);
            let is = cells.iter().find(|(_, known)| known.inside);
            let moved = (was.map(|(place, _)| *place), is.map(|(place, _)| *place));
            if moved != (None, None) {
                *summary.moves.entry(moved).or_default() += 1;
            }
        }
    }

    /// What is needed is counted first, so that it is there however many other facts are known.
    fn count_known(&self, summary: &mut Summary, profile: &Profile, inside: &[u16]) {
        let card = &profile.card;
        for (fact, programs) in &self.needed {
            let known = summary.known.entry(fact.clone()).or_default();
            if fact.is_known(card) {
                known.have.count(inside);
            } else if fact.may_be_asked(card) {
                known.askable.count(inside.iter().filter(|segment| programs.contains(segment)));
            }
        }
        for fact in Fact::all_of(card).filter(|fact| !self.needed.contains_key(fact)) {
            if summary.known.len() < limits::CENSUS_FACTS || summary.known.contains_key(&fact) {
                summary.known.entry(fact).or_default().have.count(inside);
            }
        }
    }
}

/// The id, or its beginning: in the sample it only orders those whose values are equal.
fn shortened(id: &CustomerId) -> CustomerId {
    let text = id.as_str();
    let short = text.get(..text.floor_char_boundary(ID_BYTES)).and_then(CustomerId::parse);
    short.unwrap_or_else(|| id.clone())
}

fn bought(profile: &Profile, at: Timestamp) -> Vec<ProductKey> {
    let bought = profile.cart.bought().iter().filter(|(_, when)| *when + BOUGHT_WITHIN > at);
    bought.map(|(id, _)| ProductKey::of(id)).take(BOUGHT).collect()
}

fn axes(metrics: &[&Metric], ranking: &Ranking) -> Vec<usize> {
    let place = |id: &str| metrics.iter().position(|metric| metric.id.as_str() == id);
    let axes = ranking.axes.iter().map(|axis| place(axis.metric.id.as_str()));
    // One that was beyond the limit is not there, and nobody is ranked by it.
    axes.map(|place| place.unwrap_or(usize::MAX)).collect()
}

impl Summary {
    /// Puts a row into the sample, and the one with the highest hash out of it if there are too many.
    fn put(&mut self, hash: u64, row: Row) {
        if self.beyond.is_some_and(|beyond| hash >= beyond) {
            return;
        }
        self.rows.insert(hash, row);
        if self.rows.len() > SAMPLE
            && let Some((hash, _)) = self.rows.pop_last()
        {
            self.beyond = Some(hash);
        }
    }

    /// Adds another slice of the same census.
    pub fn merge(&mut self, other: Self) {
        self.customers += other.customers;
        for (key, ranked) in other.ranked {
            *self.ranked.entry(key).or_default() += ranked;
        }
        self.segments.resize(self.segments.len().max(other.segments.len()), Tally::default());
        for (ours, theirs) in self.segments.iter_mut().zip(other.segments) {
            ours.add(theirs);
        }
        for (pair, both) in other.both {
            *self.both.entry(pair).or_default() += both;
        }
        for (moved, customers) in other.moves {
            *self.moves.entry(moved).or_default() += customers;
        }
        for (fact, theirs) in other.known {
            let ours = self.known.entry(fact).or_default();
            ours.have.add(theirs.have);
            ours.askable.add(theirs.askable);
        }
        self.rows.extend(other.rows);
        self.beyond = [self.beyond, other.beyond].into_iter().flatten().min();
        if let Some(beyond) = self.beyond {
            // Below the lowest hash that any slice left out, every customer is there.
            drop(self.rows.split_off(&beyond));
        }
    }

    /// Cuts every ranking.
    pub fn finish(&self, number: u32, at: Timestamp, definitions: &Definitions) -> Census {
        let metrics = metrics(definitions);
        let frozen = definitions.plan.rankings().map(|(_, key, ranking)| {
            let axes = axes(&metrics, ranking);
            let values = |row: &Row| -> Option<Vec<Number>> {
                axes.iter().map(|axis| row.values.get(*axis).copied().flatten()).collect()
            };
            let rows = self.rows.values().filter_map(|row| Some((&row.id, values(row)?)));
            let rows: Vec<_> = rows.collect();
            let ranked = self.ranked.get(&key).copied().unwrap_or_default();
            (key, ranking.freeze(ranked, &rows))
        });
        Census { number, at, frozen: frozen.collect() }
    }
}

impl Tally {
    fn add(&mut self, other: Self) {
        self.inside += other.inside;
        self.reached += other.reached;
        self.entered += other.entered;
        self.left += other.left;
        for (ours, theirs) in self.reachable.iter_mut().zip(other.reachable) {
            *ours += theirs;
        }
    }
}
