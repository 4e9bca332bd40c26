//! `attune push`: publishes definitions.

use attune_aws::store::Source;
use attune_domain::definitions::{Lineage, Mistake};
use attune_domain::plan::Version;
use attune_manage::Refusal;
use serde_json::{Value, json};

use crate::api::{Api, in_line};
use crate::excerpt::excerpt;
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
        say!("nothing changed: version {version} already has these definitions");
        return Ok(());
    }
    // Before anything is told, as who reads it may go away.
    if let Api::Here { suite, .. } = &api {
        finish_pass(suite).await?;
    }
    say!("published as version {version}; everybody is brought up to it now");
    for doubt in answer["doubts"].as_array().into_iter().flatten() {
        say!("hardly meant: {}", in_line(doubt));
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

/// Mistakes as the reason to stop.
pub(crate) fn told(mistakes: &[Mistake], source: &Source) -> Failure {
    Failure::Input(in_lines(mistakes, source))
}

/// Mistakes with the lines they stand in.
pub(crate) fn in_lines(mistakes: &[Mistake], source: &Source) -> String {
    let one = |mistake: &Mistake| {
        let place = &mistake.place;
        let text = source.files.iter().find(|(name, _)| **name == *place.file);
        let line = text.and_then(|(_, text)| text.lines().nth(place.line.saturating_sub(1)));
        match line {
            None => mistake.to_string(),
            Some(line) => {
                let number = place.line.to_string();
                let margin = " ".repeat(number.len());
                let (line, columns) = excerpt(line, place.column.saturating_sub(1));
                format!("{mistake}\n {number} | {line}\n {margin} | {}^", " ".repeat(columns))
            }
        }
    };
    mistakes.iter().map(one).collect::<Vec<_>>().join("\n")
}
