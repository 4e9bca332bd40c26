//! The Lambda function.

use attune_aws::clock::Clock;
use attune_aws::config::{self, Config};
use attune_aws::keys::Keys;
use attune_aws::telemetry;
use attune_manage::{Deps, router};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    telemetry::start();
    let config = Config::from_env()?;
    let aws = config::aws().await;
    let deps = Deps {
        store: config.store(&aws),
        senders: config.senders(&aws),
        keys: Keys::parse(&config.keys)?,
        clock: Clock::system(),
        pass_machine: config.pass_machine(&aws),
    };
    lambda_http::run(router(deps)).await
}
