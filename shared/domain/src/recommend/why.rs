//! Why a product is recommended.

use std::fmt;

/// Why a product is recommended. Its words are for those who look after the shop.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Why {
    /// The customer looked at it so often.
    LookedAt(u32),
    /// It is bought together with what they have; of several, with this one most surely.
    Together {
        /// What they have.
        with: String,
        /// Whether it is in the cart, and not bought yet.
        in_cart: bool,
        /// Customers who bought both.
        both: u32,
        /// Customers who bought what they have.
        buyers: u32,
    },
    /// The shop names it among its best sellers.
    BestSeller,
    /// Many bought it.
    Counted {
        /// Customers who did.
        buyers: u32,
        /// Customers who bought anything.
        customers: u32,
    },
}

impl Why {
    /// Its name in answers.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::LookedAt(_) => "looked-at",
            Self::Together { .. } => "bought-together",
            Self::BestSeller => "best-seller",
            Self::Counted { .. } => "most-bought",
        }
    }
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::LookedAt(1) => f.write_str("looked at once"),
            Self::LookedAt(times) => write!(f, "looked at {times} times"),
            Self::Together { with, in_cart, both, buyers } => {
                let has = if *in_cart { "which is in the cart" } else { "as this customer did" };
                write!(f, "bought by {both} of {buyers} who bought “{with}”, {has}")
            }
            Self::BestSeller => f.write_str("one of the shop's best sellers"),
            Self::Counted { buyers, customers } => {
                write!(f, "bought by {buyers} of {customers} who bought anything")
            }
        }
    }
}
