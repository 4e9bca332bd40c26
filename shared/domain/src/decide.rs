//! Whether a message goes out, on which channel, and if not, why not.
//!
//! One pure function, asked when the message is due and again for every claim. Legal reasons come
//! before commercial ones, so that what is stored is the reason that matters most.

#[cfg(test)]
mod tests;

use std::fmt;

use crate::address::Address;
use crate::booking::Bookings;
use crate::brakes::Brakes;
use crate::card::Status;
use crate::channel::Channel;
use crate::definitions::{Content, Definitions};
use crate::id::MessageId;
use crate::message::{Class, Dropped, Held, Message};
use crate::policy::WhenCapped;
use crate::pressure::{self, Cap, Pressure};
use crate::profile::Profile;
use crate::program::Program;
use crate::time::{Span, Timestamp};
use crate::unsubscribed::Unsubscribed;

/// What a decision looks at.
pub struct Situation<'a> {
    /// The message.
    pub message: &'a Message,
    /// To whom.
    pub profile: &'a Profile,
    /// The shop's definitions.
    pub definitions: &'a Definitions,
    /// Addresses that must not be written to, of those that the profile has.
    pub suppressed: &'a [Address],
    /// What was sent to the addresses that the profile has, by whichever customers have them.
    pub booked: &'a [(&'a Address, &'a Bookings)],
    /// What was said no to at those that were unsubscribed.
    pub unsubscribed: &'a [(&'a Address, &'a Unsubscribed)],
    /// Channels on which a sender already refused this message.
    pub refused: &'a [Channel],
    /// Whether it is too long for a text message.
    pub too_long: bool,
    /// Whether one of [`rivals`] waits.
    pub outranked: bool,
    /// What the operator holds back.
    pub brakes: &'a Brakes,
}

impl Situation<'_> {
    /// What this person was sent, on this profile or another with one of their addresses.
    fn pressure(&self) -> Pressure {
        let mut pressure = self.profile.core.pressure.clone();
        for (address, booked) in self.booked {
            booked.add_to(&mut pressure, address.channel());
        }
        pressure
    }

    /// Whether another customer got the same at this address.
    fn had(&self, address: &Address, program: &Program) -> bool {
        let booked = self.booked.iter().filter(|(known, _)| *known == address);
        booked.into_iter().any(|(_, booked)| booked.had(self.message, program))
    }
}

/// What to do about a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// Send it there.
    Send(Choice),
    /// Not before then.
    Hold(Held, Timestamp),
    /// Never.
    Drop(Dropped),
    /// It is too late.
    Expire,
}

/// A channel, an address on it, and why this one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    /// Where to.
    pub address: Address,
    /// Why this channel.
    pub because: Because,
    /// Channels that would have come first, and what was in their way.
    pub passed_over: PassedOver,
}

impl Choice {
    /// Why this channel, in words: `the customer's stated preference; not sms, as …`.
    pub fn in_words(&self) -> String {
        match self.passed_over.0.is_empty() {
            true => self.because.in_words().to_owned(),
            false => format!("{}; {}", self.because.in_words(), self.passed_over),
        }
    }
}

/// Channels that a message cannot go by, and what is in the way.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct PassedOver(Vec<(Channel, Obstacle)>);

impl PassedOver {
    fn has(&self, channel: Channel) -> bool {
        self.0.iter().any(|(passed, _)| *passed == channel)
    }

    /// What a message lacks that has no channel: what it lacks furthest on.
    fn lacks(self) -> Dropped {
        let suppressed = self.0.iter().any(|(_, met)| *met == Obstacle::Suppressed);
        let forbidden = self.0.iter().any(|(_, met)| matches!(met, Obstacle::NoConsent { .. }));
        match (suppressed, forbidden) {
            (true, _) => Dropped::Suppressed(self),
            (false, true) => Dropped::NoConsent(self),
            (false, false) => Dropped::NoChannel(self),
        }
    }
}

impl fmt::Display for PassedOver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, (channel, why)) in self.0.iter().enumerate() {
            let between = if n == 0 { "" } else { "; " };
            write!(f, "{between}not {channel}, as {why}")?;
        }
        Ok(())
    }
}

/// What is in the way of a channel.
#[derive(Debug, Clone, PartialEq, Eq, Hash, thiserror::Error)]
pub enum Obstacle {
    /// No address on it is known.
    #[error("no address is known")]
    NoAddress,
    /// The template has no text for it.
    #[error("the template has no text for it")]
    NoContent,
    /// A sender refused it there.
    #[error("the sender refused it")]
    Refused,
    /// What it says to this customer is longer than the policy lets a text message be.
    #[error("its text is too long")]
    TooLong,
    /// The address must not be written to.
    #[error("the address is suppressed")]
    Suppressed,
    /// The customer does not allow it.
    #[error("{}{}", said(*.status), about(.topic.as_deref()))]
    NoConsent {
        /// What they said, if they said anything.
        status: Option<Status>,
        /// The topic of the program, if it has one.
        topic: Option<String>,
    },
}

