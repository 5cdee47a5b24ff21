//! The commands as an operator types them: the real binary, its words and its exit codes.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

const CONFIG: &str = r#"listen = "127.0.0.1:0"
store = "sqlite:store.db"
catalogue = "catalogue.csv"
[sealing_key]
file = "sealing.key"
[limits]
file_check_seconds = 86400
[[channel]]
id = "app"
messaging = "single"
secrets = ["sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"]
[[provider]]
id = "house"
sheet = "netcare"
protocol = "suv"
base_url = "http://127.0.0.1:9/suv/v1"
user_name = "us"
password_env = "HOUSE_PASSWORD"
"#;
const ROWS: &str = "id,name,price,sources.provider,sources.product\nA,A,100,house,A1\n";

/// The folder of an operator who has a configuration and a catalogue.
fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("vouchsafe.toml"), CONFIG).unwrap();
    fs::write(folder.path().join("catalogue.csv"), ROWS).unwrap();
    folder
}

fn vouchsafe(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_vouchsafe"));
    command
        .args(arguments)
        .current_dir(folder)
        .env("HOUSE_PASSWORD", "open sesame")
        .env("RUST_LOG", "info")
        .env("NO_COLOR", "1");
    command
}

/// The exit code of a command, and all that it said.
fn run(folder: &Path, arguments: &[&str]) -> (Option<i32>, String) {
    let output = vouchsafe(folder, arguments).output().unwrap();
    (output.status.code(), String::from_utf8([output.stdout, output.stderr].concat()).unwrap())
}

fn check(folder: &Path, arguments: &[&str], exit: i32, says: &str) {
    let (code, said) = run(folder, arguments);
    assert!(code == Some(exit) && said.contains(says), "{arguments:?} ended with {code:?}: {said}");
}

/// A running `serve` whose log is read line by line.
struct Serving {
    process: Child,
    log: Receiver<String>,
}

impl Serving {
    fn start(folder: &Path) -> Self {
        let mut process =
            vouchsafe(folder, &["serve", "--config", "vouchsafe.toml"]).stderr(Stdio::piped()).spawn().unwrap();
        let lines = BufReader::new(process.stderr.take().unwrap()).lines();
        let (told, log) = channel();
        std::thread::spawn(move || lines.map_while(Result::ok).try_for_each(|line| told.send(line)));
        Self { process, log }
    }

    /// Reads the log until a line has these words, and returns all that was read. A log that ends before fails.
    fn until(&mut self, words: &str) -> String {
        let mut read = String::new();
        while let Ok(line) = self.log.recv_timeout(Duration::from_secs(20)) {
            read.push_str(&line);
            read.push('\n');
            if read.contains(words) {
                return read;
            }
        }
        let _ = self.process.kill();
        panic!("the log never said {words:?}: {read}");
    }

    fn signal(&self, name: &str) {
        let sent = Command::new("sh").args(["-c", &format!("kill -{name} {}", self.process.id())]).status().unwrap();
        assert!(sent.success());
    }

    fn stop(mut self) {
        // Whether it has time to stop gracefully is not what is tried here.
        self.signal("TERM");
        self.process.wait().unwrap();
    }
}

#[test]
fn a_catalogue_is_checked_with_and_without_a_configuration() {
    let folder = folder();
    let folder = folder.path();
    let alone = ["catalogue", "check", "catalogue.csv"];
    let compared = ["catalogue", "check", "catalogue.csv", "--config", "vouchsafe.toml"];
    let config = ["check-config", "--config", "vouchsafe.toml"];
    check(folder, &alone, 0, "catalogue.csv is sound: 1 products; its providers were not compared");
    check(folder, &compared, 0, "catalogue.csv is sound: 1 products\n");
    check(folder, &config, 0, "1 channels, 1 providers, 1 products");
    let stranger = "catalogue.csv:2: product.sources.provider names no configured provider; there are house";
    fs::write(folder.join("catalogue.csv"), ROWS.replace("house", "stranger")).unwrap();
    check(folder, &alone, 0, "is sound");
    check(folder, &compared, 2, stranger);
    check(folder, &config, 2, stranger);
    fs::write(folder.join("catalogue.csv"), format!("{ROWS}A,A,1.5,,\n,B,x,,\n")).unwrap();
    for fault in ["catalogue.csv:3: product.id", "catalogue.csv:3: product.price", "catalogue.csv:4: product.price"] {
        check(folder, &alone, 2, fault);
    }
    fs::remove_file(folder.join("catalogue.csv")).unwrap();
    check(folder, &alone, 2, "vouchsafe: catalogue.csv does not exist\n");
}

