//! A shop's definitions: segments, metrics, scores, programs, templates, settings.
//!
//! They are read as a whole: either all of them are right, or none is taken and every mistake is
//! told with its place.

mod classes;
mod coupons;
mod doubts;
mod draft;
mod email;
mod free;
pub(crate) mod lineage;
mod lookalike;
pub mod mistake;
mod order;
mod partials;
mod policy;
mod programs;
mod reach;
pub(crate) mod reader;
mod reading;
mod settings;
pub(crate) mod source;
mod templates;
mod written;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, OnceLock};

pub(crate) use classes::NONE;
pub use email::{EmailContent, Html, Origin};
pub use lineage::Lineage;
pub use mistake::Mistake;
pub use partials::Partials;
pub use settings::Shop;
pub use templates::{Content, Parts, PushContent};

use crate::answer::Answer;
use crate::census::Census;
use crate::class::ClassDefinition;
use crate::coupon::Coupon;
use crate::coverage::{self, Fact, Needed};
use crate::digest::Key;
use crate::id::{CouponId, ProgramId, SegmentId, TemplateId};
use crate::message::Class;
use crate::plan::{Plan, Version};
use crate::policy::Policy;
use crate::profile::Core;
use crate::program::Program;
use crate::ranking::Frozen;
use crate::rule::{Facts, Metric, Rule, ScoreDefinition};
use crate::time::Timestamp;

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
    /// The slots of rankings that it, or what it refers to, looks at. While one of them is not
    /// known, neither is the answer.
    pub ranks: Vec<usize>,
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
    /// Classes, in the order defined. Their segments stand behind those that have a rule.
    pub classes: Vec<ClassDefinition>,
    /// Programs, in the order defined.
    pub programs: Vec<Program>,
    /// Texts that templates have in common.
    pub partials: Arc<Partials>,
    /// Contents of messages.
    pub templates: BTreeMap<TemplateId, Content>,
    /// Coupons.
    pub coupons: BTreeMap<CouponId, Coupon>,
    /// What profiles must remember.
    pub plan: Plan,
    /// Programs that were ever defined, and their segments.
    pub programs_ever: BTreeMap<String, BTreeSet<String>>,
    /// What is lawful and was hardly meant; looked for when definitions are checked.
    pub doubts: Vec<Mistake>,
    /// Segments that are no longer defined.
    gone: BTreeMap<Key, SegmentId>,
    /// The places of segments, each after those it refers to.
    order: Vec<usize>,
    by_key: BTreeMap<Key, usize>,
    census: Census,
    /// Found when first asked for: a census asks for each page of customers.
    needs: OnceLock<BTreeMap<Fact, Needed>>,
}

impl Definitions {
    /// No definitions: every event is kept, and nobody is in any segment.
    pub fn none() -> Self {
        // Without files there is nothing that could be wrong.
        Self::read(&[], &Lineage::default()).unwrap_or_else(|_| Self::empty())
    }

    /// Reads files (name and text) as the definitions that follow, or are, those of `lineage`.
    pub fn read(files: &[(&str, &str)], lineage: &Lineage) -> Result<Self, Vec<Mistake>> {
        draft::read(files, lineage, false)
    }

    /// Reads files that were published, and so were checked: bodies of mail are compiled when one
    /// is written.
    pub fn reopen(files: &[(&str, &str)], lineage: &Lineage) -> Result<Self, Vec<Mistake>> {
        draft::read(files, lineage, true)
    }

    /// The same, ranking by another census.
    #[must_use]
    pub fn with_census(self, census: Census) -> Self {
        Self { census, ..self }
    }

    /// The census that customers are ranked by.
    pub fn census(&self) -> &Census {
        &self.census
    }

    /// Where the ranking of a slot is cut, if the census has seen it.
    pub fn frozen(&self, slot: usize) -> Option<&Frozen> {
        self.census.frozen.get(&self.plan.slots().get(slot)?.key)
    }

    /// Their version.
    pub fn version(&self) -> Version {
        self.plan.version
    }

    /// All that they need to know of customers, and who needs it.
    pub fn needs(&self) -> &BTreeMap<Fact, Needed> {
        self.needs.get_or_init(|| coverage::needs(self))
    }

    /// The places of segments, each after those it refers to.
    pub(crate) fn order(&self) -> &[usize] {
        &self.order
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

    /// Whether a profile has everything that the rule looks at.
    pub fn can_answer(&self, rule: &Rule, core: &Core) -> bool {
        let mut segments = rule.segments().into_iter().filter_map(|at| self.segments.get(at));
        let has = |slot: usize| self.plan.has(slot, core.made_for) && core.is_ranked(slot);
        rule.slots().into_iter().all(has) && segments.all(|segment| core.can_answer(segment))
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

    /// What the law takes a program's messages for; those of a program that is gone sold something.
    pub fn class_of(&self, program: &ProgramId) -> Class {
        self.program(program.as_str()).map_or(Class::Marketing, |program| program.class)
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
            classes: Vec::new(),
            programs: Vec::new(),
            partials: Arc::default(),
            templates: BTreeMap::new(),
            coupons: BTreeMap::new(),
            plan: Plan::default(),
            programs_ever: BTreeMap::new(),
            doubts: Vec::new(),
            gone: BTreeMap::new(),
            order: Vec::new(),
            by_key: BTreeMap::new(),
            census: Census::default(),
            needs: OnceLock::new(),
        }
    }
}
