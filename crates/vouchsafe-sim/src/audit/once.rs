//! Once: one sale, one asking, one answer, one owner, and the same money everywhere.

use std::collections::HashMap;

use vouchsafe_core::message::{Request, Response};
use vouchsafe_core::money::LedgerAmount;

use super::{Breach, Case, Rule};
use crate::assortment::product_there;
use crate::records::{Answer, Records};

pub(super) fn judge(case: &Case<'_>, tell: &mut impl FnMut(Rule, String)) {
    let standing = case.books.iter().filter(|(_, entry)| entry.stands()).count();
    if standing > 1 {
        tell(Rule::OneSale, format!("{standing} providers have sold it and nobody has undone that"));
    }
    for (book, entry) in &case.books {
        if entry.asked.len() > 1 {
            tell(Rule::OneAsking, format!("{} was asked {} times", book.provider, entry.asked.len()));
        }
        if entry.asked.iter().any(|asked| !asked.is_intended) {
            tell(Rule::DurableFirst, format!("{} was asked before that was durable", book.provider));
        }
    }
    let mut first: Option<&Response> = None;
    for (_, told) in case.successes() {
        let Answer::Approved(response) = &told.answer else { continue };
        if !told.has_approval {
            tell(Rule::DurableFirst, format!("a success was told at {} before it was durable", told.at));
        }
        match first {
            None => first = Some(response),
            Some(first) if first != &**response => {
                tell(Rule::OneAnswer, format!("the success at {} is another than the first", told.at));
            }
            Some(_) => {}
        }
        judge_success(case, response, tell);
    }
}

fn money(amount: Option<LedgerAmount>) -> Option<(i64, u16)> {
    amount.map(|amount| (amount.amount, amount.currency.code()))
}

fn judge_success(case: &Case<'_>, response: &Response, tell: &mut impl FnMut(Rule, String)) {
    let (header, amounts, code) = match response {
        Response::Provision(response) => (&response.header, &response.amounts, response.voucher.code.as_ref()),
        Response::Redemption(response) => {
            (&response.header, &response.amounts, response.voucher.as_ref().and_then(|voucher| voucher.code.as_ref()))
        }
        Response::Refund(response) => {
            (&response.header, &response.amounts, response.voucher.as_ref().and_then(|voucher| voucher.code.as_ref()))
        }
    };
    if header.id != case.sale.key.id || header.client.id.as_str() != case.till.name {
        tell(Rule::OneOwner, format!("it was told of {} by {}", header.id, header.client.id));
    }
    let code = code.map(|code| code.expose().as_str());
    let sold = case.books.iter().filter_map(|(book, entry)| Some((book, entry.sold.as_ref()?)));
    let Some((book, sold)) = sold.clone().find(|(_, sold)| Some(sold.code.as_str()) == code) else {
        return tell(Rule::OnlySold, format!("a success with a code that no provider has sold for it: {code:?}"));
    };
    let asked = match &case.sale.request {
        Request::Refund(_) => None,
        request => request.amounts().and_then(|amounts| amounts.request_amount),
    };
    let told = amounts.as_ref().and_then(|amounts| amounts.approved_amount);
    let kept = case.kept.and_then(|(transaction, _)| transaction.asked);
    if [told, kept, sold.amount].iter().any(|amount| money(*amount) != money(asked)) {
        tell(Rule::SameMoney, format!("asked {asked:?}, told {told:?}, kept {kept:?}, sold {:?}", sold.amount));
    }
    if let (Request::Provision(request), Response::Provision(response)) = (&case.sale.request, response) {
        let name = |product: &Option<vouchsafe_core::product::Product>| {
            product.as_ref().map(|product| product.product_id.as_str().to_owned())
        };
        let asked = name(&request.product);
        let there =
            asked.as_ref().is_some_and(|asked| (0..9).any(|house| Some(product_there(asked, house)) == sold.product));
        if name(&response.product) != asked || !there {
            tell(Rule::SameMoney, format!("asked for {asked:?}, {} sold {:?}", book.provider, sold.product));
        }
    }
}

/// What shows only when all transactions are seen together.
pub(super) fn across(cases: &[Case<'_>], records: &Records, found: &mut Vec<Breach>) {
    let mut owners = HashMap::new();
    for case in cases {
        for (_, told) in case.successes() {
            let Answer::Approved(response) = &told.answer else { continue };
            let Response::Provision(response) = &**response else { continue };
            let Some(code) = response.voucher.code.as_ref() else { continue };
            let owner = *owners.entry(code.expose().as_str()).or_insert(&case.sale.key);
            if *owner != case.sale.key {
                let what = format!("its code was told to {} for {} too", owner.channel, owner.id);
                found.push(Breach { rule: Rule::OneOwner, key: Some(case.sale.key.clone()), what });
            }
        }
    }
    for book in &records.books {
        for (kind, id, entry) in book.ledger.entries() {
            let is_known = |kept: &vouchsafe_store::Transaction| kept.key.kind == *kind && kept.upstream_id == *id;
            if !entry.asked.is_empty() && !records.journals.iter().any(|(kept, _)| is_known(kept)) {
                let what = format!("{} was asked {} {id}, which nobody has on record", book.provider, kind.name());
                found.push(Breach { rule: Rule::OneAsking, key: None, what });
            }
        }
    }
}
