//! Definitions while they are read: section by section, from all files, so that a rule may refer to
//! what is defined after it, or in another file.

use super::lineage::{self, Lineage};
use super::mistake::{Mistake, Wrong};
use super::reader::Reader;
use super::source::{Kind, Node};
use super::{
    Definitions, Segment, classes, coupons, order, partials, programs, settings, templates,
};
use crate::id::{MetricId, ScoreId, SegmentId};
use crate::limits;
use crate::membership::Memberships;
use crate::plan::Version;
use crate::rule::{Metric, Names, RuleReader, ScoreDefinition};

/// Reads files (name and text) as the definitions that follow, or are, those of `lineage`; what
/// was published needs no second check of its templates.
pub(super) fn read(
    files: &[(&str, &str)],
    lineage: &Lineage,
    published: bool,
) -> Result<Definitions, Vec<Mistake>> {
    let reader = Reader { published, ..Reader::default() };
    let mut draft = Draft { reader, definitions: Definitions::empty() };
    draft.definitions.plan.version = lineage.version;
    draft.read(files, lineage);
    if draft.reader.mistakes.is_empty() {
        let doubts = in_order(draft.reader.doubts, files);
        Ok(Definitions { doubts, ..draft.definitions })
    } else {
        Err(in_order(draft.reader.mistakes, files))
    }
}

/// The mistakes as they stand in the files. One in a partial is found once for each template that
/// renders it, and told once.
fn in_order(mut mistakes: Vec<Mistake>, files: &[(&str, &str)]) -> Vec<Mistake> {
    mistakes.sort_by_key(|mistake| {
        let place = &mistake.place;
        (files.iter().position(|(name, _)| *name == &*place.file), place.line, place.column)
    });
    mistakes.dedup();
    mistakes
}

/// Definitions while they are read.
struct Draft {
    reader: Reader,
    definitions: Definitions,
}

/// The members of one section, from all files: each with its key or list element.
#[derive(Default)]
pub(super) struct Sections<'n> {
    pub(super) shop: Vec<&'n Node>,
    pub(super) policy: Vec<&'n Node>,
    pub(super) segments: Vec<&'n Node>,
    pub(super) classes: Vec<&'n Node>,
    pub(super) metrics: Vec<(&'n Node, &'n Node)>,
    pub(super) scores: Vec<(&'n Node, &'n Node)>,
    pub(super) programs: Vec<&'n Node>,
    pub(super) partials: Vec<(&'n Node, &'n Node)>,
    pub(super) templates: Vec<&'n Node>,
    pub(super) coupons: Vec<&'n Node>,
}

