//! A shop's definitions: segments, metrics, scores, programs, templates, settings.
//!
//! They are read as a whole: either all of them are right, or none is taken and every mistake is
//! told with its place.

pub(crate) mod lineage;
pub mod mistake;
mod order;
mod programs;
pub(crate) mod reader;
mod settings;
pub(crate) mod source;
mod templates;

use std::collections::BTreeMap;

pub use lineage::Lineage;
pub use mistake::Mistake;
pub use settings::{Policy, Shop};
pub use templates::{Content, EmailContent, PushContent};

use crate::answer::Answer;
use crate::digest::Key;
use crate::id::{MetricId, ScoreId, SegmentId, TemplateId};
use crate::limits;
use crate::membership::Memberships;
use crate::plan::{Plan, Version};
use crate::profile::Core;
use crate::program::Program;
use crate::rule::{Facts, Metric, Names, Rule, RuleReader, ScoreDefinition};
use crate::time::Timestamp;
use mistake::Wrong;
use reader::Reader;
use source::{Kind, Node};

/// A named rule.
#[derive(Debug, Clone, PartialEq)]
pub struct Segment {
    /// Its id.
    pub id: SegmentId,
    /// What people call it.
    pub name: String,
    /// Who is in it.
    pub rule: Rule,
    /// The key under which profiles keep their place in it.
    pub key: Key,
    /// A hash of its rule and of all that the rule refers to.
    pub meaning: u64,
    /// The definitions since which it means this.
    pub changed: Version,
    /// The definitions for which features must have been made to answer it.
    pub since: Version,
}

/// A shop's definitions. Immutable; a changed set is another version.
#[derive(Debug)]
pub struct Definitions {
    /// The shop's settings.
    pub shop: Shop,
    /// How messages are sent.
    pub policy: Policy,
    /// Segments, in the order defined.
    pub segments: Vec<Segment>,
    /// Metrics, in the order defined.
    pub metrics: Vec<Metric>,
    /// Scores, in the order defined.
    pub scores: Vec<ScoreDefinition>,
    /// Programs, in the order defined.
    pub programs: Vec<Program>,
    /// Contents of messages.
    pub templates: BTreeMap<TemplateId, Content>,
    /// What profiles must remember.
    pub plan: Plan,
    /// Programs that were ever defined, and their segments.
    pub programs_ever: BTreeMap<String, String>,
    /// Segments that are no longer defined.
    gone: BTreeMap<Key, SegmentId>,
    /// The places of segments, each after those it refers to.
    order: Vec<usize>,
    by_key: BTreeMap<Key, usize>,
}

impl Definitions {
    /// No definitions: every event is kept, and nobody is in any segment.
    pub fn none() -> Self {
        // Without files there is nothing that could be wrong.
        Self::read(&[], &Lineage::default()).unwrap_or_else(|_| Self::empty())
    }

    /// Reads files (name and text) as the definitions that follow, or are, those of `lineage`.
    pub fn read(files: &[(&str, &str)], lineage: &Lineage) -> Result<Self, Vec<Mistake>> {
        let mut draft = Draft { reader: Reader::default(), definitions: Self::empty() };
        draft.definitions.plan.version = lineage.version;
        draft.read(files, lineage);
        if draft.reader.mistakes.is_empty() {
            Ok(draft.definitions)
        } else {
            Err(draft.reader.mistakes)
        }
    }

    /// Their version.
    pub fn version(&self) -> Version {
        self.plan.version
    }

    /// The answer of every segment at `at`, by its place.
    pub fn answers(&self, facts: &Facts<'_>, at: Timestamp) -> Vec<Answer> {
        let mut answers = vec![Answer::NO; self.segments.len()];
        for place in &self.order {
            let facts = Facts { answers: &answers, ..*facts };
            let answer = self.segments.get(*place).map(|segment| segment.rule.answer(&facts, at));
            if let (Some(answer), Some(slot)) = (answer, answers.get_mut(*place)) {
                *slot = answer;
            }
        }
        answers
    }

    /// The answer of a rule that may refer to segments, such as a program's goal.
    pub fn answer(&self, rule: &Rule, core: &Core, at: Timestamp) -> Answer {
        let answers = self.answers(&core.facts(), at);
        rule.answer(&Facts { answers: &answers, ..core.facts() }, at)
    }

