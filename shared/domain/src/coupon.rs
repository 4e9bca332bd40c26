//! Coupons: codes that a message gives, one for everybody or one for each message.

use jiff::civil::Date;

use crate::id::CouponId;
use crate::time::Timestamp;
use crate::zone::Zone;

/// Characters of a code: as many as a shop's checkout takes.
const CODE_CHARS: usize = 64;

/// A coupon as defined.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Coupon {
    /// Its id.
    pub id: CouponId,
    /// Where its codes come from.
    pub codes: Codes,
    /// The last day on which it is good, in the shop's zone.
    pub expires: Option<Expiry>,
    /// How many codes must be left for nobody to be told.
    pub low_stock: u64,
}

/// Where the codes of a coupon come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Codes {
    /// A pool, from which each message takes one that no other gets.
    Unique,
    /// One code, for everybody.
    Static(Code),
}

/// The last day of a coupon, and the instant at which it is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Expiry {
    /// The day.
    pub day: Date,
    /// The first instant of the next day in the shop's zone.
    pub over: Timestamp,
}

impl Expiry {
    /// Reads a date: the coupon is good until the end of that day in the shop.
    pub fn parse(text: &str, zone: &Zone) -> Result<Self, NotADay> {
        let day: Date =
            text.trim().parse().map_err(|_| NotADay(text.chars().take(40).collect()))?;
        Ok(Self { day, over: day.tomorrow().map_or(Timestamp::NEVER, |next| zone.start_of(next)) })
    }
}

impl Coupon {
    /// Whether it is no longer good at `now`.
    pub fn is_over(&self, now: Timestamp) -> bool {
        self.expires.is_some_and(|expiry| now >= expiry.over)
    }
}

/// A code, as the shop's checkout knows it: 1 to 64 visible characters.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Code(String);

impl Code {
    /// Reads a code. What stands around it is cut off; case is kept.
    pub fn parse(text: &str) -> Result<Self, NotACode> {
        let text = text.trim();
        let visible = |c: char| !c.is_whitespace() && !c.is_control();
        match text.chars().count() {
            0 => Err(NotACode::Empty),
            1..=CODE_CHARS if text.chars().all(visible) => Ok(Self(text.to_owned())),
            1..=CODE_CHARS => Err(NotACode::Blanks),
            _ => Err(NotACode::TooLong),
        }
    }

    /// As written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Why a text cannot be a code. It does not repeat the text: a code is worth money.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotACode {
    /// Nothing there.
    #[error("a code cannot be empty")]
    Empty,
    /// More characters than a code has.
    #[error("a code has at most {CODE_CHARS} characters")]
    TooLong,
    /// White space, or what cannot be seen.
    #[error("a code cannot hold blanks or control characters")]
    Blanks,
}

/// The text is not a date.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a day; write it like 2026-12-31")]
pub struct NotADay(String);

/// A code that a message gives, with what its text says of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Issued {
    /// The coupon.
    pub coupon: CouponId,
    /// The code.
    pub code: Code,
    /// The last day on which it is good.
    pub expires: Option<Date>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::at;

    #[test]
    fn a_coupon_is_good_to_the_end_of_its_last_day_in_the_shop() {
        let zone = Zone::parse("Europe/Paris").unwrap();
        let expiry = Expiry::parse("2026-12-31", &zone).unwrap();
        assert_eq!(expiry.over, at("2026-12-31T23:00:00Z"));
        assert!(Expiry::parse("tomorrow", &zone).is_err());
    }

    #[test]
    fn a_code_is_kept_as_written_and_holds_no_blanks() {
        assert_eq!(Code::parse(" Save10 ").unwrap().as_str(), "Save10");
        assert_eq!(Code::parse("  "), Err(NotACode::Empty));
        assert_eq!(Code::parse("SAVE 10"), Err(NotACode::Blanks));
        assert_eq!(Code::parse(&"x".repeat(65)), Err(NotACode::TooLong));
    }
}
