//! Forgetting a person who was erased: what was sent to them goes.

use attune_aws::store::{Forgetter, Traces};
use attune_domain::address::Address;
use attune_domain::content::TEST;
use attune_domain::event::{Device, Platform};

use crate::capture::Capture;
use crate::capture::sent::{Kind, Sent};
use crate::outbox::Outbox;

/// Whether a message goes with somebody: it was sent to them, or it is a test, which shows somebody to
/// somebody else and does not say whom.
fn goes_with(sent: &Sent, traces: &Traces) -> bool {
    is_test(sent) || is_theirs(sent, traces)
}

fn is_test(sent: &Sent) -> bool {
    match &sent.kind {
        Kind::Email(mail) => mail.subject.starts_with(TEST),
        Kind::Sms(sms) => sms.text.starts_with(TEST),
        // Where the title stands differs from one push service to the other.
        Kind::Push(push) => push.payload.to_string().contains(&format!("\"{TEST}")),
    }
}

fn is_theirs(sent: &Sent, traces: &Traces) -> bool {
    let addresses: Vec<Address> = match &sent.kind {
        Kind::Email(mail) => {
            mail.to.iter().filter_map(|to| Address::email(bare(to)).ok()).collect()
        }
        Kind::Sms(sms) => Address::phone(&sms.phone).into_iter().collect(),
        Kind::Push(push) => {
            let device = |platform| Device { platform, token: push.token.clone() };
            [Platform::Apns, Platform::Fcm]
                .map(|platform| Address::device(&device(platform)))
                .into()
        }
    };
    let tagged = |mail: &crate::capture::sent::Email| {
        traces.messages.iter().any(|id| mail.tags.values().any(|tag| tag == id.as_str()))
    };
    addresses.iter().any(|address| traces.addresses.contains(&address.key()))
        || matches!(&sent.kind, Kind::Email(mail) if tagged(mail))
}

/// The address within `Ada <ada@example.com>`.
fn bare(mailbox: &str) -> &str {
    mailbox.rsplit_once('<').map_or(mailbox, |(_, address)| address.trim_end_matches('>'))
}

/// Forgets in memory, and in a folder if there is one.
pub fn forgetter(
    capture: Capture,
    outbox: impl Fn() -> Option<Outbox> + Send + Sync + 'static,
) -> Forgetter {
    Forgetter::new(move |traces| {
        capture.forget(|sent| goes_with(sent, traces));
        if let Some(outbox) = outbox()
            && let Err(error) = outbox.forget(|sent| goes_with(sent, traces))
        {
            tracing::error!(error = %error, "outbox.not_forgotten");
        }
    })
}
