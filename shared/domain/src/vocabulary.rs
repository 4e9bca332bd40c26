//! What templates can read of what [`content`](crate::content) gives them, and what was meant by a
//! name that nothing gives.

use attune_liquid::Dialect;

use crate::cart::DETAILS;
use crate::definitions::Shop;
use crate::definitions::mistake::{nearest, quoted};
use crate::event::{
    CONSENT_GRANTED, CONSENT_REQUESTED, CONSENT_WITHDRAWN, EVENT_ALIASES, RESERVED, trait_name,
};

/// Names that every template can read.
const ROOTS: [&str; 12] = [
    "customer",
    "event",
    "cart",
    "shop",
    "message",
    "coupon",
    "recommendations",
    "unsubscribe_url",
    "preferences_url",
    "confirm_url",
    "now",
    "today",
];
/// Names of an item of the cart, or of a recommended product, beside those that events tell.
const OF_PRODUCT: [&str; 4] = ["product_id", "quantity", "price_money", "total_money"];
/// Names that every kind of list has.
const OF_LIST: [&str; 3] = ["first", "last", "size"];
/// What other products, or people, call the customer.
const PERSON: [&str; 8] =
    ["person", "contact", "user", "profile", "recipient", "subscriber", "member", "client"];

/// Traits that clients tell, as Segment's specification has them, by the names that we keep them under.
const TRAITS: [&str; 12] = [
    "birthday",
    "company",
    "country",
    "created_at",
    "email",
    "first_name",
    "gender",
    "language",
    "last_name",
    "phone",
    "timezone",
    "username",
];

/// What other products give to templates and we do not, and what to do about it.
const ELSEWHERE: [(&[&str], &str); 6] = [
    (
        &["event_properties", "trigger", "api_trigger_properties", "canvas_entry_properties"],
        "write `event`, which has the properties of the event that the message follows",
    ),
    (&["organization", "company"], "write `shop`, or `shop.brand.…` for what you define there"),
    (&["unsubscribe_link", "set_user_to_unsubscribed_url"], "write `unsubscribe_url`"),
    (
        &["manage_preferences_link", "manage_subscription_preferences_url"],
        "write `preferences_url`",
    ),
    (&["campaign", "canvas"], "write `message.program`"),
    (
        &["view_in_browser_url", "web_view_link"],
        "a message has no page in a browser; leave the link out",
    ),
];

/// What a path of a template means.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Meaning {
    /// A trait of the customer, or one within it.
    Trait(String),
    /// Something else that there is.
    Given,
    /// Nothing gives it.
    Unknown(Unknown),
}

/// A path that nothing gives.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Unknown {
    /// The words before the first that means nothing.
    before: Vec<String>,
    /// That word.
    word: String,
    /// Whether more words follow.
    goes_on: bool,
    /// What may stand there.
    known: Vec<String>,
}

/// The names that a shop's templates in a dialect can read.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Vocabulary<'s> {
    pub(crate) shop: &'s Shop,
    pub(crate) dialect: Dialect,
}

