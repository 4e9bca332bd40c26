//! What an operation costs, in the database's own units, by table.

use std::fmt;

use attune_aws::meter::Units;
use attune_testkit::World;

/// What was used between two moments, by table.
#[derive(Debug, Clone, PartialEq)]
pub struct Cost(Vec<(String, Units)>);

/// What `operation` used of the world's tables.
pub async fn cost<T>(world: &World, operation: impl Future<Output = T>) -> (Cost, T) {
    let before = world.store.meter().by_table();
    let answer = operation.await;
    let after = world.store.meter().by_table();
    let used = after.into_iter().map(|(table, units)| {
        let known = before.get(&table).copied().unwrap_or_default();
        (table.trim_start_matches("attune-").to_owned(), units - known)
    });
    (Cost(used.filter(|(_, units)| *units != Units::default()).collect()), answer)
}

impl Cost {
    /// Write and read units of all tables.
    pub fn total(&self) -> Units {
        self.0.iter().map(|(_, units)| *units).sum()
    }

    /// Write units of one table.
    pub fn writes(&self, table: &str) -> f64 {
        self.0.iter().filter(|(name, _)| name == table).map(|(_, units)| units.writes).sum()
    }
}

/// `events 1 + profiles 1 = 2 WRU, 0.5 RRU`
impl fmt::Display for Cost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let written = self.0.iter().filter(|(_, units)| units.writes > 0.0);
        let written: Vec<String> =
            written.map(|(table, units)| format!("{table} {}", units.writes)).collect();
        let Units { writes, reads } = self.total();
        match written.len() {
            0 => write!(f, "0 WRU, {reads} RRU"),
            _ => write!(f, "{} = {writes} WRU, {reads} RRU", written.join(" + ")),
        }
    }
}
