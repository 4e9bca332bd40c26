//! Reads may see the past: one that was, not longer ago than the window, and never when asked for
//! the present.

use std::collections::BTreeSet;
use std::time::Duration;

use dynamodb::types::{DeleteRequest, KeysAndAttributes, PutRequest, WriteRequest};
use fastrand::Rng;
use tokio::time::{Instant, sleep};

use super::*;

const WINDOW: Duration = Duration::from_secs(5);

#[tokio::test(start_paused = true)]
async fn a_stale_read_sees_the_version_before() {
    let world = World::with_lag(stale()).await;
    world.put("m-1", 1).await.unwrap();
    sleep(2 * WINDOW).await;
    update(&world, "m-1", 2).await;
    assert_eq!(world.due("m-1", false).await, Some(1));
    assert_eq!(world.due("m-1", true).await, Some(2));
    assert_eq!(world.truth("m-1").await, Some(2));
}

#[tokio::test(start_paused = true)]
async fn a_query_sees_the_present_when_asked_for_it() {
    let world = World::with_lag(stale()).await;
    world.put("m-1", 1).await.unwrap();
    let query = async |consistent| {
        let query = world.db.query().table_name("messages").consistent_read(consistent);
        let query = query.key_condition_expression("id = :id");
        let query = query.expression_attribute_values(":id", AttributeValue::S("m-1".into()));
        query.send().await.unwrap().count()
    };
    assert_eq!((query(false).await, query(true).await), (0, 1));
}

#[tokio::test(start_paused = true)]
async fn a_stale_scan_sees_one_moment() {
    let world = World::with_lag(stale()).await;
    for n in 0..9 {
        world.put(&format!("m-{n}"), n).await.unwrap();
        sleep(WINDOW / 10).await;
    }
    let mut seen = BTreeSet::new();
    for _ in 0..20 {
        let page = world.db.scan().table_name("messages").send().await.unwrap();
        let mut dues: Vec<_> = page.items().iter().map(due).collect();
        dues.sort_unstable();
        let first: Vec<_> = (0..).take(dues.len()).collect();
        assert_eq!(dues, first, "without a gap: nothing newer is seen than what is missed");
        seen.insert(dues.len());
    }
    assert!(seen.len() > 3, "{seen:?}");
}

#[tokio::test(start_paused = true)]
async fn a_new_item_may_not_be_there_yet_and_a_deleted_one_still() {
    let world = World::with_lag(stale()).await;
    world.put("m-1", 1).await.unwrap();
    assert_eq!(world.due("m-1", false).await, None);
    sleep(2 * WINDOW).await;
    delete(&world, "m-1").await;
    assert_eq!(world.due("m-1", false).await, Some(1));
    assert_eq!(world.truth("m-1").await, None);
}

#[tokio::test(start_paused = true)]
async fn the_past_is_over_after_the_window() {
    let world = World::with_lag(stale()).await;
    world.put("m-1", 1).await.unwrap();
    sleep(WINDOW).await;
    assert_eq!(world.due("m-1", false).await, Some(1));
}

#[tokio::test(start_paused = true)]
async fn a_transaction_is_seen_late_too() {
    let world = World::with_lag(stale()).await;
    world.transact(&["m-1", "m-2"]).await.unwrap();
    assert_eq!(world.due("m-1", false).await, None);
    assert_eq!(world.due("m-2", true).await, Some(1));
}

#[tokio::test(start_paused = true)]
async fn a_batch_of_writes_is_seen_late_too() {
    let world = World::with_lag(stale()).await;
    world.put("m-2", 1).await.unwrap();
    sleep(2 * WINDOW).await;
    let put = PutRequest::builder().set_item(Some(item("m-1", 1))).build().unwrap();
    let delete = DeleteRequest::builder().set_key(Some(key("m-2"))).build().unwrap();
    let writes = vec![
        WriteRequest::builder().put_request(put).build(),
        WriteRequest::builder().delete_request(delete).build(),
    ];
    world.db.batch_write_item().request_items("messages", writes).send().await.unwrap();
    assert_eq!((world.due("m-1", false).await, world.due("m-2", false).await), (None, Some(1)));
    assert_eq!((world.truth("m-1").await, world.truth("m-2").await), (Some(1), None));
}

#[tokio::test(start_paused = true)]
async fn a_stale_read_may_be_several_writes_behind() {
    let world = World::with_lag(stale()).await;
    for due in 1..=3 {
        world.put("m-1", due).await.unwrap();
    }
    assert_eq!(world.due("m-1", false).await, None);
}

#[tokio::test(start_paused = true)]
async fn a_condition_sees_the_present() {
    let world = World::with_lag(stale()).await;
    world.put("m-1", 1).await.unwrap();
    let refused = world.put_new("m-1").await.unwrap_err();
    assert!(matches!(refused, dynamodb::Error::ConditionalCheckFailedException(_)));
}

