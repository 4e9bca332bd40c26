//! One case: a shop, a person's story, and the comparison of the product with the oracle.

use std::cell::RefCell;

use attune_domain::definitions::{Definitions, Lineage};
use attune_domain::id::CustomerId;
use attune_domain::message::Cause;
use attune_domain::step::Input as Taken;

use crate::brute::Brute;
use crate::draw::Draw;
use crate::facts::{Facts, Heard};
use crate::future::check_future;
use crate::model::*;
use crate::person::{Change, Person};
use crate::teeth::{Seen, Teeth};
use crate::value::instant_text;
use crate::{history, print, rules, wire};

/// A shop and a person's story.
#[derive(Debug, Clone)]
pub(crate) struct Case {
    pub(crate) shop: Shop,
    pub(crate) begin: Ms,
    pub(crate) inputs: Vec<Input>,
    /// At so many of a hundred inputs the future is looked into as well.
    pub(crate) curiosity: u8,
}

impl Case {
    pub(crate) fn of(seed: u64) -> Self {
        let mut draw = Draw::new(seed);
        let shop = rules::shop(&mut draw);
        Self { shop, begin: draw.start, inputs: history::inputs(&mut draw), curiosity: 15 }
    }

    /// The definitions as the product reads them.
    pub(crate) fn definitions(&self) -> Definitions {
        let text = print::shop(&self.shop);
        let lineage = Lineage::default().next();
        Definitions::read(&[("drawn.json", &text)], &lineage)
            .unwrap_or_else(|mistakes| panic!("{}\n{text}", mistakes[0]))
    }

    /// Plays the story; the first disagreement is the error.
    pub(crate) fn play(&self) -> Result<Teeth, String> {
        let definitions = self.definitions();
        let mut play = Play::new(self, &definitions);
        for (number, input) in self.inputs.iter().enumerate() {
            play.input(input).map_err(|why| format!("at input {number}: {why}"))?;
        }
        play.teeth.cases = 1;
        play.teeth.flipped = u64::from(play.flipped);
        play.teeth.count(play.seen.take());
        Ok(play.teeth)
    }
}

/// A profile with what the oracle knows of it.
struct Side<'a> {
    person: Person<'a>,
    heard: Vec<Heard<'a>>,
    now: Ms,
    /// How often each segment was entered.
    entries: Vec<u32>,
}

struct Play<'a> {
    case: &'a Case,
    known: Side<'a>,
    visitor: Option<Side<'a>>,
    seen: RefCell<Seen>,
    flipped: bool,
    teeth: Teeth,
}

impl<'a> Play<'a> {
    fn new(case: &'a Case, definitions: &'a Definitions) -> Self {
        let side = |id| Side {
            person: Person::new(id, definitions, case.begin),
            heard: Vec::new(),
            now: case.begin,
            entries: vec![0; case.shop.segments.len()],
        };
        let merges = case.inputs.iter().any(|input| matches!(input, Input::Merge(_)));
        Self {
            case,
            known: side(CustomerId::known(wire::KNOWN)),
            visitor: merges.then(|| side(CustomerId::anonymous(wire::VISITOR))),
            seen: RefCell::default(),
            flipped: false,
            teeth: Teeth::default(),
        }
    }

    fn input(&mut self, input: &'a Input) -> Result<(), String> {
        match input {
            Input::Call(call) => self.call(call, call.received),
            Input::Again(at, received) => {
                let Input::Call(call) = &self.case.inputs[*at] else { return Ok(()) };
                self.call(call, *received)
            }
            Input::Tick(at) => {
                self.tick(false, *at)?;
                if self.visitor.is_some() {
                    self.tick(true, *at)?;
                }
                self.look(false, *at)
            }
            Input::Merge(at) => self.merge(*at),
        }
    }

    fn call(&mut self, call: &'a Call, received: Ms) -> Result<(), String> {
        let visitor = call.visitor && self.visitor.is_some();
        let event = wire::event(call, received);
        if received == call.received && event.occurred.millis() != call.occurred {
            return Err(format!("read as of {}, but of {}", event.occurred, call.occurred));
        }
        let side = self.side(visitor);
        let Some(changes) = side.person.event(&event)? else {
            self.teeth.duplicates += 1;
            return self.tick(visitor, received);
        };
        self.teeth.calls += 1;
        let late = received - call.occurred > DAY;
        let cause = if call.is_import() || late { Cause::Import } else { Cause::Event };
        self.passed(visitor, &changes, received, cause)?;
        let zone = self.case.shop.zone;
        let side = self.side(visitor);
        let heard = Heard::new(call, &Facts::new(&side.heard, zone));
        side.heard.push(heard);
        self.agree(visitor, received)?;
        self.look(visitor, received)
    }

    fn tick(&mut self, visitor: bool, at: Ms) -> Result<(), String> {
        let changes = self.side(visitor).person.take(Taken::Tick, at);
        self.passed(visitor, &changes, at, Cause::Time)
    }

