//! Links in messages: clicks, unsubscribing, preferences, confirming a subscription.
//!
//! GET, HEAD and OPTIONS change nothing, since mail scanners follow every link; only a click is
//! noted, once a message, and as a machine's where it looks like one. Whoever holds a link needs
//! nothing else, and learns nothing of the customer but what they allow.

mod acts;
mod click;
mod confirm;
mod failure;
mod form;
mod link;
mod machine;
mod page;
mod preferences;
mod unsubscribe;
mod words;

use attune_aws::clock::Clock;
use attune_aws::store::Store;
use attune_domain::link::LinkKeys;
use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::from_fn;
use axum::routing::{any, get};

use crate::failure::Failure;

/// Bytes of a form: the longest is the preference page's, with a word for each topic and channel.
const FORM_BYTES: usize = 16 * 1024;

/// What the function works with.
#[derive(Debug, Clone)]
pub struct Deps {
    /// The store.
    pub store: Store,
    /// What links are sealed with.
    pub keys: LinkKeys,
    /// The time.
    pub clock: Clock,
}

/// The routes.
pub fn router(deps: Deps) -> Router {
    // What was cut off before its token, as mail clients do, is no link of ours either.
    let cut = ["/l", "/s", "/u", "/p", "/o"]
        .into_iter()
        .flat_map(|path| [path.to_owned(), format!("{path}/")]);
    cut.fold(Router::new(), |router, path| router.route(&path, any(async || Failure::NotFound)))
        .route("/l/{*token}", get(click::follow))
        .route("/s/{*token}", get(click::follow))
        .route("/u/{*token}", get(unsubscribe::show).post(unsubscribe::take))
        .route("/p/{*token}", get(preferences::show).post(preferences::take))
        .route("/o/{*token}", get(confirm::show).post(confirm::take))
        .layer(DefaultBodyLimit::max(FORM_BYTES))
        .layer(from_fn(page::finish))
        .with_state(deps)
}
