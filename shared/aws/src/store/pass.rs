//! The full pass: everybody, slice by slice, after the definitions changed.
//!
//! A slice is a segment of a parallel scan. It keeps how far it came, so it can be stopped and taken
//! up anywhere, by anyone, twice: each profile that was visited is as the pass wants it, and visiting
//! it again changes nothing. A slice stops when its pass is no longer the current one.

use std::sync::Arc;
use std::time::Duration;

use attune_domain::event::Event;
use attune_domain::id::CustomerId;
use attune_domain::limits;
use attune_domain::plan::Version;
use attune_domain::profile::Profile;
use attune_domain::ring::Entry;
use attune_domain::step::{Input, step};
use attune_domain::time::{Span, Timestamp};
use aws_sdk_dynamodb::types::ReturnConsumedCapacity;

use super::agenda::SETTLED;
use super::commit::{Committed, MOST_RACES, Work};
use super::history::Row;
use super::item::{Attributes, Build, Read, text};
use super::profiles::{Consistency, Found, Stored, read};
use super::{Store, StoreError, Table};

/// Items in one page of a slice.
const PAGE: i32 = 200;

/// How long to wait for a writer that is between a profile and its rows.
const WAIT_FOR_ROWS: Duration = Duration::from_millis(100);

/// The longest that a call of any function may take. The template sets timeouts; a test holds them
/// to this.
pub const MOST_TIMEOUT: Span = Span::seconds(60);

/// A full pass.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pass {
    /// The definitions it brings everybody to.
    pub version: Version,
    /// Into how many slices it is cut.
    pub slices: u32,
    /// From when on it may run: when nobody steps with older definitions any more.
    pub not_before: Timestamp,
}

/// One slice of a pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Slice {
    /// The definitions that the pass is for.
    pub version: Version,
    /// Which slice, from 0.
    pub slice: u32,
    /// Of how many.
    pub of: u32,
}

/// How far a slice came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SliceProgress {
    /// Profiles visited.
    pub visited: u64,
    /// Memberships that changed.
    pub changed: u64,
    /// Whether it reached its end, or is no longer wanted.
    pub done: bool,
}

/// Where a slice goes on.
#[derive(Default)]
struct Place {
    /// After this key; none is from the beginning.
    from: Option<Attributes>,
    /// Whether somebody began with the page there.
    begun: bool,
}

impl Store {
    /// Asks for a pass that brings everybody to `version`, once nobody steps with older definitions
    /// any more; the pass before it ends.
    pub async fn start_pass(&self, version: Version, now: Timestamp) -> Result<Pass, StoreError> {
        let slices = u32::from(self.settings.shards);
        let pass = Pass { version, slices, not_before: now + self.settings.settle };
        let item = Build::default()
            .text("kind", "current")
            .text("id", "pass")
            .number("version", pass.version.0)
            .number("slices", pass.slices)
            .time("not_before", pass.not_before)
            .done();
        self.put_all(Table::Workspace, vec![item]).await?;
        Ok(pass)
    }

    /// The pass that is wanted now.
    pub async fn current_pass(&self) -> Result<Option<Pass>, StoreError> {
        let item = self.workspace("current", "pass").await?;
        let Some(item) = &item else { return Ok(None) };
        let read = Read { table: Table::Workspace, item };
        Ok(Some(Pass {
            version: Version(read.number("version")?),
            slices: read.number("slices")?,
            not_before: read.time("not_before")?,
        }))
    }

