//! How much a person was sent lately, for caps.

use std::fmt;

use crate::channel::Channel;
use crate::id::MessageId;
use crate::time::{Span, Timestamp};

/// Sends that a profile remembers at most on one channel, and so the most that a cap can count.
pub const REMEMBERED: usize = 24;
/// How long they are remembered: caps look back no further.
pub const LONGEST: Span = Span::days(31);

/// At most so many messages in so much time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Cap {
    /// On which channel; `None` is over all of them together.
    pub channel: Option<Channel>,
    /// From 1 to [`REMEMBERED`].
    pub at_most: usize,
    /// In how much time, at most [`LONGEST`].
    pub per: Span,
}

impl fmt::Display for Cap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { channel, at_most, per } = self;
        write!(f, "at most {at_most} in {}", per.in_words())?;
        channel.map_or(Ok(()), |channel| write!(f, " by {channel}"))
    }
}

/// A message that was claimed for sending.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Sent {
    /// When.
    pub at: Timestamp,
    /// The beginning of the hash that is the message's id.
    pub message: u32,
    /// On which channel.
    pub channel: Channel,
}

/// What was sent to a person lately, the newest first. A set: the order in which messages are noted
/// is no matter, and a message that is noted again on its channel is the same. One that goes out on
/// another channel, as a sender refused it on the first, counts on both, and once over all.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Pressure(Vec<Sent>);

impl Pressure {
    /// What a profile was stored with.
    pub(crate) fn stored(sent: Vec<Sent>) -> Self {
        Self(sent)
    }

    /// The messages, the newest first.
    pub fn sent(&self) -> &[Sent] {
        &self.0
    }

    /// Remembers a message among the newest `most` on its channel; of two records of the same one the
    /// later stays.
    pub fn note(&mut self, sent: Sent, most: usize) {
        let same =
            |known: &&mut Sent| (known.message, known.channel) == (sent.message, sent.channel);
        match self.0.iter_mut().find(same) {
            Some(known) => *known = (*known).max(sent),
            None => self.0.push(sent),
        }
        self.0.sort_by(|one, other| other.cmp(one));
        let newest = self.0.first().map(|sent| sent.at);
        self.0.retain(|sent| newest.is_none_or(|newest| newest.since(sent.at) < LONGEST));
        // A cap on one channel counts what was sent there, whatever was sent on others since.
        for channel in Channel::ALL {
            let mut place = 0;
            self.0.retain(|sent| {
                place += usize::from(sent.channel == channel);
                sent.channel != channel || place <= most
            });
        }
    }

    /// Remembers what another profile of the same person was sent.
    pub fn merge(&mut self, other: &Self, most: usize) {
        other.0.iter().for_each(|sent| self.note(*sent, most));
    }

    /// How many messages more `cap` has room for, leaving aside what was noted for `message`.
    pub fn room(&self, cap: &Cap, message: u32, now: Timestamp) -> usize {
        let counted = self.counted(cap, message).filter(|sent| sent.at + cap.per > now);
        cap.at_most.saturating_sub(counted.count())
    }

    /// What `cap` counts, the newest first: each message once, and not `message`.
    fn counted(&self, cap: &Cap, message: u32) -> impl Iterator<Item = &Sent> {
        let on = |sent: &Sent| cap.channel.is_none_or(|capped| capped == sent.channel);
        let counts = move |place: usize, sent: &Sent| {
            let newer = self.0.get(..place).unwrap_or_default();
            let again = newer.iter().any(|newer| newer.message == sent.message && on(newer));
            on(sent) && sent.message != message && !again
        };
        let all = self.0.iter().enumerate();
        all.filter(move |(place, sent)| counts(*place, sent)).map(|(_, sent)| sent)
    }

    /// When `cap` has room for a message on `channel`: `now`, or later. What was noted for the same
    /// `message` before is not in its own way.
    pub fn free_at(&self, cap: &Cap, channel: Channel, message: u32, now: Timestamp) -> Timestamp {
        if cap.channel.is_some_and(|capped| capped != channel) {
            return now;
        }
        // Of the newest `at_most`, the oldest must have left the window.
        let last = self.counted(cap, message).nth(cap.at_most.saturating_sub(1));
        last.map_or(now, |last| now.max(last.at + cap.per))
    }
}

