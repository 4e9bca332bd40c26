//! How customers are ranked among each other: cut into bands by one metric, or by several crossed.
//!
//! Where the cuts lie is found by a [census](crate::census) and stands until the next one. A ranking
//! is exclusive and complete by construction: everybody is in one cell, and those who have no value
//! to be ranked by are in the cell that has no number.

use crate::id::CustomerId;
use crate::number::Number;
use crate::rule::{Facts, Metric, MetricKind};
use crate::time::Timestamp;

/// Metrics, each cut into bands. Its cells are the combinations of bands.
#[derive(Debug, Clone, PartialEq)]
pub struct Ranking {
    /// At least one.
    pub axes: Vec<Axis>,
}

/// A metric cut into bands, from the lowest values to the highest.
#[derive(Debug, Clone, PartialEq)]
pub struct Axis {
    /// What customers are ranked by.
    pub metric: Metric,
    /// Where it is cut.
    pub split: Split,
    /// What becomes of equal values at a cut.
    pub ties: Ties,
    /// Whether the first band is that of the highest values, as the fewest days are the best.
    pub low_is_best: bool,
    /// What stands in while few are ranked.
    pub small: Option<Small>,
}

/// Where a metric is cut.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Split {
    /// Into so many bands of equal size, from 2 to [`limits::BANDS`](crate::limits::BANDS).
    Quantiles(u8),
    /// Into the rest and the highest share: a part of one above 0 and below 1.
    Top(Number),
    /// Into the rest and the lowest share, likewise.
    Bottom(Number),
    /// At values, in rising order: whoever has the value is above it.
    At(Vec<Number>),
}

/// What becomes of equal values at a cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ties {
    /// They stay together, below the cut. Bands may then be of unequal size.
    Together,
    /// They are parted in the order of customer ids, so that bands are of equal size. This is what
    /// `qcut(x.rank(method="first"))` does in pandas.
    Parted,
}

/// Values that stand in for quantiles while fewer customers than that are ranked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Small {
    /// How many must be ranked for quantiles to be taken.
    pub below: u32,
    /// One fewer than there are bands, in rising order.
    pub at: Vec<Number>,
}

/// Where the axes of a ranking were cut by a census.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frozen {
    /// How many were ranked.
    pub ranked: u64,
    /// One for each axis.
    pub axes: Vec<Cuts>,
}

/// Where one axis was cut.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cuts {
    /// In the next band is whoever is above.
    Above(Vec<Place>),
    /// In the second of two bands is whoever is below.
    Below(Option<Place>),
    /// In the next band is whoever has at least this.
    At(Vec<Number>),
}

/// A place in the order of customers: a value, and where ties are parted, whose it was.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The value.
    pub value: Number,
    /// Whose it is; nobody's where ties stay together.
    pub id: Option<CustomerId>,
}

/// A cell of a ranking: 0 for those who are not ranked, else one more than its place among the
/// combinations of bands, of which the last axis changes fastest.
pub type Cell = u16;

impl Ranking {
    /// A text that is the same for the same ranking in every release.
    pub(crate) fn name(&self) -> String {
        let axis = |axis: &Axis| {
            let Axis { metric, split, ties, low_is_best, small } = axis;
            format!("{:x} {split:?} {ties:?} {low_is_best} {small:?}", metric.meaning())
        };
        self.axes.iter().map(axis).collect::<Vec<_>>().join(", ")
    }

    /// How many cells there are, besides that of those who are not ranked.
    pub fn cells(&self) -> usize {
        self.axes.iter().map(Axis::bands).product()
    }

    /// The values to be ranked by; `None` if any is missing.
    pub fn values(&self, facts: &Facts<'_>, now: Timestamp) -> Option<Vec<Number>> {
        self.axes.iter().map(|axis| ranked_by(&axis.metric, facts, now)).collect()
    }

    /// The cell of somebody who has these values.
    pub fn cell(&self, frozen: &Frozen, values: Option<&[Number]>, id: &CustomerId) -> Cell {
        let Some(values) = values else { return 0 };
        let places = self.axes.iter().zip(&frozen.axes).zip(values);
        let cell = places.fold(0, |cell, ((axis, cuts), value)| {
            cell * axis.bands() + axis.band(cuts, *value, id)
        });
        Cell::try_from(cell + 1).unwrap_or(0)
    }

