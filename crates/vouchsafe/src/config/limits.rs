//! Bounds on size and time.

use std::time::Duration;

use vouchsafe_core::advice::BackOff;
use vouchsafe_core::circuit::CircuitRules;

use super::document::{Section, Told};
use super::value::{count, milliseconds, seconds, whole};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// Bounds on size and time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// How many bytes a request's body may have.
    pub body_bytes: usize,
    /// How long a body may take to arrive.
    pub body: Duration,
    /// How long the first bytes of a connection and the head of its first request may take to arrive.
    pub header: Duration,
    /// How long a connection may be idle, over HTTP/1.1 the head of its next request take to arrive, and an answer wait while
    /// nothing of it is taken in.
    pub idle: Duration,
    /// How many connections there may be at once; the next one waits.
    pub connections: usize,
    /// How many of them there may be from one address; one more is closed at once.
    pub connections_per_address: usize,
    /// How many of those are heard at once whose first head comes in parts; others wait until there is room or it is whole.
    pub first_heads_per_address: usize,
    /// How many bytes the head of a request may have.
    pub header_bytes: usize,
    /// How many sales and lookups of all channels may be under way at once.
    pub requests: usize,
    /// How many retries and advices of all channels may be under way at once.
    pub advices: usize,
    /// How long a request may wait for its turn at a provider that has as many under way as it takes.
    pub turn: Duration,
    /// Taken off what is left of the channel's time, so that our answer reaches it before it gives up.
    pub answer_margin: Duration,
    /// How long an answer is still listened for after its deadline.
    pub late_answer: Duration,
    /// How long the answer to a reversal waits for the first attempt to deliver it.
    pub reversal_sync: Duration,
    /// How the pauses between the attempts to deliver an advice grow.
    pub back_off: BackOff,
    /// When a provider that keeps failing is asked for no more sales, and for how long.
    pub circuit: CircuitRules,
    /// How long a bearer token holds.
    pub token: Duration,
    /// How often the files of the catalogue, of channels and of TLS are looked at for changes.
    pub file_check: Duration,
    /// How long a graceful stop waits for work in flight.
    pub stop: Duration,
    /// How long after its request what was said in a transaction is kept, once it has ended; for ever if not said.
    pub retention: Option<Duration>,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            body_bytes: 256 * 1024,
            body: Duration::from_secs(10),
            header: Duration::from_secs(10),
            idle: Duration::from_secs(75),
            connections: 4096,
            connections_per_address: 2048,
            first_heads_per_address: 32,
            header_bytes: 64 * 1024,
            requests: 2048,
            advices: 8192,
            turn: Duration::from_millis(500),
            answer_margin: Duration::from_millis(500),
            late_answer: Duration::from_secs(30),
            reversal_sync: Duration::from_secs(5),
            back_off: BackOff::default(),
            circuit: CircuitRules::default(),
            token: Duration::from_secs(15 * 60),
            file_check: Duration::from_secs(5),
            stop: Duration::from_secs(60),
            retention: None,
        }
    }
}

pub(super) fn read(section: &mut Section<'_, '_>) -> Result<Limits, Told> {
    let default = Limits::default();
    // Below 1 KiB no request fits; above 16 MiB a few callers could fill the memory.
    let body_bytes = section.or("body_bytes", default.body_bytes, whole(1024..=16 * 1024 * 1024));
    let body = section.or("body_seconds", default.body, seconds);
    let header = section.or("header_seconds", default.header, seconds);
    let idle = section.or("idle_seconds", default.idle, seconds);
    let connections = section.or("connections", default.connections, whole(1..=1_000_000));
    let connections_per_address =
        section.or("connections_per_address", default.connections_per_address, whole(1..=1_000_000));
    let first_heads_per_address =
        section.or("first_heads_per_address", default.first_heads_per_address, whole(1..=1_000_000));
    // Below 8 KiB some clients' cookies and tokens do not fit.
    let header_bytes = section.or("header_bytes", default.header_bytes, whole(8192..=1024 * 1024));
    let requests = section.or("requests", default.requests, whole(1..=1_000_000));
    let advices = section.or("advices", default.advices, whole(1..=1_000_000));
    let turn = section.or("turn_milliseconds", default.turn, milliseconds);
    let answer_margin = section.or("answer_margin_milliseconds", default.answer_margin, milliseconds);
    let late_answer = section.or("late_answer_seconds", default.late_answer, seconds);
    let reversal_sync = section.or("reversal_sync_seconds", default.reversal_sync, seconds);
    let first = section.or("advice_pause_milliseconds", default.back_off.first, milliseconds);
    let most = section.or("advice_longest_pause_seconds", default.back_off.most, seconds);
    let failures = section.or("circuit_failures", default.circuit.failures, count(100_000));
    let pause = section.or("circuit_pause_seconds", default.circuit.pause, seconds);
    let token = section.or("token_seconds", default.token, seconds);
    let file_check = section.or("file_check_seconds", default.file_check, seconds);
    let stop = section.or("stop_seconds", default.stop, seconds);
    // Longer than a hundred years is for ever.
    let retention = section.optional("retention_days", whole(1..=36_500));
    Ok(Limits {
        body_bytes: body_bytes?,
        body: body?,
        header: header?,
        idle: idle?,
        connections: connections?,
        connections_per_address: connections_per_address?,
        first_heads_per_address: first_heads_per_address?,
        header_bytes: header_bytes?,
        requests: requests?,
        advices: advices?,
        turn: turn?,
        answer_margin: answer_margin?,
        late_answer: late_answer?,
        reversal_sync: reversal_sync?,
        back_off: BackOff { first: first?, most: most? },
        circuit: CircuitRules { failures: failures?, pause: pause? },
        token: token?,
        file_check: file_check?,
        stop: stop?,
        retention: retention?.map(|days: u32| DAY * days),
    })
}