    fn merge(&mut self, at: Ms) -> Result<(), String> {
        self.tick(false, at)?;
        self.tick(true, at)?;
        let Some(visitor) = self.visitor.take() else { return Ok(()) };
        let known = &mut self.known;
        known.heard.extend(visitor.heard);
        known.heard.sort_by_key(|heard| heard.call.received);
        let changes = known.person.merge(&wire::merge(at), &visitor.person);
        for (mine, theirs) in known.entries.iter_mut().zip(visitor.entries) {
            *mine = (*mine).max(theirs);
        }
        if let Some((_, segment, ..)) = changes.iter().find(|change| change.3 != Cause::Merge) {
            return Err(format!("a merge changes s{segment} for another cause"));
        }
        self.known.entries.clear();
        let places = 0..self.case.shop.segments.len();
        let ordinal = |at: usize| {
            let segment = &self.known.person.definitions.segments[at];
            let place = self.known.person.profile().core.memberships.get(segment.key);
            place.map_or(0, |place| place.ordinal)
        };
        let entries: Vec<u32> = places.map(ordinal).collect();
        self.known.entries = entries;
        self.teeth.merges += 1;
        self.agree(false, at)?;
        self.look(false, at)
    }

    fn side(&mut self, visitor: bool) -> &mut Side<'a> {
        match &mut self.visitor {
            Some(side) if visitor => side,
            _ => &mut self.known,
        }
    }

    /// Compares what changed by time alone since the last input with the oracle, at every instant
    /// at which it might, and counts the entries.
    fn passed(
        &mut self,
        visitor: bool,
        changes: &[Change],
        to: Ms,
        cause: Cause,
    ) -> Result<(), String> {
        let (shop, seen) = (&self.case.shop, RefCell::new(self.seen.take()));
        let side = self.side(visitor);
        let from = std::mem::replace(&mut side.now, to);
        let facts = Facts::new(&side.heard, shop.zone);
        let brute = Brute { shop, facts: &facts, seen: &seen };
        let (mut compared, mut unsure, mut flipped) = (0, 0, false);
        for (place, rule) in shop.segments.iter().enumerate() {
            let of_this = |change: &&Change| change.1 == place && change.3 == Cause::Time;
            let turned: Vec<&Change> = changes.iter().filter(of_this).collect();
            let mut points = brute.turns(rule, from, to);
            points.extend(turned.iter().flat_map(|change| [change.0 - 1, change.0]));
            points.insert(to);
            if side.heard.is_empty() {
                // Nobody is there before the first event.
                points.clear();
            }
            // The answer that stood when the time began to pass.
            let before = changes.iter().find(|change| change.1 == place);
            let before = before.map_or(side.person.is_in(place), |change| !change.2);
            for at in points.into_iter().filter(|at| *at > from) {
                let product =
                    turned.iter().rev().find(|change| change.0 <= at).map_or(before, |c| c.2);
                compared += 1;
                match brute.holds(rule, at) {
                    None => unsure += 1,
                    Some(holds) if holds == product => {}
                    Some(holds) => return Err(disagreement(place, at, product, holds)),
                }
            }
            flipped |= !turned.is_empty();
        }
        for (at, place, inside, why) in changes {
            side.entries[*place] += u32::from(*inside);
            if *why == Cause::Time && (*at <= from || *at > to) {
                return Err(format!("s{place} turned at {}, out of time", instant_text(*at)));
            }
            if *why != Cause::Time && (*why != cause || *at != to) {
                return Err(format!("s{place} changed for {why} at {}", instant_text(*at)));
            }
        }
        for (place, segment) in side.person.definitions.segments.iter().enumerate() {
            let known = side.person.profile().core.memberships.get(segment.key);
            if known.map_or(0, |known| known.ordinal) != side.entries[place] {
                return Err(format!("s{place} has the ordinal {known:?}"));
            }
        }
        self.teeth.changes += changes.len() as u64;
        self.teeth.compared += compared;
        self.teeth.unsure += unsure;
        self.flipped |= flipped;
        self.seen = seen;
        Ok(())
    }

    /// Compares memberships with the oracle now.
    fn agree(&mut self, visitor: bool, now: Ms) -> Result<(), String> {
        let (shop, seen) = (&self.case.shop, RefCell::new(self.seen.take()));
        let side = self.side(visitor);
        let facts = Facts::new(&side.heard, shop.zone);
        let brute = Brute { shop, facts: &facts, seen: &seen };
        for (place, rule) in shop.segments.iter().enumerate() {
            let product = side.person.is_in(place);
            if let Some(holds) = brute.holds(rule, now).filter(|holds| *holds != product) {
                return Err(disagreement(place, now, product, holds));
            }
        }
        if side.person.profile().core.wake_at.millis() <= now {
            return Err("wakes in the past".to_owned());
        }
        self.teeth.compared += shop.segments.len() as u64;
        self.seen = seen;
        Ok(())
    }

    /// At some inputs, looks into the future.
    fn look(&mut self, visitor: bool, now: Ms) -> Result<(), String> {
        let mut rng = fastrand::Rng::with_seed(now.unsigned_abs());
        if rng.u8(..100) >= self.case.curiosity {
            return Ok(());
        }
        let (shop, seen) = (&self.case.shop, RefCell::new(self.seen.take()));
        let side = self.side(visitor);
        let facts = Facts::new(&side.heard, shop.zone);
        let brute = Brute { shop, facts: &facts, seen: &seen };
        self.teeth.compared += check_future(&brute, &side.person, now, &mut rng)?;
        self.seen = seen;
        Ok(())
    }
}

fn disagreement(place: usize, at: Ms, product: bool, oracle: bool) -> String {
    format!("s{place} at {}: product says {product}, oracle says {oracle}", instant_text(at))
}
