//! A message that is in no ledger, to show what a template says.

use attune_domain::coupon::{Code, Codes, Issued};
use attune_domain::definitions::Definitions;
use attune_domain::id::{CustomerId, MessageId, ProgramId, SegmentId, TemplateId};
use attune_domain::message::{Cause, Message};
use attune_domain::program::Program;
use attune_domain::time::Timestamp;

/// Stands for a program or a segment where there is none.
const NONE: &str = "preview";
/// Stands for a code of a pool: as long as most, and good for nothing.
const CODE: &str = "SAMPLE-CODE";

/// A message of a program, or of none, to a customer.
pub(crate) fn message(
    customer: &CustomerId,
    template: &TemplateId,
    program: Option<&Program>,
    now: Timestamp,
) -> Option<Message> {
    let id = match program {
        Some(program) => program.id.clone(),
        None => ProgramId::parse(NONE).ok()?,
    };
    let segment = SegmentId::parse(NONE).ok()?;
    Some(Message {
        // The entry that nobody has: entries are counted from 1.
        id: MessageId::of(&id, &segment, customer, 0),
        customer: customer.clone(),
        program: id,
        class: program.map(|program| program.class).unwrap_or_default(),
        template: template.clone(),
        segment,
        entry: 0,
        cause: Cause::Event,
        event: None,
        at: now,
        due: now,
        expires: now,
    })
}

/// What a message of the program would say of its coupon, if it has one. No code is taken.
pub(crate) fn issued(program: Option<&Program>, definitions: &Definitions) -> Option<Issued> {
    let coupon = definitions.coupons.get(program?.coupon.as_ref()?)?;
    let code = match &coupon.codes {
        Codes::Static(code) => code.clone(),
        Codes::Unique => Code::parse(CODE).ok()?,
    };
    let expires = coupon.expires.map(|expiry| expiry.day);
    Some(Issued { coupon: coupon.id.clone(), code, expires })
}
