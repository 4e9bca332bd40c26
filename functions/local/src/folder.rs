//! Definitions in a folder.

use std::fs;
use std::path::Path;

use attune_aws::store::Source;
use attune_domain::limits;

use crate::Failure;

/// Levels of folders that are looked into.
const DEPTH: usize = 8;
/// What definition files end with.
const ENDINGS: [&str; 3] = ["yaml", "yml", "json"];

/// Reads one file, or every definition file of a folder, by name.
pub(crate) fn read(path: &Path) -> Result<Source, Failure> {
    let mut source = Source::default();
    if path.is_dir() {
        collect(path, path, DEPTH, &mut source)?;
    } else {
        take(path, &path.file_name().unwrap_or_default().to_string_lossy(), &mut source)?;
    }
    source.files.sort();
    if source.files.is_empty() {
        return Err(Failure::file(path, "there is no `.yaml`, `.yml` or `.json` file in it"));
    }
    Ok(source)
}

/// The starter pack.
pub(crate) fn starter() -> Source {
    let files = attune_domain::starter::FILES;
    Source { files: files.map(|(name, text)| (name.to_owned(), text.to_owned())).to_vec() }
}

/// What is asked for, or the starter pack.
pub(crate) fn read_or_starter(path: Option<&Path>) -> Result<Source, Failure> {
    path.map_or_else(|| Ok(starter()), read)
}

/// Recursion is bounded by `depth`.
fn collect(root: &Path, folder: &Path, depth: usize, source: &mut Source) -> Result<(), Failure> {
    let entries = fs::read_dir(folder).map_err(|why| Failure::file(folder, why))?;
    for entry in entries {
        let path = entry.map_err(|why| Failure::file(folder, why))?.path();
        let hidden = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'));
        let ending = path.extension().map(|ending| ending.to_string_lossy().to_lowercase());
        if path.is_dir() && depth > 0 && !hidden {
            collect(root, &path, depth - 1, source)?;
        } else if !hidden && ending.is_some_and(|ending| ENDINGS.contains(&ending.as_str())) {
            let name = path.strip_prefix(root).unwrap_or(&path).to_string_lossy().into_owned();
            take(&path, &name, source)?;
        }
    }
    Ok(())
}

fn take(path: &Path, name: &str, source: &mut Source) -> Result<(), Failure> {
    let text = fs::read_to_string(path).map_err(|why| Failure::file(path, why))?;
    let bytes: usize = source.files.iter().map(|(_, text)| text.len()).sum();
    if bytes + text.len() > limits::DEFINITION_BYTES {
        let limit = limits::DEFINITION_BYTES;
        return Err(Failure::file(path, format!("definitions can have {limit} bytes in all")));
    }
    source.files.push((name.to_owned(), text));
    Ok(())
}
