//! The Segment protocol: what SDKs send, read into an [`Event`].
//!
//! Source: Segment, "Spec: Common Fields"; and what the SDKs of Segment and RudderStack were seen
//! to send (traits in two places, ids as numbers, null for an absent id).

use serde_json::{Map, Value};

use super::{Act, Device, Event, Platform, RESERVED, Writer, event_name};
use crate::card::Status;
use crate::id::{CustomerId, EventId};
use crate::identity;
use crate::limits;
use crate::problem::{Flaw, Problem};
use crate::time::{Span, Timestamp};

/// How a call reached us.
#[derive(Debug, Clone, Copy)]
pub struct Arrival {
    /// When.
    pub received: Timestamp,
    /// `sentAt` of the batch around it, by the client's clock.
    pub sent_at: Option<Timestamp>,
    /// Whose key it came with.
    pub writer: Writer,
}

/// The largest difference between a client's clock and ours that is corrected.
const MOST_SKEW: Span = Span::hours(24);

/// Reads one call. An event that can be used may still have problems worth telling.
pub fn read(call: &Value, arrival: &Arrival) -> Result<(Event, Vec<Problem>), Problem> {
    let call = Call::of(call)?;
    let kind = call.text("type")?.unwrap_or_default();
    let mut problems = Vec::new();
    let act = call.act(kind, arrival.writer)?;
    let (filed, alias) = call.ids(&act, &mut problems)?;
    let told = problems.len();
    let (sent, occurred) = call.times(arrival, &mut problems);
    // A grant whose time cannot be known must not overrule a withdrawal that came before it.
    let undated_grant = problems.len() > told && consent(&act) == Some(Status::Granted);
    problems.extend(too_large(&act));
    let event = Event {
        id: call.id(&filed, &act, sent, arrival.received)?,
        filed,
        alias,
        sent,
        occurred,
        received: arrival.received,
        writer: arrival.writer,
        import: undated_grant || call.context("import") == Some(&Value::Bool(true)),
        zone: call.context("timezone").and_then(Value::as_str).map(str::to_owned),
        device: call.device(&mut problems),
        act,
    };
    Ok((event, problems))
}

/// What the history does not keep, for its size.
fn too_large(act: &Act) -> Option<Problem> {
    let (place, data) = match act {
        Act::Track { properties, .. } | Act::View { properties, .. } => ("properties", properties),
        Act::Identify { traits } => ("traits", traits),
        Act::Group { .. } | Act::Merge { .. } => return None,
    };
    let bytes = serde_json::to_string(data).map_or(0, |text| text.len());
    (bytes > limits::EVENT_BYTES).then(|| Problem::at(place, Flaw::PropertiesNotKept))
}

/// What an act says of consent, if it speaks of it.
fn consent(act: &Act) -> Option<Status> {
    let Act::Track { name, .. } = act else { return None };
    Status::told_by(name)
}

/// How deeply a value is nested; a scalar is at level 0.
fn depth(value: &Value) -> usize {
    match value {
        Value::Array(elements) => 1 + elements.iter().map(depth).max().unwrap_or(0),
        Value::Object(members) => 1 + members.values().map(depth).max().unwrap_or(0),
        _ => 0,
    }
}

struct Call<'a>(&'a Map<String, Value>);

impl<'a> Call<'a> {
    fn of(value: &'a Value) -> Result<Self, Problem> {
        let members = value.as_object().ok_or(Problem::whole(Flaw::NotAnObject))?;
        // serde_json stops at 128 levels, so this recursion is bounded.
        if depth(value) > limits::NESTING {
            return Err(Problem::whole(Flaw::TooDeep));
        }
        Ok(Self(members))
    }

