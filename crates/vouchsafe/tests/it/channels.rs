//! Channels in a file of their own: the commands that write it, and a switch that runs on.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use tempfile::TempDir;
use tokio::time::Instant;
use vouchsafe::access::{Access, KnownChannels};
use vouchsafe::config::Config;
use vouchsafe::live_file::Live;

use crate::world::{Channel, ProviderStub, Setup, Switch, request};

const CONFIG: &str = r#"store = "sqlite:store.db"
channels = "channels.toml"
[sealing_key]
file = "sealing.key"
[[channel]]
id = "fixed"
messaging = "single"
secrets = ["sha256:2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b"]
default_provider = "provider"
[[provider]]
id = "provider"
protocol = "suv"
base_url = "http://127.0.0.1:9/suv/v1"
user_name = "us"
password_file = "password"
"#;

/// An operator at a terminal, with a configuration.
struct Operator(TempDir);

impl Operator {
    fn new(config: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("vouchsafe.toml"), config).unwrap();
        fs::write(folder.path().join("password"), "open sesame").unwrap();
        Self(folder)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn channels(&self) -> String {
        fs::read_to_string(self.path("channels.toml")).unwrap_or_default()
    }

    /// The exit code of `vouchsafe channel ... --config vouchsafe.toml`, and all that it said.
    fn types(&self, arguments: &[&str]) -> (Option<i32>, String) {
        let changes = !matches!(arguments.first(), Some(&"list" | &"new-secret"));
        let output = Command::new(env!("CARGO_BIN_EXE_vouchsafe"))
            .arg("channel")
            .args(arguments)
            .args(["--config", "vouchsafe.toml"])
            .args(changes.then_some(["--reason", "as agreed"]).iter().flatten())
            .env("USER", "thandi")
            .current_dir(self.0.path())
            .output()
            .unwrap();
        (output.status.code(), String::from_utf8([output.stdout, output.stderr].concat()).unwrap())
    }

    /// Types it, and gets what it says.
    fn gets(&self, arguments: &[&str]) -> String {
        let (code, said) = self.types(arguments);
        assert_eq!(code, Some(0), "{arguments:?}: {said}");
        said
    }

    /// Types it, and gets a secret.
    fn secret(&self, arguments: &[&str]) -> String {
        let said = self.gets(arguments);
        let (_, secret) = said.split_once("it is not kept and not shown again):\n").unwrap();
        secret.lines().next().unwrap().trim().to_owned()
    }

    fn config(&self) -> Config {
        Config::load(&self.path("vouchsafe.toml")).unwrap()
    }
}

/// What an operator is told who cannot have it.
fn check(operator: &Operator, arguments: &[&str], says: &str) {
    let before = operator.channels();
    let (code, said) = operator.types(arguments);
    assert!(code == Some(2) && said.contains(says), "{arguments:?} ended with {code:?}: {said}");
    assert_eq!(operator.channels(), before, "{arguments:?} changed the file");
}

#[test]
fn a_channel_is_added_and_listed_and_its_secret_is_nowhere_but_on_the_screen() {
    let operator = Operator::new(CONFIG);
    let secret = operator.secret(&["add", "app", "--messaging", "single", "--default-provider", "provider"]);
    assert_eq!(secret.len(), 43, "256 bits as base64url");
    operator.gets(&["add", "till 7", "--messaging", "dual"]);
    for file in fs::read_dir(operator.0.path()).unwrap() {
        let content = fs::read_to_string(file.unwrap().path()).unwrap();
        assert!(!content.contains(&secret), "{content}");
    }
    operator.gets(&["disable", "till 7"]);
    let listed = operator.gets(&["list"]);
    let expect = "fixed  single  let in  1 secret  in vouchsafe.toml\n\
                  app  single  let in  1 secret  in channels.toml\n\
                  till 7  dual  kept out  1 secret  in channels.toml\n";
    assert_eq!(listed, expect);
    operator.gets(&["enable", "till 7"]);
    assert!(operator.gets(&["list"]).contains("till 7  dual  let in"));
    assert_eq!(KnownChannels::open(&operator.config()).unwrap().count(), 3);
}

