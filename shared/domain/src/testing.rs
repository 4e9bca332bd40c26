//! For tests of this crate: a person with a history, under definitions written in the test.

use serde_json::{Value, json};

use crate::definitions::Definitions;
use crate::event::segment::{Arrival, read};
use crate::event::{Event, Writer};
use crate::id::CustomerId;
use crate::message::Message;
use crate::profile::Profile;
use crate::step::{Input, MembershipChange, step};
use crate::time::Timestamp;

pub(crate) fn at(text: &str) -> Timestamp {
    Timestamp::parse(text).unwrap()
}

/// The definitions in `yaml`, as the first version.
#[track_caller]
pub(crate) fn definitions(yaml: &str) -> Definitions {
    follow(yaml, &Definitions::none())
}

/// The definitions in `yaml`, as those that follow `before`.
#[track_caller]
pub(crate) fn follow(yaml: &str, before: &Definitions) -> Definitions {
    Definitions::read(&[("test.yaml", yaml)], &before.lineage().next()).unwrap_or_else(|mistakes| {
        panic!("{}", mistakes.iter().map(|m| format!("{m}\n")).collect::<String>())
    })
}

/// One segment `s` with this rule.
pub(crate) fn one_segment(rule: &str) -> String {
    format!("segments: [{{ id: s, when: {rule} }}]")
}

/// An event of customer 42, received when it happened.
#[track_caller]
pub(crate) fn did(name: &str, time: &str, properties: Value) -> Event {
    call(json!({"type": "track", "event": name, "properties": properties}), time)
}

/// An order of customer 42.
#[track_caller]
pub(crate) fn order(id: &str, time: &str, total: f64) -> Event {
    did("Order Completed", time, json!({"order_id": id, "total": total}))
}

/// What customer 42 is told to be like.
#[track_caller]
pub(crate) fn is(time: &str, traits: Value) -> Event {
    call(json!({"type": "identify", "traits": traits}), time)
}

/// A call of customer 42, received when it happened.
#[track_caller]
pub(crate) fn call(mut call: Value, time: &str) -> Event {
    call["userId"] = json!("42");
    call["timestamp"] = json!(time);
    let arrival = Arrival { received: at(time), sent_at: None, writer: Writer::Ourselves };
    read(&call, &arrival).unwrap().0
}

/// A person, and all that came of their steps.
pub(crate) struct Life<'a> {
    pub(crate) definitions: &'a Definitions,
    pub(crate) profile: Profile,
    pub(crate) changes: Vec<MembershipChange>,
    pub(crate) messages: Vec<Message>,
}

impl<'a> Life<'a> {
    pub(crate) fn new(definitions: &'a Definitions, begin: &str) -> Self {
        let profile = Profile::new(CustomerId::known("42"), definitions, at(begin));
        Self { definitions, profile, changes: Vec::new(), messages: Vec::new() }
    }

    pub(crate) fn take(&mut self, input: Input<'_>, now: Timestamp) {
        loop {
            let stepped = step(self.profile.clone(), input, self.definitions, now);
            self.profile = stepped.profile;
            self.changes.extend(stepped.changes);
            self.messages.extend(stepped.messages);
            if !stepped.behind {
                return;
            }
        }
    }

    pub(crate) fn event(&mut self, event: &Event) {
        self.take(Input::Event(event), event.received);
    }

    pub(crate) fn tick(&mut self, now: &str) {
        self.take(Input::Tick, at(now));
    }
}
