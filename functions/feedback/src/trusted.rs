//! Whom the function believes, and what it was told.

use attune_domain::time::Timestamp;
use serde_json::Value;

/// Whom the function believes.
#[derive(Debug, Clone, Default)]
pub struct Trusted {
    topics: Vec<String>,
}

/// A notice, and when it was published.
pub(crate) struct Told {
    pub(crate) notice: Value,
    pub(crate) at: Option<Timestamp>,
}

impl Trusted {
    /// These topics (ARNs with commas between), and `EventBridge` and logs in their accounts.
    pub fn topics(topics: &str) -> Self {
        let topics = topics.split(',').map(str::trim).filter(|topic| !topic.is_empty());
        Self { topics: topics.map(str::to_owned).collect() }
    }

    pub(crate) fn topic(&self, arn: Option<&str>) -> bool {
        arn.is_some_and(|arn| self.topics.iter().any(|topic| topic == arn))
    }

    pub(crate) fn account(&self, account: Option<&str>) -> bool {
        let of = |arn: &String| arn.split(':').nth(4).map(str::to_owned);
        account.is_some_and(|account| {
            self.topics.iter().filter_map(of).any(|trusted| trusted == account)
        })
    }
}
