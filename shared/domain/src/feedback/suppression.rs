//! Why an address must not be written to.

use std::fmt;

/// Why an address must not be written to. Of two reasons the later in this order stays, so that it
/// is no matter which of them was told first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Suppression {
    /// The app is gone from the device, or its token was given back.
    Disabled,
    /// It did not take mail too often.
    SoftBounces,
    /// The number's owner wrote STOP.
    Stop,
    /// It will never take mail.
    Bounce,
    /// Its owner complained.
    Complaint,
    /// The shop said so.
    Manual,
    /// Its owner was erased.
    Erased,
}

impl Suppression {
    /// All of them, the weakest first.
    pub const ALL: [Self; 7] = [
        Self::Disabled,
        Self::SoftBounces,
        Self::Stop,
        Self::Bounce,
        Self::Complaint,
        Self::Manual,
        Self::Erased,
    ];

    /// `disabled`, `soft-bounces`, `stop`, …
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Disabled => "disabled",
            Self::SoftBounces => "soft-bounces",
            Self::Stop => "stop",
            Self::Bounce => "bounce",
            Self::Complaint => "complaint",
            Self::Manual => "manual",
            Self::Erased => "erased",
        }
    }

    /// Reads `disabled`, `soft-bounces`, `stop`, …
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|why| why.as_str() == text)
    }

    /// Those that give way to this one.
    pub fn weaker(self) -> impl Iterator<Item = Self> {
        Self::ALL.into_iter().filter(move |other| *other < self)
    }
}

impl fmt::Display for Suppression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
