use std::time::Duration;

use vouchsafe_core::id::ChannelId;
use vouchsafe_core::secret::Secret;
use vouchsafe_core::sheet::{Messaging, RetrySupport, Sheet};

use super::*;

mod access;
mod default_file;

/// The least that can be configured. The tests change one thing or another in it.
const LEAST: &str = r#"store = "sqlite:memory.db"
[sealing_key]
env = "KEY"
[[channel]]
id = "app"
messaging = "single"
secrets = ["sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"]
[[provider]]
id = "house"
protocol = "suv"
base_url = "https://house.example/suv/v1"
user_name = "us"
password_env = "PASSWORD"
"#;

/// What an environment with two variables gives.
fn environment(name: &str) -> Option<String> {
    match name {
        "PASSWORD" => Some("open sesame".to_owned()),
        "EMPTY" => Some(String::new()),
        _ => None,
    }
}

fn parse(text: &str) -> Result<Config, ConfigError> {
    Config::parse(text, Path::new("/etc/vouchsafe"), &environment)
}

/// The minimum with `from` changed `to` something else; what stands at its end is added where `from` is empty.
fn changed(from: &str, to: &str) -> String {
    if from.is_empty() {
        return format!("{LEAST}{to}\n");
    }
    assert!(LEAST.contains(from), "{from}");
    LEAST.replacen(from, to, 1)
}

/// Checks all faults of a changed minimum, as they are printed.
fn check(from: &str, to: &str, expect: &[&str]) {
    let found = parse(&changed(from, to)).err().map(|error| error.to_string()).unwrap_or_default();
    let found: Vec<_> = found.lines().collect();
    assert_eq!(found, expect, "{from} -> {to}");
}

#[test]
fn what_is_not_said_has_its_default() {
    let config = parse(LEAST).unwrap();
    assert_eq!(config.listen.to_string(), "127.0.0.1:8080");
    assert_eq!(config.base_path, "/suv/v1");
    assert_eq!(config.store, StoreUri::Sqlite("/etc/vouchsafe/memory.db".into()));
    assert_eq!(config.sealing_key, KeySource::Environment("KEY".to_owned()));
    assert_eq!((config.institution.id.as_str(), config.institution.name.as_str()), ("vouchsafe", "Vouchsafe"));
    assert_eq!(config.limits, Limits::default());
    assert_eq!((config.log, config.catalogue, config.routes), (LogFormat::Text, None, Routes::default()));
    let channel = Channel {
        id: ChannelId::new("app").unwrap(),
        messaging: Messaging::Single,
        secrets: vec![SecretHash::of("abc")],
        disabled: false,
        certificates: Vec::new(),
        addresses: Vec::new(),
        allowance: Allowance::default(),
        default_provider: None,
        wait: Duration::from_secs(60),
    };
    assert_eq!(config.channels, [channel]);
    let provider = Provider {
        id: ChannelId::new("house").unwrap(),
        base_url: "https://house.example/suv/v1".to_owned(),
        user_name: ChannelId::new("us").unwrap(),
        password: Secret::new("open sesame".to_owned()),
        tls: ProviderTls::default(),
        sheet: Sheet::full(),
    };
    assert_eq!(config.providers, [provider]);
}

#[test]
fn what_is_said_counts() {
    let text = changed(
        "",
        "confirmations = false\nreversals = false\nretry = \"unsupported\"\ntimeout_seconds = 5\nconcurrency = 7\n\
         rate = 9\nconfirm_after_seconds = 11\n[routes]\nreceivers = { r = \"house\" }\n[log]\nformat = \"json\"\n\
         [limits]\nbody_bytes = 0x400\nanswer_margin_milliseconds = 59999\nidle_seconds = 5\nconnections = 6",
    );
    let config = parse(&format!("listen = \"[::]:443\"\nbase_path = \"/v2\"\ncatalogue = \"c.toml\"\n{text}")).unwrap();
    assert_eq!(config.listen.to_string(), "[::]:443");
    assert_eq!(config.base_path, "/v2");
    assert_eq!(config.catalogue, Some("/etc/vouchsafe/c.toml".into()));
    assert_eq!(config.routes.receivers["r"].as_str(), "house");
    assert_eq!(config.log, LogFormat::Json);
    assert_eq!((config.limits.body_bytes, config.limits.answer_margin), (1024, Duration::from_millis(59_999)));
    assert_eq!((config.limits.idle, config.limits.connections), (Duration::from_secs(5), 6));
    let expect = Sheet {
        confirmations: false,
        reversals: false,
        retry: RetrySupport::Unsupported,
        timeout: Duration::from_secs(5),
        concurrency: 7.try_into().unwrap(),
        rate: Some(9.try_into().unwrap()),
        confirm_after: Duration::from_secs(11),
        in_flight_horizon: Duration::from_secs(10),
        ..Sheet::full()
    };
    assert_eq!(config.providers[0].sheet, expect);
}

