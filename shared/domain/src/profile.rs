//! A person we know: what we remember of them, and what we concluded.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::card::Card;
use crate::cart::Cart;
use crate::channel::Channel;
use crate::definitions::{Definitions, Segment};
use crate::digest::Key;
use crate::event::{Event, MESSAGE_CLICKED, MESSAGE_SENT};
use crate::feature::{Feature, Latest, Orders, Score, Values};
use crate::id::{CustomerId, MessageId};
use crate::membership::{Membership, Memberships};
use crate::message::Class;
use crate::moment::Anniversary;
use crate::plan::{Memory, Plan, Version};
use crate::pressure::{self, Pressure, Sent};
use crate::program::Program;
use crate::ranking::Ranking;
use crate::response::Responses;
use crate::ring::Ring;
use crate::rule::Facts;
use crate::time::Timestamp;
use crate::wake_ups::WakeUps;
use crate::zone::Zone;

/// A person we know.
#[derive(Debug, Clone, PartialEq)]
pub struct Profile {
    /// Whom it is about.
    pub id: CustomerId,
    /// What rules look at, and what we concluded. The only part that is judged from.
    pub core: Core,
    /// Who the person is, and what they allow.
    pub card: Card,
    /// What they left in the cart.
    pub cart: Cart,
}

/// What rules look at, and what we concluded; one small item of the store.
#[derive(Debug, Clone, PartialEq)]
pub struct Core {
    /// The definitions that the features are complete for.
    pub made_for: Version,
    /// The definitions that the memberships were last judged by.
    pub judged_by: Version,
    /// The census that the ranks were last made by.
    pub ranked_by: u32,
    /// The instant up to which the profile was stepped. It never goes back.
    pub as_of: Timestamp,
    /// The earliest instant at which time alone may change an answer.
    pub wake_at: Timestamp,
    /// Rows of the agenda that are known to be there.
    pub wake_ups: WakeUps,
    /// The ids of the last events.
    pub ring: Ring,
    /// The person's zone.
    pub zone: Zone,
    /// When the cart was last left empty by hand.
    pub cart_emptied: Option<Timestamp>,
    /// Orders.
    pub orders: Orders,
    /// What was sent lately.
    pub pressure: Pressure,
    /// What they respond to.
    pub responses: Responses,
    /// One for each slot of the plan.
    pub features: Vec<Feature>,
    /// The place in each segment.
    pub memberships: Memberships,
    /// When each program was last started.
    pub started: BTreeMap<Key, Timestamp>,
}

impl Profile {
    /// Somebody of whom nothing is known yet. Their features are complete, as there is no past.
    pub fn new(id: CustomerId, definitions: &Definitions, now: Timestamp) -> Self {
        let mut core = Core {
            made_for: definitions.version(),
            judged_by: definitions.version(),
            ranked_by: definitions.census().number,
            as_of: now,
            wake_at: Timestamp::NEVER,
            wake_ups: WakeUps::default(),
            ring: Ring::default(),
            zone: definitions.shop.zone.clone(),
            cart_emptied: None,
            orders: Orders::default(),
            pressure: Pressure::default(),
            responses: Responses::default(),
            features: empty_features(&definitions.plan),
            memberships: Memberships::default(),
            started: BTreeMap::new(),
        };
        let card = Card::default();
        core.mirror(&card, definitions);
        core.rank(&id, definitions, now);
        Self { id, core, card, cart: Cart::default() }
    }
}

impl Profile {
    /// Whether it is that of `id`, or the one of `id` became a part of it.
    pub fn is(&self, id: &CustomerId) -> bool {
        self.id == *id || self.card.ids.iter().any(|known| known.merged && known.id == *id)
    }

    /// Whether features that the definitions need are yet to be made from the history.
    pub fn lacks_features(&self, definitions: &Definitions) -> bool {
        let slots = definitions.plan.slots();
        (0..slots.len()).any(|place| !definitions.plan.has(place, self.core.made_for))
    }

