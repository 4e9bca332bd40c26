//! `attune serve`: the whole suite on one machine, with the HTTP paths of the cloud.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use attune_aws::clock::Clock;
use attune_aws::keys::{Keys, Scope};
use attune_domain::link::{LinkKeys, Links};
use attune_domain::plan::Version;
use attune_domain::time::Span;
use attune_embedded::Outbox;
use axum::Router;
use tokio::net::TcpListener;
use tokio::time::{MissedTickBehavior, interval};

use crate::suite::Suite;
use crate::{Failure, cli, folder, kept, push};
use crate::{feedback_page, outbox_page};

/// How often the schedules run. In the cloud it is each minute.
const TICK: Duration = Duration::from_secs(1);
/// How often expired items are deleted, with the bytes of who was erased, and it is looked whether a
/// census is due.
const NOW_AND_THEN: Span = Span::minutes(1);

/// Serves until it is stopped.
pub(crate) async fn run(asked: &cli::Serve) -> Result<(), Failure> {
    let named = WithKeys::of(asked)?;
    let listener = TcpListener::bind(asked.listen).await.map_err(|why| {
        Failure::Input(format!("cannot listen on {}: {why}; use `--listen`", asked.listen))
    })?;
    let mut suite = Suite::open(asked.data.as_deref(), Clock::system(), named.keys(), None).await?;
    suite.links = Some(links(asked, &listener)?);
    let suite = Arc::new(suite);
    let routes = router(&suite, asked.data.as_deref(), asked.listen.ip().is_loopback())?;
    begin(&suite, asked).await?;
    announce(&suite, asked, &named, &listener).await?;
    let schedules = tokio::spawn(run_schedules(Arc::clone(&suite)));
    axum::serve(listener, routes).with_graceful_shutdown(stopped()).await?;
    schedules.abort();
    Ok(())
}

/// Everything that is served: what the cloud serves, and, if nobody else can ask, what was sent. That
/// is kept in the data folder, if there is one.
pub fn router(suite: &Arc<Suite>, data: Option<&Path>, alone: bool) -> Result<Router, Failure> {
    let outbox = open_outbox(suite, data)?;
    let routes = suite.router();
    // Whatever is in the outbox is somebody's mail, and the page asks for no key.
    if !alone {
        return Ok(routes);
    }
    let feedback = feedback_page::router(Arc::clone(suite), outbox.clone());
    Ok(routes.merge(outbox_page::router(outbox)).merge(feedback))
}

/// The definitions to begin with, unless there are some already.
async fn begin(suite: &Suite, asked: &cli::Serve) -> Result<(), Failure> {
    let current = suite.store.current_version().await?;
    match (&asked.definitions, current > Version::default()) {
        (None, true) => Ok(()),
        (folder, _) => push::publish(suite, &folder::read_or_starter(folder.as_deref())?).await,
    }
}

/// What was sent, in the data folder or in memory.
fn open_outbox(suite: &Suite, data: Option<&Path>) -> Result<outbox_page::Sent, Failure> {
    let Some(folder) = data.map(|data| data.join("outbox")) else {
        return Ok(outbox_page::Sent::Here(suite.capture.clone()));
    };
    let outbox = Outbox::open(&folder).map_err(|why| Failure::file(folder, why))?;
    suite.write_to(outbox.clone());
    Ok(outbox_page::Sent::Folder(outbox))
}

/// Links that lead here, sealed with a key that the data folder keeps.
fn links(asked: &cli::Serve, listener: &TcpListener) -> Result<Links, Failure> {
    let url = match &asked.link_url {
        Some(url) => url.clone(),
        None => format!("http://{}", listener.local_addr()?),
    };
    let key = match &asked.data {
        Some(folder) => {
            kept::lines(folder, "link-key", || Ok([format!("local:{}", kept::random::<64>()?)]))?
        }
        None => [format!("local:{}", kept::random::<64>()?)],
    };
    let keys = LinkKeys::parse(&key.concat()).map_err(|why| Failure::Input(why.to_string()))?;
    Links::new(&url, keys).map_err(|why| Failure::Input(format!("`--link-url` is {why}")))
}

async fn announce(
    suite: &Suite,
    asked: &cli::Serve,
    named: &WithKeys,
    listener: &TcpListener,
) -> Result<(), Failure> {
    let url = format!("http://{}", listener.local_addr()?);
    say!("attune listens on {url}");
    say!("  events      {url}/v1/batch   write key   {}", named.write);
    say!("                                         browser key {}", named.browser);
    say!("  management  {url}/api        manage key  {}", named.manage);
    if asked.listen.ip().is_loopback() {
        say!("  outbox      {url}/outbox");
    }
    match &asked.data {
        Some(folder) => say!("  data        {}", folder.display()),
        None => say!("  data        in memory; `--data DIR` keeps it"),
    }
    say!("  definitions version {}", suite.store.current_version().await?.0);
    Ok(())
}

/// Wakes, passes and sends, each second; a store that fails now is asked again.
async fn run_schedules(suite: Arc<Suite>) {
    let mut ticks = interval(TICK);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut looked = suite.clock.now();
    loop {
        ticks.tick().await;
        if let Err(error) = suite.tick().await {
            tracing::error!(error = %error, "serve.tick_failed");
        }
        if suite.clock.now().since(looked) >= NOW_AND_THEN {
            looked = suite.clock.now();
            if let Err(error) = suite.delete_expired() {
                tracing::error!(error = %error, "serve.delete_failed");
            }
            if let Err(error) = suite.census().await {
                tracing::error!(error = %error, "serve.census_failed");
            }
        }
    }
}

async fn stopped() {
    // Without a signal handler the process ends by the signal itself, which is as safe.
    tokio::signal::ctrl_c().await.ok();
}

/// The three keys: as named, as kept in the data folder, or made up.
struct WithKeys {
    write: String,
    browser: String,
    manage: String,
}

impl WithKeys {
    fn of(asked: &cli::Serve) -> Result<Self, Failure> {
        let three = || Ok([made_up()?, made_up()?, made_up()?]);
        let kept = match &asked.data {
            Some(folder) => kept::lines(folder, "keys", three)?,
            None => three()?,
        };
        let [write, browser, manage] = kept;
        Ok(Self {
            write: asked.write_key.clone().unwrap_or(write),
            browser: asked.browser_key.clone().unwrap_or(browser),
            manage: asked.manage_key.clone().unwrap_or(manage),
        })
    }

    fn keys(&self) -> Keys {
        Keys::default()
            .with(Scope::Server, &self.write)
            .with(Scope::Browser, &self.browser)
            .with(Scope::Manage, &self.manage)
    }
}

/// 128 random bits for a key of the API.
fn made_up() -> Result<String, Failure> {
    kept::random::<16>()
}
