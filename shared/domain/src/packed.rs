//! The core of a profile as bytes: small, so that writing it costs one unit.
//!
//! Numbers are variable-length, instants are distances from `as_of`, and slots, segments and
//! programs are known by their keys, so that bytes written under other definitions can be read: a
//! slot that is no longer planned is skipped, one that is newly planned is empty.
//!
//! The layout is a promise to what is stored. A change of it gets another `FORMAT`.

pub(crate) mod bytes;
mod cart;
mod features;
mod parts;
mod sends;

use crate::definitions::Definitions;
use crate::id::CustomerId;
use crate::plan::Version;
use crate::profile::Core;
use crate::time::Timestamp;
use crate::zone::Zone;
use bytes::{Reader, Writer};

pub use cart::{pack_cart, unpack_cart};

/// The first byte.
const FORMAT: u64 = 6;

/// Bytes that the store writes for one unit.
const UNIT: usize = 1_024;
/// Bytes of a core's item beside the customer's id, the version, and what is packed: names of
/// attributes, and the name of the part.
const ITEM_BYTES: usize = "customer".len() + "partcore".len() + "version".len() + "packed".len();
/// Bytes of the name of the cart in it.
const CART_NAME: usize = "cart".len();

/// Packs a core. `id` is whom it is about: events filed under it need not say so.
pub fn pack(core: &Core, id: &CustomerId, definitions: &Definitions) -> Vec<u8> {
    let mut out = Writer::new(core.as_of);
    out.number(FORMAT);
    out.number(core.made_for.0.into());
    out.number(core.judged_by.0.into());
    out.number(core.ranked_by.into());
    out.number(core.as_of.millis().unsigned_abs());
    out.instant(core.wake_at);
    parts::pack_wake_ups(&mut out, &core.wake_ups);
    out.text(core.zone.name());
    out.option(core.cart_emptied);
    parts::pack_ring(&mut out, &core.ring, id);
    parts::pack_orders(&mut out, &core.orders);
    sends::pack_pressure(&mut out, &core.pressure);
    sends::pack_responses(&mut out, &core.responses);
    parts::pack_memberships(&mut out, &core.memberships);
    parts::pack_started(&mut out, &core.started);
    features::pack(&mut out, &core.features, &definitions.plan);
    out.finish()
}

/// Bytes of the item of a packed core.
pub fn item_bytes(core: &[u8], id: &CustomerId, version: u64) -> usize {
    ITEM_BYTES + id.as_str().len() + number_bytes(version) + core.len()
}

/// Bytes of a number in an item: two significant digits take one, and the number itself another.
/// Source: Amazon DynamoDB Developer Guide, "Item sizes and formats".
fn number_bytes(mut number: u64) -> usize {
    while number > 0 && number.is_multiple_of(10) {
        number /= 10;
    }
    let digits = number.checked_ilog10().map_or(1, |log| log + 1);
    digits.div_ceil(2) as usize + 1
}

/// Bytes of the item of a packed core with a cart, if that takes no more units than the core by itself.
pub fn item_bytes_with_cart(
    core: &[u8],
    cart: &[u8],
    id: &CustomerId,
    version: u64,
) -> Option<usize> {
    let alone = item_bytes(core, id, version);
    let both = alone + CART_NAME + cart.len();
    (both.div_ceil(UNIT) == alone.div_ceil(UNIT)).then_some(both)
}

/// Unpacks a core.
pub fn unpack(
    bytes: &[u8],
    id: &CustomerId,
    definitions: &Definitions,
) -> Result<Core, Unreadable> {
    let mut input = Reader::new(bytes);
    if input.number()? != FORMAT {
        return Err(Unreadable);
    }
    let (made_for, judged_by) = (Version(input.number32()?), Version(input.number32()?));
    let ranked_by = input.number32()?;
    let as_of = Timestamp::from_millis(i64::try_from(input.number()?).map_err(|_| Unreadable)?);
    input.count_from(as_of);
    Ok(Core {
        made_for,
        judged_by,
        ranked_by,
        as_of,
        wake_at: input.instant()?,
        wake_ups: parts::unpack_wake_ups(&mut input)?,
        zone: Zone::stored(input.text()?),
        cart_emptied: input.option()?,
        ring: parts::unpack_ring(&mut input, id)?,
        orders: parts::unpack_orders(&mut input)?,
        pressure: sends::unpack_pressure(&mut input)?,
        responses: sends::unpack_responses(&mut input)?,
        memberships: parts::unpack_memberships(&mut input)?,
        started: parts::unpack_started(&mut input)?,
        features: features::unpack(&mut input, &definitions.plan)?,
    })
}

/// Whether the packed core was judged by newer definitions than these, or ranked by a later census,
/// without unpacking the rest. Then a reader must load newer ones first.
pub fn is_ahead(bytes: &[u8], definitions: &Definitions) -> Result<bool, Unreadable> {
    let mut input = Reader::new(bytes);
    if input.number()? != FORMAT {
        return Err(Unreadable);
    }
    input.number32()?;
    let judged_by = Version(input.number32()?);
    let ranked_by = input.number32()?;
    Ok(judged_by > definitions.version() || ranked_by > definitions.census().number)
}

/// The bytes are not a core of a format we know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a stored profile cannot be read; it was written by a newer release, or damaged")]
pub struct Unreadable;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_takes_a_byte_for_two_significant_digits_and_one_more() {
        let bytes = [1, 10, 12, 123, 1_800, 1_801, 12_345].map(number_bytes);
        assert_eq!(bytes, [2, 2, 2, 3, 2, 3, 4]);
    }
}
