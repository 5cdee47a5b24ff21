//! Every magic product behaves as the README says.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::time::Duration;

use tokio::net::TcpListener;
use vouchsafe::config::catalogue;
use vouchsafe::live_catalogue::LiveCatalogue;
use vouchsafe_core::catalogue::Catalogue;
use vouchsafe_core::id::ProviderId;
use vouchsafe_core::party::Institution;
use vouchsafe_core::text::{FreeText, UpTo};
use vouchsafe_provider::simulator::faults::Faults;
use vouchsafe_provider::simulator::ledger::Ledger;
use vouchsafe_provider::simulator::{self, Simulator, magic};

use crate::world::{PROVIDER, Setup, Switch, request_for};

/// The rows of the README's table of magic products: product, what the channel gets.
fn promised() -> BTreeMap<String, String> {
    let readme = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../README.md")).unwrap();
    let rows = readme.lines().filter_map(|line| {
        let cells: Vec<_> = line.trim_matches('|').split('|').map(|cell| cell.trim().trim_matches('`')).collect();
        match cells[..] {
            [product, _, gets] if magic::behaviour(product).is_some() => Some((product.to_owned(), gets.to_owned())),
            _ => None,
        }
    });
    rows.collect()
}

#[tokio::test]
async fn every_magic_product_behaves_as_the_readme_says() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let url = format!("http://{}{}", listener.local_addr().unwrap(), simulator::BASE_PATH);
    let simulated = Simulator {
        institution: Institution { id: FreeText::new("sim").unwrap(), name: UpTo::new("Sim").unwrap() },
        seed: 1,
        faults: Faults::default(),
        plays: Vec::new(),
        messaging: vouchsafe_core::sheet::Messaging::Single,
        ledger: Ledger::in_memory(),
        clock: Box::new(|| vouchsafe::clock::Clock::now(&vouchsafe::clock::MachineClock)),
    };
    tokio::spawn(simulator::serve(listener, simulated, std::future::pending()));
    let mut setup = Setup::to(url);
    setup.sheet.timeout = Duration::from_secs(3);
    // The demo catalogue names the sandbox's providers; here one plays them all.
    let provider = ProviderId::new(PROVIDER).unwrap();
    let demo = catalogue::demo();
    let items = demo.items().iter().cloned().map(|mut item| {
        item.sources.iter_mut().for_each(|source| source.provider = provider.clone());
        item
    });
    setup.catalogue = LiveCatalogue::fixed(Catalogue::new(items.collect()).unwrap());
    let switch = Switch::start(setup).await;

    let promised = promised();
    for product in magic::products() {
        assert!(promised.contains_key(product.id.as_ref()), "the README does not mention {}", product.id);
    }
    let answers = promised.iter().map(|(product, gets)| {
        let (channel, product, gets) = (switch.channel("app"), product.clone(), gets.clone());
        tokio::spawn(async move {
            let verdict = channel.provision(&request_for("app", &product)).await.verdict();
            (verdict != gets).then(|| format!("{product}: the README says {gets}, the switch says {verdict}"))
        })
    });
    let mut wrong = Vec::new();
    for answer in answers.collect::<Vec<_>>() {
        wrong.extend(answer.await.unwrap());
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}
