//! The capture behind the real clients.

use std::sync::atomic::{AtomicUsize, Ordering};

use attune_aws::sdk::{in_process, sesv2, sns};
use attune_domain::time::Timestamp;
use sent::{Email, Push, Sms};
use serde_json::json;
use sesv2::error::ProvideErrorMetadata;
use sesv2::operation::list_suppressed_destinations::ListSuppressedDestinationsOutput;
use sesv2::types::{
    Body, Content, Destination, EmailContent, Message, MessageHeader, MessageTag,
    SuppressedDestinationSummary, SuppressionListReason,
};
use sns::types::MessageAttributeValue;

use super::*;

const APP: &str = "arn:aws:sns:eu-west-1:000000000000:app/GCM/shop";

#[tokio::test]
async fn an_accepted_mail_is_kept_whole() {
    let capture = capture();
    let id = mail(&capture).await.unwrap();
    let [sent] = capture.sent().try_into().unwrap();
    assert_eq!(format!("{}-000000", sent.id), id);
    assert_eq!(sent.at_ms, NOW_MS);
    let Kind::Email(email) = sent.kind else { panic!("{sent:?}") };
    let expected = Email {
        from: "Shop <shop@example.com>".into(),
        to: vec!["ann@b.test".into()],
        reply_to: vec!["reply@example.com".into()],
        suppressed: vec![],
        subject: "Hello".into(),
        html: Some("<p>hi</p>".into()),
        text: Some("hi".into()),
        headers: vec![("List-Unsubscribe".into(), "<https://x.test/u>".into())],
        tags: [("message".into(), "m-1".into())].into(),
        configuration_set: Some("main".into()),
        raw: email.raw.clone(),
    };
    assert_eq!(email, expected);
    assert_eq!(email.raw["Content"]["Simple"]["Subject"]["Charset"], "UTF-8");
}

#[tokio::test]
async fn ids_differ_and_depend_on_nothing_but_seed_and_order() {
    let ids = async || {
        let capture = capture();
        [mail(&capture).await.unwrap(), mail(&capture).await.unwrap()]
    };
    let [first, second] = ids().await;
    assert!(first < second);
    assert_eq!([first, second], ids().await);
}

#[tokio::test]
async fn a_sender_nobody_verified_is_rejected() {
    let only = |sender: &str| Account { verified_senders: vec![sender.into()], ..account() };
    let refused = mail(&Capture::new(only("b.test"))).await.unwrap_err();
    assert_eq!(refused.code(), Some("MessageRejected"));
    mail(&Capture::new(only("example.com"))).await.unwrap();
}

#[tokio::test]
async fn an_unknown_configuration_set_is_not_found() {
    let account = Account { configuration_sets: vec!["other".into()], ..account() };
    let refused = mail(&Capture::new(account)).await.unwrap_err();
    assert!(refused.is_not_found_exception());
}

#[tokio::test]
async fn a_line_break_in_a_header_is_refused() {
    let capture = capture();
    let header = MessageHeader::builder().name("X-Evil").value("a\r\nBcc: all@b.test");
    let message = message().headers(header.build().unwrap()).build();
    let refused = deliver(&capture, message).await.unwrap_err();
    assert!(refused.is_bad_request_exception());
    assert!(capture.sent().is_empty());
}

#[tokio::test]
async fn a_suppressed_address_is_accepted_and_marked() {
    let capture = capture();
    let ses = ses(&capture);
    let bounce = SuppressionListReason::Bounce;
    let put = ses.put_suppressed_destination().email_address("Ann@B.test").reason(bounce.clone());
    put.send().await.unwrap();
    let found = ses.get_suppressed_destination().email_address("ANN@b.test").send().await.unwrap();
    assert_eq!(found.suppressed_destination().unwrap().reason(), &bounce);

    mail(&capture).await.unwrap();
    let [sent] = capture.sent().try_into().unwrap();
    let Kind::Email(email) = sent.kind else { panic!("{sent:?}") };
    assert_eq!(email.suppressed, ["ann@b.test"]);

    ses.delete_suppressed_destination().email_address("ann@b.test").send().await.unwrap();
    let gone = ses.get_suppressed_destination().email_address("ann@b.test").send().await;
    assert!(gone.unwrap_err().into_service_error().is_not_found_exception());
}

#[tokio::test]
async fn the_suppression_list_comes_in_pages() {
    let ses = ses(&capture());
    for name in ["a", "b", "c"] {
        let put = ses.put_suppressed_destination().email_address(format!("{name}@b.test"));
        put.reason(SuppressionListReason::Complaint).send().await.unwrap();
    }
    let pages = ses.list_suppressed_destinations().into_paginator().page_size(2).send();
    let pages = pages.collect::<Result<Vec<_>, _>>().await.unwrap();
    let entries =
        pages.iter().flat_map(ListSuppressedDestinationsOutput::suppressed_destination_summaries);
    let addresses: Vec<_> = entries.map(SuppressedDestinationSummary::email_address).collect();
    assert_eq!(pages.len(), 2);
    assert_eq!(addresses, ["a@b.test", "b@b.test", "c@b.test"]);
    let bounces =
        ses.list_suppressed_destinations().reasons(SuppressionListReason::Bounce).send().await;
    assert!(bounces.unwrap().suppressed_destination_summaries().is_empty());
}

