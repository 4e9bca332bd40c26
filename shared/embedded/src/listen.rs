//! Loopback listeners, so that a whole, unmodified binary can be pointed at a stand-in with
//! `AWS_ENDPOINT_URL`, and so that the engine can be checked behind its own HTTP layer.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};

use tokio::net::TcpListener;
use tokio::task::AbortHandle;

use crate::engine::Engine;

/// A stand-in that listens on 127.0.0.1 until this is dropped.
///
/// There is no way to ask for another address: the stand-ins check no signature, so whoever reaches
/// them owns the data.
#[derive(Debug)]
pub struct Listening {
    address: SocketAddr,
    task: AbortHandle,
}

impl Listening {
    /// What `AWS_ENDPOINT_URL` is set to.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Engine {
    /// Serves the engine behind its own HTTP layer, which checks more than the in-process door
    /// does. Port 0 lets the system choose. Needs a Tokio runtime with I/O enabled.
    pub async fn listen(&self, port: u16) -> io::Result<Listening> {
        let (listener, address) = bind(port).await?;
        let serving = dynoxide::server::serve_with_shutdown(
            listener,
            self.database(),
            std::future::pending(),
        );
        Ok(Listening { address, task: tokio::spawn(serving).abort_handle() })
    }
}

async fn bind(port: u16) -> io::Result<(TcpListener, SocketAddr)> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
    let address = listener.local_addr()?;
    Ok((listener, address))
}

#[cfg(test)]
mod tests {
    use attune_aws::sdk::{dynamodb, over_http};
    use dynamodb::operation::put_item::PutItemError;

    use super::*;
    use crate::fixtures::{create_table, got, item, put};

    #[tokio::test]
    async fn the_engine_answers_over_loopback_as_it_does_in_process() {
        let listening = Engine::memory().unwrap().listen(0).await.unwrap();
        let client = dynamodb::Client::new(&over_http(&listening.url()));
        create_table(&client, "profiles", "by-version").await.unwrap();
        put(&client, "ann", "core", 7).await;
        assert_eq!(got(&client, "ann", "core").await, Some(7));
        let again = client.put_item().table_name("profiles").set_item(Some(item("ann", "core", 8)));
        let again = again.condition_expression("attribute_not_exists(customer)").send().await;
        let refused = again.unwrap_err().into_service_error();
        assert!(matches!(refused, PutItemError::ConditionalCheckFailedException(_)));
    }
}
