use super::*;

fn check(path: &str, text: &str, expect: &[(&str, usize)]) {
    let dependencies = ["jiff", "uuid", "tokio", "serde", "rusqlite", "http"].map(str::to_owned);
    let found = breaches(&Source::new(path, text), &dependencies);
    let expect: Vec<_> = expect.iter().map(|(what, line)| ((*what).to_owned(), *line)).collect();
    let told: Vec<_> = found
        .iter()
        .map(|breach| (breach.what.split(' ').next().unwrap_or_default().to_owned(), breach.line))
        .collect();
    assert_eq!(told, expect, "{path}: {text}");
}

#[test]
fn the_rules_name_only_what_is_pure() {
    let core = "crates/vouchsafe-core/src/route.rs";
    check(core, "use std::fmt;\nuse jiff::Timestamp;\nuse crate::id::{A, B};", &[]);
    check(core, "use std::fmt;\nuse tokio::time::Instant;", &[("tokio", 2)]);
    check(core, "fn f() {\n    tokio::spawn(g());\n}", &[("tokio", 2)]);
    check(core, "#[serde(rename)]\nstruct S;", &[("serde", 1)]);
    check(core, "// tokio::spawn\nlet s = \"tokio::spawn\"; a.tokio();", &[]);
    check(core, "use proptest::prelude::*;", &[]);
}

#[test]
fn a_driver_is_named_in_its_own_room_only() {
    check("crates/vouchsafe-store/src/sqlite/writer.rs", "use rusqlite::Connection;", &[]);
    check("crates/vouchsafe-store/src/sqlite.rs", "use rusqlite::Connection;", &[]);
    check("crates/vouchsafe-store/src/record.rs", "use rusqlite::Connection;", &[("rusqlite", 1)]);
    check("crates/vouchsafe-store/src/record.rs", "use serde_json::Value;", &[("serde_json", 1)]);
    check("crates/vouchsafe-provider/src/suv.rs", "use vouchsafe_store::Store;", &[("vouchsafe_store", 1)]);
    check("crates/vouchsafe-provider/src/suv/call.rs", "let r = axum::Router::new();", &[("axum", 1)]);
    check("crates/vouchsafe-provider/src/simulator/server.rs", "use axum::Router;", &[]);
}

#[test]
fn flows_speak_neither_http_nor_sql_nor_json() {
    let flow = "crates/vouchsafe/src/flow/provision.rs";
    check(flow, "use vouchsafe_store::{Store, Opened};\nuse vouchsafe_provider::Provider;", &[]);
    check(flow, "use http::StatusCode;", &[("http", 1)]);
    check(flow, "use crate::api::wire;", &[("crate::api", 1)]);
    check(flow, "use crate::{\n    app::App,\n    api,\n};", &[("crate::api", 3)]);
    check("crates/vouchsafe/src/flow.rs", "use serde_json as json;", &[("serde_json", 1)]);
    check("crates/vouchsafe/src/api/router.rs", "use http::StatusCode;\nuse rusqlite::Row;", &[("rusqlite", 2)]);
}

#[test]
fn an_engine_or_an_adapter_is_chosen_only_where_the_service_is_put_together() {
    let nested = "use vouchsafe_store::{Store, sqlite::{Settings, SqliteStore}};";
    let sqlite = "vouchsafe_store::sqlite";
    check("crates/vouchsafe/src/api/router.rs", nested, &[(sqlite, 1), (sqlite, 1)]);
    check("crates/vouchsafe/src/app.rs", nested, &[]);
    check("crates/vouchsafe/src/commands/serve.rs", nested, &[]);
    check("crates/vouchsafe/src/recover.rs", "use vouchsafe_provider::SuvProvider;", &[("SuvProvider", 1)]);
    check("crates/vouchsafe/src/recover.rs", "fn f(store: &SqliteStore) {}", &[("SqliteStore", 1)]);
    check("crates/vouchsafe/tests/it/crash.rs", nested, &[]);
}

fn check_paths(input: &str, expect: &[&str]) {
    let found = paths_named(&tokens(input));
    let found: Vec<_> = found.iter().map(|named| named.parts.join("::")).collect();
    assert_eq!(found, expect, "{input}");
}

#[test]
fn a_use_is_spelled_out() {
    check_paths("use a;", &["a"]);
    check_paths("use ::a::b;", &["a::b"]);
    check_paths("use a::b as c;", &["a::b"]);
    check_paths("use a::*;", &["a::*"]);
    check_paths("use a::{self, b, c::{d, e as f}, g};", &["a::self", "a::b", "a::c::d", "a::c::e", "a::g"]);
    check_paths("use {a::b, c};", &["a::b", "c"]);
    check_paths("a::b::<c::d>(e.f())", &["a::b", "c::d", "e"]);
    check_paths("impl A + use<'a>", &["impl", "A", "use", "a"]);
}

#[test]
fn dependencies_are_read_from_the_manifest() {
    let manifest = "[package]\nname = \"x\"\n[dependencies]\na-b.workspace = true\nc = { version = \"1\" }\n# d = \"1\"\n\n\
                    [dev-dependencies]\ne = \"1\"\n";
    assert_eq!(dependencies(manifest), ["a_b", "c"]);
}
