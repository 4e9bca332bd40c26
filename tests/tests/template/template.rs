//! The template as the tests ask for it: functions, roles and what they allow, in words.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::calls::Call;
use crate::yaml;

/// The stack's name in these tests.
pub(crate) const STACK: &str = "shop";

/// The top of the workspace.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("a workspace").to_owned()
}

/// The template.
pub(crate) struct Template(Value);

/// A Lambda function, with what it inherits.
pub(crate) struct Function {
    /// The resource.
    pub(crate) resource: String,
    /// The folder of its code.
    pub(crate) folder: PathBuf,
    /// The resource of its role.
    pub(crate) role: String,
    /// In seconds.
    pub(crate) timeout: u32,
    /// Its variables, as it would find them.
    pub(crate) variables: BTreeMap<String, String>,
    /// Whether a request waits for it; else it is called by a schedule.
    pub(crate) serves_http: bool,
    /// Everything else.
    pub(crate) properties: Value,
}

/// What a statement of a policy allows.
#[derive(Debug)]
pub(crate) struct Statement {
    pub(crate) sid: Option<String>,
    pub(crate) actions: Vec<String>,
    /// On what, in words; empty if it says on what not.
    pub(crate) resources: Vec<String>,
    /// On everything but this.
    pub(crate) not: Option<Value>,
}

impl Template {
    /// Reads `infra/template.yaml`.
    pub(crate) fn read() -> Self {
        let text = fs::read_to_string(root().join("infra/template.yaml")).expect("the template");
        Self(yaml::read(&text))
    }

    /// All of it.
    pub(crate) fn whole(&self) -> &Value {
        &self.0
    }

    /// The properties of the resources of a type, by name.
    pub(crate) fn resources(&self, kind: &str) -> BTreeMap<&str, &Value> {
        let resources = self.0["Resources"].as_object().expect("resources");
        let of_kind = resources.iter().filter(|(_, resource)| resource["Type"] == kind);
        of_kind.map(|(name, resource)| (name.as_str(), &resource["Properties"])).collect()
    }

    /// The properties of one resource.
    pub(crate) fn resource(&self, name: &str) -> &Value {
        let resource = &self.0["Resources"][name]["Properties"];
        assert!(!resource.is_null(), "there is no resource `{name}`");
        resource
    }

    /// The functions.
    pub(crate) fn functions(&self) -> Vec<Function> {
        let found = self.resources("AWS::Serverless::Function");
        found.into_iter().map(|(name, own)| self.function(name, own)).collect()
    }

    fn function(&self, name: &str, own: &Value) -> Function {
        let all = &self.0["Globals"]["Function"];
        let variables =
            [all, own].into_iter().filter_map(|from| from["Environment"]["Variables"].as_object());
        let variables = variables.flatten().map(|(name, value)| (name.clone(), self.text(value)));
        let property = |name: &str| if own[name].is_null() { &all[name] } else { &own[name] };
        let events = own["Events"].as_object().into_iter().flatten();
        Function {
            resource: name.to_owned(),
            folder: root().join("infra").join(own["CodeUri"].as_str().expect("a folder")),
            role: got(&own["Role"]).expect("`!GetAtt Role.Arn`").to_owned(),
            timeout: property("Timeout")
                .as_u64()
                .and_then(|n| n.try_into().ok())
                .expect("a timeout"),
            variables: variables.collect(),
            serves_http: events.into_iter().any(|(_, event)| event["Type"] == "HttpApi"),
            properties: own.clone(),
        }
    }

    /// A value as it would stand in a stack of the defaults, with the name [`STACK`].
    pub(crate) fn text(&self, value: &Value) -> String {
        if let Some(name) = value["Ref"].as_str() {
            let parameter = &self.0["Parameters"][name];
            return match &parameter["Default"] {
                Value::Null if name == "Keys" => format!("server:{}", "0".repeat(64)),
                Value::Null if name == "ErasureKey" => "0".repeat(64),
                Value::Null => format!("<{name}>"),
                default => self.text(default),
            };
        }
        // What stands under a condition is there if the parameter is not empty; the defaults are.
        if let Some(otherwise) = value["Fn::If"].get(2) {
            return self.text(otherwise);
        }
        match (&value["Fn::Sub"], value) {
            (Value::String(text), _) => self.filled(text),
            (_, Value::String(text)) => text.clone(),
            (_, Value::Number(number)) => number.to_string(),
            _ => panic!("a text was expected, and not {value}"),
        }
    }

