//! `/api/templates/{id}/preview` and `…/test`: what a customer would be told, and how it looks in a
//! mailbox of one's own. Neither is a message: nothing of it is in the ledger, and its links to
//! unsubscribe lead to the shop, as a click on one must not unsubscribe the customer shown.

use attune_aws::senders::Outgoing;
use attune_aws::store::Stored;
use attune_domain::address::Address;
use attune_domain::channel::Channel;
use attune_domain::content::{Data, Draft, Note, TEST, Written, draft};
use attune_domain::definitions::{Content, Definitions};
use attune_domain::id::TemplateId;
use attune_domain::link::Urls;
use attune_domain::message::{Class, Message};
use attune_domain::program::Program;
use attune_domain::sms;
use attune_domain::time::Timestamp;
use axum::Json;
use axum::extract::{Path, State};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::body::Body;
use crate::customers::load;
use crate::{Deps, Refusal, sample, texts};

/// Tests that a shop can send in a day: enough to get a mail right, too few to mail a list with.
const TESTS_A_DAY: u32 = 100;

/// As whom, and in what.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Shown {
    customer: String,
    channel: Option<String>,
    language: Option<String>,
    program: Option<String>,
    /// What the event said that the message would follow.
    #[serde(default)]
    event: Map<String, Value>,
}

/// Writes a template as a customer would get it now, on one channel or on all.
pub(crate) async fn preview(
    State(deps): State<Deps>,
    Path(id): Path<String>,
    Body(shown): Body<Shown>,
) -> Result<Json<Value>, Refusal> {
    let channels = match &shown.channel {
        Some(word) => vec![channel_of(word)?],
        None => Channel::ALL.to_vec(),
    };
    let stored = load(&deps, &shown.customer).await?;
    let sample = Sample::of(&deps, &id, &stored, &shown).await?;
    let mut parts = Map::new();
    for channel in channels {
        if sample.content.has(channel) {
            parts.insert(channel.as_str().to_owned(), sample.view(channel));
        } else if shown.channel.is_some() {
            return Err(no_text(&id, channel));
        }
    }
    Ok(Json(json!({
        "template": id,
        "customer": stored.profile.id.as_str(),
        "program": sample.message.program.as_str(),
        "parts": parts,
    })))
}

/// Where a test goes to.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Test {
    customer: String,
    channel: String,
    address: String,
    language: Option<String>,
    program: Option<String>,
    /// What the event said that the message would follow.
    #[serde(default)]
    event: Map<String, Value>,
}

/// Sends a template, as a customer would get it now, to an address of one's own.
pub(crate) async fn test(
    State(deps): State<Deps>,
    Path(id): Path<String>,
    Body(test): Body<Test>,
) -> Result<Json<Value>, Refusal> {
    let Test { customer, channel, address, language, program, event } = test;
    let channel = channel_of(&channel)?;
    let address = Address::on(channel, &address);
    let address = address.map_err(|why| Refusal::Unreadable(format!("`address` is {why}")))?;
    let shown = Shown { customer, channel: None, language, program, event };
    let stored = load(&deps, &shown.customer).await?;
    let sample = Sample::of(&deps, &id, &stored, &shown).await?;
    if !sample.content.has(channel) {
        return Err(no_text(&id, channel));
    }
    let written = sample.draft(channel).map_err(Refusal::Impossible)?.written;
    let sent = send(&deps, &sample, &address, &marked(written)).await?;
    tracing::info!(template = %id, channel = %channel, "templates.test_sent");
    Ok(Json(json!({ "template": id, "channel": channel.as_str(), "provider_id": sent })))
}

async fn send(
    deps: &Deps,
    sample: &Sample<'_>,
    address: &Address,
    written: &Written,
) -> Result<String, Refusal> {
    let rows = deps.store.addresses(std::slice::from_ref(address)).await?;
    if rows.iter().any(|row| row.suppressed.is_some()) {
        let told = "the address is suppressed: nothing may be sent to it";
        return Err(Refusal::Impossible(told.to_owned()));
    }
    if !deps.store.count_test(TESTS_A_DAY, deps.clock.now()).await? {
        return Err(Refusal::TooManyTests(TESTS_A_DAY));
    }
    let endpoint = match address.channel() {
        Channel::Push => Some(deps.senders.endpoint(address).await?),
        _ => None,
    };
    let outgoing = Outgoing {
        message: &sample.message,
        address,
        written,
        from: &sample.definitions.shop.from,
        class: sample.class,
        unsubscribe: None,
        endpoint: endpoint.as_deref(),
    };
    Ok(deps.senders.send(&outgoing).await?)
}

