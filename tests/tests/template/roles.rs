//! A role allows the calls that its function's code can make, and nothing else.

use std::collections::BTreeSet;

use crate::calls::{Call, Code};
use crate::template::{Function, Template, got, root};

/// Calls that the code seems to make and never does, with the reason.
const NEVER: [(&str, &str, &str, &str); 2] = [
    (
        "Dispatch",
        "dynamodb:BatchWriteItem",
        "Events",
        "the rows of a claim are one, and one item is put by itself",
    ),
    (
        "Feedback",
        "states:StartExecution",
        "FullPass",
        "what it starts is an address that said STOP, and not a pass",
    ),
];

fn call(action: &str, what: &str) -> Call {
    (action.to_owned(), what.to_owned())
}

/// What a function's code can call, and what Lambda does in its name.
fn needed(code: &Code, function: &Function) -> BTreeSet<Call> {
    let mut calls = code.reachable_from(&function.folder);
    for (resource, action, what, why) in NEVER {
        if resource == function.resource {
            assert!(calls.remove(&call(action, what)), "no longer an exception: {why}");
        }
    }
    let logs = format!("{}Logs", function.resource);
    calls.insert(call("logs:CreateLogStream", &logs));
    calls.insert(call("logs:PutLogEvents", &logs));
    if !function.serves_http {
        calls.insert(call("sqs:SendMessage", "DeadLetters"));
    }
    for event in function.properties["Events"].as_object().into_iter().flat_map(|all| all.values())
    {
        if let Some(queue) = got(&event["Properties"]["Queue"]) {
            let by_lambda = ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"];
            calls.extend(by_lambda.map(|action| call(action, queue)));
        }
    }
    calls
}

#[test]
fn every_function_may_do_what_it_does_and_nothing_else() {
    let (template, code) = (Template::read(), Code::read(&root()));
    let mut wrong = Vec::new();
    for function in template.functions() {
        let (needed, allowed) = (needed(&code, &function), template.allowed(&function.role));
        let name = &function.resource;
        for (action, what) in needed.difference(&allowed) {
            wrong.push(format!("{name} can call {action} on {what}, and its role forbids it"));
        }
        for (action, what) in allowed.difference(&needed) {
            wrong.push(format!("{name} never calls {action} on {what}, and its role allows it"));
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn every_function_has_a_role_of_its_own_that_only_lambda_assumes() {
    let template = Template::read();
    let functions = template.functions();
    let roles: BTreeSet<&str> = functions.iter().map(|function| function.role.as_str()).collect();
    assert_eq!(roles.len(), functions.len());
    for role in roles {
        let trust = &template.resource(role)["AssumeRolePolicyDocument"]["Statement"];
        assert_eq!(trust[0]["Principal"]["Service"], "lambda.amazonaws.com", "{role}");
        assert_eq!(trust.as_array().map(Vec::len), Some(1), "{role}");
    }
}

#[test]
fn schedules_and_passes_may_start_what_they_start() {
    let template = Template::read();
    let pass = BTreeSet::from([call("lambda:InvokeFunction", "Recompute")]);
    assert_eq!(template.allowed("FullPassRole"), pass);
    let schedule = BTreeSet::from([
        call("lambda:InvokeFunction", "Recompute"),
        call("lambda:InvokeFunction", "Dispatch"),
        call("states:StartExecution", "FullPass"),
        call("sqs:SendMessage", "DeadLetters"),
    ]);
    assert_eq!(template.allowed("ScheduleRole"), schedule);
}

#[test]
fn nothing_is_allowed_on_everything() {
    let template = Template::read();
    for (role, properties) in template.resources("AWS::IAM::Role") {
        assert!(properties["ManagedPolicyArns"].is_null(), "{role}: a managed policy says `*`");
        for statement in template.statements(role) {
            // IAM defines no resource for this one call, which tells the account's own rate.
            let rate = statement.sid.as_deref() == Some("ReadSendRateOnly");
            if rate {
                assert_eq!(statement.actions, ["ses:GetAccount"]);
            }
            for word in statement.actions.iter().chain(&statement.resources) {
                assert!(!word.contains('*') || rate, "{role}: {statement:?}");
            }
            // A phone number has no ARN. Only this statement may say what it is not about.
            let phones = statement.sid.as_deref() == Some("PublishToPhoneNumbersOnly");
            assert_eq!(statement.not.is_some(), phones, "{role}: {statement:?}");
            if let Some(not) = &statement.not {
                assert_eq!(statement.actions, ["sns:Publish"]);
                assert_eq!(not["Fn::Sub"], "arn:${AWS::Partition}:sns:*:*:*");
            }
        }
    }
}
