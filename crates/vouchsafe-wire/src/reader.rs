//! Walks a document, makes values of it and notes every fault it meets.

use std::fmt::Write as _;

use vouchsafe_core::error_detail::FormatError;

use crate::Manner;
use crate::node::{Members, Node, Value};
use crate::wire::Wire;

/// Enough faults for anybody to mend; a message made of nothing but faults is not answered in kind.
const MOST_FAULTS: usize = 1000;
/// As many bytes of them, so that no small request makes a large answer.
const MOST_BYTES_OF_FAULTS: usize = 64 * 1024;
/// As much of an offending value, and of a name in a path, as is repeated to its sender, in characters. Names of fields
/// are far shorter; only those of the sender's own choice are ever cut.
const MOST_REPEATED: usize = 80;

/// The way from the document's root to a value; spelled out only when there is a fault to report.
#[derive(Clone, Copy)]
pub(crate) struct Path<'p> {
    parent: Option<&'p Path<'p>>,
    step: Step<'p>,
}

#[derive(Clone, Copy)]
enum Step<'p> {
    Root,
    Field(&'p str),
    Item(usize),
}

impl<'p> Path<'p> {
    pub(crate) const ROOT: Path<'static> = Path { parent: None, step: Step::Root };

    pub(crate) const fn field(&'p self, name: &'p str) -> Path<'p> {
        Path { parent: Some(self), step: Step::Field(name) }
    }

    pub(crate) const fn item(&'p self, place: usize) -> Path<'p> {
        Path { parent: Some(self), step: Step::Item(place) }
    }

    fn spelled(&self) -> String {
        let mut spelled = self.parent.map_or_else(String::new, Path::spelled);
        match self.step {
            Step::Root => {}
            Step::Field(name) => {
                if !spelled.is_empty() {
                    spelled.push('.');
                }
                spelled.push_str(beginning(name));
            }
            Step::Item(place) => {
                let _ = write!(spelled, "[{place}]");
            }
        }
        spelled
    }
}

/// Collects the faults of one document.
pub(crate) struct Reader {
    manner: Manner,
    /// How many secrets we are inside of: no value is repeated there.
    secrecy: u32,
    faults: Vec<(u32, FormatError)>,
    /// How many bytes the faults have.
    bytes: usize,
    /// Whether a fault found no room: then none after it is listed, or the list would have holes.
    is_full: bool,
}

impl Reader {
    pub(crate) const fn new(manner: Manner) -> Self {
        Self { manner, secrecy: 0, faults: Vec::new(), bytes: 0, is_full: false }
    }

    /// Every fault, in document order.
    pub(crate) fn into_faults(mut self) -> Vec<FormatError> {
        self.faults.sort_by_key(|(at, _)| *at);
        self.faults.into_iter().map(|(_, fault)| fault).collect()
    }

    /// Notes that a value breaks a rule; `rule` follows the path, as in `id may not be null`.
    pub(crate) fn breaks(&mut self, rule: &str, node: &Node<'_>, path: &Path<'_>) {
        let message = format!("{} {rule}", named(&path.spelled()));
        self.note(node.at, path, message, Some(node));
    }

    /// Notes that a value is none of an object or an array, which should be one. It is not repeated: there may be a secret in
    /// what should stand there.
    pub(crate) fn misshapen(&mut self, rule: &str, node: &Node<'_>, path: &Path<'_>) {
        self.note(node.at, path, format!("{} {rule}", named(&path.spelled())), None);
    }

    /// Notes a fault in a message of its own.
    pub(crate) fn note(&mut self, at: u32, path: &Path<'_>, message: String, node: Option<&Node<'_>>) {
        if self.is_full {
            return;
        }
        let value = node.filter(|_| self.secrecy == 0).and_then(repeated);
        let fault = FormatError { field: named(&path.spelled()).to_owned(), message, value };
        let bytes = self.bytes + bytes(&fault);
        if self.faults.len() == MOST_FAULTS || bytes > MOST_BYTES_OF_FAULTS {
            self.is_full = true;
            return;
        }
        self.bytes = bytes;
        self.faults.push((at, fault));
    }

