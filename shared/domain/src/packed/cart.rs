//! The cart as bytes.

use serde_json::Value;

use super::bytes::{Reader, Writer};
use super::{FORMAT, Unreadable};
use crate::cart::{Cart, Change, Item, Product};
use crate::id::EventId;
use crate::time::Timestamp;

/// Packs a cart. Instants are distances from the newest.
pub fn pack_cart(cart: &Cart) -> Vec<u8> {
    let changed = cart.changes().last().map(|(clock, _)| clock.0);
    let bought = cart.bought().first().map(|(_, at)| *at);
    let newest = changed.max(bought).unwrap_or(Timestamp::EPOCH);
    let mut out = Writer::new(newest);
    out.number(FORMAT);
    out.signed(newest.millis());
    out.length(cart.changes().len());
    for ((at, event), change) in cart.changes() {
        out.instant(*at);
        out.fixed(&event.hash().to_be_bytes());
        pack_change(&mut out, change);
    }
    out.length(cart.bought().len());
    for (product, at) in cart.bought() {
        out.text(product);
        out.instant(*at);
    }
    out.finish()
}

/// Unpacks a cart.
pub fn unpack_cart(bytes: &[u8]) -> Result<Cart, Unreadable> {
    let mut input = Reader::new(bytes);
    if input.number()? != FORMAT {
        return Err(Unreadable);
    }
    let newest = Timestamp::from_millis(input.signed()?);
    input.count_from(newest);
    let changes = input.list(|input| {
        let clock = (input.instant()?, EventId::stored(u64::from_be_bytes(input.fixed()?)));
        Ok((clock, unpack_change(input)?))
    })?;
    let bought = input.list(|input| Ok((input.text()?.to_owned(), input.instant()?)))?;
    Ok(Cart::stored(changes, bought))
}

const ADDED: u8 = 0;
const REMOVED: u8 = 1;
const REMOVED_WHOLLY: u8 = 2;
const WHOLE: u8 = 3;
const ORDERED: u8 = 4;

fn pack_change(out: &mut Writer, change: &Change) {
    match change {
        Change::Added(item) => {
            out.byte(ADDED);
            pack_item(out, item);
        }
        Change::Removed(product, Some(quantity)) => {
            out.byte(REMOVED);
            out.text(product);
            out.number((*quantity).into());
        }
        Change::Removed(product, None) => {
            out.byte(REMOVED_WHOLLY);
            out.text(product);
        }
        Change::Whole(items) => {
            out.byte(WHOLE);
            out.length(items.len());
            items.iter().for_each(|item| pack_item(out, item));
        }
        Change::Ordered => out.byte(ORDERED),
    }
}

fn unpack_change(input: &mut Reader<'_>) -> Result<Change, Unreadable> {
    Ok(match input.byte()? {
        ADDED => Change::Added(unpack_item(input)?),
        REMOVED => Change::Removed(input.text()?.to_owned(), Some(input.number32()?)),
        REMOVED_WHOLLY => Change::Removed(input.text()?.to_owned(), None),
        WHOLE => Change::Whole(input.list(unpack_item)?),
        ORDERED => Change::Ordered,
        _ => return Err(Unreadable),
    })
}

fn pack_item(out: &mut Writer, item: &Item) {
    out.text(&item.product.id);
    out.number(item.quantity.into());
    out.length(item.product.details.len());
    for (name, value) in &item.product.details {
        out.text(name);
        out.text(&value.to_string());
    }
}

fn unpack_item(input: &mut Reader<'_>) -> Result<Item, Unreadable> {
    let (id, quantity) = (input.text()?.to_owned(), input.number32()?);
    let details = input.list(|input| {
        let name = input.text()?.to_owned();
        let value: Value = serde_json::from_str(input.text()?).map_err(|_| Unreadable)?;
        Ok((name, value))
    })?;
    let product = Product { id, details: details.into_iter().collect() };
    Ok(Item { product, quantity })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn item(id: &str, quantity: u32) -> Item {
        let details = [("name", json!("Red „wine“")), ("price", json!(12.5)), ("sku", json!(7))];
        let details = details.map(|(name, value)| (name.to_owned(), value)).into();
        Item { product: Product { id: id.to_owned(), details }, quantity }
    }

    #[test]
    fn a_cart_comes_back_as_it_was_and_damage_is_seen() {
        let at = Timestamp::from_millis;
        let changes = [
            Change::Whole(vec![item("red", 2), item("", 1)]),
            Change::Added(item("blue", u32::MAX)),
            Change::Removed("red".to_owned(), Some(1)),
            Change::Removed("blue".to_owned(), None),
            Change::Ordered,
        ];
        let clocks = (0..).map(|n| (at(1_790_000_000_000 + n), EventId::sent(&n.to_string())));
        let bought = [("red".to_owned(), at(1_790_000_000_009)), ("old".to_owned(), at(-5))];
        let cart = Cart::stored(clocks.zip(changes).collect(), bought.into());
        let packed = pack_cart(&cart);
        assert_eq!(unpack_cart(&packed), Ok(cart));
        for length in 0..packed.len() {
            let part = packed.get(..length).unwrap_or_default();
            assert_eq!(unpack_cart(part), Err(Unreadable), "{length}");
        }
        assert_eq!(unpack_cart(&pack_cart(&Cart::default())), Ok(Cart::default()));
    }
}
