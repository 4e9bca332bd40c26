//! Which calls of AWS each function can make, found in the code itself.
//!
//! The store and the senders are read as text, function by function: which operations each names,
//! on which table, and which other functions it uses. What is reachable from the names that occur in
//! a folder under `functions/` is what its role must allow, and all that it may. Formatting is fixed
//! by rustfmt, so a function ends where its closing brace stands under its first letter.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// A permission: an action of IAM, and in words on what.
pub(crate) type Call = (String, String);

/// Where the helpers for batches stand. They take the table as an argument, so they are read at the
/// place of the call.
const BATCHES: &str = "batch.rs";

/// Operations of the SDK, and the action that allows each.
const OPERATIONS: [(&str, &str); 18] = [
    (".batch_get_item()", "dynamodb:BatchGetItem"),
    (".batch_write_item()", "dynamodb:BatchWriteItem"),
    (".create_table()", "dynamodb:CreateTable"),
    (".delete_item()", "dynamodb:DeleteItem"),
    (".get_item()", "dynamodb:GetItem"),
    (".put_item()", "dynamodb:PutItem"),
    (".query()", "dynamodb:Query"),
    (".scan()", "dynamodb:Scan"),
    (".update_item()", "dynamodb:UpdateItem"),
    (".update_time_to_live()", "dynamodb:UpdateTimeToLive"),
    // A transaction has no action of its own: each of its items needs the action of its kind.
    (".transact_write_items()", ""),
    (".get_account()", "ses:GetAccount"),
    (".send_email()", "ses:SendEmail"),
    (".publish()", "sns:Publish"),
    (".create_platform_endpoint()", "sns:CreatePlatformEndpoint"),
    (".set_endpoint_attributes()", "sns:SetEndpointAttributes"),
    (".get_endpoint_attributes()", "sns:GetEndpointAttributes"),
    (".start_execution()", "states:StartExecution"),
];

/// Items of a transaction, and the action that allows each.
const ITEMS: [(&str, &str); 4] = [
    ("Put::builder()", "dynamodb:PutItem"),
    ("Update::builder()", "dynamodb:UpdateItem"),
    ("Delete::builder()", "dynamodb:DeleteItem"),
    ("ConditionCheck::builder()", "dynamodb:ConditionCheckItem"),
];

/// What the code of one function does.
#[derive(Debug, Default)]
struct Does {
    calls: BTreeSet<Call>,
    uses: BTreeSet<String>,
    /// Whether other crates can name it.
    public: bool,
}

/// The code of `shared/aws`, by the names of its functions.
#[derive(Debug)]
pub(crate) struct Code(BTreeMap<String, Does>);

impl Code {
    /// Reads the code of `shared/aws`.
    pub(crate) fn read(root: &Path) -> Self {
        let mut code = BTreeMap::<String, Does>::new();
        for file in sources(&root.join("shared/aws/src")) {
            if file.ends_with(BATCHES) {
                continue;
            }
            for (name, body) in functions(&source(&file)) {
                let body = squeeze(&body);
                let does = code.entry(name).or_default();
                does.public |= body.starts_with("pubfn") || body.starts_with("pubasyncfn");
                does.calls.extend(calls_in(&body, &file));
                does.uses.extend(names(&body, |before| {
                    ["self.", "store.", "senders.", "Self::"].iter().any(|b| before.ends_with(b))
                        || !before.ends_with(['.', ':'])
                }));
            }
        }
        Self(code)
    }

    /// What the code in a folder can call.
    pub(crate) fn reachable_from(&self, folder: &Path) -> BTreeSet<Call> {
        let mut left: Vec<String> = sources(&folder.join("src"))
            .iter()
            .flat_map(|file| names(&squeeze(&source(file)), |before| before.ends_with('.')))
            .collect();
        left.retain(|name| self.0.get(name).is_some_and(|does| does.public));
        let (mut seen, mut calls) = (BTreeSet::new(), BTreeSet::new());
        while let Some(name) = left.pop() {
            let Some(does) = self.0.get(&name).filter(|_| seen.insert(name)) else { continue };
            calls.extend(does.calls.iter().cloned());
            left.extend(does.uses.iter().cloned());
        }
        calls
    }
}

