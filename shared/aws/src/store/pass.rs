//! The full pass: everybody, slice by slice, in two rounds.
//!
//! In the first, everybody is brought to the current definitions and counted, so that it is known where
//! rankings are to be cut. When its last slice is done, these cuts are the census that ranks are made
//! by. In the second, those whose rank it changed are stepped, and everybody is counted as they are
//! now. A pass runs after the definitions changed, and once a day.

use attune_domain::plan::Version;
use attune_domain::time::{Span, Timestamp};
use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder;

use super::item::{Read, number, text};
use super::{Store, StoreError, Table};

/// The longest that a call of any function may take. The template sets timeouts; a test holds them
/// to this.
pub const MOST_TIMEOUT: Span = Span::seconds(80);

/// Slices of a round at least, however few shards there are: each keeps a sample of its own, and so
/// many together are everybody in a shop of some thousands.
const LEAST_SLICES: u32 = 8;

/// A full pass.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pass {
    /// Which one, counted from 1. Its census has the same number.
    pub number: u32,
    /// The definitions it brings everybody to.
    pub version: Version,
    /// Where it is.
    pub round: Round,
    /// Into how many slices each round is cut.
    pub slices: u32,
    /// From when on the round may run: when nobody steps with older definitions, or an older census,
    /// any more.
    pub not_before: Timestamp,
    /// The instant as of which everybody is counted.
    pub at: Timestamp,
    /// When a pass came to its end last: the one before, or once it is over, this one.
    pub ended: Timestamp,
}

/// Where a pass is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Round {
    /// Everybody is brought up to date and counted.
    Count,
    /// Whose rank the census changed is stepped, and everybody is counted again.
    Rank,
    /// It is over.
    Done,
}

/// One slice of a round.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Slice {
    /// Which pass.
    pub pass: u32,
    /// Which round of it.
    pub round: Round,
    /// Which slice, from 0.
    pub slice: u32,
    /// Of how many.
    pub of: u32,
}

impl Round {
    /// As written.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Count => "count",
            Self::Rank => "rank",
            Self::Done => "done",
        }
    }

    /// As written.
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Count, Self::Rank, Self::Done].into_iter().find(|round| round.as_str() == word)
    }
}

impl Slice {
    /// The slices of a round that is cut into so many.
    pub fn all(pass: u32, round: Round, of: u32) -> impl Iterator<Item = Self> {
        (0..of).map(move |slice| Self { pass, round, slice, of })
    }
}

impl Pass {
    /// The slices of its round; none once it is over.
    pub fn slices(&self) -> impl Iterator<Item = Slice> {
        let of = if self.round == Round::Done { 0 } else { self.slices };
        Slice::all(self.number, self.round, of)
    }
}

impl Store {
    /// Asks for a pass that brings everybody to `version`, once nobody steps with older definitions
    /// any more; the pass before it ends.
    pub async fn start_pass(&self, version: Version, now: Timestamp) -> Result<Pass, StoreError> {
        self.put_new_pass(Some(version), now).await
    }

    /// Asks for a pass by the definitions that are current; the pass before it ends.
    pub async fn start_census(&self, now: Timestamp) -> Result<Pass, StoreError> {
        self.put_new_pass(None, now).await
    }

    async fn put_new_pass(
        &self,
        version: Option<Version>,
        now: Timestamp,
    ) -> Result<Pass, StoreError> {
        let not_before = now + self.settings.settle;
        loop {
            let last = self.current_pass().await?;
            // After the last pass: who publishes in between puts one of their own, and this one is none.
            let version = match version {
                Some(version) => version,
                None => self.current_version().await?,
            };
            let (before, ended) =
                last.map_or_else(Default::default, |last| (last.number, last.ended));
            let pass = Pass {
                number: before + 1,
                version,
                round: Round::Count,
                slices: u32::from(self.settings.shards).max(LEAST_SLICES),
                not_before,
                at: not_before,
                ended,
            };
            if self.put_pass(&pass, before, Round::Count).await? {
                return Ok(pass);
            }
        }
    }

