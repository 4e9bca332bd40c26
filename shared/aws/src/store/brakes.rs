//! What the operator holds back, how many messages a day may go out, and how programs fare.
//!
//! All of it is read once a run. What counts is taken in blocks: a run that may send asks for a
//! block of the day's budget, and gives back what it did not use. A run that dies keeps its block:
//! a limit is rather not reached than passed.

use std::collections::BTreeMap;

use attune_domain::brakes::{Brakes, Tally};
use attune_domain::id::ProgramId;
use attune_domain::time::{Span, Timestamp};
use aws_sdk_dynamodb::config::retry::RetryConfig;
use aws_sdk_dynamodb::types::ReturnConsumedCapacity;

use super::item::{Attributes, Build, Read, number, text};
use super::schema::TTL;
use super::{Store, StoreError, Table, expiry};

/// How many days a breaker looks at.
const WINDOW: u32 = 7;
/// How long counts are kept.
const KEPT: Span = Span::days(30);

/// What the operator set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Switch {
    /// Whether all sends are held.
    pub held: bool,
    /// The most messages that may go out in a day, by UTC.
    pub daily_limit: Option<u32>,
    /// When this was last changed.
    pub changed: Option<Timestamp>,
}

impl Store {
    /// What the operator set.
    pub async fn switch(&self) -> Result<Switch, StoreError> {
        let output = self
            .client
            .get_item()
            .table_name(self.table(Table::Workspace))
            .key("kind", text("switch"))
            .key("id", text("sends"))
            .consistent_read(true)
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .await
            .map_err(StoreError::of)?;
        self.meter.reads(&output.consumed_capacity);
        let Some(item) = &output.item else { return Ok(Switch::default()) };
        let read = Read { table: Table::Workspace, item };
        Ok(Switch {
            held: read.flag("held"),
            daily_limit: read.maybe_number("daily_limit"),
            changed: read.maybe_time("changed"),
        })
    }

    /// Sets what the operator holds back.
    pub async fn set_switch(&self, switch: &Switch, now: Timestamp) -> Result<(), StoreError> {
        let mut item = Build::default()
            .text("kind", "switch")
            .text("id", "sends")
            .flag("held", switch.held)
            .time("changed", now);
        if let Some(limit) = switch.daily_limit {
            item = item.number("daily_limit", limit);
        }
        let output = self
            .client
            .put_item()
            .table_name(self.table(Table::Workspace))
            .set_item(Some(item.done()))
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .await
            .map_err(StoreError::of)?;
        self.meter.writes(&output.consumed_capacity);
        Ok(())
    }

    /// What holds messages back at `now`: the switch, and programs that fare too badly.
    pub async fn brakes(&self, switch: &Switch, now: Timestamp) -> Result<Brakes, StoreError> {
        let tallies = self.tallies(now).await?;
        let stopped = tallies.into_iter().filter(|(_, tally)| tally.stops());
        Ok(Brakes { held: switch.held, stopped: stopped.map(|(program, _)| program).collect() })
    }

    /// Takes up to `wanted` of a limited count; says how many it got. Counts are kept under `kind`
    /// and `id`, and never go above `limit`.
    pub(super) async fn take_counted(
        &self,
        [kind, id]: [&str; 2],
        wanted: u32,
        limit: u32,
        now: Timestamp,
    ) -> Result<u32, StoreError> {
        let mut block = wanted.min(limit);
        while block > 0 {
            let call = self
                .client
                .update_item()
                .table_name(self.table(Table::Workspace))
                .key("kind", text(kind))
                .key("id", text(id))
                .update_expression("SET #expires = :expires ADD taken :block")
                .condition_expression("attribute_not_exists(taken) OR taken <= :most")
                .expression_attribute_names("#expires", TTL)
                .expression_attribute_values(":expires", number(expiry(now + KEPT)))
                .expression_attribute_values(":block", number(block))
                .expression_attribute_values(":most", number(limit - block));
            if self.update_if(call).await?.is_some() {
                return Ok(block);
            }
            // Smaller blocks, so that the last of a limit are used as well.
            block /= 2;
        }
        Ok(0)
    }

    /// Counts a test that is about to be sent: tests are in no ledger, and must not become a way
    /// around it. Says no if the day, by UTC, had `most` already.
    pub async fn count_test(&self, most: u32, now: Timestamp) -> Result<bool, StoreError> {
        Ok(self.take_counted(["tests", &day(now)], 1, most, now).await? > 0)
    }

    /// Takes up to `wanted` messages of the day's limit.
    pub async fn take_of_day(
        &self,
        wanted: u32,
        limit: u32,
        now: Timestamp,
    ) -> Result<u32, StoreError> {
        self.take_counted(["day", &day(now)], wanted, limit, now).await
    }

