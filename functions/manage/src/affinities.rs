//! `/api/census/affinities`: what is bought together; and `/api/customers/{id}/recommendations`: what a
//! customer would be recommended, and why.

use attune_domain::affinity::{Affinities, Sold};
use attune_domain::cart::Product;
use attune_domain::recommend::Recommended;
use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::census::none_yet;
use crate::customers::load;
use crate::{Deps, Refusal};

/// Of which product, if not of all.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Of {
    product: Option<String>,
}

/// What is bought together, by the last census.
pub(crate) async fn list(
    State(deps): State<Deps>,
    of: Result<Query<Of>, QueryRejection>,
) -> Result<Json<Value>, Refusal> {
    let Query(Of { product }) = of?;
    let definitions = deps.store.fresh_definitions(deps.clock.now()).await?;
    let census = definitions.census();
    if census.number == 0 {
        return Err(none_yet());
    }
    let affinities = deps.store.affinities(census.number).await?;
    let products: Vec<&Sold> = match &product {
        Some(id) => vec![affinities.product(id).ok_or_else(|| not_counted(id))?],
        None => affinities.products().iter().collect(),
    };
    Ok(Json(json!({
        "census": census.number,
        "at": census.at.to_string(),
        "customers": affinities.customers,
        "products": products.into_iter().map(|sold| counted(sold, &affinities)).collect::<Value>(),
    })))
}

/// What a customer would be recommended now.
pub(crate) async fn of_customer(
    State(deps): State<Deps>,
    Path(id): Path<String>,
) -> Result<Json<Value>, Refusal> {
    let stored = load(&deps, &id).await?;
    let now = deps.clock.now();
    let recommended = deps.store.recommendations(&stored, now).await?;
    let census = stored.definitions.census();
    Ok(Json(json!({
        "customer": stored.profile.id.as_str(),
        "at": now.to_string(),
        "census": (census.number > 0).then(|| {
            json!({ "number": census.number, "at": census.at.to_string() })
        }),
        "recommendations": recommended.into_iter().map(view).collect::<Value>(),
    })))
}

fn not_counted(id: &str) -> Refusal {
    let told = format!("the last census counted no product `{id}`, or too few who bought it");
    Refusal::NotFound(told)
}

fn counted(sold: &Sold, affinities: &Affinities) -> Value {
    let together = affinities.partners(sold).map(|(partner, other)| {
        json!({
            "product_id": other.product.id,
            "name": other.product.details.get("name"),
            "both": partner.both,
            "buyers": other.buyers,
            "score": f64::from(partner.score) / 1_000.0,
        })
    });
    json!({
        "product_id": sold.product.id,
        "name": sold.product.details.get("name"),
        "buyers": sold.buyers,
        "together": together.collect::<Value>(),
    })
}

fn view(Recommended { product: Product { id, details }, why }: Recommended) -> Value {
    let mut view: Map<_, _> = details.into_iter().collect();
    view.insert("product_id".to_owned(), id.into());
    view.insert("why".to_owned(), why.as_str().into());
    view.insert("reason".to_owned(), why.to_string().into());
    view.into()
}