#[tokio::test]
async fn the_account_counts_what_it_sent_today() {
    let capture = capture();
    mail(&capture).await.unwrap();
    let account = ses(&capture).get_account().send().await.unwrap();
    assert!(account.production_access_enabled());
    let quota = account.send_quota().unwrap();
    assert!((quota.sent_last24_hours() - 1.0).abs() < f64::EPSILON);
    assert!((quota.max_send_rate() - 14.0).abs() < f64::EPSILON);
}

#[tokio::test]
async fn a_text_message_is_kept_with_its_attributes() {
    let capture = capture();
    let sender = MessageAttributeValue::builder().data_type("String").string_value("Shop");
    let publish = sns(&capture).publish().phone_number("+33600000001").message("hi <you> & me");
    let publish = publish.message_attributes("AWS.SNS.SMS.SenderID", sender.build().unwrap());
    publish.send().await.unwrap();
    let expected = Sms {
        phone: "+33600000001".into(),
        opted_out: false,
        text: "hi <you> & me".into(),
        attributes: [("AWS.SNS.SMS.SenderID".into(), "Shop".into())].into(),
    };
    assert_eq!(kinds(&capture), [Kind::Sms(expected)]);
}

#[tokio::test]
async fn a_number_that_is_none_is_refused() {
    let capture = capture();
    for phone in ["0600000001", "+0600000001", "+33 6", "+1234567890123456", "+"] {
        let publish = sns(&capture).publish().phone_number(phone).message("hi");
        let refused = publish.send().await.unwrap_err().into_service_error();
        assert!(refused.is_invalid_parameter_exception(), "{phone}");
    }
    assert!(capture.sent().is_empty());
}

#[tokio::test]
async fn who_opted_out_is_listed_until_opted_in() {
    let capture = capture();
    let sns = sns(&capture);
    capture.opt_out("+33600000001");
    let out = async || {
        let check = sns.check_if_phone_number_is_opted_out().phone_number("+33600000001");
        check.send().await.unwrap().is_opted_out()
    };
    assert!(out().await);
    let listed = sns.list_phone_numbers_opted_out().send().await.unwrap();
    assert_eq!(listed.phone_numbers(), ["+33600000001"]);
    sns.opt_in_phone_number().phone_number("+33600000001").send().await.unwrap();
    assert!(!out().await);
}

#[tokio::test]
async fn opted_out_numbers_come_in_pages() {
    let capture = capture();
    let phones: Vec<_> = (0..250).map(|n| format!("+336{n:08}")).collect();
    for phone in &phones {
        capture.opt_out(phone);
    }
    let pages = sns(&capture).list_phone_numbers_opted_out().into_paginator().items().send();
    assert_eq!(pages.collect::<Result<Vec<_>, _>>().await.unwrap(), phones);
}

