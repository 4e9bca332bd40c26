//! The product's side of a case: one profile, driven as the shell drives it.

use std::collections::BTreeSet;

use attune_domain::definitions::Definitions;
use attune_domain::event::Event;
use attune_domain::id::{CustomerId, EventId};
use attune_domain::membership::Memberships;
use attune_domain::message::Cause;
use attune_domain::profile::Profile;
use attune_domain::ring::Known;
use attune_domain::step::{Input, MembershipChange, step};

use crate::model::Ms;
use crate::print::segment_id;
use crate::wire::instant;

/// A profile under definitions, and all that came of its steps.
#[derive(Debug, Clone)]
pub(crate) struct Person<'d> {
    pub(crate) definitions: &'d Definitions,
    /// Always there between two steps.
    profile: Option<Profile>,
    pub(crate) changes: Vec<MembershipChange>,
    history: BTreeSet<EventId>,
}

/// A change of membership: when, which segment by its place, in or out, and why.
pub(crate) type Change = (Ms, usize, bool, Cause);

impl<'d> Person<'d> {
    pub(crate) fn new(id: CustomerId, definitions: &'d Definitions, begin: Ms) -> Self {
        let profile = Profile::new(id, definitions, instant(begin));
        let profile = Some(profile);
        Self { definitions, profile, changes: Vec::new(), history: BTreeSet::new() }
    }

    /// The profile as it is now.
    pub(crate) fn profile(&self) -> &Profile {
        self.profile.as_ref().unwrap()
    }

    /// Puts the history row of an event, and looks for those of the ring when the shell would.
    fn see_row(&mut self, id: EventId) {
        self.history.insert(id);
        let ring = &mut self.profile.as_mut().unwrap().core.ring;
        if ring.is_crowded(1) {
            ring.see_rows();
        }
    }

    /// Steps until the input is taken. Returns what changed.
    pub(crate) fn take(&mut self, input: Input<'_>, now: Ms) -> Vec<Change> {
        let already = self.changes.len();
        loop {
            let Some(profile) = self.profile.take() else { break };
            let stepped = step(profile, input, self.definitions, instant(now));
            self.profile = Some(stepped.profile);
            self.changes.extend(stepped.changes);
            if !stepped.behind {
                break;
            }
        }
        self.changes[already..].iter().map(|change| self.told(change)).collect()
    }

    /// Takes an event unless it came before, as the ring says, or the history that the ring asks.
    /// `None` for one that came before.
    pub(crate) fn event(&mut self, event: &Event) -> Result<Option<Vec<Change>>, String> {
        let known = self.history.contains(&event.id);
        let said = self.profile().core.ring.knows(event);
        match (&said, known) {
            (Known::Applied(_) | Known::Done, true)
            | (Known::New, false)
            | (Known::AskHistory, _) => {}
            _ => return Err(format!("the ring says {said:?} of an event; taken before: {known}")),
        }
        let now = event.received.millis();
        if known {
            return Ok(None);
        }
        let changes = self.take(Input::Event(event), now);
        self.see_row(event.id);
        Ok(Some(changes))
    }

    /// Makes another person a part of this one.
    pub(crate) fn merge(&mut self, event: &Event, other: &Self) -> Vec<Change> {
        let changes = self.take(Input::Merge(event, other.profile()), event.received.millis());
        self.history.extend(&other.history);
        self.see_row(event.id);
        changes
    }

    /// Whether the person is in the segment at a place.
    pub(crate) fn is_in(&self, at: usize) -> bool {
        let key = Memberships::key(&self.definitions.segments[at].id);
        self.profile().core.memberships.get(key).is_some_and(|place| place.inside)
    }

    fn told(&self, change: &MembershipChange) -> Change {
        let segments = 0..self.definitions.segments.len();
        let place = segments.into_iter().find(|at| segment_id(*at) == change.segment.as_str());
        let membership = change.membership;
        (membership.since.millis(), place.unwrap(), membership.inside, change.cause)
    }
}
