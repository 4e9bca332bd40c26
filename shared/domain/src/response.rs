//! What a person responds to: on which channel, and at which hour of their day.
//!
//! Learned from messages that were sent and links in them that a person followed; what machines do
//! counts for nothing. Clicks and not opens, as mail programs open mail by themselves.

use jiff::civil::Time;

use crate::channel::Channel;

/// Clicks, over all channels, before anything is believed to be learned.
const ENOUGH: u16 = 2;
/// Orders and clicks before an hour is believed to be the best.
const ENOUGH_HOURS: u16 = 4;
/// What is assumed of a channel before anything is known: one click in ten messages. Laplace's rule
/// of succession with this prior: (clicks + 1) ÷ (messages + 10).
const PRIOR: (u32, u32) = (1, 10);
/// Hours of a day.
const HOURS: usize = 24;
/// What is counted of an hour.
pub const MOST_AN_HOUR: u8 = 15;

/// Counts of what was sent and followed. They only grow, so that merging is adding.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Responses {
    /// Messages by channel, in the order of [`Channel::ALL`].
    pub sent: [u16; 3],
    /// Those in which a link was followed.
    pub followed: [u16; 3],
    /// Orders and clicks by the hour of the local day, each counted up to [`MOST_AN_HOUR`]: two
    /// hours are a byte of the profile.
    pub hours: [u8; HOURS],
}

impl Responses {
    /// A message was sent.
    pub fn note_sent(&mut self, channel: Channel) {
        bump(&mut self.sent, place(channel));
    }

    /// A link in a message was followed, at this time of the local day.
    pub fn note_followed(&mut self, channel: Channel, time: Time) {
        bump(&mut self.followed, place(channel));
        self.note_active(time);
    }

    /// The person did something worth coming back for, such as an order.
    pub fn note_active(&mut self, time: Time) {
        let hour = usize::try_from(time.hour()).unwrap_or_default();
        if let Some(count) = self.hours.get_mut(hour) {
            *count = (*count + 1).min(MOST_AN_HOUR);
        }
    }

    /// Adds what another profile of the same person has.
    pub fn merge(&mut self, other: &Self) {
        let add = |ours: &mut [u16], theirs: &[u16]| {
            for (ours, theirs) in ours.iter_mut().zip(theirs) {
                *ours = ours.saturating_add(*theirs);
            }
        };
        add(&mut self.sent, &other.sent);
        add(&mut self.followed, &other.followed);
        for (ours, theirs) in self.hours.iter_mut().zip(&other.hours) {
            *ours = (*ours + theirs).min(MOST_AN_HOUR);
        }
    }

    /// The channels of `policy`, those that the person responds to more often first; `None` before
    /// enough is known to prefer any.
    pub fn order(&self, policy: &[Channel]) -> Option<Vec<Channel>> {
        let followed: u16 = self.followed.iter().fold(0, |sum, n| sum.saturating_add(*n));
        if followed < ENOUGH {
            return None;
        }
        let mut order = policy.to_vec();
        // Stable, so that equals stay in the order of the policy.
        order.sort_by(|one, other| self.compare(*other, *one));
        (order != policy).then_some(order)
    }

    /// Compares smoothed rates without dividing.
    fn compare(&self, one: Channel, other: Channel) -> std::cmp::Ordering {
        let rate = |channel: Channel| {
            let of = |counts: &[u16; 3]| counts.get(place(channel)).copied().unwrap_or_default();
            (u32::from(of(&self.followed)) + PRIOR.0, u32::from(of(&self.sent)) + PRIOR.1)
        };
        let ((ours, of), (theirs, among)) = (rate(one), rate(other));
        (u64::from(ours) * u64::from(among)).cmp(&(u64::from(theirs) * u64::from(of)))
    }

    /// The hour of the day at which the person is most active, counting its neighbours half;
    /// `None` before enough is known.
    pub fn best_hour(&self) -> Option<Time> {
        let known: u16 = self.hours.iter().map(|count| u16::from(*count)).sum();
        if known < ENOUGH_HOURS {
            return None;
        }
        let at = |hour: usize| u32::from(self.hours.get(hour % HOURS).copied().unwrap_or_default());
        let weight = |hour: &usize| 2 * at(*hour) + at(hour + 1) + at(hour + HOURS - 1);
        // Of equals the earliest.
        let best = (0..HOURS).rev().max_by_key(weight)?;
        Time::new(i8::try_from(best).ok()?, 0, 0, 0).ok()
    }
}

fn place(channel: Channel) -> usize {
    Channel::ALL.iter().position(|known| *known == channel).unwrap_or_default()
}

fn bump(counts: &mut [u16], at: usize) {
    if let Some(count) = counts.get_mut(at) {
        *count = count.saturating_add(1);
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::time;

    use super::*;

    const POLICY: [Channel; 2] = [Channel::Email, Channel::Sms];

    #[test]
    fn the_channel_that_is_followed_more_often_comes_first_once_enough_is_known() {
        let mut responses = Responses::default();
        (0..4).for_each(|_| responses.note_sent(Channel::Email));
        responses.note_sent(Channel::Sms);
        responses.note_followed(Channel::Sms, time(20, 30, 0, 0));
        assert_eq!(responses.order(&POLICY), None);
        responses.note_sent(Channel::Sms);
        responses.note_followed(Channel::Sms, time(21, 10, 0, 0));
        assert_eq!(responses.order(&POLICY), Some(vec![Channel::Sms, Channel::Email]));
    }

    #[test]
    fn who_follows_what_the_policy_puts_first_has_nothing_learned() {
        let mut responses = Responses::default();
        for _ in 0..3 {
            responses.note_sent(Channel::Email);
            responses.note_followed(Channel::Email, time(9, 0, 0, 0));
        }
        assert_eq!(responses.order(&POLICY), None);
    }

    #[test]
    fn the_best_hour_is_where_the_most_happens_and_close_to_the_rest() {
        let mut responses = Responses::default();
        for hour in [9, 20, 21] {
            responses.note_active(time(hour, 15, 0, 0));
        }
        assert_eq!(responses.best_hour(), None);
        responses.note_active(time(22, 0, 0, 0));
        assert_eq!(responses.best_hour(), Some(time(21, 0, 0, 0)));
    }
}
