//! Query strings: what is asked for in an address instead of a body.
//!
//! A parameter is a field of an object like any other: it has its line in a table below, and what breaks a rule is
//! said in the same words as in a message.

use std::borrow::Cow;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use serde_json::{Map, Value as Json};
use vouchsafe_core::error_detail::FormatError;
use vouchsafe_core::message::VoucherQuery;
use vouchsafe_core::secret::Secret;
use vouchsafe_core::text::{Free, FreeText, Text, UpTo};

use crate::Manner;
use crate::node::{Members, Node, Value};
use crate::object::{Description, Object, objects};
use crate::reader::{Path, Reader};
use crate::schema::Schemas;

/// Asks which products may be sold.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ProductsQuery {
    /// The channel whose listings are wanted.
    pub channel_name: Option<Text<Free, 1, 50>>,
}

objects! {
    /// Asks which products may be sold.
    ProductsQuery {
        channel_name: optional "channelName" = "demo-app";
    }

    /// Asks what is known of a voucher.
    VoucherQuery {
        voucher_code: optional "voucherCode" = "1234-5678-9012-3456";
        provision_request_id: optional "provisionRequestId";
        voucher_serial_number: optional "voucherSerialNumber" = "SN00000017";
        receiver_inst_id: optional "receiverInstId" = "kudu-mobile";
        settlement_entity_inst_id: optional "settlementEntityInstId" = "demo-provider";
    }
}

/// Something that can be asked in a query.
pub trait Query: Sized {
    /// Reads the raw query of an address: what stands behind its question mark.
    ///
    /// # Errors
    /// Every fault, in the order of the query: a parameter that is unknown, repeated, empty, too long or otherwise not
    /// what it should be. A voucher's code is never repeated.
    fn read(query: &str) -> Result<Self, Vec<FormatError>>;

    /// The schema of each parameter, with an example, by the parameter's name.
    fn parameters() -> Map<String, Json>;
}

impl Query for ProductsQuery {
    fn read(query: &str) -> Result<Self, Vec<FormatError>> {
        read(query, &[])
    }

    fn parameters() -> Map<String, Json> {
        parameters::<Self>()
    }
}

/// What names the voucher in a [`VoucherQuery`]: one of them has to be given.
const NAMES_A_VOUCHER: &[&str] = &["voucherCode", "provisionRequestId", "voucherSerialNumber"];

impl Query for VoucherQuery {
    fn read(query: &str) -> Result<Self, Vec<FormatError>> {
        read(query, NAMES_A_VOUCHER)
    }

    fn parameters() -> Map<String, Json> {
        parameters::<Self>()
    }
}

/// Writes a question about a voucher as the raw query of an address. It may hold the voucher's code.
#[must_use]
pub fn written(query: &VoucherQuery) -> Secret<String> {
    let VoucherQuery {
        voucher_code,
        provision_request_id,
        voucher_serial_number,
        receiver_inst_id,
        settlement_entity_inst_id,
    } = query;
    let id = provision_request_id.map(|id| id.to_string());
    let parameters = [
        ("voucherCode", voucher_code.as_ref().map(|code| code.expose().as_str())),
        ("provisionRequestId", id.as_deref()),
        ("voucherSerialNumber", voucher_serial_number.as_ref().map(UpTo::as_str)),
        ("receiverInstId", receiver_inst_id.as_ref().map(FreeText::as_str)),
        ("settlementEntityInstId", settlement_entity_inst_id.as_ref().map(FreeText::as_str)),
    ];
    let given = parameters.into_iter().filter_map(|(name, value)| value.map(|value| (name, value)));
    let pairs = given.map(|(name, value)| format!("{name}={}", utf8_percent_encode(value, ENCODED)));
    Secret::new(pairs.collect::<Vec<_>>().join("&"))
}

/// All but what RFC 3986 leaves as it is everywhere in an address.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Reads a query as the members of an object. Of the parameters in `one_of`, where there are any, one must be given.
fn read<Q: Object>(query: &str, one_of: &[&str]) -> Result<Q, Vec<FormatError>> {
    let mut reader = Reader::new(Manner::Strict);
    let mut members = Members { all: Vec::new(), end: 0 };
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let name = decoded(name).unwrap_or_else(|damaged| damaged);
        let mut node = Node { at: members.end, value: Value::Null };
        let path = Path::ROOT.field(&name);
        match decoded(value) {
            // What is wrong with the value of an unknown parameter is nobody's concern.
            _ if !Q::knows(&name) => {}
            Ok(value) if value.is_empty() => reader.breaks("may not be empty", &node, &path),
            Ok(value) => node.value = Value::Text(Cow::Owned(value)),
            Err(_) => reader.breaks("must be UTF-8", &node, &path),
        }
        members.all.push((Cow::Owned(name), node));
        members.end = members.end.saturating_add(1);
    }
    if let [first, others @ ..] = one_of
        && !members.all.iter().any(|(name, _)| one_of.contains(&&**name))
    {
        let message = format!("{first} may not be null unless {} is given", others.join(" or "));
        reader.note(members.end, &Path::ROOT.field(first), message, None);
    }
    let asked = Q::read_members(&members, &mut reader, &Path::ROOT);
    reader.unclaimed(&members, Q::knows, &Path::ROOT);
    let faults = reader.into_faults();
    asked.filter(|_| faults.is_empty()).ok_or(faults)
}

fn parameters<Q: Object>() -> Map<String, Json> {
    let mut description = Description::default();
    Q::describe(&mut description, &mut Schemas::default());
    let mut parameters = description.into_properties();
    for schema in parameters.values_mut() {
        // In a query, what is empty was not given; an id's pattern says so already.
        if schema["pattern"].is_null() {
            schema["minLength"] = 1.into();
        }
    }
    parameters
}

/// A name or value of a query as its sender meant it; or, where it is not UTF-8, with signs that say so in place of
/// what cannot be read.
fn decoded(text: &str) -> Result<String, String> {
    let spaced = text.replace('+', " ");
    let bytes = Cow::from(percent_decode_str(&spaced)).into_owned();
    String::from_utf8(bytes).map_err(|fault| String::from_utf8_lossy(fault.as_bytes()).into_owned())
}

#[cfg(test)]
mod tests;
