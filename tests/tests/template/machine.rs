//! The state machine of full passes, taken through its states on a world.
//!
//! What is read of the language is what the template uses of it; a state of another kind fails the
//! test, so that nothing is taken for granted.

use attune_aws::pass_machine::input;
use attune_aws::store::{Pass, Round};
use attune_domain::time::{Span, Timestamp};
use attune_recompute::{Deps, Task, handle};
use attune_testkit::World;
use serde_json::{Map, Value, json};

use crate::template::Template;

const BEFORE: &str = "segments: [{ id: a, when: { trait: first_name, is: Ada } }]";
const AFTER: &str = "segments: [{ id: b, when: { trait: first_name, is: Ada } }]";
/// So many customers fill more than one page of a slice.
const CUSTOMERS: u32 = 960;

/// A run of the machine.
struct Run<'a> {
    world: &'a World,
    /// Calls of the function.
    calls: Vec<Task>,
}

impl Run<'_> {
    async fn start(&mut self, input: Value) -> Value {
        let template = Template::read();
        let machine = template.resource("FullPass");
        assert_eq!(
            machine["DefinitionSubstitutions"],
            json!({"Recompute": {"Fn::GetAtt": ["Recompute", "Arn"]}})
        );
        self.go(&machine["Definition"], input).await
    }

    /// Goes from state to state until one is the last.
    async fn go(&mut self, machine: &Value, mut data: Value) -> Value {
        let mut name = machine["StartAt"].as_str().expect("a start").to_owned();
        loop {
            let state = &machine["States"][&name];
            let mut next = state["Next"].as_str().map(str::to_owned);
            match state["Type"].as_str() {
                Some("Succeed") => return data,
                Some("Choice") => next = Some(chosen(state, &data)),
                Some("Wait") => self.wait(state, &data),
                Some("Task") => {
                    let result = self.call(state, &data).await;
                    match &state["ResultPath"] {
                        Value::Null => data = result,
                        path => put(&mut data, path, result),
                    }
                }
                Some("Map") => {
                    let items = at(&data, &state["ItemsPath"]).expect("items").clone();
                    let mut results = Vec::new();
                    for item in items.as_array().expect("a list") {
                        results
                            .push(Box::pin(self.go(&state["ItemProcessor"], item.clone())).await);
                    }
                    put(&mut data, &state["ResultPath"], results.into());
                }
                _ => panic!("the state `{name}` is of an unknown kind: {state}"),
            }
            if state["End"] == true {
                return data;
            }
            name = next.unwrap_or_else(|| panic!("`{name}` leads nowhere"));
        }
    }

    fn wait(&self, state: &Value, data: &Value) {
        if let Some(seconds) = state["Seconds"].as_u64() {
            self.world.pass(Span::seconds(seconds.try_into().expect("a short wait")));
        } else {
            let until = at(data, &state["TimestampPath"]).and_then(Value::as_str);
            let until = until.expect("an instant");
            // One that is over is not waited for.
            if Timestamp::parse(until).expect("an instant") > self.world.now() {
                self.world.set(until);
            }
        }
    }

    async fn call(&mut self, state: &Value, data: &Value) -> Value {
        assert_eq!(state["Resource"], "arn:aws:states:::lambda:invoke");
        assert_eq!(state["Parameters"]["FunctionName"], "${Recompute}");
        let payload = filled(&state["Parameters"]["Payload"], data);
        let task: Task = serde_json::from_value(payload).expect("a task");
        self.calls.push(task);
        let deps = Deps { store: self.world.store.clone(), clock: self.world.clock.clone() };
        // With no time left, a call does one page.
        let answer = handle(&deps, task, self.world.now()).await.expect("an answer");
        filled(&state["ResultSelector"], &json!({"Payload": answer}))
    }
}

/// Where a choice leads.
fn chosen(state: &Value, data: &Value) -> String {
    let choices = state["Choices"].as_array().expect("choices");
    let choice = choices.iter().find(|choice| holds(choice, data));
    let next = choice.map_or(&state["Default"], |choice| &choice["Next"]);
    next.as_str().expect("a state").to_owned()
}

fn holds(rule: &Value, data: &Value) -> bool {
    if let Some(all) = rule["And"].as_array() {
        return all.iter().all(|rule| holds(rule, data));
    }
    if rule["Not"].is_object() {
        return !holds(&rule["Not"], data);
    }
    let value = at(data, &rule["Variable"]);
    if let Some(present) = rule["IsPresent"].as_bool() {
        return value.is_some() == present;
    }
    let value = value.unwrap_or_else(|| panic!("{rule} looks for what is not there: {data}"));
    match rule["BooleanEquals"].as_bool() {
        Some(wanted) => value.as_bool() == Some(wanted),
        None => value.is_number() && Some(value) == at(data, &rule["NumericEqualsPath"]),
    }
}

