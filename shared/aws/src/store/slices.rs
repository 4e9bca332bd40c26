//! One slice of a round: everybody in it, page by page.
//!
//! A slice is a segment of a parallel scan. It keeps how far it came, so it can be stopped and taken
//! up anywhere, by anyone, twice: each profile that was visited is as the pass wants it, and visiting
//! it again changes nothing. What was counted is kept with the place in one write, so nobody is counted
//! twice; of two who work on one slice, the later to write begins again where the other came to. A
//! slice stops when its pass is no longer the current one.
//!
//! A scan is no snapshot, and reads the card before the core: somebody who writes at that very moment may
//! be counted by an old card and a new core. Nothing but that count is made of it. Who is behind is read
//! anew before they are stepped, by a query that reads the core first.

use std::sync::Arc;

use attune_domain::census::{Counter, Summary};
use attune_domain::definitions::Definitions;
use attune_domain::id::CustomerId;
use attune_domain::profile::Profile;
use attune_domain::time::{Span, Timestamp};
use aws_sdk_dynamodb::types::AttributeValue;

use super::deflate::{deflate, inflate};
use super::expiry;
use super::item::{Attributes, Read, number, text};
use super::pass::{Pass, Round, Slice};
use super::profiles::{Consistency, Found, part_key, read};
use super::{Store, StoreError, Table};

/// Items in one page of a slice.
const PAGE: i32 = 200;

/// How long it is kept what a slice counted, if no other census comes. Ids of customers are in the
/// sample, which an erasure does not reach; what is kept for longer is a `Trend`, without any.
const KEPT: Span = Span::days(3);

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

/// A slice that is being worked on, with what is not yet written down.
#[derive(Debug)]
pub struct Stretch {
    slice: Slice,
    pass: Pass,
    /// How far it came.
    pub progress: SliceProgress,
    summary: Summary,
    /// How often it was put down.
    revision: u64,
    /// The last item of the last customer who was visited.
    from: Option<Attributes>,
    /// The last item that was read.
    read: Option<Attributes>,
    /// Parts of a customer of whom the next page may have more.
    parts: Vec<Attributes>,
    /// Whether somebody began here who may have died: then also membership rows are looked after.
    again: bool,
}

/// What came of a visit.
struct Visited {
    changed: u64,
    profile: Profile,
}

impl Store {
    /// How far a slice came.
    pub async fn slice_progress(&self, slice: &Slice) -> Result<SliceProgress, StoreError> {
        let item = self.workspace("pass", &slice_name(slice)).await?;
        Ok(item.as_ref().map(progress).unwrap_or_default())
    }

    /// What a slice counted, once it is done.
    pub(super) async fn slice_counted(&self, slice: &Slice) -> Result<Option<Summary>, StoreError> {
        let item = self.workspace("pass", &slice_name(slice)).await?;
        item.as_ref().filter(|item| progress(item).done).map(summary).transpose()
    }

    /// Takes a slice up where it was put down. `None`: it is done, or no longer wanted.
    pub async fn take_up(
        &self,
        slice: &Slice,
        now: Timestamp,
    ) -> Result<Option<Stretch>, StoreError> {
        let pass = self.wanted(slice.pass, slice.round).await?;
        let Some(pass) = pass else { return Ok(None) };
        let item = self.workspace("pass", &slice_name(slice)).await?.unwrap_or_default();
        let progress = progress(&item);
        if progress.done {
            return Ok(None);
        }
        let read = Read { table: Table::Workspace, item: &item };
        let after = read.maybe_text("after_customer").zip(read.maybe_text("after_part"));
        let from = after.map(|(customer, part)| part_key(customer, part));
        let again = read.flag("begun");
        if !again {
            let call = self
                .of_workspace("pass", &slice_name(slice))
                .update_expression("SET begun = :yes, expires = :expires")
                .expression_attribute_values(":yes", AttributeValue::Bool(true))
                .expression_attribute_values(":expires", number(expiry(now + KEPT)));
            self.update_if(call).await?;
        }
        Ok(Some(Stretch {
            slice: *slice,
            pass,
            progress,
            summary: summary(&item)?,
            revision: read.maybe_number("revision").unwrap_or_default(),
            read: from.clone(),
            from,
            parts: Vec::new(),
            again,
        }))
    }

    /// Visits one page.
    pub async fn pass_page(&self, stretch: &mut Stretch, now: Timestamp) -> Result<(), StoreError> {
        let definitions = self.definitions_of(&stretch.pass, now).await?;
        let Some(definitions) = definitions else {
            stretch.progress.done = true;
            return Ok(());
        };
        let counter = Counter::new(&definitions, stretch.pass.at, stretch.pass.ended);
        let scan = self
            .client
            .scan()
            .table_name(self.table(Table::Profiles))
            .segment(i32::try_from(stretch.slice.slice).unwrap_or(0))
            .total_segments(i32::try_from(stretch.slice.of).unwrap_or(1))
            .limit(PAGE);
        let (items, more) = self.scanned(scan, stretch.read.take()).await?;
        stretch.read = more;
        for item in items {
            let same = stretch
                .parts
                .first()
                .is_none_or(|part| part.get("customer") == item.get("customer"));
            if !same {
                self.visit_parts(stretch, &definitions, &counter, now).await?;
            }
            stretch.parts.push(item);
        }
        if stretch.read.is_none() {
            self.visit_parts(stretch, &definitions, &counter, now).await?;
            stretch.progress.done = true;
        }
        Ok(())
    }

