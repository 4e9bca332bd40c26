//! What a set of definitions has in common with those before it.
//!
//! A slot that was there before is complete in every profile; a new one must be filled from the
//! history first. A segment that means something else now has changed because of its definition,
//! and not because of what the person did. Both are told from the published set before, which
//! leaves its lineage behind.

use std::collections::{BTreeMap, BTreeSet};

use super::Definitions;
use super::draft::id_of;
use super::source::{Kind, Node};
use crate::digest::{Key, hash64};
use crate::id::SegmentId;
use crate::membership::Memberships;
use crate::plan::Version;
use crate::rule::{Leaf, RankLeaf};

/// What the next definitions must know of these.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Lineage {
    /// The version of the definitions that are read with it.
    pub version: Version,
    /// Slots: since when they are there, and how many instants they keep.
    pub slots: BTreeMap<Key, (Version, u16)>,
    /// Segments: what they mean, and since when. One that is no longer defined stays, so that those
    /// who were in it can leave it.
    pub segments: BTreeMap<String, (u64, Version)>,
    /// Programs that were ever defined, and the segments that they ever followed: a customer's messages
    /// are found by them.
    pub programs: BTreeMap<String, BTreeSet<String>>,
}

impl Lineage {
    /// The lineage for definitions that follow these.
    #[must_use]
    pub fn next(mut self) -> Self {
        self.version = Version(self.version.0 + 1);
        self
    }
}

impl Definitions {
    /// What the next definitions must know of these. Reading the same files with it gives the same
    /// definitions.
    pub fn lineage(&self) -> Lineage {
        let slot = |slot: &crate::plan::Slot| (slot.key, (slot.since, slot.memory.keep()));
        let segment = |s: &super::Segment| (s.id.to_string(), (s.meaning, s.changed));
        let gone = self.gone.values().map(|id| (id.to_string(), (0, self.version())));
        Lineage {
            version: self.version(),
            slots: self.plan.slots().iter().map(slot).collect(),
            segments: self.segments.iter().map(segment).chain(gone).collect(),
            programs: self.programs_ever.clone(),
        }
    }
}

/// Finds out what is new.
pub(super) fn follow(
    definitions: &mut Definitions,
    segments: &[&Node],
    metrics: &[(&Node, &Node)],
    scores: &[(&Node, &Node)],
    lineage: &Lineage,
) {
    definitions.plan.follow(&lineage.slots);
    remember_the_gone(definitions, lineage);
    let named = metrics
        .iter()
        .chain(scores)
        .map(|(key, node)| format!("{}={}", key.text().unwrap_or_default(), canonical(node)));
    // A change of any metric or score changes every segment: rare, and harmless.
    let named = hash64(&[&named.collect::<Vec<_>>().join(";")]);
    let texts: BTreeMap<String, String> =
        segments.iter().filter_map(|node| Some((id_of(node)?, canonical(node)))).collect();
    for place in definitions.order.clone() {
        let Some(segment) = definitions.segments.get(place) else { continue };
        let refers: Vec<_> =
            segment.rule.segments().iter().filter_map(|at| definitions.segments.get(*at)).collect();
        let ranks = segment.rule.leaves().into_iter().filter_map(|leaf| match leaf {
            Leaf::Rank(leaf) => Some(leaf),
            _ => None,
        });
        let ranks: Vec<&RankLeaf> = ranks.collect();
        let asked: Vec<String> = ranks.iter().map(|leaf| leaf.name(&definitions.plan)).collect();
        let asked = asked.join(",");
        // A cell of a class has no text of its own: it is what it asks of the ranking.
        let text = texts.get(segment.id.as_str()).map_or(asked.as_str(), String::as_str);
        let looked_at = ranks.iter().map(|leaf| leaf.slot());
        let looked_at = looked_at.chain(refers.iter().flat_map(|s| s.ranks.iter().copied()));
        let looked_at: BTreeSet<usize> = looked_at.collect();
        let inside = refers.iter().map(|segment| format!("{:x}", segment.meaning));
        let inside = inside.collect::<Vec<_>>().join(",");
        let named = if text.contains("metric") || text.contains("score") { named } else { 0 };
        let meaning = hash64(&[text, &inside, &format!("{named:x}")]);
        let changed = match lineage.segments.get(segment.id.as_str()) {
            Some((known, changed)) if *known == meaning => *changed,
            _ => lineage.version,
        };
        let slots = segment.rule.slots();
        let slots = slots.iter().filter_map(|at| definitions.plan.slots().get(*at));
        let own = slots.filter(|slot| !slot.memory.is_derived()).map(|slot| slot.since);
        let since = own.chain(refers.iter().map(|segment| segment.since)).max();
        if let Some(segment) = definitions.segments.get_mut(place) {
            segment.meaning = meaning;
            segment.changed = changed;
            segment.since = since.unwrap_or_default();
            segment.ranks = looked_at.into_iter().collect();
        }
    }
}

fn remember_the_gone(definitions: &mut Definitions, lineage: &Lineage) {
    let gone = lineage.segments.keys().filter_map(|id| SegmentId::parse(id).ok());
    let gone = gone.filter(|id| definitions.segment(id.as_str()).is_none());
    definitions.gone = gone.map(|id| (Memberships::key(&id), id)).collect();
    definitions.programs_ever.clone_from(&lineage.programs);
    for program in &definitions.programs {
        if let Some(segment) = definitions.segments.get(program.segment) {
            let (program, segment) = (program.id.to_string(), segment.id.to_string());
            definitions.programs_ever.entry(program).or_default().insert(segment);
        }
    }
}

/// The `when` of a segment, or a metric, as a text that does not depend on layout.
fn canonical(node: &Node) -> String {
    let when = match &node.kind {
        Kind::Map(entries) => entries.iter().find(|(key, _)| key.text() == Some("when")),
        _ => None,
    };
    let mut text = String::new();
    write(when.map_or(node, |(_, when)| when), &mut text);
    text
}

/// Recursion is bounded by the nesting of a definition file.
fn write(node: &Node, text: &mut String) {
    match &node.kind {
        Kind::Scalar { text: scalar, plain } => {
            text.push_str(if *plain { scalar.as_str() } else { "" });
            if !plain {
                text.push_str(&format!("{scalar:?}"));
            }
        }
        Kind::List(elements) => {
            text.push('[');
            for element in elements {
                write(element, text);
                text.push(',');
            }
            text.push(']');
        }
        Kind::Map(entries) => {
            let mut entries: Vec<_> = entries.iter().collect();
            entries.sort_by(|(one, _), (other, _)| one.text().cmp(&other.text()));
            text.push('{');
            for (key, value) in entries {
                write(key, text);
                text.push(':');
                write(value, text);
                text.push(',');
            }
            text.push('}');
        }
    }
}
