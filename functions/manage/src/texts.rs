//! How long the text messages of a program would be, and what they would cost.

use std::collections::{BTreeMap, BTreeSet};

use attune_domain::channel::Channel;
use attune_domain::content::{Data, Unwritten, Written, draft};
use attune_domain::definitions::Definitions;
use attune_domain::link::Urls;
use attune_domain::number::Number;
use attune_domain::policy::Texts as Policy;
use attune_domain::profile::Profile;
use attune_domain::program::Program;
use attune_domain::sms::{self, Count, Encoding};
use attune_domain::time::Timestamp;
use serde_json::{Value, json};

use crate::sample;

/// Texts of one program that are written to be counted: enough to see the long ones, in less than a
/// tenth of a second.
const MOST: u64 = 200;

/// The text messages of one program.
#[derive(Debug, Default)]
pub(crate) struct Texts {
    written: u64,
    /// How many have so many segments.
    segments: BTreeMap<usize, u64>,
    ucs2: u64,
    /// What takes them out of the GSM alphabet.
    outside: BTreeSet<char>,
    too_long: u64,
    /// Segments of those that would be sent.
    billed: usize,
}

impl Texts {
    /// Writes and counts the text that a customer would get, if the program has one.
    pub(crate) fn count(
        &mut self,
        profile: &Profile,
        program: &Program,
        definitions: &Definitions,
        now: Timestamp,
    ) {
        if self.written >= MOST {
            return;
        }
        match written(profile, program, definitions, now) {
            Some(Ok(Written::Sms(text))) => {
                let count = sms::count(&text);
                self.billed += count.segments;
                self.add(count);
            }
            Some(Err(Unwritten::TooLong(count, _))) => {
                self.too_long += 1;
                self.add(count);
            }
            _ => {}
        }
    }

    fn add(&mut self, count: Count) {
        self.written += 1;
        *self.segments.entry(count.segments).or_default() += 1;
        self.ucs2 += u64::from(count.encoding == Encoding::Ucs2);
        self.outside.extend(count.outside);
    }

    /// For the answer; null if no text was written.
    pub(crate) fn json(&self, policy: &Policy) -> Value {
        if self.written == 0 {
            return Value::Null;
        }
        let segments = self.segments.iter();
        json!({
            "written": self.written,
            "segments": segments.map(|(n, texts)| (n.to_string(), *texts)).collect::<BTreeMap<_, _>>(),
            "ucs2": self.ucs2,
            "outside_gsm": self.outside.iter().collect::<String>(),
            "too_long": self.too_long,
            "cost": cost(policy, self.billed),
        })
    }
}

fn written(
    profile: &Profile,
    program: &Program,
    definitions: &Definitions,
    now: Timestamp,
) -> Option<Result<Written, Unwritten>> {
    let content = definitions.templates.get(&program.template)?;
    if !content.has(Channel::Sms) {
        return None;
    }
    let message = sample::message(&profile.id, &program.template, Some(program), now)?;
    let data =
        Data::of(profile, &message, definitions, &Urls::harmless(&definitions.shop.url), now);
    let data = match sample::issued(Some(program), definitions) {
        Some(issued) => data.with_coupon(&issued),
        None => data,
    };
    Some(draft(content, Channel::Sms, &data, now).map(|draft| draft.written))
}

/// What so many segments cost; null if the shop told no price.
pub(crate) fn cost(policy: &Policy, segments: usize) -> Value {
    let amount = |cost: Number| serde_json::from_str::<Value>(&cost.to_string()).ok();
    match policy.cost(segments).and_then(amount) {
        Some(amount) => json!({ "amount": amount, "currency": policy.currency }),
        None => Value::Null,
    }
}