fn said(status: Option<Status>) -> &'static str {
    match status {
        None => "the customer never allowed it",
        Some(Status::Withdrawn) => "the customer withdrew it",
        Some(Status::Pending) => "the customer did not confirm it yet",
        Some(Status::Granted) => "the customer allows it already",
    }
}

fn about(topic: Option<&str>) -> String {
    topic.map_or_else(String::new, |topic| format!(" (topic “{topic}”)"))
}

/// Why a channel was chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Because {
    /// The customer said so.
    Stated,
    /// The customer responds to it more often.
    Learned,
    /// The shop's policy says so.
    Policy,
}

impl Because {
    /// `stated`, `learned` or `policy`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Stated => "stated",
            Self::Learned => "learned",
            Self::Policy => "policy",
        }
    }

    fn in_words(self) -> &'static str {
        match self {
            Self::Stated => "the customer stated it",
            Self::Learned => "the customer responds to it more often",
            Self::Policy => "the order of the policy",
        }
    }
}

/// How long a message waits before it asks again whether the operator lets it go, or whether the
/// features are rebuilt that its goal needs. Each asking is a write.
const ASK_AGAIN: Span = Span::minutes(15);
/// How long a message lets another one go first.
const OUTRANKED: Span = Span::minutes(1);

/// Decides about a message at `now`.
pub fn decide(situation: &Situation<'_>, now: Timestamp) -> Decision {
    let Situation { message, profile, definitions, .. } = situation;
    let program = definitions.program(message.program.as_str());
    let content = definitions.templates.get(&message.template);
    let (Some(program), Some(content)) = (program, content) else {
        return Decision::Drop(Dropped::NoProgram);
    };
    let choice = match choose(situation, program, content) {
        Ok(choice) => choice,
        Err(dropped) => return Decision::Drop(dropped),
    };
    if now >= message.expires {
        return Decision::Expire;
    }
    let ask_again = |held| Decision::Hold(held, held_over(situation, now + ASK_AGAIN));
    if let Some(held) = situation.brakes.hold(program) {
        return ask_again(held);
    }
    if program.class == Class::Transactional {
        return Decision::Send(choice);
    }
    match goal(program, profile, definitions, now) {
        Goal::Reached => return Decision::Drop(Dropped::GoalReached),
        Goal::NotYetKnown => return ask_again(Held::NotYet),
        Goal::Open => {}
    }
    if program.about_cart && left_in_cart(profile, definitions, now).next().is_none() {
        return Decision::Drop(Dropped::NothingLeft);
    }
    if situation.had(&choice.address, program) {
        return Decision::Drop(Dropped::SameAddress);
    }
    let spared = (program.class == Class::Marketing)
        .then(|| spare(situation, choice.address.channel(), now))
        .flatten();
    spared.unwrap_or(Decision::Send(choice))
}

/// Until when a message waits that may not go out before `until`. One that has its hour of the day waits
/// for that hour, if it is not too late by then.
pub fn held_over(situation: &Situation<'_>, until: Timestamp) -> Timestamp {
    let Situation { message, profile, definitions, .. } = situation;
    let program = definitions.program(message.program.as_str());
    let hour = program.map_or(until, |program| program.at_its_hour(&profile.core, until));
    if hour < message.expires { hour } else { until }
}

/// What keeps a message that sells from going out now: the hour, and what the person had already.
fn spare(situation: &Situation<'_>, channel: Channel, now: Timestamp) -> Option<Decision> {
    let Situation { message, profile, definitions, .. } = situation;
    let (policy, card) = (&definitions.policy, &profile.card);
    let hold = |held, until: Timestamp| Some(Decision::Hold(held, until));
    let zones = card.possible_zones(&policy.zones, &definitions.shop.zone);
    let own = card.preference().quiet_hours;
    let open_from = |at| policy.hours.open_from(channel, own, &zones, at);
    match open_from(now) {
        Some(open) if open <= now => {}
        Some(open) => {
            let hour = held_over(situation, open);
            // An hour at which nothing ever goes out is not waited for.
            return hold(Held::QuietHours, if open_from(hour) == Some(hour) { hour } else { open });
        }
        None => return hold(Held::QuietHours, message.expires),
    }
    let (own, pressure) = (pressure::short(&message.id), situation.pressure());
    let free = caps(situation).map(|cap| (pressure.free_at(cap, channel, own, now), *cap));
    if let Some((free, cap)) = free.max_by_key(|(free, _)| *free).filter(|(free, _)| *free > now) {
        return match policy.when_capped {
            WhenCapped::Hold => hold(Held::Cap(cap), held_over(situation, free)),
            WhenCapped::Drop => Some(Decision::Drop(Dropped::Cap(cap))),
        };
    }
    if situation.outranked { hold(Held::Outranked, now + OUTRANKED) } else { None }
}