#[tokio::test]
async fn a_push_carries_the_part_for_its_platform() {
    let capture = capture();
    let endpoint = register(&capture, "t-1", None).await.unwrap();
    let message = json!({ "default": "hi", "GCM": r#"{"notification":{"title":"Hi"}}"# });
    let publish = sns(&capture).publish().target_arn(&endpoint).message_structure("json");
    publish.message(message.to_string()).send().await.unwrap();
    let expected = Push {
        endpoint,
        token: "t-1".into(),
        payload: json!({ "notification": { "title": "Hi" } }),
        attributes: BTreeMap::new(),
    };
    assert_eq!(kinds(&capture), [Kind::Push(expected)]);
}

#[tokio::test]
async fn a_structured_message_must_parse_and_have_a_default() {
    let capture = capture();
    let endpoint = register(&capture, "t-1", None).await.unwrap();
    for (message, reason) in [
        ("{", "JSON message body failed to parse"),
        ("null", "JSON message body failed to parse"),
        ("[]", "JSON message body failed to parse"),
        ("{}", "No default entry in JSON message body"),
        (r#"{"default":1}"#, "No default entry in JSON message body"),
    ] {
        let publish = sns(&capture).publish().target_arn(&endpoint).message_structure("json");
        let refused = publish.message(message).send().await.unwrap_err().into_service_error();
        let expected = format!("Invalid parameter: Message Structure - {reason}");
        assert_eq!(refused.message(), Some(expected.as_str()), "{message}");
    }
}

#[tokio::test]
async fn registering_a_token_twice_gives_the_same_endpoint() {
    let capture = capture();
    let first = register(&capture, "t-1", None).await.unwrap();
    assert_eq!(register(&capture, "t-1", None).await.unwrap(), first);
    assert_ne!(register(&capture, "t-2", None).await.unwrap(), first);
    let conflict = register(&capture, "t-1", Some("ann")).await.unwrap_err();
    let expected = format!(
        "Invalid parameter: Token Reason: \
         Endpoint {first} already exists with the same Token, but different attributes."
    );
    assert!(conflict.is_invalid_parameter_exception());
    assert_eq!(conflict.message(), Some(expected.as_str()));
}

#[tokio::test]
async fn a_disabled_endpoint_refuses_until_it_is_enabled() {
    let capture = capture();
    let sns = sns(&capture);
    let endpoint = register(&capture, "t-1", None).await.unwrap();
    let publish = async || sns.publish().target_arn(&endpoint).message("hi").send().await;
    capture.disable_endpoint(&endpoint);
    let refused = publish().await.unwrap_err().into_service_error();
    assert!(refused.is_endpoint_disabled_exception());

    let enable = sns.set_endpoint_attributes().endpoint_arn(&endpoint);
    enable.attributes("Enabled", "true").send().await.unwrap();
    publish().await.unwrap();
}

#[tokio::test]
async fn an_endpoint_follows_its_new_token() {
    let capture = capture();
    let sns = sns(&capture);
    let endpoint = register(&capture, "t-1", None).await.unwrap();
    let change = sns.set_endpoint_attributes().endpoint_arn(&endpoint);
    change.attributes("Token", "t-2").send().await.unwrap();
    assert_eq!(register(&capture, "t-2", None).await.unwrap(), endpoint);
    assert_ne!(register(&capture, "t-1", None).await.unwrap(), endpoint);
    let attributes = sns.get_endpoint_attributes().endpoint_arn(&endpoint).send().await.unwrap();
    assert_eq!(attributes.attributes().unwrap()["Token"], "t-2");
}

#[tokio::test]
async fn a_deleted_endpoint_is_gone_and_may_be_deleted_again() {
    let capture = capture();
    let sns = sns(&capture);
    let endpoint = register(&capture, "t-1", None).await.unwrap();
    for _ in 0..2 {
        sns.delete_endpoint().endpoint_arn(&endpoint).send().await.unwrap();
    }
    let publish = sns.publish().target_arn(&endpoint).message("hi").send().await;
    assert!(publish.unwrap_err().into_service_error().is_invalid_parameter_exception());
    let read = sns.get_endpoint_attributes().endpoint_arn(&endpoint).send().await;
    assert!(read.unwrap_err().into_service_error().is_not_found_exception());
}

#[tokio::test]
async fn a_listener_hears_of_each_message_before_the_sender_does() {
    let capture = capture();
    let heard = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&heard);
    capture.on_sent(move |_| {
        count.fetch_add(1, Ordering::Relaxed);
    });
    mail(&capture).await.unwrap();
    assert_eq!(heard.load(Ordering::Relaxed), 1);
}

const NOW_MS: i64 = 1_790_000_000_000;

fn account() -> Account {
    Account::new(Clock::simulated(Timestamp::from_millis(NOW_MS)).0, 7)
}

fn capture() -> Capture {
    Capture::new(account())
}

fn ses(capture: &Capture) -> sesv2::Client {
    sesv2::Client::new(&in_process(Arc::new(capture.clone())))
}

fn sns(capture: &Capture) -> sns::Client {
    sns::Client::new(&in_process(Arc::new(capture.clone())))
}

fn kinds(capture: &Capture) -> Vec<Kind> {
    capture.sent().into_iter().map(|sent| sent.kind).collect()
}

fn message() -> sesv2::types::builders::MessageBuilder {
    let text = |data: &str| Content::builder().charset("UTF-8").data(data).build().unwrap();
    let header = MessageHeader::builder().name("List-Unsubscribe").value("<https://x.test/u>");
    Message::builder()
        .subject(text("Hello"))
        .body(Body::builder().html(text("<p>hi</p>")).text(text("hi")).build())
        .headers(header.build().unwrap())
}

async fn mail(capture: &Capture) -> Result<String, sesv2::operation::send_email::SendEmailError> {
    deliver(capture, message().build()).await
}

async fn deliver(
    capture: &Capture,
    message: Message,
) -> Result<String, sesv2::operation::send_email::SendEmailError> {
    let tag = MessageTag::builder().name("message").value("m-1").build().unwrap();
    let sent = ses(capture)
        .send_email()
        .from_email_address("Shop <shop@example.com>")
        .reply_to_addresses("reply@example.com")
        .destination(Destination::builder().to_addresses("ann@b.test").build())
        .content(EmailContent::builder().simple(message).build())
        .email_tags(tag)
        .configuration_set_name("main")
        .send()
        .await;
    Ok(sent.map_err(sesv2::error::SdkError::into_service_error)?.message_id().unwrap().to_owned())
}

async fn register(
    capture: &Capture,
    token: &str,
    user_data: Option<&str>,
) -> Result<String, sns::operation::create_platform_endpoint::CreatePlatformEndpointError> {
    let create = sns(capture).create_platform_endpoint().platform_application_arn(APP).token(token);
    let created = create.set_custom_user_data(user_data.map(str::to_owned)).send().await;
    let created = created.map_err(sns::error::SdkError::into_service_error)?;
    Ok(created.endpoint_arn().unwrap().to_owned())
}