    /// Gives back what a run took of the day's limit at `taken` and did not use. It is asked once only:
    /// what was given back twice would pass the limit.
    pub async fn give_back(&self, unused: u32, taken: Timestamp) -> Result<(), StoreError> {
        let once = aws_sdk_dynamodb::Config::builder().retry_config(RetryConfig::disabled());
        let call = self
            .of_workspace("day", &day(taken))
            .update_expression("ADD taken :unused")
            .condition_expression("attribute_exists(taken)")
            .expression_attribute_values(":unused", number(-i64::from(unused)))
            .return_consumed_capacity(ReturnConsumedCapacity::Total);
        let output = call.customize().config_override(once).send().await;
        match output {
            Ok(output) => self.meter.writes(&output.consumed_capacity),
            Err(error) => return Err(StoreError::of(error)),
        }
        Ok(())
    }

    /// How many messages of the day's limit are taken.
    pub async fn taken_today(&self, now: Timestamp) -> Result<u32, StoreError> {
        let key = Build::default().text("kind", "day").text("id", day(now)).done();
        let items = self.get_all(Table::Workspace, &[key], true).await?;
        let taken = |item| Read { table: Table::Workspace, item }.maybe_number("taken");
        Ok(items.first().and_then(taken).unwrap_or(0))
    }

    /// Adds to what is counted of a program today.
    pub async fn tally(
        &self,
        program: &ProgramId,
        tally: Tally,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let id = format!("{}#{program}", day(now));
        let Tally { sent, bounced, complained } = tally;
        let counts = [("sent", sent), ("bounced", bounced), ("complained", complained)];
        let add = counts.into_iter().filter(|(_, count)| *count > 0);
        let add = add.map(|(name, count)| (name, i64::from(count))).collect();
        self.add_counts(["tally", &id], &add, now).await
    }

    async fn add_counts(
        &self,
        [kind, id]: [&str; 2],
        add: &BTreeMap<&'static str, i64>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        if add.is_empty() {
            return Ok(());
        }
        let names: Vec<String> = add.keys().map(|name| format!("{name} :{name}")).collect();
        let mut call = self
            .client
            .update_item()
            .table_name(self.table(Table::Workspace))
            .key("kind", text(kind))
            .key("id", text(id))
            .update_expression(format!("SET #expires = :expires ADD {}", names.join(", ")))
            .expression_attribute_names("#expires", TTL)
            .expression_attribute_values(":expires", number(expiry(now + KEPT)))
            .return_consumed_capacity(ReturnConsumedCapacity::Total);
        for (name, count) in add {
            call = call.expression_attribute_values(format!(":{name}"), number(count));
        }
        let output = call.send().await.map_err(StoreError::of)?;
        self.meter.writes(&output.consumed_capacity);
        Ok(())
    }

    /// What was counted of each program in the last seven days.
    pub async fn tallies(&self, now: Timestamp) -> Result<BTreeMap<ProgramId, Tally>, StoreError> {
        let mut tallies: BTreeMap<ProgramId, Tally> = BTreeMap::new();
        for item in self.tally_rows(now).await? {
            let read = Read { table: Table::Workspace, item: &item };
            let program = read.text("id")?.split_once('#').map(|(_, program)| program);
            let Some(program) = program.and_then(|id| ProgramId::parse(id).ok()) else { continue };
            let count = |name: &str| read.maybe_number(name).unwrap_or(0);
            let day = Tally {
                sent: count("sent"),
                bounced: count("bounced"),
                complained: count("complained"),
            };
            let sum = tallies.entry(program).or_default();
            *sum = *sum + day;
        }
        Ok(tallies)
    }

    /// Forgets what came back of a program's mail, so that its breaker closes. How many were sent stays:
    /// late complaints about them are still a share of them.
    pub async fn reset_tally(&self, program: &ProgramId, now: Timestamp) -> Result<(), StoreError> {
        let end = format!("#{program}");
        for item in self.tally_rows(now).await? {
            let id = Read { table: Table::Workspace, item: &item }.text("id")?;
            if id.ends_with(&end) {
                let call = self
                    .of_workspace("tally", id)
                    .update_expression("REMOVE bounced, complained")
                    .condition_expression("attribute_exists(id)");
                self.update_if(call).await?;
            }
        }
        Ok(())
    }

    async fn tally_rows(&self, now: Timestamp) -> Result<Vec<Attributes>, StoreError> {
        let query = self
            .client
            .query()
            .table_name(self.table(Table::Workspace))
            .key_condition_expression("kind = :tally AND id >= :from")
            .expression_attribute_values(":tally", text("tally"))
            .expression_attribute_values(":from", text(day(now - Span::days(WINDOW - 1))));
        self.rows(query, usize::MAX).await
    }
}

/// A day by UTC: `2026-11-26`.
fn day(at: Timestamp) -> String {
    at.to_string().chars().take(10).collect()
}
