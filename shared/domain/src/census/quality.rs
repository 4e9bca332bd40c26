//! What segments are good for: few, each reachable, alike inside and different between.
//!
//! - **Spread** within a segment is the standard deviation of a metric there in units of everybody's: 1
//!   is as different among each other as all customers are.
//! - **Distance** of two groups is that of their means in the same units, which is Cohen's *d* (J. Cohen,
//!   *Statistical Power Analysis for the Behavioral Sciences*, 1988, with everybody's deviation for the
//!   pooled one); over several metrics, the root of the mean of squares. Cohen calls 0.2 small.
//! - **Overlap** of two segments is who are in both by who are in either (P. Jaccard, 1901).
//! - **Churn** is who entered or left since the census before, by who were there then.
//!
//! Sizes, overlaps and churn are counted; spread and distance are told from the sample.

use super::summary::{Row, Summary, Tally, metrics};
use crate::definitions::{Definitions, Segment};
use crate::id::{MetricId, SegmentId};
use crate::number::{Number, ratio};

/// Fewer are too few for a segment of its own, in a shop of any size.
const LEAST: u64 = 20;
/// The same as a part of everybody: one in so many.
const LEAST_PART: u64 = 200;
/// More segments than that nobody keeps in mind. Cells of classes are not counted.
const MANY: usize = 40;
/// From this overlap on, two segments are the same.
const SAME: f64 = 0.95;
/// A segment nearer to everybody than that is like everybody: half of what Cohen calls small.
const LIKE_EVERYBODY: f64 = 0.1;
/// A mean of fewer says nothing.
const LEAST_ROWS: usize = 30;

/// How good the segments are.
#[derive(Debug, Clone, PartialEq)]
pub struct Quality {
    /// How many customers there are.
    pub customers: u64,
    /// Of how many spread and distance are told.
    pub sampled: usize,
    /// Each segment, in the order defined.
    pub segments: Vec<Measured>,
    /// Pairs that have somebody in common.
    pub overlaps: Vec<Overlap>,
    /// What is wrong with them.
    pub findings: Vec<Finding>,
}

/// A segment, measured.
#[derive(Debug, Clone, PartialEq)]
pub struct Measured {
    /// Which.
    pub id: SegmentId,
    /// What was counted.
    pub tally: Tally,
    /// What part of everybody is in it.
    pub share: f64,
    /// Who entered or left, by who were there before; nothing if nobody was.
    pub churn: Option<f64>,
    /// The spread of each metric, where two or more have a value.
    pub spread: Vec<(MetricId, f64)>,
    /// The distance from everybody.
    pub distance: Option<f64>,
    /// The nearest other segment, and how far it is.
    pub nearest: Option<(SegmentId, f64)>,
}

/// Two segments that have somebody in common.
#[derive(Debug, Clone, PartialEq)]
pub struct Overlap {
    /// The two.
    pub of: [SegmentId; 2],
    /// How many are in both.
    pub both: u64,
    /// By who are in either.
    pub jaccard: f64,
}

/// What is wrong.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Finding {
    /// Nobody is in them.
    #[error("nobody is in {}", listed(.0))]
    Empty(Vec<SegmentId>),
    /// Too few are in them.
    #[error("fewer than {least} customers are in each of {}", listed(.segments))]
    TooSmall {
        /// How many there should be.
        least: u64,
        /// The segments.
        segments: Vec<SegmentId>,
    },
    /// There are too many.
    #[error("there are {0} segments; hardly anybody keeps more than {MANY} apart")]
    TooMany(usize),
    /// Two have the same customers.
    #[error("“{0}” and “{1}” are the same: {2} % of their customers are in both")]
    Same(SegmentId, SegmentId, u32),
    /// All of one are in another.
    #[error("everybody in “{0}” is in “{1}” as well")]
    Inside(SegmentId, SegmentId),
    /// It is no different from everybody.
    #[error("the customers in “{0}” are no different from all others")]
    LikeEverybody(SegmentId),
}

fn listed(segments: &[SegmentId]) -> String {
    let named: Vec<String> = segments.iter().map(|id| format!("“{id}”")).collect();
    named.join(", ")
}

