//! Throws mutated templates and data at the engine and watches what happens.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use attune_liquid::{
    Dialect, Escape, Mode, Numbers, ParseOptions, RenderInput, Template, UnixMillis, Value,
};

use super::clock;
use super::mutate::{self, Chance};
use super::suite::Suite;

/// What a run came to.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    /// Templates tried.
    pub(crate) inputs: u64,
    /// Those that could be parsed.
    pub(crate) parsed: u64,
    /// Those that were rendered to the end.
    pub(crate) rendered: u64,
    /// Those that took too long by the time of day and were tried again.
    pub(crate) again: u64,
    /// The longest that one took, by the time that the thread worked where that of day was too long,
    /// and which it was.
    pub(crate) slowest: Duration,
    pub(crate) slowest_template: String,
    /// Templates that gave two texts for the same input.
    pub(crate) fickle: Vec<String>,
}

/// Where mutations begin: what is in the suite, or a handful of templates where it is not here.
pub(crate) struct Corpus {
    templates: Vec<String>,
    data: Vec<Value>,
}

impl Corpus {
    pub(crate) fn new(suite: Option<Suite>) -> Self {
        let mut templates: Vec<String> = OWN.iter().map(|source| (*source).to_owned()).collect();
        let mut data = vec![serde_json::from_str(OWN_DATA).unwrap_or_default()];
        for case in suite.into_iter().flat_map(|suite| suite.tests) {
            templates.push(case.template);
            templates.extend(case.templates.into_values());
            data.push(case.data);
        }
        Self { templates, data }
    }
}

const OWN: &[&str] = &[
    "Hi {{ customer.name | default: 'you' | capitalize }}{% if customer.points > 10 %}!{% else %}.{% endif %}",
    "{% for item in items limit: 2 offset: 1 reversed %}{{ forloop.index }} {{ item.price | times: 2 }}{% else %}-{% endfor %}",
    "{% case customer.tier %}{% when 'gold', 'silver' or 'x' %}a{% else %}b{% endcase %}{% cycle 'a': 1, 2 %}",
    "{% liquid\n assign a = items | map: 'price' | sum\n if a >= 3\n  echo a | round: 1\n endif %}",
    "{% tablerow i in (1..4) cols: 2 %}{{ i }}{% endtablerow %}{% capture c %}<b>{{ customer.name }}</b>{% endcapture %}{{ c }}",
    "{{ when | date: '%A, %-d %B %Y %H:%M' }} {{ customer['name'] | split: '' | reverse | join: '-' | upcase }}",
    "{% raw %}{{ x }}{% endraw %}{% comment %}{% if %}{% endcomment %}{%- # note -%}{% render 'a', b: items[0] %}",
    "{{${first_name}}} {% if {{custom_attribute.${points}}} > 1 %}{% abort_message('no') %}{% endif %}",
    "{% if person|lookup:'Points' > 150 and not none %}{{ price|floatformat:2 }}{% elif a %}{% endif %}",
    "Dear ####{{ contact.data.firstname }}#### @FIRSTNAME@ {% unsubscribe_url %} {{ 1999 | money }}",
];

const OWN_DATA: &str = r#"{
    "customer": { "name": "ada", "points": 12, "tier": "gold" }, "when": "2026-03-14 10:00:00 +0100",
    "items": [{ "price": 1.5 }, { "price": 2 }, { "price": "3.25" }], "first_name": "Ada", "price": 34.26,
    "person": { "Points": 200 }, "custom_attribute": { "points": 0 }, "contact": { "data": { "firstname": "A" } }
}"#;

/// The template that is being tried, for whoever has to tell about a panic.
pub(crate) static AT_WORK: Mutex<String> = Mutex::new(String::new());

/// The longest that one input may take.
pub(crate) const PATIENCE: Duration = Duration::from_millis(50);

/// How often an input that took longer by the time of day is tried again by the time that the thread
/// worked; the shortest counts.
const TRIES: usize = 3;

/// Tries so many inputs. The same seed gives the same inputs.
pub(crate) fn run(corpus: &Corpus, seed: u64, inputs: u64) -> Tally {
    let mut chance = Chance::new(seed);
    let mut tally = Tally::default();
    for _ in 0..inputs {
        let source = mutate::template(&mut chance, &corpus.templates);
        let data = chance.one_of(&corpus.data).cloned().unwrap_or_default();
        let data = if chance.below(3) == 0 { mutate::data(&mut chance, &data) } else { data };
        let options = options(&mut chance);
        let escape = if chance.below(2) == 0 { Escape::Html } else { Escape::None };
        let numbers = if chance.below(2) == 0 { Numbers::Ruby } else { Numbers::Plain };
        if let Ok(mut at_work) = AT_WORK.lock() {
            at_work.clone_from(&source);
        }
        let begun = Instant::now();
        let rendered = attempt(&source, &data, &options, escape, numbers, &mut tally);
        let mut took = begun.elapsed();
        // Other work on the machine, such as a wait for the processor, does not count.
        if took > PATIENCE {
            tally.again += 1;
            let tries = (0..TRIES).map(|_| {
                let begun = clock::worked();
                attempt(&source, &data, &options, escape, numbers, &mut Tally::default());
                clock::worked().saturating_sub(begun)
            });
            took = tries.min().unwrap_or(took);
        }
        tally.inputs += 1;
        if took > tally.slowest {
            tally.slowest = took;
            tally.slowest_template.clone_from(&source);
        }
        if tally.inputs % 16 == 0
            && rendered != attempt(&source, &data, &options, escape, numbers, &mut Tally::default())
        {
            tally.fickle.push(source);
        }
    }
    tally
}

fn options(chance: &mut Chance) -> ParseOptions {
    let mode = if chance.below(3) == 0 { Mode::Strict } else { Mode::Lax };
    let dialect = if chance.below(2) == 0 { None } else { chance.one_of(&Dialect::ALL) };
    ParseOptions { mode, dialect: dialect.copied().unwrap_or_default(), ..ParseOptions::default() }
}

/// Parses and renders; the text if there is one. The template is its own partial.
fn attempt(
    source: &str,
    data: &Value,
    options: &ParseOptions,
    escape: Escape,
    numbers: Numbers,
    tally: &mut Tally,
) -> Option<String> {
    let template = Template::parse(source, options).ok()?;
    tally.parsed += 1;
    std::hint::black_box((template.variables(), template.partials()));
    let mut partials = BTreeMap::new();
    if source.contains("'a'") || source.contains("\"a\"") {
        partials.insert("a".to_owned(), Template::parse(source, options).ok()?);
    }
    let now = UnixMillis(1_780_000_000_000);
    let input = RenderInput::new(data, now).partials(&partials).escape(escape).numbers(numbers);
    let rendered = template.render(&input).ok()?;
    tally.rendered += 1;
    Some(rendered.text)
}