#[test]
fn what_was_written_by_hand_stays() {
    let operator = Operator::new(CONFIG);
    operator.gets(&["add", "app", "--messaging", "single"]);
    let by_hand = operator.channels().replace("messaging = \"single\"", "messaging = \"single\" # a note\nrate   = 7");
    fs::write(operator.path("channels.toml"), &by_hand).unwrap();
    operator.gets(&["rotate", "app"]);
    operator.gets(&["disable", "app"]);
    let found = operator.channels();
    assert!(
        found.contains("messaging = \"single\" # a note\nrate   = 7") && found.contains("disabled = true"),
        "{found}"
    );
    assert!(found.starts_with("# Channels, as `vouchsafe channel` writes them"), "{found}");
    operator.gets(&["rotate", "app", "--finish"]);
    operator.gets(&["enable", "app"]);
    assert_eq!(operator.channels().lines().count(), by_hand.lines().count());
}

#[test]
fn what_cannot_be_is_refused_and_changes_nothing() {
    let operator = Operator::new(&CONFIG.replace("channels = \"channels.toml\"\n", ""));
    check(&operator, &["add", "app", "--messaging", "single"], "names no file of channels; add channels = ");
    let operator = Operator::new(CONFIG);
    check(&operator, &["rotate", "app"], "there is no channel app in");
    check(&operator, &["add", "fixed", "--messaging", "single"], "is that of a channel in the main configuration");
    check(&operator, &["rotate", "fixed"], "stands in the main configuration: change it there");
    check(&operator, &["add", "a:b", "--messaging", "single"], "may not contain a colon");
    check(&operator, &["add", "", "--messaging", "single"], "channel.id may not be empty");
    check(&operator, &["add", "app", "--messaging", "both"], "possible values: single, dual");
    let elsewhere = ["add", "app", "--messaging", "single", "--default-provider", "house"];
    check(&operator, &elsewhere, "channel.default_provider names no configured provider; there are provider");
    operator.gets(&["add", "app", "--messaging", "single"]);
    check(&operator, &["add", "app", "--messaging", "single"], "is in");
    check(&operator, &["rotate", "app", "--finish"], "there is no rotation to end");
    check(&operator, &["rotate", "app", "--take-back"], "there is no rotation to end");
    operator.gets(&["rotate", "app"]);
    check(&operator, &["rotate", "app"], "has two secrets already");
    let good = operator.channels();
    fs::write(operator.path("channels.toml"), good.replace("messaging", "massaging")).unwrap();
    check(&operator, &["disable", "app"], "channel.massaging is no setting");
    let inline = "channel = [{ id = \"app\", messaging = \"single\", secrets = [\"sha256:2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b\"] }]";
    fs::write(operator.path("channels.toml"), inline).unwrap();
    check(&operator, &["disable", "app"], "write each channel under a [[channel]] of its own");
}

/// A switch that knows what the operator's files say.
async fn switch(operator: &Operator, provider: &ProviderStub) -> (Switch, Arc<KnownChannels>) {
    let known = Arc::new(KnownChannels::open(&operator.config()).unwrap());
    let access = Some(Access::Known(Arc::clone(&known)));
    (Switch::start(Setup { access, ..Setup::to(provider.base_url()) }).await, known)
}

async fn sells(channel: &Channel) -> bool {
    match channel.provision(&request(&channel.user_name)).await.verdict().as_str() {
        "201" => true,
        "401 AUTHENTICATION_ERROR" => false,
        other => panic!("{other}"),
    }
}