    /// Whether the pass for the current definitions came to its end.
    pub async fn pass_is_done(&self) -> Result<bool, StoreError> {
        let current = self.current_version().await?;
        let pass = self.current_pass().await?.filter(|pass| pass.version == current);
        let Some(pass) = pass else { return Ok(false) };
        for slice in 0..pass.slices {
            let slice = Slice { version: pass.version, slice, of: pass.slices };
            if !self.slice_progress(&slice).await?.done {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// How far a slice came.
    pub async fn slice_progress(&self, slice: &Slice) -> Result<SliceProgress, StoreError> {
        let item = self.workspace("pass", &slice_name(slice)).await?;
        let Some(item) = &item else { return Ok(SliceProgress::default()) };
        let read = Read { table: Table::Workspace, item };
        Ok(SliceProgress {
            visited: read.number("visited")?,
            changed: read.number("changed")?,
            done: read.flag("done"),
        })
    }

    /// Visits one page of a slice. The progress is written after the page's profiles, so a crash
    /// visits some twice and misses none. That a page was begun is written before it: whoever finds
    /// it begun looks after the membership rows as well, whose writer may have died before them.
    pub async fn pass_page(
        &self,
        slice: &Slice,
        now: Timestamp,
    ) -> Result<SliceProgress, StoreError> {
        let wanted = self.current_pass().await?.is_some_and(|pass| pass.version == slice.version);
        let mut progress = self.slice_progress(slice).await?;
        if !wanted || progress.done {
            return Ok(SliceProgress { done: true, ..progress });
        }
        let Place { from, begun } = self.slice_place(slice).await?;
        if !begun {
            self.write_progress(slice, &progress, from.as_ref(), true).await?;
        }
        let output = self
            .client
            .scan()
            .table_name(self.table(Table::Profiles))
            .segment(i32::try_from(slice.slice).unwrap_or(0))
            .total_segments(i32::try_from(slice.of).unwrap_or(1))
            .filter_expression("part = :core AND attribute_not_exists(#to)")
            .expression_attribute_names("#to", "to")
            .expression_attribute_values(":core", text("core"))
            .set_exclusive_start_key(from)
            .limit(PAGE)
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .await
            .map_err(StoreError::of)?;
        self.meter.reads(&output.consumed_capacity);
        for item in output.items() {
            progress.visited += 1;
            progress.changed += self.visit(item, begun, now).await?;
        }
        progress.done = output.last_evaluated_key.is_none();
        self.write_progress(slice, &progress, output.last_evaluated_key.as_ref(), false).await?;
        Ok(progress)
    }

    async fn slice_place(&self, slice: &Slice) -> Result<Place, StoreError> {
        let item = self.workspace("pass", &slice_name(slice)).await?;
        let Some(item) = &item else { return Ok(Place::default()) };
        let read = Read { table: Table::Workspace, item };
        let after = read.maybe_text("after_customer").zip(read.maybe_text("after_part"));
        let from = after.map(|(customer, part)| {
            Build::default().text("customer", customer).text("part", part).done()
        });
        Ok(Place { from, begun: read.flag("begun") })
    }

    async fn write_progress(
        &self,
        slice: &Slice,
        progress: &SliceProgress,
        position: Option<&Attributes>,
        begun: bool,
    ) -> Result<(), StoreError> {
        let mut item = Build::default()
            .text("kind", "pass")
            .text("id", slice_name(slice))
            .number("visited", progress.visited)
            .number("changed", progress.changed)
            .flag("done", progress.done)
            .flag("begun", begun);
        if let Some(position) = position {
            let read = Read { table: Table::Profiles, item: position };
            item = item
                .text("after_customer", read.text("customer")?)
                .text("after_part", read.text("part")?);
        }
        self.put_all(Table::Workspace, vec![item.done()]).await
    }

    /// Brings one profile to the current definitions; returns how many memberships changed. A
    /// profile that is there already is judged from the scanned core alone, and not written.
    async fn visit(
        &self,
        core: &Attributes,
        again: bool,
        now: Timestamp,
    ) -> Result<u64, StoreError> {
        let definitions = self.definitions(now).await?;
        let scanned = Read { table: Table::Profiles, item: core };
        let id = scanned.parsed("customer", CustomerId::parse)?;
        let found = read(&id, std::slice::from_ref(core), Arc::clone(&definitions), now);
        if let Ok(Found::Profile(stored)) = found
            && !stored.profile.is_behind(&definitions)
        {
            if again {
                self.check_projection(&stored, Timestamp::default(), now).await?;
            }
            return Ok(0);
        }
        let changed = self.bring_up_to_date(&id, now).await?;
        if again && let Found::Profile(stored) = self.find(&id, Consistency::Strong, now).await? {
            // A scan that read late may show as behind what the dead writer had brought up to date.
            self.check_projection(&stored, Timestamp::default(), now).await?;
        }
        Ok(changed)
    }

    async fn bring_up_to_date(&self, id: &CustomerId, now: Timestamp) -> Result<u64, StoreError> {
        let mut changed = 0;
        for _ in 0..MOST_RACES {
            let stored = match self.find(id, Consistency::Strong, now).await? {
                Found::Profile(stored) if stored.exists() => *stored,
                _ => return Ok(changed),
            };
            let Some(profile) = self.with_features(&stored, now).await? else {
                tokio::time::sleep(WAIT_FOR_ROWS).await;
                continue;
            };
            let stepped = step(profile, Input::Pass, &stored.definitions, now);
            let changes = stepped.changes.len() as u64;
            let work = Work {
                stored,
                profile: stepped.profile,
                messages: stepped.messages,
                changes: stepped.changes,
                with: Vec::new(),
                visits: false,
            };
            if let Committed::Yes(_) = self.commit(work, now).await? {
                changed += changes;
                if !stepped.behind {
                    return Ok(changed);
                }
            }
        }
        Err(StoreError::Contended(MOST_RACES))
    }

    /// The profile with the features that it lacks, made from the history. `None` while the row of
    /// an event that took effect is still on its way: then the history is not whole.
    pub(super) async fn with_features(
        &self,
        stored: &Stored,
        now: Timestamp,
    ) -> Result<Option<Profile>, StoreError> {
        let mut profile = stored.profile.clone();
        if !profile.lacks_features(&stored.definitions) {
            return Ok(Some(profile));
        }
        let history = self.history_of(&profile, limits::BACKFILL_ROWS).await?;
        for entry in profile.core.ring.unseen() {
            let missing = !history.iter().any(|event| event.id == entry.id);
            if missing && !self.is_lost(entry, stored, now).await? {
                return Ok(None);
            }
        }
        profile.make_features(&history, &stored.definitions);
        Ok(Some(profile))
    }

    /// Whether the row of an event that took effect will never come: only a tombstone stands for
    /// it, or its writer ended long ago.
    async fn is_lost(
        &self,
        entry: &Entry,
        stored: &Stored,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        Ok(match self.row(&entry.filed, entry.sent, entry.id).await? {
            Row::Tombstone(_) => true,
            // It came after the history was read.
            Row::There => false,
            Row::Missing => now.since(stored.profile.core.as_of) > SETTLED,
        })
    }

    /// Everything that took effect on a profile, of all of its ids.
    pub async fn history_of(
        &self,
        profile: &Profile,
        most: usize,
    ) -> Result<Vec<Event>, StoreError> {
        let (mut events, _) = self.history(&profile.id, most).await?;
        for known in &profile.card.ids {
            events.extend(self.history(&known.id, most).await?.0);
        }
        // What a shared device did for somebody else is not ours.
        let merged = |id: &CustomerId| profile.card.ids.iter().any(|k| k.merged && k.id == *id);
        events.retain(|(_, whose)| *whose == profile.id || merged(whose));
        events.sort_by_key(|(event, _)| std::cmp::Reverse(event.clock()));
        Ok(events.into_iter().map(|(event, _)| event).take(most).collect())
    }
}

fn slice_name(slice: &Slice) -> String {
    format!("{:08}#{:04}", slice.version.0, slice.slice)
}
