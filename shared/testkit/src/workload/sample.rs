//! Customers as they are when the play begins, for measurements.

use attune_domain::definitions::Definitions;
use attune_domain::id::CustomerId;
use attune_domain::packed;
use attune_domain::profile::Core;
use attune_domain::time::Span;

use super::{BEGIN, Life, Person};

const DAY: Span = Span::days(1);

/// A customer as they are stored, and decoded.
#[derive(Debug)]
pub struct Sample {
    /// Who.
    pub id: CustomerId,
    /// What rules look at.
    pub core: Core,
    /// The same as bytes.
    pub stored: Vec<u8>,
}

impl Sample {
    /// A customer once everything has arrived that they did before the beginning; nobody if that is
    /// nothing.
    pub fn of(person: &Person, definitions: &Definitions) -> Option<Self> {
        let mut life = Life::new(definitions, &person.id);
        for doing in person.doings.iter().take_while(|doing| doing.arrives <= BEGIN) {
            life.sweep_until(doing.arrives, DAY);
            life.take(&person.event(doing));
        }
        life.sweep_until(BEGIN, DAY);
        let profile = life.profile()?;
        let stored = packed::pack(&profile.core, &profile.id, definitions);
        let mut sample = Self { id: profile.id.clone(), core: profile.core.clone(), stored };
        sample.core = sample.decoded(definitions);
        Some(sample)
    }

    /// The core, from the bytes.
    pub fn decoded(&self, definitions: &Definitions) -> Core {
        packed::unpack(&self.stored, &self.id, definitions).expect("a core")
    }
}
