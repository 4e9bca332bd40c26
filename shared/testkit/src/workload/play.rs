//! The product and brute force side by side over thirty days.

use attune_domain::definitions::Definitions;
use attune_domain::event::Event;
use attune_domain::time::{Span, Timestamp};

use super::truth::hours_at;
use super::{BEGIN, Calendar, Figures, Life, PLAYED, Person, Truth, Workload, end};

const HOUR: Span = Span::hours(1);
/// How often the years before the play are swept.
const BEFORE: Span = Span::days(1);

/// What came of a play.
#[derive(Debug, Default)]
pub struct Played {
    /// What each period of sweeps cost, in the order asked for.
    pub figures: Vec<Figures>,
    /// Times at which a customer's memberships were compared with brute force.
    pub compared: u64,
    /// Where they were not equal.
    pub mismatches: Vec<Mismatch>,
    /// Customers whose cores or changes depend on how often was swept.
    pub torn: Vec<String>,
    /// Bytes of every core's item at the end, rising.
    pub core_bytes: Vec<usize>,
}

/// A customer whose memberships are not what brute force says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mismatch {
    /// Who.
    pub customer: String,
    /// When.
    pub at: Timestamp,
    /// One bit for each segment, by the product.
    pub product: u16,
    /// And by brute force.
    pub truth: u16,
}

impl Played {
    fn add(&mut self, other: Self) {
        for (ours, theirs) in self.figures.iter_mut().zip(other.figures) {
            *ours += theirs;
        }
        self.compared += other.compared;
        self.mismatches.extend(other.mismatches);
        self.torn.extend(other.torn);
        self.core_bytes.extend(other.core_bytes);
    }

    /// The size that so many of a hundred cores do not exceed.
    pub fn percentile(&self, hundredths: usize) -> usize {
        let rank = (self.core_bytes.len() * hundredths).div_ceil(100);
        self.core_bytes.get(rank.saturating_sub(1)).copied().unwrap_or(0)
    }
}

/// Plays every customer once for each of `periods`, on all processors. Each period must divide an
/// hour or a day.
pub fn play(workload: &Workload, periods: &[Span]) -> Played {
    let definitions = workload.definitions();
    let calendar = Calendar::new();
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let part = |first: usize| {
        let mut played = empty(periods);
        for number in (first as u64..workload.customers()).step_by(threads) {
            let person = workload.person(number);
            played.add(play_one(workload, &person, &definitions, &calendar, periods));
        }
        played
    };
    let part = &part;
    let mut played = empty(periods);
    std::thread::scope(|scope| {
        let parts: Vec<_> = (0..threads).map(|first| scope.spawn(move || part(first))).collect();
        for part in parts {
            played.add(part.join().expect("a part of the play"));
        }
    });
    played.core_bytes.sort_unstable();
    played
}

fn empty(periods: &[Span]) -> Played {
    Played { figures: vec![Figures::default(); periods.len()], ..Played::default() }
}

fn play_one(
    workload: &Workload,
    person: &Person,
    definitions: &Definitions,
    calendar: &Calendar,
    periods: &[Span],
) -> Played {
    let truth = true_segments(workload, person, calendar);
    let arriving = person.doings.iter().take_while(|doing| doing.arrives <= end());
    let events: Vec<Event> = arriving.map(|doing| person.event(doing)).collect();
    let now = events.partition_point(|event| event.received <= BEGIN);
    let (before, during) = events.split_at(now);
    let mut grown = Life::new(definitions, &person.id);
    take_all(&mut grown, before, BEFORE);
    grown.sweep_until(BEGIN, BEFORE);
    grown.begin_to_count();

    let mut played = empty(periods);
    let mut lives: Vec<Life<'_>> = Vec::new();
    for period in periods {
        let mut life = grown.clone();
        live(&mut life, during, *period, |at, product| {
            played.compared += 1;
            let truth = truth[hours_at(at)];
            if product != truth {
                let customer = person.id.clone();
                played.mismatches.push(Mismatch { customer, at, product, truth });
            }
        });
        lives.push(life);
    }
    for (figures, life) in played.figures.iter_mut().zip(&lives) {
        *figures = *life.figures();
    }
    let trace = |life: &Life<'_>| (life.core_at(end()), life.changes().to_vec());
    if lives.windows(2).any(|pair| trace(&pair[0]) != trace(&pair[1])) {
        played.torn.push(person.id.clone());
    }
    played.core_bytes.extend(lives.first().and_then(Life::core_bytes));
    played
}

/// The segments at every hour of the play, by brute force.
fn true_segments(workload: &Workload, person: &Person, calendar: &Calendar) -> Vec<u16> {
    let mut truth = Truth::new(person, workload.quartiles(), calendar);
    let mut doings = person.doings.iter().peekable();
    let hours = hours_at(end());
    let mut segments = Vec::with_capacity(hours + 1);
    let mut at = BEGIN;
    for hour in 0..=hours {
        while let Some(doing) = doings.next_if(|doing| doing.arrives <= at) {
            truth.learn(doing);
        }
        segments.push(truth.segments(hour));
        at = at + HOUR;
    }
    segments
}

/// Lives through the play; `look` sees the segments whenever a sweep has just come on the hour.
fn live(life: &mut Life<'_>, events: &[Event], period: Span, mut look: impl FnMut(Timestamp, u16)) {
    let step = period.max(HOUR);
    let mut rest = events;
    let (mut at, mut seen) = (BEGIN, (usize::MAX, 0));
    while at <= BEGIN + PLAYED {
        let now = rest.partition_point(|event| event.received <= at);
        let (arrived, later) = rest.split_at(now);
        take_all(life, arrived, period);
        life.sweep_until(at, period);
        if seen.0 != life.changes().len() {
            seen = (life.changes().len(), life.segments());
        }
        look(at, seen.1);
        rest = later;
        at = at + step;
    }
}

/// Takes events as they arrive, with sweeps between them.
fn take_all(life: &mut Life<'_>, events: &[Event], period: Span) {
    for event in events {
        life.sweep_until(event.received - Span::from_millis(1), period);
        life.take(event);
    }
}
