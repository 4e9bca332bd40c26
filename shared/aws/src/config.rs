//! Configuration: read once, in `main`, from environment variables; every mistake is told at once.

use std::time::Duration;

use attune_domain::link::{LinkKeys, Links};
use attune_domain::time::Span;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, SdkConfig};

use crate::pass_machine::PassMachine;
use crate::pseudonym::Pseudonyms;
use crate::senders::{SendSettings, Senders};
use crate::store::{MOST_TIMEOUT, Settings, Store};

/// How long one attempt of a call of DynamoDB may take, which takes some milliseconds, and for a page of a
/// scan some hundred. The SDK by itself waits for ever.
const ATTEMPT: Duration = Duration::from_secs(2);

/// What a function is configured with.
#[derive(Debug, Clone)]
pub struct Config {
    /// The tables.
    pub store: Settings,
    /// Sending.
    pub send: SendSettings,
    /// Keys of the HTTP API, as `scope:sha256` with commas between.
    pub keys: String,
    /// The topics whose feedback is believed, with commas between.
    pub feedback_topics: String,
    /// The state machine that drives full passes; none on one machine.
    pub pass_machine: Option<String>,
    /// Links in messages; without them nobody unsubscribes, and clicks are not known.
    pub links: Option<Links>,
    /// The keys that links are sealed with, for the function that answers them.
    pub link_keys: Option<LinkKeys>,
}

/// The names of the environment variables. The template sets them; a test holds it to this list.
pub mod names {
    /// What every table's name begins with.
    pub const TABLES: &str = "ATTUNE_TABLES";
    /// Parts into which tables are spread.
    pub const SHARDS: &str = "ATTUNE_SHARDS";
    /// Seconds for which definitions are believed.
    pub const CACHE: &str = "ATTUNE_CACHE_SECONDS";
    /// The key to the pseudonyms of people who were erased.
    pub const ERASURE_KEY: &str = "ATTUNE_ERASURE_KEY";
    /// Hashes of API keys.
    pub const KEYS: &str = "ATTUNE_KEYS";
    /// The SES configuration set.
    pub const CONFIGURATION_SET: &str = "ATTUNE_CONFIGURATION_SET";
    /// The name that phones show.
    pub const SMS_SENDER: &str = "ATTUNE_SMS_SENDER";
    /// Text messages a second.
    pub const SMS_RATE: &str = "ATTUNE_SMS_PER_SECOND";
    /// Apple's push.
    pub const APNS: &str = "ATTUNE_APNS_APPLICATION";
    /// Firebase.
    pub const FCM: &str = "ATTUNE_FCM_APPLICATION";
    /// The topics whose feedback is believed.
    pub const FEEDBACK_TOPICS: &str = "ATTUNE_FEEDBACK_TOPICS";
    /// The state machine of full passes.
    pub const PASS_MACHINE: &str = "ATTUNE_PASS_MACHINE";
    /// What links in messages begin with.
    pub const LINK_URL: &str = "ATTUNE_LINK_URL";
    /// Keys that links are sealed with, as `id:hex` with commas between; the first seals.
    pub const LINK_KEYS: &str = "ATTUNE_LINK_KEYS";
}

/// Everything that is wrong with the configuration.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the configuration is not complete: {}", .0.join("; "))]
pub struct ConfigError(Vec<String>);

impl Config {
    /// Reads variables through `get`, so that tests need no environment.
    pub fn read(get: impl Fn(&str) -> Option<String>) -> Result<Self, ConfigError> {
        let mut wrong = Vec::new();
        let get = |name: &str| get(name).filter(|value| !value.trim().is_empty());
        let mut number = |name: &str, range: std::ops::RangeInclusive<u32>| {
            let value = get(name).and_then(|value| value.parse().ok());
            value.filter(|number| range.contains(number)).unwrap_or_else(|| {
                let (low, high) = (range.start(), range.end());
                wrong.push(format!("`{name}` must be a whole number from {low} to {high}"));
                0
            })
        };
        let shards = number(names::SHARDS, 1..=99);
        let cache = number(names::CACHE, 0..=600);
        let prefix = get(names::TABLES).unwrap_or_else(|| {
            wrong.push(format!("`{}` is missing", names::TABLES));
            String::new()
        });
        let link_keys = link_keys(get(names::LINK_KEYS), &mut wrong);
        let links = links(get(names::LINK_URL), link_keys.clone(), &mut wrong);
        let pseudonyms = get(names::ERASURE_KEY).and_then(|key| Pseudonyms::parse(&key));
        let pseudonyms = pseudonyms.unwrap_or_else(|| {
            wrong.push(format!("`{}` must be 64 hexadecimal digits", names::ERASURE_KEY));
            Pseudonyms::of_bytes([0; 32])
        });
        if !wrong.is_empty() {
            return Err(ConfigError(wrong));
        }
        Ok(Self {
            store: Settings {
                prefix,
                shards: u16::try_from(shards).unwrap_or(1),
                cache: Span::seconds(cache),
                settle: Span::from_millis(Span::seconds(cache).millis() + MOST_TIMEOUT.millis()),
                pseudonyms,
            },
            send: SendSettings {
                configuration_set: get(names::CONFIGURATION_SET),
                sms_sender: get(names::SMS_SENDER),
                sms_per_second: get(names::SMS_RATE).and_then(|rate| rate.parse().ok()),
                apns: get(names::APNS),
                fcm: get(names::FCM),
            },
            keys: get(names::KEYS).unwrap_or_default(),
            feedback_topics: get(names::FEEDBACK_TOPICS).unwrap_or_default(),
            pass_machine: get(names::PASS_MACHINE),
            links,
            link_keys,
        })
    }

