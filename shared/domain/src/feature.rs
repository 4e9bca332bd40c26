//! What a profile remembers of its events, so that rules need not read the history.

mod latest;
mod orders;
mod remember;
mod score;
mod values;

pub use latest::Latest;
pub use orders::{Folded, Order, Orders};
pub(crate) use remember::{order_id, order_key};
pub use score::Score;
pub use values::Values;

use crate::digest::Key;
use crate::moment::Anniversary;
use crate::ranking::Cell;
use crate::time::Timestamp;

/// What one slot of the plan holds for one profile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Feature {
    /// The newest instants of an event.
    Latest(Latest),
    /// The first instant of an event.
    First(Option<Timestamp>),
    /// The values of a property.
    Values(Values),
    /// Decayed points.
    Score(Score),
    /// The keys of the orders that pass a filter.
    Orders(Vec<Key>),
    /// Whether a test on the card holds.
    Holds(bool),
    /// The instant in a trait.
    Instant(Option<Timestamp>),
    /// The day of the year in a trait.
    Anniversary(Option<Anniversary>),
    /// The cell of a ranking; `None` before a census, or while what it is ranked by is being made.
    Rank(Option<Cell>),
}
