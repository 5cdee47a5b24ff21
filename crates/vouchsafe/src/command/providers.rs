//! `vouchsafe providers`.

use std::path::Path;
use std::time::Duration;

use vouchsafe_core::sheet::Sheet;

use crate::command::{Failure, say};
use crate::config::{Config, shipped_sheets};

/// Shows the sheets that are shipped, and with a configuration also what holds for each of its providers.
pub(crate) fn providers(config: Option<&Path>) -> Result<(), Failure> {
    let shipped = shipped_sheets();
    let shipped = shipped.iter().map(|one| (vec![one.id.clone(), one.name.clone(), one.about.clone()], &one.sheet));
    let mut text = format!(
        "Sheets that are shipped, for `sheet = \"...\"` of a [[provider]]:\n\n{}",
        table(&["sheet", "provider", "what it is"], shipped)
    );
    if let Some(path) = config {
        let config = Config::load(path).map_err(Failure::unusable)?;
        let configured = config.providers.iter();
        let configured = configured.map(|one| (vec![one.id.to_string(), one.base_url.clone()], &one.sheet));
        text.push_str("\nProviders of the configuration, with what holds for each:\n\n");
        text.push_str(&table(&["provider", "base_url"], configured));
    }
    say(text.trim_end())
}

/// What stands above each value of a sheet.
const HEADS: [&str; 13] = [
    "confirmations",
    "reversals",
    "retry",
    "lookup",
    "redemptions",
    "refunds",
    "timeout",
    "at once",
    "a second",
    "confirmed after",
    "confirmed by",
    "in flight for",
    "settlement file",
];

fn values(sheet: &Sheet) -> [String; HEADS.len()] {
    let flag = |yes: bool| if yes { "yes" } else { "no" }.to_owned();
    let seconds = |time: Duration| format!("{} s", time.as_secs());
    [
        flag(sheet.confirmations),
        flag(sheet.reversals),
        sheet.retry.name().to_owned(),
        flag(sheet.lookup),
        flag(sheet.redemptions),
        flag(sheet.refunds),
        seconds(sheet.timeout),
        sheet.concurrency.to_string(),
        sheet.rate.map_or("any".to_owned(), |rate| rate.to_string()),
        seconds(sheet.confirm_after),
        sheet.confirm_by.map_or("any time".to_owned(), seconds),
        seconds(sheet.in_flight_horizon),
        flag(sheet.settlement_file),
    ]
}

/// A column for each provider, beside a column of heads: there are more settings than fit side by side.
fn table<'a>(heads: &[&str], providers: impl Iterator<Item = (Vec<String>, &'a Sheet)>) -> String {
    let heads: Vec<String> = heads.iter().chain(&HEADS).map(|head| (*head).to_owned()).collect();
    let columns = providers.map(|(first, sheet)| first.into_iter().chain(values(sheet)).collect());
    let columns: Vec<Vec<String>> = std::iter::once(heads).chain(columns).collect();
    let wide = |column: &[String]| column.iter().map(|cell| cell.chars().count()).max().unwrap_or(0);
    let mut text = String::new();
    for line in 0..columns.first().map_or(0, Vec::len) {
        let cells = columns.iter().filter_map(|column| Some(format!("{:<1$}", column.get(line)?, wide(column))));
        text.push_str(cells.collect::<Vec<_>>().join("  ").trim_end());
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_has_a_column_for_each_provider() {
        let full = Sheet::full();
        let spare =
            Sheet { rate: std::num::NonZeroU32::new(9), confirm_by: Some(Duration::from_secs(600)), ..full.clone() };
        let columns = [("a", &full), ("longer", &spare)].map(|(id, sheet)| (vec![id.to_owned()], sheet));
        let expect = "\
provider         a          longer
confirmations    yes        yes
reversals        yes        yes
retry            supported  supported
lookup           yes        yes
redemptions      yes        yes
refunds          yes        yes
timeout          45 s       45 s
at once          64         64
a second         any        9
confirmed after  900 s      900 s
confirmed by     any time   600 s
in flight for    90 s       90 s
settlement file  no         no
";
        assert_eq!(table(&["provider"], columns.into_iter()), expect);
    }
}
