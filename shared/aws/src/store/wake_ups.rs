//! Which wake-ups a commit puts on the agenda, and which it takes off.

use attune_domain::id::CustomerId;
use attune_domain::time::{Span, Timestamp};

use super::agenda::{shard_name, sort_key};
use super::commit::Work;
use super::item::{number, text};
use super::{Store, StoreError, Table};

impl Store {
    /// Puts an agenda row if the profile would sleep too long by those that are there.
    ///
    /// Whatever is stored has a row that is due in time for it and not yet used up, known or not.
    /// So a profile that need not be woken earlier than before needs no other, unless that row is
    /// the one that is being visited, or one that is taken off.
    ///
    /// Returns the rows to take off once the profile is written: known ones that would soon wake it
    /// for nothing.
    pub(super) async fn plan_wake_up(
        &self,
        work: &mut Work,
        now: Timestamp,
    ) -> Result<Vec<Timestamp>, StoreError> {
        let before = work.stored.profile.core.wake_at;
        let core = &mut work.profile.core;
        let overtaken =
            if work.visits { Vec::new() } else { core.wake_ups.overtaken(core.wake_at, now) };
        core.wake_ups.forget(&overtaken);
        let no_earlier = before > now && core.wake_at >= before;
        let has_row = no_earlier && !work.visits && overtaken.is_empty();
        if core.wake_at.is_never() || has_row || core.wake_ups.cover(core.wake_at, now) {
            return Ok(overtaken);
        }
        // A row is due after the clock that its writer read: the second visit relies on it.
        let due = core.wake_at.max(now + Span::from_millis(1));
        core.wake_ups.note(due, now);
        let version = work.stored.versions.core + 1;
        self.put_wake_up(&work.profile.id, due, Some(version)).await?;
        Ok(overtaken)
    }

    /// Takes off wake-ups that `version` of the customer's core does not need. One that was put
    /// again for a later version stays, however late this call is. So does one that cannot be taken
    /// off: it wakes for nothing.
    pub(super) async fn take_off_agenda(
        &self,
        customer: &CustomerId,
        rows: &[Timestamp],
        version: u64,
    ) {
        for due in rows {
            if let Err(error) = self.delete_wake_up(customer, *due, version).await {
                tracing::warn!(error = %error, "agenda.row_left");
            }
        }
    }

    async fn delete_wake_up(
        &self,
        customer: &CustomerId,
        due: Timestamp,
        version: u64,
    ) -> Result<(), StoreError> {
        let call = self
            .client
            .delete_item()
            .table_name(self.table(Table::Agenda))
            .key("shard", text(shard_name(self.shard_of(customer))))
            .key("due", text(sort_key(due, customer.as_str())))
            .condition_expression("#version <= :version")
            .expression_attribute_names("#version", "version")
            .expression_attribute_values(":version", number(version));
        self.delete_if(call).await.map(drop)
    }
}
