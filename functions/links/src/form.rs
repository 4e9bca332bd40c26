//! What a form says.

use axum::body::Bytes;
use axum::http::{HeaderMap, header};

/// What a form says, name by name.
pub(crate) struct Form(Vec<(String, String)>);

impl Form {
    /// Reads a body. Of those that are not url-encoded only the one-click form of RFC 8058 is known:
    /// mail services should send it as `multipart/form-data`.
    pub(crate) fn read(headers: &HeaderMap, body: &Bytes) -> Self {
        let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let kind = kind.unwrap_or_default().trim_start().to_ascii_lowercase();
        if !kind.starts_with("multipart/") {
            return Self(form_urlencoded::parse(body).into_owned().collect());
        }
        let text = String::from_utf8_lossy(body);
        let value = text.split_once("name=\"List-Unsubscribe\"").and_then(|(_, part)| {
            let (_, value) = part.split_once("\r\n\r\n").or_else(|| part.split_once("\n\n"))?;
            value.lines().next()
        });
        let value = value.map(|value| ("List-Unsubscribe".to_owned(), value.trim().to_owned()));
        Self(value.into_iter().collect())
    }

    /// Whether a mail client unsubscribes for somebody who clicked there (RFC 8058).
    pub(crate) fn is_one_click(&self) -> bool {
        self.get("List-Unsubscribe").is_some_and(|value| value == "One-Click")
    }

    /// What is said under a name.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// Everything that is said under a name.
    pub(crate) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one_click(kind: &str, body: &str) -> bool {
        let headers = [(header::CONTENT_TYPE, kind.parse().unwrap())].into_iter().collect();
        Form::read(&headers, &Bytes::copy_from_slice(body.as_bytes())).is_one_click()
    }

    #[test]
    fn one_click_is_known_in_both_spellings_of_a_form() {
        let parts = "--x\r\nContent-Disposition: form-data; name=\"List-Unsubscribe\"\r\n\r\nOne-Click\r\n--x--\r\n";
        assert!(one_click("application/x-www-form-urlencoded", "List-Unsubscribe=One-Click"));
        assert!(one_click("multipart/form-data; boundary=x", parts));
        assert!(!one_click("multipart/form-data; boundary=x", "List-Unsubscribe=One-Click"));
        assert!(!one_click("application/x-www-form-urlencoded", ""));
        assert!(!one_click("application/json", "{\"List-Unsubscribe\":\"One-Click\"}"));
    }
}