#[test]
fn what_lets_anybody_in_listens_on_this_machine_only_unless_a_person_says_so() {
    let folder = folder();
    for what in ["sandbox", "simulator"] {
        let refused = format!("the {what} lets anybody in, and 0.0.0.0:0 can be reached from other machines");
        check(folder.path(), &[what, "--listen", "0.0.0.0:0"], 2, &refused);
        check(folder.path(), &[what, "--help"], 0, "--insecure");
    }
}

#[test]
fn a_provider_is_shown_with_what_holds_for_it() {
    let folder = folder();
    let (code, said) = run(folder.path(), &["providers", "--config", "vouchsafe.toml"]);
    assert_eq!(code, Some(0), "{said}");
    let (shipped, configured) = said.split_once("Providers of the configuration").unwrap();
    assert!(
        ["Stellr", "Netcare", "Lottostar", "Hollywoodbets", "Supabets", "OTT", "Yoyo"]
            .iter()
            .all(|name| shipped.contains(name))
    );
    let retry = configured.lines().find(|line| line.starts_with("retry")).unwrap();
    assert!(configured.contains("house") && retry.ends_with("unsupported"), "{configured}");
}

#[test]
fn a_changed_catalogue_is_read_at_once_on_sighup() {
    let folder = folder();
    let mut serving = Serving::start(folder.path());
    let log = serving.until("serving");
    assert!(!log.contains("starts empty"), "nobody has lost anything at the first start: {log}");
    fs::write(folder.path().join("catalogue.csv"), ROWS.replace("100", "R1").replace("house", "stranger")).unwrap();
    serving.signal("HUP");
    let log = serving.until("names no configured provider");
    assert!(log.contains("the last good copy stays in use") && log.contains("catalogue.csv:2: product.price"), "{log}");
    fs::write(folder.path().join("catalogue.csv"), format!("{ROWS}B,B,200,,\n")).unwrap();
    serving.signal("HUP");
    serving.until("catalogue.products=2");
    serving.stop();
}

#[test]
fn sighup_ends_nothing_that_is_still_starting() {
    let folder = folder();
    let path = |name: &str| folder.path().join(name);
    fs::write(path("sealing.key"), "07".repeat(32)).unwrap();
    let slow = "command = [\"sh\", \"-c\", \"touch begun; until [ -e go ]; do sleep 0.02; done; cat sealing.key\"]";
    fs::write(path("vouchsafe.toml"), CONFIG.replace("file = \"sealing.key\"", slow)).unwrap();
    let mut serving = Serving::start(folder.path());
    while !path("begun").exists() {
        std::thread::sleep(Duration::from_millis(5));
    }
    serving.signal("HUP");
    fs::write(path("go"), "").unwrap();
    serving.until("serving");
    serving.stop();
}

#[test]
fn a_key_that_is_not_the_stores_cannot_be_used() {
    let folder = folder();
    let path = |name: &str| folder.path().join(name);
    let mut serving = Serving::start(folder.path());
    serving.until("serving");
    serving.stop();
    let key = fs::read_to_string(path("sealing.key")).unwrap();

    let serve = ["serve", "--config", "vouchsafe.toml"];
    fs::write(path("sealing.key"), "0a".repeat(32)).unwrap();
    check(folder.path(), &serve, 2, "sealed with another key; put back the key");
    fs::write(path("sealing.key"), "").unwrap();
    check(folder.path(), &serve, 2, "sealing.key must be 64 hexadecimal digits");
    fs::remove_file(path("sealing.key")).unwrap();
    check(folder.path(), &serve, 2, "put back the key that it was written with");

    fs::write(path("sealing.key"), key).unwrap();
    fs::remove_file(path("store.db")).unwrap();
    let mut serving = Serving::start(folder.path());
    let log = serving.until("serving");
    assert!(log.contains("WARN") && log.contains("the store starts empty"), "{log}");
    serving.stop();
}

/// How large a core dump of a process may be: for now, and at most.
fn core_limits(process: &str) -> Vec<String> {
    let limits = fs::read_to_string(format!("/proc/{process}/limits")).unwrap();
    let line = limits.lines().find(|line| line.starts_with("Max core file size")).unwrap();
    line.split_whitespace().skip(4).take(2).map(str::to_owned).collect()
}

#[test]
fn a_core_dump_is_written_only_for_whoever_asks_for_it() {
    let folder = folder();
    for (flag, expect) in [(None, vec!["0".to_owned(); 2]), (Some("--core-dumps"), core_limits("self"))] {
        let mut command = vouchsafe(folder.path(), &["serve", "--config", "vouchsafe.toml"]);
        let mut process = command.args(flag).stderr(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(process.stderr.take().unwrap()).lines();
        assert!(lines.any(|line| line.unwrap().contains("serving")), "it serves");
        assert_eq!(core_limits(&process.id().to_string()), expect, "{flag:?}");
        process.kill().unwrap();
        process.wait().unwrap();
    }
}