/// The beginning of a message's id, by which it is remembered.
pub fn short(message: &MessageId) -> u32 {
    crate::digest::Key::of(&["message", message.as_str()]).0
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::testing::at;

    fn sent(day: i64, message: u32, channel: Channel) -> Sent {
        Sent { at: Timestamp::from_millis(day * 86_400_000), message, channel }
    }

    #[test]
    fn a_cap_is_free_again_when_the_oldest_that_fills_it_has_left_its_window() {
        let mut pressure = Pressure::default();
        for (at_, message) in [("2026-01-01T10:00:00Z", 1), ("2026-01-03T10:00:00Z", 2)] {
            pressure.note(Sent { at: at(at_), message, channel: Channel::Email }, REMEMBERED);
        }
        let cap = |channel, at_most| Cap { channel, at_most, per: Span::days(7) };
        let free = |cap: Cap, channel, message| {
            pressure.free_at(&cap, channel, message, at("2026-01-04T10:00:00Z")).to_string()
        };
        let (now, email) = ("2026-01-04T10:00:00.000Z", Some(Channel::Email));
        assert_eq!(free(cap(None, 2), Channel::Sms, 3), "2026-01-08T10:00:00.000Z");
        assert_eq!(free(cap(None, 3), Channel::Sms, 3), now);
        assert_eq!(free(cap(email, 1), Channel::Sms, 3), now);
        assert_eq!(free(cap(email, 1), Channel::Email, 3), "2026-01-10T10:00:00.000Z");
        // Its own claim, which the sender asked to repeat later, is not in its way.
        assert_eq!(free(cap(email, 1), Channel::Email, 2), "2026-01-08T10:00:00.000Z");
    }

    #[test]
    fn what_is_sent_on_one_channel_pushes_nothing_out_of_a_cap_on_another() {
        let mut pressure = Pressure::default();
        pressure.note(sent(1, 1, Channel::Email), 2);
        (2..9).for_each(|day| pressure.note(sent(day, 10, Channel::Push), 2));
        (2..9).zip(20..).for_each(|(day, id)| pressure.note(sent(day, id, Channel::Sms), 2));
        let cap = Cap { channel: Some(Channel::Email), at_most: 1, per: Span::days(30) };
        let now = Timestamp::from_millis(10 * 86_400_000);
        assert_eq!(pressure.room(&cap, 99, now), 0);
        assert_eq!(pressure.sent().len(), 4);
    }

    #[test]
    fn a_message_that_goes_out_on_another_channel_counts_there_too_and_once_over_all() {
        let mut pressure = Pressure::default();
        for channel in [Channel::Email, Channel::Sms] {
            pressure.note(sent(1, 1, channel), 3);
        }
        let room = |channel| {
            let cap = Cap { channel, at_most: 3, per: Span::days(7) };
            pressure.room(&cap, 99, Timestamp::from_millis(2 * 86_400_000))
        };
        let rooms = [Some(Channel::Email), Some(Channel::Sms), Some(Channel::Push), None].map(room);
        assert_eq!(rooms, [2, 2, 3, 2]);
    }

    proptest! {
        #[test]
        fn the_order_and_repetition_of_notes_is_no_matter(
            days in prop::collection::vec((0_i64..60, 0_u32..40), 0..40),
            seed in any::<u64>(),
        ) {
            let all: Vec<Sent> =
                days.iter().map(|(day, id)| sent(*day, *id, Channel::Email)).collect();
            // One record a message, as the ledger has.
            let mut once = all.clone();
            once.sort();
            once.dedup_by_key(|sent| sent.message);
            let mut known = std::collections::HashSet::new();
            once.retain(|sent| known.insert(sent.message));
            let mut shuffled = [once.clone(), once.clone()].concat();
            fastrand::Rng::with_seed(seed).shuffle(&mut shuffled);
            let (mut one, mut other) = <(Pressure, Pressure)>::default();
            once.iter().for_each(|sent| one.note(*sent, REMEMBERED));
            shuffled.iter().for_each(|sent| other.note(*sent, REMEMBERED));
            prop_assert_eq!(one, other);
        }
    }
}
