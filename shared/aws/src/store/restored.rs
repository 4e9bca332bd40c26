//! After a restore from a backup: the mark by which messages are held that may have gone out.
//!
//! The tables of yesterday know nothing of what was sent since. Whatever was due when the restore
//! was reported may have reached people already, so it waits until somebody releases it, and expires
//! if nobody does.

use attune_domain::time::{Span, Timestamp};

use super::item::{Build, Read};
use super::{Store, StoreError, Table};

/// A message that is looked at sooner than this after it was due is not one of before the restore,
/// which takes longer; so its sending reads no mark.
pub const LATE: Span = Span::minutes(1);

/// The mark of a restore.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Restored {
    /// The instant of the backup.
    pub at: Timestamp,
    /// When it was reported.
    pub reported: Timestamp,
    /// When what was held for it was released.
    pub released: Option<Timestamp>,
}

impl Restored {
    /// Whether a message that was due at an instant is held.
    pub fn holds(&self, due: Timestamp) -> bool {
        self.released.is_none() && due <= self.reported
    }
}

impl Store {
    /// The last restore that was reported.
    pub async fn restored(&self) -> Result<Option<Restored>, StoreError> {
        let Some(item) = self.workspace("restored", "mark").await? else { return Ok(None) };
        let read = Read { table: Table::Workspace, item: &item };
        Ok(Some(Restored {
            at: read.time("at")?,
            reported: read.time("reported")?,
            released: read.maybe_time("released"),
        }))
    }

    /// Reports that the tables are those of `at`.
    pub async fn report_restore(
        &self,
        at: Timestamp,
        now: Timestamp,
    ) -> Result<Restored, StoreError> {
        let mark = Restored { at, reported: now, released: None };
        self.keep_restored(&mark).await?;
        Ok(mark)
    }

    /// Releases what is held for the last restore. `None` if none was reported.
    pub async fn release_restore(&self, now: Timestamp) -> Result<Option<Restored>, StoreError> {
        let Some(mark) = self.restored().await? else { return Ok(None) };
        let mark = Restored { released: mark.released.or(Some(now)), ..mark };
        self.keep_restored(&mark).await?;
        Ok(Some(mark))
    }

    async fn keep_restored(&self, mark: &Restored) -> Result<(), StoreError> {
        let item = Build::default()
            .text("kind", "restored")
            .text("id", "mark")
            .time("at", mark.at)
            .time("reported", mark.reported);
        let item = mark.released.into_iter().fold(item, |item, at| item.time("released", at));
        self.put_all(Table::Workspace, vec![item.done()]).await
    }
}
