//! Traits that mean something to us: what can be read of a value.

use serde_json::Value;

use crate::channel::Channel;
use crate::language;
use crate::moment::Anniversary;
use crate::timing::QuietHours;
use crate::zone::Zone;

/// What a trait with a meaning must be.
pub(super) struct Meaning {
    /// What is expected, in words.
    pub(super) expected: &'static str,
    /// Whether a list of such words is one, too.
    list: bool,
    fits: fn(&str) -> bool,
}

impl Meaning {
    /// The meaning of a trait, if it has one. Addresses have a spelling as well, and are read apart.
    pub(super) fn of(name: &str) -> Option<Self> {
        let (expected, list, fits): (_, _, fn(&str) -> bool) = match name {
            "timezone" => ("an IANA time zone, such as `Europe/Paris`", false, |text| {
                Zone::parse(text).is_ok()
            }),
            "quiet_hours" => {
                ("two times, such as `21:00-09:00`", false, |text| QuietHours::parse(text).is_ok())
            }
            "preferred_channel" => ("email, sms or push, or a list of them", true, |text| {
                Channel::parse(&text.to_ascii_lowercase()).is_some()
            }),
            "message_frequency" => ("`less` or `normal`", false, |text| {
                ["less", "normal"].contains(&text.trim().to_ascii_lowercase().as_str())
            }),
            "language" => {
                ("a language, such as `fr` or `pt-BR`", false, |text| language::parse(text).is_ok())
            }
            "birthday" => ("a day, such as `1985-03-14` or `03-14`", false, |text| {
                Anniversary::read(text, &Zone::utc()).is_some()
            }),
            _ => return None,
        };
        Some(Self { expected, list, fits })
    }

    /// What can be read of a value, and whether that is all of it. Null and a blank say nothing, and
    /// say it rightly.
    pub(super) fn sift(&self, value: &Value) -> (Option<Value>, bool) {
        match value {
            Value::Array(words) if self.list => {
                let good: Vec<Value> =
                    words.iter().filter(|word| self.reads(word)).cloned().collect();
                let all = good.len() == words.len();
                ((all || !good.is_empty()).then(|| good.into()), all)
            }
            value if value.is_null() || self.reads(value) => (Some(value.clone()), true),
            _ => (None, false),
        }
    }

    fn reads(&self, value: &Value) -> bool {
        value.as_str().is_some_and(|text| text.trim().is_empty() || (self.fits)(text))
    }
}
