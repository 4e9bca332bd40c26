//! What changed definitions would do: who would enter and leave, which messages would start, and
//! which would not, because those people were there before.

use std::collections::BTreeMap;
use std::sync::Arc;

use attune_aws::store::StoreError;
use attune_domain::definitions::Definitions;
use attune_domain::id::{CustomerId, ProgramId, SegmentId};
use attune_domain::program::Program;
use attune_domain::step::Step;
use attune_domain::time::{Span, Timestamp};
use serde_json::{Value, json};

use crate::Deps;
use crate::coverage::Coverage;

/// Customers looked at, at most: some seconds' worth. Beyond, the numbers are those of a sample.
const MOST: u64 = 20_000;
/// How long is spent at most, of the 29 seconds after which API Gateway hangs up.
const TIME: Span = Span::seconds(20);

/// What would change.
#[derive(Debug, Default)]
pub(crate) struct Rehearsal {
    /// Customers looked at.
    pub(crate) looked_at: u64,
    /// Whether these were all.
    pub(crate) everyone: bool,
    segments: BTreeMap<SegmentId, Moves>,
    coverage: Coverage,
    programs: BTreeMap<ProgramId, Starts>,
}

/// How people move in and out of a segment.
#[derive(Debug, Default, Clone)]
pub(crate) struct Moves {
    /// Who would be inside.
    pub(crate) then: u64,
    enter: u64,
    leave: u64,
    /// The first few who would be inside.
    pub(crate) sample: Vec<CustomerId>,
}

/// How often a program would start.
#[derive(Debug, Default, Clone, Copy)]
struct Starts {
    starts: u64,
    /// People who would be in its segment and not get its message, as they were there before.
    not_started: u64,
}

/// How many of a segment are shown.
const SAMPLE: usize = 10;

/// Steps everybody through `next`, and writes nothing.
pub(crate) async fn rehearse(
    deps: &Deps,
    current: &Definitions,
    next: &Arc<Definitions>,
) -> Result<Rehearsal, StoreError> {
    let begin = deps.clock.now();
    let coverage = Coverage::of(next);
    let mut rehearsal = Rehearsal { coverage, ..Rehearsal::default() };
    let mut after = None;
    loop {
        let (steps, more) = deps.store.rehearse(next, after, begin).await?;
        for step in &steps {
            rehearsal.count(step, current, next, begin);
        }
        rehearsal.everyone = more.is_none();
        after = more;
        if after.is_none() || rehearsal.looked_at >= MOST || out_of_time(deps, begin) {
            return Ok(rehearsal);
        }
    }
}

fn out_of_time(deps: &Deps, begin: Timestamp) -> bool {
    deps.clock.now().since(begin) >= TIME
}

impl Rehearsal {
    /// How people would move in and out of a segment.
    pub(crate) fn moves(&self, segment: &SegmentId) -> Moves {
        self.segments.get(segment).cloned().unwrap_or_default()
    }

    fn count(&mut self, step: &Step, current: &Definitions, next: &Definitions, now: Timestamp) {
        self.looked_at += 1;
        self.coverage.count(&step.profile, next, now);
        for change in &step.changes {
            let moves = self.segments.entry(change.segment.clone()).or_default();
            match change.membership.inside {
                true => moves.enter += 1,
                false => moves.leave += 1,
            }
        }
        for segment in &next.segments {
            if inside(step, segment.key) {
                let moves = self.segments.entry(segment.id.clone()).or_default();
                moves.then += 1;
                if moves.sample.len() < SAMPLE {
                    moves.sample.push(step.profile.id.clone());
                }
            }
        }
        for program in &next.programs {
            let starts = self.programs.entry(program.id.clone()).or_default();
            if step.messages.iter().any(|message| message.program == program.id) {
                starts.starts += 1;
            } else if is_left_out(step, program, current, next) {
                starts.not_started += 1;
            }
        }
    }

    /// For the answer.
    pub(crate) fn json(&self, next: &Definitions) -> Value {
        let segment = |(id, moves): (&SegmentId, &Moves)| {
            let now = moves.then + moves.leave - moves.enter.min(moves.then + moves.leave);
            json!({
                "id": id.as_str(),
                "now": now,
                "then": moves.then,
                "enter": moves.enter,
                "leave": moves.leave,
            })
        };
        let program = |(id, starts): (&ProgramId, &Starts)| {
            let existing = next.program(id.as_str()).is_some_and(|program| program.existing);
            json!({
                "id": id.as_str(),
                "starts": starts.starts,
                "not_started": starts.not_started,
                "existing": existing,
            })
        };
        json!({
            "looked_at": self.looked_at,
            "everyone": self.everyone,
            "segments": self.segments.iter().map(segment).collect::<Value>(),
            "programs": self.programs.iter().map(program).collect::<Value>(),
            "coverage": self.coverage.json(next),
        })
    }
}

fn inside(step: &Step, key: attune_domain::digest::Key) -> bool {
    step.profile.core.memberships.get(key).is_some_and(|place| place.inside)
}

/// Whether somebody who is in the program's segment gets no message of it, because it is new to
/// them as a definition and not by anything that happened.
fn is_left_out(step: &Step, program: &Program, current: &Definitions, next: &Definitions) -> bool {
    let Some(segment) = next.segments.get(program.segment) else { return false };
    let entered =
        step.changes.iter().any(|change| change.segment == segment.id && change.membership.inside);
    let new = current.program(program.id.as_str()).is_none();
    let started = step.profile.core.started.contains_key(&program.key());
    inside(step, segment.key) && (entered || (new && !started))
}
