//! The SDK crates, for tests elsewhere that drive the real clients against a [`Transport`].
//!
//! Product code outside this crate does not use this module: it asks the store and the senders.

use std::sync::Arc;

use aws_config::stalled_stream_protection::StalledStreamProtectionConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_dynamodb::config::endpoint::{Endpoint, EndpointFuture, Params, ResolveEndpoint};
use aws_sdk_dynamodb::config::{Credentials, SharedCredentialsProvider};

pub use aws_sdk_dynamodb as dynamodb;
pub use aws_sdk_sesv2 as sesv2;
pub use aws_sdk_sns as sns;

use crate::transport::{Transport, http_client};

/// Where a stand-in in this process is said to be. Nobody looks it up: the name is reserved (RFC 2606).
const IN_PROCESS: &str = "http://stand-in.invalid";

/// Configuration for clients that `transport` answers in process. Nobody checks the keys.
pub fn in_process(transport: Arc<dyn Transport>) -> SdkConfig {
    // There is no stream that could stall in a process.
    let stalls = StalledStreamProtectionConfig::disabled();
    let config = over_http(IN_PROCESS).into_builder();
    config.http_client(http_client(transport)).stalled_stream_protection(stalls).build()
}

/// Configuration for clients of a stand-in that listens at `url`, say `http://127.0.0.1:8000`.
pub fn over_http(url: &str) -> SdkConfig {
    let keys = Credentials::new("local", "local", None, None, "local");
    SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::from_static("eu-west-1"))
        .credentials_provider(SharedCredentialsProvider::new(keys))
        .endpoint_url(url)
        .build()
}

/// A client for many calls to a stand-in in this process. It does not sign, as nobody checks, and does
/// not work out for each call where to send it: a tenth and a thirtieth of a demo's time went into that.
pub fn dynamodb_in_process(config: &SdkConfig) -> dynamodb::Client {
    let mut keyless = config.to_builder();
    keyless.set_credentials_provider(None);
    let config = dynamodb::config::Builder::from(&keyless.build()).allow_no_auth();
    dynamodb::Client::from_conf(config.endpoint_resolver(InProcess).build())
}

#[derive(Debug)]
struct InProcess;

impl ResolveEndpoint for InProcess {
    fn resolve_endpoint<'a>(&'a self, _: &'a Params) -> EndpointFuture<'a> {
        EndpointFuture::ready(Ok(Endpoint::builder().url(IN_PROCESS).build()))
    }
}
