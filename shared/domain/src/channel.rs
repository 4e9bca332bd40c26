//! The ways in which a person can be reached.

use std::fmt;

/// A way to reach a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Channel {
    /// By Amazon SES.
    Email,
    /// A text message, by Amazon SNS.
    Sms,
    /// A push message to a phone, by Amazon SNS.
    Push,
}

impl Channel {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Email, Self::Sms, Self::Push];

    /// `email`, `sms` or `push`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Email => "email",
            Self::Sms => "sms",
            Self::Push => "push",
        }
    }

    /// What people call messages on it.
    pub const fn in_words(self) -> &'static str {
        match self {
            Self::Email => "e-mail",
            Self::Sms => "text messages",
            Self::Push => "push messages",
        }
    }

    /// Reads `email`, `sms` or `push`.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|channel| channel.as_str() == text)
    }
}

impl fmt::Display for Channel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
