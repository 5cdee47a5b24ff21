//! A TOML file while it is read: every fault is kept with its line, and none ends the reading.
//!
//! Deserialising would stop at the first fault and quote the value that it met, which in a configuration may
//! be a password in the wrong place. So the parser's tree is walked by hand, and no value is ever quoted.

use std::collections::HashMap;
use std::hash::Hash;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::fault::{Fault, Kind, Wrong};

/// Proof that a fault was told. Nothing else can make one, so what is missing is never missing without a word.
#[derive(Debug, Clone, Copy)]
pub(super) struct Told(());

/// One table of the file. Keys that nobody asked for are faults.
pub(super) struct Section<'d, 'f> {
    table: &'d DeTable<'d>,
    /// The keys that lead here, joined by dots; empty for the file itself.
    path: String,
    /// Where the table begins, if it stands in the file at all.
    line: Option<usize>,
    asked: Vec<&'static str>,
    faults: &'f mut Faults,
}

struct Faults {
    /// The offset at which each line begins.
    lines: Vec<usize>,
    found: Vec<Fault>,
}

/// Reads a file.
///
/// # Errors
/// All its faults by line; for a file that is not TOML, those of its syntax only, because what could be
/// recovered of it need not be what was meant.
pub(super) fn read<T>(
    text: &str,
    reader: impl FnOnce(&mut Section<'_, '_>) -> Result<T, Told>,
) -> Result<T, Vec<Fault>> {
    let (table, errors) = DeTable::parse_recoverable(text);
    if errors.is_empty() {
        return walk(text, table.get_ref(), reader);
    }
    let faults = Faults::of(text);
    let syntax = errors.into_iter().map(|error| {
        let line = error.span().map(|span| faults.line(span.start));
        Fault { line, key: String::new(), wrong: Wrong::Syntax(error.message().to_owned()) }
    });
    let mut found: Vec<_> = syntax.collect();
    found.sort_by_key(|fault| fault.line);
    Err(found)
}

/// Reads a tree that was made of `text`, in which it keeps its places.
///
/// # Errors
/// All its faults by line.
pub(super) fn walk<T>(
    text: &str,
    table: &DeTable<'_>,
    reader: impl FnOnce(&mut Section<'_, '_>) -> Result<T, Told>,
) -> Result<T, Vec<Fault>> {
    let mut faults = Faults::of(text);
    let mut section = Section { table, path: String::new(), line: None, asked: Vec::new(), faults: &mut faults };
    let made = section.through(reader);
    match made {
        Ok(made) if faults.found.is_empty() => return Ok(made),
        _ => {}
    }
    faults.found.sort_by_key(|fault| fault.line);
    Err(faults.found)
}

impl Faults {
    /// No faults yet of a text.
    fn of(text: &str) -> Self {
        let lines = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
        Self { lines, found: Vec::new() }
    }

    fn line(&self, offset: usize) -> usize {
        self.lines.partition_point(|start| *start <= offset)
    }
}

/// Everything, or word that something is missing. Unlike collecting the results themselves, it looks at all of
/// them before it gives up.
fn all<T>(results: impl Iterator<Item = Result<T, Told>>) -> Result<Vec<T>, Told> {
    let results: Vec<_> = results.collect();
    results.into_iter().collect()
}