/// A template and whom it is shown as.
struct Sample<'a> {
    definitions: &'a Definitions,
    content: &'a Content,
    message: Message,
    data: Data,
    class: Class,
    now: Timestamp,
}

impl<'a> Sample<'a> {
    async fn of(deps: &Deps, id: &str, stored: &'a Stored, shown: &Shown) -> Result<Self, Refusal> {
        let Stored { profile, definitions, .. } = stored;
        let now = deps.clock.now();
        let template = TemplateId::parse(id).ok();
        let known = template.and_then(|id| definitions.templates.get_key_value(&id));
        let no_template = || Refusal::NotFound(format!("there is no template `{id}`"));
        let (template, content) = known.ok_or_else(no_template)?;
        let program = program(definitions, template, shown.program.as_deref())?;
        let message = sample::message(&profile.id, template, program, now);
        let message =
            message.ok_or_else(|| Refusal::Unreadable("`preview` is no id".to_owned()))?;
        let urls = Urls::harmless(&definitions.shop.url);
        let data = Data::of(profile, &message, definitions, &urls, now);
        let data = match &shown.language {
            Some(language) => data.in_language(language),
            None => data,
        };
        let recommended = match content.reads("recommendations") {
            true => deps.store.recommendations(stored, now).await?,
            false => Vec::new(),
        };
        let recommended = recommended.into_iter().map(|one| one.product).collect();
        let data = data.with_recommendations(recommended).with_event(shown.event.clone());
        let data = match sample::issued(program, definitions) {
            Some(issued) => data.with_coupon(&issued),
            None => data,
        };
        let class = program.map_or(Class::Marketing, |program| program.class);
        Ok(Self { definitions, content, message, data, class, now })
    }

    fn draft(&self, channel: Channel) -> Result<Draft, String> {
        draft(self.content, channel, &self.data, self.now).map_err(|why| why.to_string())
    }

    fn view(&self, channel: Channel) -> Value {
        let draft = match self.draft(channel) {
            Ok(draft) => draft,
            Err(why) => return json!({ "error": why }),
        };
        let mut view = match &draft.written {
            Written::Email { subject, html, text } => {
                json!({ "subject": subject, "html": html, "text": text })
            }
            Written::Sms(text) => {
                let count = sms::count(text);
                json!({
                    "text": text,
                    "encoding": count.encoding.as_str(),
                    "characters": count.characters,
                    "segments": count.segments,
                    "most_segments": self.definitions.policy.sms.most_segments,
                    "cost": texts::cost(&self.definitions.policy.sms, count.segments),
                    "outside_gsm": String::from_iter(count.outside),
                })
            }
            Written::Push { title, body, link, image } => {
                json!({ "title": title, "body": body, "link": link, "image": image })
            }
        };
        view["language"] = json!(draft.language);
        view["missing"] = noted("variable", &draft.missing);
        view["warnings"] = noted("warning", &draft.warnings);
        view
    }
}

/// Notes, each with the part, the partial, and the line and column that it stands in.
fn noted(name: &str, notes: &[Note]) -> Value {
    let view = |note: &Note| {
        json!({
            name: note.told,
            "part": note.part,
            "partial": note.partial,
            "line": note.position.map(|position| position.line),
            "column": note.position.map(|position| position.column),
        })
    };
    notes.iter().map(view).collect()
}

/// The program that is asked for, else the first that sends the template; perhaps none does.
fn program<'d>(
    definitions: &'d Definitions,
    template: &TemplateId,
    asked: Option<&str>,
) -> Result<Option<&'d Program>, Refusal> {
    match asked {
        Some(id) => {
            let none = || Refusal::NotFound(format!("there is no program `{id}`"));
            definitions.program(id).map(Some).ok_or_else(none)
        }
        None => Ok(definitions.programs.iter().find(|program| program.template == *template)),
    }
}

fn channel_of(word: &str) -> Result<Channel, Refusal> {
    let unknown = || Refusal::Unreadable(format!("`{word}` is not `email`, `sms` or `push`"));
    Channel::parse(word).ok_or_else(unknown)
}

fn no_text(id: &str, channel: Channel) -> Refusal {
    Refusal::NotFound(format!("the template `{id}` has no text for {channel}"))
}

/// Says of a message that it is a test.
fn marked(written: Written) -> Written {
    match written {
        Written::Email { subject, html, text } => {
            Written::Email { subject: format!("{TEST}{subject}"), html, text }
        }
        Written::Sms(text) => Written::Sms(format!("{TEST}{text}")),
        Written::Push { title, body, link, image } => {
            Written::Push { title: format!("{TEST}{title}"), body, link, image }
        }
    }
}
