//! Problems with events, kept where the shop's developer can list them.
//!
//! A broken client repeats its mistake a thousand times an hour. Problems of one kind share a row
//! per hour, which counts them and keeps the last as an example. There are only so many kinds, and
//! each has at most [`EXAMPLES`] rows an hour, by construction of their keys. Each of these rows is
//! in a partition of its own, so that a flood of bad events is not more than one partition takes.

use attune_domain::coupon::Coupon;
use attune_domain::digest::hash64;
use attune_domain::id::CustomerId;
use attune_domain::problem::Problem;
use attune_domain::time::{Span, Timestamp};
use aws_sdk_dynamodb::operation::query::builders::QueryFluentBuilder;
use aws_sdk_dynamodb::types::ReturnConsumedCapacity;

use super::erasures::Plan;
use super::item::{Attributes, Read, number, text};
use super::schema::TTL;
use super::{Store, StoreError, Table, expiry};

/// Examples of each that are kept in an hour.
const EXAMPLES: u64 = 16;
/// How long they are kept.
const KEPT: Span = Span::days(14);
/// Bytes of an example that are kept.
const EXAMPLE_BYTES: usize = 2_048;

/// A problem with an event, and the event itself as an example.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProblemReport {
    /// What is wrong, and where.
    pub problem: Problem,
    /// Whether the event could not be used at all.
    pub lost: bool,
    /// The event as sent; its first 2 KB are kept.
    pub event: String,
    /// How many events of a request had it.
    pub count: u64,
}

/// A kind of problem in one hour.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProblemRow {
    /// The key by which the list goes on.
    pub id: String,
    /// What is wrong, in words.
    pub problem: String,
    /// Whether such events could not be used at all.
    pub lost: bool,
    /// How many there were.
    pub count: u64,
    /// The last of them.
    pub example: String,
    /// When it came.
    pub last: Timestamp,
}

impl Store {
    /// Records a problem.
    pub async fn record_problem(
        &self,
        report: &ProblemReport,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let of_event = (report.lost, report.event.as_str(), report.count);
        let (kind, problem) = (report.problem.kind(), report.problem.to_string());
        self.record([&kind, &problem], of_event, now).await
    }

    /// Records that the pool of a coupon is nearly empty.
    pub(super) async fn record_low_stock(
        &self,
        coupon: &Coupon,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let Coupon { id, low_stock, .. } = coupon;
        let problem =
            format!("the coupon `{id}` has fewer than {low_stock} codes left; load new ones");
        let kind = format!("LowStock:{id}");
        self.record([&kind, &problem], (false, "", 1), now).await
    }

    async fn record(
        &self,
        [kind, problem]: [&str; 2],
        (lost, event, count): (bool, &str, u64),
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let example = hash64(&[event]) % EXAMPLES;
        let hour = now.millis().div_euclid(3_600_000);
        let mut cut = event.len().min(EXAMPLE_BYTES);
        while !event.is_char_boundary(cut) {
            cut -= 1;
        }
        let output = self
            .client
            .update_item()
            .table_name(self.table(Table::Workspace))
            .key("kind", text(partition(example)))
            .key("id", text(format!("{hour:09}#{kind}#{example:02}")))
            .update_expression(
                "SET problem = :problem, lost = :lost, example = :example, who = :who, \
                 #last = :now, #expires = :expires ADD #count :count",
            )
            .expression_attribute_names("#last", "last")
            .expression_attribute_names("#count", "count")
            .expression_attribute_names("#expires", TTL)
            .expression_attribute_values(":problem", text(problem))
            .expression_attribute_values(":lost", number(u8::from(lost)))
            .expression_attribute_values(":example", text(event.get(..cut).unwrap_or("")))
            .expression_attribute_values(":who", text(ids_in(event)))
            .expression_attribute_values(":now", number(now.millis()))
            .expression_attribute_values(":expires", number(expiry(now + KEPT)))
            .expression_attribute_values(":count", number(count))
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .await
            .map_err(StoreError::of)?;
        self.meter.writes(&output.consumed_capacity);
        Ok(())
    }

