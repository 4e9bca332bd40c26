//! Whether the cases can bite: how often each kind of test was seen true, and false.

/// A kind of test that a rule can make.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    TraitIs,
    TraitIn,
    TraitContains,
    TraitStartsWith,
    TraitNumber,
    TraitBefore,
    TraitAfter,
    TraitIsSet,
    TraitWithin,
    TraitDuring,
    TraitOlderThan,
    TraitInNext,
    Anniversary,
    AnniversaryInNext,
    EventEver,
    EventAtLeast,
    EventAtMost,
    EventWithin,
    EventDuring,
    EventWhere,
    EventFirst,
    EventLast,
    EventAny,
    EventSeveral,
    Orders,
    Received,
    Opened,
    Clicked,
    MetricSum,
    MetricAverage,
    MetricCount,
    MetricDaysSince,
    Score,
    Waiting,
    Segment,
    Consent,
    ConsentTopic,
    Prefers,
}

/// The kinds seen true, and the kinds seen false, in one case; one bit each.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Seen {
    pub(crate) holding: u64,
    pub(crate) failing: u64,
}

impl Seen {
    pub(crate) fn note(&mut self, kinds: &[Kind], holds: bool) {
        let bits = kinds.iter().fold(0, |bits, kind| bits | 1 << *kind as u64);
        if holds {
            self.holding |= bits;
        } else {
            self.failing |= bits;
        }
    }
}

/// What was seen in many cases.
#[derive(Debug, Clone, Default)]
pub(crate) struct Teeth {
    pub(crate) cases: u64,
    /// Cases in which time alone changed a membership.
    pub(crate) flipped: u64,
    /// Comparisons of the product with the oracle, and those the oracle could not decide.
    pub(crate) compared: u64,
    pub(crate) unsure: u64,
    /// Changes of membership, calls, duplicates and merges.
    pub(crate) changes: u64,
    pub(crate) calls: u64,
    pub(crate) duplicates: u64,
    pub(crate) merges: u64,
    holding: Vec<u64>,
    failing: Vec<u64>,
}

const LAST: usize = Kind::Prefers as usize;

impl Teeth {
    pub(crate) fn count(&mut self, seen: Seen) {
        self.holding.resize(LAST + 1, 0);
        self.failing.resize(LAST + 1, 0);
        for kind in 0..=LAST {
            self.holding[kind] += seen.holding >> kind & 1;
            self.failing[kind] += seen.failing >> kind & 1;
        }
    }

    pub(crate) fn add(&mut self, other: &Self) {
        self.cases += other.cases;
        self.flipped += other.flipped;
        self.compared += other.compared;
        self.unsure += other.unsure;
        self.changes += other.changes;
        self.calls += other.calls;
        self.duplicates += other.duplicates;
        self.merges += other.merges;
        self.holding.resize(LAST + 1, 0);
        self.failing.resize(LAST + 1, 0);
        for kind in 0..other.holding.len() {
            self.holding[kind] += other.holding[kind];
            self.failing[kind] += other.failing[kind];
        }
    }

    /// What was seen, for whoever runs more than CI does.
    pub(crate) fn told(&self) -> String {
        let Self { cases, flipped, compared, unsure, changes, calls, duplicates, merges, .. } =
            self;
        let mut told = format!(
            "{cases} cases, {flipped} with a change by time alone; {compared} comparisons, \
             {unsure} undecided; {changes} changes, {calls} calls, {duplicates} duplicates, \
             {merges} merges"
        );
        for (kind, holding, failing) in self.shares() {
            let shares = format!("true in {holding:>2} %, false in {failing:>2} % of cases");
            told.extend(["\n", &kind, ": ", &shares]);
        }
        told
    }

    /// Kinds with the shares of cases, in hundredths, in which they were seen true and false.
    pub(crate) fn shares(&self) -> Vec<(String, u64, u64)> {
        let share = |count: u64| count * 100 / self.cases.max(1);
        let kind = |kind: usize| (NAMES[kind], self.holding[kind], self.failing[kind]);
        let shares = (0..=LAST).map(kind);
        shares.map(|(name, yes, no)| (format!("{name:?}"), share(yes), share(no))).collect()
    }
}

/// Every kind, at its place.
const NAMES: [Kind; LAST + 1] = [
    Kind::TraitIs,
    Kind::TraitIn,
    Kind::TraitContains,
    Kind::TraitStartsWith,
    Kind::TraitNumber,
    Kind::TraitBefore,
    Kind::TraitAfter,
    Kind::TraitIsSet,
    Kind::TraitWithin,
    Kind::TraitDuring,
    Kind::TraitOlderThan,
    Kind::TraitInNext,
    Kind::Anniversary,
    Kind::AnniversaryInNext,
    Kind::EventEver,
    Kind::EventAtLeast,
    Kind::EventAtMost,
    Kind::EventWithin,
    Kind::EventDuring,
    Kind::EventWhere,
    Kind::EventFirst,
    Kind::EventLast,
    Kind::EventAny,
    Kind::EventSeveral,
    Kind::Orders,
    Kind::Received,
    Kind::Opened,
    Kind::Clicked,
    Kind::MetricSum,
    Kind::MetricAverage,
    Kind::MetricCount,
    Kind::MetricDaysSince,
    Kind::Score,
    Kind::Waiting,
    Kind::Segment,
    Kind::Consent,
    Kind::ConsentTopic,
    Kind::Prefers,
];
