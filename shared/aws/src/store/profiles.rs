//! Profiles: one item each for core, card and cart, read by one query.
//!
//! A small cart is kept in the core's item, as long as that takes no more units than the core by
//! itself; then what may be in the cart's own item is old, and not looked at.

use std::sync::Arc;

use attune_domain::card::Card;
use attune_domain::cart::Cart;
use attune_domain::definitions::Definitions;
use attune_domain::id::CustomerId;
use attune_domain::packed;
use attune_domain::profile::Profile;
use attune_domain::time::Timestamp;
use aws_sdk_dynamodb::types::ReturnConsumedCapacity;

use super::item::{Attributes, Build, Read, text};
use super::{Store, StoreError, Table, items};

/// Whether a read must see every write that was answered before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Consistency {
    /// May be a few seconds old, at half the price.
    Eventual,
    /// Sees everything.
    Strong,
}

/// A profile with what its next write depends on.
#[derive(Debug, Clone)]
pub struct Stored {
    /// The profile.
    pub profile: Profile,
    /// The definitions it was unpacked for.
    pub definitions: Arc<Definitions>,
    pub(super) versions: Versions,
    /// Whether nothing of it is left but the mark of its erasure.
    pub(super) erased: bool,
    /// The parts as they are in the store, to see what changed.
    pub(super) card: Card,
    pub(super) cart: Cart,
    /// Whether the cart is in the core's item.
    pub(super) cart_inside: bool,
}

/// The version of each part; 0 for one that is not there.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Versions {
    pub(super) core: u64,
    pub(super) card: u64,
    pub(super) cart: u64,
}

/// What stands under an id.
#[derive(Debug, Clone)]
pub enum Found {
    /// A profile, or the room for one.
    Profile(Box<Stored>),
    /// The id belongs to another profile.
    Pointer(CustomerId),
}

impl Stored {
    /// Whether the store has it.
    pub fn exists(&self) -> bool {
        self.versions.core > 0 && !self.erased
    }

    /// Whether it is being erased.
    pub(super) fn is_erased(&self) -> bool {
        self.erased
    }
}

/// Pointers that lead to a profile: an anonymous id to a known one, that to one it was merged into,
/// and so on. More would be a circle.
const MOST_POINTERS: usize = 8;

impl Store {
    /// The profile that an id leads to, through pointers.
    pub async fn load(
        &self,
        id: &CustomerId,
        consistency: Consistency,
        now: Timestamp,
    ) -> Result<Stored, StoreError> {
        let mut id = id.clone();
        for _ in 0..MOST_POINTERS {
            match self.find(&id, consistency, now).await? {
                Found::Profile(stored) => return Ok(*stored),
                Found::Pointer(to) => id = to,
            }
        }
        Err(StoreError::Unreadable { table: "profiles", what: "a circle of pointers".to_owned() })
    }

    /// What stands under an id itself.
    pub async fn find(
        &self,
        id: &CustomerId,
        consistency: Consistency,
        now: Timestamp,
    ) -> Result<Found, StoreError> {
        match self.find_by(id, consistency, self.definitions(now).await?, now).await {
            // Another process published since this one looked.
            Err(StoreError::OldDefinitions) => {
                let definitions = self.fresh_definitions(now).await?;
                self.find_by(id, consistency, definitions, now).await
            }
            found => found,
        }
    }

    /// What stands under an id, read by these definitions.
    ///
    /// The core is read first. A query is no snapshot: somebody may write between two of its items. They
    /// write card and cart before the core, so what is read after a core is never older than it. It may
    /// be newer, as after a crash between the two; and a write on the condition of that core's version
    /// then comes before theirs, or not at all. Were the card read first, an old one could come with a
    /// new core: a claim would go by a consent that was withdrawn, and its condition would hold.
    pub(super) async fn find_by(
        &self,
        id: &CustomerId,
        consistency: Consistency,
        definitions: Arc<Definitions>,
        now: Timestamp,
    ) -> Result<Found, StoreError> {
        let output = self
            .client
            .query()
            .table_name(self.table(Table::Profiles))
            .key_condition_expression("customer = :id")
            .expression_attribute_values(":id", text(id.as_str()))
            // `core` is the last of the parts by name.
            .scan_index_forward(false)
            .consistent_read(consistency == Consistency::Strong)
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .await
            .map_err(StoreError::of)?;
        self.meter.reads(&output.consumed_capacity);
        read(id, output.items(), definitions, now)
    }

