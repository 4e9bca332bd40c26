//! Definitions as published: versions that never change, and a pointer to the current one.
//!
//! Publishing is two steps. First version N + 1 is stored and pointed to; a process may go on with
//! N for as long as it believes its cache. Only when that time and a function's timeout have passed
//! does the full pass begin, so that nobody steps a profile with N after the pass went by.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, PoisonError};

use attune_domain::definitions::{Definitions, Lineage, Mistake};
use attune_domain::digest::Key;
use attune_domain::plan::Version;
use attune_domain::time::Timestamp;
use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{Put, ReturnConsumedCapacity, TransactWriteItem};
use serde::{Deserialize, Serialize};

use super::deflate::{deflate, inflate};
use super::item::{Attributes, Build, Read, number, text};
use super::{Store, StoreError, Table};

/// The files of a set of definitions.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Source {
    /// Names and texts.
    pub files: Vec<(String, String)>,
}

/// A published set of definitions.
#[derive(Debug, Clone)]
pub struct Published {
    /// What it was read from.
    pub source: Source,
    /// What it has in common with the sets before it.
    pub lineage: Lineage,
    /// When it was published.
    pub at: Timestamp,
}

/// The definitions that this process believes in, and when it last looked.
#[derive(Debug, Default)]
pub(super) struct Cache {
    known: Option<(Arc<Definitions>, Timestamp)>,
}

impl Source {
    /// Reads the files as the definitions of a lineage.
    pub fn read(&self, lineage: &Lineage) -> Result<Definitions, Vec<Mistake>> {
        let files: Vec<(&str, &str)> =
            self.files.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
        Definitions::read(&files, lineage)
    }

    /// Reads what was published, and so was checked.
    fn reopen(&self, lineage: &Lineage) -> Result<Definitions, Vec<Mistake>> {
        let files: Vec<(&str, &str)> =
            self.files.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
        Definitions::reopen(&files, lineage)
    }
}

impl Store {
    /// The current definitions, looked up if this process last did so too long ago.
    pub async fn definitions(&self, now: Timestamp) -> Result<Arc<Definitions>, StoreError> {
        if let Some((definitions, looked)) = &self.cache().known
            && now.since(*looked) < self.settings.cache
            && now >= *looked
        {
            return Ok(Arc::clone(definitions));
        }
        self.fresh_definitions(now).await
    }

    /// The current definitions, looked up now.
    pub async fn fresh_definitions(&self, now: Timestamp) -> Result<Arc<Definitions>, StoreError> {
        let (current, census) = (self.current_version().await?, self.current_census().await?);
        let known = self.cache().known.as_ref().map(|(definitions, _)| Arc::clone(definitions));
        let same = |known: &Arc<Definitions>| {
            known.version() == current && known.census().number == census
        };
        let definitions = match known.filter(same) {
            Some(known) => known,
            None => {
                let definitions = self.read_version(current).await?;
                Arc::new(definitions.with_census(self.census(census).await?))
            }
        };
        self.cache().known = Some((Arc::clone(&definitions), now));
        Ok(definitions)
    }

    pub(super) async fn read_version(&self, version: Version) -> Result<Definitions, StoreError> {
        if version == Version::default() {
            return Ok(Definitions::none());
        }
        let published = self.published(version).await?;
        published.source.reopen(&published.lineage).map_err(|mistakes| StoreError::Unreadable {
            table: Table::Workspace.suffix(),
            what: mistakes.first().map_or(String::new(), ToString::to_string),
        })
    }

    /// The version that is current; 0 if none was ever published.
    pub async fn current_version(&self) -> Result<Version, StoreError> {
        let item = self.workspace("current", "definitions").await?;
        let Some(item) = &item else { return Ok(Version::default()) };
        Read { table: Table::Workspace, item }.number("version").map(Version)
    }

    /// A version as published.
    pub async fn published(&self, version: Version) -> Result<Published, StoreError> {
        let id = version_name(version);
        let item = self.workspace("definitions", &id).await?;
        let missing =
            || StoreError::Unreadable { table: Table::Workspace.suffix(), what: id.clone() };
        let item = item.ok_or_else(missing)?;
        let read = Read { table: Table::Workspace, item: &item };
        let source = unpack(read.bytes("files")?).ok_or_else(|| read.unreadable("files"))?;
        let lineage = unpack::<StoredLineage>(read.bytes("lineage")?);
        let lineage = lineage.ok_or_else(|| read.unreadable("lineage"))?.into_lineage(version);
        Ok(Published { source, lineage, at: read.time("published")? })
    }