    /// The segment that profiles keep under `key`.
    pub fn segment_of(&self, key: Key) -> Option<&Segment> {
        self.by_key.get(&key).and_then(|place| self.segments.get(*place))
    }

    /// The id of the segment that profiles keep under `key`, even one that is no longer defined.
    pub fn segment_id(&self, key: Key) -> Option<&SegmentId> {
        self.segment_of(key).map(|segment| &segment.id).or_else(|| self.gone.get(&key))
    }

    /// The segment of that id.
    pub fn segment(&self, id: &str) -> Option<&Segment> {
        self.segments.iter().find(|segment| segment.id.as_str() == id)
    }

    /// The program of that id.
    pub fn program(&self, id: &str) -> Option<&Program> {
        self.programs.iter().find(|program| program.id.as_str() == id)
    }

    /// The programs that begin with entering `segment`.
    pub fn programs_on<'a>(&'a self, segment: &'a Segment) -> impl Iterator<Item = &'a Program> {
        let enters = |program: &&Program| {
            self.segments.get(program.segment).is_some_and(|entered| entered.key == segment.key)
        };
        self.programs.iter().filter(enters)
    }

    fn empty() -> Self {
        Self {
            shop: Shop::default(),
            policy: Policy::default(),
            segments: Vec::new(),
            metrics: Vec::new(),
            scores: Vec::new(),
            programs: Vec::new(),
            templates: BTreeMap::new(),
            plan: Plan::default(),
            programs_ever: BTreeMap::new(),
            gone: BTreeMap::new(),
            order: Vec::new(),
            by_key: BTreeMap::new(),
        }
    }
}

/// Definitions while they are read.
struct Draft {
    reader: Reader,
    definitions: Definitions,
}

/// The members of one section, from all files: each with its key or list element.
#[derive(Default)]
struct Sections<'n> {
    shop: Vec<&'n Node>,
    policy: Vec<&'n Node>,
    segments: Vec<&'n Node>,
    metrics: Vec<(&'n Node, &'n Node)>,
    scores: Vec<(&'n Node, &'n Node)>,
    programs: Vec<&'n Node>,
    templates: Vec<&'n Node>,
}

impl Draft {
    fn read(&mut self, files: &[(&str, &str)], lineage: &Lineage) {
        let mut roots = Vec::new();
        for (name, text) in files {
            match Node::read(name, text) {
                Ok(root) => roots.push(root),
                Err(mistake) => self.reader.mistakes.push(mistake),
            }
        }
        let sections = self.sections(&roots);
        let Draft { reader, definitions } = self;
        settings::read(reader, definitions, &sections);
        let mut names = self.names(&sections);
        self.read_metrics(&sections, &mut names);
        self.read_scores(&sections, &mut names);
        self.read_segments(&sections, &names);
        templates::read(&mut self.reader, &mut self.definitions, &sections.templates);
        programs::read(&mut self.reader, &mut self.definitions, &names, &sections.programs);
        self.definitions.metrics = names.metrics;
        self.definitions.scores = names.scores;
        self.finish(&sections, lineage);
    }

