//! The parts of a date as they are found in a text, and the moment that they make together.

use jiff::Zoned;
use jiff::civil::DateTime;
use jiff::tz::{Offset, TimeZone};

/// What was found of a date.
#[derive(Debug, Default)]
pub(super) struct Parts {
    pub(super) year: Option<i64>,
    pub(super) month: Option<i64>,
    pub(super) day: Option<i64>,
    /// Hour, minute, second and nanosecond.
    pub(super) time: Option<[i64; 4]>,
    /// Seconds east of Greenwich.
    pub(super) offset: Option<i32>,
}

impl Parts {
    /// The moment. What is missing before the first known part is taken from now, what is missing
    /// after it is the least, as in Ruby: `March 2016` is its first day, `10:30` is today.
    pub(super) fn moment(&self, now: &Zoned) -> Option<Zoned> {
        let known = [self.year, self.month, self.day];
        let first = known.iter().position(Option::is_some);
        if first.is_none() && self.time.is_none() {
            return None;
        }
        let today = [i64::from(now.year()), i64::from(now.month()), i64::from(now.day())];
        let part = |place: usize| {
            let missing = if first.is_none_or(|first| place < first) {
                today.get(place).copied()
            } else {
                Some(1)
            };
            known.get(place).copied().flatten().or(missing)
        };
        let [hour, minute, second, nano] = self.time.unwrap_or_default();
        let datetime = DateTime::new(
            i16::try_from(part(0)?).ok()?,
            i8::try_from(part(1)?).ok()?,
            i8::try_from(part(2)?).ok()?,
            i8::try_from(hour).ok()?,
            i8::try_from(minute).ok()?,
            i8::try_from(second.min(59)).ok()?,
            i32::try_from(nano).ok()?,
        );
        datetime.ok()?.to_zoned(self.zone(now)?).ok()
    }

    fn zone(&self, now: &Zoned) -> Option<TimeZone> {
        match self.offset {
            None => Some(now.time_zone().clone()),
            Some(0) => Some(TimeZone::UTC),
            Some(seconds) => Some(TimeZone::fixed(Offset::from_seconds(seconds).ok()?)),
        }
    }
}