    fn get(&self, name: &str) -> Option<&'a Value> {
        self.0.get(name).filter(|value| !value.is_null())
    }

    fn text(&self, name: &str) -> Result<Option<&'a str>, Problem> {
        match self.get(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(Problem::at(name, Flaw::WrongType("a text"))),
        }
    }

    fn object(&self, name: &str) -> Result<Map<String, Value>, Problem> {
        match self.get(name) {
            None => Ok(Map::new()),
            Some(Value::Object(members)) => Ok(members.clone()),
            Some(_) => Err(Problem::at(name, Flaw::WrongType("an object"))),
        }
    }

    fn context(&self, name: &str) -> Option<&'a Value> {
        self.get("context")?.get(name)
    }

    fn act(&self, kind: &str, writer: Writer) -> Result<Act, Problem> {
        match kind {
            "track" => self.track(writer),
            "page" | "screen" => self.view(kind == "screen"),
            "identify" => Ok(Act::Identify { traits: self.traits()? }),
            "group" | "alias" if writer == Writer::Browser => {
                let what = if kind == "group" { "group" } else { "alias" };
                Err(Problem::at("type", Flaw::NeedsServer(what)))
            }
            "group" => Ok(Act::Group { group: self.name("groupId")?.to_owned() }),
            "alias" => {
                let previous = self
                    .raw_id("previousId")?
                    .ok_or_else(|| Problem::at("previousId", Flaw::Missing))?;
                let previous =
                    identity::usable(&previous).map_err(|flaw| Problem::at("previousId", flaw))?;
                Ok(Act::Merge { from: CustomerId::known(previous) })
            }
            "" => Err(Problem::at("type", Flaw::Missing)),
            other => Err(Problem::at("type", Flaw::UnknownType(other.chars().take(40).collect()))),
        }
    }

    fn track(&self, writer: Writer) -> Result<Act, Problem> {
        let name = event_name(self.name("event")?);
        if RESERVED.contains(&name) && writer != Writer::Ourselves {
            return Err(Problem::at("event", Flaw::Reserved(name.to_owned())));
        }
        // Also a request: it sends a message to whatever address it names.
        if Status::told_by(name).is_some() && writer == Writer::Browser {
            return Err(Problem::at("event", Flaw::NeedsServer("consent")));
        }
        Ok(Act::Track { name: name.to_owned(), properties: self.object("properties")? })
    }

    fn view(&self, screen: bool) -> Result<Act, Problem> {
        let mut properties = self.object("properties")?;
        for name in ["name", "category"] {
            if let Some(text) = self.text(name)? {
                properties.entry(name).or_insert_with(|| text.into());
            }
        }
        Ok(Act::View { screen, properties })
    }

    /// Traits stand at the top (Segment), under `context` (RudderStack's Python SDK), or in both.
    fn traits(&self) -> Result<Map<String, Value>, Problem> {
        let mut traits = match self.context("traits") {
            Some(Value::Object(members)) => members.clone(),
            _ => Map::new(),
        };
        traits.extend(self.object("traits")?);
        Ok(traits)
    }

    fn name(&self, field: &str) -> Result<&'a str, Problem> {
        let name = self.text(field)?.map_or("", str::trim);
        if name.is_empty() {
            return Err(Problem::at(field, Flaw::Missing));
        }
        if name.len() > limits::NAME_BYTES {
            return Err(Problem::at(field, Flaw::TooLong(limits::NAME_BYTES)));
        }
        Ok(name)
    }

    fn raw_id(&self, field: &str) -> Result<Option<String>, Problem> {
        match self.get(field) {
            None => Ok(None),
            Some(Value::String(id)) => Ok(Some(id.clone())),
            Some(Value::Number(id)) => Ok(Some(id.to_string())),
            Some(_) => Err(Problem::at(field, Flaw::WrongType("a text"))),
        }
    }

    /// The id under which the event is filed, and the anonymous id beside a known one.
    fn ids(
        &self,
        act: &Act,
        problems: &mut Vec<Problem>,
    ) -> Result<(CustomerId, Option<CustomerId>), Problem> {
        let mut junk = Vec::new();
        let mut usable = |field: &str| -> Result<Option<String>, Problem> {
            let Some(id) = self.raw_id(field)? else { return Ok(None) };
            match identity::usable(&id) {
                Ok(id) => Ok(Some(id.to_owned())),
                Err(Flaw::JunkId(id)) => {
                    junk.push((field.to_owned(), id));
                    Ok(None)
                }
                Err(flaw) => Err(Problem::at(field, flaw)),
            }
        };
        let known = usable("userId")?.map(|id| CustomerId::known(&id));
        let anonymous = match act {
            Act::Merge { from } => Some(CustomerId::anonymous(from.bare())),
            _ => usable("anonymousId")?.map(|id| CustomerId::anonymous(&id)),
        };
        let (filed, alias) = match (known, anonymous) {
            (Some(known), alias) => (known, alias),
            (None, Some(anonymous)) if !matches!(act, Act::Merge { .. }) => (anonymous, None),
            _ => {
                let flaw = junk.pop().map_or(Flaw::NoId, |(_, id)| Flaw::JunkId(id));
                return Err(Problem::whole(flaw));
            }
        };
        problems.extend(
            junk.into_iter().map(|(field, id)| Problem::at(field, Flaw::JunkIdLeftOut(id))),
        );
        Ok((filed, alias))
    }

    /// The time as sent, and when it happened by our clock.
    ///
    /// As Segment's spec corrects a client's clock: received - (sentAt - timestamp).
    fn times(&self, arrival: &Arrival, problems: &mut Vec<Problem>) -> (Timestamp, Timestamp) {
        let received = arrival.received;
        let Some(sent) = self.time(&["originalTimestamp", "timestamp"], problems) else {
            return (Timestamp::EPOCH, received);
        };
        let sent_at = self.time(&["sentAt"], problems).or(arrival.sent_at);
        let skew = sent_at.map_or(0, |sent_at| received.millis() - sent_at.millis());
        if skew.abs() > MOST_SKEW.millis() {
            problems.push(Problem::at("sentAt", Flaw::Skew));
            return (sent, received);
        }
        let corrected = Timestamp::from_millis(sent.millis().saturating_add(skew));
        if corrected > received + MOST_SKEW {
            problems.push(Problem::at("timestamp", Flaw::Future(sent.to_string())));
        }
        (sent, corrected.min(received))
    }

    fn time(&self, fields: &[&str], problems: &mut Vec<Problem>) -> Option<Timestamp> {
        let (field, value) = fields.iter().find_map(|field| Some((*field, self.get(field)?)))?;
        let time = crate::value::instant_of(value);
        if time.is_none() {
            let text = value.to_string().chars().take(40).collect();
            problems.push(Problem::at(field, Flaw::BadTime(text)));
        }
        time
    }

    fn id(
        &self,
        filed: &CustomerId,
        act: &Act,
        sent: Timestamp,
        received: Timestamp,
    ) -> Result<EventId, Problem> {
        match self.raw_id("messageId")?.as_deref().map(str::trim) {
            Some(id) if id.len() > limits::NAME_BYTES => {
                Err(Problem::at("messageId", Flaw::TooLong(limits::NAME_BYTES)))
            }
            Some(id) if !id.is_empty() => Ok(EventId::sent(id)),
            // Who withdraws, allows and withdraws again says three things, though two are worded alike.
            _ if sent == Timestamp::EPOCH && consent(act).is_some() => {
                Ok(EventId::derived(&format!("{filed} {received} {act:?}")))
            }
            // `Map` keeps its keys sorted, so the same content is written the same way.
            _ => Ok(EventId::derived(&format!("{filed} {sent} {act:?}"))),
        }
    }

    fn device(&self, problems: &mut Vec<Problem>) -> Option<Device> {
        let device = self.context("device")?;
        let token = device.get("token")?.as_str().map(str::trim).filter(|token| !token.is_empty());
        let platform = device.get("type").and_then(Value::as_str).and_then(Platform::parse);
        match (platform, token) {
            (Some(platform), Some(token)) if token.len() <= limits::TRAIT_BYTES => {
                Some(Device { platform, token: token.to_owned() })
            }
            _ => {
                problems.push(Problem::at("context.device", Flaw::BadDevice));
                None
            }
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use serde_json::json;

    use super::*;

    fn at(text: &str) -> Timestamp {
        Timestamp::parse(text).unwrap()
    }

    fn arrival() -> Arrival {
        Arrival { received: at("2026-10-01T12:00:00Z"), sent_at: None, writer: Writer::Server }
    }

    /// A tracked event of customer 42, received when it happened.
    pub(crate) fn track(name: &str, time: &str) -> Event {
        let received = at(time);
        let call = json!({"type": "track", "event": name, "userId": "42", "timestamp": time});
        let arrival = Arrival { received, sent_at: None, writer: Writer::Ourselves };
        read(&call, &arrival).unwrap().0
    }

    #[track_caller]
    fn check_refused(call: Value, expected: &str) {
        assert_eq!(read(&call, &arrival()).unwrap_err().to_string(), expected);
    }

    #[track_caller]
    fn check_told(call: Value, expected: &str) -> Event {
        let (event, problems) = read(&call, &arrival()).unwrap();
        assert_eq!(problems.first().map(ToString::to_string).as_deref(), Some(expected));
        event
    }

    #[test]
    fn an_event_that_cannot_be_used_says_where_and_why() {
        check_refused(json!([]), "an event must be a JSON object");
        check_refused(json!({"userId": "1"}), "`type` is missing");
        check_refused(
            json!({"type": "buy", "userId": "1"}),
            "`type` `buy` is not a call; use identify, track, page, screen, group or alias",
        );
        check_refused(json!({"type": "track", "userId": "1"}), "`event` is missing");
        check_refused(json!({"type": "page"}), "needs `userId` or `anonymousId`");
        check_refused(
            json!({"type": "page", "userId": "null"}),
            "`null` is not an id of one person; see the list of junk ids",
        );
        check_refused(
            json!({"type": "identify", "userId": "1", "traits": []}),
            "`traits` expected an object",
        );
        check_refused(
            json!({"type": "track", "userId": "1", "event": "Message Sent"}),
            "`event` `Message Sent` is written only by Attune itself; choose another event name",
        );
    }

    #[test]
    fn a_clock_that_is_off_is_corrected_by_what_the_client_thought_at_sending() {
        let call = json!({"type": "page", "userId": "1",
            "timestamp": "2026-10-01T10:00:00Z", "sentAt": "2026-10-01T11:00:00Z"});
        let (event, problems) = read(&call, &arrival()).unwrap();
        assert_eq!(event.occurred, at("2026-10-01T11:00:00Z"));
        assert_eq!(event.sent, at("2026-10-01T10:00:00Z"));
        assert!(problems.is_empty());
    }

    #[test]
    fn nothing_lies_in_the_future() {
        let call = json!({"type": "page", "userId": "1", "timestamp": "9999-01-01T00:00:00Z"});
        let event = check_told(
            call,
            "`timestamp` `9999-01-01T00:00:00.000Z` lies in the future; the time of receipt was used",
        );
        assert_eq!(event.occurred, arrival().received);
    }

    #[test]
    fn a_clock_that_is_days_off_is_not_believed() {
        let call = json!({"type": "page", "userId": "1",
            "timestamp": "2026-09-01T10:00:00Z", "sentAt": "2026-09-01T11:00:00Z"});
        let event =
            check_told(call, "`sentAt` is more than 24 hours off; the time of receipt was used");
        assert_eq!(event.occurred, arrival().received);
    }

    #[test]
    fn a_junk_id_beside_a_good_one_is_left_out() {
        let call = json!({"type": "page", "userId": "undefined", "anonymousId": "a-1"});
        let event =
            check_told(call, "`userId` `undefined` is not an id of one person and was left out");
        assert_eq!(event.filed, CustomerId::anonymous("a-1"));
    }

    #[test]
    fn ids_may_be_numbers_and_absent_ids_null() {
        let call = json!({"type": "page", "userId": 42, "anonymousId": null});
        assert_eq!(read(&call, &arrival()).unwrap().0.filed, CustomerId::known("42"));
    }

    #[test]
    fn traits_are_read_from_both_places() {
        let call = json!({"type": "identify", "userId": "1",
            "traits": {"plan": "pro"}, "context": {"traits": {"plan": "old", "city": "Lyon"}}});
        let Act::Identify { traits } = read(&call, &arrival()).unwrap().0.act else { panic!() };
        assert_eq!(Value::Object(traits), json!({"plan": "pro", "city": "Lyon"}));
    }

    #[test]
    fn an_event_without_an_id_is_known_by_its_content() {
        let call = json!({"type": "track", "event": "A", "userId": "1", "timestamp": "2026-10-01"});
        let other =
            json!({"type": "track", "event": "B", "userId": "1", "timestamp": "2026-10-01"});
        let id = |call| read(call, &arrival()).unwrap().0.id;
        assert_eq!(id(&call), id(&call));
        assert_ne!(id(&call), id(&other));
    }

    #[test]
    fn consent_that_is_told_twice_without_a_time_is_told_twice() {
        let call = json!({"type": "track", "event": "Consent Withdrawn", "userId": "1"});
        let read =
            |call: &Value, received| read(call, &Arrival { received, ..arrival() }).unwrap().0;
        let (now, later) = (at("2026-10-01T12:00:00Z"), at("2026-10-01T13:00:00Z"));
        assert_ne!(read(&call, now).id, read(&call, later).id);
        let mut dated = call.clone();
        dated["timestamp"] = json!("2026-10-01T12:00:00Z");
        assert_eq!(read(&dated, now).id, read(&dated, later).id);
        let mut named = call;
        named["messageId"] = json!("m");
        assert_eq!(read(&named, now).id, read(&named, later).id);
    }

    #[test]
    fn a_grant_whose_time_cannot_be_known_counts_as_imported() {
        let call = |event: &str, time: &str, sent: Option<&str>| {
            let call = json!({"type": "track", "event": event, "userId": "1", "timestamp": time,
                "sentAt": sent});
            read(&call, &arrival()).unwrap().0.import
        };
        for time in ["01/05/2024 10:00", "2030-01-01"] {
            assert!(call("Consent Granted", time, None), "{time}");
        }
        assert!(call("Consent Granted", "2024-05-01", Some("2024-05-01")));
        assert!(!call("Consent Granted", "2026-10-01T11:00:00Z", None));
        assert!(!call("Consent Withdrawn", "2030-01-01", None));
    }

    #[test]
    fn a_browser_cannot_speak_of_consent_or_merge_people() {
        let browser = Arrival { writer: Writer::Browser, ..arrival() };
        for call in [
            json!({"type": "track", "event": "Consent Granted", "userId": "1"}),
            json!({"type": "alias", "userId": "1", "previousId": "2"}),
            json!({"type": "group", "userId": "1", "groupId": "2"}),
        ] {
            let problem = read(&call, &browser).unwrap_err();
            assert!(matches!(problem.flaw, Flaw::NeedsServer(_)), "{problem}");
        }
    }

    #[test]
    fn a_hundred_levels_of_nesting_are_refused() {
        let deep = (0..100).fold(json!(1), |inner, _| json!([inner]));
        check_refused(
            json!({"type": "track", "event": "A", "userId": "1", "properties": {"deep": deep}}),
            "the event is nested more than 32 levels deep",
        );
    }
}
