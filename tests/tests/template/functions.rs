//! Folders and functions; variables and configuration; timeouts and what counts on them.

use std::collections::BTreeSet;
use std::fs;

use attune_aws::config::{Config, names};
use attune_aws::keys::Keys;
use attune_aws::senders::{ATTEMPT, SETTLE};
use attune_aws::store::{MOST_SKEW, MOST_TIMEOUT, SETTLED};
use attune_domain::time::Span;

use crate::calls::source;
use crate::template::{Function, STACK, Template, root};

/// Seconds after which API Gateway gives up: its limit.
const GATEWAY: u32 = 30;

/// What a `main.rs` asks the configuration for, and the variables that it comes from.
const ASKED: [(&str, &[&str]); 7] = [
    ("config.store(", &[names::TABLES, names::SHARDS, names::CACHE, names::ERASURE_KEY]),
    ("config.keys", &[names::KEYS]),
    ("config.senders(", SENDERS),
    ("config.feedback_topics", &[names::FEEDBACK_TOPICS]),
    ("config.pass_machine(", &[names::PASS_MACHINE]),
    ("config.links.", &[names::LINK_URL, names::LINK_KEYS]),
    ("config.link_keys.", &[names::LINK_KEYS]),
];

const SENDERS: &[&str] =
    &[names::CONFIGURATION_SET, names::SMS_SENDER, names::SMS_RATE, names::APNS, names::FCM];

fn read_with(function: &Function) -> Config {
    let name = &function.resource;
    Config::read(|variable| function.variables.get(variable).cloned())
        .unwrap_or_else(|error| panic!("{name}: {error}"))
}

#[test]
fn every_folder_is_one_function_and_back() {
    let template = Template::read();
    let folders = fs::read_dir(root().join("functions")).expect("folders");
    let mut folders: BTreeSet<String> =
        folders.map(|entry| entry.expect("a folder").file_name().into_string().unwrap()).collect();
    // It is all of them in one process, for one machine.
    assert!(folders.remove("local"));
    let functions: Vec<_> = template
        .functions()
        .into_iter()
        .map(|function| {
            let folder = function.properties["CodeUri"].as_str().unwrap_or_default().to_owned();
            let name = folder.strip_prefix("../functions/").expect("a folder under functions/");
            assert_eq!(function.resource.to_lowercase(), name);
            let binary = fs::read_to_string(function.folder.join("src/main.rs"));
            assert!(binary.is_ok(), "{name} has no binary");
            name.to_owned()
        })
        .collect();
    assert_eq!(functions.len(), folders.len());
    assert_eq!(functions.into_iter().collect::<BTreeSet<_>>(), folders);
}

#[test]
fn every_function_is_built_for_one_platform_and_logs_to_a_group_of_its_own() {
    let template = Template::read();
    let all = &template.whole()["Globals"]["Function"];
    assert_eq!(
        (&all["Runtime"], &all["Handler"]),
        (&"provided.al2023".into(), &"bootstrap".into())
    );
    assert_eq!(all["Architectures"], serde_json::json!(["arm64"]));
    let mut groups = BTreeSet::new();
    for function in template.functions() {
        let resource = &template.whole()["Resources"][&function.resource];
        assert_eq!(resource["Metadata"]["BuildMethod"], "rust-cargolambda");
        let group = function.properties["LoggingConfig"]["LogGroup"]["Ref"].as_str();
        assert!(groups.insert(group.expect("a log group").to_owned()), "{}", function.resource);
    }
    let mut retained = template.resources("AWS::Logs::LogGroup");
    // Those of SNS are nobody's of ours: see `feedback.rs`.
    retained.retain(|name, _| !name.ends_with("TextLog"));
    for (name, group) in &retained {
        assert!(!group["RetentionInDays"].is_null(), "{name} is kept for ever");
    }
    assert_eq!(groups.len(), retained.len());
}

#[test]
fn every_function_has_the_variables_that_it_asks_for_and_no_other() {
    for function in Template::read().functions() {
        let main = source(&function.folder.join("src/main.rs"));
        let asked = ASKED.iter().filter(|(words, _)| main.contains(words));
        let asked: BTreeSet<&str> = asked.flat_map(|(_, names)| names.iter().copied()).collect();
        let set: BTreeSet<&str> = function.variables.keys().map(String::as_str).collect();
        assert_eq!(
            set, asked,
            "left: the variables of {}; right: what it reads",
            function.resource
        );
    }
}