    /// Whether a full pass has something to do here: features to make, segments to judge that mean
    /// something else now, or a rank that the last census changed.
    pub fn is_behind(&self, definitions: &Definitions) -> bool {
        let census = definitions.census();
        let differs =
            |(place, rank): (usize, Feature)| self.core.features.get(place) != Some(&rank);
        let reranked = self.core.ranked_by < census.number
            && self.core.ranks(&self.id, definitions, census.at).into_iter().any(differs);
        let judged_by = self.core.judged_by;
        let changed = definitions.segments.iter().any(|segment| segment.changed > judged_by);
        let gone = |(key, place): &(Key, Membership)| {
            place.inside && definitions.segment_of(*key).is_none()
        };
        let existing = |program: &Program| {
            let segment = definitions.segments.get(program.segment);
            let place = segment.and_then(|segment| self.core.memberships.get(segment.key));
            let inside = place.is_some_and(|place| place.inside);
            program.existing && inside && !self.core.started.contains_key(&program.key())
        };
        changed
            || reranked
            || self.lacks_features(definitions)
            || self.core.memberships.iter().any(gone)
            || definitions.programs.iter().any(existing)
    }

    /// Makes the features it lacks from the history. Order is no matter; each event comes once.
    pub fn make_features(&mut self, history: &[Event], definitions: &Definitions) {
        let plan = &definitions.plan;
        let made_for = self.core.made_for;
        let lacking = |place: &usize| !plan.has(*place, made_for);
        for place in (0..plan.slots().len()).filter(lacking) {
            if let Some(slot) = plan.slots().get(place)
                && let Some(feature) = self.core.features.get_mut(place)
            {
                *feature = Feature::empty(&slot.memory);
                history.iter().for_each(|event| feature.remember(&slot.memory, event));
            }
        }
        self.core.forget_folded_orders();
    }
}

/// The message of a `Message Sent`, if it counts for caps.
fn counted(event: &Event) -> Option<u32> {
    let text = |name: &str| event.properties()?.get(name)?.as_str();
    let marketing = text("class").is_none_or(|class| class == Class::Marketing.as_str());
    let message = MessageId::parse(text("message")?)?;
    marketing.then(|| pressure::short(&message))
}

/// Features that remember nothing, one for each slot.
pub fn empty_features(plan: &Plan) -> Vec<Feature> {
    plan.slots().iter().map(|slot| Feature::empty(&slot.memory)).collect()
}

