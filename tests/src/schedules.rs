//! Every way in which a flow can die, played out.
//!
//! A [`Flow`] is what happens to a shop from outside: requests, schedules, time. It is played once
//! without trouble, which counts its calls of AWS and shows what should come of it. Then it is
//! played again for every call and every trouble at that call: the process dies before the
//! call, after its effect, or after its answer; or it lives and the answer is lost. Whoever called
//! comes again, as clients and schedules do, and when all is quiet a [`verdict`] is given.

pub mod flows;
pub mod planted;
pub mod shop;
pub mod stage;
pub mod verdict;
pub mod walk;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use attune_aws::transport::Transport;
use attune_domain::time::Span;
use attune_embedded::capture::feedback::Happened;
use attune_testkit::faults::{Call, Fate, Point};
use serde_json::Value;

use stage::Stage;
use verdict::Portrait;

/// Something that happens to a shop from outside.
#[derive(Debug, Clone)]
pub enum Act {
    /// A client sends these events, until it is answered that they are kept.
    Post(Vec<Value>),
    /// The schedule of wake-ups.
    Sweep,
    /// The schedule of messages.
    Dispatch,
    /// The full pass, slice by slice.
    Pass,
    /// Time goes by.
    Wait(Span),
    /// Definitions are published and a full pass is asked for. Nothing goes wrong here.
    Publish(&'static str),
    /// The next call of an operation meets a fate, whatever else goes wrong.
    Next(&'static str, Fate),
    /// Sweeps with the checkpoint before its effect: a planted bug.
    SweepWrongly,
    /// SES tells that this became of the newest mail, a minute after it was sent.
    Tell(&'static [Happened]),
    /// A customer sends a text with this id, so many minutes after the shop begins.
    Text(&'static str, &'static str, u32),
    /// A client that is told “kept” before anything is: a planted bug.
    PostAndForget(Vec<Value>),
}

/// What happens, and what must have come of it when all is quiet.
#[derive(Debug, Clone)]
pub struct Flow {
    /// Its name, a sentence's worth.
    pub name: &'static str,
    /// What was before. Nothing goes wrong in it.
    pub before: Vec<Act>,
    /// What is played.
    pub acts: Vec<Act>,
    /// Customers and how many orders of theirs count.
    pub orders: Vec<(&'static str, usize)>,
    /// Who is in which segment at last, by brute force of the reader's head.
    pub members: Vec<(&'static str, &'static str)>,
    /// What became of the messages, in the order of the words.
    pub messages: Vec<&'static str>,
}

/// What goes wrong in a schedule: at these calls, counted from the first of the flow, this.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Schedule(pub Vec<(usize, Fate)>);

impl fmt::Display for Schedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let told: Vec<String> =
            self.0.iter().map(|(n, fate)| format!("call {n}: {fate:?}")).collect();
        f.write_str(&told.join(", "))
    }
}

/// What can go wrong with one call so that its process, or its client, notices nothing or dies.
pub fn troubles() -> [Fate; 4] {
    let [before, effect, reply] = Point::ALL.map(Fate::Crash);
    [before, effect, reply, Fate::LoseReply]
}

/// Puts something between a process and AWS.
pub type Wrap = fn(Arc<dyn Transport>) -> Arc<dyn Transport>;

/// Nothing in between.
pub fn as_it_is(transport: Arc<dyn Transport>) -> Arc<dyn Transport> {
    transport
}

/// How a flow goes when nothing goes wrong.
#[derive(Debug)]
pub struct Reference {
    /// Its calls of AWS, in order.
    pub calls: Vec<Call>,
    /// What it left behind.
    pub portraits: BTreeMap<String, Portrait>,
    /// What it left behind of feedback and the census.
    pub told: Vec<String>,
}

/// Plays a flow without trouble, and fails the test if even that goes wrong.
pub async fn reference(flow: &Flow, wrap: Wrap) -> Reference {
    let played = play(flow, &Schedule(Vec::new()), wrap).await;
    let portraits = played.stage.portraits().await;
    let told = verdict::told(&played.stage);
    let reference = Reference { calls: played.calls.clone(), portraits, told };
    let wrong = verdict::of(flow, &Schedule(Vec::new()), &played, &reference).await;
    assert!(wrong.is_empty(), "{}, without trouble: {wrong:#?}", flow.name);
    reference
}

/// A flow that was played to its end.
#[derive(Debug)]
pub struct Played {
    /// The world it was played in.
    pub stage: Stage,
    /// The calls of its acts, retries included.
    pub calls: Vec<Call>,
}

/// Plays a flow with trouble, and what comes after it until all is quiet.
pub async fn play(flow: &Flow, schedule: &Schedule, wrap: Wrap) -> Played {
    play_on(Stage::new(wrap).await, flow, schedule).await
}

/// The same, in a world that was made for it.
pub async fn play_on(stage: Stage, flow: &Flow, schedule: &Schedule) -> Played {
    for act in &flow.before {
        stage.act(act).await;
        stage.let_reads_catch_up().await;
    }
    let calls = stage.act_all(&flow.acts, schedule).await;
    stage.come_to_rest().await;
    Played { stage, calls }
}

/// What is wrong after a schedule; nothing, one hopes.
pub async fn violations(
    flow: &Flow,
    schedule: &Schedule,
    reference: &Reference,
    wrap: Wrap,
) -> Vec<String> {
    let played = play(flow, schedule, wrap).await;
    judge(&played, flow, schedule, reference).await
}

/// What is wrong with what was played; and if nothing is, what is wrong once every client has sent
/// everything again, as those do that are not sure.
async fn judge(
    played: &Played,
    flow: &Flow,
    schedule: &Schedule,
    reference: &Reference,
) -> Vec<String> {
    let wrong = verdict::of(flow, schedule, played, reference).await;
    if !wrong.is_empty() {
        return wrong;
    }
    played.stage.send_again(&flow.acts).await;
    let wrong = verdict::of(flow, schedule, played, reference).await;
    wrong.into_iter().map(|what| format!("after sending again: {what}")).collect()
}

/// Every schedule with one trouble.
pub fn singles(reference: &Reference) -> Vec<Schedule> {
    let at = |n| troubles().map(|fate| Schedule(vec![(n, fate)]));
    (1..=reference.calls.len()).flat_map(at).collect()
}

/// Every schedule with a second crash after `first`: in what is left of the flow, and in what is
/// done again because of the first.
pub async fn pairs(flow: &Flow, first: &Schedule, wrap: Wrap) -> Vec<Schedule> {
    let calls = play(flow, first, wrap).await.calls.len();
    let from = first.0.first().map_or(1, |(n, _)| n + 1);
    let second = |n| {
        Point::ALL.map(|point| Schedule([first.0.as_slice(), &[(n, Fate::Crash(point))]].concat()))
    };
    (from..=calls).flat_map(second).collect()
}
