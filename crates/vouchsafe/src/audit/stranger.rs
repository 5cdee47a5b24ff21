//! Lines that no transaction of the store has met: what was promised, or done, and is not on record.

use vouchsafe_core::id::{ChannelId, MessageId};
use vouchsafe_core::message::ChannelAdvice;
use vouchsafe_store::{Key, Reference, Store};

use super::Invariant;
use super::answers::late;
use super::channel_log::Said;
use super::provider_ledger::{Heard, Noted};
use super::records::Records;
use super::report::Report;
use super::telling;
use super::unusable::Unusable;
use super::verdict::{Verdict, is_accepted};

/// Checks every such line.
pub(super) async fn check(store: &dyn Store, records: &Records, report: &mut Report) -> Result<(), Unusable> {
    for group in records.unmet_said() {
        let Some(first) = group.first() else { continue };
        report.without_transaction += 1;
        let wrong = said(store, records, group).await?;
        if wrong.is_empty() {
            continue;
        }
        let found = match ChannelId::new(records.names.word(first.channel)) {
            Ok(channel) => store.find(&Key { channel, kind: first.kind, id: first.request }).await?,
            Err(_) => None,
        };
        if found.is_some() {
            report.unreached += 1;
            continue;
        }
        for (invariant, what) in wrong {
            report.violated(invariant, what, || tell_said(records, group));
        }
    }
    for group in records.unmet_noted() {
        let Some(first) = group.first() else { continue };
        let known = store.look_up(Reference::Id(first.request)).await?;
        if known
            .iter()
            .any(|transaction| transaction.key.kind == first.kind && transaction.upstream_id == first.request)
        {
            report.unreached += 1;
            continue;
        }
        let heard = if group.iter().any(|noted| noted.heard == Heard::Request) { "a request" } else { "an advice" };
        let what = format!("a provider heard {heard} {} that is in no journal", first.request);
        report.violated(Invariant::DurableFirst, what, || tell_noted(records, group));
    }
    Ok(())
}

/// What is wrong with messages about a request that the switch does not hold.
async fn said(store: &dyn Store, records: &Records, group: &[Said]) -> Result<Vec<(Invariant, String)>, Unusable> {
    let names = &records.names;
    let mut wrong = Vec::new();
    if group.iter().any(|said| Verdict::of(said, names) == Verdict::Success) {
        let what = "a success was told, and the switch holds no such transaction";
        wrong.push((Invariant::DurableFirst, what.to_owned()));
    }
    for advice in group.iter().filter(|said| is_accepted(said)) {
        let is_anothers = match advice.advice {
            Some(id) => is_on_record_elsewhere(store, advice.request, id).await?,
            None => false,
        };
        wrong.push(if is_anothers {
            (Invariant::OwnOnly, "an advice about another channel's request was taken over".to_owned())
        } else {
            (Invariant::NothingLost, "an advice was acknowledged, and the switch holds no such transaction".to_owned())
        });
    }
    for said in group {
        if let Some(took) = late(said) {
            wrong.push((Invariant::InTime, format!("an answer took {took} ms, longer than its channel waits")));
        }
    }
    Ok(wrong)
}

/// Whether an advice stands in the journal of another channel's request of this id.
async fn is_on_record_elsewhere(store: &dyn Store, request: MessageId, advice: MessageId) -> Result<bool, Unusable> {
    for transaction in store.look_up(Reference::Id(request)).await? {
        let journal = store.journal(transaction.number).await?;
        if journal.iter().filter_map(|entry| entry.advised.as_ref().map(ChannelAdvice::basic)).any(|it| it.id == advice)
        {
            return Ok(true);
        }
    }
    Ok(false)
}

fn tell_said(records: &Records, group: &[Said]) -> String {
    let first = &group[0];
    let channel = telling::shown(records.names.word(first.channel));
    let mut lines = vec![format!("no transaction; the {} {} of {channel}", first.kind, first.request)];
    lines.extend(telling::of_the_channel(group, &records.names));
    lines.join("\n")
}

fn tell_noted(records: &Records, group: &[Noted]) -> String {
    let mut lines = vec![format!("no transaction; the {} {}", group[0].kind, group[0].request)];
    lines.extend(telling::of_the_providers(group, &records.names, &records.ledgers));
    lines.join("\n")
}
