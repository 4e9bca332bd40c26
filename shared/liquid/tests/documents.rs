//! The examples of `FILTERS.md` and `TAGS.md`, and that nothing is missing there.

use std::collections::BTreeMap;

use attune_liquid::{Dialect, Escape, ParseOptions, RenderInput, Template, UnixMillis, Value};

const FILTERS: &str = include_str!("../FILTERS.md");
const TAGS: &str = include_str!("../TAGS.md");

/// Renders an example as plain text; a mistake in it is its own output.
fn render(
    source: &str,
    data: &Value,
    dialect: Dialect,
    partials: &BTreeMap<String, Template>,
) -> String {
    let options = ParseOptions::default().dialect(dialect);
    let template = match Template::parse(source, &options) {
        Ok(template) => template,
        Err(errors) => return errors.to_string(),
    };
    let input = RenderInput::new(data, UnixMillis(0)).escape(Escape::None).partials(partials);
    template.render(&input).map_or_else(|error| error.to_string(), |rendered| rendered.text)
}

/// The blocks between lines of three backticks: what stands behind the opening ones, and the inside.
fn blocks(document: &str) -> Vec<(&str, &str)> {
    let parts: Vec<&str> = document.split("```").collect();
    let inside = parts.iter().skip(1).step_by(2);
    inside
        .filter_map(|block| block.split_once('\n'))
        .map(|(kind, text)| (kind, text.trim_end()))
        .collect()
}

fn data_of(document: &str) -> Value {
    let blocks = blocks(document);
    let json = blocks.iter().find(|(kind, _)| *kind == "json").map_or("", |(_, text)| text);
    serde_json::from_str(json).unwrap_or_default()
}

/// The first dialect that a heading names.
fn dialect_of(heading: &str) -> Dialect {
    let named = |dialect: &Dialect| {
        let name = format!("{dialect:?}").replace("CustomerIo", "Customer.io");
        heading.contains(&name)
    };
    Dialect::ALL.into_iter().find(named).unwrap_or_default()
}

#[test]
fn every_example_of_a_filter_gives_what_it_says() {
    let data = data_of(FILTERS);
    let mut dialect = Dialect::Standard;
    let mut examples = 0;
    for line in FILTERS.lines() {
        if line.starts_with("## ") {
            dialect = dialect_of(line);
        }
        let cells: Vec<&str> = line.split(" | ").collect();
        if let [filter, _, example, gives] = cells.as_slice()
            && filter.starts_with("| `")
        {
            let source = example.trim_matches('`').replace("\\|", "|");
            let gives = gives.trim_end_matches(" |").trim_matches('`');
            assert_eq!(render(&source, &data, dialect, &BTreeMap::new()), gives, "{source}");
            examples += 1;
        }
    }
    assert!(examples > 100, "only {examples} examples");
}

#[test]
fn every_example_of_a_tag_gives_what_it_says() {
    let data = data_of(TAGS);
    let mut partials = BTreeMap::new();
    let mut source = "";
    let mut examples = 0;
    for (heading, (kind, text)) in TAGS.split("\n## ").flat_map(|section| {
        let heading = section.lines().next().unwrap_or_default();
        blocks(section).into_iter().map(move |block| (heading, block))
    }) {
        match kind.split_once(" partial ") {
            Some((_, name)) => {
                let template = Template::parse(text, &ParseOptions::default()).unwrap();
                partials.insert(name.to_owned(), template);
            }
            None if kind == "liquid" => source = text,
            None if kind == "text" => {
                let rendered = render(source, &data, dialect_of(heading), &partials);
                assert_eq!(rendered.trim_end(), text, "{source}");
                examples += 1;
            }
            None => {}
        }
    }
    assert!(examples >= 29, "only {examples} examples");
}
