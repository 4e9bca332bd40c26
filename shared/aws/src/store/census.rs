//! Finished censuses, and the one that ranks are made by.

use attune_domain::census::{Census, Summary};
use attune_domain::definitions::Definitions;
use attune_domain::plan::Version;

use super::item::{Attributes, Build, Read, number};
use super::pass::{Pass, Round, Slice};
use super::{Store, StoreError, Table};

/// A census with everything that was counted, and the definitions that it was taken under.
#[derive(Debug)]
pub struct Counted {
    /// The definitions, which have the census.
    pub definitions: Definitions,
    /// What was counted: after everybody was ranked, or as long as that is under way, before.
    pub summary: Summary,
}

impl Store {
    /// The number of the census that ranks are made by; 0 before the first.
    pub(super) async fn current_census(&self) -> Result<u32, StoreError> {
        let item = self.workspace("current", "census").await?;
        let Some(item) = &item else { return Ok(0) };
        Read { table: Table::Workspace, item }.number("number")
    }

    /// A census that was finished; an empty one of number 0.
    pub(super) async fn census(&self, number: u32) -> Result<Census, StoreError> {
        let item = self.workspace("census", &census_name(number)).await?;
        item.as_ref().map_or(Ok(Census::default()), cuts)
    }

    /// The last census that was finished, if there was one.
    pub async fn last_census(&self) -> Result<Option<Counted>, StoreError> {
        let number = self.current_census().await?;
        let item = self.workspace("census", &census_name(number)).await?;
        let Some(item) = &item else { return Ok(None) };
        let read = Read { table: Table::Workspace, item };
        let (version, slices) = (Version(read.number("version")?), read.number("slices")?);
        let definitions = self.read_version(version).await?.with_census(cuts(item)?);
        let summary = match self.counted(number, Round::Rank, slices).await? {
            Some(summary) => Some(summary),
            None => self.counted(number, Round::Count, slices).await?,
        };
        Ok(summary.map(|summary| Counted { definitions, summary }))
    }

    /// Everything that the slices of a round counted, once all of them are done.
    pub(super) async fn counted(
        &self,
        pass: u32,
        round: Round,
        slices: u32,
    ) -> Result<Option<Summary>, StoreError> {
        let mut whole = Summary::default();
        for slice in Slice::all(pass, round, slices) {
            let Some(summary) = self.slice_counted(&slice).await? else { return Ok(None) };
            whole.merge(summary);
        }
        Ok(Some(whole))
    }

    /// Finishes the census of a pass whose slices are all counted, and makes it the one that ranks
    /// are made by. Again is the same.
    pub(super) async fn finish_census(
        &self,
        pass: &Pass,
        counted: &Summary,
        definitions: &Definitions,
    ) -> Result<(), StoreError> {
        let census = counted.finish(pass.number, pass.at, definitions);
        let item = Build::default()
            .text("kind", "census")
            .text("id", census_name(pass.number))
            .bytes("cuts", census.pack())
            .number("version", pass.version.0)
            .number("slices", pass.slices)
            .done();
        self.find_affinities(pass, counted, definitions).await?;
        self.put_all(Table::Workspace, vec![item]).await?;
        let call = self
            .of_workspace("current", "census")
            .update_expression("SET #number = :number")
            .condition_expression("attribute_not_exists(#number) OR #number < :number")
            .expression_attribute_names("#number", "number")
            .expression_attribute_values(":number", number(pass.number));
        self.update_if(call).await?;
        self.forget_definitions();
        Ok(())
    }
}

fn cuts(item: &Attributes) -> Result<Census, StoreError> {
    let read = Read { table: Table::Workspace, item };
    Census::unpack(read.bytes("cuts")?).map_err(|_| read.unreadable("cuts"))
}

pub(super) fn census_name(number: u32) -> String {
    format!("{number:08}")
}
