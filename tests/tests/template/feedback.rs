//! Every way on which AWS tells of messages leads to the function that hears it, and no other does.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::calls::source;
use crate::template::{Template, got, root};

/// Where SNS writes what became of texts.
const LOG: &str = "sns/${AWS::Region}/${AWS::AccountId}/DirectPublishToPhoneNumber";

/// Under a condition: what it is if it holds, and if it does not.
#[track_caller]
fn either<'t>(value: &'t Value, condition: &str) -> (&'t Value, &'t Value) {
    assert_eq!(value["Fn::If"][0], condition, "{value}");
    (&value["Fn::If"][1], &value["Fn::If"][2])
}

#[test]
fn feedback_is_called_by_a_queue_a_rule_and_two_logs() {
    let template = Template::read();
    let events = template.resource("Feedback")["Events"].as_object().unwrap();
    let kinds: Vec<&str> = events.values().filter_map(|event| event["Type"].as_str()).collect();
    let count = |kind: &str| kinds.iter().filter(|known| **known == kind).count();
    assert_eq!((count("SQS"), count("EventBridgeRule"), count("CloudWatchLogs")), (1, 1, 2));
    assert_eq!(kinds.len(), 4);
}

#[test]
fn what_the_two_topics_publish_waits_until_it_can_be_taken() {
    let template = Template::read();
    let feedback = template.resource("Feedback");
    let by = &feedback["Events"]["OfTopics"]["Properties"];
    assert_eq!((got(&by["Queue"]), &by["BatchSize"]), (Some("FeedbackQueue"), &json!(1)));
    let subscriptions = template.resources("AWS::SNS::Subscription");
    let topics = subscriptions.values().map(|to| {
        assert_eq!((&to["Protocol"], got(&to["Endpoint"])), (&json!("sqs"), Some("FeedbackQueue")));
        to["TopicArn"]["Ref"].as_str().unwrap()
    });
    assert_eq!(topics.collect::<BTreeSet<_>>(), BTreeSet::from(["FeedbackTopic", "InboundTopic"]));
    let policy = &template.resource("FeedbackQueuePolicy")["PolicyDocument"]["Statement"];
    assert_eq!(policy.as_array().map(Vec::len), Some(1));
    assert_eq!(
        policy[0]["Condition"]["ArnEquals"]["aws:SourceArn"],
        json!([{"Ref": "FeedbackTopic"}, {"Ref": "InboundTopic"}])
    );
    let queue = template.resource("FeedbackQueue");
    let whole = |value: &Value| value.as_u64().unwrap();
    let again = whole(&queue["VisibilityTimeout"]);
    assert_eq!(again, 6 * whole(&feedback["Timeout"]));
    let redrive = &queue["RedrivePolicy"];
    assert_eq!(got(&redrive["deadLetterTargetArn"]), Some("DeadLetters"));
    let tried = again * whole(&redrive["maxReceiveCount"]);
    assert!(tried >= 24 * 3_600 && whole(&queue["MessageRetentionPeriod"]) > tried);
}

#[test]
fn ses_tells_by_the_topic_or_by_the_bus_and_never_by_both() {
    let template = Template::read();
    let by = &template.whole()["Parameters"]["MailFeedbackBy"];
    assert_eq!(
        (&by["Default"], &by["AllowedValues"]),
        (&json!("SNS"), &json!(["SNS", "EVENTBRIDGE"]))
    );
    let destination = &template.resource("MailFeedback")["EventDestination"];
    let nothing = json!({"Ref": "AWS::NoValue"});
    let (topic, none) = either(&destination["SnsDestination"], "MailBySns");
    assert_eq!((&topic["TopicARN"]["Ref"], none), (&json!("FeedbackTopic"), &nothing));
    let (none, bus) = either(&destination["EventBridgeDestination"], "MailBySns");
    assert!(bus["EventBusArn"]["Fn::Sub"].as_str().unwrap().ends_with(":event-bus/default"));
    assert_eq!(none, &nothing);
    let rule = &template.resource("Feedback")["Events"]["OfMailByBus"]["Properties"];
    assert_eq!(either(&rule["State"], "MailBySns"), (&json!("DISABLED"), &json!("ENABLED")));
}

#[test]
fn the_rule_hands_over_what_the_function_believes_and_keeps_what_fails() {
    let template = Template::read();
    let rule = &template.resource("Feedback")["Events"]["OfMailByBus"]["Properties"];
    let pattern = &rule["Pattern"];
    let wire = source(&root().join("functions/feedback/src/wire.rs"));
    let sender = pattern["source"][0].as_str().unwrap();
    assert!(wire.contains(&format!("Some(\"{sender}\")")), "the function believes another source");
    assert_eq!(pattern["account"], json!([{"Ref": "AWS::AccountId"}]));
    // Of mail that others in the account send nothing comes.
    let sets = &pattern["detail"]["mail"]["tags"]["ses:configuration-set"];
    assert_eq!(sets, &json!([{"Ref": "MailConfiguration"}]));
    assert_eq!(got(&rule["DeadLetterConfig"]["Arn"]), Some("DeadLetters"));
}

#[test]
fn every_row_that_sns_writes_of_texts_reaches_the_function() {
    let template = Template::read();
    let read = source(&root().join("functions/feedback/src/logs.rs"));
    for (event, resource, rest) in
        [("OfTexts", "TextLog", ""), ("OfFailedTexts", "FailedTextLog", "/Failure")]
    {
        let told = &template.resource("Feedback")["Events"][event]["Properties"];
        let (made, used) = either(&told["LogGroupName"], "MakesTextLogs");
        assert_eq!(
            (&made["Ref"], &used["Fn::Sub"]),
            (&json!(resource), &json!(format!("{LOG}{rest}")))
        );
        assert_eq!(told["FilterPattern"], "", "every row, whatever it says");
        let log = template.resource(resource);
        assert_eq!(log["LogGroupName"]["Fn::Sub"], format!("{LOG}{rest}"));
        assert_eq!(log["RetentionInDays"], 1, "rows have numbers of people in them");
        let name = format!("\"DirectPublishToPhoneNumber{rest}\"");
        assert!(read.contains(&name), "the function does not believe {name}");
    }
}

#[test]
fn sns_may_write_its_two_logs_and_nothing_else() {
    let template = Template::read();
    let calls = ["logs:CreateLogStream", "logs:PutLogEvents"].into_iter().flat_map(|action| {
        ["the log of texts", "the log of failed texts"]
            .map(|log| (action.to_owned(), log.to_owned()))
    });
    assert_eq!(template.allowed("TextLogRole"), calls.collect::<BTreeSet<_>>());
    let trust = &template.resource("TextLogRole")["AssumeRolePolicyDocument"]["Statement"];
    assert_eq!(trust.as_array().map(Vec::len), Some(1));
    assert_eq!(trust[0]["Principal"]["Service"], "sns.amazonaws.com");
    assert_eq!(
        trust[0]["Condition"]["StringEquals"]["aws:SourceAccount"],
        json!({"Ref": "AWS::AccountId"})
    );
    // No template can tell SNS to do so; the one command stands where one reads how to deploy.
    let readme = std::fs::read_to_string(root().join("infra/README.md")).unwrap();
    for word in
        ["DeliveryStatusIAMRole=", "DeliveryStatusSuccessSamplingRate=100", "TextLogRoleArn"]
    {
        assert!(readme.contains(word), "the README does not name {word}");
    }
    assert!(!template.whole()["Outputs"]["TextLogRoleArn"].is_null());
}