#[test]
fn all_faults_are_told_at_once_and_in_order() {
    let text = "listen = 8080\nbase_path = \"suv\"\nlog = \"json\"\n[institution]\nid = \"\"\nnmae = 1\n\
                [limits]\nbody_seconds = 0\nstop_seconds = 86401\n[[channel]]\nid = \"a:b\"\nmessaging = \"both\"\n\
                secrets = []\n[[channel]]\nid = \"a\"\n[routes.receivers]\nr = \"nobody\"\n";
    let found = parse(text).unwrap_err().to_string();
    let expect = "store is missing and has no default\n\
                  sealing_key.file is needed, or env in its place, and not both\n\
                  provider is needed at least once, as a table in double brackets\n\
                  line 1: listen must be text in quotes, not a whole number\n\
                  line 2: base_path must be a path such as \"/suv/v1\": a slash before each part, none at the end, and \
                  in the parts letters, digits, '.', '_', '~' and '-' only\n\
                  line 3: log must be a table, not text in quotes\n\
                  line 5: institution.id may not be empty\n\
                  line 6: institution.nmae is no setting; there are id, name\n\
                  line 8: limits.body_seconds must be from 1 to 86400\n\
                  line 9: limits.stop_seconds must be from 1 to 86400\n\
                  line 11: channel.id may not contain a colon or a control character: HTTP Basic could not carry \
                  it\n\
                  line 12: channel.messaging must be \"single\" or \"dual\"\n\
                  line 13: channel.secrets must list one secret's hash, or two while a new secret takes over from the \
                  old\n\
                  line 14: channel.messaging is missing and has no default\n\
                  line 14: channel.secrets must list one secret's hash, or two while a new secret takes over from the \
                  old";
    let (found, expect): (Vec<_>, Vec<_>) = (found.lines().collect(), expect.lines().collect());
    assert_eq!(found, expect, "an unknown provider is no fault of its own while the providers are at fault");
}

#[test]
fn what_is_not_toml_is_told_by_line() {
    let twice = "line 2: not TOML: duplicate key";
    check("[sealing_key]", "store = \"sqlite:other.db\"\n[sealing_key]", &[twice]);
    let found = parse("a = \nb = \"open\nc = 1\n").unwrap_err().to_string();
    let lines: Vec<_> = found.lines().map(|line| line.split(": ").take(2).collect::<Vec<_>>().join(": ")).collect();
    assert_eq!(lines, ["line 1: not TOML", "line 2: not TOML"], "{found}");
}

#[test]
fn ids_are_given_once() {
    let twice = "is the same as on line 5; each must be its own";
    let again = LEAST.split_once("[[channel]]").unwrap().1.split_once("[[provider]]").unwrap().0;
    check("", &format!("[[channel]]{again}"), &[&format!("line 15: channel.id {twice}")]);
    let again = LEAST.split_once("[[provider]]").unwrap().1;
    let twice = "line 15: provider.id is the same as on line 9; each must be its own";
    check("", &format!("[[provider]]{again}"), &[twice]);
}

#[test]
fn a_provider_that_is_named_is_configured() {
    let unknown = "names no configured provider; there are house";
    check("", "[routes.receivers]\nr = \"home\"", &[&format!("line 15: routes.receivers.r {unknown}")]);
    let (entity, fault) =
        ("[routes.settlement_entities]\n\"s t\" = \"home\"", "line 15: routes.settlement_entities.s t");
    check("", entity, &[&format!("{fault} {unknown}")]);
    check(
        "id = \"app\"",
        "id = \"app\"\ndefault_provider = \"home\"",
        &[&format!("line 6: channel.default_provider {unknown}")],
    );
    check("id = \"app\"", "id = \"app\"\ndefault_provider = \"house\"", &[]);
    check(
        "[sealing_key]",
        "[routes]\nreceivers = 1\n[sealing_key]",
        &["line 3: routes.receivers must be a table, not a whole number"],
    );
}

