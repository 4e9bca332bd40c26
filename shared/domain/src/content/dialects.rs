//! What the products whose templates people paste call things.

use attune_liquid::{Dialect, Object, Value};

use super::data::put;
use crate::vocabulary::{events_of, links_of};

/// The data with the names of a dialect beside ours. None of ours is replaced.
pub(super) fn with_names_of(dialect: Dialect, mut data: Value) -> Value {
    let customer = data.get("customer").cloned().unwrap_or(Value::Nil);
    match dialect {
        // `{{${first_name}}}` and `{{custom_attribute.${size}}}`.
        Dialect::Braze => {
            add(&mut data, "custom_attribute", customer.clone());
            add_members(&mut data, &customer);
        }
        // `{{ person.first_name }}`, `{{ person|lookup:'size' }}` and `{{ first_name }}`.
        Dialect::Klaviyo => {
            add(&mut data, "person", customer.clone());
            add_members(&mut data, &customer);
        }
        // `@FIRSTNAME@`, which is `contact.data.firstname`.
        Dialect::Dotdigital => {
            let contact = Value::object([("data", without_marks(&customer))]);
            add(&mut data, "contact", contact);
        }
        _ => {}
    }
    for name in events_of(dialect) {
        let event = data.get("event").cloned().unwrap_or(Value::Nil);
        add(&mut data, name, event);
    }
    for (name, ours) in links_of(dialect) {
        let link = data.get(ours).cloned().unwrap_or(Value::Nil);
        add(&mut data, name, link);
    }
    data
}

fn add(data: &mut Value, name: &str, value: Value) {
    if data.get(name).is_none() {
        put(data, name, value);
    }
}

fn add_members(data: &mut Value, customer: &Value) {
    if let Value::Object(members) = customer {
        members.iter().for_each(|(name, value)| add(data, name, value.clone()));
    }
}

/// Names in lower case, once as they are and once without `_`.
fn without_marks(customer: &Value) -> Value {
    let mut names = Object::default();
    if let Value::Object(members) = customer {
        for (name, value) in members.iter() {
            let name = name.to_lowercase();
            names.insert(name.replace('_', ""), value.clone());
            names.insert(name, value.clone());
        }
    }
    Value::Object(names.into())
}
