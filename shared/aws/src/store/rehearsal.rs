//! What a full pass would do, without doing it.

use std::sync::Arc;

use attune_domain::definitions::Definitions;
use attune_domain::id::CustomerId;
use attune_domain::step::{Input, Step, step};
use attune_domain::time::Timestamp;
use futures_util::stream::{StreamExt as _, TryStreamExt as _, iter};

use super::item::{Attributes, Read, text};
use super::profiles::{Consistency, Found};
use super::{Store, StoreError, Table};

/// Customers in one page.
const PAGE: i32 = 100;
/// Customers who are read at the same time.
const AT_ONCE: usize = 16;

/// Where a page ended.
#[derive(Debug, Clone)]
pub struct Page(Attributes);

impl Store {
    /// One page of everybody as the full pass for `definitions` would leave them. Nothing is
    /// written. The order is that of hashes, so the first pages are as good as a random sample.
    pub async fn rehearse(
        &self,
        definitions: &Arc<Definitions>,
        after: Option<Page>,
        now: Timestamp,
    ) -> Result<(Vec<Step>, Option<Page>), StoreError> {
        let scan = self
            .client
            .scan()
            .table_name(self.table(Table::Profiles))
            .filter_expression(
                "part = :core AND attribute_not_exists(#to) AND attribute_not_exists(erased)",
            )
            .projection_expression("customer")
            .expression_attribute_names("#to", "to")
            .expression_attribute_values(":core", text("core"))
            .limit(PAGE);
        let (items, more) = self.scanned(scan, after.map(|page| page.0)).await?;
        let id = |item| Read { table: Table::Profiles, item }.parsed("customer", CustomerId::parse);
        let ids: Vec<CustomerId> = items.iter().map(id).collect::<Result<_, _>>()?;
        let steps = iter(ids.into_iter().map(|id| self.rehearse_one(id, definitions, now)));
        let steps: Vec<_> = steps.buffered(AT_ONCE).try_collect().await?;
        Ok((steps.into_iter().flatten().collect(), more.map(Page)))
    }

    async fn rehearse_one(
        &self,
        id: CustomerId,
        definitions: &Arc<Definitions>,
        now: Timestamp,
    ) -> Result<Option<Step>, StoreError> {
        let found = self.find_by(&id, Consistency::Eventual, Arc::clone(definitions), now).await?;
        let Found::Profile(stored) = found else { return Ok(None) };
        // While a row is still on its way the history is not whole; for a rehearsal it is enough.
        let profile = self.with_features(&stored, now).await?.unwrap_or(stored.profile);
        let mut rehearsed = step(profile, Input::Pass, definitions, now);
        while rehearsed.behind {
            let next = step(rehearsed.profile, Input::Pass, definitions, now);
            rehearsed.changes.extend(next.changes);
            rehearsed.messages.extend(next.messages);
            rehearsed = Step { changes: rehearsed.changes, messages: rehearsed.messages, ..next };
        }
        Ok(Some(rehearsed))
    }
}
