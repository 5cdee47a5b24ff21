//! The house rules that a machine can keep: who may name whom, how long things are, that nothing lies about.
//!
//! Each rule is a function of source text, tried on made-up text first and then on the workspace. A breach is
//! told with its place and its remedy.

mod debts;
mod fences;
mod lints;
mod map;
mod reach;
mod scanner;
mod sizes;
mod source;

use std::collections::BTreeMap;

use source::{Breach, Source};

/// Runs a rule over every source file.
fn over_all(rule: impl Fn(&Source) -> Vec<Breach>) -> Vec<Breach> {
    source::sources().iter().flat_map(rule).collect()
}

#[test]
fn every_room_names_only_what_it_may() {
    let mut manifests = BTreeMap::new();
    let mut breaches = Vec::new();
    for source in source::sources() {
        let member = source.path.split('/').take(2).collect::<Vec<_>>().join("/");
        let dependencies = manifests.entry(member).or_insert_with_key(|member| {
            fences::dependencies(&source::read(&source::root().join(member).join("Cargo.toml")))
        });
        breaches.extend(fences::breaches(&source, dependencies));
    }
    source::assert_none(&breaches);
}

#[test]
fn every_fence_stands_around_a_room_that_exists() {
    assert_eq!(
        fences::empty_rooms(&source::sources()),
        [""; 0],
        "mend the table in tidy/fences.rs and ARCHITECTURE.md"
    );
}

#[test]
fn files_and_functions_fit_a_reader() {
    source::assert_none(&over_all(sizes::breaches));
}

#[test]
fn every_file_is_reached_by_a_mod_line() {
    source::assert_none(&reach::breaches(&source::sources()));
}

#[test]
fn a_debt_names_its_issue_and_a_file_names_what_it_holds() {
    source::assert_none(&over_all(debts::breaches));
}

#[test]
fn unsafe_code_is_forbidden_to_every_crate() {
    source::assert_none(&lints::breaches(&source::root()));
}

#[test]
fn the_map_names_only_what_exists() {
    let root = source::root();
    let exists = |path: &str| root.join(path).exists();
    let read = |page: &str| source::read(&root.join(page));
    let pages = [
        "ARCHITECTURE.md",
        "README.md",
        "STYLE.md",
        "docs/audit.md",
        "docs/operating.md",
        "docs/providers.md",
        "docs/security.md",
    ];
    let breaches: Vec<_> = pages.iter().flat_map(|page| map::breaches(page, &read(page), exists)).collect();
    source::assert_none(&breaches);
}