    /// Stores definitions as the version after `before`, and makes it current. Says no if somebody
    /// else published in between.
    pub async fn publish(
        &self,
        source: &Source,
        definitions: &Definitions,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let version = definitions.version();
        let item = Build::default()
            .text("kind", "definitions")
            .text("id", version_name(version))
            .bytes("files", pack(source))
            .bytes("lineage", pack(&StoredLineage::of(&definitions.lineage())))
            .time("published", now)
            .done();
        let current = Build::default()
            .text("kind", "current")
            .text("id", "definitions")
            .number("version", version.0)
            .done();
        // Together, so that whoever loses the race leaves no trace in the version that won.
        let version_put = Put::builder()
            .table_name(self.table(Table::Workspace))
            .set_item(Some(item))
            .condition_expression("attribute_not_exists(kind)")
            .build()
            .map_err(StoreError::bug)?;
        let current_put = Put::builder()
            .table_name(self.table(Table::Workspace))
            .set_item(Some(current))
            .condition_expression("attribute_not_exists(version) OR version = :before")
            .expression_attribute_values(":before", number(version.0.saturating_sub(1)))
            .build()
            .map_err(StoreError::bug)?;
        let put = |put| TransactWriteItem::builder().put(put).build();
        let output = self
            .client
            .transact_write_items()
            .transact_items(put(version_put))
            .transact_items(put(current_put))
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .await;
        match output {
            Ok(output) => {
                self.meter.writes(output.consumed_capacity());
                self.forget_definitions();
                Ok(true)
            }
            Err(SdkError::ServiceError(error)) if is_cancelled(error.err()) => Ok(false),
            Err(error) => Err(StoreError::of(error)),
        }
    }

    /// An item of the workspace.
    pub(super) async fn workspace(
        &self,
        kind: &str,
        id: &str,
    ) -> Result<Option<Attributes>, StoreError> {
        let output = self
            .client
            .get_item()
            .table_name(self.table(Table::Workspace))
            .key("kind", text(kind))
            .key("id", text(id))
            .consistent_read(true)
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .await
            .map_err(StoreError::of)?;
        self.meter.reads(&output.consumed_capacity);
        Ok(output.item)
    }

    /// Looks the definitions up again the next time they are asked for.
    pub(super) fn forget_definitions(&self) {
        self.cache().known = None;
    }

    fn cache(&self) -> std::sync::MutexGuard<'_, Cache> {
        self.cache.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn is_cancelled(error: &TransactWriteItemsError) -> bool {
    matches!(error, TransactWriteItemsError::TransactionCanceledException(_))
}

fn version_name(version: Version) -> String {
    format!("{:08}", version.0)
}

#[derive(Serialize, Deserialize)]
struct StoredLineage {
    slots: Vec<(u32, u32, u16)>,
    segments: Vec<(String, u64, u32)>,
    programs: BTreeMap<String, BTreeSet<String>>,
}

impl StoredLineage {
    fn of(lineage: &Lineage) -> Self {
        let slot = |(key, (since, keep)): (&Key, &(Version, u16))| (key.0, since.0, *keep);
        let segment =
            |(id, (meaning, since)): (&String, &(u64, Version))| (id.clone(), *meaning, since.0);
        Self {
            slots: lineage.slots.iter().map(slot).collect(),
            segments: lineage.segments.iter().map(segment).collect(),
            programs: lineage.programs.clone(),
        }
    }

    fn into_lineage(self, version: Version) -> Lineage {
        let slot = |(key, since, keep)| (Key(key), (Version(since), keep));
        let segment = |(id, meaning, since)| (id, (meaning, Version(since)));
        Lineage {
            version,
            slots: self.slots.into_iter().map(slot).collect(),
            segments: self.segments.into_iter().map(segment).collect(),
            programs: self.programs,
        }
    }
}

/// JSON, deflated.
fn pack<T: Serialize>(value: &T) -> Vec<u8> {
    // Plain structs always become JSON.
    deflate(&serde_json::to_vec(value).unwrap_or_default())
}

fn unpack<T: for<'de> Deserialize<'de>>(bytes: &[u8]) -> Option<T> {
    serde_json::from_slice(&inflate(bytes)?).ok()
}
