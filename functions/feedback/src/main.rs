//! The Lambda function.

use attune_aws::clock::Clock;
use attune_aws::config::{self, Config};
use attune_aws::telemetry;
use attune_feedback::{Deps, Trusted, handle};
use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use serde_json::Value;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    telemetry::start();
    let config = Config::from_env()?;
    let aws = config::aws().await;
    let (store, senders) = (&config.store(&aws), &config.senders(&aws));
    let trusted = &Trusted::topics(&config.feedback_topics);
    run(service_fn(async |event: LambdaEvent<Value>| {
        let deps = Deps {
            store: store.clone(),
            senders: senders.clone(),
            clock: Clock::system(),
            trusted: trusted.clone(),
            run: format!("{}-{:016x}", event.context.request_id, fastrand::u64(..)),
        };
        handle(&deps, &event.payload).await.map_err(Error::from)
    }))
    .await
}