impl Finding {
    /// A word for it.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Empty(_) => "empty",
            Self::TooSmall { .. } => "too-small",
            Self::TooMany(_) => "too-many",
            Self::Same(..) => "same",
            Self::Inside(..) => "inside",
            Self::LikeEverybody(_) => "like-everybody",
        }
    }
}

impl Quality {
    /// Measures the segments of a census.
    pub fn of(summary: &Summary, definitions: &Definitions) -> Self {
        let sample = Sample::of(summary, definitions);
        let segments = &definitions.segments;
        let tally = |place: usize| summary.segments.get(place).copied().unwrap_or_default();
        let groups: Vec<Group> = (0..segments.len()).map(|n| sample.inside(n)).collect();
        let measured = segments.iter().enumerate().map(|(n, segment)| {
            let group = groups.get(n);
            let others = segments.iter().zip(&groups).enumerate();
            let others = others.filter(|(other, _)| *other != n);
            let near = others.filter_map(|(_, (other, theirs))| {
                Some((other.id.clone(), sample.distance(group?, theirs)?))
            });
            Measured {
                id: segment.id.clone(),
                tally: tally(n),
                share: ratio(tally(n).inside, summary.customers),
                churn: tally(n).churn(),
                spread: group.map(|group| sample.spread(group)).unwrap_or_default(),
                distance: group.and_then(|group| sample.distance(group, &sample.everybody)),
                nearest: near.min_by(|(_, one), (_, other)| one.total_cmp(other)),
            }
        });
        let measured: Vec<Measured> = measured.collect();
        let overlaps = overlaps(summary, segments);
        let findings = Finder { summary, segments, measured: &measured, overlaps: &overlaps }.all();
        Self {
            customers: summary.customers,
            sampled: summary.rows.len(),
            segments: measured,
            overlaps,
            findings,
        }
    }
}

impl Tally {
    fn churn(&self) -> Option<f64> {
        let before = (self.inside + self.left).checked_sub(self.entered)?;
        (before > 0).then(|| ratio(self.entered + self.left, before))
    }
}

fn overlaps(summary: &Summary, segments: &[Segment]) -> Vec<Overlap> {
    let overlap = |((one, other), both): (&(u16, u16), &u64)| {
        let (one, other) = (usize::from(*one), usize::from(*other));
        let sizes = [one, other].map(|n| summary.segments.get(n).map_or(0, |tally| tally.inside));
        Some(Overlap {
            of: [segments.get(one)?.id.clone(), segments.get(other)?.id.clone()],
            both: *both,
            jaccard: ratio(*both, sizes.iter().sum::<u64>().saturating_sub(*both)),
        })
    };
    summary.both.iter().filter_map(overlap).collect()
}

/// The sample by metrics.
struct Sample<'a> {
    rows: Vec<&'a Row>,
    metrics: Vec<MetricId>,
    everybody: Group,
}

/// Mean, deviation and number of values of each metric in a group.
struct Group(Vec<(f64, f64, usize)>);

impl<'a> Sample<'a> {
    fn of(summary: &'a Summary, definitions: &Definitions) -> Self {
        let rows: Vec<&Row> = summary.rows.values().collect();
        let metrics: Vec<MetricId> =
            metrics(definitions).into_iter().map(|metric| metric.id.clone()).collect();
        let everybody = Group::of(&rows, metrics.len());
        Self { rows, metrics, everybody }
    }

    fn inside(&self, segment: usize) -> Group {
        let place = u16::try_from(segment).unwrap_or(u16::MAX);
        let inside = |row: &&&Row| row.inside.binary_search(&place).is_ok();
        let rows: Vec<&Row> = self.rows.iter().filter(inside).copied().collect();
        Group::of(&rows, self.metrics.len())
    }

    fn spread(&self, group: &Group) -> Vec<(MetricId, f64)> {
        let both = self.metrics.iter().zip(&group.0).zip(&self.everybody.0);
        let spread = both.filter(|((_, (.., values)), (_, all, _))| *values > 1 && *all > 0.0);
        spread.map(|((id, (_, own, _)), (_, all, _))| (id.clone(), own / all)).collect()
    }

