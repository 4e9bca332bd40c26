//! Permits to send, shared by all runs that send at the same time.
//!
//! A sender takes so many messages a second from the whole account. Each second has a row per
//! channel that counts the permits which were leased of it, and nobody can lease more than there
//! are. So two runs together are as fast as one, and never faster than allowed.

use attune_domain::channel::Channel;
use attune_domain::time::Timestamp;

use super::{Store, StoreError};

impl Store {
    /// Leases up to `wanted` permits of this second; says how many it got.
    pub async fn lease_permits(
        &self,
        channel: Channel,
        wanted: u32,
        per_second: u32,
        now: Timestamp,
    ) -> Result<u32, StoreError> {
        let second = format!("{channel}#{}", now.millis().div_euclid(1_000));
        self.take_counted(["pace", &second], wanted, per_second, now).await
    }
}
