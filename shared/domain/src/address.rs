//! Where a message can be sent to, in one spelling.

use std::fmt;

use crate::channel::Channel;
use crate::digest::name128;
use crate::event::{Device, Platform};

/// An address on one channel. It is personal data: it is never logged, so it has no `Display`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Address {
    channel: Channel,
    text: String,
}

/// The text cannot be an address. It is not repeated here, as it may be personal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotAnAddress {
    /// Not an e-mail address that can be sent to.
    #[error("not an e-mail address; expected one like `ada@example.com`")]
    Email,
    /// Not a phone number in E.164.
    #[error("not a phone number in international form; expected one like `+33612345678`")]
    Phone,
    /// Not `apns:token` or `fcm:token`.
    #[error("not a device; expected `apns:` or `fcm:` and its token")]
    Device,
}

impl Address {
    /// Reads an address of a channel.
    pub fn on(channel: Channel, text: &str) -> Result<Self, NotAnAddress> {
        match channel {
            Channel::Email => Self::email(text),
            Channel::Sms => Self::phone(text),
            Channel::Push => {
                let (platform, token) = text.split_once(':').ok_or(NotAnAddress::Device)?;
                let platform = Platform::parse(platform).ok_or(NotAnAddress::Device)?;
                Ok(Self::device(&Device { platform, token: token.to_owned() }))
            }
        }
    }

    /// Reads an e-mail address, in lower case: no provider that matters tells `Ada@` from `ada@`,
    /// and two spellings would be two consents.
    ///
    /// Accepts what can be sent to, not all of RFC 5321: a plain local part, one `@`, a domain with
    /// a dot. Quoted local parts and address literals are refused.
    pub fn email(text: &str) -> Result<Self, NotAnAddress> {
        let text = text.trim().to_lowercase();
        let (local, domain) = text.rsplit_once('@').ok_or(NotAnAddress::Email)?;
        let local_fits = (1..=64).contains(&local.len())
            && !local.starts_with('.')
            && !local.ends_with('.')
            && !local.contains("..")
            && local.chars().all(|c| c.is_alphanumeric() || "!#$%&'*+-/=?^_`{|}~.".contains(c));
        let label = |label: &str| {
            (1..=63).contains(&label.len())
                && !label.starts_with('-')
                && !label.ends_with('-')
                && label.chars().all(|c| c.is_alphanumeric() || c == '-')
        };
        let domain_fits =
            domain.len() <= 253 && domain.contains('.') && domain.split('.').all(label);
        if local_fits && domain_fits {
            Ok(Self { channel: Channel::Email, text })
        } else {
            Err(NotAnAddress::Email)
        }
    }

    /// Reads a phone number in E.164: `+`, then 8 to 15 digits. Blanks, dots, hyphens and brackets
    /// between them are dropped, and `00` stands for `+`.
    pub fn phone(text: &str) -> Result<Self, NotAnAddress> {
        // `+44 (0)20 …` is written for those who dial within the country; only Italy keeps its zero.
        let italian = text.trim_start().starts_with("+39") || text.trim_start().starts_with("0039");
        let text = if italian { text.to_owned() } else { text.replace("(0)", "") };
        let plain: String = text.chars().filter(|c| !" .-()/\u{a0}".contains(*c)).collect();
        let digits = plain.strip_prefix('+').or_else(|| plain.strip_prefix("00"));
        let digits = digits.ok_or(NotAnAddress::Phone)?;
        let fits = (8..=15).contains(&digits.len())
            && digits.bytes().all(|byte| byte.is_ascii_digit())
            && !digits.starts_with('0');
        if !fits {
            return Err(NotAnAddress::Phone);
        }
        Ok(Self { channel: Channel::Sms, text: format!("+{digits}") })
    }

    /// A device.
    pub fn device(device: &Device) -> Self {
        let text = format!("{}:{}", device.platform.as_str(), device.token);
        Self { channel: Channel::Push, text }
    }

    /// The channel it is on.
    pub fn channel(&self) -> Channel {
        self.channel
    }

    /// The address in its one spelling; of a device `apns:` or `fcm:` and its token.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The address in its one spelling.
    pub fn into_text(self) -> String {
        self.text
    }

    /// The name under which the store keeps what it knows of the address.
    pub fn key(&self) -> String {
        name128(&["address", self.channel.as_str(), &self.text])
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Address({}, {})", self.channel, self.key())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_address_has_one_spelling() {
        assert_eq!(Address::email(" Ada@Example.COM ").unwrap().text(), "ada@example.com");
        for phone in
            ["+33 6 12 34 56 78", "0033612345678", "+33-(6)-12.34.56.78", "+33 (0)6 12345678"]
        {
            assert_eq!(Address::phone(phone).unwrap().text(), "+33612345678");
        }
        assert_eq!(Address::phone("+39 (0)6 1234567").unwrap().text(), "+39061234567");
    }

    #[test]
    fn what_cannot_be_sent_to_is_refused() {
        for bad in [
            "",
            "ada",
            "ada@localhost",
            "a b@example.com",
            "\"a\"@example.com",
            "a@b..c",
            ".a@example.com",
            "a@-x.com",
            "a@example.com\r\nBcc: x@y.z",
        ] {
            assert!(Address::email(bad).is_err(), "{bad}");
        }
        for bad in ["", "12345678", "+1234", "+0123456789", "+1234567890123456", "+1555CALLME1"] {
            assert!(Address::phone(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn an_address_never_shows_itself_in_a_log() {
        let address = Address::email("ada@example.com").unwrap();
        assert!(!format!("{address:?}").contains("ada"));
    }
}
