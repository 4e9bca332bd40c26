//! How many messages a second the account may send.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use attune_domain::channel::Channel;

use super::Senders;

/// How long an answer about the account is believed; SES raises its rates by itself.
const BELIEVED: Duration = Duration::from_mins(5);
/// Mails a second while SES does not say: what a new account in the sandbox may send.
const SANDBOX: u32 = 1;
/// From this rate on nothing is counted: no account has it, and a stand-in means "no limit".
const UNLIMITED: f64 = 1e6;

/// What SES last said about the account.
#[derive(Debug, Clone, Default)]
pub(super) struct Known(Arc<Mutex<Option<Answer>>>);

/// When SES was asked, and how many mails a second it takes.
type Answer = (Instant, Option<u32>);

impl Senders {
    /// Messages a second on a channel, over all runs together; `None` if nothing limits them.
    pub async fn rate(&self, channel: Channel) -> Option<u32> {
        match channel {
            Channel::Email => self.mails().await,
            Channel::Sms => self.settings.sms_per_second,
            Channel::Push => None,
        }
    }

    async fn mails(&self) -> Option<u32> {
        let known = *self.known.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, rate)) = known.filter(|(asked, _)| asked.elapsed() < BELIEVED) {
            return rate;
        }
        let rate = match self.ses.get_account().send().await {
            Ok(account) => {
                let rate = account.send_quota.map_or(0.0, |quota| quota.max_send_rate);
                (rate < UNLIMITED).then(|| whole(rate))
            }
            Err(error) => {
                tracing::warn!(error = ?error.as_service_error(), "senders.account_unknown");
                known.map_or(Some(SANDBOX), |(_, rate)| rate)
            }
        };
        *self.known.0.lock().unwrap_or_else(PoisonError::into_inner) = Some((Instant::now(), rate));
        rate
    }
}

/// At least one, so that mail goes out at all.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "held between bounds")]
fn whole(rate: f64) -> u32 {
    rate.clamp(1.0, UNLIMITED) as u32
}
