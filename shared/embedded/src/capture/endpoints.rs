//! Platform endpoints of SNS: a device token in an application, its switch, and the rules that
//! decide whether registering it again is a repetition or a conflict.

use std::collections::BTreeMap;

use crate::service::Refusal;

/// Attributes of an endpoint by their AWS names: `Enabled`, `CustomUserData`, `Token`.
pub(super) type Attributes = BTreeMap<String, String>;

const ENABLED: &str = "Enabled";
const TOKEN: &str = "Token";
const USER_DATA: &str = "CustomUserData";

#[derive(Debug, Default)]
pub(super) struct Endpoints {
    by_arn: BTreeMap<String, Endpoint>,
    /// (application ARN, token) to endpoint ARN: a token has one endpoint in an application.
    by_token: BTreeMap<(String, String), String>,
}

#[derive(Debug)]
struct Endpoint {
    application: String,
    attributes: Attributes,
}

impl Endpoints {
    /// Registers `token` under `id`, or finds the endpoint that already has it. Repeating a
    /// registration is harmless; repeating it with other attributes is refused, in a text from
    /// which AWS's own samples read the ARN. Leaving an attribute out means enabled, and no user
    /// data.
    pub(super) fn create(
        &mut self,
        application: &str,
        token: &str,
        given: Attributes,
        id: &str,
    ) -> Result<String, Refusal> {
        let mut attributes = Attributes::from([(ENABLED.to_owned(), "true".to_owned())]);
        attributes.extend(given);
        attributes.insert(TOKEN.to_owned(), token.to_owned());
        let key = (application.to_owned(), token.to_owned());
        if let Some(arn) = self.by_token.get(&key) {
            let same = self.by_arn.get(arn).is_some_and(|known| known.attributes == attributes);
            return if same { Ok(arn.clone()) } else { Err(taken(arn)) };
        }
        let arn = arn(application, id)?;
        let endpoint = Endpoint { application: application.to_owned(), attributes };
        self.by_token.insert(key, arn.clone());
        self.by_arn.insert(arn.clone(), endpoint);
        Ok(arn)
    }

    pub(super) fn attributes(&self, arn: &str) -> Result<&Attributes, Refusal> {
        Ok(&self.by_arn.get(arn).ok_or_else(absent)?.attributes)
    }

    /// Changes attributes. A token that another endpoint of the application has is refused.
    pub(super) fn change(&mut self, arn: &str, changes: Attributes) -> Result<(), Refusal> {
        let endpoint = self.by_arn.get_mut(arn).ok_or_else(absent)?;
        if let Some(token) = changes.get(TOKEN) {
            let key = (endpoint.application.clone(), token.clone());
            match self.by_token.get(&key) {
                Some(owner) if owner != arn => return Err(taken(owner)),
                Some(_) => {}
                None => {
                    self.by_token.retain(|_, owner| owner != arn);
                    self.by_token.insert(key, arn.to_owned());
                }
            }
        }
        endpoint.attributes.extend(changes);
        Ok(())
    }

    /// Deletes an endpoint; deleting what is not there succeeds, as on AWS.
    pub(super) fn delete(&mut self, arn: &str) {
        self.by_arn.remove(arn);
        self.by_token.retain(|_, owner| owner != arn);
    }

    pub(super) fn disable(&mut self, arn: &str) {
        if let Some(endpoint) = self.by_arn.get_mut(arn) {
            endpoint.attributes.insert(ENABLED.to_owned(), "false".to_owned());
        }
    }

    /// The device token to publish to, if `arn` is there and enabled.
    pub(super) fn target(&self, arn: &str) -> Result<&str, Refusal> {
        let Some(endpoint) = self.by_arn.get(arn) else {
            return Err(Refusal::bad(
                "InvalidParameter",
                "Invalid parameter: TargetArn Reason: \
                 No endpoint found for the target arn specified",
            ));
        };
        if endpoint.attributes.get(ENABLED).is_some_and(|enabled| enabled != "true") {
            return Err(Refusal::bad("EndpointDisabled", "Endpoint is disabled"));
        }
        Ok(endpoint.attributes.get(TOKEN).map(String::as_str).unwrap_or_default())
    }
}

/// The attributes that registering with `user_data` sets beside those in `given`.
pub(super) fn with_user_data(mut given: Attributes, user_data: Option<&str>) -> Attributes {
    if let Some(user_data) = user_data {
        given.insert(USER_DATA.to_owned(), user_data.to_owned());
    }
    given
}

/// `arn:aws:sns:…:app/GCM/shop` gives `arn:aws:sns:…:endpoint/GCM/shop/<id>`.
fn arn(application: &str, id: &str) -> Result<String, Refusal> {
    match application.split_once(":app/") {
        Some((account, name)) if account.starts_with("arn:aws:sns:") && name.contains('/') => {
            Ok(format!("{account}:endpoint/{name}/{id}"))
        }
        _ => Err(Refusal::bad("InvalidParameter", "Invalid parameter: PlatformApplicationArn")),
    }
}

/// The platform of an endpoint, say `GCM` or `APNS`; empty if `arn` has none.
pub(super) fn platform(arn: &str) -> &str {
    let path = arn.split_once(":endpoint/").map(|(_, path)| path).unwrap_or_default();
    path.split('/').next().unwrap_or_default()
}

fn taken(arn: &str) -> Refusal {
    let message = format!(
        "Invalid parameter: Token Reason: \
         Endpoint {arn} already exists with the same Token, but different attributes."
    );
    Refusal::bad("InvalidParameter", message)
}

fn absent() -> Refusal {
    Refusal::absent("NotFound", "Endpoint does not exist")
}
