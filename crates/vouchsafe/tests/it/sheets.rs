//! The sandbox's providers do as the README says of their sheets.

use vouchsafe::config::catalogue::SIMULATED;
use vouchsafe_provider::simulator::ledger::{self, Standing};

use crate::world::{Channel, Sandbox, eventually, id, request_for, reversal};

/// The README's rows: product, what a retry gets, what a reversal gets.
fn promised() -> Vec<(String, String, String)> {
    let readme = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../README.md")).unwrap();
    let verdict = |cell: &str| cell.split('`').nth(1).unwrap_or_default().to_owned();
    let rows = readme.lines().filter_map(|line| {
        let cells: Vec<_> = line.trim_matches('|').split('|').map(str::trim).collect();
        match cells[..] {
            [product, _, retry, reversal] if product.starts_with("`SHEET") => {
                Some((verdict(product), verdict(retry), verdict(reversal)))
            }
            _ => None,
        }
    });
    rows.collect()
}

#[tokio::test]
async fn one_product_for_each_sheet_behaves_as_the_readme_says() {
    let data = tempfile::tempdir().unwrap();
    let sandbox = Sandbox::start(data.path());
    let promised = promised();
    let products: Vec<_> = promised.iter().map(|(product, ..)| product.as_str()).collect();
    assert_eq!(products, SIMULATED.map(|simulated| simulated.product), "the README tells of each");
    let channel = Channel::new(sandbox.address, "demo-app");
    let mut sold = Vec::new();
    for ((product, retry, reversed), simulated) in promised.into_iter().zip(SIMULATED) {
        let request = request_for("demo-app", &product);
        assert_eq!(channel.provision(&request).await.verdict(), "201", "{product}");
        assert_eq!(channel.retry(&request).await.verdict(), retry, "{product}");
        assert_eq!(channel.reverse(&reversal(&request)).await.verdict(), reversed, "{product}");
        sold.push((product, request, data.path().join(format!("{}.ledger.jsonl", simulated.provider))));
    }
    for (product, request, books) in sold {
        let expect = if product == "SHEETSTELLR" { Standing::Done } else { Standing::Reversed };
        eventually(&format!("{product} is {expect:?}"), async || {
            let fates = ledger::fates(&ledger::entries(&books).unwrap());
            let fate = fates.into_iter().find(|((_, _, known), _)| known.to_string() == id(&request))?.1;
            assert_eq!((fate.requests, fate.breaches), (1, 0), "{product}");
            (fate.standing == expect).then_some(())
        })
        .await;
    }
    sandbox.stop();
}
