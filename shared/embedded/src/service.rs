//! The three services that answer at one address, told apart by the shape of a request, and how
//! each of them words a refusal.

use std::borrow::Cow;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use http::{Method, Request, Response, StatusCode};
use serde_json::json;

/// Names the operation of a `DynamoDB` request, as `DynamoDB_20120810.PutItem`.
const TARGET: HeaderName = HeaderName::from_static("x-amz-target");
/// Names the error of an SES answer; the SDK reads it before it reads the body.
const ERROR_TYPE: HeaderName = HeaderName::from_static("x-amzn-errortype");

/// Who a request is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Service {
    /// JSON with the operation in a header.
    DynamoDb,
    /// SES v2: REST and JSON.
    Ses,
    /// SNS: forms in, XML out.
    Sns,
}

/// Why a service did not do what it was asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The HTTP status.
    pub status: StatusCode,
    /// The service's own word for it, as it is sent: SNS leaves out the suffix `Exception`.
    pub code: Cow<'static, str>,
    /// A sentence for people. AWS puts addresses into some of them.
    pub message: Cow<'static, str>,
}

impl Service {
    /// The service `request` is meant for. What is neither `DynamoDB` nor SES is taken for SNS,
    /// whose requests have nothing but their form to be known by.
    pub fn of(request: &Request<Bytes>) -> Self {
        if request.headers().contains_key(TARGET) {
            Self::DynamoDb
        } else if request.uri().path().starts_with("/v2/email/") {
            Self::Ses
        } else {
            Self::Sns
        }
    }

    /// The operation `request` asks for, in the API's own word, say `PutItem`, `SendEmail` or
    /// `Publish`; empty if it names none that we know of.
    pub fn operation(self, request: &Request<Bytes>) -> Cow<'_, str> {
        match self {
            Self::DynamoDb => {
                let target = request.headers().get(TARGET).and_then(|value| value.to_str().ok());
                target.and_then(|target| target.rsplit('.').next()).unwrap_or_default().into()
            }
            Self::Ses => ses_operation(request.method(), request.uri().path()).into(),
            Self::Sns => form_urlencoded::parse(request.body())
                .find_map(|(name, value)| (name == "Action").then_some(value))
                .unwrap_or_default(),
        }
    }

    /// `refusal` in the shape in which this service sends it.
    pub fn refuse(self, refusal: &Refusal) -> Response<Bytes> {
        let Refusal { status, code, message } = refusal;
        match self {
            Self::DynamoDb => {
                let kind = format!("com.amazonaws.dynamodb.v20120810#{code}");
                self.answer(*status, json!({ "__type": kind, "message": message }).to_string())
            }
            Self::Ses => {
                let body = json!({ "message": message }).to_string();
                let mut response = self.answer(*status, body);
                if let Ok(code) = HeaderValue::from_str(code) {
                    response.headers_mut().insert(ERROR_TYPE, code);
                }
                response
            }
            Self::Sns => {
                let side = if status.is_server_error() { "Receiver" } else { "Sender" };
                let (code, message) = (escape(code), escape(message));
                let body = format!(
                    "<ErrorResponse><Error><Type>{side}</Type><Code>{code}</Code>\
                     <Message>{message}</Message></Error></ErrorResponse>"
                );
                self.answer(*status, body)
            }
        }
    }

    /// An answer with `body`, labelled as this service labels its bodies.
    pub fn answer(self, status: StatusCode, body: impl Into<Bytes>) -> Response<Bytes> {
        let kind = match self {
            Self::DynamoDb => "application/x-amz-json-1.0",
            Self::Ses => "application/json",
            Self::Sns => "text/xml",
        };
        let mut response = Response::new(body.into());
        *response.status_mut() = status;
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(kind));
        response
    }
}

impl Refusal {
    /// A refusal with `status`, the service's `code` and a `message`.
    pub fn new(
        status: StatusCode,
        code: impl Into<Cow<'static, str>>,
        message: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self { status, code: code.into(), message: message.into() }
    }

    /// A refusal of what was asked: status 400.
    pub(crate) fn bad(code: &'static str, message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, code, message)
    }

    /// A refusal because the thing asked for is not there: status 404.
    pub(crate) fn absent(code: &'static str, message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::NOT_FOUND, code, message)
    }
}

/// `text` as it stands between two XML tags.
pub(crate) fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

fn ses_operation(method: &Method, path: &str) -> &'static str {
    let path = path.strip_prefix("/v2/email/").unwrap_or_default();
    let suppressed = path.starts_with("suppression/addresses/");
    match (method.as_str(), path) {
        ("POST", "outbound-emails") => "SendEmail",
        ("GET", "account") => "GetAccount",
        ("PUT", "suppression/addresses") => "PutSuppressedDestination",
        ("GET", "suppression/addresses") => "ListSuppressedDestinations",
        ("GET", _) if suppressed => "GetSuppressedDestination",
        ("DELETE", _) if suppressed => "DeleteSuppressedDestination",
        _ => "",
    }
}
