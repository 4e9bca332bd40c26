//! The starter pack at work.

mod messages;
mod programs;
mod segments;

use super::FILES;
use crate::definitions::{Definitions, Lineage};
use crate::message::Class;

/// The pack, as the definitions that follow `lineage`.
#[track_caller]
fn pack_after(lineage: &Lineage) -> Definitions {
    read(&FILES, lineage)
}

/// The pack, as the first definitions of a shop.
#[track_caller]
fn pack() -> Definitions {
    pack_after(&Definitions::none().lineage().next())
}

#[track_caller]
fn read(files: &[(&str, &str)], lineage: &Lineage) -> Definitions {
    Definitions::read(files, lineage).unwrap_or_else(|mistakes| {
        let told: Vec<_> = mistakes.iter().map(ToString::to_string).collect();
        panic!("{}", told.join("\n"))
    })
}

#[test]
fn every_program_has_a_text_for_every_channel_and_says_its_causes() {
    let pack = pack();
    let own = pack.segments.iter().filter(|segment| !segment.id.is_cell()).count();
    assert_eq!((own, pack.classes.len(), pack.programs.len()), (15, 2, 6));
    assert_eq!(pack.doubts, []);
    for program in pack.programs.iter().filter(|program| program.class != Class::OptIn) {
        let content = &pack.templates[&program.template];
        for channel in crate::channel::Channel::ALL {
            assert!(content.has(channel));
            assert_eq!(content.parts(channel, Some("fr-FR")).1, Some("fr"), "{}", program.id);
        }
        assert!(program.goal.is_some() && !program.existing, "{}", program.id);
    }
    let causes = super::FILES.iter().map(|(_, text)| text.matches("\n    causes: [").count());
    assert_eq!(causes.sum::<usize>(), pack.programs.len());
}
