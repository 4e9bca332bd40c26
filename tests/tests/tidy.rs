//! The invariants of `ARCHITECTURE.md` that can be read off the files.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use std::fs;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Every file with this ending in the folders that hold code, with its text.
fn files(ending: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for folder in ["functions", "shared", "tests"] {
        collect(&root().join(folder), ending, &mut found);
    }
    assert!(!found.is_empty(), "there is nothing to check");
    found
}

fn collect(folder: &Path, ending: &str, found: &mut Vec<(String, String)>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_dir() && !["target", "node_modules"].contains(&name.as_str()) {
            collect(&path, ending, found);
        } else if name.ends_with(ending) {
            let place = path.strip_prefix(root()).unwrap().to_string_lossy().into_owned();
            found.push((place, fs::read_to_string(&path).unwrap()));
        }
    }
}

/// Fails with the places of `wrong` files.
#[track_caller]
fn none(what: &str, wrong: impl Iterator<Item = String>) {
    let wrong: Vec<String> = wrong.collect();
    assert!(wrong.is_empty(), "{what}: {wrong:#?}");
}

/// This file names what it looks for.
fn is_this(place: &str) -> bool {
    place == "tests/tests/tidy.rs"
}

#[test]
fn only_shared_aws_names_an_aws_sdk() {
    let names = |text: &str| {
        ["aws_sdk_", "aws_config", "aws_smithy", "aws-sdk-", "aws-config", "aws-smithy"]
            .iter()
            .any(|name| text.contains(name))
    };
    let places = files(".rs").into_iter().chain(files("Cargo.toml"));
    let wrong = places.filter(|(place, text)| {
        !place.starts_with("shared/aws/") && !is_this(place) && names(text)
    });
    none("files that name an AWS SDK", wrong.map(|(place, _)| place));
}

#[test]
fn only_main_and_wire_name_the_types_of_lambda() {
    let wrong = files(".rs").into_iter().filter(|(place, text)| {
        let may = place.ends_with("/main.rs") || place.ends_with("/wire.rs") || is_this(place);
        !may && (text.contains("lambda_http") || text.contains("lambda_runtime"))
    });
    none("files that name Lambda", wrong.map(|(place, _)| place));
}

#[test]
fn functions_do_not_depend_on_each_other() {
    let functions = ["ingest", "recompute", "dispatch", "feedback", "links", "manage"];
    for function in functions {
        let place = root().join("functions").join(function).join("Cargo.toml");
        let text = fs::read_to_string(place).unwrap();
        let others = functions.iter().filter(|other| **other != function);
        let named = others.filter(|other| text.contains(&format!("attune-{other}")));
        none(&format!("functions that {function} depends on"), named.map(ToString::to_string));
    }
}

#[test]
fn the_domain_depends_on_nothing_that_could_do_anything() {
    let text = fs::read_to_string(root().join("shared/domain/Cargo.toml")).unwrap();
    let section = text.split("[dependencies]").nth(1).unwrap();
    let section = section.split("\n[").next().unwrap();
    let pure = [
        "aes-siv",
        "attune-liquid",
        "attune-mail",
        "base64",
        "icu_normalizer",
        "jiff",
        "saphyr-parser",
        "serde",
        "serde_json",
        "sha2",
        "strsim",
    ];
    let pure = pure.into_iter().chain(["thiserror", "indexmap"]).collect::<Vec<_>>();
    let names = section.lines().filter_map(|line| line.split(['.', ' ', '=']).next());
    let wrong = names.filter(|name| !name.is_empty() && !pure.contains(name));
    none("dependencies of the domain", wrong.map(str::to_owned));
    let clippy = fs::read_to_string(root().join("shared/domain/clippy.toml")).unwrap();
    for forbidden in ["std::time::SystemTime::now", "std::time::Instant::now", "std::fs"] {
        assert!(clippy.contains(forbidden), "`{forbidden}` is not forbidden in the domain");
    }
}

#[test]
fn logs_name_no_address_token_or_body() {
    let secret = ["email", "phone", "address", "token", "body", "subject", "text"];
    let wrong = files(".rs").into_iter().flat_map(|(place, text)| {
        let logs: Vec<String> = text
            .split("tracing::")
            .skip(1)
            .filter_map(|call| call.split_once("!("))
            .filter(|(name, _)| ["error", "warn", "info", "debug", "trace"].contains(name))
            .filter_map(|(_, rest)| rest.split(");").next().map(str::to_owned))
            .collect();
        let telling = |log: &String| {
            log.split(',').any(|field| {
                let name = field.split('=').next().unwrap_or_default().trim();
                secret.contains(&name.trim_start_matches(['%', '?']))
            })
        };
        logs.into_iter().filter(telling).map(move |log| format!("{place}: {log}"))
    });
    none("logs that may tell too much", wrong);
}

#[test]
fn mains_are_thin() {
    let long = files("main.rs")
        .into_iter()
        .filter(|(place, _)| place.starts_with("functions/") && !place.contains("/tests/"))
        .filter(|(_, text)| text.lines().count() > 50);
    none("mains of more than 50 lines", long.map(|(place, _)| place));
}
