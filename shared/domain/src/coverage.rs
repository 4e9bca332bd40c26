//! What a template reads, and who of its readers lacks it.

use std::collections::BTreeSet;

use attune_liquid::Dialect;

use crate::card::Card;
use crate::cart::DETAILS;
use crate::definitions::{Content, Shop};

/// What a template reads.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Reads {
    /// Paths of traits, such as `first_name` or `address.city`.
    pub traits: BTreeSet<String>,
    /// Names that nothing gives, as written: no trait, no event and no setting can.
    pub unknown: BTreeSet<String>,
}

/// Names of an item of the cart, or of a recommended product, beside those that events tell.
const OF_PRODUCT: [&str; 4] = ["product_id", "quantity", "price_money", "total_money"];
/// Names that every kind of list has.
const OF_LIST: [&str; 3] = ["first", "last", "size"];
/// Names that stand by themselves.
const PLAIN: [&str; 5] = ["unsubscribe_url", "preferences_url", "confirm_url", "now", "today"];
/// Where a dialect keeps what is known of a person.
const PERSON: [&str; 3] = ["customer", "person", "custom_attribute"];

/// What a template of a shop reads.
pub fn reads(content: &Content, shop: &Shop) -> Reads {
    let mut reads = Reads::default();
    // There, a trait stands by itself.
    let bare = matches!(content.dialect, Dialect::Braze | Dialect::Klaviyo);
    for path in content.variables() {
        let words: Vec<&str> =
            path.split(['.', '[', ']']).filter(|word| !word.is_empty()).collect();
        let Some((root, rest)) = words.split_first() else { continue };
        match *root {
            person if PERSON.contains(&person) => {
                let rest: Vec<&str> = rest.iter().copied().take_while(|w| !is_index(w)).collect();
                if !rest.is_empty() && rest != ["id"] {
                    reads.traits.insert(rest.join("."));
                }
            }
            "contact" if content.dialect == Dialect::Dotdigital => {}
            _ if is_known(root, rest, shop) => {}
            trait_name if bare => {
                reads.traits.insert(trait_name.to_owned());
            }
            _ => {
                reads.unknown.insert(path.clone());
            }
        }
    }
    reads
}

/// Whether a word is the place of an item and no name.
fn is_index(word: &str) -> bool {
    OF_LIST.contains(&word) || word.parse::<i64>().is_ok()
}

fn is_known(root: &str, rest: &[&str], shop: &Shop) -> bool {
    let names: Vec<&str> = rest.iter().copied().filter(|word| !is_index(word)).collect();
    match (root, names.as_slice()) {
        ("cart", [] | ["quantity" | "total" | "total_money" | "items"])
        | ("shop", [] | ["name" | "url" | "currency" | "brand"])
        | ("message", [] | ["id" | "program"])
        | ("coupon", [] | ["code" | "expires"])
        | ("recommendations", []) => true,
        ("cart", ["items", name]) | ("recommendations", [name]) => {
            DETAILS.contains(name) || OF_PRODUCT.contains(name)
        }
        ("shop", ["brand", name, ..]) => shop.brand.contains_key(*name),
        (name, []) => PLAIN.contains(&name),
        _ => false,
    }
}

/// Whether a customer has a trait, or a trait within it.
pub fn has(card: &Card, path: &str) -> bool {
    let within = format!("{path}.");
    let there = |(name, known): (&String, &crate::card::Trait)| {
        !known.value.is_null() && (name == path || name.starts_with(&within))
    };
    card.traits.iter().any(there) || card.values(path).into_iter().any(|value| !value.is_null())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::definitions;

    #[track_caller]
    fn check(template: &str, traits: &[&str], unknown: &[&str]) {
        let source =
            format!("shop: {{ brand: {{ color: red }} }}\ntemplates: [{{ id: t, {template} }}]");
        let definitions = definitions(&source);
        let found = reads(definitions.templates.values().next().unwrap(), &definitions.shop);
        assert_eq!(found.traits.iter().map(String::as_str).collect::<Vec<_>>(), traits);
        assert_eq!(found.unknown.iter().map(String::as_str).collect::<Vec<_>>(), unknown);
    }

    #[test]
    fn traits_are_told_and_names_that_nothing_gives() {
        check(
            "sms: '{{ customer.first_name }} {{ customer.address.city }} {{ customer.tags[0] }} {{ customer.id }} {{ first_name }} {{ shop.brand.color }} {{ shop.brand.colour }}'",
            &["address.city", "first_name", "tags"],
            &["first_name", "shop.brand.colour"],
        );
        check(
            "sms: '{% for item in cart.items %}{{ item.name }}{{ item.nmae }}{% endfor %}{{ cart.items.first.price_money }}{{ coupon.code }}{{ recommendations[0].url }}{{ cart.sum }}'",
            &[],
            &["cart.items[].nmae", "cart.sum"],
        );
    }

    #[test]
    fn in_other_dialects_a_trait_may_stand_by_itself() {
        check(
            "dialect: braze, sms: '{{${first_name}}} {{custom_attribute.${shoe}}}'",
            &["first_name", "shoe"],
            &[],
        );
    }
}
