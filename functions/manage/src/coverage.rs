//! Whom a program writes to: who lacks what its template reads, and how long its texts would be.

use attune_domain::coverage::{has, traits_read};
use attune_domain::definitions::Definitions;
use attune_domain::digest::Key;
use attune_domain::profile::Profile;
use attune_domain::time::Timestamp;
use serde_json::{Value, json};

use crate::texts::Texts;

/// For each program, what its readers lack.
#[derive(Debug, Default)]
pub(crate) struct Coverage(Vec<OfProgram>);

#[derive(Debug)]
struct OfProgram {
    program: String,
    template: String,
    segment: Key,
    customers: u64,
    /// Paths of traits, and how many customers lack each.
    lacking: Vec<(String, u64)>,
    texts: Texts,
}

impl Coverage {
    /// Nobody was looked at yet.
    pub(crate) fn of(definitions: &Definitions) -> Self {
        let of_program = |program: &attune_domain::program::Program| {
            let content = definitions.templates.get(&program.template)?;
            let traits = traits_read(content, &definitions.shop);
            Some(OfProgram {
                program: program.id.to_string(),
                template: program.template.to_string(),
                segment: definitions.segments.get(program.segment)?.key,
                customers: 0,
                lacking: traits.into_iter().map(|path| (path, 0)).collect(),
                texts: Texts::default(),
            })
        };
        Self(definitions.programs.iter().filter_map(of_program).collect())
    }

    /// Looks at one customer.
    pub(crate) fn count(&mut self, profile: &Profile, definitions: &Definitions, now: Timestamp) {
        for of in &mut self.0 {
            let place = profile.core.memberships.get(of.segment);
            if !place.is_some_and(|place| place.inside) {
                continue;
            }
            of.customers += 1;
            for (path, lacking) in &mut of.lacking {
                *lacking += u64::from(!has(&profile.card, path));
            }
            if let Some(program) = definitions.program(&of.program) {
                of.texts.count(profile, program, definitions, now);
            }
        }
    }

    /// For the answer: what some of the customers lack, and the texts.
    pub(crate) fn json(&self, definitions: &Definitions) -> Value {
        let of_program = |of: &OfProgram| {
            let lacks = of.lacking.iter().filter(|(_, customers)| *customers > 0);
            let lack = |(path, customers): &(String, u64)| json!({ "variable": format!("customer.{path}"), "customers": customers });
            json!({
                "program": of.program,
                "template": of.template,
                "customers": of.customers,
                "lacking": lacks.map(lack).collect::<Value>(),
                "texts": of.texts.json(&definitions.policy.sms),
            })
        };
        self.0.iter().map(of_program).collect()
    }
}