    /// The pass that is wanted now, or the last one.
    pub async fn current_pass(&self) -> Result<Option<Pass>, StoreError> {
        let item = self.workspace("current", "pass").await?;
        let Some(item) = &item else { return Ok(None) };
        let read = Read { table: Table::Workspace, item };
        Ok(Some(Pass {
            number: read.number("number")?,
            version: Version(read.number("version")?),
            round: read.parsed("round", Round::parse)?,
            slices: read.number("slices")?,
            not_before: read.time("not_before")?,
            at: read.time("at")?,
            ended: read.time("ended")?,
        }))
    }

    /// The pass, if it is the one that is wanted now, and in that round.
    pub(super) async fn wanted(
        &self,
        number: u32,
        round: Round,
    ) -> Result<Option<Pass>, StoreError> {
        let pass = self.current_pass().await?;
        Ok(pass.filter(|pass| (pass.number, pass.round) == (number, round)))
    }

    /// The pass that is wanted now, or the last one, in its next round if all slices of one are done.
    pub async fn further_pass(&self, now: Timestamp) -> Result<Option<Pass>, StoreError> {
        let Some(pass) = self.current_pass().await? else { return Ok(None) };
        if pass.not_before > now || pass.round == Round::Done {
            return Ok(Some(pass));
        }
        let counted = self.counted(pass.number, pass.round, pass.slices).await?;
        let Some(counted) = counted else { return Ok(Some(pass)) };
        let definitions = self.fresh_definitions(now).await?;
        if definitions.version() != pass.version {
            // Others were published, whose pass is about to begin.
            return Ok(Some(pass));
        }
        let ranks = definitions.plan.rankings().next().is_some();
        let next = match pass.round {
            Round::Count if ranks => {
                let not_before = now + self.settings.settle;
                Pass { round: Round::Rank, not_before, ..pass }
            }
            _ => Pass { round: Round::Done, ended: now, ..pass },
        };
        if pass.round == Round::Count {
            self.finish_census(&pass, &counted, &definitions).await?;
        }
        if next.round == Round::Done {
            self.keep_trend(&pass, &counted, &definitions).await?;
        }
        // If somebody else was faster, theirs is the same.
        self.put_pass(&next, pass.number, pass.round).await?;
        self.current_pass().await
    }

    /// Whether the pass for the current definitions came to its end.
    pub async fn pass_is_done(&self) -> Result<bool, StoreError> {
        let current = self.current_version().await?;
        let pass = self.current_pass().await?;
        Ok(pass.is_some_and(|pass| pass.version == current && pass.round == Round::Done))
    }

    /// Writes the pass, if the one before it is still there in that round.
    async fn put_pass(&self, pass: &Pass, before: u32, round: Round) -> Result<bool, StoreError> {
        let call = self
            .of_workspace("current", "pass")
            .update_expression(
                "SET #number = :number, version = :version, #round = :round, slices = :slices, \
                 not_before = :not_before, #at = :at, ended = :ended",
            )
            .expression_attribute_names("#number", "number")
            .expression_attribute_names("#round", "round")
            .expression_attribute_names("#at", "at")
            .expression_attribute_values(":number", number(pass.number))
            .expression_attribute_values(":version", number(pass.version.0))
            .expression_attribute_values(":round", text(pass.round.as_str()))
            .expression_attribute_values(":slices", number(pass.slices))
            .expression_attribute_values(":not_before", number(pass.not_before.millis()))
            .expression_attribute_values(":at", number(pass.at.millis()))
            .expression_attribute_values(":ended", number(pass.ended.millis()))
            .expression_attribute_values(":before", number(before));
        // A new pass takes the place of any; a round follows only the one before it.
        let call = if pass.number > before {
            call.condition_expression("attribute_not_exists(#number) OR #number = :before")
        } else {
            call.condition_expression("#number = :before AND #round = :was")
                .expression_attribute_values(":was", text(round.as_str()))
        };
        Ok(self.update_if(call).await?.is_some())
    }

    pub(super) fn of_workspace(&self, kind: &str, id: &str) -> UpdateItemFluentBuilder {
        self.client
            .update_item()
            .table_name(self.table(Table::Workspace))
            .key("kind", text(kind))
            .key("id", text(id))
    }
}
