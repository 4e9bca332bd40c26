//! Reads the golden-liquid suite, which is not part of this project: from where
//! `ATTUNE_GOLDEN_LIQUID` says, else from `shared/data/golden-liquid` beside the repository.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use attune_liquid::Value;
use serde::Deserialize;

/// The suite.
#[derive(Deserialize)]
pub(crate) struct Suite {
    pub(crate) tests: Vec<Case>,
}

/// A template and what Ruby makes of it.
#[derive(Deserialize)]
#[allow(dead_code, reason = "not every user of the suite looks at everything")]
pub(crate) struct Case {
    pub(crate) name: String,
    pub(crate) template: String,
    #[serde(default)]
    pub(crate) data: Value,
    #[serde(default)]
    pub(crate) templates: BTreeMap<String, String>,
    pub(crate) result: Option<String>,
    pub(crate) results: Option<Vec<String>>,
    #[serde(default)]
    pub(crate) invalid: bool,
}

/// The suite, or `None` after saying that it is not here.
pub(crate) fn suite() -> Option<Suite> {
    let named = std::env::var_os("ATTUNE_GOLDEN_LIQUID").map(PathBuf::from);
    let folders = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors();
    let beside = folders.map(|folder| folder.join("shared/data/golden-liquid"));
    let text = named.into_iter().chain(beside).find_map(|place| {
        let file = if place.is_dir() { place.join("golden_liquid.json") } else { place };
        std::fs::read_to_string(file).ok()
    });
    let Some(text) = text else {
        println!("skipped: golden-liquid is not here, set ATTUNE_GOLDEN_LIQUID to its folder");
        return None;
    };
    let parsed = serde_json::from_str(&text);
    assert!(parsed.is_ok(), "golden-liquid cannot be read: {:?}", parsed.err());
    parsed.ok()
}