#[tokio::test]
async fn a_rotation_needs_no_restart_and_ends_what_the_old_secret_opened() {
    let provider = ProviderStub::approving().await;
    let operator = Operator::new(CONFIG);
    fs::write(operator.path("channels.toml"), "").unwrap();
    let (switch, known) = switch(&operator, &provider).await;
    let with = |secret: &str| Channel { secret: secret.to_owned(), ..switch.channel("app") };
    let seen = || known.reload(Instant::now());

    let old = with(&operator.secret(&["add", "app", "--messaging", "single", "--default-provider", "provider"]));
    assert!(!sells(&old).await, "nobody has looked yet");
    seen();
    let mut old_token = old.clone();
    old_token.take_token().await;
    let new = with(&operator.secret(&["rotate", "app"]));
    seen();
    let mut new_token = new.clone();
    new_token.take_token().await;
    for caller in [&old, &new, &old_token, &new_token] {
        assert!(sells(caller).await, "both hold");
    }
    operator.gets(&["rotate", "app", "--take-back"]);
    seen();
    assert!(sells(&old).await && !sells(&new).await, "the new one was lost");
    let new = with(&operator.secret(&["rotate", "app"]));
    seen();
    let mut new_token = new.clone();
    new_token.take_token().await;
    operator.gets(&["rotate", "app", "--finish"]);
    seen();
    assert!(sells(&new).await && sells(&new_token).await);
    assert!(!sells(&old).await && !sells(&old_token).await);

    operator.gets(&["disable", "app"]);
    seen();
    assert!(!sells(&new).await && !sells(&new_token).await);
    operator.gets(&["enable", "app"]);
    let last = with(&operator.secret(&["rotate", "app", "--at-once"]));
    seen();
    assert!(sells(&last).await && !sells(&new).await && !sells(&new_token).await);
    assert!(sells(&switch.channel("fixed")).await, "the main configuration's own stay");
}

#[tokio::test]
async fn a_file_that_cannot_be_used_lets_in_whom_it_let_in_before() {
    let provider = ProviderStub::approving().await;
    let operator = Operator::new(CONFIG);
    let secret = operator.secret(&["add", "app", "--messaging", "single", "--default-provider", "provider"]);
    let (switch, known) = switch(&operator, &provider).await;
    let app = Channel { secret, ..switch.channel("app") };
    let good = operator.channels();
    let replace = |text: &str| {
        let beside = operator.path("beside");
        fs::write(&beside, text).unwrap();
        fs::rename(beside, operator.path("channels.toml")).unwrap();
    };
    for bad in ["not TOML", &good.replace("single", "both"), &good.replace("\"app\"", "\"fixed\"")] {
        replace(bad);
        known.look(Instant::now());
        known.look(Instant::now());
        assert!(sells(&app).await && known.is_stale(), "{bad}");
        assert!(KnownChannels::open(&operator.config()).is_err(), "and no switch starts with it: {bad}");
    }
    fs::remove_file(operator.path("channels.toml")).unwrap();
    known.reload(Instant::now());
    assert!(sells(&app).await);
    for cut_off in ["", "# Channels\n"] {
        replace(cut_off);
        known.look(Instant::now());
        known.look(Instant::now());
        assert!(sells(&app).await && known.is_stale(), "nobody decided to keep all out: {cut_off:?}");
    }
    replace(&good.replace("\"app\"", "\"other\""));
    known.look(Instant::now());
    assert!(sells(&app).await, "half-way through its writing, perhaps");
    known.look(Instant::now());
    assert!(!sells(&app).await && !known.is_stale());
}

#[test]
fn commands_that_write_at_once_lose_nothing() {
    let operator = Operator::new(CONFIG);
    let names: Vec<_> = (0..8).map(|number| format!("channel-{number}")).collect();
    std::thread::scope(|scope| {
        for name in &names {
            scope.spawn(|| operator.gets(&["add", name, "--messaging", "single"]));
        }
    });
    let listed = operator.gets(&["list"]);
    assert!(names.iter().all(|name| listed.contains(name.as_str())), "{listed}");
    assert!(Path::new(&operator.path("channels.toml")).exists());
}
