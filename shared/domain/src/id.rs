//! Names of things, each with one door through which a text becomes one.

use std::fmt;
use std::sync::Arc;

use crate::digest::{Key, bits_of, hash64, name_of, name128};

/// Who a profile is about: `u#` and the id the shop gave, or `a#` and the id an SDK made up for
/// somebody it does not know yet.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CustomerId(Arc<str>);

impl CustomerId {
    /// A customer whom the shop knows by `id`.
    pub fn known(id: &str) -> Self {
        Self(format!("u#{id}").into())
    }

    /// A visitor whom an SDK calls `id`.
    pub fn anonymous(id: &str) -> Self {
        Self(format!("a#{id}").into())
    }

    /// Reads `u#…` or `a#…`, as stored.
    pub fn parse(text: &str) -> Option<Self> {
        let rest = text.strip_prefix("u#").or_else(|| text.strip_prefix("a#"))?;
        (!rest.is_empty()).then(|| Self(text.into()))
    }

    /// Whether the shop gave the id.
    pub fn is_known(&self) -> bool {
        self.0.starts_with("u#")
    }

    /// `u#…` or `a#…`.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The id without its `u#` or `a#`.
    pub fn bare(&self) -> &str {
        self.0.get(2..).unwrap_or_default()
    }
}

impl fmt::Display for CustomerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The id that a client gave to an event (`messageId`), as the hash under which we know it.
///
/// A client repeats it when it retries, so it is what duplicates are recognised by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EventId(u64);

impl EventId {
    /// The id that a client sent.
    pub fn sent(id: &str) -> Self {
        Self(hash64(&["event", id]))
    }

    /// The id of an event that came without one: two events with the same content are one.
    pub fn derived(content: &str) -> Self {
        Self(hash64(&["content", content]))
    }

    /// An id whose hash was stored.
    pub const fn stored(hash: u64) -> Self {
        Self(hash)
    }

    /// Its 64 bits.
    pub const fn hash(self) -> u64 {
        self.0
    }

    /// The upper half of them.
    pub const fn key(self) -> Key {
        Key((self.0 >> 32) as u32)
    }
}

impl fmt::Display for EventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

/// The id of a message, derived from what it is: one for each program, customer and entry.
///
/// Derived and not drawn, so that a second run meets the row of the first.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MessageId(Arc<str>);

impl MessageId {
    /// The message of `program` to `customer` for their `entry`-th entry.
    pub fn of(program: &ProgramId, segment: &SegmentId, customer: &CustomerId, entry: u32) -> Self {
        let entry = entry.to_string();
        let name = name128(&[program.as_str(), segment.as_str(), customer.as_str(), &entry]);
        Self(format!("msg_{name}").into())
    }

    /// Reads `msg_` and 26 characters, as stored.
    pub fn parse(text: &str) -> Option<Self> {
        let name = text.strip_prefix("msg_")?;
        let fits = name.len() == 26 && name.bytes().all(|b| b.is_ascii_alphanumeric());
        fits.then(|| Self(text.into()))
    }

    /// `msg_…`
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The 128 bits that it stands for; `None` if it was not derived by [`MessageId::of`].
    pub fn bits(&self) -> Option<u128> {
        bits_of(self.0.strip_prefix("msg_")?)
    }

    /// The id of these bits.
    pub fn of_bits(bits: u128) -> Self {
        Self(format!("msg_{}", name_of(bits)).into())
    }
}

impl fmt::Display for MessageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The text cannot name a thing in a definition.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` cannot be an id; use 1 to 64 of a-z, 0-9, `-` and `_`, beginning with a letter")]
pub struct NotAnId(String);

/// 1 to 64 of `a-z`, `0-9`, `-` and `_`, beginning with a letter.
fn is_plain(text: &str) -> bool {
    let first = text.bytes().next().is_some_and(|b| b.is_ascii_lowercase());
    let rest = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-_".contains(&b);
    first && text.len() <= 64 && text.bytes().all(rest)
}

/// The id of a segment, or of a cell of a class: two with a dot between.
fn is_segment(text: &str) -> bool {
    text.split_once('.').map_or(is_plain(text), |(class, cell)| is_plain(class) && is_plain(cell))
}

macro_rules! definition_id {
    ($(#[$doc:meta] $name:ident if $fits:ident,)*) => { $(
        #[$doc]
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Arc<str>);

        impl $name {
            /// Reads 1 to 64 of `a-z`, `0-9`, `-` and `_`, beginning with a letter.
            pub fn parse(text: &str) -> Result<Self, NotAnId> {
                if $fits(text) {
                    Ok(Self(text.into()))
                } else {
                    Err(NotAnId(text.chars().take(64).collect()))
                }
            }

            /// The id as written.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    )* };
}

definition_id! {
    /// The id of a segment. That of a cell of a class has a dot: `rfm.champions`.
    SegmentId if is_segment,
    /// The id of a metric.
    MetricId if is_plain,
    /// The id of a score.
    ScoreId if is_plain,
    /// The id of a class.
    ClassId if is_plain,
    /// The id of a program.
    ProgramId if is_plain,
    /// The id of a template.
    TemplateId if is_plain,
    /// The id of a coupon.
    CouponId if is_plain,
}

impl SegmentId {
    /// The segment of a cell of a class.
    pub fn of_cell(class: &ClassId, cell: &Self) -> Self {
        Self(format!("{class}.{cell}").into())
    }

    /// Whether it is that of a cell of a class.
    pub fn is_cell(&self) -> bool {
        self.0.contains('.')
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_id_is_the_same_wherever_it_is_derived() {
        let program = ProgramId::parse("welcome").unwrap();
        let of = |segment: &str, entry| {
            let segment = SegmentId::parse(segment).unwrap();
            MessageId::of(&program, &segment, &CustomerId::known("42"), entry)
        };
        let one = of("new", 1);
        assert_eq!(one, of("new", 1));
        assert_ne!(one, of("new", 2));
        // The program may follow another segment one day, whose entries are counted from 1 too.
        assert_ne!(one, of("old", 1));
        assert_eq!(MessageId::parse(one.as_str()), Some(one));
    }

    #[test]
    fn ids_in_definitions_are_plain() {
        for bad in ["", "Loyal", "1st", "a b", "é", &"a".repeat(65)] {
            assert!(SegmentId::parse(bad).is_err(), "{bad}");
        }
        assert_eq!(SegmentId::parse("lapsing-loyal_2").unwrap().as_str(), "lapsing-loyal_2");
    }

    #[test]
    fn a_customer_id_says_its_kind() {
        assert!(CustomerId::known("42").is_known());
        assert_eq!(CustomerId::parse("a#x").map(|id| id.bare().to_owned()).as_deref(), Some("x"));
        assert_eq!(CustomerId::parse("x#1"), None);
        assert_eq!(CustomerId::parse("u#"), None);
    }
}