    /// Sorts what stands in all files into sections.
    fn sections<'n>(&mut self, roots: &'n [Node]) -> Sections<'n> {
        let mut sections = Sections::default();
        let reader = &mut self.reader;
        for root in roots {
            let Some(mut members) = reader.members(root) else { continue };
            sections.shop.extend(members.get("shop"));
            sections.policy.extend(members.get("policy"));
            for (key, into) in [
                ("segments", &mut sections.segments),
                ("programs", &mut sections.programs),
                ("templates", &mut sections.templates),
            ] {
                if let Some(node) = members.get(key) {
                    into.extend(reader.list(node));
                }
            }
            for (key, into) in
                [("metrics", &mut sections.metrics), ("scores", &mut sections.scores)]
            {
                if let Some(node) = members.get(key) {
                    into.extend(reader.entries(node).iter().map(|(key, value)| (key, value)));
                }
            }
            reader.finish(&members);
        }
        sections
    }

    /// The ids that rules may refer to. Ids are read here, so that a rule may refer to what is
    /// defined after it.
    fn names(&mut self, sections: &Sections<'_>) -> Names {
        let mut ids = |kind: &'static str, nodes: &[&Node], most: usize| {
            if let Some(extra) = nodes.get(most) {
                self.reader.refuse::<()>(&extra.place, Wrong::TooMany(kind, most));
            }
            let mut known: Vec<String> = Vec::new();
            for node in nodes {
                let id = id_of(node).unwrap_or_default();
                if let (true, Some(node)) = (known.contains(&id), id_node(node)) {
                    let wrong = Wrong::DuplicateId { kind, id: id.clone() };
                    self.reader.refuse::<()>(&node.place, wrong);
                }
                known.push(id);
            }
            known
        };
        let segments = ids("segment", &sections.segments, limits::SEGMENTS);
        let programs = ids("program", &sections.programs, limits::PROGRAMS);
        ids("template", &sections.templates, limits::TEMPLATES);
        let shop = &self.definitions.shop;
        let history = (!shop.beyond_history).then_some(shop.history);
        Names { segments, programs, history, ..Names::default() }
    }

    fn read_metrics(&mut self, sections: &Sections<'_>, names: &mut Names) {
        for (key, node) in &sections.metrics {
            let id = self.reader.parsed(key, MetricId::parse);
            let (reader, plan) = (&mut self.reader, &mut self.definitions.plan);
            let mut cx = RuleReader { reader, plan, names };
            if let Some(metric) = id.and_then(|id| Metric::read(&mut cx, id, node)) {
                names.metrics.push(metric);
            }
        }
    }

    fn read_scores(&mut self, sections: &Sections<'_>, names: &mut Names) {
        for (key, node) in &sections.scores {
            let id = self.reader.parsed(key, ScoreId::parse);
            let (reader, plan) = (&mut self.reader, &mut self.definitions.plan);
            let mut cx = RuleReader { reader, plan, names };
            if let Some(score) = id.and_then(|id| ScoreDefinition::read(&mut cx, id, node)) {
                names.scores.push(score);
            }
        }
    }

    fn read_segments(&mut self, sections: &Sections<'_>, names: &Names) {
        let segments: Vec<_> =
            sections.segments.iter().map(|node| self.segment(node, names)).collect();
        // Places must be those of the names, so one mistake means no segments at all.
        self.definitions.segments = segments.into_iter().collect::<Option<_>>().unwrap_or_default();
    }

    fn segment(&mut self, node: &Node, names: &Names) -> Option<Segment> {
        let mut members = self.reader.members(node)?;
        let id = self.reader.required(&mut members, "id");
        let name = members.get("name");
        let when = self.reader.required(&mut members, "when");
        self.reader.finish(&members);
        let id = self.reader.parsed(id?, SegmentId::parse)?;
        let name = match name {
            Some(node) => self.reader.text(node)?.to_owned(),
            None => id.to_string(),
        };
        let (reader, plan) = (&mut self.reader, &mut self.definitions.plan);
        let rule = RuleReader { reader, plan, names }.rule(when?)?;
        let key = Memberships::key(&id);
        let (changed, since) = <(Version, Version)>::default();
        Some(Segment { id, name, rule, key, meaning: 0, changed, since })
    }

    /// What needs the whole set: the order of evaluation, and what is new about it.
    fn finish(&mut self, sections: &Sections<'_>, lineage: &Lineage) {
        let definitions = &mut self.definitions;
        match order::topological(&definitions.segments) {
            Ok(order) => definitions.order = order,
            Err(cycle) => {
                let place = cycle.first().and_then(|at| sections.segments.get(*at));
                let ids = cycle.iter().filter_map(|at| definitions.segments.get(*at));
                let ids = ids.map(|segment| segment.id.as_str()).collect::<Vec<_>>().join(" → ");
                if let Some(node) = place {
                    self.reader.refuse::<()>(&node.place, Wrong::Cycle(ids));
                }
            }
        }
        let place = |(at, segment): (usize, &Segment)| (segment.key, at);
        definitions.by_key = definitions.segments.iter().enumerate().map(place).collect();
        if let (Some((one, other)), Some(node)) =
            (definitions.plan.collision(), sections.segments.first())
        {
            self.reader.refuse::<()>(&node.place, Wrong::KeysCollide(one, other));
        }
        lineage::follow(
            definitions,
            &sections.segments,
            &sections.metrics,
            &sections.scores,
            lineage,
        );
    }
}

fn id_node(node: &Node) -> Option<&Node> {
    let Kind::Map(entries) = &node.kind else { return None };
    entries.iter().find(|(key, _)| key.text() == Some("id")).map(|(_, value)| value)
}

fn id_of(node: &Node) -> Option<String> {
    id_node(node)?.text().map(str::to_owned)
}
