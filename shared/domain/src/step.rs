//! The heart: one pure step. Everything the product decides about a person happens here.
//!
//! ```text
//! step(profile, input, definitions, now) -> (profile, effects)
//! ```
//!
//! It is total and deterministic. Time is monotone for each profile: a step first *advances*, that
//! is, evaluates at each expiry on the way to `now` and notes what changed with that very instant;
//! then it takes the input. So the outcome does not depend on how often anyone sweeps.

use crate::answer::Answer;
use crate::card::ConsentAct;
use crate::definitions::{Definitions, Segment};
use crate::digest::Key;
use crate::event::{CONSENT_REQUESTED, Event, EventKey};
use crate::id::{CustomerId, SegmentId};
use crate::identity::KnownId;
use crate::limits;
use crate::membership::Membership;
use crate::message::{Cause, Class, Message};
use crate::order_event;
use crate::problem::Problem;
use crate::profile::Profile;
use crate::program::Program;
use crate::time::Timestamp;

/// What a step takes in.
#[derive(Debug, Clone, Copy)]
pub enum Input<'a> {
    /// Something happened. That it is new is the ring's word.
    Event(&'a Event),
    /// Another profile becomes part of this one; the event stands for it in ring and history. The
    /// other was stepped to the same `now`, and its rows are all known.
    Merge(&'a Event, &'a Profile),
    /// Time alone.
    Tick,
    /// A full pass comes by, after the definitions changed.
    Pass,
}

/// What came of a step.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    /// The profile as it is now.
    pub profile: Profile,
    /// Memberships that changed, in the order in which they did.
    pub changes: Vec<MembershipChange>,
    /// Messages to be planned, at most [`limits::MESSAGES_PER_STEP`].
    pub messages: Vec<Message>,
    /// What is worth telling the sender of the event.
    pub problems: Vec<Problem>,
    /// Whether `now` was not reached: the input was not taken, and another step must go on.
    pub behind: bool,
}

/// A person entered or left a segment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MembershipChange {
    /// Who.
    pub customer: CustomerId,
    /// Which segment.
    pub segment: SegmentId,
    /// In or out, for the how-manieth time, since when.
    pub membership: Membership,
    /// Why.
    pub cause: Cause,
}

/// Steps `profile` to `now` and takes `input`.
pub fn step(profile: Profile, input: Input<'_>, definitions: &Definitions, now: Timestamp) -> Step {
    let now = now.max(profile.core.as_of);
    let mut stepper = Stepper {
        definitions,
        event: None,
        step: Step {
            profile,
            changes: Vec::new(),
            messages: Vec::new(),
            problems: Vec::new(),
            behind: false,
        },
    };
    if stepper.advance(now) {
        stepper.adopt_definitions(now);
        stepper.adopt_census(now);
        stepper.take(input, now);
        stepper.step.profile.core.as_of = now;
    } else {
        stepper.step.behind = true;
    }
    stepper.step
}

struct Stepper<'a> {
    definitions: &'a Definitions,
    /// The event that was taken: what is entered from then on follows it.
    event: Option<EventKey>,
    step: Step,
}

/// Which segments a judgement is about.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Which {
    /// Those whose meaning is the one the profile was last judged by.
    Known,
    /// All.
    All,
}

