//! Problems with events, kept where the shop's developer can list them.
//!
//! A broken client repeats its mistake a thousand times an hour. Problems of one kind share a row
//! per hour, which counts them and keeps the last as an example. There are only so many kinds, and
//! each has at most [`EXAMPLES`] rows an hour, by construction of their keys. Each of these rows is
//! in a partition of its own, so that a flood of bad events is not more than one partition takes.
//!
//! Who is erased goes out of them as well. So of an event that names nobody, whom nobody could find
//! then, only the shape is kept, and the problem is told without its words.

use attune_domain::coupon::Coupon;
use attune_domain::digest::hash64;
use attune_domain::id::CustomerId;
use attune_domain::identity;
use attune_domain::problem::Problem;
use attune_domain::time::{Span, Timestamp};
use aws_sdk_dynamodb::operation::query::builders::QueryFluentBuilder;
use aws_sdk_dynamodb::types::ReturnConsumedCapacity;
use serde_json::Value;

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
    /// The event as sent; its first 2 KB are kept, or of one that names nobody its shape.
    pub event: String,
    /// How many events of a request had it.
    pub count: u64,
}

/// What is written of a problem.
#[derive(Default)]
struct Row<'a> {
    kind: &'a str,
    problem: &'a str,
    lost: bool,
    example: String,
    /// The ids that the event names, one a line: the example may be cut before them.
    who: String,
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
        // As our own JSON, in which a letter is written in one way.
        let mut event = serde_json::from_str(&report.event).unwrap_or(Value::Null);
        let (who, mut problem) = (ids_in(&event), report.problem.clone());
        if who.is_empty() {
            event = shape(event);
            problem = problem.unquoted();
        }
        let example = if event.is_null() { String::new() } else { event.to_string() };
        let (kind, problem) = (problem.kind(), problem.to_string());
        let row = Row { kind: &kind, problem: &problem, lost: report.lost, example, who };
        self.record(row, report.count, now).await
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
        let row = Row { kind: &kind, problem: &problem, ..Row::default() };
        self.record(row, 1, now).await
    }

    async fn record(&self, row: Row<'_>, count: u64, now: Timestamp) -> Result<(), StoreError> {
        let Row { kind, problem, lost, example: event, who } = row;
        let example = hash64(&[&event]) % EXAMPLES;
        let hour = now.millis().div_euclid(3_600_000);
        let cut = event.floor_char_boundary(EXAMPLE_BYTES);
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
            .expression_attribute_values(":who", text(who))
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

    /// Takes away what has an example of somebody, or one that quotes them.
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
                        self.erase_problem(&partition, id, example).await?;
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

    async fn erase_problem(
        &self,
        partition: &str,
        id: &str,
        example: &str,
    ) -> Result<(), StoreError> {
        let call = self
            .client
            .delete_item()
            .table_name(self.table(Table::Workspace))
            .key("kind", text(partition))
            .key("id", text(id))
            .condition_expression("example = :example")
            .expression_attribute_values(":example", text(example));
        // If it does not hold, another example stands there now.
        self.delete_if(call).await.map(drop)
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
    let told = folded(&format!("{example} {}", read.text("problem")?));
    let quoted = |word: &String| told.contains(&folded(word));
    Ok(ids.iter().any(theirs) || plan.texts.iter().any(quoted))
}

/// The partition of one of the examples.
fn partition(example: u64) -> String {
    format!("problem#{example:02}")
}

fn partitions() -> impl Iterator<Item = String> {
    (0..EXAMPLES).map(partition)
}

/// The letters and digits of a text, in lower case: one spelling for what people write in many.
fn folded(text: &str) -> String {
    text.chars().filter(|letter| letter.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// The ids of one person that an event names, one a line.
fn ids_in(event: &Value) -> String {
    let id = |name: &str| {
        let id = match event.get(name)? {
            Value::String(id) => id.clone(),
            Value::Number(id) => id.to_string(),
            _ => return None,
        };
        identity::usable(&id).ok().map(str::to_owned)
    };
    let names = ["userId", "anonymousId", "previousId"];
    names.into_iter().filter_map(id).collect::<Vec<_>>().join("\n")
}

/// An event with the kinds of its values in their place.
fn shape(event: Value) -> Value {
    match event {
        Value::Object(members) => {
            members.into_iter().map(|(name, value)| (name, shape(value))).collect()
        }
        Value::Array(elements) => elements.into_iter().map(shape).collect(),
        Value::String(_) => "a text".into(),
        Value::Number(_) => "a number".into(),
        Value::Bool(_) => "yes or no".into(),
        Value::Null => Value::Null,
    }
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
