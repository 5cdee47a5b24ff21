//! What is checked of a sale itself: invariants 1 to 7.

use std::collections::BTreeMap;

use vouchsafe_core::message::Request;
use vouchsafe_core::product::ProductId;
use vouchsafe_core::transaction::Event;

use super::case::{Case, find};
use super::code_hash::fingerprint;
use super::names::Name;
use super::provider_ledger::{self, Heard, Noted};
use super::{Finding, Invariant};

impl Case<'_> {
    /// Invariants 1 to 7.
    pub(super) fn check_sale(&self, findings: &mut Vec<Finding>) {
        let sales = self.standing_sales();
        if sales > 1 {
            find(findings, Invariant::OneSale, format!("{sales} sales stand at the providers"));
        }
        let mut asked = BTreeMap::new();
        for noted in self.noted.iter().filter(|noted| is_request(noted)) {
            *asked.entry(noted.ledger).or_insert(0_u32) += 1;
        }
        for (_, times) in asked.into_iter().filter(|(_, times)| *times > 1) {
            find(findings, Invariant::AskedOnce, format!("a provider was asked {times} times"));
        }
        self.check_successes(findings);
        self.check_money(findings);
        self.check_product(findings);
    }

    fn check_successes(&self, findings: &mut Vec<Finding>) {
        let mut successes = self.successes().peekable();
        if successes.peek().is_some() {
            if !self.has(Event::ProviderApproved) {
                let what = "a success was told, and the switch has recorded none";
                find(findings, Invariant::DurableFirst, what);
            } else if self.has_ledger() && !self.noted.iter().any(Noted::is_done) {
                find(findings, Invariant::ApprovedOnly, "a success was told, and the provider's books hold none");
            }
        }
        if !self.is_sale() {
            return;
        }
        // One that differs from our own is told apart later: it may be another transaction's.
        let told: Vec<_> = successes.filter_map(|said| said.heard?.code).collect();
        if self.code_hash().is_none() && told.windows(2).any(|two| two[0] != two[1]) {
            find(findings, Invariant::SameSuccess, "two successes tell two codes");
        }
        let at_provider = self.noted.iter().filter_map(|noted| noted.fingerprint);
        if let Some(code) = self.code()
            && at_provider.into_iter().any(|theirs| theirs != fingerprint(code))
        {
            find(findings, Invariant::SameSuccess, "the provider issued another code than the switch holds");
        }
    }

    fn check_money(&self, findings: &mut Vec<Finding>) {
        let asked = self.transaction.asked.map(|asked| (asked.amount, asked.currency.code()));
        let done = self.noted.iter().find(|noted| noted.is_done()).and_then(|noted| noted.money);
        let is_sale = self.is_sale();
        let mut differ = |who: &str, is: (i64, u16), other: &str, was: (i64, u16)| {
            if is != was {
                let [(is, is_of), (was, was_of)] = [is, was];
                let what = format!("{who}: {is} of currency {is_of:03}; {other}: {was} of currency {was_of:03}");
                find(findings, Invariant::SameMoney, what);
            }
        };
        for said in self.successes() {
            if let (Some(named), Some(asked)) = (said.money, asked) {
                differ("the channel asked for", named, "the switch recorded", asked);
            }
            let granted = said.heard.and_then(|heard| heard.money);
            // What a redemption or a refund moves is the provider's to say; a sale is for what was asked.
            if let (Some(granted), Some(right)) = (granted, if is_sale { asked } else { done }) {
                differ("the channel was told", granted, "right is", right);
            }
        }
        if let (true, Some(done), Some(asked)) = (is_sale, done, asked) {
            differ("the provider sold", done, "the switch asked for", asked);
        }
    }

    fn check_product(&self, findings: &mut Vec<Finding>) {
        let Request::Provision(request) = self.request else { return };
        let Some(ours) = request.product.as_ref().map(|product| &product.product_id) else { return };
        let word = |name: Name| self.frame.names.word(name);
        for said in self.successes() {
            if let Some(named) = said.product.map(word)
                && named != ours.as_str()
            {
                find(
                    findings,
                    Invariant::SameMoney,
                    format!("the channel asked for {named}, the switch recorded {ours}", ours = ours.as_str()),
                );
            }
        }
        for noted in self.noted.iter().filter(|noted| noted.is_done()) {
            if let Some(theirs) = noted.product.map(word)
                && !self.is_called(ours, theirs)
            {
                find(
                    findings,
                    Invariant::SameMoney,
                    format!("the provider sold {theirs}, the channel asked for {ours}", ours = ours.as_str()),
                );
            }
        }
    }

    /// Whether the provider calls a product of ours so.
    fn is_called(&self, ours: &ProductId, theirs: &str) -> bool {
        let provider = self.transaction.provider.as_str();
        ours.as_str() == theirs || self.frame.products.knows(provider, ours.as_str(), theirs)
    }
}

/// Whether a line is about a request that was taken as one; a repeat where none is taken is a breach of the sheet.
fn is_request(noted: &Noted) -> bool {
    noted.heard == Heard::Request && noted.event != provider_ledger::Event::Breach
}