/// The caps that this person is under.
fn caps<'a>(situation: &Situation<'a>) -> impl Iterator<Item = &'a Cap> {
    let policy = &situation.definitions.policy;
    let less = situation.profile.card.preference().less_often.then_some(&policy.less_often);
    policy.caps.iter().chain(less)
}

/// Messages of the same customer that would go first if they wait: those of programs with a higher
/// priority, if a cap has room for one more only.
pub fn rivals(situation: &Situation<'_>, now: Timestamp) -> Vec<MessageId> {
    let Situation { message, profile, definitions, .. } = situation;
    let core = &profile.core;
    let Some(ours) = definitions.program(message.program.as_str()) else { return Vec::new() };
    let (own, pressure) = (pressure::short(&message.id), situation.pressure());
    let last_room = |cap: &Cap| pressure.room(cap, own, now) == 1;
    if ours.class != Class::Marketing || !caps(situation).any(last_room) {
        return Vec::new();
    }
    let first = |program: &&Program| {
        let goes = situation.brakes.hold(program).is_none();
        program.priority > ours.priority && program.class == Class::Marketing && goes
    };
    let planned = |program: &Program| {
        let started = *core.started.get(&program.key())?;
        let segment = definitions.segments.get(program.segment)?;
        let entry = core.memberships.get(segment.key).filter(|entry| entry.since == started)?;
        Some(program.message(&profile.id, core, segment, entry, message.cause))
    };
    let planned = definitions.programs.iter().filter(first).filter_map(planned);
    planned.filter(|other| other.due <= now && now < other.expires).map(|other| other.id).collect()
}

/// The first channel, in the customer's order and then the policy's, that has an address, consent
/// and content.
fn choose(
    situation: &Situation<'_>,
    program: &Program,
    content: &Content,
) -> Result<Choice, Dropped> {
    let mut passed_over = PassedOver::default();
    for (channel, because) in order(situation) {
        if passed_over.has(channel) {
            continue;
        }
        match reach(situation, program, content, channel) {
            Ok(address) => return Ok(Choice { address, because, passed_over }),
            Err(obstacle) => passed_over.0.push((channel, obstacle)),
        }
    }
    Err(passed_over.lacks())
}

/// Channels in the order in which they are tried: what the customer stated, else what was learned,
/// else the policy's.
fn order(situation: &Situation<'_>) -> Vec<(Channel, Because)> {
    let policy = &situation.definitions.policy;
    let stated = situation.profile.card.preference().channels;
    let learn = policy.learn && stated.is_empty();
    let learned = learn.then(|| situation.profile.core.responses.order(&policy.channels)).flatten();
    let as_it_is = policy.channels.iter().map(|channel| (*channel, Because::Policy));
    let stated = stated.into_iter().map(|channel| (channel, Because::Stated));
    let learned = learned.into_iter().flatten().map(|channel| (channel, Because::Learned));
    stated.chain(learned).chain(as_it_is).collect()
}

/// The address on a channel, if the message may go there.
fn reach(
    situation: &Situation<'_>,
    program: &Program,
    content: &Content,
    channel: Channel,
) -> Result<Address, Obstacle> {
    let card = &situation.profile.card;
    let address = card.address(channel).ok_or(Obstacle::NoAddress)?;
    let topic = program.topic.as_deref();
    let needed = match program.class {
        Class::Marketing => Some(Status::Granted),
        Class::Transactional => None,
        Class::OptIn => Some(Status::Pending),
    };
    let status = match situation.unsubscribed.iter().find(|(known, _)| **known == address) {
        Some((_, unsubscribed)) => unsubscribed.status(card, &address, topic),
        None => card.status(channel, topic),
    };
    match () {
        () if !content.has(channel) => Err(Obstacle::NoContent),
        () if situation.refused.contains(&channel) => Err(Obstacle::Refused),
        () if channel == Channel::Sms && situation.too_long => Err(Obstacle::TooLong),
        () if situation.suppressed.contains(&address) => Err(Obstacle::Suppressed),
        () if needed.is_some() && status != needed => {
            Err(Obstacle::NoConsent { status, topic: program.topic.clone() })
        }
        () => Ok(address),
    }
}

enum Goal {
    Open,
    Reached,
    NotYetKnown,
}

fn goal(program: &Program, profile: &Profile, definitions: &Definitions, now: Timestamp) -> Goal {
    let Some(rule) = &program.goal else { return Goal::Open };
    if !definitions.can_answer(rule, &profile.core) {
        return Goal::NotYetKnown;
    }
    let now = now.max(profile.core.as_of);
    match definitions.answer(rule, &profile.core, now).holds {
        true => Goal::Reached,
        false => Goal::Open,
    }
}

/// What is in the cart, without what was bought just now.
pub fn left_in_cart<'a>(
    profile: &'a Profile,
    definitions: &'a Definitions,
    now: Timestamp,
) -> impl Iterator<Item = crate::cart::Item> + 'a {
    let span = definitions.policy.just_bought;
    let bought = move |id: &str| profile.cart.just_bought(id, span, now);
    profile.cart.items().into_iter().filter(move |item| !bought(&item.product.id))
}
