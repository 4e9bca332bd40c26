//! Escaping for HTML.

/// What a character is written as in HTML; `None` if as itself.
fn entity(byte: u8) -> Option<&'static str> {
    Some(match byte {
        b'&' => "&amp;",
        b'<' => "&lt;",
        b'>' => "&gt;",
        b'"' => "&quot;",
        b'\'' => "&#39;",
        _ => return None,
    })
}

/// Appends text to `out` with `&`, `<`, `>` and quotes escaped.
pub(crate) fn escape_into(text: &str, out: &mut String) {
    let mut done = 0;
    for (at, byte) in text.bytes().enumerate() {
        if let Some(entity) = entity(byte) {
            out.push_str(text.get(done..at).unwrap_or_default());
            out.push_str(entity);
            done = at + 1;
        }
    }
    out.push_str(text.get(done..).unwrap_or_default());
}

/// How much longer a text is once escaped, in bytes.
pub(crate) fn growth(text: &str) -> usize {
    text.bytes().filter_map(entity).map(|entity| entity.len() - 1).sum()
}

/// The text escaped, whatever it is: `&amp;` becomes `&amp;amp;`.
pub(crate) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    escape_into(text, &mut out);
    out
}

/// The text escaped, save what is an entity already.
pub(crate) fn escape_once(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        let (before, from) = rest.split_at(at);
        escape_into(before, &mut out);
        let len = entity_len(from).unwrap_or(1);
        let (found, after) = from.split_at(len);
        out.push_str(if len == 1 { "&amp;" } else { found });
        rest = after;
    }
    escape_into(rest, &mut out);
    out
}

/// The length of the entity at the beginning of the text: `&name;` or `&#number;`.
fn entity_len(text: &str) -> Option<usize> {
    let body = text.strip_prefix('&')?;
    let (digits, name) = match body.strip_prefix('#') {
        Some(number) => (true, number),
        None => (false, body),
    };
    let belongs = |c: &char| if digits { c.is_ascii_digit() } else { c.is_ascii_alphabetic() };
    let len = name.chars().take_while(belongs).count();
    let closed = name.get(len..)?.starts_with(';');
    (len > 0 && closed).then_some(len + 2 + usize::from(digits))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_sign_that_means_something_is_escaped() {
        assert_eq!(escape("<a href='x'>\"&é"), "&lt;a href=&#39;x&#39;&gt;&quot;&amp;é");
        assert_eq!(growth("<é&"), 7);
    }

    #[test]
    fn an_entity_is_not_escaped_twice() {
        assert_eq!(escape_once("&lt;b&gt; & &#20; &x <"), "&lt;b&gt; &amp; &#20; &amp;x &lt;");
    }
}
