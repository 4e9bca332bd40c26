//! The Lambda function.

use attune_aws::clock::Clock;
use attune_aws::config::{self, Config};
use attune_aws::telemetry;
use attune_domain::time::{Span, Timestamp};
use attune_recompute::{Deps, Task, handle};
use lambda_runtime::{Error, LambdaEvent, run, service_fn};

/// What is left for writing a cursor after the last page.
const MARGIN: Span = Span::seconds(10);

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    telemetry::start();
    let config = Config::from_env()?;
    let aws = config::aws().await;
    let deps = Deps { store: config.store(&aws), clock: Clock::system() };
    let deps = &deps;
    run(service_fn(async |event: LambdaEvent<Task>| {
        let ends = i64::try_from(event.context.deadline).unwrap_or(i64::MAX);
        let deadline = Timestamp::from_millis(ends) - MARGIN;
        handle(deps, event.payload, deadline).await.map_err(Error::from)
    }))
    .await
}
