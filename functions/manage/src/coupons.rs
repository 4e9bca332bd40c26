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

/// The first column of a CSV file (RFC 4180), each cell with the line on which it begins.
fn column(text: &str) -> Vec<Cell> {
    let reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(delimiter(text))
        .from_reader(text.as_bytes());
    let (mut seen, mut line) = (0, 1);
    let mut cells = Vec::new();
    // Nothing can fail: the text is in memory and UTF-8, and rows may be of any length.
    for record in reader.into_records().flatten() {
        // The reader counts the blank lines that it passes over to the record after them.
        let begin =
            record.position().and_then(|place| usize::try_from(place.byte()).ok()).unwrap_or(seen);
        let rest = text.get(begin..).unwrap_or_default();
        let begin = text.len() - rest.trim_start_matches(['\r', '\n']).len();
        line += text.get(seen..begin).unwrap_or_default().matches('\n').count();
        seen = begin;
        let cell = record.get(0).unwrap_or_default().trim();
        let blank = cell.is_empty() && record.len() == 1;
        let heading = line == 1 && cell.eq_ignore_ascii_case("code");
        if !blank && !heading {
            let open = "a quote begins here that its line does not end".to_owned();
            cells.push((line, if cell.contains('\n') { Err(open) } else { Ok(cell.to_owned()) }));
        }
    }
    cells
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
        check("A\n\"B\nC\n", &[(1, "A"), (2, told)]);
    }

    #[test]
    fn a_cell_is_told_with_its_own_line() {
        check("\n\nA\n  \n\"B\",\"two\nlines\"\nC", &[(3, "A"), (5, "B"), (7, "C")]);
    }
}
