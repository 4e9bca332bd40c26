//! The code that a message gives, if its program has a coupon.

use attune_aws::store::{Given, StoreError, StoredMessage};
use attune_domain::coupon::{Codes, Issued};
use attune_domain::definitions::Definitions;
use attune_domain::time::Timestamp;

use crate::Deps;

/// Why a message has no code to give.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NoCode {
    /// The pool is empty.
    Left,
    /// The coupon's last day is over.
    Over,
}

/// The code for a message: the one it has, or one picked from the pool, another at each turn. It is
/// the message's with the claim.
pub(crate) async fn code(
    deps: &Deps,
    waiting: &StoredMessage,
    definitions: &Definitions,
    turn: u32,
    now: Timestamp,
) -> Result<Result<Option<Given>, NoCode>, StoreError> {
    // One that it has is of the coupon that the program had then.
    let known = waiting.given.as_ref();
    let program = definitions.program(waiting.message.program.as_str());
    let own = || program.and_then(|program| program.coupon.as_ref());
    let coupon = known.map(|known| &known.coupon).or_else(own);
    let coupon = coupon.and_then(|id| definitions.coupons.get(id));
    if coupon.is_some_and(|coupon| coupon.is_over(now)) {
        return Ok(Err(NoCode::Over));
    }
    if let Some(known) = known {
        return Ok(Ok(Some(Given { picked: false, ..known.clone() })));
    }
    let Some(coupon) = coupon else { return Ok(Ok(None)) };
    let given = |code, picked| Ok(Some(Given { coupon: coupon.id.clone(), code, picked }));
    match &coupon.codes {
        Codes::Static(code) => Ok(given(code.clone(), false)),
        Codes::Unique => {
            let picked = deps.store.pick_code(coupon, &waiting.message.id, turn, now).await?;
            Ok(picked.map_or(Err(NoCode::Left), |code| given(code, true)))
        }
    }
}

/// What a text says of a code.
pub(crate) fn issued(given: &Given, definitions: &Definitions) -> Issued {
    let coupon = definitions.coupons.get(&given.coupon);
    let expires = coupon.and_then(|coupon| coupon.expires).map(|expiry| expiry.day);
    Issued { coupon: given.coupon.clone(), code: given.code.clone(), expires }
}
