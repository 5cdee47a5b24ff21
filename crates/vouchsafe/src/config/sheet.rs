//! What a provider can do, read from data: the sheets that are shipped, and what a configuration says otherwise.

use std::collections::HashMap;
use std::time::Duration;

use toml::de::DeValue;
use vouchsafe_core::sheet::{RetrySupport, Sheet};

use super::document::{self, Section, Told};
use super::fault::Wrong;
use super::value::{self, count, flag, seconds};

/// The sheets that are shipped, as a file.
const SHIPPED: &str = include_str!("sheets.toml");

/// A sheet that is shipped: what is publicly known of one provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShippedSheet {
    /// What a configuration names it by.
    pub id: String,
    /// As the provider calls itself.
    pub name: String,
    /// What the provider is.
    pub about: String,
    /// What it can do.
    pub sheet: Sheet,
}

/// Every sheet that is shipped.
#[must_use]
#[expect(clippy::expect_used, reason = "the file is part of the program, and a test reads all of it")]
pub fn shipped() -> Vec<ShippedSheet> {
    let mut seen = HashMap::new();
    let read = document::read(SHIPPED, |root| root.tables("sheet", |section| shipped_sheet(section, &mut seen)));
    read.expect("the shipped sheets are sound")
}

fn shipped_sheet(section: &mut Section<'_, '_>, seen: &mut HashMap<String, usize>) -> Result<ShippedSheet, Told> {
    let own = |value: &DeValue<'_>| value::some_text(value).map(str::to_owned);
    let id = section.unique("id", seen, own);
    let name = section.required("name", own);
    let about = section.required("about", own);
    let sheet = settings(section, &Sheet::full());
    Ok(ShippedSheet { id: id?, name: name?, about: about?, sheet: sheet? })
}

/// Reads the sheet of a provider: the shipped one that it names, or one of which nothing is known but that the
/// interface is spoken in full; and on top of that whatever the section says.
pub(super) fn read(section: &mut Section<'_, '_>) -> Result<Sheet, Told> {
    let base = section.or("sheet", Sheet::full(), |value| {
        let id = value::text(value)?;
        let mut shipped = shipped();
        let found = shipped.iter().position(|shipped| shipped.id == id);
        let found = found.map(|place| shipped.swap_remove(place).sheet);
        found.ok_or_else(|| Wrong::UnknownSheet { known: self::shipped().into_iter().map(|sheet| sheet.id).collect() })
    });
    // Where the sheet itself is at fault, what stands beside it is looked at all the same.
    let sheet = settings(section, base.as_ref().unwrap_or(&Sheet::full()));
    base?;
    sheet
}

/// Reads what a section says of a sheet; what it does not say is as in `base`.
fn settings(section: &mut Section<'_, '_>, base: &Sheet) -> Result<Sheet, Told> {
    let confirmations = section.or("confirmations", base.confirmations, flag);
    let reversals = section.or("reversals", base.reversals, flag);
    let retry = section.or("retry", base.retry, value::word(RetrySupport::ALL, RetrySupport::name));
    let timeout = section.or("timeout_seconds", base.timeout, seconds);
    let concurrency = section.or("concurrency", base.concurrency, count(100_000));
    let rate = section.optional("rate", count(1_000_000));
    let lookup = section.or("lookup", base.lookup, flag);
    let redemptions = section.or("redemptions", base.redemptions, flag);
    let refunds = section.or("refunds", base.refunds, flag);
    let times = confirmation_times(section, base);
    let in_flight_horizon = section.optional("in_flight_horizon_seconds", seconds);
    let settlement_file = section.or("settlement_file", base.settlement_file, flag);
    let timeout = timeout?;
    // A request may be under way for as long as it is waited for; what is not known before that may still come.
    let in_flight_horizon = match in_flight_horizon? {
        Some(horizon) if horizon < timeout => {
            return Err(section.fault("in_flight_horizon_seconds", Wrong::HorizonBeforeTimeout));
        }
        horizon => horizon.unwrap_or(timeout.saturating_mul(2)),
    };
    let (confirm_after, confirm_by) = times?;
    Ok(Sheet {
        confirmations: confirmations?,
        reversals: reversals?,
        retry: retry?,
        timeout,
        concurrency: concurrency?,
        rate: rate?.or(base.rate),
        lookup: lookup?,
        redemptions: redemptions?,
        refunds: refunds?,
        confirm_after,
        confirm_by,
        in_flight_horizon,
        settlement_file: settlement_file?,
    })
}

