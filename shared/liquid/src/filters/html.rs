//! Filters for markup.

use crate::html::{escape_into, escape_once as escaped_once, growth};
use crate::value::Value;

use super::Filter;
use super::call::{Call, Filtered};

pub(super) const FILTERS: &[Filter] = &[
    Filter::new("escape", 0, 0, escape),
    Filter::new("h", 0, 0, escape),
    Filter::new("escape_once", 0, 0, escape_once),
    Filter::new("raw", 0, 0, raw),
    Filter::new("newline_to_br", 0, 0, newline_to_br),
    Filter::new("strip_html", 0, 0, strip_html).keeps_html(),
];

/// Text that is markup, where outputs are escaped.
fn markup(call: &Call<'_, '_>, text: String) -> Value {
    if call.env.escapes { Value::Html(text.into()) } else { Value::from(text) }
}

/// Escapes the text. Markup is left as it is, because it was escaped when it was made.
fn escape(call: &mut Call<'_, '_>) -> Filtered {
    if matches!(call.input, Value::Nil | Value::Html(_)) {
        return Ok(call.input.clone());
    }
    let text = call.text()?;
    call.room(text.len() + growth(&text))?;
    let mut escaped = String::with_capacity(text.len());
    escape_into(&text, &mut escaped);
    Ok(markup(call, escaped))
}

fn escape_once(call: &mut Call<'_, '_>) -> Filtered {
    if matches!(call.input, Value::Html(_)) {
        return Ok(call.input.clone());
    }
    let text = call.text()?;
    call.room(text.len() + growth(&text))?;
    Ok(markup(call, escaped_once(&text)))
}

/// Declares text to be markup that is not escaped when it is written.
fn raw(call: &mut Call<'_, '_>) -> Filtered {
    if !call.env.escapes {
        return Ok(call.input.clone());
    }
    call.text().map(Value::Html)
}

/// Puts a `<br />` before every line break. The text itself is escaped first, where outputs are.
fn newline_to_br(call: &mut Call<'_, '_>) -> Filtered {
    const BREAK: &str = "<br />\n";
    if call.env.escapes {
        call.input = escape(call)?;
    }
    let text = call.text()?;
    let breaks = text.bytes().filter(|byte| *byte == b'\n').count();
    call.room(text.len() + breaks * BREAK.len())?;
    let broken = text.replace("\r\n", "\n").replace('\n', BREAK);
    Ok(markup(call, broken))
}

/// Takes away tags and comments, and with `script` and `style` their content.
fn strip_html(call: &mut Call<'_, '_>) -> Filtered {
    let text = call.text()?;
    call.room(text.len() * 2)?;
    let mut kept = String::with_capacity(text.len());
    remove_between(&text, BLOCKS, &mut kept);
    let mut plain = String::with_capacity(kept.len());
    remove_between(&kept, &[("<", ">")], &mut plain);
    Ok(Value::from(plain))
}

const BLOCKS: &[(&str, &str)] =
    &[("<script", "</script>"), ("<!--", "-->"), ("<style", "</style>")];

/// Copies a text without everything from one of these beginnings to its end. A beginning whose end
/// was not found is not looked for again, so that every text is gone through a fixed number of times.
fn remove_between(text: &str, pairs: &[(&str, &str)], kept: &mut String) {
    let mut open: Vec<(&str, &str)> = pairs.to_vec();
    let mut rest = text;
    while let Some(at) = rest.find('<') {
        let (before, from) = rest.split_at(at);
        kept.push_str(before);
        rest = from;
        let pair = open.iter().position(|(begin, _)| from.starts_with(begin));
        let end = pair.and_then(|place| open.get(place)).map(|(begin, end)| {
            let inner = from.get(begin.len()..).unwrap_or_default();
            inner.find(end).and_then(|len| inner.get(len + end.len()..))
        });
        match (pair, end) {
            (_, Some(Some(after))) => rest = after,
            (Some(place), _) => {
                open.remove(place);
            }
            _ => {
                kept.push('<');
                rest = from.get(1..).unwrap_or_default();
            }
        }
    }
    kept.push_str(rest);
}