#[tokio::test(start_paused = true)]
async fn a_batch_is_stale_key_by_key() {
    let world = World::with_lag(Lag { stale_reads: 500, ..Lag::default() }).await;
    let mut keys = KeysAndAttributes::builder();
    for n in 0..40 {
        world.put(&format!("m-{n}"), 1).await.unwrap();
        keys = keys.keys(key(&format!("m-{n}")));
    }
    let keys = keys.build().unwrap();
    let answer = world.db.batch_get_item().request_items("messages", keys).send().await.unwrap();
    let seen = answer.responses().unwrap()["messages"].len();
    assert!((10..30).contains(&seen), "{seen}");
}

#[tokio::test(start_paused = true)]
async fn a_late_index_hides_the_new_and_shows_the_gone() {
    let world = World::with_lag(Lag { late_indexes: 1_000, ..Lag::default() }).await;
    world.put("gone", 1).await.unwrap();
    world.put("moved", 2).await.unwrap();
    sleep(2 * WINDOW).await;
    delete(&world, "gone").await;
    world.put("moved", 9).await.unwrap();
    world.put("new", 3).await.unwrap();
    assert_eq!(by_due(&world).await, [("gone".to_owned(), 1), ("moved".to_owned(), 2)]);
    assert_eq!(world.due("new", false).await, Some(3), "the table itself is not late");
    sleep(WINDOW).await;
    assert_eq!(by_due(&world).await, [("new".to_owned(), 3), ("moved".to_owned(), 9)]);
}

#[tokio::test(start_paused = true)]
async fn each_entry_of_a_late_index_lags_for_itself() {
    let world = World::with_lag(Lag { late_indexes: 1_000, ..Lag::default() }).await;
    for n in 0..40 {
        world.put(&format!("m-{n}"), n).await.unwrap();
    }
    sleep(WINDOW / 2).await;
    let seen = by_due(&world).await.len();
    assert!((10..30).contains(&seen), "{seen}");
}

/// Random writes and reads against a plain record of what every item was and when.
#[tokio::test(start_paused = true)]
async fn a_read_always_sees_something_that_was_true_within_the_window() {
    let lag = Lag { stale_reads: 600, late_indexes: 600, ..Lag::default() };
    let world = World::with_lag(lag).await;
    let mut rng = Rng::with_seed(5);
    let mut record: Vec<(Instant, usize, Option<i64>)> = Vec::new();
    let mut old_answers = 0;
    for step in 0..600 {
        sleep(Duration::from_millis(rng.u64(0..1_500))).await;
        let which = rng.usize(0..4);
        let name = format!("m-{which}");
        match rng.u8(0..6) {
            0 => {
                delete(&world, &name).await;
                record.push((Instant::now(), which, None));
            }
            1 => {
                world.put(&name, step).await.unwrap();
                record.push((Instant::now(), which, Some(step)));
            }
            2 => {
                update(&world, &name, step).await;
                record.push((Instant::now(), which, Some(step)));
            }
            _ => {
                let seen = world.due(&name, false).await;
                let allowed = allowed(&record, which);
                assert!(allowed.contains(&seen), "step {step}: {seen:?} not in {allowed:?}");
                let truth = world.due(&name, true).await;
                assert_eq!(Some(&truth), allowed.last());
                old_answers += usize::from(seen != truth);
                for (name, due) in by_due(&world).await {
                    let which = name[2..].parse().unwrap();
                    assert!(self::allowed(&record, which).contains(&Some(due)), "step {step}");
                }
            }
        }
    }
    assert!(old_answers > 30, "{old_answers} stale answers are too few to prove anything");
}

/// What item `which` was at some moment of the window, the present last.
fn allowed(record: &[(Instant, usize, Option<i64>)], which: usize) -> Vec<Option<i64>> {
    let mut allowed = vec![None];
    for (at, _, due) in record.iter().filter(|(_, item, _)| *item == which) {
        if at.elapsed() > WINDOW {
            allowed.clear();
        }
        allowed.push(*due);
    }
    allowed
}

fn stale() -> Lag {
    Lag { stale_reads: 1_000, ..Lag::default() }
}

async fn delete(world: &World, id: &str) {
    world.db.delete_item().table_name("messages").set_key(Some(key(id))).send().await.unwrap();
}

async fn update(world: &World, id: &str, due: i64) {
    let update = world.db.update_item().table_name("messages").set_key(Some(key(id)));
    let update = update.update_expression("SET due = :due, #shard = :shard");
    let update = update.expression_attribute_names("#shard", "shard");
    let update = update.expression_attribute_values(":due", AttributeValue::N(due.to_string()));
    let shard = AttributeValue::S("0".into());
    update.expression_attribute_values(":shard", shard).send().await.unwrap();
}

async fn by_due(world: &World) -> Vec<(String, i64)> {
    let query = world.db.query().table_name("messages").index_name("by-due");
    let query = query.key_condition_expression("#shard = :s");
    // `shard` is a reserved word.
    let query = query.expression_attribute_names("#shard", "shard");
    let query = query.expression_attribute_values(":s", AttributeValue::S("0".into()));
    let page = query.send().await.unwrap();
    page.items().iter().map(|item| (id(item).to_owned(), due(item))).collect()
}