/// When the switch confirms, and until when it may. A time that nobody chose gives way to the provider's limit; one
/// that was chosen and lies beyond it is a fault, because it cannot be what was meant.
fn confirmation_times(section: &mut Section<'_, '_>, base: &Sheet) -> Result<(Duration, Option<Duration>), Told> {
    let after = section.optional("confirm_after_seconds", seconds);
    let by = section.optional("confirm_by_seconds", seconds);
    let (after, by) = (after?, by?.or(base.confirm_by));
    match (after, by) {
        (Some(after), Some(by)) if after > by => Err(section.fault("confirm_after_seconds", Wrong::ConfirmedTooLate)),
        (after, by) => {
            let usual = by.map_or(base.confirm_after, |by| base.confirm_after.min(by));
            Ok((after.unwrap_or(usual), by))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shipped_sheet_says_what_is_publicly_known() {
        let full = Sheet::full();
        let no_retry = Sheet { retry: RetrySupport::Unsupported, ..full.clone() };
        let none = Sheet { confirmations: false, reversals: false, ..no_retry.clone() };
        let found = shipped();
        let found: Vec<_> = found.iter().map(|one| (one.id.as_str(), one.about.as_str(), &one.sheet)).collect();
        assert_eq!(
            found,
            [
                ("stellr", "aggregator", &none),
                ("netcare", "medical", &no_retry),
                ("lottostar", "betting", &full),
                ("hollywoodbets", "betting", &full),
                ("supabets", "betting", &full),
                ("ott", "aggregator", &full),
                ("yoyo", "aggregator", &full),
            ]
        );
    }

    fn check(text: &str, expect: Result<Sheet, &str>) {
        let found = document::read(text, read).map_err(|faults| {
            let told = |fault: &super::super::Fault| format!("{} {fault}", fault.line.unwrap_or_default());
            faults.iter().map(told).collect::<Vec<_>>().join("\n")
        });
        assert_eq!(found.as_ref().map_err(String::as_str), expect.as_ref().map_err(|fault| *fault), "{text}");
    }

    #[test]
    fn a_provider_takes_a_shipped_sheet_and_replaces_what_it_says() {
        let full = Sheet::full();
        let stellr = shipped().swap_remove(0).sheet;
        check("", Ok(full.clone()));
        check("sheet = \"stellr\"", Ok(stellr.clone()));
        check("sheet = \"stellr\"\nreversals = true", Ok(Sheet { reversals: true, ..stellr.clone() }));
        check("sheet = \"stellr\"\nretry = \"journal\"", Ok(Sheet { retry: RetrySupport::Journal, ..stellr }));
        check(
            "lookup = false\nredemptions = false\nrefunds = false\nsettlement_file = true",
            Ok(Sheet { lookup: false, redemptions: false, refunds: false, settlement_file: true, ..full }),
        );
        let unknown =
            "names no shipped sheet; there are stellr, netcare, lottostar, hollywoodbets, supabets, ott, yoyo";
        check("sheet = \"stella\"", Err(&format!("1 sheet {unknown}")));
        check("sheet = \"\"\nrate = 0", Err(&format!("1 sheet {unknown}\n2 rate must be from 1 to 1000000")));
    }

    #[test]
    fn a_horizon_is_twice_the_timeout_unless_it_is_said() {
        let full = Sheet::full();
        let ten = Duration::from_secs(10);
        check("timeout_seconds = 5", Ok(Sheet { timeout: ten / 2, in_flight_horizon: ten, ..full.clone() }));
        let hundred = Duration::from_secs(100);
        check("in_flight_horizon_seconds = 100", Ok(Sheet { in_flight_horizon: hundred, ..full.clone() }));
        let same = Sheet { timeout: ten, in_flight_horizon: ten, ..full };
        check("timeout_seconds = 10\nin_flight_horizon_seconds = 10", Ok(same));
        check(
            "timeout_seconds = 120\nin_flight_horizon_seconds = 90",
            Err("2 in_flight_horizon_seconds is less than timeout_seconds, for which a request may be under way"),
        );
    }

    #[test]
    fn nothing_is_confirmed_later_than_the_provider_takes_it() {
        let full = Sheet::full();
        let seconds = Duration::from_secs;
        let fault = "is later than confirm_by_seconds, when the provider takes no confirmation any more";
        let both = Sheet { confirm_after: seconds(600), confirm_by: Some(seconds(600)), ..full.clone() };
        check("confirm_by_seconds = 600", Ok(both.clone()));
        check("confirm_by_seconds = 600\nconfirm_after_seconds = 600", Ok(both));
        check("confirm_by_seconds = 3600", Ok(Sheet { confirm_by: Some(seconds(3600)), ..full }));
        check(
            "confirm_by_seconds = 600\nconfirm_after_seconds = 601",
            Err(&format!("2 confirm_after_seconds {fault}")),
        );
    }
}