    /// The card that is left of a profile which became a pointer; empty once it is deleted.
    pub(super) async fn left_card(&self, id: &CustomerId) -> Result<Card, StoreError> {
        let output = self
            .client
            .get_item()
            .table_name(self.table(Table::Profiles))
            .key("customer", text(id.as_str()))
            .key("part", text("card"))
            .consistent_read(true)
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .await
            .map_err(StoreError::of)?;
        self.meter.reads(&output.consumed_capacity);
        let Some(item) = &output.item else { return Ok(Card::default()) };
        Read { table: Table::Profiles, item }.parsed("json", items::card::read)
    }
}

/// The key of a part of a profile.
pub(super) fn part_key(customer: &str, part: &str) -> Attributes {
    Build::default().text("customer", customer).text("part", part).done()
}

/// Puts the parts of a profile together, in whatever order they come.
pub(super) fn read(
    id: &CustomerId,
    parts: &[Attributes],
    definitions: Arc<Definitions>,
    now: Timestamp,
) -> Result<Found, StoreError> {
    let mut stored = Stored {
        profile: Profile::new(id.clone(), &definitions, now),
        definitions,
        versions: Versions::default(),
        erased: false,
        card: Card::default(),
        cart: Cart::default(),
        cart_inside: false,
    };
    for item in parts {
        let read = Read { table: Table::Profiles, item };
        let version = read.number("version")?;
        match read.text("part")? {
            "core" => {
                if let Some(to) = read.maybe_text("to") {
                    let to = CustomerId::parse(to).ok_or_else(|| read.unreadable("to"))?;
                    return Ok(Found::Pointer(to));
                }
                if read.flag("erased") {
                    stored.versions.core = version;
                    stored.erased = true;
                    continue;
                }
                let bytes = read.bytes("packed")?;
                let unreadable = |_| read.unreadable("packed");
                if packed::is_ahead(bytes, &stored.definitions).map_err(unreadable)? {
                    return Err(StoreError::OldDefinitions);
                }
                stored.versions.core = version;
                stored.profile.core =
                    packed::unpack(bytes, id, &stored.definitions).map_err(unreadable)?;
                if read.flag("cart") {
                    stored.cart_inside = true;
                    stored.cart = unpack_cart(read, "cart")?;
                }
            }
            "card" => {
                stored.versions.card = version;
                stored.profile.card = read.parsed("json", items::card::read)?;
                stored.card = stored.profile.card.clone();
            }
            "cart" => {
                stored.versions.cart = version;
                if !stored.cart_inside {
                    stored.cart = unpack_cart(read, "packed")?;
                }
            }
            _ => return Err(read.unreadable("part")),
        }
    }
    stored.profile.cart = stored.cart.clone();
    Ok(Found::Profile(Box::new(stored)))
}

fn unpack_cart(read: Read<'_>, name: &str) -> Result<Cart, StoreError> {
    packed::unpack_cart(read.bytes(name)?).map_err(|_| read.unreadable(name))
}

/// A part as an item, but for what is in it.
pub(super) fn part_item(id: &CustomerId, part: &str, version: u64) -> Build {
    let item = Build::default().text("customer", id.as_str()).text("part", part);
    item.number("version", version)
}

/// A pointer in the place of a core.
pub(super) fn pointer_item(id: &CustomerId, to: &CustomerId, version: u64) -> Attributes {
    part_item(id, "core", version).text("to", to.as_str()).done()
}