impl Vocabulary<'_> {
    /// What a path such as `cart.items[].name` means.
    pub(crate) fn meaning(self, path: &str) -> Meaning {
        let words = path.split(['.', '[', ']']).filter(|word| !word.is_empty());
        let words: Vec<&str> = words.collect();
        let Some((root, rest)) = words.split_first() else { return Meaning::Given };
        if *root == "customer" || self.persons().contains(root) {
            return of_customer(rest);
        }
        let names: Vec<&str> = words.iter().copied().filter(|word| !is_place(word)).collect();
        let elsewhere = ELSEWHERE.iter().any(|(names, _)| names.contains(root));
        if self.traits_stand_alone() && !elsewhere && !self.roots().contains(&(*root).to_owned()) {
            return Meaning::Trait((*root).to_owned());
        }
        for (place, name) in names.iter().enumerate() {
            let (before, goes_on) = names.split_at(place);
            let Some(known) = self.members(before) else { return Meaning::Given };
            // A shop need not set what a template has a default for.
            let free = before == ["shop", "brand"]
                && nearest(name, known.iter().map(String::as_str)).is_none();
            if !free && !known.iter().any(|known| known == name) {
                let before = before.iter().map(|word| (*word).to_owned()).collect();
                let goes_on = goes_on.len() > 1;
                let word = (*name).to_owned();
                return Meaning::Unknown(Unknown { before, word, goes_on, known });
            }
        }
        Meaning::Given
    }

    /// What may follow these words; `None` is anything.
    fn members(self, before: &[&str]) -> Option<Vec<String>> {
        let product = || DETAILS.iter().chain(&OF_PRODUCT).copied().collect();
        let known: Vec<&str> = match before {
            [] => return Some(self.roots()),
            ["cart"] => vec!["items", "quantity", "total", "total_money"],
            ["cart", "items"] | ["recommendations"] => product(),
            ["shop"] => vec!["name", "url", "currency", "brand"],
            ["shop", "brand"] => self.shop.brand.keys().map(String::as_str).collect(),
            ["shop", "brand", ..] | ["contact" | "event", ..] => return None,
            [root, ..] if events_of(self.dialect).contains(root) => return None,
            ["message"] => vec!["id", "program"],
            ["coupon"] => vec!["code", "expires"],
            _ => Vec::new(),
        };
        Some(known.into_iter().map(str::to_owned).collect())
    }

    fn roots(self) -> Vec<String> {
        let contact: &[&str] = if self.dialect == Dialect::Dotdigital { &["contact"] } else { &[] };
        let links = links_of(self.dialect).iter().map(|(name, _)| name);
        let events = events_of(self.dialect);
        let names = ROOTS.iter().chain(self.persons()).chain(contact).chain(events).chain(links);
        names.map(|name| (*name).to_owned()).collect()
    }

    /// Where the dialect keeps what is known of a person.
    fn persons(self) -> &'static [&'static str] {
        match self.dialect {
            Dialect::Braze => &["custom_attribute"],
            Dialect::Klaviyo => &["person"],
            _ => &[],
        }
    }

    fn traits_stand_alone(self) -> bool {
        matches!(self.dialect, Dialect::Braze | Dialect::Klaviyo)
    }
}

/// What a dialect calls `event`.
pub(crate) fn events_of(dialect: Dialect) -> &'static [&'static str] {
    match dialect {
        Dialect::Braze => &["event_properties", "canvas_entry_properties"],
        _ => &[],
    }
}

/// What a dialect calls our links.
pub(crate) fn links_of(dialect: Dialect) -> &'static [(&'static str, &'static str)] {
    match dialect {
        Dialect::Braze => &[("set_user_to_unsubscribed_url", "unsubscribe_url")],
        Dialect::CustomerIo => &[("manage_subscription_preferences_url", "preferences_url")],
        Dialect::Klaviyo => &[
            ("unsubscribe_link", "unsubscribe_url"),
            ("manage_preferences_link", "preferences_url"),
        ],
        _ => &[],
    }
}

fn of_customer(rest: &[&str]) -> Meaning {
    // `size` and its like mean something only behind the name of a list or a text.
    let end = rest.iter().skip(1).position(|word| is_place(word)).map_or(rest.len(), |at| at + 1);
    match rest.split_at(end).0 {
        [] | ["id", ..] => Meaning::Given,
        names => Meaning::Trait(names.join(".")),
    }
}

/// What to tell whoever reads a trait by a name that we do not keep it under, or one that is nearly one
/// that clients tell: two letters that changed places, or one that is wrong.
pub(crate) fn misspelt_trait(name: &str, written: &str) -> Option<String> {
    let kept = trait_name(name);
    if kept != name {
        let meant = written.replacen(name, kept, 1);
        return Some(format!("what clients tell as `{name}` is kept as `{kept}`; write `{meant}`"));
    }
    let near = |known: &&str| strsim::osa_distance(name, known) == 1;
    // `emails` and the like are lists of them.
    if TRAITS.contains(&name) || TRAITS.contains(&name.trim_end_matches('s')) {
        return None;
    }
    let meant = written.replacen(name, TRAITS.into_iter().find(near)?, 1);
    Some(format!(
        "a trait `{name}` is not one that clients tell by themselves; did you mean `{meant}`?"
    ))
}

