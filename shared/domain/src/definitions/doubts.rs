//! What is lawful and was hardly meant about a program's message: what would silently not be sent, or
//! not at its hour, and what its text lacks.

use super::Definitions;
use super::programs::Send;
use super::reader::Reader;
use super::settings::Shop;
use super::source::Node;
use super::templates::Content;
use crate::channel::Channel;
use crate::message::Class;
use crate::program::{At, Program};
use crate::timing::QuietHours;

/// Where the parts of `send:` stand.
pub(super) struct Places<'n> {
    pub(super) template: &'n Node,
    pub(super) at: Option<&'n Node>,
    pub(super) max_lateness: Option<&'n Node>,
    pub(super) topic: Option<&'n Node>,
}

/// Tells of what a program sends.
pub(super) fn about(
    reader: &mut Reader,
    definitions: &Definitions,
    places: &Places<'_>,
    send: &Send,
) {
    let Some(content) = definitions.templates.get(&send.template) else { return };
    if reader.published {
        return;
    }
    for told in of_text(content, send) {
        reader.doubt(places.template.place.clone(), told);
    }
    if let Some((node, told)) = of_hours(definitions, content, places, send) {
        reader.doubt(node.place.clone(), told);
    }
    if let Some(node) = places.topic.filter(|_| definitions.policy.topics.is_empty()) {
        let told = "`policy.topics` names no topics, so nobody finds this one on the preference page; \
                    list it there";
        reader.doubt(node.place.clone(), told.to_owned());
    }
    let mails = |program: &Program| {
        let content = definitions.templates.get(&program.template);
        content.is_some_and(|content| content.has(Channel::Email))
    };
    let nobody = definitions.shop.from == Shop::default().from;
    // Told once, at the first program that sends mail.
    if nobody && content.has(Channel::Email) && !definitions.programs.iter().any(mails) {
        let told = "this is sent by e-mail, and `shop.from` does not say who sends it";
        reader.doubt(places.template.place.clone(), told.to_owned());
    }
}

/// Links and codes that the text has and the program does not give, and a way out that the text should
/// have.
fn of_text(content: &Content, send: &Send) -> Vec<String> {
    let id = &send.template;
    let marketing = send.class == Class::Marketing;
    let mut doubts = Vec::new();
    // Only who was asked for consent has something to confirm.
    if send.class != Class::OptIn && content.reads("confirm_url") {
        doubts.push(format!(
            "`{id}` has a link by `confirm_url`, which confirms a subscription; send it with \
             `class: opt-in`, or leave the link out"
        ));
    }
    if send.coupon.is_none() && content.relies_on("coupon") {
        doubts.push(format!(
            "`{id}` reads `coupon`, and this program gives none; name one in `send` by `coupon:`"
        ));
    }
    let leaves = || ["unsubscribe_url", "preferences_url"].iter().any(|link| content.links(link));
    if marketing && content.has(Channel::Email) && !leaves() {
        doubts.push(format!(
            "`{id}` is marketing, and its text has no way out: put a link by `unsubscribe_url` or \
             `preferences_url` into it, as many laws demand"
        ));
    }
    if marketing && content.texts().any(|text| !content.says_stop(text)) {
        doubts.push(format!(
            "`{id}` is marketing, and its text message does not say how to end it: name STOP in it, as \
             many laws and carriers demand"
        ));
    }
    doubts
}

/// An hour, or a lateness, that the quiet hours of every channel of the message are in the way of.
fn of_hours<'n>(
    definitions: &Definitions,
    content: &Content,
    places: &Places<'n>,
    send: &Send,
) -> Option<(&'n Node, String)> {
    let quiet = &definitions.policy.hours.quiet;
    let of_channel = |channel| quiet.iter().find(|(known, _)| *known == channel);
    let channels = Channel::ALL.into_iter().filter(|channel| content.has(*channel));
    let quiet: Vec<QuietHours> =
        channels.map(|channel| Some(of_channel(channel)?.1)).collect::<Option<_>>()?;
    if send.class != Class::Marketing {
        return None;
    }
    match (send.at, places.at, places.max_lateness) {
        (Some(At::Time(time)), Some(node), _) if quiet.iter().all(|hours| hours.holds(time)) => {
            let told = "this is within the quiet hours of every channel of the template: the message \
                        goes out when they end";
            Some((node, told.to_owned()))
        }
        (None, _, Some(node)) if quiet.iter().all(|hours| hours.length() > send.max_lateness) => {
            let shortest = quiet.iter().map(|hours| hours.length()).min()?.in_words();
            let told = format!(
                "what becomes due as the quiet hours begin, which last {shortest}, is too late when \
                 they end, and is not sent"
            );
            Some((node, told))
        }
        _ => None,
    }
}