    /// Takes the examples away that are of somebody, or quote them.
    pub(super) async fn erase_from_problems(&self, plan: &Plan) -> Result<(), StoreError> {
        let bare = |id: &String| CustomerId::parse(id).map(|id| id.bare().to_owned());
        let ids: Vec<String> = plan.ids.iter().filter_map(bare).collect();
        for partition in partitions() {
            let mut from = None;
            loop {
                let (page, next) = self.page(self.problems_in(&partition, None), from).await?;
                for item in &page {
                    let read = Read { table: Table::Workspace, item };
                    if is_of(&read, &ids, plan)? {
                        let (id, example) = (read.text("id")?, read.text("example")?);
                        self.erase_example(&partition, id, example).await?;
                    }
                }
                from = next;
                if from.is_none() {
                    break;
                }
            }
        }
        Ok(())
    }

    async fn erase_example(
        &self,
        partition: &str,
        id: &str,
        example: &str,
    ) -> Result<(), StoreError> {
        // If it does not hold, another example stands there now.
        let call = self
            .of_workspace(partition, id)
            .update_expression("SET example = :none REMOVE who")
            .condition_expression("example = :example")
            .expression_attribute_values(":none", text(""))
            .expression_attribute_values(":example", text(example));
        self.update_if(call).await.map(drop)
    }

    /// Problems, the newest hour first; after a row of an earlier page, if one is named.
    pub async fn problems(
        &self,
        before: Option<&str>,
        most: i32,
    ) -> Result<Vec<ProblemRow>, StoreError> {
        let enough = usize::try_from(most).unwrap_or(0);
        let mut rows = Vec::new();
        for partition in partitions() {
            let query = self.problems_in(&partition, before).scan_index_forward(false).limit(most);
            for item in &self.rows(query, enough).await? {
                rows.push(read(item)?);
            }
        }
        rows.sort_by(|one, other| other.id.cmp(&one.id));
        rows.truncate(enough);
        Ok(rows)
    }

    /// The problems of one partition, before an id if one is named.
    fn problems_in(&self, partition: &str, before: Option<&str>) -> QueryFluentBuilder {
        let condition = match before {
            Some(_) => "kind = :kind AND id < :before",
            None => "kind = :kind",
        };
        let before = before.map(|id| (":before".to_owned(), text(id)));
        let values = before.into_iter().chain([(":kind".to_owned(), text(partition))]);
        self.client
            .query()
            .table_name(self.table(Table::Workspace))
            .key_condition_expression(condition)
            .set_expression_attribute_values(Some(values.collect()))
    }
}

/// Whether an example is of somebody, or quotes them.
fn is_of(read: &Read<'_>, ids: &[String], plan: &Plan) -> Result<bool, StoreError> {
    let (example, who) = (read.text("example")?, read.maybe_text("who"));
    let theirs = |id: &String| {
        who.is_some_and(|who| who.split('\n').any(|known| known == id))
            || example.contains(&format!("\"{id}\""))
    };
    let quoted = |word: &String| example.contains(word.as_str());
    Ok(ids.iter().any(theirs) || plan.texts.iter().any(quoted))
}

/// The partition of one of the examples.
fn partition(example: u64) -> String {
    format!("problem#{example:02}")
}

fn partitions() -> impl Iterator<Item = String> {
    (0..EXAMPLES).map(partition)
}

/// The ids that an event names, one a line: the example may be cut before them.
fn ids_in(event: &str) -> String {
    let Ok(serde_json::Value::Object(event)) = serde_json::from_str(event) else {
        return String::new();
    };
    let id = |name: &str| match event.get(name)? {
        serde_json::Value::String(id) => Some(id.trim().to_owned()),
        serde_json::Value::Number(id) => Some(id.to_string()),
        _ => None,
    };
    let names = ["userId", "anonymousId", "previousId"];
    names.into_iter().filter_map(id).collect::<Vec<_>>().join("\n")
}

fn read(item: &Attributes) -> Result<ProblemRow, StoreError> {
    let read = Read { table: Table::Workspace, item };
    Ok(ProblemRow {
        id: read.text("id")?.to_owned(),
        problem: read.text("problem")?.to_owned(),
        lost: read.number::<u8>("lost")? == 1,
        count: read.number("count")?,
        example: read.text("example")?.to_owned(),
        last: read.time("last")?,
    })
}