    /// Over the metrics of which both have enough values.
    fn distance(&self, one: &Group, other: &Group) -> Option<f64> {
        let both = one.0.iter().zip(&other.0).zip(&self.everybody.0);
        let enough = both.filter(|(((.., one), (.., other)), (_, all, _))| {
            *one >= LEAST_ROWS && *other >= LEAST_ROWS && *all > 0.0
        });
        let squares =
            enough.map(|(((one, ..), (other, ..)), (_, all, _))| ((one - other) / all).powi(2));
        let squares: Vec<f64> = squares.collect();
        (!squares.is_empty()).then(|| mean(&squares).sqrt())
    }
}

impl Group {
    fn of(rows: &[&Row], metrics: usize) -> Self {
        let of_metric = |n: usize| {
            let values = rows.iter().filter_map(|row| row.values.get(n).copied().flatten());
            let values: Vec<f64> = values.map(float).collect();
            let mean_value = mean(&values);
            let squares: Vec<f64> =
                values.iter().map(|value| (value - mean_value).powi(2)).collect();
            (mean_value, mean(&squares).sqrt(), values.len())
        };
        Self((0..metrics).map(of_metric).collect())
    }
}

/// Looks for what is wrong.
struct Finder<'a> {
    summary: &'a Summary,
    segments: &'a [Segment],
    measured: &'a [Measured],
    overlaps: &'a [Overlap],
}

impl Finder<'_> {
    fn all(&self) -> Vec<Finding> {
        let mut findings = Vec::new();
        let own = self.segments.iter().filter(|segment| !segment.id.is_cell()).count();
        if own > MANY {
            findings.push(Finding::TooMany(own));
        }
        let least = LEAST.max(self.summary.customers / LEAST_PART);
        let sized = |fits: &dyn Fn(u64) -> bool| -> Vec<SegmentId> {
            let fits = self.measured.iter().filter(|measured| fits(measured.tally.inside));
            fits.map(|measured| measured.id.clone()).collect()
        };
        let (empty, small) = (sized(&|inside| inside == 0), sized(&|n| n > 0 && n < least));
        if !empty.is_empty() {
            findings.push(Finding::Empty(empty));
        }
        if !small.is_empty() {
            findings.push(Finding::TooSmall { least, segments: small });
        }
        findings.extend(self.overlaps.iter().filter_map(|overlap| self.pair(overlap, least)));
        let like = self.measured.iter().filter(|measured| {
            // Almost everybody, or almost nobody: that is another finding, or none.
            let part = measured.share > 0.01 && measured.share < 0.9;
            part && measured.distance.is_some_and(|distance| distance < LIKE_EVERYBODY)
        });
        findings.extend(like.map(|measured| Finding::LikeEverybody(measured.id.clone())));
        findings
    }

    fn pair(&self, overlap: &Overlap, least: u64) -> Option<Finding> {
        let [one, other] = &overlap.of;
        let size = |id: &SegmentId| {
            let measured = self.measured.iter().find(|measured| measured.id == *id);
            measured.map_or(0, |measured| measured.tally.inside)
        };
        let (ones, others) = (size(one), size(other));
        if ones.min(others) < least {
            return None;
        }
        if overlap.jaccard >= SAME {
            return Some(Finding::Same(one.clone(), other.clone(), percent(overlap.jaccard)));
        }
        // A segment may well be all in one cell of a class; that one says it of two segments.
        if one.is_cell() || other.is_cell() {
            return None;
        }
        match overlap.both {
            both if both == ones => Some(Finding::Inside(one.clone(), other.clone())),
            both if both == others => Some(Finding::Inside(other.clone(), one.clone())),
            _ => None,
        }
    }
}

#[allow(clippy::cast_precision_loss)]
fn float(number: Number) -> f64 {
    number.micros() as f64 / 1e6
}

#[allow(clippy::cast_precision_loss)]
fn mean(values: &[f64]) -> f64 {
    if values.is_empty() { 0.0 } else { values.iter().sum::<f64>() / values.len() as f64 }
}

/// Of a part between 0 and 1.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
fn percent(part: f64) -> u32 {
    (part * 100.0).round() as u32
}