/// What to tell whoever writes the name of an event that is nearly one that we, or the clients of a shop,
/// tell by themselves.
pub(crate) fn misspelt_event(name: &str) -> Option<String> {
    let plain = |name: &str| -> String {
        name.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_lowercase()
    };
    let consents = [CONSENT_GRANTED, CONSENT_REQUESTED, CONSENT_WITHDRAWN];
    let ours = || consents.into_iter().chain(RESERVED.iter().copied());
    let known = || EVENT_ALIASES.iter().map(|(known, _)| *known).chain(ours());
    if known().any(|known| known == name) {
        return None;
    }
    let written = plain(name);
    let meant = known().find(|known| strsim::osa_distance(&plain(known), &written) <= 1)?;
    Some(format!(
        "an event `{name}` is not one that clients tell by themselves; did you mean `{meant}`?"
    ))
}

/// Whether a word is the place of an item and no name.
fn is_place(word: &str) -> bool {
    OF_LIST.contains(&word) || word.parse::<i64>().is_ok()
}

impl Unknown {
    /// What to tell whoever wrote the path so.
    pub(crate) fn told(&self, written: &str) -> String {
        let told = format!("there is no variable `{written}`");
        let root = self.before.is_empty();
        let elsewhere = ELSEWHERE.iter().find(|(names, _)| names.contains(&self.word.as_str()));
        if let Some((_, instead)) = elsewhere.filter(|_| root) {
            return format!("{told}; {instead}");
        }
        if let Some(near) = self.near() {
            return format!("{told}; did you mean `{}`?", self.with(&near, written));
        }
        match self.before.last() {
            None if !self.goes_on => {
                format!("{told}; what is known of the customer is read as `customer.{}`", self.word)
            }
            None => format!("{told}; templates can read {}", quoted(ROOTS)),
            Some(of) if self.known.is_empty() => format!("{told}; there is nothing in `{of}`"),
            Some(of) => {
                let known = quoted(self.known.iter().map(String::as_str));
                format!("{told}; `{of}` has {known}")
            }
        }
    }

    /// Whether the unknown word itself was written here, and not only a name that was given to it.
    pub(crate) fn is_in(&self, written: &str) -> bool {
        written.contains(&self.word)
    }

    /// The word that was probably meant.
    pub(crate) fn near(&self) -> Option<String> {
        if self.before.is_empty() && self.goes_on && PERSON.contains(&self.word.as_str()) {
            return Some("customer".to_owned());
        }
        nearest(&self.word, self.known.iter().map(String::as_str))
    }