#[test]
fn every_name_of_the_configuration_is_set_somewhere() {
    let config = source(&root().join("shared/aws/src/config.rs"));
    let names = config.split("\"ATTUNE_").skip(1).filter_map(|rest| rest.split('"').next());
    let names: BTreeSet<String> = names.map(|name| format!("ATTUNE_{name}")).collect();
    let functions = Template::read().functions();
    let set = functions.iter().flat_map(|function| function.variables.keys().cloned());
    assert_eq!(names, set.collect());
    assert!(names.contains(self::names::TABLES));
}

#[test]
fn every_function_reads_its_configuration() {
    let functions = Template::read().functions();
    for function in &functions {
        let config = read_with(function);
        assert_eq!(config.store.prefix, format!("{STACK}-"));
        assert!(Keys::parse(&config.keys).is_ok(), "{}", function.resource);
        // Whoever publishes waits by its own setting for all others.
        assert_eq!(config.store.cache, read_with(&functions[0]).store.cache);
        assert_eq!(config.store.shards, read_with(&functions[0]).store.shards);
    }
}

#[test]
fn a_wake_up_is_visited_again_only_when_its_writer_has_ended() {
    for function in Template::read().functions() {
        let ends = Span::seconds(function.timeout).millis() + MOST_SKEW.millis();
        assert!(ends < SETTLED.millis(), "{}: timeout + skew reach SETTLED", function.resource);
    }
}

#[test]
fn a_pass_begins_only_when_nobody_works_by_the_definitions_before() {
    for function in Template::read().functions() {
        let timeout = Span::seconds(function.timeout);
        assert!(timeout <= MOST_TIMEOUT, "{}: the timeout is over MOST_TIMEOUT", function.resource);
        let store = read_with(&function).store;
        assert!(store.settle.millis() >= store.cache.millis() + timeout.millis());
    }
}

#[test]
fn a_function_ends_before_whoever_waits_for_it_gives_up() {
    for function in Template::read().functions() {
        let in_time = !function.serves_http || function.timeout < GATEWAY;
        assert!(in_time, "{} may take too long", function.resource);
        let send = ATTEMPT.millis() + 2 * SETTLE.millis();
        let timeout = Span::seconds(function.timeout).millis();
        assert!(timeout > send, "{} has no time for one message", function.resource);
    }
}

#[test]
fn requests_reach_the_routes_of_their_function() {
    for (resource, event, path, route) in [
        ("Ingest", "Calls", "/v1/{proxy+}", "\"/v1/{call}\""),
        ("Manage", "Calls", "/api/{proxy+}", "\"/api/definitions\""),
        ("Links", "Clicks", "/l/{proxy+}", "\"/l/{*token}\""),
        ("Links", "ShortClicks", "/s/{proxy+}", "\"/s/{*token}\""),
        ("Links", "Unsubscribe", "/u/{proxy+}", "\"/u/{*token}\""),
        ("Links", "Preferences", "/p/{proxy+}", "\"/p/{*token}\""),
        ("Links", "Confirm", "/o/{proxy+}", "\"/o/{*token}\""),
    ] {
        let template = Template::read();
        let call = &template.resource(resource)["Events"][event]["Properties"];
        assert_eq!((&call["Path"], &call["Method"]), (&path.into(), &"ANY".into()));
        let folder = root().join("functions").join(resource.to_lowercase());
        assert!(source(&folder.join("src/lib.rs")).contains(route), "{resource} has no {route}");
    }
}

#[test]
fn every_kind_of_link_reaches_the_function() {
    let template = Template::read();
    let events = template.resource("Links")["Events"].as_object().unwrap();
    let open: BTreeSet<&str> =
        events.values().filter_map(|event| event["Properties"]["Path"].as_str()).collect();
    let router = source(&root().join("functions/links/src/lib.rs"));
    let routes = router.split(".route(\"").skip(1).map(|route| route.split('{').next().unwrap());
    let routes: Vec<String> = routes.map(|begin| format!("{begin}{{proxy+}}")).collect();
    assert_eq!(open, routes.iter().map(String::as_str).collect());
}

#[test]
fn the_secret_that_is_made_up_is_a_key_for_links() {
    let template = Template::read();
    let made_up = &template.resource("LinkKey")["GenerateSecretString"];
    assert_eq!(made_up["PasswordLength"], 128);
    for excluded in ["ExcludeUppercase", "ExcludePunctuation"] {
        assert_eq!(made_up[excluded], true, "{excluded}");
    }
    let digits = ('a'..='z').filter(|c| !c.is_ascii_hexdigit());
    assert_eq!(made_up["ExcludeCharacters"], digits.collect::<String>());
}