    /// A member that must be there.
    pub(crate) fn required<T: Wire>(&mut self, members: &Members<'_>, name: &str, path: &Path<'_>) -> Option<T> {
        let path = path.field(name);
        match self.find(members, name, &path) {
            Some(node) => T::read(node, self, &path),
            None => {
                self.note(members.end, &path, format!("{} may not be null", path.spelled()), None);
                None
            }
        }
    }

    /// A member that may be left out. From a lenient reader's point of view a malformed one was.
    pub(crate) fn optional<T: Wire>(
        &mut self,
        members: &Members<'_>,
        name: &str,
        path: &Path<'_>,
    ) -> Option<Option<T>> {
        let path = path.field(name);
        let Some(node) = self.find(members, name, &path) else { return Some(None) };
        let (faults, bytes, is_full) = (self.faults.len(), self.bytes, self.is_full);
        match T::read(node, self, &path) {
            None if self.manner == Manner::Lenient => {
                self.faults.truncate(faults);
                (self.bytes, self.is_full) = (bytes, is_full);
                Some(None)
            }
            value => value.map(Some),
        }
    }

    /// A member that may be left out, but whose form matters even to a lenient reader.
    pub(crate) fn checked<T: Wire>(&mut self, members: &Members<'_>, name: &str, path: &Path<'_>) -> Option<Option<T>> {
        let manner = self.manner;
        if manner == Manner::Lenient {
            self.manner = Manner::Exact;
        }
        let value = self.optional(members, name, path);
        self.manner = manner;
        value
    }

    /// Notes the members that no field of the object claims.
    pub(crate) fn unclaimed(&mut self, members: &Members<'_>, known: impl Fn(&str) -> bool, path: &Path<'_>) {
        if self.manner != Manner::Strict {
            return;
        }
        for (name, node) in &members.all {
            if !known(name) {
                let path = path.field(name);
                // The value is not repeated: what stands under a wrong name may well be a secret.
                self.note(node.at, &path, format!("{} is not a known field", path.spelled()), None);
            }
        }
    }

    /// Reads what must not be repeated to anybody.
    pub(crate) fn secret<T>(&mut self, read: impl FnOnce(&mut Self) -> Option<T>) -> Option<T> {
        self.secrecy += 1;
        let value = read(self);
        self.secrecy -= 1;
        value
    }

    /// The member of a name; `null` counts as absent, for clients that write what they do not have.
    fn find<'m, 'a>(&mut self, members: &'m Members<'a>, name: &str, path: &Path<'_>) -> Option<&'m Node<'a>> {
        let mut found = members.all.iter().filter(|(member, _)| member == name).map(|(_, node)| node);
        let first = found.next()?;
        if let Some(second) = found.next() {
            self.note(second.at, path, format!("{} appears more than once", path.spelled()), None);
        }
        (!matches!(first.value, Value::Null)).then_some(first)
    }
}

/// What the root is called in a message.
fn named(path: &str) -> &str {
    if path.is_empty() { "body" } else { path }
}

/// How many bytes a fault has, but for the quotes and names around them.
fn bytes(fault: &FormatError) -> usize {
    fault.field.len() + fault.message.len() + fault.value.as_ref().map_or(0, String::len)
}

/// As much of a text as is repeated.
fn beginning(text: &str) -> &str {
    text.char_indices().nth(MOST_REPEATED).map_or(text, |(end, _)| &text[..end])
}

/// A value as it is repeated to its sender: scalars only, shortened.
fn repeated(node: &Node<'_>) -> Option<String> {
    let value = match &node.value {
        Value::Bool(value) => value.to_string(),
        Value::Whole(value) => value.to_string(),
        Value::Fraction(value) => value.to_string(),
        Value::Text(value) => beginning(value).to_owned(),
        Value::Null | Value::List(_) | Value::Object(_) => return None,
    };
    Some(value)
}