    /// Reads the environment.
    pub fn from_env() -> Result<Self, ConfigError> {
        Self::read(|name| std::env::var(name).ok())
    }

    /// A store for this configuration.
    pub fn store(&self, aws: &SdkConfig) -> Store {
        let timeouts = TimeoutConfig::builder()
            .connect_timeout(Duration::from_secs(1))
            .operation_attempt_timeout(ATTEMPT)
            .build();
        let config = aws_sdk_dynamodb::config::Builder::from(aws).timeout_config(timeouts);
        Store::new(aws_sdk_dynamodb::Client::from_conf(config.build()), self.store.clone())
    }

    /// The state machine of full passes.
    pub fn pass_machine(&self, aws: &SdkConfig) -> PassMachine {
        PassMachine::new(aws, self.pass_machine.clone())
    }

    /// Senders for this configuration.
    pub fn senders(&self, aws: &SdkConfig) -> Senders {
        Senders::new(aws, self.send.clone())
    }
}

/// What links in messages are sealed with.
fn link_keys(keys: Option<String>, wrong: &mut Vec<String>) -> Option<LinkKeys> {
    let keys = LinkKeys::parse(&keys?);
    keys.map_err(|why| wrong.push(format!("`{}`: {why}", names::LINK_KEYS))).ok()
}

/// Links that lead to an address.
fn links(url: Option<String>, keys: Option<LinkKeys>, wrong: &mut Vec<String>) -> Option<Links> {
    let url = url?;
    let Some(keys) = keys else {
        wrong.push(format!("`{}` needs `{}`", names::LINK_URL, names::LINK_KEYS));
        return None;
    };
    let links = Links::new(&url, keys);
    links.map_err(|why| wrong.push(format!("`{}` is {why}", names::LINK_URL))).ok()
}

/// What the SDK finds out about where it runs: region, credentials, endpoint.
pub async fn aws() -> SdkConfig {
    aws_config::load_defaults(BehaviorVersion::latest()).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_mistake_is_told_at_once() {
        let error = Config::read(|name| (name == names::SHARDS).then(|| "many".to_owned()));
        assert_eq!(
            error.unwrap_err().to_string(),
            "the configuration is not complete: \
             `ATTUNE_SHARDS` must be a whole number from 1 to 99; \
             `ATTUNE_CACHE_SECONDS` must be a whole number from 0 to 600; \
             `ATTUNE_TABLES` is missing; \
             `ATTUNE_ERASURE_KEY` must be 64 hexadecimal digits"
        );
    }

    #[test]
    fn links_need_an_address_and_keys() {
        let links = |url: &str, keys: &str| {
            let mut wrong = Vec::new();
            let some = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
            let keys = super::link_keys(some(keys), &mut wrong);
            let links = super::links(some(url), keys, &mut wrong);
            (links.is_some(), wrong.join("; "))
        };
        let keys = format!("a:{}", "ab".repeat(64));
        assert_eq!(links("https://l.example", &keys), (true, String::new()));
        assert_eq!(links("", ""), (false, String::new()));
        for (url, keys, why) in [
            ("https://l.example", "", "`ATTUNE_LINK_URL` needs `ATTUNE_LINK_KEYS`"),
            ("https://l.example", "a:00", "`ATTUNE_LINK_KEYS`: a key must have 128"),
            ("l.example", &keys, "`ATTUNE_LINK_URL` is not a web address"),
            ("https://l.example/links", &keys, "`ATTUNE_LINK_URL` is not a host alone"),
        ] {
            let (made, wrong) = links(url, keys);
            assert!(!made && wrong.starts_with(why), "{wrong}");
        }
    }
}
