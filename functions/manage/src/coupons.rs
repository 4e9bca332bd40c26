//! `/api/coupons`: what is in the pools, and codes that are loaded into them.

use std::collections::BTreeSet;

use attune_aws::store::Loaded;
use attune_domain::coupon::{Code, Codes, Coupon};
use attune_domain::id::CouponId;
use attune_domain::limits;
use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, header};
use serde_json::{Value, json};

use crate::{Deps, Refusal};

/// Bad codes that are told one by one; of more only the number.
const BAD: usize = 100;
/// What is taken of a file to read a row: most are shorter.
const ROW_BYTES: usize = 128;

/// Every coupon.
pub(crate) async fn list(State(deps): State<Deps>) -> Result<Json<Value>, Refusal> {
    let definitions = deps.store.fresh_definitions(deps.clock.now()).await?;
    let mut coupons = Vec::new();
    for coupon in definitions.coupons.values() {
        coupons.push(view(&deps, coupon).await?);
    }
    Ok(Json(json!({ "coupons": coupons })))
}

/// One coupon.
pub(crate) async fn one(
    State(deps): State<Deps>,
    Path(id): Path<String>,
) -> Result<Json<Value>, Refusal> {
    let coupon = defined(&deps, &id).await?;
    Ok(Json(view(&deps, &coupon).await?))
}

/// Loads codes into a pool: a list in JSON, or one a line, in the first column.
pub(crate) async fn load(
    State(deps): State<Deps>,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Json<Value>, Refusal> {
    let coupon = defined(&deps, &id).await?;
    if coupon.codes != Codes::Unique {
        let why = format!("`{id}` has one code for everybody; there is no pool to load");
        return Err(Refusal::Unreadable(why));
    }
    let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let texts = texts(kind.unwrap_or_default(), &body)?;
    if texts.len() > limits::CODES_PER_REQUEST {
        let why = format!("a request can have {} codes", limits::CODES_PER_REQUEST);
        return Err(Refusal::Unreadable(why));
    }
    let (mut codes, mut bad) = (BTreeSet::new(), Vec::new());
    for (line, text) in texts {
        match text.and_then(|text| Code::parse(&text).map_err(|why| why.to_string())) {
            Ok(code) => {
                codes.insert(code);
            }
            Err(why) => bad.push(json!({ "line": line, "message": why })),
        }
    }
    let codes: Vec<Code> = codes.into_iter().collect();
    let Loaded { new, known } = deps.store.load_codes(&coupon.id, &codes).await?;
    let count = bad.len();
    bad.truncate(BAD);
    Ok(Json(json!({ "new": new, "known": known, "bad": count, "mistakes": bad })))
}

/// What may be a code, with its line or its place in a list.
type Cell = (usize, Result<String, String>);

/// The texts of a body that may be codes, each with its line or its place in the list.
fn texts(kind: &str, body: &[u8]) -> Result<Vec<Cell>, Refusal> {
    let unreadable = |why: String| Refusal::Unreadable(why);
    if kind.starts_with("application/json") {
        let list: Vec<Value> = serde_json::from_slice(body)
            .map_err(|why| unreadable(format!("expected a list of codes: {why}")))?;
        let text = |value: Value| {
            value.as_str().map(str::to_owned).ok_or_else(|| "expected a text".to_owned())
        };
        return Ok((1..).zip(list.into_iter().map(text)).collect());
    }
    let text =
        std::str::from_utf8(body).map_err(|_| unreadable("the codes are not UTF-8".to_owned()))?;
    Ok(column(text.trim_start_matches('\u{feff}')))
}

/// Words of which the heading of a column of codes is made.
const HEADING: [&str; 8] =
    ["code", "codes", "coupon", "coupons", "voucher", "vouchers", "discount", "promo"];

/// The first column of a CSV file (RFC 4180), each cell with the line on which it begins.
///
/// No code goes on in a next line. So after a quote that is not ended the next line is read as if
/// nothing were open, and one slip costs one code.
fn column(text: &str) -> Vec<Cell> {
    let delimiter = delimiter(text);
    let mut cells = Vec::new();
    let (mut from, mut line) = (0, 1);
    while let Some(row) = row(text, from, delimiter) {
        line += text.get(from..row.begin).unwrap_or_default().matches('\n').count();
        let written = text.get(row.begin..row.end).unwrap_or_default();
        let next = match row.code {
            Ok(_) => row.end,
            Err(_) => row.begin + written.find('\n').map_or(written.len(), |at| at + 1),
        };
        let heading = |code: &String| line == 1 && is_heading(code);
        if !row.code.as_ref().is_ok_and(heading) {
            cells.push((line, row.code.map_err(str::to_owned)));
        }
        line += text.get(row.begin..next).unwrap_or_default().matches('\n').count();
        from = next;
    }
    cells
}

fn is_heading(cell: &str) -> bool {
    let mut words = cell.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    words.all(|word| HEADING.iter().any(|known| known.eq_ignore_ascii_case(word)))
}

/// A row of a file, from its first byte to that behind it, and what its first cell holds.
struct Row {
    begin: usize,
    end: usize,
    code: Result<String, &'static str>,
}

/// The first row from a byte on that is not blank.
fn row(text: &str, from: usize, delimiter: u8) -> Option<Row> {
    let mut begin = from;
    loop {
        let rest = text.get(begin..)?;
        begin += rest.len() - rest.trim_start_matches(['\r', '\n']).len();
        let rest = text.get(begin..)?;
        let mut reader = csv::ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .delimiter(delimiter)
            .buffer_capacity(ROW_BYTES)
            .from_reader(rest.as_bytes());
        let mut record = csv::StringRecord::new();
        // Nothing can fail: the text is in memory and UTF-8, and rows may be of any length.
        if !reader.read_record(&mut record).unwrap_or_default() {
            return None;
        }
        let length = usize::try_from(reader.position().byte()).unwrap_or(rest.len());
        let written = rest.get(..length).unwrap_or(rest);
        let cell = record.get(0).unwrap_or_default().trim();
        if !cell.is_empty() || record.len() > 1 {
            let code = match why_misquoted(written, cell, delimiter) {
                Some(why) => Err(why),
                None => Ok(cell.to_owned()),
            };
            return Some(Row { begin, end: begin + written.len(), code });
        }
        begin += written.len();
    }
}

/// What is wrong with the quotes of a row as it is written, from which this first cell was read.
fn why_misquoted(written: &str, cell: &str, delimiter: u8) -> Option<&'static str> {
    const OPEN: &str = "a quote begins here that its line does not end";
    let line = written.trim_end_matches(['\r', '\n']);
    let Some(quoted) = line.trim_start().strip_prefix('"') else {
        // A quote within a code is one of its characters; one that opens a later cell takes lines in.
        let open = line.contains('\n') && line.matches('"').count() % 2 == 1;
        return open.then_some(OPEN);
    };
    if cell.contains('\n') || quoted.matches('"').count() % 2 == 0 {
        return Some(OPEN);
    }
    let closing = quoted.replace("\"\"", "  ").find('"')?;
    let after = quoted.get(closing + 1..).unwrap_or_default().trim_start();
    let ends = after.is_empty() || after.as_bytes().first() == Some(&delimiter);
    (!ends).then_some("there is something behind the quote that ends this code")
}

