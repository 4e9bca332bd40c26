//! Text for the header of a message.

use crate::position::{Position, position};
use crate::render::Rendered;

/// A line break where a header is to be made. Whoever can put one into a subject can write headers
/// of their own.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{position} of the output: a header cannot have a line break")]
pub struct HeaderError {
    /// Where in the rendered text.
    pub position: Position,
}

impl Rendered {
    /// The text for a header such as a subject: without white space around it.
    ///
    /// # Errors
    ///
    /// Where a line break (CR or LF) or a zero byte stands inside the text.
    pub fn header(&self) -> Result<&str, HeaderError> {
        let text = self.text.trim();
        match text.find(['\r', '\n', '\0']) {
            None => Ok(text),
            Some(place) => {
                let before = self.text.len() - self.text.trim_start().len();
                Err(HeaderError { position: position(&self.text, before + place) })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(text: &str) -> Result<String, String> {
        let rendered = Rendered { text: text.to_owned(), ..Rendered::default() };
        rendered.header().map(str::to_owned).map_err(|error| error.to_string())
    }

    #[test]
    fn a_line_break_at_the_end_of_a_subject_is_only_space() {
        assert_eq!(header(" Hello Ada\r\n"), Ok("Hello Ada".to_owned()));
    }

    #[test]
    fn a_line_break_inside_a_subject_is_refused() {
        let told = "line 1, column 6 of the output: a header cannot have a line break";
        assert_eq!(header("Hello\r\nBcc: all@shop.example"), Err(told.to_owned()));
        assert!(header("a\nb").is_err() && header("a\0b").is_err() && header("a\rb").is_err());
    }
}
