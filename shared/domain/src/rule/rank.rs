//! `metric` with `top`, `bottom` or `above: median`, and the cells of classes: where somebody stands
//! among all customers, by the last census.

use std::collections::BTreeSet;

use super::read::RuleReader;
use super::{Facts, Leaf, Metric, Rule, Test};
use crate::answer::Answer;
use crate::definitions::Definitions;
use crate::definitions::mistake::Wrong;
use crate::definitions::reader::{Members, Reader};
use crate::definitions::source::Node;
use crate::feature::Feature;
use crate::number::Number;
use crate::plan::{Memory, Plan};
use crate::ranking::{Axis, Cell, Cuts, Place, Ranking, Split, Ties, ranked_by};
use crate::time::Timestamp;

/// Somebody is in one of some cells of a ranking. Where they are is on the profile, and only a census
/// or an event can change it: nobody is woken for it.
#[derive(Debug, Clone, PartialEq)]
pub struct RankLeaf {
    words: String,
    slot: usize,
    ranking: Ranking,
    cells: BTreeSet<Cell>,
}

impl RankLeaf {
    /// A rule on these cells of a ranking; `words` follow "customers who are".
    pub(crate) fn rule(
        plan: &mut Plan,
        words: String,
        ranking: Ranking,
        cells: impl IntoIterator<Item = Cell>,
    ) -> Rule {
        let slot = plan.ask(Memory::Rank(ranking.clone()));
        Rule::Leaf(Leaf::Rank(Self { words, slot, ranking, cells: cells.into_iter().collect() }))
    }

    /// The slot that holds the cell.
    pub fn slot(&self) -> usize {
        self.slot
    }

    /// A text that is the same for the same question.
    pub(crate) fn name(&self, plan: &Plan) -> String {
        let key = plan.slots().get(self.slot).map(|slot| slot.key.0);
        format!("rank {key:?} {:?}", self.cells)
    }

    /// What a person has, where the cuts lie, and since when.
    pub(super) fn compared(
        &self,
        definitions: &Definitions,
        facts: &Facts<'_>,
        now: Timestamp,
    ) -> String {
        let Some(frozen) = definitions.frozen(self.slot) else {
            return "not known before the next census".to_owned();
        };
        let bands = match facts.features.get(self.slot) {
            Some(Feature::Rank(Some(cell))) => self.ranking.bands(*cell),
            _ => None,
        };
        let axes =
            self.ranking.axes.iter().zip(&frozen.axes).enumerate().map(|(n, (axis, cuts))| {
                let value = ranked_by(&axis.metric, facts, now);
                let value = value.map_or("not ranked".to_owned(), |value| value.to_string());
                let band = bands.as_ref().and_then(|bands| bands.get(n));
                let band =
                    band.map_or(String::new(), |band| format!(", in {band} of {}", axis.bands()));
                format!("“{}” {value}{band}, cut {}", axis.metric.id, cuts.describe())
            });
        let axes = axes.collect::<Vec<_>>().join("; ");
        format!(
            "{axes}; by the census of {} over {} customers",
            definitions.census().at,
            frozen.ranked
        )
    }
}

impl Test for RankLeaf {
    #[inline]
    fn answer(&self, facts: &Facts<'_>, _now: Timestamp) -> Answer {
        match facts.features.get(self.slot) {
            Some(Feature::Rank(Some(cell))) => Answer::lasting(self.cells.contains(cell)),
            _ => Answer::NO,
        }
    }

    fn describe(&self) -> String {
        format!("are {}", self.words)
    }

    fn value(&self, facts: &Facts<'_>, now: Timestamp) -> String {
        if self.answer(facts, now).holds { "yes".to_owned() } else { "no".to_owned() }
    }

    fn slots(&self) -> Vec<usize> {
        let metrics = self.ranking.axes.iter().flat_map(|axis| axis.metric.slots());
        metrics.chain([self.slot]).collect()
    }
}

impl Cuts {
    fn describe(&self) -> String {
        let listed = |values: Vec<String>| match values.len() {
            0 => "nowhere".to_owned(),
            _ => values.join(", "),
        };
        let value = |place: &Place| place.value.to_string();
        match self {
            Self::Above(places) => format!("above {}", listed(places.iter().map(value).collect())),
            Self::Below(place) => format!("below {}", listed(place.iter().map(value).collect())),
            Self::At(values) => {
                format!("at {}", listed(values.iter().map(ToString::to_string).collect()))
            }
        }
    }
}

/// The keys that ask for a place among all customers.
const KEYS: [&str; 3] = ["top", "bottom", "above"];

/// Reads `metric: id` with `top: 20%`, `bottom: 20%` or `above: median`, if one of them is there.
pub(super) fn read(
    cx: &mut RuleReader<'_>,
    metric: &Metric,
    members: &mut Members<'_>,
) -> Option<Option<Rule>> {
    let Some(key) = members.first_of(&KEYS) else { return Some(None) };
    let node = members.get(key)?;
    let (split, words) = match key {
        "above" => {
            cx.reader.word(node, &[("median", ())])?;
            (Split::Quantiles(2), "above the median".to_owned())
        }
        _ => {
            let (share, written) = (share(cx.reader, node)?, node.text().unwrap_or_default());
            let split = if key == "top" { Split::Top(share) } else { Split::Bottom(share) };
            (split, format!("among the {key} {written}"))
        }
    };
    let words = format!("{words} by “{}”", metric.id);
    let axis = Axis {
        metric: metric.clone(),
        split,
        ties: Ties::Together,
        low_is_best: false,
        small: None,
    };
    Some(Some(RankLeaf::rule(cx.plan, words, Ranking { axes: vec![axis] }, [2])))
}

/// Reads `20%`.
fn share(reader: &mut Reader, node: &Node) -> Option<Number> {
    let percent = node.text().and_then(|text| text.strip_suffix('%')).and_then(Number::parse);
    let hundred = Number::from_integer(100);
    match percent.filter(|percent| *percent > Number::ZERO && *percent < hundred) {
        Some(percent) => Some(Number::from_micros(percent.micros() / 100)),
        None => {
            let wrong = "a share above 0% and below 100%, such as `20%`";
            reader.refuse(&node.place, Wrong::Expected(wrong))
        }
    }
}
