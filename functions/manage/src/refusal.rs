//! Answers other than 2xx, named for what the client should do.

use attune_aws::pass_machine::NotStarted;
use attune_aws::senders::SendError;
use attune_aws::store::StoreError;
use attune_domain::definitions::Mistake;
use axum::Json;
use axum::extract::rejection::{JsonRejection, QueryRejection};
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

/// Why a request is not answered as asked.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// No key, or one of another scope.
    #[error("the `manage` key is needed, as `Authorization: Bearer …`")]
    NoKey,
    /// There is nothing of that name.
    #[error("{0}")]
    NotFound(String),
    /// The path takes other methods.
    #[error("this path does not take {0}; the header `Allow` says what it takes")]
    NoSuchMethod(Method),
    /// The request cannot be read.
    #[error("{0}")]
    Unreadable(String),
    /// The body is too large, or is not declared as JSON.
    #[error("{1}")]
    BadBody(StatusCode, String),
    /// Definitions with mistakes; nothing was changed.
    #[error("{}", mistakes(.0))]
    Mistakes(Vec<Mistake>),
    /// Programs would start for those who are in their segments already, and nobody confirmed it.
    #[error(
        "`existing: true` starts {} for those who are there already; look at the numbers with \
         `?dry_run=true`, and confirm with `?confirm={}`", .0.join(", "), .0.join(",")
    )]
    Unconfirmed(Vec<String>),
    /// What was asked for can be read, and cannot be done.
    #[error("{0}")]
    Impossible(String),
    /// The tests of a day are used up.
    #[error("{0} tests a day can be sent; tomorrow, by UTC, there are as many again")]
    TooManyTests(u32),
    /// A sender did not take a test.
    #[error("the sender did not take it: {0}")]
    NotSent(#[from] SendError),
    /// Somebody else published in between.
    #[error("somebody else published in between; look at their definitions and push again")]
    Overtaken,
    /// The store failed.
    #[error("the store is not available; try again")]
    TryAgain(#[from] StoreError),
    /// Published, but the pass could not be started.
    #[error("{0}")]
    NotStarted(#[from] NotStarted),
}

fn mistakes(mistakes: &[Mistake]) -> String {
    match mistakes {
        [one] => one.to_string(),
        [first, rest @ ..] => format!("{first} (and {} more)", rest.len()),
        [] => "there are mistakes".to_owned(),
    }
}

/// Mistakes, or doubts, each with its place.
pub(crate) fn in_places(mistakes: &[Mistake]) -> Value {
    let place = |mistake: &Mistake| {
        json!({
            "file": &*mistake.place.file,
            "line": mistake.place.line,
            "column": mistake.place.column,
            "message": mistake.wrong.to_string(),
        })
    };
    mistakes.iter().map(place).collect()
}

impl Refusal {
    fn status(&self) -> (StatusCode, &'static str) {
        match self {
            Self::NoKey => (StatusCode::UNAUTHORIZED, "no_key"),
            Self::NotFound(_) => (StatusCode::NOT_FOUND, "not_found"),
            Self::NoSuchMethod(_) => (StatusCode::METHOD_NOT_ALLOWED, "no_such_method"),
            Self::Unreadable(_) => (StatusCode::BAD_REQUEST, "unreadable"),
            Self::BadBody(status, _) => (*status, "bad_body"),
            Self::Mistakes(_) => (StatusCode::UNPROCESSABLE_ENTITY, "mistakes"),
            Self::Impossible(_) => (StatusCode::UNPROCESSABLE_ENTITY, "impossible"),
            Self::TooManyTests(_) => (StatusCode::TOO_MANY_REQUESTS, "too_many"),
            Self::NotSent(_) => (StatusCode::BAD_GATEWAY, "not_sent"),
            Self::Unconfirmed(_) => (StatusCode::CONFLICT, "unconfirmed"),
            Self::Overtaken => (StatusCode::CONFLICT, "overtaken"),
            Self::TryAgain(_) | Self::NotStarted(_) => {
                (StatusCode::SERVICE_UNAVAILABLE, "try_again")
            }
        }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let (status, code) = self.status();
        if let Self::TryAgain(error) = &self {
            tracing::error!(error = %error, "manage.store_failed");
        }
        let mut body = json!({ "code": code, "message": self.to_string() });
        match &self {
            Self::Mistakes(mistakes) => body["mistakes"] = in_places(mistakes),
            Self::Unconfirmed(programs) => body["programs"] = json!(programs),
            _ => {}
        }
        let mut response = (status, Json(body)).into_response();
        if status == StatusCode::SERVICE_UNAVAILABLE {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
        }
        response
    }
}

impl From<JsonRejection> for Refusal {
    fn from(rejection: JsonRejection) -> Self {
        Self::BadBody(rejection.status(), in_words(&rejection.body_text()))
    }
}

impl From<QueryRejection> for Refusal {
    fn from(rejection: QueryRejection) -> Self {
        Self::Unreadable(in_words(&rejection.body_text()))
    }
}

/// What a body or a query lacks, in the words of JSON and of whoever wrote it: the names of our types
/// and of Rust's numbers say nothing to them.
pub(crate) fn in_words(told: &str) -> String {
    const WORDS: [(&str, &str); 11] = [
        (
            "Failed to deserialize the JSON body into the target type: ",
            "the body is not as it must be: ",
        ),
        ("Failed to parse the request body as JSON: ", "the body is not JSON: "),
        ("Failed to deserialize query string: ", "the query is not as it must be: "),
        ("invalid digit found in string", "expected a whole number"),
        ("a sequence", "a list"),
        ("type: sequence", "type: list"),
        ("a map", "an object"),
        ("type: map", "type: object"),
        ("a string", "a text"),
        ("type: string", "type: text"),
        ("expected usize", "expected u64"),
    ];
    let mut told = told.to_owned();
    for (theirs, ours) in WORDS {
        told = told.replace(theirs, ours);
    }
    for number in ["expected u16", "expected u32", "expected u64"] {
        told = told.replace(number, "expected a whole number");
    }
    while let Some((before, after)) = told.split_once("struct ") {
        let rest = after.trim_start_matches(|c: char| c.is_alphanumeric() || c == '_');
        told = format!("{before}an object{rest}");
    }
    told
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_with_a_body_is_told_without_the_names_of_our_types() {
        for (theirs, ours) in [
            (
                "Failed to deserialize the JSON body into the target type: invalid type: sequence, expected struct Asked at line 1 column 0",
                "the body is not as it must be: invalid type: list, expected an object at line 1 column 0",
            ),
            (
                "Failed to deserialize the JSON body into the target type: daily_limit: invalid value: integer `-1`, expected u32 at line 1 column 17",
                "the body is not as it must be: daily_limit: invalid value: integer `-1`, expected a whole number at line 1 column 17",
            ),
            (
                "Failed to deserialize query string: limit: invalid digit found in string",
                "the query is not as it must be: limit: expected a whole number",
            ),
        ] {
            assert_eq!(in_words(theirs), ours);
        }
    }
}