    /// The bands of a cell, each from 1; `None` for those who are not ranked.
    pub fn bands(&self, cell: Cell) -> Option<Vec<usize>> {
        let mut rest = usize::from(cell).checked_sub(1)?;
        let mut bands: Vec<usize> = Vec::new();
        for axis in self.axes.iter().rev() {
            bands.push(rest % axis.bands() + 1);
            rest /= axis.bands();
        }
        bands.reverse();
        Some(bands)
    }

    /// The cell of these bands, each from 1.
    pub fn cell_of(&self, bands: &[usize]) -> Cell {
        let cell = self.axes.iter().zip(bands);
        let cell = cell.fold(0, |cell, (axis, band)| cell * axis.bands() + (band - 1));
        Cell::try_from(cell + 1).unwrap_or(0)
    }

    /// Cuts every axis by the values of those who are ranked: a list for each customer, one value
    /// for each axis.
    pub fn freeze(&self, ranked: u64, customers: &[(&CustomerId, Vec<Number>)]) -> Frozen {
        let axes = self.axes.iter().enumerate();
        let axes = axes.map(|(place, axis)| {
            let value = |(id, values): &(&CustomerId, Vec<Number>)| {
                values.get(place).map(|value| axis.place(*value, id))
            };
            axis.freeze(ranked, customers.iter().filter_map(value).collect())
        });
        Frozen { ranked, axes: axes.collect() }
    }
}

/// The value that a metric ranks somebody by. Who never did what is counted or summed is not ranked:
/// most of a shop's contacts never bought, and would fill the lowest bands.
pub fn ranked_by(metric: &Metric, facts: &Facts<'_>, now: Timestamp) -> Option<Number> {
    let value = metric.value(facts, now)?;
    let nothing = matches!(metric.kind, MetricKind::Sum | MetricKind::Count);
    (!nothing || value != Number::ZERO).then_some(value)
}

impl Axis {
    /// How many bands it has.
    pub fn bands(&self) -> usize {
        match &self.split {
            Split::Quantiles(bands) => usize::from(*bands),
            Split::Top(_) | Split::Bottom(_) => 2,
            Split::At(at) => at.len() + 1,
        }
    }

    fn place(&self, value: Number, id: &CustomerId) -> Place {
        let id = (self.ties == Ties::Parted).then(|| id.clone());
        Place { value, id }
    }

    /// The band of a value, from 0.
    fn band(&self, cuts: &Cuts, value: Number, id: &CustomerId) -> usize {
        let band = match cuts {
            Cuts::At(at) => at.iter().filter(|at| value >= **at).count(),
            Cuts::Above(places) => {
                let own = self.place(value, id);
                places.iter().filter(|place| own > **place).count()
            }
            Cuts::Below(None) => 0,
            Cuts::Below(Some(place)) => usize::from(self.place(value, id) < *place),
        };
        let last = self.bands() - 1;
        let band = band.min(last);
        if self.low_is_best { last - band } else { band }
    }

    /// Cuts at quantiles as pandas does: the i-th of n is at the (N - 1) × i ÷ n-th of N values, and
    /// who has that value is below.
    fn freeze(&self, ranked: u64, mut places: Vec<Place>) -> Cuts {
        places.sort_unstable();
        if let Some(small) = self.small.as_ref().filter(|small| ranked < u64::from(small.below)) {
            return Cuts::At(small.at.clone());
        }
        let last = places.len().saturating_sub(1);
        let at = |share: Number| {
            let micros = u128::try_from(share.micros()).unwrap_or(0);
            let place = last as u128 * micros / ONE;
            usize::try_from(place).unwrap_or(last)
        };
        match &self.split {
            Split::At(at) => Cuts::At(at.clone()),
            Split::Quantiles(bands) => {
                let cut = |band: usize| places.get(last * band / usize::from(*bands)).cloned();
                Cuts::Above((1..usize::from(*bands)).filter_map(cut).collect())
            }
            Split::Top(share) => {
                let rest = Number::from_integer(1).minus(*share);
                Cuts::Above(places.get(at(rest)).cloned().into_iter().collect())
            }
            Split::Bottom(share) => {
                let rest = Number::from_integer(1).minus(*share);
                Cuts::Below(places.get(last - at(rest)).cloned())
            }
        }
    }
}

