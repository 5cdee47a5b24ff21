//! The steps of a provision one by one, so that a regression is seen where it is made:
//! `cargo bench -p vouchsafe-bench`.

#![allow(clippy::unwrap_used, reason = "a measurement that fails is none")]

#[allow(dead_code, unused_imports, reason = "the messages of the load generator; not all of it has a part here")]
#[path = "../src/message.rs"]
mod message;

use divan::counter::ItemsCount;
use divan::{Bencher, black_box};
use jiff::Timestamp;
use tempfile::TempDir;
use tokio::runtime::Runtime;
use tokio::task::JoinSet;
use vouchsafe::clock::{Clock as _, MachineClock, new_id};
use vouchsafe_core::id::{ChannelId, MessageId, ProviderId};
use vouchsafe_core::message::ProvisionRequest;
use vouchsafe_core::sheet::Messaging;
use vouchsafe_core::transaction::{Event, Kind, State, Terms, next};
use vouchsafe_store::seal::{Sealer, SealingKey};
use vouchsafe_store::sqlite::SqliteStore;
use vouchsafe_store::{Intent, Key, Store as _, StoreError};
use vouchsafe_wire::{ApprovalAnswer, Manner, Message as _};

use message::{CHANNEL, Template};

fn main() {
    divan::main();
}

const ID: &[u8; 36] = b"a1b2c3d4-e5f6-4a0b-8c0d-0e0f10111213";
const TERMS: Terms = Terms { messaging: Messaging::Single, confirmations: true, reversals: true };

fn request() -> ProvisionRequest {
    ProvisionRequest::read(&Template::request(None).fill(ID), Manner::Strict).unwrap()
}

/// What a channel sent, into a message: every field checked.
#[divan::bench]
fn read_request(bencher: Bencher<'_, '_>) {
    let document = Template::request(None).fill(ID);
    bencher.bench(|| ProvisionRequest::read(black_box(&document), Manner::Strict).unwrap());
}

/// What a provider answered, into what it says.
#[divan::bench]
fn read_answer(bencher: Bencher<'_, '_>) {
    let document = Template::answer().fill(ID);
    bencher.bench(|| ApprovalAnswer::read(black_box(&document), Manner::Lenient).unwrap());
}

/// A message, into what a provider is sent.
#[divan::bench]
fn write_request(bencher: Bencher<'_, '_>) {
    let request = request();
    bencher.bench(|| black_box(&request).write());
}

/// What a request is copied for: upstream, into the store, back to the channel.
#[divan::bench]
fn clone_request(bencher: Bencher<'_, '_>) {
    let request = request();
    bencher.bench(|| black_box(&request).clone());
}

/// Every transition there is.
#[divan::bench]
fn every_transition(bencher: Bencher<'_, '_>) {
    let all = State::ALL.len() * Event::ALL.len();
    bencher.counter(ItemsCount::new(all)).bench(|| {
        let pairs = State::ALL.iter().flat_map(|state| Event::ALL.iter().map(move |event| (*state, *event)));
        pairs.filter(|(state, event)| next(black_box(*state), black_box(*event), TERMS).is_ok()).count()
    });
}

fn sealer() -> Sealer {
    Sealer::new(SealingKey::from_bytes([7; 32]), |random: &mut [u8]| MachineClock.fill(random))
}

fn intent(request: &ProvisionRequest, id: MessageId) -> Intent {
    let mut request = request.clone();
    request.header.id = id;
    Intent {
        key: Key { channel: ChannelId::new(CHANNEL).unwrap(), kind: Kind::Provision, id },
        asked: request.amounts.as_ref().and_then(|amounts| amounts.request_amount),
        request: request.into(),
        provider: ProviderId::new("stub").unwrap(),
        terms: TERMS,
        at: Timestamp::UNIX_EPOCH,
        due_at: Timestamp::UNIX_EPOCH,
    }
}

/// A request into its record, sealed. A store that was opened for reading refuses a write only after that, so this is
/// what comes before the queue; the intent's making is not counted.
#[divan::bench]
fn encode_and_seal(bencher: Bencher<'_, '_>) {
    let (folder, runtime, request) = (TempDir::new().unwrap(), Runtime::new().unwrap(), request());
    let path = folder.path().join("store.db");
    SqliteStore::open(&path, sealer()).unwrap().close();
    let store = SqliteStore::open_read_only(&path, sealer()).unwrap();
    bencher.with_inputs(|| intent(&request, new_id(&MachineClock))).bench_values(|intent| {
        let refused = runtime.block_on(store.open(intent));
        assert!(matches!(refused, Err(StoreError::Determinate(_))));
    });
}

/// So many intents at once, until all are on disk. The first opens a batch by itself; the others share the next.
#[divan::bench(args = [1, 16, 64, 256])]
fn commit_batch(bencher: Bencher<'_, '_>, size: usize) {
    // In the folder of the build: where temporary files are kept, a flush may cost nothing.
    let folder = TempDir::new_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let (runtime, request) = (Runtime::new().unwrap(), request());
    let store = std::sync::Arc::new(SqliteStore::open(&folder.path().join("store.db"), sealer()).unwrap());
    bencher
        .counter(ItemsCount::new(size))
        .with_inputs(|| (0..size).map(|_| intent(&request, new_id(&MachineClock))).collect::<Vec<_>>())
        .bench_values(|intents| {
            runtime.block_on(async {
                let mut opening = JoinSet::new();
                for intent in intents {
                    let store = std::sync::Arc::clone(&store);
                    opening.spawn(async move { store.open(intent).await });
                }
                opening.join_all().await.into_iter().for_each(|opened| drop(opened.unwrap()));
            });
        });
}
