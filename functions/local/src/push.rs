//! `attune push`: publishes definitions.

use attune_aws::store::Source;
use attune_domain::definitions::{Lineage, Mistake};
use attune_domain::plan::Version;
use attune_manage::Refusal;
use serde_json::{Value, json};

use crate::api::Api;
use crate::suite::Suite;
use crate::{Failure, cli, folder};

/// Publishes a folder of definitions to a suite.
pub(crate) async fn run(asked: &cli::Push) -> Result<(), Failure> {
    let source = folder::read(&asked.definitions)?;
    let api = Api::of(&asked.target).await?;
    let path = format!("/api/definitions?confirm={}", api_text(&asked.confirm));
    let answer = api.put(&path, &files(&source)).await?;
    let version = &answer["version"];
    if answer["unchanged"] == true {
        println!("nothing changed: version {version} already has these definitions");
        return Ok(());
    }
    println!("published as version {version}; everybody is brought up to it now");
    if let Api::Here { suite, .. } = &api {
        finish_pass(suite).await?;
    }
    Ok(())
}

/// A suite that does not run has nobody else to go on with its pass.
async fn finish_pass(suite: &Suite) -> Result<(), Failure> {
    let settle = u64::try_from(suite.store.settings().settle.millis()).unwrap_or(0);
    tokio::time::sleep(std::time::Duration::from_millis(settle)).await;
    Ok(suite.pass().await?)
}

/// Definition files as the API takes them.
pub(crate) fn files(source: &Source) -> Value {
    let file = |(name, text): &(String, String)| json!({ "name": name, "text": text });
    json!({ "files": source.files.iter().map(file).collect::<Value>() })
}

/// A text as a part of a path or a query.
pub(crate) fn api_text(text: &str) -> String {
    percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string()
}

/// Publishes definitions in this process.
pub(crate) async fn publish(suite: &Suite, source: &Source) -> Result<(), Failure> {
    // In a new suite nobody is there whom a program for existing members could surprise.
    let new = suite.store.current_version().await? == Version::default();
    let read = source.read(&Lineage::default()).into_iter().filter(|_| new).collect::<Vec<_>>();
    let existing = read.iter().flat_map(|read| &read.programs).filter(|program| program.existing);
    let confirmed: Vec<&str> = existing.map(|program| program.id.as_str()).collect();
    match attune_manage::publish(&suite.manage(), source, &confirmed).await {
        Ok(_) => Ok(()),
        Err(Refusal::Mistakes(mistakes)) => Err(told(&mistakes, source)),
        Err(other) => Err(Failure::Input(other.to_string())),
    }
}

/// Mistakes with the lines they stand in.
pub(crate) fn told(mistakes: &[Mistake], source: &Source) -> Failure {
    let one = |mistake: &Mistake| {
        let place = &mistake.place;
        let text = source.files.iter().find(|(name, _)| **name == *place.file);
        let line = text.and_then(|(_, text)| text.lines().nth(place.line.saturating_sub(1)));
        match line {
            None => mistake.to_string(),
            Some(line) => {
                let number = place.line.to_string();
                let margin = " ".repeat(number.len());
                let (line, before) = excerpt(line, place.column.saturating_sub(1));
                format!("{mistake}\n {number} | {line}\n {margin} | {before}^")
            }
        }
    };
    Failure::Input(mistakes.iter().map(one).collect::<Vec<_>>().join("\n"))
}

/// The most characters of a line that are shown: HTML that came out of an editor may be one line.
const EXCERPT: usize = 100;

/// A line, or what is around the character at `at` if the line is long, and the white space that
/// puts a sign below that character.
fn excerpt(line: &str, at: usize) -> (String, String) {
    let length = line.chars().count();
    let first = if length <= EXCERPT { 0 } else { at.saturating_sub(EXCERPT / 2) };
    let shown: String = line.chars().skip(first).take(EXCERPT).collect();
    let (begin, end) =
        (if first > 0 { "…" } else { "" }, if first + EXCERPT < length { "…" } else { "" });
    let blank = |letter: char| if letter == '\t' { '\t' } else { ' ' };
    let before = begin.chars().chain(shown.chars().take(at - first)).map(blank).collect();
    (format!("{begin}{shown}{end}"), before)
}

#[cfg(test)]
mod tests {
    use super::excerpt;

    #[test]
    fn a_sign_stands_below_its_character_in_a_long_line_and_behind_a_tab() {
        assert_eq!(excerpt("a\té@b", 3), ("a\té@b".to_owned(), " \t ".to_owned()));
        let line = format!("{}@{}", "x".repeat(500), "y".repeat(500));
        let (shown, before) = excerpt(&line, 500);
        assert_eq!(shown.chars().nth(before.chars().count()), Some('@'), "{shown}");
        assert!(shown.chars().count() == 102 && shown.starts_with('…') && shown.ends_with('…'));
    }
}
