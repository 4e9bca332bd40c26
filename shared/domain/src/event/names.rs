//! Names that mean the same, brought to one spelling.

use super::{CONSENT_GRANTED, CONSENT_REQUESTED, CONSENT_WITHDRAWN};

/// Segment's e-commerce events, version 2, with the names that version 1 gave them.
///
/// Version 1 put the verb first. Both are read; rules and templates use the left column.
/// Source: Segment, "Spec: V2 Ecommerce Events".
pub const EVENT_ALIASES: &[(&str, &str)] = &[
    ("Products Searched", "Searched Products"),
    ("Product List Viewed", "Viewed Product List"),
    ("Product List Viewed", "Viewed Product Category"),
    ("Product List Filtered", "Filtered Product List"),
    ("Promotion Viewed", "Viewed Promotion"),
    ("Promotion Clicked", "Clicked Promotion"),
    ("Product Clicked", "Clicked Product"),
    ("Product Viewed", "Viewed Product"),
    ("Product Added", "Added Product"),
    ("Product Removed", "Removed Product"),
    ("Cart Viewed", "Viewed Cart"),
    ("Checkout Started", "Started Checkout"),
    ("Checkout Step Viewed", "Viewed Checkout Step"),
    ("Checkout Step Completed", "Completed Checkout Step"),
    ("Payment Info Entered", "Entered Payment Info"),
    ("Order Updated", "Updated Order"),
    ("Order Completed", "Completed Order"),
    ("Order Refunded", "Refunded Order"),
    ("Order Cancelled", "Cancelled Order"),
    ("Order Cancelled", "Order Canceled"),
    ("Coupon Entered", "Entered Coupon"),
    ("Coupon Applied", "Applied Coupon"),
    ("Coupon Denied", "Denied Coupon"),
    ("Coupon Removed", "Removed Coupon"),
    ("Product Added to Wishlist", "Added Product to Wishlist"),
    ("Product Removed from Wishlist", "Removed Product from Wishlist"),
    ("Wishlist Product Added to Cart", "Added Wishlist Product to Cart"),
    ("Product Shared", "Shared Product"),
    ("Cart Shared", "Shared Cart"),
    ("Product Reviewed", "Reviewed Product"),
];

/// The one spelling of an event's name. Those of consent are known in capitals and small letters alike:
/// a withdrawal must not be lost for its spelling.
pub fn event_name(sent: &str) -> &str {
    let sent = sent.trim();
    let consent = [CONSENT_GRANTED, CONSENT_REQUESTED, CONSENT_WITHDRAWN];
    if let Some(name) = consent.into_iter().find(|name| name.eq_ignore_ascii_case(sent)) {
        return name;
    }
    EVENT_ALIASES.iter().find(|(_, alias)| *alias == sent).map_or(sent, |(name, _)| name)
}

/// Traits that SDKs and shops spell differently, by the spelling that rules and templates use.
pub const TRAIT_ALIASES: &[(&str, &str)] = &[
    ("birthday", "birthDate"),
    ("birthday", "birth_date"),
    ("birthday", "dateOfBirth"),
    ("birthday", "date_of_birth"),
    ("country", "countryCode"),
    ("country", "country_code"),
    ("created_at", "createdAt"),
    ("email", "emailAddress"),
    ("email", "email_address"),
    ("first_name", "firstName"),
    ("first_name", "firstname"),
    ("last_name", "lastName"),
    ("last_name", "lastname"),
    ("phone", "phoneNumber"),
    ("phone", "phone_number"),
    ("timezone", "timeZone"),
    ("timezone", "time_zone"),
];

/// The one spelling of a trait's name.
pub fn trait_name(sent: &str) -> &str {
    TRAIT_ALIASES.iter().find(|(_, alias)| *alias == sent).map_or(sent, |(name, _)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_versions_of_a_name_are_one() {
        assert_eq!(event_name("Completed Order"), "Order Completed");
        assert_eq!(event_name(" Order Completed "), "Order Completed");
        assert_eq!(event_name("Wine Tasted"), "Wine Tasted");
        assert_eq!(event_name("consent withdrawn"), "Consent Withdrawn");
        assert_eq!(trait_name("createdAt"), trait_name("created_at"));
    }
}
