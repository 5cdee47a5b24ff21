//! The file that operators copy must say everything, and say it right.

use super::*;

const FILE: &str = include_str!("../../../../../config.default.toml");

fn parse(text: &str) -> Result<Config, ConfigError> {
    Config::parse(text, Path::new("/etc/vouchsafe"), &|name| Some(format!("the value of {name}")))
}

/// The key of a setting that is in force on a line.
fn key(line: &str) -> Option<&str> {
    let (key, _) = line.split_once(" = ")?;
    key.bytes().all(|letter| letter.is_ascii_lowercase() || letter == b'_').then_some(key)
}

#[test]
fn the_default_file_can_be_used_as_it_is() {
    let config = parse(FILE).unwrap();
    assert_eq!(config.channels.len(), 1);
    assert_eq!(config.channels[0].default_provider.as_ref(), Some(&config.providers[0].id));
    assert_eq!(config.providers[0].password.expose(), "the value of EXAMPLE_PASSWORD");
}

#[test]
fn what_the_default_file_shows_is_the_default() {
    let config = parse(FILE).unwrap();
    let (mut comment, mut without) = (String::new(), String::new());
    let mut left_out = 0;
    for line in FILE.lines() {
        if let Some(words) = line.strip_prefix('#') {
            comment.push_str(words);
        } else if key(line).is_some() && !comment.contains("(required)") && !comment.contains("(example)") {
            left_out += 1;
            comment.clear();
        } else {
            without.push_str(line);
            without.push('\n');
            comment.clear();
        }
    }
    assert!(left_out > 10, "{left_out} of the settings show a default");
    assert_eq!(parse(&without).unwrap(), config);
}

#[test]
fn what_the_default_file_shows_of_a_sheet_holds_without_one() {
    let (from, to) = (FILE.find("# sheet =").unwrap(), FILE.find("[routes]").unwrap());
    let (mut text, mut example, mut shown) = (FILE[..from].to_owned(), true, 0);
    for line in FILE[from..to].lines() {
        let setting = line.strip_prefix("# ").filter(|setting| key(setting).is_some());
        if let Some(setting) = setting.filter(|_| !example) {
            text.push_str(setting);
            shown += 1;
        }
        text.push('\n');
        example = line.contains("(example)") || (example && setting.is_none());
    }
    text.push_str(&FILE[to..]);
    assert_eq!(shown, 11);
    assert_eq!(parse(&text).unwrap(), parse(FILE).unwrap());
}

#[test]
fn what_the_default_file_calls_required_is_required() {
    for setting in ["store", "id", "messaging", "secrets", "protocol", "base_url", "user_name", "password_env", "file"]
    {
        let line = FILE.lines().rfind(|line| key(line) == Some(setting)).unwrap();
        let without = FILE.replacen(&format!("\n{line}\n"), "\n", 1);
        assert!(without.len() < FILE.len() && parse(&without).is_err(), "{setting}");
    }
}

#[test]
fn every_setting_is_in_the_default_file() {
    // A key that nobody knows is put into every table; the fault that comes of it tells all keys that are known.
    let mut text = String::from("unheard_of = 1\n");
    for line in FILE.lines() {
        text.push_str(line);
        text.push_str(if line.starts_with('[') { "\nunheard_of = 1\n" } else { "\n" });
    }
    text.push_str("[tls]\nunheard_of = 1\n");
    let ConfigError::Faulty { faults, .. } = parse(&text).unwrap_err() else { panic!("there is no file to read") };
    let mut tables = 0;
    for fault in faults {
        let Wrong::UnknownKey { known } = fault.wrong else { continue };
        let table = fault.key.trim_end_matches("unheard_of").trim_end_matches('.');
        let settings = settings(table);
        let missing: Vec<_> = known.iter().filter(|key| !settings.contains(key)).collect();
        assert!(missing.is_empty(), "config.default.toml does not show {missing:?} in [{table}]");
        tables += 1;
    }
    assert_eq!(tables, 9, "the file itself, sealing_key, tls, institution, channel, provider, routes, limits, log");
}

/// Everything that the file shows in a table, in force or behind a `#`.
fn settings(table: &str) -> Vec<&'static str> {
    let (mut here, mut found) = ("", Vec::new());
    for line in FILE.lines().map(|line| line.trim_start_matches("# ")) {
        if line.starts_with('[') {
            here = line.trim_matches(['[', ']']);
            let (parent, name) = here.rsplit_once('.').unwrap_or(("", here));
            found.extend((parent == table).then_some(name));
        } else if here == table {
            found.extend(key(line));
        }
    }
    found
}
