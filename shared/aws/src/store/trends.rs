//! What is kept of each census for long.

use attune_domain::census::{Summary, Trend};
use attune_domain::definitions::Definitions;
use attune_domain::limits;
use attune_domain::time::{Span, Timestamp};

use super::census::census_name;
use super::item::{Build, Read, text};
use super::pass::Pass;
use super::{Store, StoreError, Table, expiry};

/// How long it is kept: a day can be compared with the same day of the year before, and of the one
/// before that.
const KEPT: Span = Span::days(limits::TREND_DAYS);

impl Store {
    /// Keeps what a pass counted at its end. Again is the same.
    pub(super) async fn keep_trend(
        &self,
        pass: &Pass,
        counted: &Summary,
        definitions: &Definitions,
    ) -> Result<(), StoreError> {
        let trend = Trend::of(pass.number, pass.at, counted, definitions);
        let item = Build::default()
            .text("kind", "trend")
            .text("id", census_name(pass.number))
            .bytes("trend", trend.pack())
            .number("expires", expiry(pass.at + KEPT))
            .done();
        self.put_all(Table::Workspace, vec![item]).await
    }

    /// The censuses from an instant on, the newest first, and at most so many of them, of those
    /// before the one of this number.
    pub async fn trends(
        &self,
        from: Timestamp,
        before: Option<u32>,
        most: usize,
    ) -> Result<Vec<Trend>, StoreError> {
        let query = self
            .client
            .query()
            .table_name(self.table(Table::Workspace))
            .key_condition_expression("kind = :kind AND id < :before")
            .expression_attribute_values(":kind", text("trend"))
            .expression_attribute_values(":before", text(census_name(before.unwrap_or(u32::MAX))))
            .scan_index_forward(false);
        let rows = self.rows(query, most).await?;
        let trends = rows.iter().map(|item| {
            let read = Read { table: Table::Workspace, item };
            Trend::unpack(read.bytes("trend")?).map_err(|_| read.unreadable("trend"))
        });
        let newer = |trend: &Result<Trend, StoreError>| {
            trend.as_ref().map_or(true, |trend| trend.at >= from)
        };
        trends.take_while(newer).take(most).collect()
    }
}
