//! What a template reads, and who of its readers lacks it.

use std::collections::BTreeSet;

use crate::card::Card;
use crate::definitions::{Content, Shop};
use crate::vocabulary::{Meaning, Vocabulary};

/// The traits that a template of a shop reads: paths such as `first_name` or `address.city`.
pub fn traits_read(content: &Content, shop: &Shop) -> BTreeSet<String> {
    let vocabulary = Vocabulary { shop, dialect: content.dialect };
    let traits = content.variables().iter().filter_map(|path| match vocabulary.meaning(path) {
        Meaning::Trait(path) => Some(path),
        Meaning::Given | Meaning::Unknown(_) => None,
    });
    traits.collect()
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
    fn check(template: &str, traits: &[&str]) {
        let source = format!(
            "partials: {{ hello: 'Hi {{{{ who }}}} {{{{ customer.nick }}}}' }}\n\
             templates: [{{ id: t, {template} }}]"
        );
        let definitions = definitions(&source);
        let content = definitions.templates.values().next().unwrap();
        let found = traits_read(content, &definitions.shop);
        assert_eq!(found.iter().map(String::as_str).collect::<Vec<_>>(), traits);
    }

    #[test]
    fn traits_are_told_wherever_they_are_read() {
        check(
            "sms: '{{ customer.first_name }} {{ customer.address.city }} {{ customer.tags[0] }} {{ customer.id }} {{ cart.total }}'",
            &["address.city", "first_name", "tags"],
        );
        check("sms: '{% render \"hello\", who: customer.first_name %}'", &["first_name", "nick"]);
    }

    #[test]
    fn in_other_dialects_a_trait_may_stand_by_itself() {
        check(
            "dialect: braze, sms: '{{${first_name}}} {{custom_attribute.${shoe}}}'",
            &["first_name", "shoe"],
        );
        check(
            "dialect: klaviyo, sms: \"{{ person|lookup:'Points' }} {% if person|lookup:'Shoe' == 1 %}x{% endif %}\"",
            &["Points", "Shoe"],
        );
    }

    #[test]
    fn a_trait_is_read_even_if_its_name_is_given_again_further_down() {
        check(
            "dialect: braze, sms: '{% assign first_name = {{${first_name}}} | upcase %}{{first_name}}'",
            &["first_name"],
        );
    }
}
