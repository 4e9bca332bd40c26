//! `attune replay`: the same input gives the same bytes, however often time is looked at.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::{Value, json};

const SHOP: &str = "
segments:
  - { id: buyers, when: { event: Order Completed, within: 3d } }
  - { id: waiting, when: { waiting: { since: Product Added, without: Order Completed, for: 1h, at_most: 2d } } }
  - { id: birthday, when: { trait: birthday, anniversary: today } }
templates:
  - id: thanks
    email: { subject: Thanks, html: '<p>Thanks</p>', text: Thanks }
programs:
  - { id: thank, enter: buyers, again: { after: 1d }, send: { template: thanks } }
";

/// A folder that is gone in the end.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        let folder = std::env::temp_dir().join(format!("attune-replay-{}", fastrand::u64(..)));
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join("shop.yaml"), SHOP).unwrap();
        Self(folder)
    }

    fn file(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.0).ok();
    }
}

/// Ten customers over ten days, with late events, repetitions, and zones with summer time.
fn events() -> Vec<Value> {
    let mut chance = fastrand::Rng::with_seed(7);
    let mut events = Vec::new();
    for customer in 0..10 {
        let zone = ["Europe/Paris", "America/New_York", "Australia/Sydney"][customer % 3];
        let traits = json!({
            "email": format!("customer-{customer}@example.com"),
            "timezone": zone,
            "birthday": format!("1980-10-{:02}", 20 + customer),
        });
        let mut say = |minute: u64, late: u64, mut event: Value| {
            let at = |minutes: u64| {
                let (day, rest) = (20 + minutes / 1_440, minutes % 1_440);
                format!("2026-10-{day:02}T{:02}:{:02}:00Z", rest / 60, rest % 60)
            };
            event["userId"] = customer.to_string().into();
            event["messageId"] = format!("{customer} {}", events.len()).into();
            event["timestamp"] = at(minute).into();
            event["receivedAt"] = at(minute + late).into();
            events.push(event);
        };
        say(0, 0, json!({"type": "identify", "traits": traits}));
        let consent = json!({"channel": "email", "source": "a form"});
        say(1, 0, json!({"type": "track", "event": "Consent Granted", "properties": consent}));
        for order in 0..12 {
            let late = if chance.u32(0..10) == 0 { chance.u64(0..2_000) } else { 0 };
            let name = ["Order Completed", "Product Added"][chance.usize(0..2)];
            let properties = json!({"order_id": format!("{customer} {order}"), "total": 10, "product_id": "red"});
            let minute = chance.u64(2..8 * 1_440);
            say(minute, late, json!({"type": "track", "event": name, "properties": properties}));
        }
    }
    let again: Vec<Value> = events.iter().step_by(7).cloned().collect();
    events.extend(again);
    events
}

fn write_events(folder: &Folder) -> PathBuf {
    let file = folder.file("events.ndjson");
    let lines: String = events().iter().map(|event| format!("{event}\n")).collect();
    std::fs::write(&file, lines).unwrap();
    file
}

/// Replays, and answers what was written: memberships and messages.
fn replay(folder: &Folder, events: &Path, tick: &str) -> [String; 2] {
    replay_with(folder, events, &["--tick", tick])
}

fn replay_with(folder: &Folder, events: &Path, more: &[&str]) -> [String; 2] {
    let outs = ["memberships.ndjson", "messages.ndjson"].map(|name| folder.file(name));
    let output = Command::new(env!("CARGO_BIN_EXE_attune"))
        .arg("replay")
        .args(more)
        .args(["--until", "2026-10-31T00:00:00Z", "--definitions"])
        .arg(folder.file("shop.yaml"))
        .arg("--events")
        .arg(events)
        .arg("--memberships")
        .arg(&outs[0])
        .arg("--messages")
        .arg(&outs[1])
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    outs.map(|out| std::fs::read_to_string(out).unwrap())
}

