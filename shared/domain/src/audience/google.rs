//! Google's spelling.
//!
//! Columns: <https://support.google.com/google-ads/answer/7659867>. Spelling and hashing:
//! <https://developers.google.com/data-manager/api/devguides/concepts/formatting>.

use super::{Person, hashed};

/// The names of the columns.
pub(super) const COLUMNS: [&str; 6] =
    ["Email", "Phone", "First Name", "Last Name", "Country", "Zip"];
/// Domains of mailboxes in which dots, and what follows a plus, mean nothing.
const GMAIL: [&str; 2] = ["gmail.com", "googlemail.com"];
/// Characters of the longest postal codes, with a margin: what is longer is none, and it is not
/// hashed.
const POSTAL_CODE: usize = 12;

/// The row of somebody who has an address. Country and postal code are not hashed.
pub(super) fn row(person: &Person) -> Option<Vec<String>> {
    let email = person.email.as_deref().and_then(email);
    if email.is_none() && person.phone.is_none() {
        return None;
    }
    let mut row = vec![hashed(email), hashed(person.phone.clone())];
    match place(person) {
        Some(place) => row.extend(place),
        None => row.resize(COLUMNS.len(), String::new()),
    }
    Some(row)
}

/// Name, country and postal code. Google matches by all four or not at all, so it gets all or none.
fn place(person: &Person) -> Option<[String; 4]> {
    let first = name(person.first_name.as_deref()?);
    let last = name(person.last_name.as_deref()?);
    let postal_code = person.postal_code.clone().filter(|code| is_postal_code(code))?;
    Some([hashed(Some(first)), hashed(Some(last)), person.country.clone()?, postal_code])
}

/// An address in lower case. Of a Gmail address dots and what follows a plus are left out.
fn email(address: &str) -> Option<String> {
    let (local, domain) = address.rsplit_once('@')?;
    if !GMAIL.contains(&domain) {
        return Some(address.to_owned());
    }
    let local = local.split('+').next().unwrap_or_default().replace('.', "");
    (!local.is_empty()).then(|| format!("{local}@{domain}"))
}

/// A name in lower case, with no more blanks than one between its words.
fn name(text: &str) -> String {
    text.to_lowercase().split_whitespace().collect::<Vec<_>>().join(" ")
}

fn is_postal_code(text: &str) -> bool {
    text.len() <= POSTAL_CODE
        && text.starts_with(|c: char| c.is_ascii_alphanumeric())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || " -".contains(c))
}
