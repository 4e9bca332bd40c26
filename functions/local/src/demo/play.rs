//! Plays events at simulated time: each is sent to the event API, and every three hours the schedules run.

use attune_aws::clock::ClockHand;
use attune_aws::meter::Units;
use attune_domain::time::{Span, Timestamp};
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Request, header};
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::{Value, json};
use tower::ServiceExt as _;

use super::KEY;
use super::model::Planned;
use crate::Failure;
use crate::suite::{Suite, Ticked};

/// How often the schedules run. In the cloud it is each minute; memberships are the same, and
/// messages go out a little later.
pub(super) const TICK: Span = Span::hours(3);
/// The same as a number.
const HOURS: u64 = 3;

/// The suite and the hand of its clock.
pub(super) struct Stage<'a> {
    pub(super) suite: &'a Suite,
    pub(super) hand: &'a ClockHand,
}

/// What playing took.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Figures {
    /// Events that were sent.
    pub(super) events: u64,
    /// Times that the schedules ran.
    pub(super) ticks: u64,
    /// Customers known, summed over the hours that went by.
    pub(super) customer_hours: u64,
    /// Wake-ups.
    pub(super) wake_ups: u64,
    /// Capacity used by events.
    pub(super) ingest: Units,
    /// Capacity used by wake-ups.
    pub(super) recompute: Units,
    /// Capacity used by messages.
    pub(super) dispatch: Units,
}

impl Stage<'_> {
    /// Plays all events up to `until`.
    pub(super) async fn play(
        &self,
        planned: &[Planned],
        until: Timestamp,
    ) -> Result<Figures, Failure> {
        let mut figures = Figures::default();
        let router = attune_ingest::router(self.suite.ingest());
        let planned: Vec<&Planned> = planned.iter().filter(|event| event.at <= until).collect();
        let mut known = std::collections::HashSet::new();
        let mut tick = self.hand.now() + TICK;
        let bar = bar(planned.len());
        for together in planned.chunk_by(|one, next| minute(one) == minute(next)) {
            let Some(at) = together.last().map(|event| event.at) else { continue };
            while tick <= at {
                self.tick(tick, known.len(), &mut figures).await?;
                tick = tick + TICK;
            }
            self.hand.set(at);
            let before = self.suite.store.meter().total();
            send(&router, together).await?;
            let used = self.suite.store.meter().total() - before;
            figures.ingest = [figures.ingest, used].into_iter().sum();
            known.extend(together.iter().map(|event| event.call["userId"].to_string()));
            figures.events += together.len() as u64;
            bar.inc(together.len() as u64);
        }
        while tick < until {
            self.tick(tick, known.len(), &mut figures).await?;
            tick = tick + TICK;
        }
        self.tick(until, known.len(), &mut figures).await?;
        bar.finish_and_clear();
        Ok(figures)
    }

    async fn tick(
        &self,
        at: Timestamp,
        known: usize,
        figures: &mut Figures,
    ) -> Result<(), Failure> {
        self.hand.set(at);
        let Ticked { swept, dispatched: _, recompute, dispatch } = self.suite.tick().await?;
        figures.ticks += 1;
        figures.customer_hours += known as u64 * HOURS;
        figures.wake_ups += swept.fresh;
        figures.recompute = [figures.recompute, recompute].into_iter().sum();
        figures.dispatch = [figures.dispatch, dispatch].into_iter().sum();
        Ok(())
    }
}

/// SDKs gather events for some seconds before they send them.
fn minute(event: &Planned) -> i64 {
    event.at.millis().div_euclid(60_000)
}

/// Sends events as an SDK does, and takes nothing but a 200.
async fn send(router: &Router, events: &[&Planned]) -> Result<(), Failure> {
    let batch: Vec<&Value> = events.iter().map(|event| &event.call).collect();
    let body = json!({ "batch": batch, "writeKey": KEY }).to_string();
    let request = Request::post("/v1/batch").header(header::CONTENT_TYPE, "application/json");
    let request = request.body(Body::from(body)).map_err(|why| Failure::Api(why.to_string()))?;
    let response = match router.clone().oneshot(request).await {
        Ok(response) => response,
        Err(never) => match never {},
    };
    if response.status().is_success() {
        return Ok(());
    }
    let status = response.status();
    let body = to_bytes(response.into_body(), 1 << 16).await.unwrap_or_default();
    Err(Failure::Api(format!("{status}: {}", String::from_utf8_lossy(&body))))
}

fn bar(length: usize) -> ProgressBar {
    let style = "{msg} [{bar:40}] {pos}/{len} events, {elapsed} of about {duration}";
    let style = ProgressStyle::with_template(style);
    ProgressBar::new(length as u64)
        .with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
        .with_message("playing")
}
