//! Reads the policy on messages.

use super::mistake::Wrong;
use super::reader::{Members, Reader};
use super::source::{Kind, Node};
use crate::cart::BOUGHT_FOR;
use crate::channel::Channel;
use crate::feedback::SoftBounces;
use crate::language;
use crate::limits;
use crate::number::Number;
use crate::policy::{Policy, Texts, Topic, WhenCapped};
use crate::pressure::{Cap, LONGEST, REMEMBERED};
use crate::time::Span;
use crate::timing::{Closed, QuietHours};
use crate::zone::Zone;

/// Weekdays as people shorten them, Monday being 0.
const WEEKDAYS: [(&str, i8); 7] =
    [("mon", 0), ("tue", 1), ("wed", 2), ("thu", 3), ("fri", 4), ("sat", 5), ("sun", 6)];
/// Closed days and zones that a policy lists; far more than any shop has.
const MOST_LISTED: usize = 400;
/// How long a link may confirm. Former keys of links are kept for 60 days, so no longer.
const CONFIRM: (Span, Span, &str) = (Span::hours(1), Span::days(60), "a time from 1h to 60d");
/// Soft bounces that give up an address: one alone says nothing, and 64 are remembered.
const LEAST_BOUNCES: usize = 2;
/// See [`LEAST_BOUNCES`].
const MOST_BOUNCES: u16 = 20;
/// The time within which they count.
const WITHIN: (Span, Span, &str) = (Span::days(1), Span::days(90), "a time from 1d to 90d");
/// A price of a segment that must be a slip: the dearest country of SNS takes less than one dollar.
const DEAREST: Number = Number::from_integer(100);

pub(super) fn read(reader: &mut Reader, policy: &mut Policy, node: &Node) -> Option<()> {
    let mut members = reader.members(node)?;
    if let Some(node) = members.get("channels") {
        policy.channels = channels(reader, node);
    }
    if let Some(node) = members.get("learn") {
        policy.learn = reader.truth(node).unwrap_or_default();
    }
    if let Some(node) = members.get("just_bought") {
        policy.just_bought = reader.span(node).unwrap_or_default();
        if policy.just_bought > BOUGHT_FOR {
            reader.refuse::<()>(&node.place, Wrong::Expected("at most 90d"));
        }
    }
    if let Some(node) = members.get("quiet_hours") {
        policy.hours.quiet =
            by_channel(reader, node, |reader, node| reader.parsed(node, QuietHours::parse));
    }
    if let Some(node) = members.get("weekdays") {
        policy.hours.weekdays = by_channel(reader, node, weekdays);
    }
    if let Some(node) = members.get("closed") {
        policy.hours.closed = listed(reader, node, Closed::parse);
    }
    if let Some(node) = members.get("zones") {
        policy.zones = listed(reader, node, Zone::parse);
    }
    if let Some(node) = members.get("caps") {
        let list = reader.list(node);
        policy.caps = list.iter().filter_map(|node| cap(reader, node)).collect();
    }
    if let Some(node) = members.get("less_often") {
        policy.less_often = cap(reader, node).unwrap_or(policy.less_often);
    }
    if let Some(node) = members.get("when_capped") {
        let words = [("hold", WhenCapped::Hold), ("drop", WhenCapped::Drop)];
        policy.when_capped = reader.word(node, &words).unwrap_or(policy.when_capped);
    }
    if let Some(node) = members.get("topics") {
        read_topics(reader, policy, node);
    }
    if let Some(node) = members.get("track_clicks") {
        policy.track_clicks = reader.truth(node).unwrap_or_default();
    }
    if let Some(node) = members.get("confirm_within") {
        policy.confirm_within = span_in(reader, node, CONFIRM).unwrap_or(policy.confirm_within);
    }
    if let Some(node) = members.get("soft_bounces") {
        policy.soft_bounces = soft_bounces(reader, node).unwrap_or_default();
    }
    if let Some(node) = members.get("sms") {
        texts(reader, &mut policy.sms, node);
    }
    doubt_days(reader, policy, &mut members);
    reader.finish(&members);
    Some(())
}

