//! Publishing definitions: read → compare → store → point → pass.

use std::sync::Arc;

use attune_aws::store::{Source, StoreError};
use attune_domain::definitions::{Definitions, Mistake};
use attune_domain::plan::Version;
use attune_domain::program::Program;

use crate::{Deps, Refusal};

/// What came of publishing.
#[derive(Debug, Clone, PartialEq)]
pub struct Publication {
    /// The version that is current now.
    pub version: Version,
    /// Whether these definitions were already current.
    pub unchanged: bool,
    /// What in new definitions is allowed, and was hardly meant.
    pub doubts: Vec<Mistake>,
}

/// Makes definitions current and starts the full pass. Programs with `existing: true` that are new
/// must be named in `confirmed`.
pub async fn publish(
    deps: &Deps,
    source: &Source,
    confirmed: &[&str],
) -> Result<Publication, Refusal> {
    let now = deps.clock.now();
    let current = deps.store.fresh_definitions(now).await?;
    if current_source(deps, current.version()).await? == *source {
        // Perhaps a retry of a publication whose pass did not start.
        if current.version() > Version::default() && !deps.store.pass_is_done().await? {
            start_pass(deps, current.version()).await?;
        }
        let version = current.version();
        return Ok(Publication { version, unchanged: true, doubts: Vec::new() });
    }
    let next = read(&current, source)?;
    let known = |id: &&str| id.is_empty() || next.program(id).is_some();
    if let Some(unknown) = confirmed.iter().find(|id| !known(id)) {
        let told = format!("`{unknown}` is to be confirmed, and there is no program of that name");
        return Err(Refusal::Unreadable(told));
    }
    let unconfirmed: Vec<String> = newly_for_existing(&current, &next)
        .filter(|program| !confirmed.contains(&program.id.as_str()))
        .map(|program| program.id.to_string())
        .collect();
    if !unconfirmed.is_empty() {
        return Err(Refusal::Unconfirmed(unconfirmed));
    }
    if !deps.store.publish(source, &next, now).await? {
        return Err(Refusal::Overtaken);
    }
    start_pass(deps, next.version()).await?;
    let doubts = next.doubts.clone();
    Ok(Publication { version: next.version(), unchanged: false, doubts })
}

/// Reads definitions as those that follow the current ones.
pub(crate) fn read(current: &Definitions, source: &Source) -> Result<Arc<Definitions>, Refusal> {
    let next = source.read(&current.lineage().next()).map_err(Refusal::Mistakes)?;
    Ok(Arc::new(next.with_census(current.census().clone())))
}

/// The files of a version; none of the version before the first.
pub(crate) async fn current_source(deps: &Deps, version: Version) -> Result<Source, StoreError> {
    if version == Version::default() {
        return Ok(Source::default());
    }
    Ok(deps.store.published(version).await?.source)
}

/// Programs that the next definitions start for those who are there already, and the current ones
/// do not.
fn newly_for_existing<'a>(
    current: &'a Definitions,
    next: &'a Definitions,
) -> impl Iterator<Item = &'a Program> {
    let known = |program: &Program| {
        current.program(program.id.as_str()).is_some_and(|before| before.existing)
    };
    next.programs.iter().filter(move |program| program.existing && !known(program))
}

async fn start_pass(deps: &Deps, version: Version) -> Result<(), Refusal> {
    let now = deps.clock.now();
    let pass = deps.store.start_pass(version, now).await?;
    Ok(deps.pass_machine.start(&pass, now).await?)
}