/// Millionths in one.
const ONE: u128 = 1_000_000;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::definitions;

    fn axis(split: Split, ties: Ties) -> Axis {
        let metric = definitions("metrics: { spent: { sum: total, of: Order Completed } }");
        let metric = metric.metrics[0].clone();
        Axis { metric, split, ties, low_is_best: false, small: None }
    }

    fn ids(count: usize) -> Vec<CustomerId> {
        (0..count).map(|n| CustomerId::known(&format!("{n:04}"))).collect()
    }

    /// The bands, from 1, of customers 0, 1, 2, … who have these values.
    fn bands(axis: Axis, values: &[i64]) -> Vec<usize> {
        let ranking = Ranking { axes: vec![axis] };
        let ids = ids(values.len());
        let values: Vec<Vec<Number>> =
            values.iter().map(|value| vec![Number::from_integer(*value)]).collect();
        let customers: Vec<_> = ids.iter().zip(values.clone()).collect();
        let frozen = ranking.freeze(values.len() as u64, &customers);
        let band = |(id, values): (&CustomerId, &Vec<Number>)| {
            let cell = ranking.cell(&frozen, Some(values), id);
            ranking.bands(cell).unwrap()[0]
        };
        ids.iter().zip(&values).map(band).collect()
    }

    #[test]
    fn quantiles_are_those_of_pandas() {
        // pandas.qcut([1..10], 5, labels=False) + 1, and of [1, 1, 1, 1, 1, 2, 3, 4, 5, 6] by
        // rank(method="first").
        let five = || Split::Quantiles(5);
        let rising: Vec<i64> = (1..=10).collect();
        assert_eq!(bands(axis(five(), Ties::Together), &rising), [1, 1, 2, 2, 3, 3, 4, 4, 5, 5]);
        let ties = [1, 1, 1, 1, 1, 2, 3, 4, 5, 6];
        assert_eq!(bands(axis(five(), Ties::Parted), &ties), [1, 1, 2, 2, 3, 3, 4, 4, 5, 5]);
        assert_eq!(bands(axis(five(), Ties::Together), &ties), [1, 1, 1, 1, 1, 3, 4, 4, 5, 5]);
    }

    #[test]
    fn the_top_and_the_bottom_never_are_more_than_their_share() {
        let fifth = Number::parse("0.2").unwrap();
        let rising: Vec<i64> = (1..=10).collect();
        let check = |split: Split, values: &[i64], inside: &[usize]| {
            let bands = bands(axis(split, Ties::Together), values);
            let found: Vec<usize> = (0..values.len()).filter(|n| bands[*n] == 2).collect();
            assert_eq!(found, inside);
        };
        check(Split::Top(fifth), &rising, &[8, 9]);
        check(Split::Bottom(fifth), &rising, &[0, 1]);
        check(Split::Top(fifth), &[1, 1, 1, 1, 9, 9, 9, 9, 9, 9], &[]);
        check(Split::Bottom(fifth), &[1, 1, 1, 1, 9, 9, 9, 9, 9, 9], &[]);
        check(Split::Top(fifth), &[], &[]);
    }

    #[test]
    fn while_few_are_ranked_fixed_values_stand_in() {
        let at = [2, 4].map(Number::from_integer).to_vec();
        let small = |below| Axis {
            small: Some(Small { below, at: at.clone() }),
            ..axis(Split::Quantiles(3), Ties::Together)
        };
        assert_eq!(bands(small(4), &[1, 2, 9]), [1, 2, 3]);
        assert_eq!(bands(small(3), &[7, 8, 9]), [1, 2, 3]);
        let best = Axis { low_is_best: true, ..small(4) };
        assert_eq!(bands(best, &[1, 2, 9]), [3, 2, 1]);
    }

    #[test]
    fn cells_are_the_combinations_of_bands_and_one_for_those_without_a_value() {
        let axes = [Split::Quantiles(3), Split::Quantiles(2)];
        let ranking = Ranking { axes: axes.map(|split| axis(split, Ties::Together)).to_vec() };
        assert_eq!(ranking.cells(), 6);
        let all: Vec<_> = (1..=6).map(|cell| ranking.bands(cell).unwrap()).collect();
        assert_eq!(all, [[1, 1], [1, 2], [2, 1], [2, 2], [3, 1], [3, 2]]);
        let back: Vec<Cell> = all.iter().map(|bands| ranking.cell_of(bands)).collect();
        assert_eq!(back, [1, 2, 3, 4, 5, 6]);
        assert_eq!(ranking.bands(0), None);
        let frozen = ranking.freeze(0, &[]);
        assert_eq!(ranking.cell(&frozen, None, &CustomerId::known("1")), 0);
    }
}
