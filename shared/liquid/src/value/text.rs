//! How values are written: alone as Ruby's `to_s`, inside an array or object as its `inspect`.

use std::fmt::Write as _;
use std::sync::Arc;

use super::Value;

/// How a number with a fraction is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Numbers {
    /// As Ruby does: `26.0`, and `1.0e+20` for very large and very small ones.
    #[default]
    Ruby,
    /// As people do: `26`, and never with an exponent.
    Plain,
}

/// The text would be longer than it may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TooLong;

/// Writes values as text of at most a given length, and stops before it is longer.
pub(crate) struct Printer {
    numbers: Numbers,
    room: usize,
    text: String,
}

impl Printer {
    /// A printer for at most `room` bytes.
    pub(crate) fn new(numbers: Numbers, room: usize) -> Self {
        Self { numbers, room, text: String::new() }
    }

    /// The value as text; shared, not copied, where it is text already.
    pub(crate) fn print(mut self, value: &Value) -> Result<Arc<str>, TooLong> {
        match value {
            Value::Str(text) | Value::Html(text) => return Ok(text.clone()),
            Value::Nil => {}
            _ => self.inspect(value)?,
        }
        Ok(self.text.into())
    }

    /// The value as it looks inside an array: text in quotes, `nil` by name.
    pub(crate) fn print_inspected(mut self, value: &Value) -> Result<String, TooLong> {
        self.inspect(value)?;
        Ok(self.text)
    }

    fn put(&mut self, text: &str) -> Result<(), TooLong> {
        if self.text.len() + text.len() > self.room {
            return Err(TooLong);
        }
        self.text.push_str(text);
        Ok(())
    }

    fn inspect(&mut self, value: &Value) -> Result<(), TooLong> {
        match value {
            Value::Nil => self.put("nil"),
            Value::Str(text) | Value::Html(text) => self.quote(text),
            Value::Array(items) => self.inspect_array(items),
            Value::Object(object) => self.inspect_entries(object.iter()),
            scalar => self.put(&scalar_text(scalar, self.numbers)),
        }
    }

    fn inspect_array(&mut self, items: &[Value]) -> Result<(), TooLong> {
        self.put("[")?;
        for (place, item) in items.iter().enumerate() {
            self.put(if place == 0 { "" } else { ", " })?;
            self.inspect(item)?;
        }
        self.put("]")
    }

    fn inspect_entries<'v>(
        &mut self,
        entries: impl Iterator<Item = (&'v Arc<str>, &'v Value)>,
    ) -> Result<(), TooLong> {
        self.put("{")?;
        for (place, (key, value)) in entries.enumerate() {
            self.put(if place == 0 { "" } else { ", " })?;
            self.quote(key)?;
            self.put("=>")?;
            self.inspect(value)?;
        }
        self.put("}")
    }

    /// Ruby's quoted text: `#` is guarded where it would begin an interpolation.
    fn quote(&mut self, text: &str) -> Result<(), TooLong> {
        self.put("\"")?;
        let mut characters = text.chars().peekable();
        while let Some(character) = characters.next() {
            let next = characters.peek().copied();
            match character {
                '"' => self.put("\\\"")?,
                '\\' => self.put("\\\\")?,
                '\n' => self.put("\\n")?,
                '\t' => self.put("\\t")?,
                '\r' => self.put("\\r")?,
                '\u{1b}' => self.put("\\e")?,
                '#' if matches!(next, Some('{' | '$' | '@')) => self.put("\\#")?,
                other if other.is_control() => self.put(&format!("\\u{:04X}", u32::from(other)))?,
                other => self.put(other.encode_utf8(&mut [0; 4]))?,
            }
        }
        self.put("\"")
    }
}

/// The text of a value without parts; empty for text, arrays and objects.
pub(crate) fn scalar_text(value: &Value, numbers: Numbers) -> String {
    match value {
        Value::Bool(value) => value.to_string(),
        Value::Int(value) => value.to_string(),
        Value::Float(value) => match numbers {
            Numbers::Ruby => ruby_float(*value),
            Numbers::Plain => value.to_string(),
        },
        Value::Range(range) => format!("{}..{}", range.first, range.last),
        _ => String::new(),
    }
}

/// A float as Ruby writes it: shortest digits, with an exponent below 0.0001 and from 1e16 on.
fn ruby_float(value: f64) -> String {
    let scientific = format!("{value:e}");
    let Some((digits, exponent)) = scientific.split_once('e') else { return scientific };
    let Ok(exponent) = exponent.parse::<i32>() else { return scientific };
    if (-4..16).contains(&exponent) {
        let mut text = value.to_string();
        if !text.contains('.') {
            text.push_str(".0");
        }
        return text;
    }
    let mut text = String::from(digits);
    if !digits.contains('.') {
        text.push_str(".0");
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    // Writing into a `String` cannot fail.
    let _ = write!(text, "e{sign}{:02}", exponent.abs());
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(value: f64, ruby: &str, plain: &str) {
        assert_eq!(scalar_text(&Value::Float(value), Numbers::Ruby), ruby);
        assert_eq!(scalar_text(&Value::Float(value), Numbers::Plain), plain);
    }

    #[test]
    fn floats_are_written_as_in_ruby_or_as_people_do() {
        check(26.0, "26.0", "26");
        check(0.1, "0.1", "0.1");
        check(1e15, "1000000000000000.0", "1000000000000000");
        check(1e16, "1.0e+16", "10000000000000000");
        check(1.25e-5, "1.25e-05", "0.0000125");
        check(-0.0, "-0.0", "-0");
    }

    #[test]
    fn an_array_inside_text_is_written_as_ruby_inspects_it() {
        let value = Value::array([
            Value::from("a\"#{x}"),
            Value::Nil,
            Value::object([("k", Value::Int(1))]),
        ]);
        let text = Printer::new(Numbers::Ruby, 100).print(&value).unwrap();
        assert_eq!(&*text, r#"["a\"\#{x}", nil, {"k"=>1}]"#);
    }

    #[test]
    fn printing_stops_at_the_limit() {
        let value = Value::array(vec![Value::from("abc"); 100]);
        assert_eq!(Printer::new(Numbers::Ruby, 50).print(&value), Err(TooLong));
    }
}