#[test]
fn twice_the_same_bytes() {
    let folder = Folder::new();
    let events = write_events(&folder);
    let first = replay(&folder, &events, "1h");
    assert_eq!(first, replay(&folder, &events, "1h"));
    let [memberships, messages] = first;
    assert!(memberships.lines().count() > 100, "{memberships}");
    assert!(messages.lines().any(|line| line.contains("\"accepted\"")), "{messages}");
    assert!(memberships.contains("\"time\"") && memberships.contains("\"event\""));
}

#[test]
fn ticks_of_a_minute_an_hour_and_a_day_give_the_same_memberships() {
    let folder = Folder::new();
    let events = write_events(&folder);
    let [hourly, _] = replay(&folder, &events, "1h");
    for tick in ["1m", "1d"] {
        let [memberships, _] = replay(&folder, &events, tick);
        assert_eq!(memberships, hourly, "with ticks of {tick}");
    }
}

#[test]
fn no_message_expires_because_of_the_ticks_that_nobody_chose() {
    let folder = Folder::new();
    let short = SHOP.replace("template: thanks }", "template: thanks, max_lateness: 5m }");
    std::fs::write(folder.file("shop.yaml"), short).unwrap();
    let events = write_events(&folder);
    let expired = |more: &[&str]| {
        let [_, messages] = replay_with(&folder, &events, more);
        messages.lines().filter(|line| line.contains("\"expired\"")).count()
    };
    // Some events came so late that their messages are too late in any case.
    assert_eq!(expired(&[]), expired(&["--tick", "1m"]));
    assert!(expired(&["--tick", "1h"]) > expired(&[]));
}

#[test]
fn a_reader_that_goes_away_ends_a_command_quietly() {
    let folder = Folder::new();
    let mut check = Command::new(env!("CARGO_BIN_EXE_attune"))
        .arg("check")
        .arg(folder.file("shop.yaml"))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(check.stdout.take());
    let output = check.wait_with_output().unwrap();
    assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
}

#[test]
fn check_counts_what_there_is_and_tells_of_coupons_that_have_expired() {
    let folder = Folder::new();
    let over = SHOP.replace("template: thanks }", "template: thanks, coupon: c }");
    let coupon = "coupons: [{ id: c, codes: static, code: SAVE, expires: 2020-01-01 }]";
    std::fs::write(folder.file("shop.yaml"), format!("{over}{coupon}")).unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_attune"))
        .arg("check")
        .arg(folder.file("shop.yaml"))
        .output()
        .unwrap();
    let told = String::from_utf8(output.stdout).unwrap();
    assert!(
        told.starts_with("No mistakes in 1 file: 3 segments, 1 program, 1 template."),
        "{told}"
    );
    assert!(told.contains("The coupon `c` has expired: `thank` sends nothing."), "{told}");
}

#[test]
fn lines_are_in_the_order_of_time_customer_and_segment() {
    let folder = Folder::new();
    let [memberships, _] = replay(&folder, &write_events(&folder), "1h");
    let keys: Vec<[String; 3]> = memberships
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap())
        .map(|line| ["at", "customer", "segment"].map(|key| line[key].as_str().unwrap().to_owned()))
        .collect();
    assert!(keys.is_sorted(), "{memberships}");
}

#[test]
fn a_line_that_cannot_be_read_is_named() {
    let folder = Folder::new();
    let file = folder.file("events.ndjson");
    for (line, told) in
        [("nonsense", "line 2: expected"), ("{\"type\":\"page\"}", "line 2: neither")]
    {
        std::fs::write(&file, format!("{}\n{line}\n", events()[0])).unwrap();
        let output = Command::new(env!("CARGO_BIN_EXE_attune"))
            .args(["replay", "--definitions"])
            .arg(folder.file("shop.yaml"))
            .arg("--events")
            .arg(&file)
            .output()
            .unwrap();
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!output.status.success() && error.contains(told), "{error}");
    }
}
