//! Which room may name what: the import table of ARCHITECTURE.md, as data.

use super::scanner::{Token, closing, tokens};
use super::source::{Breach, Source};

/// One fence around one room.
struct Fence {
    /// The beginning of the paths it stands around, below `crates/`: `a/src/flow` is `flow.rs` and all of `flow/`.
    room: &'static str,
    /// Rooms within it that it does not stand around.
    but_not: &'static [&'static str],
    keeps: Keeps,
    /// Why it stands there.
    why: &'static str,
}

enum Keeps {
    /// Only these crates may be named.
    Only(&'static [&'static str]),
    /// None of these paths may be named; a single capitalised word is a type and may be named nowhere in a path.
    Out(&'static [&'static str]),
}
use Keeps::{Only, Out};

/// The only rooms that choose an engine and an adapter.
const COMPOSITION: &[&str] =
    &["vouchsafe/src/app", "vouchsafe/src/main", "vouchsafe/src/config", "vouchsafe/src/command"];

/// What a room where things happen does not name: how it is spoken, and how it is stored.
const AT_WORK: &[&str] = &[
    "axum",
    "http",
    "http_body_util",
    "hyper",
    "hyper_util",
    "rusqlite",
    "serde",
    "serde_json",
    "vouchsafe_wire",
    "crate::api",
];