    /// What was written, with this word in the place of the unknown one.
    fn with(&self, word: &str, written: &str) -> String {
        match written.rfind(&self.word) {
            Some(at) => {
                let (before, from) = written.split_at(at);
                let after = from.get(self.word.len()..).unwrap_or_default();
                format!("{before}{word}{after}")
            }
            None => word.to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(dialect: Dialect, path: &str, expected: &str) {
        let mut shop = Shop::default();
        shop.brand.insert("colour".to_owned(), "red".into());
        let told = match (Vocabulary { shop: &shop, dialect }).meaning(path) {
            Meaning::Trait(path) => format!("trait {path}"),
            Meaning::Given => "given".to_owned(),
            Meaning::Unknown(unknown) => unknown.told(path),
        };
        assert_eq!(told, expected, "{path}");
    }

    #[test]
    fn any_trait_of_the_customer_can_be_read() {
        let check = |path, expected| check(Dialect::Standard, path, expected);
        check("customer.frist_name", "trait frist_name");
        check("customer.address.city", "trait address.city");
        check("customer.tags[0]", "trait tags");
        check("customer.size", "trait size");
        check("customer.name.size", "trait name");
        check("customer.id", "given");
        check("customer.id.size", "given");
        check("customer", "given");
    }

    #[test]
    fn a_trait_is_told_by_the_name_that_it_is_kept_under() {
        let told = |name: &str| misspelt_trait(name, &format!("customer.{name}"));
        for name in ["firstName", "firstname"] {
            let kept = format!(
                "what clients tell as `{name}` is kept as `first_name`; write `customer.first_name`"
            );
            assert_eq!(told(name), Some(kept));
        }
        let near = told("frist_name").unwrap_or_default();
        assert!(near.ends_with("did you mean `customer.first_name`?"), "{near}");
        assert_eq!([told("first_name"), told("shoe"), told("emails")], [None, None, None]);
    }

    #[test]
    fn an_event_that_is_nearly_a_known_one_is_doubted() {
        let told = |name: &str| {
            misspelt_event(name).and_then(|told| Some(told.split_once("mean ")?.1.to_owned()))
        };
        for name in ["Order Complete", "order completed", "order_completed", "Orders Completed"] {
            assert_eq!(told(name).as_deref(), Some("`Order Completed`?"), "{name}");
        }
        assert_eq!(told("Message Oppened").as_deref(), Some("`Message Opened`?"));
        assert_eq!(
            ["Order Completed", "any", "Wine Tasted", "Order Shipped"].map(told),
            [None, None, None, None]
        );
    }

    #[test]
    fn what_messages_are_given_can_be_read_and_nothing_else() {
        let check_in = |path: &str, expected: &str| check(Dialect::Standard, path, expected);
        for path in [
            "cart.items[].name",
            "cart.items.first.price_money",
            "cart.items.size",
            "cart.total_money",
            "event.products[0].name",
            "recommendations[0].url",
            "shop.brand.colour.dark",
            "shop.brand.logo",
            "message.program",
            "coupon.code",
            "unsubscribe_url",
            "today",
        ] {
            check_in(path, "given");
        }
        let no = |path: &str, rest: &str| format!("there is no variable `{path}`; {rest}");
        let refused = |path: &str, rest: &str| check_in(path, &no(path, rest));
        refused("custmer.first_name", "did you mean `customer.first_name`?");
        refused("unsubscribe_ur", "did you mean `unsubscribe_url`?");
        refused("shop.nme", "did you mean `shop.name`?");
        refused("cart.item", "did you mean `cart.items`?");
        refused("cart.item.name", "did you mean `cart.items.name`?");
        refused("cart.items[].nmae", "did you mean `cart.items[].name`?");
        refused("shop.brand.color", "did you mean `shop.brand.colour`?");
        refused("person.first_name", "did you mean `customer.first_name`?");
        refused("first_name", "what is known of the customer is read as `customer.first_name`");
        refused("shop.phone", "`shop` has `name`, `url`, `currency`, `brand`");
        refused("shop.name.long", "there is nothing in `name`");
        refused(
            "trigger.product",
            "write `event`, which has the properties of the event that the message follows",
        );
        refused(
            "order.total",
            "templates can read `customer`, `event`, `cart`, `shop`, `message`, `coupon`, `recommendations`, `unsubscribe_url`, `preferences_url`, `confirm_url`, `now`, `today`",
        );
    }

    #[test]
    fn dialects_have_their_own_names_for_a_person_and_for_links() {
        check(Dialect::Braze, "first_name", "trait first_name");
        check(Dialect::Braze, "custom_attribute.shoe", "trait shoe");
        check(Dialect::Braze, "set_user_to_unsubscribed_url", "given");
        check(Dialect::Klaviyo, "person.First Name", "trait First Name");
        check(Dialect::Klaviyo, "manage_preferences_link", "given");
        check(Dialect::CustomerIo, "manage_subscription_preferences_url", "given");
        check(Dialect::Dotdigital, "contact.data.firstname", "given");
        let told = "there is no variable `shop.nme`; did you mean `shop.name`?";
        check(Dialect::Braze, "shop.nme", told);
        check(Dialect::Klaviyo, "event.Items", "given");
        check(Dialect::Braze, "event_properties.total", "given");
    }
}