impl Stepper<'_> {
    /// Evaluates at every expiry up to `now`. Says whether it got there.
    fn advance(&mut self, now: Timestamp) -> bool {
        for _ in 0..limits::INSTANTS_PER_STEP {
            let due = self.step.profile.core.wake_at;
            if due > now {
                return true;
            }
            if self.step.messages.len() >= limits::MESSAGES_PER_STEP {
                return false;
            }
            self.judge(due, Which::Known, |_| Cause::Time);
            self.step.profile.core.as_of = due;
        }
        self.step.profile.core.wake_at > now
    }

    /// Judges by definitions that are new to this profile, before anything else happens under them.
    /// What changes now changes because of them, and not because of the input that follows.
    fn adopt_definitions(&mut self, now: Timestamp) {
        let core = &mut self.step.profile.core;
        if core.judged_by == self.definitions.version() {
            return;
        }
        core.mirror(&self.step.profile.card, self.definitions);
        self.judge(now, Which::All, |_| Cause::Definition);
        self.leave_what_is_gone(now);
        self.step.profile.core.judged_by = self.definitions.version();
    }

    /// Ranks and judges by a census that is new to this profile, before anything else happens. The
    /// ranks are those of the census's own instant: what has changed since, the input changes.
    fn adopt_census(&mut self, now: Timestamp) {
        let (Profile { id, core, .. }, census) =
            (&mut self.step.profile, self.definitions.census());
        if core.ranked_by < census.number {
            core.rank(id, self.definitions, census.at);
            self.judge(now, Which::All, |_| Cause::Census);
        }
    }

    fn take(&mut self, input: Input<'_>, now: Timestamp) {
        match input {
            Input::Event(event) => {
                self.apply(event);
                self.ask_again(event, now);
                self.rank(now);
                let cause = if event.is_import() { Cause::Import } else { Cause::Event };
                self.event = Some(event.key());
                self.judge(now, Which::All, |_| cause);
            }
            Input::Merge(event, other) => {
                self.merge(other);
                self.step.profile.core.ring.note(event);
                self.rank(now);
                self.judge(now, Which::All, |_| Cause::Merge);
            }
            Input::Tick => {}
            Input::Pass => {
                let made_for = self.step.profile.core.made_for;
                self.step.profile.core.made_for = self.definitions.version();
                if made_for < self.definitions.version() {
                    // What they are ranked by may have been made just now.
                    self.rank(now);
                }
                self.judge(now, Which::All, |segment| {
                    if segment.since > made_for { Cause::Backfill } else { Cause::Definition }
                });
                self.start_for_existing();
            }
        }
    }

    fn rank(&mut self, now: Timestamp) {
        let Profile { id, core, .. } = &mut self.step.profile;
        core.rank(id, self.definitions, now);
    }

    fn apply(&mut self, event: &Event) {
        let Step { profile, problems, .. } = &mut self.step;
        profile.core.ring.note(event);
        if profile.card.concerns(event) {
            profile.card.apply(&profile.id, event, problems);
            profile.core.mirror(&profile.card, self.definitions);
            problems.extend(self.definitions.policy.unknown_topic(event));
        }
        profile.cart.apply(event);
        profile.core.cart_emptied = profile.cart.emptied();
        order_event::apply(&mut profile.core.orders, event, problems);
        profile.core.note_response(event, self.definitions.policy.remembered());
        let plan = &self.definitions.plan;
        for place in plan.listening(event) {
            if plan.has(place, profile.core.made_for)
                && let Some(feature) = profile.core.features.get_mut(place)
                && let Some(slot) = plan.slots().get(place)
            {
                feature.remember(&slot.memory, event);
            }
        }
        profile.core.forget_folded_orders();
    }

    /// Leaves segments whose program asks for a confirmation, when somebody asks once more and the
    /// program may start again: its link may have been lost or be too old, and whoever stays inside
    /// is sent no other.
    fn ask_again(&mut self, event: &Event, now: Timestamp) {
        if event.name() != Some(CONSENT_REQUESTED) || event.is_import() {
            return;
        }
        let asked = ConsentAct::of(event, &mut Vec::new());
        for (place, segment) in self.definitions.segments.iter().enumerate() {
            let Profile { id, core, .. } = &mut self.step.profile;
            let asks = |program: &Program| {
                let last = core.started.get(&program.key()).copied();
                let content = self.definitions.templates.get(&program.template);
                program.class == Class::OptIn
                    && program.segment == place
                    && content.is_some_and(|c| asked.iter().any(|asked| c.has(asked.channel)))
                    && last.is_some()
                    && program.may_start(last, now)
            };
            let known = segment.since <= core.made_for;
            let inside = core.memberships.get(segment.key).is_some_and(|known| known.inside);
            if known && inside && self.definitions.programs.iter().any(asks) {
                let ordinal = core.memberships.leave(segment.key, now);
                self.step.changes.push(MembershipChange {
                    customer: id.clone(),
                    segment: segment.id.clone(),
                    membership: Membership { inside: false, ordinal, since: now },
                    cause: Cause::Event,
                });
            }
        }
    }

    fn merge(&mut self, other: &Profile) {
        let Step { profile, changes, .. } = &mut self.step;
        let core = &mut profile.core;
        let entered = core.memberships.merge(&other.core.memberships);
        let change = |customer: &CustomerId, key: Key, membership: Membership| {
            let segment = self.definitions.segment_id(key)?.clone();
            Some(MembershipChange {
                customer: customer.clone(),
                segment,
                membership,
                cause: Cause::Merge,
            })
        };
        let left = other.core.memberships.iter().filter(|(_, theirs)| theirs.inside);
        changes.extend(left.filter_map(|(key, theirs)| {
            change(&other.id, *key, Membership { inside: false, ..*theirs })
        }));
        changes.extend(
            entered
                .into_iter()
                .filter_map(|key| change(&profile.id, key, core.memberships.get(key)?)),
        );
        core.made_for = core.made_for.min(other.core.made_for);
        core.ring.merge(&other.core.ring);
        core.orders.merge(&other.core.orders);
        core.pressure.merge(&other.core.pressure, self.definitions.policy.remembered());
        core.responses.merge(&other.core.responses);
        let slots = self.definitions.plan.slots();
        for ((ours, theirs), slot) in core.features.iter_mut().zip(&other.core.features).zip(slots)
        {
            ours.merge(&slot.memory, theirs);
        }
        core.forget_folded_orders();
        for (program, at) in &other.core.started {
            let ours = core.started.entry(*program).or_insert(*at);
            *ours = (*ours).max(*at);
        }
        profile.card.merge(&other.card);
        profile.card.know(KnownId { id: other.id.clone(), merged: true });
        profile.cart.merge(&other.cart);
        core.cart_emptied = profile.cart.emptied();
        core.mirror(&profile.card, self.definitions);
    }

    /// Evaluates every segment at `at`, notes what changed, and sets the next expiry.
    fn judge(&mut self, at: Timestamp, which: Which, cause: impl Fn(&Segment) -> Cause) {
        let core = &mut self.step.profile.core;
        core.refresh(at);
        let answers = self.definitions.answers(&core.facts(), at);
        let mut wake_at = Timestamp::NEVER;
        for (segment, answer) in self.definitions.segments.iter().zip(answers) {
            let core = &self.step.profile.core;
            if !core.can_answer(segment)
                || (which == Which::Known && segment.changed > core.judged_by)
            {
                continue;
            }
            wake_at = wake_at.min(self.compare(segment, answer, at, &cause));
        }
        self.step.profile.core.wake_at = wake_at;
    }

    /// Enters or leaves one segment. Returns the instant until which that stands.
    fn compare(
        &mut self,
        segment: &Segment,
        answer: Answer,
        at: Timestamp,
        cause: &impl Fn(&Segment) -> Cause,
    ) -> Timestamp {
        let memberships = &mut self.step.profile.core.memberships;
        let inside = memberships.get(segment.key).is_some_and(|known| known.inside);
        if answer.holds == inside {
            return answer.until;
        }
        let starts = self.definitions.programs_on(segment).count();
        if answer.holds && self.step.messages.len() + starts > limits::MESSAGES_PER_STEP {
            // No room for its messages in this step: the next one enters, at this instant still.
            return at;
        }
        let ordinal = match answer.holds {
            true => memberships.enter(segment.key, at),
            false => memberships.leave(segment.key, at),
        };
        let membership = Membership { inside: answer.holds, ordinal, since: at };
        let cause = cause(segment);
        self.step.changes.push(MembershipChange {
            customer: self.step.profile.id.clone(),
            segment: segment.id.clone(),
            membership,
            cause,
        });
        if answer.holds {
            self.start(segment, membership, cause);
        }
        answer.until
    }

    /// Starts the programs of a segment that was just entered.
    fn start(&mut self, segment: &Segment, entry: Membership, cause: Cause) {
        for program in self.definitions.programs_on(segment) {
            let started = &mut self.step.profile.core.started;
            let last = started.get(&program.key()).copied();
            if program.starts_for(cause) && program.may_start(last, entry.since) {
                started.insert(program.key(), entry.since);
                let Profile { id, core, .. } = &self.step.profile;
                let message = program.message(id, core, segment, entry, cause);
                self.step.messages.push(Message { event: self.event.clone(), ..message });
            }
        }
    }

    /// Starts programs that were confirmed for those who were there before them.
    fn start_for_existing(&mut self) {
        for segment in &self.definitions.segments {
            let core = &mut self.step.profile.core;
            let Some(entry) = core.memberships.get(segment.key).filter(|entry| entry.inside) else {
                continue;
            };
            for program in self.definitions.programs_on(segment).filter(|p| p.existing) {
                let core = &mut self.step.profile.core;
                let room = self.step.messages.len() < limits::MESSAGES_PER_STEP;
                if room && !core.started.contains_key(&program.key()) {
                    // Due from now on: the entry itself may be years old.
                    let entry = Membership { since: core.as_of, ..entry };
                    core.started.insert(program.key(), entry.since);
                    let Profile { id, core, .. } = &self.step.profile;
                    let message = program.message(id, core, segment, entry, Cause::Definition);
                    self.step.messages.push(message);
                }
            }
        }
    }

    /// Leaves segments that are no longer defined.
    fn leave_what_is_gone(&mut self, now: Timestamp) {
        let core = &mut self.step.profile.core;
        let gone: Vec<_> = core
            .memberships
            .iter()
            .filter(|(key, place)| place.inside && self.definitions.segment_of(*key).is_none())
            .map(|(key, _)| *key)
            .collect();
        for key in gone {
            let ordinal = core.memberships.leave(key, now);
            if let Some(segment) = self.definitions.segment_id(key) {
                self.step.changes.push(MembershipChange {
                    customer: self.step.profile.id.clone(),
                    segment: segment.clone(),
                    membership: Membership { inside: false, ordinal, since: now },
                    cause: Cause::Definition,
                });
            }
        }
    }
}
