//! What a channel writes down about its messages, for the auditor.

use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use bytes::Bytes;
use http::Request;
use http_body_util::Full;
use serde_json::Value as Json;
use vouchsafe::audit::CodeHasher;
use vouchsafe::audit::channel_log::{self, Line, Operation};
use vouchsafe::clock::{Clock as _, MachineClock};
use vouchsafe_core::transaction::Kind;

use super::channel::{Answer, Channel, path as path_of};

/// The log of one channel or of several, in a file.
pub(crate) struct ChannelLog {
    path: PathBuf,
    file: Mutex<File>,
}

impl ChannelLog {
    /// A new log in a folder.
    pub(crate) fn in_folder(folder: &Path) -> Self {
        let path = folder.join("channel.jsonl");
        let file = OpenOptions::new().create_new(true).append(true).open(&path).unwrap();
        Self { path, file: Mutex::new(file) }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Sends a message as a channel, below the base path, and writes down what came of it; `None` means that the
    /// connection broke. Whoever stops waiting has heard nothing.
    pub(crate) async fn send(&self, channel: &Channel, path: &str, body: &Json) -> Option<Answer> {
        let mut sending = self.sending(&channel.user_name, path, body);
        let request = Request::post(format!("http://{}/suv/v1{path}", channel.address))
            .header("authorization", channel.authorization())
            .header("content-type", "application/json")
            .body(Full::new(Bytes::from(body.to_string())));
        let answer = channel.send(request.unwrap()).await.ok();
        sending.line.answer = answer.as_ref().map(heard);
        answer
    }

    fn sending<'a>(&'a self, channel: &str, path: &str, body: &Json) -> Sending<'a> {
        let (operation, kind) = meant(path);
        let text = |value: &Json| value.as_str().map(str::to_owned);
        let is_advice = matches!(operation, Operation::Reversal | Operation::Confirmation);
        let (request_id, advice_id) = if is_advice { ("requestId", text(&body["id"])) } else { ("id", None) };
        let line = Line {
            sent_at: MachineClock.now(),
            channel: channel.to_owned(),
            operation,
            kind: kind.name().to_owned(),
            path: Some(path.to_owned()),
            request_id: text(&body[request_id]).expect("every message names its request"),
            advice_id,
            amount: body["amounts"]["requestAmount"]["amount"].as_i64().filter(|_| !is_advice),
            currency: text(&body["amounts"]["requestAmount"]["currency"]).filter(|_| !is_advice),
            product: text(&body["product"]["productId"]),
            wait_milliseconds: None,
            answer: None,
        };
        Sending { log: self, line }
    }
}

/// A message that is under way; its line is written however it ends.
struct Sending<'a> {
    log: &'a ChannelLog,
    line: Line,
}

impl Drop for Sending<'_> {
    fn drop(&mut self) {
        let line = format!("{}\n", serde_json::to_string(&self.line).unwrap());
        self.log.file.lock().unwrap().write_all(line.as_bytes()).unwrap();
    }
}

/// What a path asks for.
fn meant(path: &str) -> (Operation, Kind) {
    let kinds = [Kind::Provision, Kind::Redemption, Kind::Refund];
    let kind = kinds.into_iter().find(|kind| path.starts_with(&format!("/{}", path_of(*kind)))).unwrap();
    let operation = match path.rsplit('/').next() {
        Some("retry") => Operation::Retry,
        Some("reversals") => Operation::Reversal,
        Some("confirmations") => Operation::Confirmation,
        _ => Operation::Request,
    };
    (operation, kind)
}

/// An answer, with its code hashed.
fn heard(answer: &Answer) -> channel_log::Answer {
    let body: Json = serde_json::from_slice(&answer.body).unwrap_or_default();
    let text = |value: &Json| value.as_str().map(str::to_owned);
    let granted = &body["amounts"]["approvedAmount"];
    channel_log::Answer {
        at: MachineClock.now(),
        status: answer.status,
        error_type: text(&body["errorType"]),
        code_hash: body["voucher"]["code"].as_str().map(|code| CodeHasher::plain().hash(code).to_string()),
        amount: granted["amount"].as_i64(),
        currency: text(&granted["currency"]),
    }
}
