//! The Lambda function.

use attune_aws::clock::Clock;
use attune_aws::config::{self, Config};
use attune_aws::telemetry;
use attune_links::{Deps, router};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    telemetry::start();
    let config = Config::from_env()?;
    let aws = config::aws().await;
    let keys = config.link_keys.clone().ok_or("`ATTUNE_LINK_KEYS` is missing")?;
    let deps = Deps { store: config.store(&aws), keys, clock: Clock::system() };
    lambda_http::run(router(deps)).await
}