impl<'d> Section<'d, '_> {
    /// A setting that has no default.
    pub(super) fn required<T>(
        &mut self,
        key: &'static str,
        read: impl FnOnce(&DeValue<'_>) -> Result<T, Wrong>,
    ) -> Result<T, Told> {
        match self.optional(key, read)? {
            Some(value) => Ok(value),
            None => Err(self.fault(key, Wrong::Missing)),
        }
    }

    /// A setting that may be absent.
    pub(super) fn optional<T>(
        &mut self,
        key: &'static str,
        read: impl FnOnce(&DeValue<'_>) -> Result<T, Wrong>,
    ) -> Result<Option<T>, Told> {
        let Some(value) = self.ask(key) else { return Ok(None) };
        read(value.get_ref()).map(Some).map_err(|wrong| self.fault(key, wrong))
    }

    /// A setting with a default.
    pub(super) fn or<T>(
        &mut self,
        key: &'static str,
        default: T,
        read: impl FnOnce(&DeValue<'_>) -> Result<T, Wrong>,
    ) -> Result<T, Told> {
        Ok(self.optional(key, read)?.unwrap_or(default))
    }

    /// A setting by which one table is told from its like; `seen` keeps the line of each.
    pub(super) fn unique<T: Clone + Eq + Hash>(
        &mut self,
        key: &'static str,
        seen: &mut HashMap<T, usize>,
        read: impl FnOnce(&DeValue<'_>) -> Result<T, Wrong>,
    ) -> Result<T, Told> {
        let value = self.required(key, read)?;
        let line = self.line_of(key).unwrap_or_default();
        match seen.insert(value.clone(), line) {
            Some(first) => Err(self.fault(key, Wrong::Twice { first })),
            None => Ok(value),
        }
    }

    /// A list of values; an absent one is empty.
    pub(super) fn list<T>(
        &mut self,
        key: &'static str,
        read: impl Fn(&DeValue<'_>) -> Result<T, Wrong>,
    ) -> Result<Vec<T>, Told> {
        self.optional_list(key, read).map(Option::unwrap_or_default)
    }

    /// A list of values that may be absent.
    pub(super) fn optional_list<T>(
        &mut self,
        key: &'static str,
        read: impl Fn(&DeValue<'_>) -> Result<T, Wrong>,
    ) -> Result<Option<Vec<T>>, Told> {
        let Some(value) = self.ask(key) else { return Ok(None) };
        let Some(values) = value.get_ref().as_array() else {
            return Err(self.fault(key, Wrong::kind(Kind::List, value.get_ref())));
        };
        all(values.iter().map(|value| read(value.get_ref()).map_err(|wrong| self.fault_at(value, key, wrong))))
            .map(Some)
    }

    /// A table within this one; an absent one is read as an empty one.
    pub(super) fn table<T>(
        &mut self,
        key: &'static str,
        reader: impl FnOnce(&mut Section<'_, '_>) -> Result<T, Told>,
    ) -> Result<T, Told> {
        let path = self.path_of(key);
        let Some(value) = self.ask(key) else {
            let (table, line) = (&DeTable::new(), self.line);
            return Section { table, path, line, asked: Vec::new(), faults: self.faults }.through(reader);
        };
        self.enter(value, path, reader)
    }

    /// A table within this one that may be absent.
    pub(super) fn optional_table<T>(
        &mut self,
        key: &'static str,
        reader: impl FnOnce(&mut Section<'_, '_>) -> Result<T, Told>,
    ) -> Result<Option<T>, Told> {
        let path = self.path_of(key);
        self.ask(key).map(|value| self.enter(value, path, reader)).transpose()
    }

    /// Tables of the same kind, each under `[[key]]`; none if there are none.
    pub(super) fn tables<T>(
        &mut self,
        key: &'static str,
        mut reader: impl FnMut(&mut Section<'_, '_>) -> Result<T, Told>,
    ) -> Result<Vec<T>, Told> {
        let Some(value) = self.ask(key) else { return Ok(Vec::new()) };
        let Some(tables) = value.get_ref().as_array() else {
            return Err(self.fault(key, Wrong::kind(Kind::Tables, value.get_ref())));
        };
        let path = self.path_of(key);
        all(tables.iter().map(|table| self.enter(table, path.clone(), &mut reader)))
    }

    /// A table whose keys are names of the file's own choice; an absent one is empty.
    pub(super) fn names<T>(
        &mut self,
        key: &'static str,
        read: impl Fn(&DeValue<'_>) -> Result<T, Wrong>,
    ) -> Result<HashMap<String, T>, Told> {
        let Some(value) = self.ask(key) else { return Ok(HashMap::new()) };
        let Some(table) = value.get_ref().as_table() else {
            return Err(self.fault(key, Wrong::kind(Kind::Table, value.get_ref())));
        };
        let entries = all(table.iter().map(|(name, value)| {
            let name = name.get_ref().to_string();
            match read(value.get_ref()) {
                Ok(read) => Ok((name, read)),
                Err(wrong) => Err(self.fault_at(value, &format!("{key}.{}", name.escape_debug()), wrong)),
            }
        }))?;
        Ok(entries.into_iter().collect())
    }

    /// Tells a fault of a key, be it there or not.
    pub(super) fn fault(&mut self, key: &str, wrong: Wrong) -> Told {
        let (line, key) = (self.line_of(key).or(self.line), self.path_of(key));
        self.faults.found.push(Fault { line, key, wrong });
        Told(())
    }

    fn fault_at(&mut self, value: &Spanned<DeValue<'_>>, key: &str, wrong: Wrong) -> Told {
        let (line, key) = (Some(self.faults.line(value.span().start)), self.path_of(key));
        self.faults.found.push(Fault { line, key, wrong });
        Told(())
    }

    fn ask(&mut self, key: &'static str) -> Option<&'d Spanned<DeValue<'d>>> {
        self.asked.push(key);
        self.table.get(key)
    }

    fn enter<T>(
        &mut self,
        value: &Spanned<DeValue<'_>>,
        path: String,
        reader: impl FnOnce(&mut Section<'_, '_>) -> Result<T, Told>,
    ) -> Result<T, Told> {
        let line = Some(self.faults.line(value.span().start));
        let Some(table) = value.get_ref().as_table() else {
            self.faults.found.push(Fault { line, key: path, wrong: Wrong::kind(Kind::Table, value.get_ref()) });
            return Err(Told(()));
        };
        Section { table, path, line, asked: Vec::new(), faults: self.faults }.through(reader)
    }

    /// Reads this table, and then finds the keys that nobody asked for.
    fn through<T>(&mut self, reader: impl FnOnce(&mut Section<'_, '_>) -> Result<T, Told>) -> Result<T, Told> {
        let made = reader(self);
        for key in self.table.keys() {
            if !self.asked.contains(&key.get_ref().as_ref()) {
                let line = Some(self.faults.line(key.span().start));
                let wrong = Wrong::UnknownKey { known: self.asked.clone() };
                let key = self.path_of(&key.get_ref().escape_debug().to_string());
                self.faults.found.push(Fault { line, key, wrong });
            }
        }
        made
    }

    fn line_of(&self, key: &str) -> Option<usize> {
        self.table.get(key).map(|value| self.faults.line(value.span().start))
    }

    fn path_of(&self, key: &str) -> String {
        if self.path.is_empty() { key.to_owned() } else { format!("{}.{key}", self.path) }
    }
}
