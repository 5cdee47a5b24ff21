//! The README's walk through a voucher's life, as a person would paste it.

use std::process::Command;

use crate::world::Sandbox;

/// The block of shell commands that begins with this line.
fn block(beginning: &str) -> String {
    let readme = include_str!("../../../../README.md");
    let from = readme.find(beginning).expect("the README has the walk");
    readme[from..].split("\n```").next().unwrap().to_owned()
}

#[test]
fn a_voucher_is_sold_confirmed_looked_up_redeemed_refunded_and_redeemed_again() {
    let data = tempfile::tempdir().unwrap();
    let sandbox = Sandbox::start_as(data.path(), &["--messaging", "dual"]);
    let walk = Command::new("bash")
        .args(["-euo", "pipefail", "-c", &block("SUV=${SUV:-")])
        .env("SUV", format!("http://{}/suv/v1", sandbox.address))
        .output()
        .expect("bash and curl are there: ./test sees to it");
    let said = String::from_utf8([walk.stdout, walk.stderr].concat()).unwrap();
    assert!(walk.status.success(), "{said}");
    let statuses: Vec<_> = said.lines().filter_map(|line| line.rsplit_once(' ')).map(|(_, status)| status).collect();
    assert_eq!(statuses, ["201", "202", "200", "201", "202", "201", "202", "201"], "{said}");
    sandbox.stop();
}
