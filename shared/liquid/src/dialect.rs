//! Whose Liquid a template is written in. What differs is data: a row of switches here, and the
//! dialects named in the rows of the tables of filters and tags.

use std::fmt;
use std::str::FromStr;

/// The product whose Liquid a template is written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Dialect {
    /// Liquid as Shopify's open source library defines it.
    #[default]
    Standard,
    /// Braze: `{{${first_name}}}`, `{% abort_message %}`, `{{content_blocks.${header}}}`.
    Braze,
    /// Customer.io: `{% unsubscribe_url %}`, `{{ snippets.header }}`.
    CustomerIo,
    /// Shopify's notifications: the `money` filters.
    Shopify,
    /// Klaviyo, which is Django's language: `|lookup:'…'`, `elif`, `not`, `in`, `items.0`.
    Klaviyo,
    /// Dotdigital: outputs between `####`, `@FIRSTNAME@`.
    Dotdigital,
}

impl Dialect {
    /// All dialects.
    pub const ALL: [Self; 6] = [
        Self::Standard,
        Self::Braze,
        Self::CustomerIo,
        Self::Shopify,
        Self::Klaviyo,
        Self::Dotdigital,
    ];

    /// What its maker calls it.
    pub(crate) fn product(self) -> &'static str {
        match self {
            Self::Standard => "Liquid",
            Self::Braze => "Braze",
            Self::CustomerIo => "Customer.io",
            Self::Shopify => "Shopify",
            Self::Klaviyo => "Klaviyo",
            Self::Dotdigital => "Dotdigital",
        }
    }

    /// The word for it in a setting: `liquid`, `braze`, `customer.io` and so on.
    pub fn name(self) -> &'static str {
        match self {
            Self::Standard => "liquid",
            Self::Braze => "braze",
            Self::CustomerIo => "customer.io",
            Self::Shopify => "shopify",
            Self::Klaviyo => "klaviyo",
            Self::Dotdigital => "dotdigital",
        }
    }

    pub(crate) fn traits(self) -> &'static Traits {
        match self {
            Self::Standard | Self::Shopify => &PLAIN,
            Self::Braze => &BRAZE,
            Self::CustomerIo => &CUSTOMER_IO,
            Self::Klaviyo => &KLAVIYO,
            Self::Dotdigital => &DOTDIGITAL,
        }
    }
}

/// As [`Dialect::name`].
impl fmt::Display for Dialect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// There is no dialect of this name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected one of `liquid`, `braze`, `customer.io`, `shopify`, `klaviyo` and `dotdigital`")]
pub struct UnknownDialect;

/// Reads a [`Dialect::name`].
impl FromStr for Dialect {
    type Err = UnknownDialect;

    fn from_str(name: &str) -> Result<Self, UnknownDialect> {
        Self::ALL.into_iter().find(|dialect| dialect.name() == name).ok_or(UnknownDialect)
    }
}

/// How the text of a dialect differs from plain Liquid.
#[derive(Debug)]
pub(crate) struct Traits {
    /// `${name}` is a name, and `{{ }}` inside a tag or output means nothing.
    pub(crate) dollar_names: bool,
    /// Django's conditions, with `not`, `in`, `not in` and filters, as in
    /// `person|lookup:'Points' > 150`, and its places after a dot: `items.0.name` is `items[0].name`.
    pub(crate) django: bool,
    /// An output of this object's entry is the partial of that name.
    pub(crate) partials: Option<&'static str>,
    /// Text that is dropped right before and after an output.
    pub(crate) fence: &'static str,
    /// `@NAME@` in the text stands for this object's entry of that name in lower case.
    pub(crate) placeholders: Option<&'static str>,
    /// Other names of tags.
    pub(crate) tag_aliases: &'static [(&'static str, &'static str)],
    /// Other names of filters.
    pub(crate) filter_aliases: &'static [(&'static str, &'static str)],
    /// Other names of what `forloop` knows.
    pub(crate) loop_aliases: &'static [(&'static str, &'static str)],
}

impl Traits {
    pub(crate) fn tag<'n>(&self, name: &'n str) -> &'n str {
        renamed(self.tag_aliases, name)
    }

    pub(crate) fn loop_property<'n>(&self, name: &'n str) -> &'n str {
        renamed(self.loop_aliases, name)
    }

    pub(crate) fn filter<'n>(&self, name: &'n str) -> &'n str {
        renamed(self.filter_aliases, name)
    }
}

fn renamed<'n>(aliases: &'static [(&'static str, &'static str)], name: &'n str) -> &'n str {
    aliases.iter().find(|(alias, _)| *alias == name).map_or(name, |(_, known)| known)
}

const PLAIN: Traits = Traits {
    dollar_names: false,
    django: false,
    partials: None,
    fence: "",
    placeholders: None,
    tag_aliases: &[],
    filter_aliases: &[],
    loop_aliases: &[],
};

const BRAZE: Traits = Traits { dollar_names: true, partials: Some("content_blocks"), ..PLAIN };

const CUSTOMER_IO: Traits = Traits { partials: Some("snippets"), ..PLAIN };

const KLAVIYO: Traits = Traits {
    django: true,
    tag_aliases: &[("elif", "elsif"), ("empty", "else")],
    filter_aliases: &[
        ("add", "plus"),
        ("capfirst", "capitalize"),
        ("cut", "remove"),
        ("divide", "divided_by"),
        ("force_escape", "escape"),
        ("length", "size"),
        ("linebreaksbr", "newline_to_br"),
        ("lower", "downcase"),
        ("multiply", "times"),
        ("safe", "raw"),
        ("striptags", "strip_html"),
        ("subtract", "minus"),
        ("trim", "strip"),
        ("upper", "upcase"),
        ("urlencode", "url_encode"),
    ],
    loop_aliases: &[
        ("counter", "index"),
        ("counter0", "index0"),
        ("revcounter", "rindex"),
        ("revcounter0", "rindex0"),
    ],
    ..PLAIN
};

const DOTDIGITAL: Traits = Traits { fence: "####", placeholders: Some("contact.data"), ..PLAIN };

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dialect_is_read_by_the_name_it_is_written_with() {
        let read = |dialect: Dialect| dialect.to_string().parse();
        assert!(Dialect::ALL.into_iter().all(|dialect| read(dialect) == Ok(dialect)));
        assert_eq!("jinja".parse::<Dialect>(), Err(UnknownDialect));
    }
}