/// Tells of days on which a channel is not used, and whose next day it therefore begins at midnight.
fn doubt_days(reader: &mut Reader, policy: &Policy, members: &mut Members<'_>) {
    let hours = &policy.hours;
    let wakes = |channel: &Channel| hours.quiet.iter().all(|(known, _)| known != channel);
    let some = hours.weekdays.iter().filter(|(_, days)| days.len() < WEEKDAYS.len());
    let weekdays = some.map(|(channel, _)| channel).find(|channel| wakes(channel));
    let closed = policy.channels.iter().find(|channel| !hours.closed.is_empty() && wakes(channel));
    for (key, channel) in [("weekdays", weekdays), ("closed", closed)] {
        if let (Some(node), Some(channel)) = (members.get(key), channel) {
            let told = format!(
                "what waits for the next day goes by {channel} as soon as it begins, at midnight; give \
                 {channel} `quiet_hours`"
            );
            reader.doubt(node.place.clone(), told);
        }
    }
}

/// Reads `{ stop_at: 6, within: 30d }`.
fn soft_bounces(reader: &mut Reader, node: &Node) -> Option<SoftBounces> {
    let mut members = reader.members(node)?;
    let stop_at = reader.required(&mut members, "stop_at");
    let within = reader.required(&mut members, "within");
    reader.finish(&members);
    let stop_at = stop_at?;
    let beyond = Wrong::Expected("a whole number from 2 to 20");
    let at = usize::from(reader.count(stop_at, MOST_BOUNCES, beyond.clone())?);
    if at < LEAST_BOUNCES {
        return reader.refuse(&stop_at.place, beyond);
    }
    let within = span_in(reader, within?, WITHIN)?;
    Some(SoftBounces { at, within })
}

/// Reads a span within limits, which stand there in words as well.
fn span_in(reader: &mut Reader, node: &Node, limits: (Span, Span, &'static str)) -> Option<Span> {
    let (least, most, words) = limits;
    let span = reader.span(node)?;
    if span < least || span > most {
        return reader.refuse(&node.place, Wrong::Expected(words));
    }
    Some(span)
}

/// Reads `{ most_segments: 2, price: 0.0075, currency: USD }`.
fn texts(reader: &mut Reader, texts: &mut Texts, node: &Node) -> Option<()> {
    let mut members = reader.members(node)?;
    if let Some(node) = members.get("most_segments") {
        let beyond = Wrong::Expected("at most 10 segments, as SNS takes no longer text");
        let most = reader.count(node, limits::SMS_SEGMENTS, beyond);
        texts.most_segments = most.unwrap_or(texts.most_segments);
    }
    if let Some(node) = members.get("price") {
        let price = reader.number(node);
        if price.is_some_and(|price| price <= Number::ZERO || price > DEAREST) {
            reader.refuse::<()>(&node.place, Wrong::Expected("a price above 0, and up to 100"));
        }
        texts.price = price;
    }
    if let Some(node) = members.get("currency") {
        texts.currency = reader.parsed(node, currency).unwrap_or_default();
    }
    reader.finish(&members);
    Some(())
}

/// An ISO 4217 code.
pub(super) fn currency(text: &str) -> Result<String, String> {
    let fits = text.len() == 3 && text.bytes().all(|byte| byte.is_ascii_uppercase());
    let refused = || format!("`{text}` is not the code of a currency; write it like EUR");
    fits.then(|| text.to_owned()).ok_or_else(refused)
}

/// Reads `[{ id: news, name: News }]`.
fn read_topics(reader: &mut Reader, policy: &mut Policy, node: &Node) {
    let list = reader.list(node);
    if list.len() > limits::TOPICS {
        reader.refuse::<()>(&node.place, Wrong::TooMany("topics", limits::TOPICS));
    }
    for node in list {
        let Some(topic) = read_topic(reader, node) else { continue };
        if policy.topics.iter().any(|known| known.id == topic.id) {
            reader.refuse::<()>(&node.place, Wrong::DuplicateKey(topic.id.clone()));
        }
        policy.topics.push(topic);
    }
}

fn read_topic(reader: &mut Reader, node: &Node) -> Option<Topic> {
    let mut members = reader.members(node)?;
    let id = reader.required(&mut members, "id");
    let name = members.get("name");
    reader.finish(&members);
    let id = reader.parsed(id?, topic_id)?;
    let names = name.map(|node| names(reader, node)).unwrap_or_default();
    let name = names.first().map_or(&id, |(_, name)| name).clone();
    let names = names.into_iter().filter_map(|(tag, name)| Some((tag?, name))).collect();
    Some(Topic { id, name, names })
}

/// Reads `News`, or `{ en: News, fr: Actualités }`, of which the first is for everybody else.
fn names(reader: &mut Reader, node: &Node) -> Vec<(Option<String>, String)> {
    let Kind::Map(entries) = &node.kind else {
        return reader.text(node).map(|name| (None, name.to_owned())).into_iter().collect();
    };
    if entries.is_empty() {
        reader.refuse::<()>(&node.place, Wrong::Expected("a text, or texts by language"));
    }
    let mut names: Vec<(Option<String>, String)> = Vec::new();
    for (key, name) in entries {
        let (tag, name) = (reader.parsed(key, language::parse), reader.text(name));
        let (Some(tag), Some(name)) = (tag, name) else { continue };
        if names.iter().any(|(known, _)| known.as_ref() == Some(&tag)) {
            reader.refuse::<()>(&key.place, Wrong::DuplicateKey(tag.clone()));
        }
        names.push((Some(tag), name.to_owned()));
    }
    names
}

/// A consent names a topic in capitals or small letters, so that none is lost for its spelling.
fn topic_id(text: &str) -> Result<String, &'static str> {
    let same = text == text.trim().to_lowercase();
    same.then(|| text.to_owned()).ok_or("the id of a topic has small letters, as in `news`")
}