    /// A text with its names filled in, and a secret as it is made up.
    fn filled(&self, text: &str) -> String {
        let text = text
            .replace("${AWS::StackName}", STACK)
            .replace("${Api.ApiEndpoint}", "https://api.example")
            .replace("{{resolve:secretsmanager:${LinkKey}}}", &"0".repeat(128));
        let parameters = self.0["Parameters"].as_object().into_iter().flatten();
        parameters.fold(text, |text, (name, parameter)| match parameter["Default"].as_str() {
            Some(default) => text.replace(&format!("${{{name}}}"), default),
            None => text,
        })
    }

    /// The statements of a role.
    pub(crate) fn statements(&self, role: &str) -> Vec<Statement> {
        let policies = self.resource(role)["Policies"].as_array().expect("policies");
        let statements = policies.iter().flat_map(|policy| {
            policy["PolicyDocument"]["Statement"].as_array().expect("statements")
        });
        // A statement under a condition counts as one that is there.
        statements.map(|one| statement(one["Fn::If"].get(1).unwrap_or(one))).collect()
    }

    /// What a role allows.
    pub(crate) fn allowed(&self, role: &str) -> BTreeSet<Call> {
        let mut allowed = BTreeSet::new();
        for statement in self.statements(role) {
            let all_but = statement.not.iter().map(|_| "a phone number".to_owned());
            let resources: Vec<_> = statement.resources.iter().cloned().chain(all_but).collect();
            for action in &statement.actions {
                allowed.extend(resources.iter().map(|what| (action.clone(), what.clone())));
            }
        }
        allowed
    }
}

fn statement(one: &Value) -> Statement {
    assert_eq!(one["Effect"], "Allow", "{one}");
    assert!(one["NotAction"].is_null(), "{one}");
    let actions =
        list(&one["Action"]).into_iter().map(|action| action.as_str().expect("an action"));
    Statement {
        sid: one["Sid"].as_str().map(str::to_owned),
        actions: actions.map(str::to_owned).collect(),
        resources: list(&one["Resource"]).iter().map(|resource| what(resource)).collect(),
        not: Some(one["NotResource"].clone()).filter(|not| !not.is_null()),
    }
}

/// A list, or one value that stands for a list of it.
fn list(value: &Value) -> Vec<&Value> {
    match value {
        Value::Null => Vec::new(),
        Value::Array(values) => values.iter().collect(),
        one => vec![one],
    }
}

/// The resource whose ARN is got.
pub(crate) fn got(value: &Value) -> Option<&str> {
    let path = value["Fn::GetAtt"].as_array()?;
    path.first()?.as_str().filter(|_| path.get(1).is_some_and(|attribute| attribute == "Arn"))
}

/// What an ARN stands for, in the words of [`crate::calls`]. Anything else is as it stands there.
fn what(arn: &Value) -> String {
    let ses = |rest: &str| json!({"Fn::Sub": format!("arn:${{AWS::Partition}}:ses:${{AWS::Region}}:${{AWS::AccountId}}:{rest}")});
    let devices_of = |application: &str| {
        let split = json!({"Fn::Split": [":app/", {"Ref": application}]});
        json!({"Fn::Sub": ["${Devices}/*", {"Devices": {"Fn::Join": [":endpoint/", split]}}]})
    };
    let log = |rest: &str| json!({"Fn::Sub": format!("arn:${{AWS::Partition}}:logs:${{AWS::Region}}:${{AWS::AccountId}}:log-group:sns/${{AWS::Region}}/${{AWS::AccountId}}/DirectPublishToPhoneNumber{rest}:*")});
    let known = [
        (log(""), "the log of texts"),
        (log("/Failure"), "the log of failed texts"),
        (json!({"Fn::Sub": "${Messages.Arn}/index/due"}), "Messages/index/due"),
        (ses("identity/${MailIdentity}"), "the mail identity"),
        (ses("configuration-set/${MailConfiguration}"), "the configuration set"),
        (devices_of("ApnsApplication"), "devices of APNs"),
        (devices_of("FcmApplication"), "devices of FCM"),
    ];
    let words = known.iter().find(|(known, _)| known == arn).map(|(_, words)| *words);
    let words = words.or_else(|| got(arn)).or_else(|| arn["Ref"].as_str()).or_else(|| arn.as_str());
    words.map_or_else(|| arn.to_string(), str::to_owned)
}
