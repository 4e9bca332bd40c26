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
        match text
            .ok_or_else(|| "expected a text".to_owned())
            .and_then(|text| Code::parse(&text).map_err(|why| why.to_string()))
        {
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

/// The texts of a body that may be codes, each with its line or its place in the list.
fn texts(kind: &str, body: &[u8]) -> Result<Vec<(usize, Option<String>)>, Refusal> {
    let unreadable = |why: String| Refusal::Unreadable(why);
    if kind.starts_with("application/json") {
        let list: Vec<Value> = serde_json::from_slice(body)
            .map_err(|why| unreadable(format!("expected a list of codes: {why}")))?;
        let text = |value: Value| value.as_str().map(str::to_owned);
        return Ok((1..).zip(list.into_iter().map(text)).collect());
    }
    let text =
        std::str::from_utf8(body).map_err(|_| unreadable("the codes are not UTF-8".to_owned()))?;
    let first = |line: &str| {
        let cell = line.split([',', ';']).next().unwrap_or_default();
        cell.trim().trim_matches('"').trim().to_owned()
    };
    let lines = (1..).zip(text.trim_start_matches('\u{feff}').lines());
    let filled = lines.filter(|(_, line)| !line.trim().is_empty());
    let cells = filled.map(|(line, text)| (line, first(text)));
    let codes = cells.filter(|(line, cell)| *line > 1 || !cell.eq_ignore_ascii_case("code"));
    Ok(codes.map(|(line, cell)| (line, Some(cell))).collect())
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