/// What stands at a path such as `$.a.b[0].c`.
fn at<'d>(data: &'d Value, path: &Value) -> Option<&'d Value> {
    let path = path.as_str().and_then(|path| path.strip_prefix('$')).expect("a path");
    data.pointer(&path.replace(['.', '['], "/").replace(']', ""))
}

fn put(data: &mut Value, path: &Value, result: Value) {
    let name = path.as_str().and_then(|path| path.strip_prefix("$.")).expect("a name");
    data.as_object_mut().expect("an object").insert(name.to_owned(), result);
}

/// An object whose `name.$` members are filled from paths.
fn filled(template: &Value, data: &Value) -> Value {
    let members = template.as_object().expect("an object").iter();
    let member = |(name, value): (&String, &Value)| match name.strip_suffix(".$") {
        Some(name) => (name.to_owned(), at(data, value).expect("a value").clone()),
        None => (name.clone(), value.clone()),
    };
    Value::Object(members.map(member).collect::<Map<_, _>>())
}

/// A shop with customers, whose definitions were just replaced; and the pass that is asked for.
async fn published() -> (World, Pass) {
    let world = World::with(BEFORE).await;
    for customer in 1..=CUSTOMERS {
        world.reachable(&customer.to_string()).await;
    }
    world.publish(AFTER).await;
    let pass = ask(&world).await;
    (world, pass)
}

async fn ask(world: &World) -> Pass {
    let version = world.store.current_version().await.unwrap();
    world.store.start_pass(version, world.now()).await.unwrap()
}

async fn visited(world: &World, pass: &Pass) -> u64 {
    let mut visited = 0;
    for slice in pass.slices() {
        visited += world.store.slice_progress(&slice).await.unwrap().visited;
    }
    visited
}

fn told(pass: &Pass) -> Value {
    serde_json::from_str(&input(pass)).expect("JSON")
}

#[tokio::test]
async fn a_pass_waits_until_it_may_begin_and_brings_everybody_to_the_new_definitions() {
    let (world, pass) = published().await;
    let mut run = Run { world: &world, calls: Vec::new() };
    run.start(told(&pass)).await;
    assert!(world.now() >= pass.not_before);
    assert_eq!(visited(&world, &pass).await, u64::from(CUSTOMERS));
    let size = world.store.size("b", Span::default(), world.now()).await.unwrap();
    assert_eq!(size.count, u64::from(CUSTOMERS));
    let slices = run.calls.iter().filter(|task| matches!(task, Task::Slice(_))).count();
    assert!(slices > 1, "the slice took one turn only: {:?}", run.calls);
}

#[tokio::test]
async fn a_pass_that_failed_is_taken_up_by_an_empty_start() {
    let (world, pass) = published().await;
    let begun: Timestamp = world.now();
    Run { world: &world, calls: Vec::new() }.start(json!({})).await;
    assert!(begun < pass.not_before && world.now() >= pass.not_before);
    assert_eq!(visited(&world, &pass).await, u64::from(CUSTOMERS));
}

#[tokio::test]
async fn the_schedule_of_the_day_takes_a_census_and_once_a_day() {
    let (world, _) = published().await;
    let template = Template::read();
    let schedule = &template.resource("CensusEveryDay")["Target"];
    assert_eq!(schedule["Arn"], json!({"Ref": "FullPass"}));
    let input: Value = serde_json::from_str(schedule["Input"].as_str().unwrap()).unwrap();
    let mut taken = Vec::new();
    for hours in [0, 1, 24] {
        world.pass(Span::hours(hours));
        Run { world: &world, calls: Vec::new() }.start(input.clone()).await;
        let pass = world.store.current_pass().await.unwrap().unwrap();
        assert_eq!(pass.round, Round::Done);
        taken.push(pass.number);
    }
    // The pass of the publication, the same again, and that of the next day.
    assert_eq!(taken, [taken[0], taken[0], taken[0] + 1]);
}

#[tokio::test]
async fn a_pass_that_another_replaced_ends_without_a_visit() {
    let (world, first) = published().await;
    world.publish(BEFORE).await;
    let second = ask(&world).await;
    let mut run = Run { world: &world, calls: Vec::new() };
    run.start(told(&first)).await;
    assert!(run.calls.iter().all(|task| *task == Task::Slices), "{:?}", run.calls);
    assert_eq!(visited(&world, &second).await, 0);
}