#[test]
fn a_base_url_is_asked_at_safely() {
    let check = |url: &str, expect: &[&str]| check("https://house.example/suv/v1", url, expect);
    let form = "line 11: provider.base_url must look like \"https://host/path\", without user, query or fragment";
    for url in [
        "",
        "house",
        "/suv",
        "ftp://house",
        "https://",
        "https://me:pw@house/",
        "https://house?a=b",
        "https://house#a",
        "https://house:99999",
    ] {
        check(url, &[form]);
    }
    let clear = "line 11: provider.base_url would send credentials and vouchers in clear text; use https, or set \
                 allow_plain_http = true where the way there is safe by other means";
    for url in ["http://house", "http://10.0.0.7/suv", "http://localhost.example", "HTTP://house"] {
        check(url, &[clear]);
        check(&format!("{url}\"\nallow_plain_http = true #\""), &[]);
    }
    for url in ["http://127.0.0.1:9090", "http://[::1]:9090/suv", "http://localhost", "HTTPS://house"] {
        check(url, &[]);
    }
    let config = parse(&changed("/suv/v1", "/suv//")).unwrap();
    assert_eq!(config.providers[0].base_url, "https://house.example/suv");
}

#[test]
fn a_base_path_begins_with_a_slash_and_ends_without() {
    for (path, good) in [
        ("/a", true),
        ("/suv/v1.2_~-", true),
        ("", false),
        ("/", false),
        ("a", false),
        ("/a/", false),
        ("//a", false),
        ("/a/../b", false),
        ("/{a}", false),
        ("/a b", false),
        ("/é", false),
    ] {
        assert_eq!(parse(&format!("base_path = \"{path}\"\n{LEAST}")).is_ok(), good, "{path}");
    }
}

#[test]
fn a_store_is_a_file() {
    for store in ["memory.db", "sqlite:", "sqlite::memory:", "postgres://house/db", "SQLITE:a"] {
        let fault =
            "line 1: store must be \"sqlite:\" and the path of a database file, such as \"sqlite:vouchsafe.db\"";
        check("sqlite:memory.db", store, &[fault]);
    }
    let config = parse(&changed("memory.db", "/var/lib/a b.db")).unwrap();
    assert_eq!(config.store, StoreUri::Sqlite("/var/lib/a b.db".into()), "an absolute path stays as it is");
}

#[test]
fn a_channel_has_one_secret_or_two() {
    let hash = r#""sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad""#;
    let fault = "must list one secret's hash, or two while a new secret takes over from the old";
    check(hash, &format!("{hash}, {hash}"), &[]);
    check(hash, &format!("{hash}, {hash}, {hash}"), &[&format!("line 7: channel.secrets {fault}")]);
    let list = "line 7: channel.secrets must be a list in brackets, not text in quotes";
    check(&format!("[{hash}]"), hash, &[list]);
    let fault = "channel.secrets must be \"sha256:\" and 64 hexadecimal digits; `vouchsafe channel \
                 new-secret` prints a secret and its hash";
    check(
        hash,
        "\"a\",\n5,\n\"b\"",
        &[
            &format!("line 7: {fault}"),
            "line 8: channel.secrets must be text in quotes, not a whole number",
            &format!("line 9: {fault}"),
        ],
    );
}

#[test]
fn a_channel_waits_longer_than_the_margin() {
    let fault = "must be longer than limits.answer_margin_milliseconds, or no time is left to ask in";
    check("", "[limits]\nanswer_margin_milliseconds = 60000", &[&format!("line 4: channel.wait_seconds {fault}")]);
    let text = "id = \"app\"\nwait_seconds = 2";
    check("id = \"app\"", text, &[]);
    let text = changed("id = \"app\"", text) + "[limits]\nanswer_margin_milliseconds = 2000";
    assert_eq!(parse(&text).unwrap_err().to_string(), format!("line 6: channel.wait_seconds {fault}"));
}

#[test]
fn numbers_stay_in_their_bounds() {
    for (key, least, most) in [
        ("timeout_seconds", 1, 86_400),
        ("confirm_after_seconds", 1, 86_400),
        ("concurrency", 1, 100_000),
        ("rate", 1, 1_000_000),
    ] {
        let fault = format!("line 14: provider.{key} must be from {least} to {most}");
        for number in [least, most] {
            check("", &format!("{key} = {number}"), &[]);
        }
        for number in [i128::MIN, i64::MIN.into(), least - 1, most + 1, i64::MAX.into(), i128::MAX] {
            check("", &format!("{key} = {number}"), &[&fault]);
        }
        check(
            "",
            &format!("{key} = 1.5"),
            &[&format!("line 14: provider.{key} must be a whole number, not a fraction")],
        );
    }
}

