//! What each fate looks like to a caller, and what it really did.

use std::time::Duration;

use dynamodb::Error as DbError;
use dynamodb::types::{KeysAndAttributes, PutRequest, WriteRequest};
use sesv2::error::ProvideErrorMetadata;
use tokio::time::{Instant, sleep};

use super::*;

const SECOND: Duration = Duration::from_secs(1);

#[tokio::test]
async fn a_lost_request_had_no_effect() {
    let world = World::new(Faults::none()).await;
    world.faults.at(1, Fate::LoseRequest);
    world.put("m-1", 1).await.unwrap_err();
    assert_eq!(world.truth("m-1").await, None);
}

#[tokio::test]
async fn a_lost_reply_hides_an_effect() {
    let world = World::new(Faults::none()).await;
    world.faults.at(1, Fate::LoseReply);
    world.put("m-1", 1).await.unwrap_err();
    assert_eq!(world.truth("m-1").await, Some(1));
}

#[tokio::test(start_paused = true)]
async fn after_a_lost_reply_the_sdk_runs_into_its_own_write() {
    let world = World::new(Faults::none()).await;
    world.faults.at(1, Fate::LoseReply);
    let put = world.retrying_db().put_item().table_name("messages");
    let put = put.set_item(Some(item("m-1", 1))).condition_expression("attribute_not_exists(id)");
    let refused = put.send().await.unwrap_err().into_service_error();
    assert!(refused.is_conditional_check_failed_exception());
    assert_eq!(world.faults.calls().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_late_call_takes_effect_when_its_caller_has_given_up() {
    let world = World::new(Faults::none()).await;
    world.faults.at(1, Fate::Late(SECOND));
    world.put("m-1", 1).await.unwrap_err();
    assert_eq!(world.truth("m-1").await, None);
    sleep(2 * SECOND).await;
    assert_eq!(world.truth("m-1").await, Some(1));
}

#[tokio::test(start_paused = true)]
async fn a_delayed_call_takes_virtual_time() {
    let world = World::new(Faults::none()).await;
    world.faults.at(1, Fate::Delay(30 * SECOND));
    let began = Instant::now();
    world.put("m-1", 1).await.unwrap();
    assert!(began.elapsed() >= 30 * SECOND);
}

#[tokio::test]
async fn a_refused_call_had_no_effect() {
    let world = World::new(Faults::none()).await;
    world.faults.at(1, Fate::Refuse(Trouble::Internal));
    let error = world.put("m-1", 1).await.unwrap_err();
    assert!(matches!(error, DbError::InternalServerError(_)), "{error:?}");
    assert_eq!(world.truth("m-1").await, None);
}

#[tokio::test]
async fn an_error_may_follow_the_effect() {
    let world = World::new(Faults::none()).await;
    for trouble in [Trouble::Internal, Trouble::Unavailable] {
        world.faults.next("SendEmail", Fate::RefuseAfter(trouble.clone()));
        world.faults.next("Publish", Fate::RefuseAfter(trouble));
        world.mail().await.unwrap_err();
        world.text("hi").await.unwrap_err();
    }
    assert_eq!(world.capture.sent().len(), 4);
}

/// Why the product's senders have retries off.
#[tokio::test(start_paused = true)]
async fn a_client_that_retries_sends_again_what_was_accepted() {
    let accepted_then_503 = |_: &Call| Fate::RefuseAfter(Trouble::Unavailable);
    let world = World::new(Faults::scripted(accepted_then_503)).await;
    let config = world.sns.config().to_builder().retry_config(RetryConfig::standard());
    let retrying = sns::Client::from_conf(config.build());
    retrying.publish().phone_number("+33600000001").message("hi").send().await.unwrap_err();
    assert_eq!(world.capture.sent().len(), 3);
}

#[tokio::test]
async fn each_service_has_its_own_word_for_too_fast() {
    let world = World::new(Faults::scripted(|_: &Call| Fate::Refuse(Trouble::Throttled))).await;
    let db = world.put("m-1", 1).await.unwrap_err();
    assert!(matches!(db, DbError::ProvisionedThroughputExceededException(_)), "{db:?}");
    let ses = world.mail().await.unwrap_err();
    assert!(matches!(ses, sesv2::Error::TooManyRequestsException(_)), "{ses:?}");
    let sns = world.text("hi").await.unwrap_err();
    assert_eq!(sns.code(), Some("Throttling"));
    let check = world.sns.check_if_phone_number_is_opted_out().phone_number("+33600000001");
    let check = check.send().await.unwrap_err().into_service_error();
    assert!(check.is_throttled_exception());
    assert_eq!(world.capture.sent(), []);
}

#[tokio::test]
async fn a_plain_write_may_meet_a_transaction() {
    let world = World::new(Faults::none()).await;
    world.faults.at(1, Fate::Refuse(Trouble::Conflict));
    let error = world.put("m-1", 1).await.unwrap_err();
    assert!(matches!(error, DbError::TransactionConflictException(_)), "{error:?}");
}

#[tokio::test]
async fn a_cancelled_transaction_says_which_item_was_at_fault() {
    let world = World::new(Faults::none()).await;
    for reason in [Reason::TransactionConflict, Reason::ThrottlingError] {
        let cancelled = Trouble::Cancelled { item: 1, reason };
        world.faults.next("TransactWriteItems", Fate::Refuse(cancelled));
        let error = world.transact(&["m-1", "m-2"]).await.unwrap_err();
        let DbError::TransactionCanceledException(cancelled) = error else { panic!("{error:?}") };
        let codes = cancelled.cancellation_reasons().iter().map(|reason| reason.code().unwrap());
        assert_eq!(codes.collect::<Vec<_>>(), ["None", &format!("{reason:?}")]);
    }
    assert_eq!(world.truth("m-1").await, None);
}

#[tokio::test]
async fn a_batch_of_writes_may_be_done_in_part() {
    let world = World::new(Faults::none()).await;
    world.faults.at(1, Fate::Partial(0b101));
    let ids = ["m-0", "m-1", "m-2", "m-3"];
    let left = write_batch(&world, &ids).await.unwrap();
    assert_eq!(left, ["m-0", "m-2"]);
    let mut there = Vec::new();
    for id in ids {
        there.push(world.truth(id).await.is_some());
    }
    assert_eq!(there, [false, true, false, true]);
}

#[tokio::test]
async fn a_batch_of_which_nothing_can_be_done_is_throttled() {
    let world = World::new(Faults::none()).await;
    world.faults.at(1, Fate::Partial(u128::MAX));
    let error = write_batch(&world, &["m-0", "m-1"]).await.unwrap_err();
    assert!(matches!(error, DbError::ProvisionedThroughputExceededException(_)), "{error:?}");
    assert_eq!(world.truth("m-0").await, None);
}

#[tokio::test]
async fn a_batch_of_reads_may_be_done_in_part() {
    let world = World::new(Faults::none()).await;
    write_batch(&world, &["m-0", "m-1"]).await.unwrap();
    world.faults.at(2, Fate::Partial(0b10));
    let keys = KeysAndAttributes::builder().keys(key("m-0")).keys(key("m-1"));
    let keys = keys.consistent_read(true).build().unwrap();
    let answer = world.db.batch_get_item().request_items("messages", keys).send().await.unwrap();
    let read: Vec<_> = answer.responses().unwrap()["messages"].iter().map(id).collect();
    assert_eq!(read, ["m-0"]);
    let left = &answer.unprocessed_keys().unwrap()["messages"];
    assert_eq!(left.keys(), [key("m-1")]);
    assert_eq!(left.consistent_read(), Some(true));
}

#[tokio::test(start_paused = true)]
async fn a_sender_may_accept_and_never_answer() {
    let world = World::new(Faults::none()).await;
    world.faults.at(1, Fate::HangAfter);
    let error = world.mail().await.unwrap_err();
    assert_eq!(error.code(), None, "a timeout has no code: {error:?}");
    assert_eq!(world.capture.sent().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_call_may_hang_without_effect() {
    let world = World::new(Faults::none()).await;
    world.faults.at(1, Fate::Hang);
    world.text("hi").await.unwrap_err();
    assert_eq!(world.capture.sent(), []);
}

/// Writes `ids` in one batch and returns those that came back, in order.
async fn write_batch(world: &World, ids: &[&str]) -> Result<Vec<String>, DbError> {
    let write = |id: &&str| {
        let put = PutRequest::builder().set_item(Some(item(id, 1))).build().unwrap();
        WriteRequest::builder().put_request(put).build()
    };
    let writes = ids.iter().map(write).collect();
    let answer = world.db.batch_write_item().request_items("messages", writes).send().await?;
    let left = answer.unprocessed_items().and_then(|left| left.get("messages"));
    let left = left.into_iter().flatten().map(|write| id(write.put_request().unwrap().item()));
    Ok(left.map(str::to_owned).collect())
}
