//! One address for all of AWS: the database to one stand-in, mail and messages to another.

use std::sync::Arc;

use attune_aws::transport::{Reply, Transport};
use bytes::Bytes;
use http::Request;

use crate::service::Service;

/// Sends each request to the stand-in for its service. Either side may be wrapped in faults.
#[derive(Debug, Clone)]
pub struct Router {
    database: Arc<dyn Transport>,
    senders: Arc<dyn Transport>,
}

impl Router {
    /// Routes `DynamoDB` to `database`, and SES and SNS to `senders`.
    pub fn new(database: Arc<dyn Transport>, senders: Arc<dyn Transport>) -> Self {
        Self { database, senders }
    }
}

impl Transport for Router {
    fn call(&self, request: Request<Bytes>) -> Reply<'_> {
        match Service::of(&request) {
            Service::DynamoDb => self.database.call(request),
            Service::Ses | Service::Sns => self.senders.call(request),
        }
    }
}

#[cfg(test)]
mod tests {
    use attune_aws::sdk::{dynamodb, in_process, sesv2, sns};

    use super::*;
    use crate::fixtures::{create_table, got, put};
    use crate::{Account, Capture, Engine};
    use attune_aws::clock::Clock;

    #[tokio::test]
    async fn each_service_is_answered_by_its_own_stand_in() {
        let capture = Capture::new(Account::new(Clock::system(), 1));
        let engine = Engine::memory().unwrap();
        let config = in_process(Arc::new(Router::new(Arc::new(engine), Arc::new(capture.clone()))));

        let database = dynamodb::Client::new(&config);
        create_table(&database, "profiles", "by-version").await.unwrap();
        put(&database, "ann", "core", 1).await;
        assert_eq!(got(&database, "ann", "core").await, Some(1));

        let texts = sns::Client::new(&config);
        texts.publish().phone_number("+33600000001").message("hi").send().await.unwrap();
        assert_eq!(capture.sent().len(), 1);

        let mails = sesv2::Client::new(&config);
        assert!(mails.get_account().send().await.unwrap().sending_enabled());
    }
}