/// The Rust files under a folder.
fn sources(folder: &Path) -> Vec<PathBuf> {
    let entries =
        fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut files = Vec::new();
    for path in entries.map(|entry| entry.expect("an entry").path()) {
        if path.is_dir() {
            files.extend(sources(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files
}

/// A file without its tests and its comments.
pub(crate) fn source(file: &Path) -> String {
    let text =
        fs::read_to_string(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    let code = text.split("#[cfg(test)]").next().unwrap_or_default();
    code.lines()
        .map(|line| line.split("// ").next().unwrap_or_default())
        .collect::<Vec<_>>()
        .join("\n")
}

/// The functions of a file, each with its text.
fn functions(code: &str) -> Vec<(String, String)> {
    let (mut found, mut open) = (Vec::new(), None::<(String, String, String)>);
    for line in code.lines() {
        if let Some((name, mut body, end)) = open.take() {
            body.push_str(line);
            body.push('\n');
            if line == end { found.push((name, body)) } else { open = Some((name, body, end)) }
        } else if let Some(name) = name_of(line) {
            let indent = line.len() - line.trim_start().len();
            open = Some((name, line.to_owned(), format!("{}}}", " ".repeat(indent))));
        }
    }
    assert!(open.is_none(), "a function has no end: {open:?}");
    found
}

/// The name of the function that begins on a line and goes on below.
fn name_of(line: &str) -> Option<String> {
    let words = line.trim_start();
    let (before, after) = words.split_once("fn ")?;
    let known =
        |word: &str| matches!(word, "pub" | "pub(super)" | "pub(crate)" | "const" | "async");
    let begins = before.split_whitespace().all(known) && !line.trim_end().ends_with(['}', ';']);
    begins.then(|| after.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect())
}

fn squeeze(text: &str) -> String {
    text.chars().filter(|c| !c.is_whitespace()).collect()
}

/// The names that are called, where what stands before is as `wanted`.
fn names(body: &str, wanted: impl Fn(&str) -> bool) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for (at, _) in body.match_indices('(') {
        let before = &body[..at];
        let name = before.trim_start_matches(|_| false);
        let start =
            name.rfind(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).map_or(0, |i| i + 1);
        if start < at && wanted(&before[..start]) {
            found.insert(before[start..].to_owned());
        }
    }
    found
}

/// The calls of AWS in the text of one function.
fn calls_in(body: &str, file: &Path) -> Vec<Call> {
    let mut calls = Vec::new();
    for (at, _) in body.match_indices("self.client.") {
        let rest = &body[at + "self.client".len()..];
        let known = OPERATIONS.iter().any(|(operation, _)| rest.starts_with(operation));
        assert!(known, "{}: an operation that is not in the list: {}", file.display(), &rest[..30]);
    }
    for (operation, action) in OPERATIONS.iter().filter(|(_, action)| !action.is_empty()) {
        for (at, _) in body.match_indices(operation) {
            let call = body[at..].split(".send()").next().unwrap_or_default();
            calls.extend(whats(action, call).into_iter().map(|what| (action.to_string(), what)));
        }
    }
    for (item, action) in ITEMS {
        for (at, _) in
            body.match_indices(item).filter(|(at, _)| !body[..*at].ends_with(char::is_alphanumeric))
        {
            calls.push((action.to_owned(), table(&body[at..])));
        }
    }
    for (at, _) in body.match_indices("put_all(Table::") {
        let call = &body[at..];
        calls.push(("dynamodb:PutItem".to_owned(), table(call)));
        // A list of one is put by itself.
        if !call.split_once(',').is_some_and(|(_, items)| items.starts_with("vec![")) {
            calls.push(("dynamodb:BatchWriteItem".to_owned(), table(call)));
        }
    }
    for (at, _) in body.match_indices("delete_all(Table::") {
        calls.push(("dynamodb:BatchWriteItem".to_owned(), table(&body[at..])));
    }
    for (at, _) in body.match_indices("get_all(Table::") {
        calls.push(("dynamodb:BatchGetItem".to_owned(), table(&body[at..])));
    }
    calls
}

/// What a call is made on, in the words of [`crate::template`].
fn whats(action: &str, call: &str) -> Vec<String> {
    let words: &[&str] = match action {
        "ses:SendEmail" => &["the mail identity", "the configuration set"],
        "ses:GetAccount" => &["*"],
        "sns:Publish" if call.contains(".phone_number(") => &["a phone number"],
        "sns:Publish" | "sns:SetEndpointAttributes" | "sns:GetEndpointAttributes" => {
            &["devices of APNs", "devices of FCM"]
        }
        "sns:CreatePlatformEndpoint" => &["ApnsApplication", "FcmApplication"],
        "states:StartExecution" => &["FullPass"],
        _ if call.contains(".index_name(DUE_INDEX)") => {
            return vec![format!("{}/index/due", table(call))];
        }
        _ => return vec![table(call)],
    };
    words.iter().map(|word| (*word).to_owned()).collect()
}

/// The first table that is named.
fn table(call: &str) -> String {
    let name = call.split_once("Table::").map_or("", |(_, rest)| rest);
    name.chars().take_while(char::is_ascii_alphanumeric).collect()
}

#[test]
fn calls_are_found_where_they_are_made() {
    let code = "
    pub async fn look(&self) -> Result<(), StoreError> {
        self.client
            .query()
            .table_name(self.table(Table::Messages))
            .index_name(DUE_INDEX)
            .send()
            .await?;
        self.put_all(Table::Agenda, vec![item]).await
    }
";
    let functions = functions(code);
    let [(name, body)] = functions.as_slice() else { panic!("{functions:?}") };
    let calls = calls_in(&squeeze(body), Path::new("look.rs"));
    let call = |action: &str, what: &str| (action.to_owned(), what.to_owned());
    assert_eq!(name, "look");
    assert_eq!(
        calls,
        [call("dynamodb:Query", "Messages/index/due"), call("dynamodb:PutItem", "Agenda")]
    );
}
