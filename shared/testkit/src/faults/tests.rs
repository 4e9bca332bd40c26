//! Each fault as the real SDK clients see it, over the stand-ins.

use std::collections::HashMap;
use std::sync::Arc;

use attune_aws::clock::Clock;
use attune_aws::sdk::{dynamodb, in_process, sesv2, sns};
use attune_aws::transport::Transport;
use attune_domain::time::Timestamp;
use attune_embedded::{Account, Capture, Engine, Router};
use dynamodb::config::retry::RetryConfig;
use dynamodb::config::timeout::TimeoutConfig;
use dynamodb::types::{
    AttributeDefinition, AttributeValue, BillingMode, GlobalSecondaryIndex, KeySchemaElement,
    KeyType, Projection, ProjectionType, Put, ScalarAttributeType, TransactWriteItem,
};

use super::*;

mod crashes;
mod fates;
mod lag;
mod random;

/// A database with the table `messages` (key `id`; index `by-due` of `shard` and `due`), a capture,
/// and clients of both whose every call goes through `faults`. No client retries: what a test sees
/// is what became of one call.
struct World {
    engine: Engine,
    capture: Capture,
    faults: Faults,
    db: dynamodb::Client,
    ses: sesv2::Client,
    sns: sns::Client,
}

impl World {
    async fn new(faults: Faults) -> Self {
        let engine = Engine::memory().unwrap();
        create_table(&engine).await;
        Self::over(engine.clone(), Arc::new(engine), faults)
    }

    async fn with_lag(lag: Lag) -> Self {
        let engine = Engine::memory().unwrap();
        create_table(&engine).await;
        let lagging = Lagging::new(engine.clone(), lag, 1);
        Self::over(engine, Arc::new(lagging), Faults::none())
    }

    fn over(engine: Engine, database: Arc<dyn Transport>, faults: Faults) -> Self {
        let capture = Capture::new(Account::new(
            Clock::simulated(Timestamp::from_millis(1_790_000_000_000)).0,
            1,
        ));
        let router = Router::new(database, Arc::new(capture.clone()));
        let process = Faulty::new(Arc::new(router), faults.clone());
        let config = in_process(Arc::new(process)).into_builder();
        let timeouts = TimeoutConfig::builder()
            .operation_attempt_timeout(std::time::Duration::from_mins(1))
            .build();
        let config = config.retry_config(RetryConfig::disabled()).timeout_config(timeouts).build();
        let (db, ses) = (dynamodb::Client::new(&config), sesv2::Client::new(&config));
        Self { engine, capture, faults, db, ses, sns: sns::Client::new(&config) }
    }

    /// The same process with the SDK's own retries: three attempts.
    fn retrying_db(&self) -> dynamodb::Client {
        let config = self.db.config().to_builder().retry_config(RetryConfig::standard());
        dynamodb::Client::from_conf(config.build())
    }

    async fn put(&self, id: &str, due: i64) -> Result<(), dynamodb::Error> {
        let put = self.db.put_item().table_name("messages").set_item(Some(item(id, due)));
        Ok(put.send().await.map(drop)?)
    }

    async fn put_new(&self, id: &str) -> Result<(), dynamodb::Error> {
        let put = self.db.put_item().table_name("messages").set_item(Some(item(id, 1)));
        let put = put.condition_expression("attribute_not_exists(id)");
        Ok(put.send().await.map(drop)?)
    }

    async fn transact(&self, ids: &[&str]) -> Result<(), dynamodb::Error> {
        let write = |id: &&str| {
            let put = Put::builder().table_name("messages").set_item(Some(item(id, 1)));
            TransactWriteItem::builder().put(put.build().unwrap()).build()
        };
        let items = ids.iter().map(write).collect();
        Ok(self.db.transact_write_items().set_transact_items(Some(items)).send().await.map(drop)?)
    }

    /// What the process reads; `consistent` or not.
    async fn due(&self, id: &str, consistent: bool) -> Option<i64> {
        due_of(&self.db, id, consistent).await
    }

    /// What is really there, past every fault.
    async fn truth(&self, id: &str) -> Option<i64> {
        let config = in_process(Arc::new(self.engine.clone()));
        due_of(&dynamodb::Client::new(&config), id, true).await
    }

    async fn text(&self, text: &str) -> Result<(), sns::Error> {
        Ok(self.sns.publish().phone_number("+33600000001").message(text).send().await.map(drop)?)
    }

    async fn mail(&self) -> Result<(), sesv2::Error> {
        use sesv2::types::{Body, Content, Destination, EmailContent, Message};
        let text = |data: &str| Content::builder().data(data).build().unwrap();
        let body = Body::builder().text(text("hi")).build();
        let message = Message::builder().subject(text("Hello")).body(body).build();
        let send = self.ses.send_email().from_email_address("shop@example.com");
        let send = send.destination(Destination::builder().to_addresses("ann@b.test").build());
        let content = EmailContent::builder().simple(message).build();
        Ok(send.content(content).send().await.map(drop)?)
    }
}

async fn due_of(client: &dynamodb::Client, id: &str, consistent: bool) -> Option<i64> {
    let get = client.get_item().table_name("messages").set_key(Some(key(id)));
    let answer = get.consistent_read(consistent).send().await.unwrap();
    answer.item().map(due)
}

fn due(item: &HashMap<String, AttributeValue>) -> i64 {
    item["due"].as_n().unwrap().parse().unwrap()
}

fn id(item: &HashMap<String, AttributeValue>) -> &str {
    item["id"].as_s().unwrap()
}

fn item(id: &str, due: i64) -> HashMap<String, AttributeValue> {
    let mut item = key(id);
    item.insert("shard".into(), AttributeValue::S("0".into()));
    item.insert("due".into(), AttributeValue::N(due.to_string()));
    item
}

fn key(id: &str) -> HashMap<String, AttributeValue> {
    HashMap::from([("id".into(), AttributeValue::S(id.into()))])
}

async fn create_table(engine: &Engine) {
    let part = |name: &str, kind: KeyType| {
        KeySchemaElement::builder().attribute_name(name).key_type(kind).build().unwrap()
    };
    let attribute = |name: &str, kind: ScalarAttributeType| {
        AttributeDefinition::builder().attribute_name(name).attribute_type(kind).build().unwrap()
    };
    let by_due = GlobalSecondaryIndex::builder()
        .index_name("by-due")
        .key_schema(part("shard", KeyType::Hash))
        .key_schema(part("due", KeyType::Range))
        .projection(Projection::builder().projection_type(ProjectionType::KeysOnly).build());
    dynamodb::Client::new(&in_process(Arc::new(engine.clone())))
        .create_table()
        .table_name("messages")
        .billing_mode(BillingMode::PayPerRequest)
        .key_schema(part("id", KeyType::Hash))
        .attribute_definitions(attribute("id", ScalarAttributeType::S))
        .attribute_definitions(attribute("shard", ScalarAttributeType::S))
        .attribute_definitions(attribute("due", ScalarAttributeType::N))
        .global_secondary_indexes(by_due.build().unwrap())
        .send()
        .await
        .unwrap();
}