const FENCES: &[Fence] = &[
    Fence {
        room: "vouchsafe-core/src",
        but_not: &[],
        keeps: Only(&["std", "jiff", "uuid"]),
        why: "the rules are pure: no I/O, no async, no JSON, so that they can be tested and replayed as they are",
    },
    Fence {
        room: "vouchsafe-wire/src",
        but_not: &[],
        keeps: Only(&["std", "vouchsafe_core", "jiff", "percent_encoding", "serde", "serde_json"]),
        why: "the interface's language is spoken by three rooms; it must not bring one's machinery to the others",
    },
    Fence {
        room: "vouchsafe-store/src",
        but_not: &["vouchsafe-store/src/sqlite"],
        keeps: Out(&["rusqlite"]),
        why: "one room for each engine: the trait and the records must serve the next engine unchanged",
    },
    Fence {
        room: "vouchsafe-store/src",
        but_not: &[],
        keeps: Out(&[
            "axum",
            "http",
            "hyper",
            "hyper_util",
            "serde",
            "serde_json",
            "vouchsafe_wire",
            "vouchsafe_provider",
        ]),
        why: "what is on disk must not change because a message on the wire did",
    },
    Fence {
        room: "vouchsafe-provider/src",
        but_not: &[],
        keeps: Out(&["vouchsafe_store", "rusqlite", "vouchsafe"]),
        why: "an adapter is stateless: it cannot remember, so it cannot repeat or decide",
    },
    Fence {
        room: "vouchsafe-provider/src",
        but_not: &["vouchsafe-provider/src/simulator"],
        keeps: Out(&["axum"]),
        why: "an adapter is a client; the only server among the providers is the simulated one",
    },
    Fence {
        room: "vouchsafe/src/flow",
        but_not: &[],
        keeps: Out(AT_WORK),
        why: "a flow is what happens, in which order; how it is spoken and stored is said elsewhere",
    },
    Fence {
        room: "vouchsafe/src/forward",
        but_not: &[],
        keeps: Out(AT_WORK),
        why: "an advice is delivered whatever it looks like on the wire, wherever it is kept",
    },
    Fence {
        room: "vouchsafe/src/recover",
        but_not: &[],
        keeps: Out(AT_WORK),
        why: "what a crash owes is settled by the same transitions, whatever engine kept them",
    },
    Fence {
        room: "vouchsafe/src/retention",
        but_not: &[],
        keeps: Out(AT_WORK),
        why: "how long something is kept has nothing to do with how it is spoken or stored",
    },
    Fence {
        room: "vouchsafe/src/unending",
        but_not: &[],
        keeps: Out(AT_WORK),
        why: "work begins anew whatever it works at",
    },
    Fence {
        room: "vouchsafe/src/metrics",
        but_not: &[],
        keeps: Out(AT_WORK),
        why: "figures are counted where things happen; how they are asked for is said elsewhere",
    },
    Fence {
        room: "vouchsafe/src/audit",
        but_not: &[],
        keeps: Out(&[
            "axum",
            "http",
            "hyper",
            "rusqlite",
            "next",
            "transaction::next",
            "vouchsafe_core::transaction::next",
            "vouchsafe_core::advice::afterwards",
            "vouchsafe_core::route",
            "vouchsafe_core::catalogue",
            "vouchsafe_core::circuit",
            "vouchsafe_provider",
            "vouchsafe_wire",
            "crate::api",
            "crate::app",
            "crate::command",
            "crate::desk",
            "crate::flow",
            "crate::forward",
            "crate::recover",
        ]),
        why: "an auditor that decides as the switch does agrees with its faults",
    },
    Fence {
        room: "vouchsafe/src/desk",
        but_not: &[],
        keeps: Out(AT_WORK),
        why: "how much a provider is asked has nothing to do with what it is asked, or by which protocol",
    },
    Fence {
        room: "vouchsafe/src/story",
        but_not: &[],
        keeps: Out(AT_WORK),
        why: "a story is values put into words, wherever they are kept and whoever reads it",
    },
    Fence {
        room: "vouchsafe/src/access",
        but_not: &[],
        keeps: Out(&[
            "axum",
            "http",
            "hyper",
            "hyper_util",
            "rusqlite",
            "vouchsafe_store",
            "vouchsafe_wire",
            "crate::api",
        ]),
        why: "who gets in does not depend on how they ask, nor on what they have sold",
    },
    Fence {
        room: "vouchsafe/src/api",
        but_not: &[],
        keeps: Out(&["rusqlite"]),
        why: "what is answered is decided by the flows, never read past them out of the database",
    },
    Fence {
        room: "vouchsafe-bench/src",
        but_not: &[],
        keeps: Out(&["vouchsafe::api", "vouchsafe::app", "vouchsafe::flow", "vouchsafe_provider", "rusqlite"]),
        why: "what is measured is the program that is shipped, from outside; a part of it in our own process is another",
    },
    Fence {
        room: "vouchsafe-bench/src",
        but_not: &["vouchsafe-bench/src/yardstick"],
        keeps: Out(&["axum"]),
        why: "only what the switch is held against may be made of what it is made of",
    },
    Fence {
        room: "vouchsafe-sim/src",
        but_not: &[],
        keeps: Out(&["vouchsafe_store::sqlite", "SqliteStore", "vouchsafe_wire", "vouchsafe::api", "rusqlite", "axum"]),
        why: "virtual time knows neither files nor sockets; what is tried there is what happens, whatever carries it",
    },
    Fence {
        room: "vouchsafe-sim/src/audit",
        but_not: &[],
        keeps: Out(&[
            "vouchsafe",
            "vouchsafe_provider",
            "vouchsafe_core::transaction::next",
            "vouchsafe_core::transaction::Terms",
            "vouchsafe_core::advice::afterwards",
            "vouchsafe_core::planted",
        ]),
        why: "whoever judges the switch asks none of its own rules what is right",
    },
    Fence {
        room: "vouchsafe/src",
        but_not: COMPOSITION,
        keeps: Out(&[
            "vouchsafe_store::sqlite",
            "SqliteStore",
            "vouchsafe_provider::suv",
            "SuvProvider",
            "vouchsafe_provider::simulator",
        ]),
        why: "the service knows the traits Store and Provider; only where it is put together are their kinds chosen",
    },
];

/// Every breach of a fence in a file. `dependencies` are the crates that the file's crate can name.
pub(super) fn breaches(source: &Source, dependencies: &[String]) -> Vec<Breach> {
    let Some(below) = source.path.strip_prefix("crates/") else { return Vec::new() };
    let fences: Vec<_> = FENCES.iter().filter(|fence| fence.stands_around(below)).collect();
    let mut breaches = Vec::new();
    for named in paths_named(&tokens(&source.separated.code)) {
        for fence in &fences {
            if let Some(what) = fence.keeps.broken_by(&named.parts, dependencies) {
                let what = format!("{what} is named in {}", fence.room);
                let remedy = format!("move the code to a room that may name it: {}", fence.why);
                breaches.push(source.breach(named.line, what, remedy));
            }
        }
    }
    breaches
}

