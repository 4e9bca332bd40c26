//! What the store used, in DynamoDB's own units.

use std::collections::BTreeMap;
use std::ops::Sub;
use std::sync::{Arc, Mutex};

use aws_sdk_dynamodb::types::ConsumedCapacity;

/// Counts consumed capacity, by table. Clones count together.
#[derive(Debug, Clone, Default)]
pub struct Meter(Arc<Mutex<BTreeMap<String, Units>>>);

/// Request units: one write unit writes 1 KB, one read unit reads 4 KB consistently or 8 KB not.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Units {
    /// Write request units.
    pub writes: f64,
    /// Read request units.
    pub reads: f64,
}

impl Units {
    /// Dollars for a million write request units, on demand, `us-east-1`.
    /// Source: Amazon DynamoDB pricing after the change of 2024-11-01.
    pub const DOLLARS_PER_MILLION_WRITES: f64 = 0.625;
    /// Dollars for a million read request units.
    pub const DOLLARS_PER_MILLION_READS: f64 = 0.125;

    /// What they cost in dollars.
    pub fn dollars(self) -> f64 {
        let writes = self.writes * Self::DOLLARS_PER_MILLION_WRITES;
        (writes + self.reads * Self::DOLLARS_PER_MILLION_READS) / 1e6
    }
}

impl std::iter::Sum for Units {
    fn sum<I: Iterator<Item = Self>>(units: I) -> Self {
        units.fold(Self::default(), |sum, one| Self {
            writes: sum.writes + one.writes,
            reads: sum.reads + one.reads,
        })
    }
}

impl Sub for Units {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        Self { writes: self.writes - other.writes, reads: self.reads - other.reads }
    }
}

impl Meter {
    /// Counts what a call that only reads used.
    pub(crate) fn reads<'a>(&self, used: impl IntoIterator<Item = &'a ConsumedCapacity>) {
        self.count(used, |units| Units { reads: units, writes: 0.0 });
    }

    /// Counts what a call that writes used.
    pub(crate) fn writes<'a>(&self, used: impl IntoIterator<Item = &'a ConsumedCapacity>) {
        self.count(used, |units| Units { reads: 0.0, writes: units });
    }

    fn count<'a>(
        &self,
        used: impl IntoIterator<Item = &'a ConsumedCapacity>,
        units: impl Fn(f64) -> Units,
    ) {
        let mut tables = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        for capacity in used {
            let (Some(table), Some(amount)) = (capacity.table_name(), capacity.capacity_units())
            else {
                continue;
            };
            let known = tables.entry(table.to_owned()).or_default();
            *known = [*known, units(amount)].into_iter().sum();
        }
    }

    /// What was used so far, by the name of the table.
    pub fn by_table(&self) -> BTreeMap<String, Units> {
        self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner).clone()
    }

    /// What was used so far, in all.
    pub fn total(&self) -> Units {
        self.by_table().into_values().sum()
    }
}
