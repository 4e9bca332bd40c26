//! Tables for people.

use comfy_table::presets::UTF8_FULL_CONDENSED;
use comfy_table::{CellAlignment, ContentArrangement, Table};

/// Characters in a line: what a terminal or a log shows without wrapping.
const WIDTH: u16 = 120;

/// A table with a head; columns listed in `numbers` are set to the right.
pub(crate) fn table<const N: usize>(head: [&str; N], numbers: &[usize]) -> Table {
    let mut table = Table::new();
    table.load_style(UTF8_FULL_CONDENSED);
    table.set_content_arrangement(ContentArrangement::Dynamic);
    table.set_width(WIDTH);
    table.set_header(head);
    for column in numbers {
        if let Some(column) = table.column_mut(*column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table
}

/// So many things of a kind: `1 file`, `2 files`.
pub(crate) fn counted(number: usize, kind: &str) -> String {
    let more = if number == 1 { "" } else { "s" };
    format!("{number} {kind}{more}")
}

/// A whole number with separators: `12,345`.
pub(crate) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}