    /// The current definitions, if the pass is still the one that is wanted.
    async fn definitions_of(
        &self,
        pass: &Pass,
        now: Timestamp,
    ) -> Result<Option<Arc<Definitions>>, StoreError> {
        if self.wanted(pass.number, pass.round).await?.is_none() {
            return Ok(None);
        }
        let fits = |definitions: &Definitions| {
            let ranked = pass.round == Round::Count || definitions.census().number == pass.number;
            definitions.version() == pass.version && ranked
        };
        let mut definitions = self.definitions(now).await?;
        if !fits(&definitions) {
            definitions = self.fresh_definitions(now).await?;
        }
        Ok(Some(definitions).filter(|definitions| fits(definitions)))
    }

    /// Visits the customer whose parts were read, and counts them.
    async fn visit_parts(
        &self,
        stretch: &mut Stretch,
        definitions: &Arc<Definitions>,
        counter: &Counter<'_>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let parts = std::mem::take(&mut stretch.parts);
        let Some(last) = parts.last() else { return Ok(()) };
        let key = Read { table: Table::Profiles, item: last };
        stretch.from = Some(part_key(key.text("customer")?, key.text("part")?));
        let id = key.parsed("customer", CustomerId::parse)?;
        let visited = self.visit(&id, &parts, definitions, stretch.again, now).await?;
        let Some(visited) = visited else { return Ok(()) };
        stretch.progress.visited += 1;
        stretch.progress.changed += visited.changed;
        counter.count(&mut stretch.summary, &visited.profile);
        Ok(())
    }

    /// Writes down how far a slice came, and whether this call `ends` with it. Says no if somebody else
    /// did in between: what was visited is visited, but what was counted counts for nothing.
    pub async fn put_down(
        &self,
        stretch: &mut Stretch,
        ends: bool,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let Stretch { slice, progress, summary, revision, from, .. } = stretch;
        let mut call = self
            .of_workspace("pass", &slice_name(slice))
            .expression_attribute_values(":visited", number(progress.visited))
            .expression_attribute_values(":changed", number(progress.changed))
            .expression_attribute_values(
                ":summary",
                AttributeValue::B(deflate(&summary.pack()).into()),
            )
            .expression_attribute_values(":next", number(*revision + 1))
            .expression_attribute_values(":expires", number(expiry(now + KEPT)));
        let mut set = "SET visited = :visited, changed = :changed, revision = :next, \
                       expires = :expires, summary = :summary"
            .to_owned();
        if progress.done {
            set += ", done = :done";
            call = call.expression_attribute_values(":done", AttributeValue::Bool(true));
        }
        if let Some(from) = from {
            let key = Read { table: Table::Profiles, item: from };
            set += ", after_customer = :customer, after_part = :part";
            call = call
                .expression_attribute_values(":customer", text(key.text("customer")?))
                .expression_attribute_values(":part", text(key.text("part")?));
        }
        if ends {
            set += " REMOVE begun";
        }
        let call = match revision {
            0 => call.condition_expression("attribute_not_exists(revision)"),
            _ => call
                .condition_expression("revision = :seen")
                .expression_attribute_values(":seen", number(*revision)),
        };
        *revision += 1;
        Ok(self.update_if(call.update_expression(set)).await?.is_some())
    }

    /// Brings one profile to the current definitions and ranks. One that is there already is judged
    /// from what was scanned, and not written. `None`: nobody is there.
    async fn visit(
        &self,
        id: &CustomerId,
        parts: &[Attributes],
        definitions: &Arc<Definitions>,
        again: bool,
        now: Timestamp,
    ) -> Result<Option<Visited>, StoreError> {
        match read(id, parts, Arc::clone(definitions), now) {
            Ok(Found::Profile(stored)) if !stored.exists() => return Ok(None),
            Ok(Found::Pointer(_)) => return Ok(None),
            Ok(Found::Profile(stored)) if !stored.profile.is_behind(definitions) => {
                if again {
                    self.check_projection(&stored, Timestamp::default(), None, now).await?;
                }
                return Ok(Some(Visited { changed: 0, profile: stored.profile }));
            }
            _ => {}
        }
        let changed = self.bring_up_to_date(id, now).await?;
        let Found::Profile(stored) = self.find(id, Consistency::Strong, now).await? else {
            return Ok(None);
        };
        if again {
            // A scan that read late may show as behind what the dead writer had brought up to date.
            self.check_projection(&stored, Timestamp::default(), None, now).await?;
        }
        Ok(stored.exists().then_some(Visited { changed, profile: stored.profile }))
    }
}

fn progress(item: &Attributes) -> SliceProgress {
    let read = Read { table: Table::Workspace, item };
    SliceProgress {
        visited: read.maybe_number("visited").unwrap_or_default(),
        changed: read.maybe_number("changed").unwrap_or_default(),
        done: read.flag("done"),
    }
}

fn summary(item: &Attributes) -> Result<Summary, StoreError> {
    let read = Read { table: Table::Workspace, item };
    if !item.contains_key("summary") {
        return Ok(Summary::default());
    }
    let packed = inflate(read.bytes("summary")?).ok_or_else(|| read.unreadable("summary"))?;
    Summary::unpack(&packed).map_err(|_| read.unreadable("summary"))
}

fn slice_name(slice: &Slice) -> String {
    format!("{:08}#{}#{:04}", slice.pass, slice.round.as_str(), slice.slice)
}
