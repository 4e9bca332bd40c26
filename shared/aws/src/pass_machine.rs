//! The state machine that drives a full pass in the cloud.

use attune_domain::time::Timestamp;
use aws_config::SdkConfig;
use aws_sdk_sfn::Client;
use aws_sdk_sfn::error::SdkError;
use aws_sdk_sfn::operation::start_execution::StartExecutionError;
use serde_json::json;

use crate::store::Pass;

/// Starts the state machine of full passes, where there is one. On one machine there is none: the
/// process itself looks for a pass that is wanted.
#[derive(Debug, Clone)]
pub struct PassMachine(Option<(Client, String)>);

/// The state machine could not be started. The pass is asked for all the same: publishing the same
/// definitions again starts it.
#[derive(Debug, thiserror::Error)]
#[error("the full pass could not be started: {0}; push the same definitions again")]
pub struct NotStarted(String);

impl PassMachine {
    /// The machine of that name (its ARN), or none.
    pub fn new(aws: &SdkConfig, arn: Option<String>) -> Self {
        Self(arn.map(|arn| (Client::new(aws), arn)))
    }

    /// No machine.
    pub fn none() -> Self {
        Self(None)
    }

    /// Starts it for `pass`. A second start of the same pass is none.
    pub async fn start(&self, pass: &Pass, now: Timestamp) -> Result<(), NotStarted> {
        let Some((client, arn)) = &self.0 else { return Ok(()) };
        let output = client
            .start_execution()
            .state_machine_arn(arn)
            // A pass that is asked for again is another execution; a retry of one call is not.
            .name(format!("pass-{}-{}", pass.number, now.millis()))
            .input(input(pass))
            .send()
            .await;
        match output {
            Ok(_) => Ok(()),
            Err(SdkError::ServiceError(error))
                if matches!(error.err(), StartExecutionError::ExecutionAlreadyExists(_)) =>
            {
                Ok(())
            }
            Err(error) => Err(NotStarted(
                error.into_service_error().meta().code().unwrap_or("no answer").to_owned(),
            )),
        }
    }
}

/// What the machine is told: until when to wait, and which pass is its own, so that it ends when
/// another took its place meanwhile.
pub fn input(pass: &Pass) -> String {
    json!({ "pass": pass.number, "not_before": pass.not_before.to_string() }).to_string()
}