impl Core {
    /// What rules look at.
    pub fn facts(&self) -> Facts<'_> {
        Facts {
            features: &self.features,
            orders: &self.orders,
            zone: &self.zone,
            cart_emptied: self.cart_emptied,
            answers: &[],
        }
    }

    /// Makes every feature that comes from the card anew.
    ///
    /// The store writes the card before the core, so a card may be ahead of its core. Rules look
    /// at the core alone, and see what the card says from the step on that made them equal.
    pub fn mirror(&mut self, card: &Card, definitions: &Definitions) {
        self.zone = card.zone(&definitions.shop.zone);
        for (feature, slot) in self.features.iter_mut().zip(definitions.plan.slots()) {
            match &slot.memory {
                Memory::Card(test) => *feature = Feature::Holds(card.holds(test)),
                Memory::Instant(path) => *feature = Feature::Instant(card.instant(path)),
                Memory::Anniversary(path) => {
                    let mut texts = card.values(path).into_iter().filter_map(Value::as_str);
                    let day = texts.find_map(|text| Anniversary::read(text, &self.zone));
                    *feature = Feature::Anniversary(day);
                }
                _ => {}
            }
        }
    }

    /// Whether everything that a segment looks at is there.
    pub fn can_answer(&self, segment: &Segment) -> bool {
        segment.since <= self.made_for && segment.ranks.iter().all(|slot| self.is_ranked(*slot))
    }

    /// Whether a slot is not that of a ranking in which the person's place is not known.
    pub fn is_ranked(&self, slot: usize) -> bool {
        self.features.get(slot) != Some(&Feature::Rank(None))
    }

    /// Where the person stands in each ranking at `at`, by the last census. Not known is a ranking
    /// that the census has not seen, or whose metrics are yet to be made from the history.
    pub(crate) fn ranks(
        &self,
        id: &CustomerId,
        definitions: &Definitions,
        at: Timestamp,
    ) -> Vec<(usize, Feature)> {
        let (plan, facts) = (&definitions.plan, self.facts());
        let rank = |place: usize, ranking: &Ranking| {
            let frozen = definitions.frozen(place)?;
            let mut slots = ranking.axes.iter().flat_map(|axis| axis.metric.slots());
            if !slots.all(|slot| plan.has(slot, self.made_for)) {
                return None;
            }
            Some(ranking.cell(frozen, ranking.values(&facts, at).as_deref(), id))
        };
        let ranks = plan.rankings();
        ranks.map(|(place, _, ranking)| (place, Feature::Rank(rank(place, ranking)))).collect()
    }

    /// Makes every rank anew.
    pub(crate) fn rank(&mut self, id: &CustomerId, definitions: &Definitions, at: Timestamp) {
        for (place, rank) in self.ranks(id, definitions, at) {
            if let Some(feature) = self.features.get_mut(place) {
                *feature = rank;
            }
        }
        self.ranked_by = definitions.census().number;
    }

    /// Counts a message that sells as claimed on `channel`, for caps. A claim that comes again may be on
    /// another channel than the event of the first says.
    pub fn book(&mut self, message: &MessageId, channel: Channel, at: Timestamp, most: usize) {
        self.pressure.note(Sent { at, message: pressure::short(message), channel }, most);
    }

    /// Notes what was sent, the newest `most` of it, and what the person did about it.
    pub(crate) fn note_response(&mut self, event: &Event, most: usize) {
        let time = self.zone.time(event.occurred);
        let channel = || Channel::parse(event.properties()?.get("channel")?.as_str()?);
        match event.name() {
            Some(Event::ORDER_COMPLETED) => self.responses.note_active(time),
            // Only our own functions write these.
            Some(MESSAGE_SENT) => {
                let Some(channel) = channel() else { return };
                self.responses.note_sent(channel);
                if let Some(message) = counted(event) {
                    self.pressure.note(Sent { at: event.occurred, message, channel }, most);
                }
            }
            Some(MESSAGE_CLICKED) => {
                if let Some(channel) = channel() {
                    self.responses.note_followed(channel, time);
                }
            }
            _ => {}
        }
    }

    /// Lets go of what was noted about orders that are no longer kept one by one, so that nothing
    /// grows with the number of orders.
    pub(crate) fn forget_folded_orders(&mut self) {
        let kept = self.orders.list();
        for feature in &mut self.features {
            if let Feature::Orders(keys) = feature {
                keys.retain(|key| kept.iter().any(|order| order.key == *key));
            }
        }
    }

    /// Looks up the coming anniversaries that are over.
    pub(crate) fn refresh(&mut self, now: Timestamp) {
        for feature in &mut self.features {
            if let Feature::Anniversary(Some(day)) = feature {
                day.refresh(&self.zone, now);
            }
        }
    }
}

impl Feature {
    /// Remembers nothing.
    pub fn empty(memory: &Memory) -> Self {
        match memory {
            Memory::Latest { .. } => Self::Latest(Latest::default()),
            Memory::First(_) => Self::First(None),
            Memory::Values(..) => Self::Values(Values::default()),
            Memory::Score { .. } => Self::Score(Score::default()),
            Memory::Orders(_) => Self::Orders(Vec::new()),
            Memory::Card(_) => Self::Holds(false),
            Memory::Instant(_) => Self::Instant(None),
            Memory::Anniversary(_) => Self::Anniversary(None),
            Memory::Rank(_) => Self::Rank(None),
        }
    }
}
