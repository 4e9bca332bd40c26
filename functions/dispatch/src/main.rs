//! The Lambda function.

use attune_aws::clock::Clock;
use attune_aws::config::{self, Config};
use attune_aws::telemetry;
use attune_dispatch::{Deps, Tick, sweep};
use attune_domain::time::{Span, Timestamp};
use lambda_runtime::{Error, LambdaEvent, run, service_fn};

/// What is left for counting what was sent, and giving back what was not.
const MARGIN: Span = Span::seconds(10);

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    telemetry::start();
    let config = Config::from_env()?;
    let aws = config::aws().await;
    let (store, senders) = (&config.store(&aws), &config.senders(&aws));
    run(service_fn(async |event: LambdaEvent<Tick>| {
        let deps = Deps {
            store: store.clone(),
            senders: senders.clone(),
            clock: Clock::system(),
            links: config.links.clone(),
            // A second delivery of one tick has the same request id, and must not take a claim of
            // the first for its own.
            run: format!("{}-{:016x}", event.context.request_id, fastrand::u64(..)),
        };
        let ends = i64::try_from(event.context.deadline).unwrap_or(i64::MAX);
        let deadline = Timestamp::from_millis(ends) - MARGIN;
        sweep(&deps, deadline).await.map_err(Error::from)
    }))
    .await
}
