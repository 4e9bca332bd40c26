//! When a message may go out: quiet hours, weekdays and closed days, by the customer's own clock.
//!
//! What counts is what the clock on the wall shows. Where it is put forward or back, the hours that
//! it skips are never reached, and those it shows twice are quiet twice.

use std::fmt;

use jiff::civil::{Date, Time};

use crate::channel::Channel;
use crate::time::{Span, Timestamp};
use crate::zone::Zone;

/// Steps in the search for an open moment: closed days in a row, times zones. A year of them is
/// more than any shop closes for.
const MOST_STEPS: usize = 2_000;

/// Hours of the local day in which nothing is sent: from the first time until the second, over
/// midnight if that is the earlier one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QuietHours {
    from: Time,
    to: Time,
}

/// The text is not a pair of times.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` are not quiet hours; write them like 21:00-09:00")]
pub struct NotQuietHours(String);

/// The text is not a time of day.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a time of day; write it like 09:00")]
pub struct NotATimeOfDay(String);

/// Reads `9:00` or `09:30`.
pub fn time_of_day(text: &str) -> Result<Time, NotATimeOfDay> {
    let refused = || NotATimeOfDay(text.chars().take(20).collect());
    let (hour, minute) = text.trim().split_once(':').ok_or_else(refused)?;
    let digits = |part: &str| part.len() <= 2 && part.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(hour) || !digits(minute) || minute.len() != 2 {
        return Err(refused());
    }
    let number = |part: &str| part.parse::<i8>().map_err(|_| refused());
    Time::new(number(hour)?, number(minute)?, 0, 0).map_err(|_| refused())
}

impl QuietHours {
    /// Reads `21:00-09:00`.
    pub fn parse(text: &str) -> Result<Self, NotQuietHours> {
        let refused = || NotQuietHours(text.chars().take(40).collect());
        let (from, to) = text.split_once('-').ok_or_else(refused)?;
        let time = |text: &str| time_of_day(text).map_err(|_| refused());
        let (from, to) = (time(from)?, time(to)?);
        // All day or never: either would be a surprise.
        if from == to { Err(refused()) } else { Ok(Self { from, to }) }
    }

    /// How long they last on a day on which no clock is changed.
    pub(crate) fn length(self) -> Span {
        let minutes = |time: Time| i64::from(time.hour()) * 60 + i64::from(time.minute());
        Span::from_millis((minutes(self.to) - minutes(self.from)).rem_euclid(24 * 60) * 60_000)
    }

    /// Whether the clock shows a quiet time.
    pub(crate) fn holds(self, time: Time) -> bool {
        if self.from < self.to {
            (self.from..self.to).contains(&time)
        } else {
            time >= self.from || time < self.to
        }
    }
}

impl fmt::Display for QuietHours {
    /// `21:00-09:00`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.from.strftime("%H:%M"), self.to.strftime("%H:%M"))
    }
}

/// A day on which nothing is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Closed {
    /// Once.
    On(Date),
    /// Each year: month and day.
    Yearly(i8, i8),
}

impl Closed {
    /// Reads `2026-12-25` or `12-25`.
    pub fn parse(text: &str) -> Result<Self, NotADay> {
        let refused = || NotADay(text.chars().take(20).collect());
        if let Ok(date) = text.trim().parse::<Date>() {
            return Ok(Self::On(date));
        }
        // A leap year, so that 29 February can be named.
        let date = format!("2024-{}", text.trim()).parse::<Date>().map_err(|_| refused())?;
        Ok(Self::Yearly(date.month(), date.day()))
    }

    fn holds(self, date: Date) -> bool {
        match self {
            Self::On(day) => day == date,
            Self::Yearly(month, day) => (month, day) == (date.month(), date.day()),
        }
    }
}

/// The text is not a day.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a day; write it like 2026-12-25, or 12-25 for each year")]
pub struct NotADay(String);

/// When a shop writes to its customers.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Hours {
    /// Quiet hours by channel.
    pub quiet: Vec<(Channel, QuietHours)>,
    /// Weekdays on which a channel is used, Monday being 0; a channel that is not here is used on
    /// all of them.
    pub weekdays: Vec<(Channel, Vec<i8>)>,
    /// Days on which nothing is sent.
    pub closed: Vec<Closed>,
}

impl Hours {
    /// The first instant from `now` on at which a message may go out on `channel`, by the clocks of
    /// all `zones` at once; `None` if there is none within sight. `own` are the customer's own quiet
    /// hours.
    pub fn open_from(
        &self,
        channel: Channel,
        own: Option<QuietHours>,
        zones: &[Zone],
        now: Timestamp,
    ) -> Option<Timestamp> {
        let mut at = now;
        for _ in 0..MOST_STEPS {
            let shut = zones.iter().filter_map(|zone| self.shut_until(channel, own, zone, at));
            match shut.max() {
                None => return Some(at),
                Some(until) => at = until,
            }
        }
        None
    }

    /// If nothing may go out at `at` by the clock of one zone: an instant before which that stays so.
    fn shut_until(
        &self,
        channel: Channel,
        own: Option<QuietHours>,
        zone: &Zone,
        at: Timestamp,
    ) -> Option<Timestamp> {
        let (date, time) = (zone.date(at), zone.time(at));
        if !self.is_open_day(channel, date) {
            return Some(date.tomorrow().map_or(Timestamp::NEVER, |next| zone.start_of(next)));
        }
        let shops = self.quiet.iter().filter(|(on, _)| *on == channel).map(|(_, quiet)| *quiet);
        let quiet = shops.chain(own).filter(|quiet| quiet.holds(time));
        quiet.map(|quiet| zone.next_showing(quiet.to, at)).max()
    }

    fn is_open_day(&self, channel: Channel, date: Date) -> bool {
        let weekday = date.weekday().to_monday_zero_offset();
        let listed = self.weekdays.iter().find(|(on, _)| *on == channel);
        listed.is_none_or(|(_, days)| days.contains(&weekday))
            && !self.closed.iter().any(|day| day.holds(date))
    }
}

#[cfg(test)]
mod tests;
