//! What the schedules send is what their functions read, and what fails is kept.

use attune_dispatch::Tick;
use attune_recompute::Task;
use serde_json::{Value, json};

use crate::template::{Template, got};

/// What the one schedule of a function sends.
#[track_caller]
fn payload_for(function: &str) -> String {
    let template = Template::read();
    let schedules = template.resources("AWS::Scheduler::Schedule");
    let mut inputs = schedules
        .values()
        .filter(|schedule| got(&schedule["Target"]["Arn"]) == Some(function))
        .map(|schedule| schedule["Target"]["Input"].as_str().expect("a text").to_owned());
    let input = inputs.next().expect("a schedule");
    assert_eq!(inputs.next(), None, "two schedules for {function}");
    input
}

#[test]
fn recompute_sweeps_when_its_schedule_says_so() {
    assert_eq!(serde_json::from_str::<Task>(&payload_for("Recompute")).unwrap(), Task::Sweep);
}

#[test]
fn dispatch_reads_its_tick() {
    assert_eq!(serde_json::from_str::<Tick>(&payload_for("Dispatch")).unwrap(), Tick {});
}

#[test]
fn whatever_nobody_waits_for_has_a_schedule_each_minute_and_a_place_for_failures() {
    let template = Template::read();
    let schedules = template.resources("AWS::Scheduler::Schedule");
    let mut functions = 0;
    for function in template.functions().into_iter().filter(|function| !function.serves_http) {
        functions += 1;
        let failed = &function.properties["EventInvokeConfig"];
        assert_eq!(
            got(&failed["DestinationConfig"]["OnFailure"]["Destination"]),
            Some("DeadLetters")
        );
        // What SNS hands over comes once; nobody else would try again.
        if function.resource == "Feedback" {
            assert_eq!(failed["MaximumRetryAttempts"], 2);
            functions -= 1;
            continue;
        }
        assert_eq!(failed["MaximumRetryAttempts"], 0, "the next minute tries again");
        payload_for(&function.resource);
    }
    // One more is for the census.
    assert_eq!(schedules.len(), functions + 1);
    for (name, schedule) in schedules {
        let target = &schedule["Target"];
        let often = if name == "CensusEveryDay" { "cron(0 3 * * ? *)" } else { "rate(1 minute)" };
        assert_eq!(schedule["ScheduleExpression"], often, "{name}");
        assert_eq!(got(&target["DeadLetterConfig"]["Arn"]), Some("DeadLetters"), "{name}");
        assert_ne!(target["RetryPolicy"], Value::Null, "{name}");
    }
}

#[test]
fn no_value_is_null() {
    fn nulls(value: &Value) -> bool {
        match value {
            Value::Null => true,
            Value::Array(values) => values.iter().any(nulls),
            Value::Object(members) => members.values().any(nulls),
            _ => false,
        }
    }
    // CloudFormation refuses them, and cfn-lint does not see them everywhere.
    assert!(!nulls(Template::read().whole()));
    assert!(nulls(&json!({"a": [null]})));
}