/// `;` where it comes first, as spreadsheets of many countries write it; else `,`.
fn delimiter(text: &str) -> u8 {
    let mut quoted = false;
    let mut outside = text.bytes().filter(|byte| {
        quoted ^= *byte == b'"';
        !quoted
    });
    outside.find(|byte| matches!(byte, b',' | b';')).unwrap_or(b',')
}

async fn defined(deps: &Deps, id: &str) -> Result<Coupon, Refusal> {
    let definitions = deps.store.fresh_definitions(deps.clock.now()).await?;
    let coupon = CouponId::parse(id).ok().and_then(|id| definitions.coupons.get(&id).cloned());
    coupon.ok_or_else(|| Refusal::NotFound(format!("there is no coupon `{id}`")))
}

async fn view(deps: &Deps, coupon: &Coupon) -> Result<Value, Refusal> {
    let now = deps.clock.now();
    let mut view = json!({
        "id": coupon.id.as_str(),
        "expires": coupon.expires.map(|expiry| expiry.day.to_string()),
        "expired": coupon.is_over(now),
    });
    match &coupon.codes {
        Codes::Static(code) => {
            view["codes"] = "static".into();
            view["code"] = code.as_str().into();
        }
        Codes::Unique => {
            let stock = deps.store.stock(&coupon.id, now).await?;
            view["codes"] = "unique".into();
            view["left"] = stock.left.into();
            view["claimed"] = stock.claimed.into();
            view["at_least"] = stock.more.into();
            view["counted_at"] = stock.counted_at.to_string().into();
            view["low_stock"] = coupon.low_stock.into();
            view["low"] = (stock.left < coupon.low_stock && !stock.more).into();
        }
    }
    Ok(view)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(file: &str, expected: &[(usize, &str)]) {
        let cells = column(file);
        let cells: Vec<(usize, &str)> = cells
            .iter()
            .map(|(line, cell)| (*line, cell.as_deref().unwrap_or_else(|why| why)))
            .collect();
        assert_eq!(cells, expected);
    }

    #[test]
    fn quoted_codes_are_whole() {
        check("Code\r\n\"Q,1\",spring\r\n\"S;\"\"2\"\r\n", &[(2, "Q,1"), (3, "S;\"2")]);
    }

    #[test]
    fn spreadsheets_may_part_cells_by_semicolons() {
        check("A,1;x\nB,2;\"y,z\"\n", &[(1, "A"), (2, "B")]);
        check("A1;x\nB,2;y\n", &[(1, "A1"), (2, "B,2")]);
        check("\"A,1\";x\n", &[(1, "A,1")]);
    }

    #[test]
    fn a_quote_that_is_not_ended_is_told_where_it_begins() {
        let told = "a quote begins here that its line does not end";
        check("A\n\"B\nC\n", &[(1, "A"), (2, told), (3, "C")]);
        check("A\n\"B", &[(1, "A"), (2, told)]);
        check("A,\"x\nB\nC,\"y\"\nD", &[(1, told), (2, "B"), (3, "C"), (4, "D")]);
        check("A\"x\nB", &[(1, "A\"x"), (2, "B")]);
    }

    #[test]
    fn what_stands_behind_a_quoted_code_is_told() {
        let told = "there is something behind the quote that ends this code";
        check("\"A\"y,z\n\"B\" ,z\n\"C\"\"\"\n", &[(1, told), (2, "B"), (3, "C\"")]);
    }

    #[test]
    fn a_heading_is_no_code() {
        for heading in ["code", "Codes", "Coupon code", "\"voucher_code\"", "DISCOUNT-CODE,x"] {
            check(&format!("{heading}\nA\ncode"), &[(2, "A"), (3, "code")]);
        }
        check("PROMO10\n", &[(1, "PROMO10")]);
    }

    #[test]
    fn a_cell_is_told_with_its_own_line() {
        check("\n\nA\n  \n\"B\",\"two\nlines\"\nC", &[(3, "A"), (5, "B"), (7, "C")]);
    }
}
