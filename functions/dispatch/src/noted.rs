//! What was noted when messages were written: logged once in a run, with the number of messages, as a
//! template is written for thousands of customers of whom the same is missing.

use std::collections::BTreeMap;

use attune_domain::content::Note;
use attune_domain::id::TemplateId;
use tokio::sync::Mutex;

/// The most notes of a run that are told apart: a hundred templates with ten each.
const MOST: usize = 1_000;

/// What was noted in a run, each with the number of messages.
#[derive(Debug, Default)]
pub(crate) struct Noted(Mutex<Kept>);

#[derive(Debug, Default)]
struct Kept {
    notes: BTreeMap<Key, u64>,
    /// Messages with a note that is not kept.
    more: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Missing,
    Warning,
}

type Key = (TemplateId, Option<String>, Kind, Note);

/// What was noted about one message.
#[derive(Debug)]
pub(crate) struct OfMessage {
    pub(crate) template: TemplateId,
    pub(crate) language: Option<String>,
    pub(crate) missing: Vec<Note>,
    pub(crate) warnings: Vec<Note>,
}

impl Noted {
    /// Counts what was noted about a message that goes out.
    pub(crate) async fn count(&self, of: OfMessage) {
        let OfMessage { template, language, missing, warnings } = of;
        let missing = missing.into_iter().map(|note| (Kind::Missing, note));
        let warnings = warnings.into_iter().map(|note| (Kind::Warning, note));
        let mut kept = self.0.lock().await;
        for (kind, note) in missing.chain(warnings) {
            // What a warning quotes of the customer must not be told, nor tell notes apart.
            let note = Note { told: String::new(), ..note };
            let key = (template.clone(), language.clone(), kind, note);
            if kept.notes.len() < MOST || kept.notes.contains_key(&key) {
                *kept.notes.entry(key).or_default() += 1;
            } else {
                kept.more += 1;
            }
        }
    }

    /// Logs it.
    pub(crate) fn tell(self) {
        let Kept { notes, more } = self.0.into_inner();
        for ((template, language, kind, note), messages) in notes {
            let Note { part, partial, position, fault, .. } = note;
            let (language, partial) = (language.as_deref(), partial.as_deref());
            let line = position.map(|position| position.line);
            let column = position.map(|position| position.column);
            match kind {
                Kind::Missing => tracing::info!(
                    template = %template, language, part, partial, line, column, variable = fault,
                    messages, "dispatch.missing"
                ),
                Kind::Warning => tracing::warn!(
                    template = %template, language, part, partial, line, column, fault, messages,
                    "dispatch.warning"
                ),
            }
        }
        if more > 0 {
            tracing::warn!(limit = MOST, messages = more, "dispatch.more_noted");
        }
    }
}
