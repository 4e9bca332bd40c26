//! The shop's settings.

use serde_json::{Map, Value};

use super::draft::Sections;
use super::mistake::Wrong;
use super::reader::{Members, Reader};
use super::source::Node;
use super::{Definitions, free, policy};
use crate::address::Address;
use crate::cart::Product;
use crate::limits;
use crate::link::WebUrl;
use crate::time::Span;
use crate::zone::Zone;

/// The shop's settings.
#[derive(Debug, Clone, PartialEq)]
pub struct Shop {
    /// What people call it.
    pub name: String,
    /// The ISO 4217 code of its currency, for templates. Amounts are taken as sent.
    pub currency: String,
    /// The zone of customers whose own is not known.
    pub zone: Zone,
    /// Its website.
    pub url: String,
    /// The `From` of its mail: an address, or `Name <address>`.
    pub from: String,
    /// The shop's own values for templates, as `shop.brand.…`: colours, a logo, an address.
    pub brand: Map<String, Value>,
    /// What it sells best, for those of whom we know too little to recommend anything else.
    pub best_sellers: Vec<Product>,
    /// How long the history of events is kept.
    pub history: Span,
    /// Whether rules may look back further than that.
    pub beyond_history: bool,
}

impl Default for Shop {
    fn default() -> Self {
        Self {
            name: "Shop".to_owned(),
            currency: "USD".to_owned(),
            zone: Zone::utc(),
            url: "https://shop.example.com".to_owned(),
            from: "Shop <shop@example.com>".to_owned(),
            brand: Map::new(),
            best_sellers: Vec::new(),
            history: Span::days(1_100),
            beyond_history: false,
        }
    }
}

pub(super) fn read(reader: &mut Reader, definitions: &mut Definitions, sections: &Sections<'_>) {
    for (what, nodes) in [("shop", &sections.shop), ("policy", &sections.policy)] {
        if let Some(second) = nodes.get(1) {
            reader.refuse::<()>(&second.place, Wrong::DuplicateKey(what.to_owned()));
        }
    }
    if let Some(node) = sections.shop.first() {
        read_shop(reader, &mut definitions.shop, node);
    }
    if let Some(node) = sections.policy.first() {
        policy::read(reader, &mut definitions.policy, node);
    }
}

fn read_shop(reader: &mut Reader, shop: &mut Shop, node: &Node) -> Option<()> {
    let mut members = reader.members(node)?;
    text(reader, &mut members, "name", &mut shop.name);
    if let Some(node) = members.get("currency") {
        shop.currency = checked(reader, node, policy::currency).unwrap_or_default();
    }
    if let Some(node) = members.get("url") {
        shop.url = checked(reader, node, website).unwrap_or_default();
    }
    // Templates go on with `/cart`.
    shop.url.truncate(shop.url.trim_end_matches('/').len());
    if let Some(node) = members.get("timezone") {
        shop.zone = reader.parsed(node, Zone::parse).unwrap_or(Zone::utc());
    }
    if let Some(node) = members.get("from") {
        shop.from = reader.parsed(node, mailbox).unwrap_or_default();
    }
    if let Some(node) = members.get("brand") {
        shop.brand = free::map(reader, node);
    }
    if let Some(node) = members.get("best_sellers") {
        shop.best_sellers = best_sellers(reader, node);
    }
    if let Some(node) = members.get("history") {
        shop.history = reader.span(node).unwrap_or_default();
    }
    if let Some(node) = members.get("beyond_history") {
        shop.beyond_history = reader.truth(node).unwrap_or_default();
    }
    reader.finish(&members);
    Some(())
}

/// Products, each described as an event would.
fn best_sellers(reader: &mut Reader, node: &Node) -> Vec<Product> {
    let list = reader.list(node);
    if let Some(extra) = list.get(limits::BEST_SELLERS) {
        let wrong = Wrong::TooMany("best sellers", limits::BEST_SELLERS);
        reader.refuse::<()>(&extra.place, wrong);
    }
    let mut product = |node: &Node| {
        let product = Product::of(&free::map(reader, node));
        product.or_else(|| reader.refuse(&node.place, Wrong::Missing("product_id")))
    };
    list.iter().filter_map(&mut product).collect()
}

fn text(reader: &mut Reader, members: &mut Members<'_>, key: &'static str, into: &mut String) {
    if let Some(node) = members.get(key)
        && let Some(text) = reader.text(node)
    {
        text.trim().clone_into(into);
    }
}

/// A text that is checked where somebody writes it; what was published before the check stays.
fn checked(
    reader: &mut Reader,
    node: &Node,
    check: impl FnOnce(&str) -> Result<String, String>,
) -> Option<String> {
    match reader.published {
        true => reader.text(node).map(|text| text.trim().to_owned()),
        false => reader.parsed(node, check),
    }
}

/// Where links in messages begin.
fn website(text: &str) -> Result<String, String> {
    let text = text.trim();
    WebUrl::parse(text).map(|_| text.to_owned()).map_err(|why| format!("`{text}` is {why}"))
}

/// Checks `ada@example.com` or `Ada <ada@example.com>`.
fn mailbox(text: &str) -> Result<String, String> {
    let address = match text.trim().strip_suffix('>').and_then(|text| text.split_once('<')) {
        Some((_, address)) => address,
        None => text,
    };
    let plain = !text.contains(['\r', '\n']);
    match Address::email(address) {
        Ok(_) if plain => Ok(text.trim().to_owned()),
        Ok(_) => Err("a sender cannot have a line break".to_owned()),
        Err(why) => Err(format!("`{text}` is {why}")),
    }
}

#[cfg(test)]
mod tests {
    use crate::definitions::{Definitions, Lineage};
    use crate::testing::definitions;

    #[test]
    fn a_website_is_the_same_with_a_slash_at_its_end() {
        for url in ["https://shop.example.com", "https://shop.example.com/"] {
            let definitions = definitions(&format!("shop: {{ url: '{url}' }}"));
            assert_eq!(definitions.shop.url, "https://shop.example.com");
        }
    }

    #[test]
    fn a_website_is_of_the_web_and_a_currency_has_a_code() {
        for (shop, told) in [
            ("currency: EURO", "`EURO` is not the code of a currency; write it like EUR"),
            ("currency: eur", "`eur` is not the code of a currency; write it like EUR"),
            ("url: 'ftp://shop.example'", "`ftp://shop.example` is not a web address"),
            ("url: 'javascript:alert(1)'", "`javascript:alert(1)` is not a web address"),
        ] {
            let file = format!("shop: {{ {shop} }}");
            let read = Definitions::read(&[("t.yaml", file.as_str())], &Lineage::default());
            let mistakes = read.unwrap_err();
            assert!(mistakes[0].to_string().contains(told), "{mistakes:?}");
            assert_eq!((mistakes.len(), mistakes[0].place.line), (1, 1));
        }
    }
}