fn words() -> [(&'static str, Channel); 3] {
    Channel::ALL.map(|channel| (channel.as_str(), channel))
}

fn channels(reader: &mut Reader, node: &Node) -> Vec<Channel> {
    let list = reader.list(node);
    if list.is_empty() {
        reader.refuse::<()>(&node.place, Wrong::Expected("at least one channel"));
    }
    list.iter().filter_map(|node| reader.word(node, &words())).collect()
}

/// A map from channels to values; one value alone is meant for all of them.
fn by_channel<T: Clone>(
    reader: &mut Reader,
    node: &Node,
    read: impl Fn(&mut Reader, &Node) -> Option<T>,
) -> Vec<(Channel, T)> {
    let is_map = matches!(node.kind, Kind::Map(_));
    if !is_map {
        let value = read(reader, node);
        return value.map_or_else(Vec::new, |value| {
            Channel::ALL.map(|channel| (channel, value.clone())).to_vec()
        });
    }
    let entries = reader.entries(node);
    let entry =
        |(key, value): &(Node, Node)| Some((reader.word(key, &words())?, read(reader, value)?));
    entries.iter().filter_map(entry).collect()
}

fn weekdays(reader: &mut Reader, node: &Node) -> Option<Vec<i8>> {
    let list = reader.list(node);
    if list.is_empty() {
        return reader.refuse(&node.place, Wrong::Expected("at least one day"));
    }
    list.iter().map(|node| reader.word(node, &WEEKDAYS)).collect()
}

fn listed<T, E: std::fmt::Display>(
    reader: &mut Reader,
    node: &Node,
    parse: impl Fn(&str) -> Result<T, E>,
) -> Vec<T> {
    let list = reader.list(node);
    if let Some(extra) = list.get(MOST_LISTED) {
        reader.refuse::<()>(&extra.place, Wrong::TooMany("entries of this list", MOST_LISTED));
    }
    list.iter().filter_map(|node| reader.parsed(node, &parse)).collect()
}

fn cap(reader: &mut Reader, node: &Node) -> Option<Cap> {
    let mut members = reader.members(node)?;
    let channel = members.get("channel");
    let at_most = reader.required(&mut members, "at_most");
    let per = reader.required(&mut members, "per");
    reader.finish(&members);
    let channel = match channel {
        Some(node) => Some(reader.word(node, &words())?),
        None => None,
    };
    let most = u16::try_from(REMEMBERED).unwrap_or(u16::MAX);
    let beyond = Wrong::Expected("at most 24, as that many sends are remembered");
    let at_most = usize::from(reader.count(at_most?, most, beyond)?);
    let node = per?;
    let per = reader.span(node)?;
    if per > LONGEST || per.millis() == 0 {
        return reader.refuse(&node.place, Wrong::Expected("a time up to 31d"));
    }
    Some(Cap { channel, at_most, per })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::definitions::{Definitions, Lineage};
    use crate::testing::definitions;

    #[test]
    fn what_text_messages_cost_is_the_shops_to_say() {
        let usual = definitions("policy: {}").policy.sms;
        assert_eq!((usual.most_segments, usual.cost(2)), (3, None));
        let own = "policy: { sms: { most_segments: 2, price: 0.0075, currency: EUR } }";
        let own = definitions(own).policy.sms;
        assert_eq!((own.most_segments, own.currency.as_str()), (2, "EUR"));
        assert_eq!(own.cost(2), Number::parse("0.015"));
    }

    #[test]
    fn a_length_or_a_price_that_cannot_be_is_refused() {
        let refused = |sms: &str| {
            let text = format!("policy: {{ sms: {{ {sms} }} }}");
            let read = Definitions::read(&[("test.yaml", text.as_str())], &Lineage::default());
            read.err().and_then(|mistakes| mistakes.first().map(|m| m.wrong.to_string()))
        };
        let told = |sms: &str| refused(sms).unwrap_or_default();
        assert_eq!(refused("most_segments: 10, price: 100"), None);
        assert_eq!(told("most_segments: 0"), "expected a whole number above 0");
        assert_eq!(
            told("most_segments: 11"),
            "expected at most 10 segments, as SNS takes no longer text"
        );
        for price in ["0", "-1", "101"] {
            let told = told(&format!("price: {price}"));
            assert_eq!(told, "expected a price above 0, and up to 100");
        }
        assert_eq!(
            told("currency: euro"),
            "`euro` is not the code of a currency; write it like EUR"
        );
        assert!(told("segments: 2").starts_with("`segments` means nothing here"));
    }

    #[test]
    fn a_program_is_about_a_topic_that_there_is() {
        let read = |policy: &str, topic: &str| {
            let file = format!(
                "policy: {{ {policy} }}
segments: [{{ id: s, when: {{ event: any }} }}]
templates: [{{ id: t, sms: Hello }}]
programs: [{{ id: p, enter: s, again: never, send: {{ template: t, topic: {topic} }} }}]"
            );
            Definitions::read(&[("test.yaml", &file)], &Lineage::default())
                .map(drop)
                .map_err(|mistakes| mistakes[0].to_string())
        };
        let topics = "topics: [{ id: news, name: News }]";
        assert_eq!(read(topics, "news"), Ok(()));
        let told = "test.yaml:4:73: there is no topic `newz`; did you mean `news`?";
        assert_eq!(read(topics, "newz"), Err(told.to_owned()));
        // A shop that names none may tell them by events alone.
        assert_eq!(read("", "newz"), Ok(()));
    }

    #[test]
    fn a_rule_is_about_a_topic_that_there_is() {
        let read = |topic: &str| {
            let file = format!(
                "policy: {{ topics: [{{ id: news, name: News }}] }}
segments: [{{ id: s, when: {{ consent: {{ channel: email, topic: {topic} }} }} }}]"
            );
            Definitions::read(&[("test.yaml", &file)], &Lineage::default())
                .map(drop)
                .map_err(|mistakes| mistakes[0].to_string())
        };
        assert_eq!(read("news"), Ok(()));
        let told = "test.yaml:2:63: there is no topic `newz`; did you mean `news`?";
        assert_eq!(read("newz"), Err(told.to_owned()));
    }

    #[test]
    fn every_mistake_of_a_program_is_told_at_once() {
        let file = "segments: [{ id: s, when: { event: any } }]
programs:
  - id: p
    enter: z
    again: sometimes
    causes: [luck]
    goal: { segment: z }
    send: { template: z, coupon: z, class: z, at: z, priority: z }";
        let mistakes = Definitions::read(&[("t.yaml", file)], &Lineage::default()).unwrap_err();
        let places = mistakes.iter().map(|mistake| {
            let place = &mistake.place;
            format!("{}:{}", place.line, place.column)
        });
        let expected = ["4:12", "5:12", "6:14", "7:22", "8:23", "8:34", "8:44", "8:51", "8:64"];
        assert_eq!(places.collect::<Vec<_>>(), expected);
    }

    #[test]
    fn topics_have_names_and_clicks_are_tracked_unless_one_says_no() {
        let policy =
            definitions("policy: { topics: [{ id: news, name: News }, { id: wine }] }").policy;
        let names = ["news", "wine"].map(|id| policy.topic_name(id, "fr"));
        assert_eq!(names, ["News", "wine"]);
        assert!(policy.track_clicks);
        let file = [("test.yaml", "policy: { topics: [{ id: News }] }")];
        let mistakes = Definitions::read(&file, &Definitions::none().lineage().next()).unwrap_err();
        assert!(mistakes[0].to_string().contains("small letters"), "{mistakes:?}");
        assert!(!definitions("policy: { track_clicks: false }").policy.track_clicks);
    }

    #[test]
    fn a_topic_is_called_in_the_language_of_who_reads_it() {
        let names = "{ en: News, fr: Actualités, pt_BR: Novidades }";
        let policy =
            definitions(&format!("policy: {{ topics: [{{ id: news, name: {names} }}] }}")).policy;
        let called = ["en", "fr-CA", "FR", "pt-br", "pt", "de", ""];
        assert_eq!(
            called.map(|language| policy.topic_name("news", language)),
            ["News", "Actualités", "Actualités", "Novidades", "News", "News", "News"]
        );
        for (names, told) in [
            ("{ english: News }", "1:40: `english` is not a language, such as `fr` or `pt-BR`"),
            ("{ en: News, fr: ' ' }", "1:54: expected a text"),
            ("{ en: News, EN: News }", "1:50: the key `en` stands here twice"),
            ("{}", "1:38: expected a text, or texts by language"),
            ("[News]", "1:38: expected a text"),
        ] {
            let file = format!("policy: {{ topics: [{{ id: news, name: {names} }}] }}");
            let read = Definitions::read(&[("t.yaml", &file)], &Lineage::default());
            assert_eq!(read.unwrap_err()[0].to_string(), format!("t.yaml:{told}"));
        }
    }

    #[test]
    fn how_long_links_confirm_and_when_addresses_are_given_up_have_limits() {
        let policy = definitions(
            "policy: { confirm_within: 2d, soft_bounces: { stop_at: 3, within: 14d } }",
        )
        .policy;
        assert_eq!(policy.confirm_within, Span::days(2));
        assert_eq!(policy.soft_bounces, SoftBounces { at: 3, within: Span::days(14) });
        for (policy, why) in [
            ("confirm_within: 30m", "expected a time from 1h to 60d"),
            ("confirm_within: 61d", "expected a time from 1h to 60d"),
            ("soft_bounces: { stop_at: 1, within: 14d }", "expected a whole number from 2 to 20"),
            ("soft_bounces: { stop_at: 21, within: 14d }", "expected a whole number from 2 to 20"),
            ("soft_bounces: { stop_at: 3, within: 91d }", "expected a time from 1d to 90d"),
            ("soft_bounces: { stop_at: 3 }", "`within` is missing"),
        ] {
            let file = format!("policy: {{ {policy} }}");
            let read =
                Definitions::read(&[("test.yaml", &file)], &Definitions::none().lineage().next());
            let mistakes = read.unwrap_err();
            assert!(mistakes[0].to_string().contains(why), "{policy}: {}", mistakes[0]);
        }
    }
}
