//! Push messages by SNS.

use attune_domain::address::Address;
use attune_domain::event::{Device, Platform};
use aws_sdk_sns::error::ProvideErrorMetadata;
use serde_json::json;

use super::error::status;
use super::{SendError, Senders};

/// What a phone shows.
#[derive(Debug, Clone, Copy)]
pub(super) struct Shown<'a> {
    /// The message's id.
    pub(super) id: &'a str,
    pub(super) title: &'a str,
    pub(super) body: &'a str,
    /// What opens when it is tapped.
    pub(super) link: Option<&'a str>,
    /// The address of a picture.
    pub(super) image: Option<&'a str>,
}

impl Senders {
    /// The SNS endpoint that stands for a device, made when it is first needed. Making it again
    /// gives the same one, so this may run any number of times; it sends nothing.
    pub async fn endpoint(&self, device: &Address) -> Result<String, SendError> {
        let (platform, token) = device.text().split_once(':').unwrap_or_default();
        let application = match platform {
            "apns" => &self.settings.apns,
            _ => &self.settings.fcm,
        };
        let application = application.as_ref();
        let application =
            application.ok_or_else(|| SendError::refused("no platform application is set up"))?;
        let made = self
            .sns
            .create_platform_endpoint()
            .platform_application_arn(application)
            .token(token)
            .send()
            .await;
        match made {
            Ok(output) => Ok(output.endpoint_arn.unwrap_or_default()),
            Err(error) => match error.message().and_then(existing) {
                Some(endpoint) => self.enable(endpoint).await,
                None => Err(SendError::of(&error, status(&error))),
            },
        }
    }

    /// The device that an endpoint stands for; none if there is no such endpoint.
    pub async fn device(&self, endpoint: &str) -> Result<Option<Address>, SendError> {
        let platform = match endpoint.split_once(":endpoint/") {
            Some((_, rest)) if rest.starts_with("APNS") => Platform::Apns,
            Some((_, rest)) if rest.starts_with("GCM") => Platform::Fcm,
            _ => return Ok(None),
        };
        match self.sns.get_endpoint_attributes().endpoint_arn(endpoint).send().await {
            Ok(output) => {
                let token = output.attributes().and_then(|all| all.get("Token")).cloned();
                Ok(token.map(|token| Address::device(&Device { platform, token })))
            }
            Err(error) if error.as_service_error().is_some_and(aws_sdk_sns::operation::get_endpoint_attributes::GetEndpointAttributesError::is_not_found_exception) => {
                Ok(None)
            }
            Err(error) => Err(SendError::of(&error, status(&error))),
        }
    }

    async fn enable(&self, endpoint: &str) -> Result<String, SendError> {
        let call = self.sns.set_endpoint_attributes().endpoint_arn(endpoint);
        match call.attributes("Enabled", "true").send().await {
            Ok(_) => Ok(endpoint.to_owned()),
            Err(error) => Err(SendError::of(&error, status(&error))),
        }
    }

    /// Sends a push message. Its id lets a phone replace a first copy by a second, should there
    /// ever be one.
    pub(super) async fn send_push(
        &self,
        endpoint: &str,
        shown: &Shown<'_>,
    ) -> Result<String, SendError> {
        let call = self
            .sns
            .publish()
            .target_arn(endpoint)
            .message_structure("json")
            .message(shown.payload());
        match call.send().await {
            Ok(output) => Ok(output.message_id.unwrap_or_default()),
            Err(error) => Err(SendError::of(&error, status(&error))),
        }
    }
}

impl Shown<'_> {
    /// One text per push service, each itself JSON in a string, as SNS wants it.
    fn payload(&self) -> String {
        let Self { id, title, body, link, image } = *self;
        let apns = json!({
            "aps": {
                "alert": { "title": title, "body": body },
                "thread-id": id,
                // Lets the app fetch the picture before the message is shown.
                "mutable-content": u8::from(image.is_some()),
            },
            "message": id,
            "link": link,
            "image": image,
        });
        let fields = [("message", Some(id)), ("link", link)];
        let data = fields.into_iter().filter_map(|(name, value)| Some((name, value?)));
        let mut notification = json!({ "title": title, "body": body });
        if let (Some(image), Some(notification)) = (image, notification.as_object_mut()) {
            notification.insert("image".to_owned(), image.into());
        }
        let fcm = json!({ "fcmV1Message": { "message": {
            "notification": notification,
            "android": { "collapse_key": id },
            "data": data.collect::<std::collections::BTreeMap<_, _>>(),
        } } });
        json!({
            "default": body,
            "APNS": apns.to_string(),
            "APNS_SANDBOX": apns.to_string(),
            "GCM": fcm.to_string(),
        })
        .to_string()
    }
}

/// The endpoint that SNS names when the token has one already, with other attributes.
fn existing(told: &str) -> Option<&str> {
    let endpoint = told.split_once("Endpoint ")?.1.split_once(" already exists")?.0;
    endpoint.starts_with("arn:").then_some(endpoint)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_endpoint_is_read_from_what_sns_says() {
        let told = "Invalid parameter: Token Reason: Endpoint arn:aws:sns:eu-west-1:1:endpoint/GCM/a/b already exists with the same Token, but different attributes.";
        assert_eq!(existing(told), Some("arn:aws:sns:eu-west-1:1:endpoint/GCM/a/b"));
        assert_eq!(existing("Invalid parameter: Token"), None);
    }

    #[test]
    fn a_payload_has_a_text_for_every_service() {
        let (link, image) = (Some("app://cart"), Some("https://cdn.example.com/red.jpg"));
        let shown = Shown { id: "msg_1", title: "Hi", body: "There", link, image };
        let payload: serde_json::Value = serde_json::from_str(&shown.payload()).unwrap();
        let part = |name: &str| -> serde_json::Value {
            serde_json::from_str(payload[name].as_str().unwrap()).unwrap()
        };
        assert_eq!(payload["default"], "There");
        assert_eq!(part("APNS")["aps"]["alert"]["title"], "Hi");
        let fcm = &part("GCM")["fcmV1Message"]["message"];
        assert_eq!(fcm["notification"]["body"], "There");
        assert_eq!(fcm["data"]["link"], "app://cart");
        assert_eq!(fcm["notification"]["image"], part("APNS")["image"]);
        assert_eq!(part("APNS")["aps"]["mutable-content"], 1);
    }
}