impl Fence {
    fn stands_around(&self, path: &str) -> bool {
        path.starts_with(self.room) && !self.but_not.iter().any(|room| path.starts_with(room))
    }
}

impl Keeps {
    fn broken_by(&self, parts: &[&str], dependencies: &[String]) -> Option<String> {
        match self {
            Only(crates) => {
                let first = *parts.first()?;
                let known = first == "std" || dependencies.iter().any(|dependency| dependency == first);
                (known && !crates.contains(&first)).then(|| first.to_owned())
            }
            Out(banned) => banned.iter().find(|banned| names(parts, banned)).map(|banned| (*banned).to_owned()),
        }
    }
}

fn names(parts: &[&str], banned: &str) -> bool {
    if banned.starts_with(char::is_uppercase) {
        return parts.contains(&banned);
    }
    let mut parts = parts.iter();
    banned.split("::").all(|part| parts.next() == Some(&part))
}

/// A path as it stands in code or in a `use`.
#[derive(Debug, PartialEq, Eq)]
struct Named<'t> {
    parts: Vec<&'t str>,
    line: usize,
}

/// Every path in code, down to single words; those of `use` lines are spelled out.
fn paths_named<'t>(tokens: &[Token<'t>]) -> Vec<Named<'t>> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(token) = tokens.get(at) {
        let next = tokens.get(at + 1).map(|next| next.text);
        if token.text == "use" && next != Some("<") {
            let length = tokens[at..].iter().position(|token| token.text == ";").unwrap_or(tokens.len() - at);
            spell_out(&tokens[at + 1..at + length], &[], &mut found);
            at += length;
        } else if token.is_word() {
            let mut parts = vec![token.text];
            let mut end = at;
            while tokens.get(end + 1).is_some_and(|next| next.text == "::")
                && let Some(part) = tokens.get(end + 2).filter(|part| part.is_word())
            {
                parts.push(part.text);
                end += 2;
            }
            // A method or a field is nobody's path.
            if at == 0 || tokens[at - 1].text != "." {
                found.push(Named { parts, line: token.line });
            }
            at = end + 1;
        } else {
            at += 1;
        }
    }
    found
}

/// Spells out the paths of a `use`, one for each name it brings in.
fn spell_out<'t>(tree: &[Token<'t>], before: &[&'t str], found: &mut Vec<Named<'t>>) {
    let mut parts = before.to_vec();
    let mut line = None;
    let mut at = 0;
    while let Some(token) = tree.get(at) {
        match token.text {
            "{" => {
                let end = closing(&tree[at..]).map_or(tree.len(), |length| at + length);
                spell_out(&tree[at + 1..end], &parts, found);
                // What stood inside is told; nothing of it is left to tell.
                line = None;
                at = end;
            }
            "," => {
                found.extend(line.take().map(|line| Named { parts: parts.clone(), line }));
                parts = before.to_vec();
            }
            // The new name of what was named already.
            "as" => at += 1,
            _ if token.is_word() || token.text == "*" => {
                parts.push(token.text);
                line = Some(token.line);
            }
            _ => {}
        }
        at += 1;
    }
    found.extend(line.map(|line| Named { parts, line }));
}

/// The crates that a manifest's `[dependencies]` let its code name. Those of its tests are not fenced.
pub(super) fn dependencies(manifest: &str) -> Vec<String> {
    let lines = manifest.lines().map(str::trim);
    let section = lines.skip_while(|line| *line != "[dependencies]").skip(1).take_while(|line| !line.starts_with('['));
    let names = section.filter(|line| !line.starts_with('#')).filter_map(|line| line.split([' ', '.', '=']).next());
    names.filter(|name| !name.is_empty()).map(|name| name.replace('-', "_")).collect()
}

/// The rooms of the table that no file is in: a fence around nothing keeps nothing out.
pub(super) fn empty_rooms(sources: &[Source]) -> Vec<&'static str> {
    let rooms = FENCES.iter().flat_map(|fence| fence.but_not.iter().copied().chain([fence.room]));
    let stands = |room: &str| sources.iter().any(|source| source.path["crates/".len()..].starts_with(room));
    rooms.filter(|room| !stands(room)).collect()
}

#[cfg(test)]
mod tests;