impl Sections<'_> {
    fn is_empty(&self) -> bool {
        let Self { shop, policy, segments, classes, metrics, scores, programs, templates, .. } =
            self;
        let lists = [shop, policy, segments, classes, programs, templates];
        lists.iter().all(|list| list.is_empty()) && metrics.is_empty() && scores.is_empty()
    }
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
        if let (true, Some(root)) = (sections.is_empty(), roots.first()) {
            self.reader.refuse::<()>(&root.place, Wrong::Nothing);
        }
        let Draft { reader, definitions } = self;
        settings::read(reader, definitions, &sections);
        let mut names = self.names(&sections);
        self.read_metrics(&sections, &mut names);
        self.read_scores(&sections, &mut names);
        let Draft { reader, definitions } = self;
        let plan = &mut definitions.plan;
        let cells = classes::read(reader, plan, &mut names, &sections.classes);
        self.read_segments(&sections, &names, cells);
        partials::read(&mut self.reader, &mut self.definitions, &sections.partials);
        templates::read(&mut self.reader, &mut self.definitions, &sections);
        coupons::read(&mut self.reader, &mut self.definitions, &sections.coupons);
        programs::read(&mut self.reader, &mut self.definitions, &names, &sections.programs);
        self.definitions.metrics = names.metrics;
        self.definitions.scores = names.scores;
        self.definitions.classes = names.classes;
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
                ("classes", &mut sections.classes),
                ("programs", &mut sections.programs),
                ("templates", &mut sections.templates),
                ("coupons", &mut sections.coupons),
            ] {
                if let Some(node) = members.get(key) {
                    into.extend(reader.list(node));
                }
            }
            for (key, into) in [
                ("metrics", &mut sections.metrics),
                ("scores", &mut sections.scores),
                ("partials", &mut sections.partials),
            ] {
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
        let mut ids = |kind, nodes: &[&Node], most| {
            // A template comes once in each language.
            let id = |node: &Node| id_of(node).unwrap_or_default() + &language_of(node);
            let things = nodes.iter().map(|node| (*node, id(node), id_node(node)));
            self.once(kind, things.collect(), most)
        };
        let segments = ids("segment", &sections.segments, limits::SEGMENTS);
        ids("class", &sections.classes, limits::CLASSES);
        let programs = ids("program", &sections.programs, limits::PROGRAMS);
        let templates = ids("template", &sections.templates, limits::TEMPLATES);
        let coupons = ids("coupon", &sections.coupons, limits::COUPONS);
        for (kind, entries) in [("metric", &sections.metrics), ("score", &sections.scores)] {
            let id = |key: &Node| key.text().unwrap_or_default().to_owned();
            let things = entries.iter().map(|(key, _)| (*key, id(key), Some(*key)));
            self.once(kind, things.collect(), limits::METRICS);
        }
        let shop = &self.definitions.shop;
        let history = (!shop.beyond_history).then_some(shop.history);
        let topics = self.definitions.policy.topics.iter().map(|topic| topic.id.clone()).collect();
        Names { segments, programs, templates, coupons, topics, history, ..Names::default() }
    }

    /// The ids of things of one kind from all files: at most so many, and none twice. Each thing
    /// comes with its id, and where that stands if it has one.
    fn once(
        &mut self,
        kind: &'static str,
        things: Vec<(&Node, String, Option<&Node>)>,
        most: usize,
    ) -> Vec<String> {
        if let Some((extra, ..)) = things.get(most) {
            self.reader.refuse::<()>(&extra.place, Wrong::TooMany(kind, most));
        }
        let mut known: Vec<String> = Vec::new();
        for (_, id, named) in things {
            if let (true, Some(node)) = (known.contains(&id), named) {
                let wrong = Wrong::DuplicateId { kind, id: id.clone() };
                self.reader.refuse::<()>(&node.place, wrong);
            }
            known.push(id);
        }
        known
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

    fn read_segments(&mut self, sections: &Sections<'_>, names: &Names, cells: Vec<Segment>) {
        let segments: Vec<_> =
            sections.segments.iter().map(|node| self.segment(node, names)).collect();
        // Places must be those of the names, so one mistake means no segments at all.
        let segments = segments.into_iter().chain(cells.into_iter().map(Some));
        self.definitions.segments = segments.collect::<Option<_>>().unwrap_or_default();
    }

    fn segment(&mut self, node: &Node, names: &Names) -> Option<Segment> {
        let mut members = self.reader.members(node)?;
        let id = self.reader.required(&mut members, "id");
        let name = members.get("name");
        let when = self.reader.required(&mut members, "when");
        self.reader.finish(&members);
        let (reader, plan) = (&mut self.reader, &mut self.definitions.plan);
        let rule = when.and_then(|node| RuleReader { reader, plan, names }.rule(node));
        let node = id?;
        let id = self.reader.parsed(node, SegmentId::parse)?;
        if id.is_cell() {
            let wrong = "an id with a dot is that of a cell of a class; use `-`";
            return self.reader.refuse(&node.place, Wrong::Invalid(wrong.to_owned()));
        }
        let name = match name {
            Some(node) => self.reader.text(node)?.to_owned(),
            None => id.to_string(),
        };
        let rule = rule?;
        let key = Memberships::key(&id);
        let (changed, since) = <(Version, Version)>::default();
        Some(Segment { id, name, rule, key, meaning: 0, changed, since, ranks: Vec::new() })
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
    member(node, "id")
}

pub(super) fn member<'n>(node: &'n Node, name: &str) -> Option<&'n Node> {
    let Kind::Map(entries) = &node.kind else { return None };
    entries.iter().find(|(key, _)| key.text() == Some(name)).map(|(_, value)| value)
}

/// The language of a template, behind a sign that no id has.
fn language_of(node: &Node) -> String {
    let language = member(node, "language").and_then(Node::text);
    language.map_or(String::new(), |tag| format!(" in {}", tag.to_ascii_lowercase()))
}

pub(super) fn id_of(node: &Node) -> Option<String> {
    id_node(node)?.text().map(str::to_owned)
}