#[test]
fn a_password_comes_from_a_file_or_a_variable_and_is_never_shown() {
    let folder = tempfile::tempdir().unwrap();
    let parse = |setting: &str| {
        let text = changed("password_env = \"PASSWORD\"", setting);
        Config::parse(&text, folder.path(), &environment).map_err(|error| error.to_string())
    };
    let file = folder.path().join("secret");
    let needs = "line 8: provider.password_file is needed, or password_env in its place, and not both";
    let variable = "line 13: provider.password_env names an environment variable that is not set or is empty; \
                    set it before the start";
    let bad = "line 13: provider.password_file leads to a secret that is empty or has a control character in it; write \
               one line of text";
    for (setting, content, expect) in [
        ("password_file = \"secret\"", "open sesame\n", Ok("open sesame")),
        ("password_file = \"secret\"", "open sesame\r\n", Ok("open sesame")),
        ("password_file = \"secret\"", " é ", Ok(" é ")),
        ("password_file = \"secret\"", "", Err(bad)),
        ("password_file = \"secret\"", "\n", Err(bad)),
        ("password_file = \"secret\"", "a\nb", Err(bad)),
        ("password_env = \"PASSWORD\"", "", Ok("open sesame")),
        ("password_env = \"EMPTY\"", "", Err(variable)),
        ("password_env = \"NONE\"", "", Err(variable)),
        ("", "", Err(needs)),
        (
            "password_env = \"PASSWORD\"\npassword_file = \"secret\"",
            "a",
            Err("line 14: provider.password_file is needed, or password_env in its place, and not both"),
        ),
    ] {
        std::fs::write(&file, content).unwrap();
        let found = parse(setting).map(|config| config.providers[0].password.expose().clone());
        assert_eq!(found.as_deref().map_err(String::as_str), expect, "{setting}");
    }
    std::fs::remove_file(&file).unwrap();
    let (file, fault) = (file.display(), parse("password_file = \"secret\"").unwrap_err());
    assert_eq!(
        fault,
        format!(
            "line 13: provider.password_file names a file that does not exist; as the user that runs vouchsafe, make it \
             with `(umask 077; printf %s 'THE SECRET' > {file})`"
        )
    );
    let config = parse("password_env = \"PASSWORD\"").unwrap();
    assert!(!format!("{config:?}").contains("sesame"));
}

#[test]
fn a_value_in_the_wrong_place_is_not_repeated() {
    for (from, to) in [
        ("password_env = \"PASSWORD\"", "password = \"hunter2\""),
        ("password_env = \"PASSWORD\"", "password_env = \"hunter2\""),
        ("password_env = \"PASSWORD\"", "password_env = [\"hunter2\"]"),
        ("https://house.example", "https://us:hunter2@house.example"),
        ("[\"sha256:", "[\"hunter2\", \"sha256:"),
        ("\"sqlite:memory.db\"", "hunter2"),
        ("\"sqlite:memory.db\"", "\"hunter2"),
        ("\"single\"", "\"hunter2\""),
        ("", "timeout_seconds = \"hunter2\""),
    ] {
        let error = parse(&changed(from, to)).unwrap_err();
        assert!(!format!("{error} {error:?}").contains("hunter2"), "{error}");
    }
}

#[test]
fn a_file_is_named_in_every_fault() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("vouchsafe.toml");
    let name = file.display().to_string();
    let told = |file: &Path| Config::load(file).unwrap_err().to_string();
    assert_eq!(told(&file), format!("{name} does not exist"));
    assert_eq!(told(folder.path()), format!("{} is a folder, not a file", folder.path().display()));
    std::fs::write(&file, [0xff]).unwrap();
    assert_eq!(told(&file), format!("{name} is not text in UTF-8"));
    std::fs::write(&file, "listen = 1").unwrap();
    let told = told(&file);
    assert!(told.lines().all(|line| line.starts_with(&name)), "{told}");
    assert!(told.contains(&format!("{name}:1: listen must be text")), "{told}");
    assert!(told.contains(&format!("{name}: store is missing")), "{told}");
    let text = changed("password_env = \"PASSWORD\"", "password_file = \"secret\"");
    std::fs::write(&file, text).unwrap();
    std::fs::write(folder.path().join("secret"), "open sesame\n").unwrap();
    let config = Config::load(&file).unwrap();
    assert_eq!(config.store, StoreUri::Sqlite(folder.path().join("memory.db")), "paths are relative to the file");
}
