//! What each operation does, for a channel's developer, in the little Markdown that the page understands.

pub(super) const PROVISION: &str = "\
Asks a service provider for a voucher and hands over its code.

- **Which provider**: `settlementEntity.id` decides; without it the product, then `receiver.id`, then your channel's \
default.
- **Which amount**: a product with a fixed price needs no `amounts`; for any other send `amounts.requestAmount`. Product, \
amounts and voucher may all be left out if your provider knows what to sell.
- **No answer**: retry to learn what became of it, or reverse it.";

pub(super) const REDEMPTION: &str = "\
Takes what a voucher is worth: all of it, or `amounts.requestAmount`. `voucher.code` is what the customer presents.

- **Which provider**: `settlementEntity.id` decides; without it `receiver.id`, then the switch's own record of who issued \
the voucher, then your channel's default.
- **What comes first**: a confirmation or reversal about the same voucher that is still on its way to the provider. The \
redemption waits for it, within your channel's time.
- **Declined**: the voucher is as before; `errorType` says why.
- **No answer**: look the redemption up, or reverse it. There is no retry.";

pub(super) const REFUND: &str = "\
Gives back what a redemption took: all of it, or `amounts.requestAmount`. Once the refund is confirmed, the voucher can be \
redeemed again.

- **What is refunded**: name the redemption in `redemptionId`; it must be one of your channel's own. Without it the \
provider goes by the `voucher`.
- **Not confirmed yet**: a redemption that you have not confirmed is not refunded but reversed.
- **Which provider**: `settlementEntity.id` decides; without it `receiver.id`, then the redemption's own provider, or who \
issued the voucher by the switch's own record, then your channel's default.
- **What comes first**: a confirmation or reversal about the same voucher that is still on its way to the provider. The \
refund waits for it, within your channel's time.
- **No answer**: reverse it. There is neither a retry nor a lookup.";

/// What is true of all three.
pub(super) const CARRIED_THROUGH: &str = "\
And as with every request that moves money:

- **Once**: each id is carried through at most once. A second request with the same id is answered with \
`DUPLICATE_RECORD`, whatever became of the first, however close together they come.
- **Durable**: the request is on disk before the provider sees it, and the answer before you do.
- **Hanging up changes nothing**: the work goes on to its end.";

pub(super) const RETRY: &str = "\
Repeats a request that got no answer, body and all; only `time` may differ. Nothing is sold a second time, however often \
you retry: the switch answers from its journal and never asks the provider twice.

- **Sold**: the same voucher, in the same words.
- **Declined**: the same refusal.
- **Under way**: waits for the outcome until this request's own time is up.
- **Never seen**: processed as a first request.
- **Not supported**: where the provider knows no retries, each is answered with 404 and `FUNCTION_NOT_SUPPORTED`, whatever \
became of the first request. That tells you nothing of it: reverse it.

Where the outcome is unknown and retries are supported, the switch has chosen the reversal, and the retry is answered with \
`VOUCHER_ALREADY_REVERSED`.";

pub(super) const CONFIRMED_PROVISION: &str = "\
States that the voucher was handed over and the tender taken: the sale stands, and the voucher can be redeemed. `tenders` \
says how the customer paid.";

pub(super) const CONFIRMED_REDEMPTION: &str = "\
States that the customer has what the voucher paid for: the redemption stands. From now on it is undone by a refund only.";

pub(super) const CONFIRMED_REFUND: &str = "\
States that the refund stands: the voucher can be redeemed again.";

/// What is true of every confirmation.
pub(super) const CONFIRMATION: &str = "\
A channel in dual messaging (a till) confirms each request that was answered with 201, once nothing can go wrong with it \
any more. In single messaging the switch does it by itself after a while; who confirms sooner is sooner done.

- **Durable**: it is on disk before it is acknowledged, and delivered to the provider however often that takes. Where the \
provider takes no confirmations, it ends here.
- **Once and for good**: what is confirmed can no longer be reversed, and what is reversed can no longer be confirmed.
- **The final amount**: where it is less than was authorised, `amounts.approvedAmount`; otherwise leave it out.
- **No answer, 401, 413, 415, 429 or 500**: send it again, with the same `id`, once the cause is mended. Repeats have no \
second effect.
- **404**: there is nothing that stands. Unlike for a reversal, this is a failure.

Use a new `id` for the advice, and the references of the answer that it confirms.";

pub(super) const REVERSED_PROVISION: &str = "\
States that the request `requestId` must not stand: there was no answer, or the voucher cannot be handed over.";

pub(super) const REVERSED_REDEMPTION: &str = "\
States that the redemption `requestId` must not stand: there was no answer, or what it paid for cannot be handed over. The \
voucher is then worth what it was before. A redemption that was confirmed is refunded instead.";

pub(super) const REVERSED_REFUND: &str = "\
States that the refund `requestId` must not stand: there was no answer, or nothing is to be given back after all. The \
redemption then stands as before.";

/// What is true of every reversal.
pub(super) const REVERSAL: &str = "\
- **Durable**: it is on disk before it is acknowledged, and delivered to the provider however often that takes.
- **Under way**: a request that has no outcome yet is reversed once it has one, and is then answered that it was reversed.
- **Never seen**: the answer is 404, and the request is refused should it come later. Count it as done.
- **What 202 means**: in single messaging the answer waits a few seconds for the first delivery, so that it normally means \
that the provider has it.
- **No answer, 401, 413, 415, 429 or 500**: send it again, with the same `id`, once the cause is mended. Repeats have no \
second effect.

Use a new `id` for the advice, and the references of the answer, or of the request if there was none.";

pub(super) const VOUCHER_LOOKUP: &str = "\
Asks a voucher's provider what it is worth. Nothing is stored, nothing moves, and you may ask as often as you like.

- **Which voucher**: at least one of `voucherCode`, `voucherSerialNumber` and `provisionRequestId`, which is the id of a \
request of your own.
- **Which provider**: `settlementEntityInstId` decides; without it `receiverInstId`, then the switch's own record of who \
issued the voucher, then your channel's default.
- **What it is worth**: `amounts.approvedAmount`, as a `CREDIT`.
- **Its code and PIN** are told to whoever names the code, or has sold the voucher. Who asks by the serial number of a \
voucher that others sold is told neither.
- **What comes first**: a confirmation or reversal about the same voucher that is still on its way to the provider. The \
lookup waits for it, within your channel's time.

Addresses end up in the logs of whatever stands between you and the switch, and a code is money. Where you have the id of \
the request, ask by that.";

pub(super) const REDEMPTION_LOOKUP: &str = "\
Tells what became of a redemption of your own, from the switch's journal; the provider is not asked. This is how to find \
out after no answer.

- **200**: it was approved. The answer is the one that the redemption was given, or was to be given.
- **202**: there is no outcome yet. Ask again.
- **400**: it was declined, with the error that it was answered then; or it was reversed, by you or because nothing was \
proven, and does not stand.
- **404**: it never arrived. It may still be on its way to the switch: reverse it before you give up on it.";

pub(super) const PRODUCTS: &str = "\
Lists the products of the switch's catalogue that your channel may sell, from memory. No provider is asked.

- **What it costs**: `amount` with `isFixedValue` where the price is fixed, `minAmount` and `maxAmount` where any amount \
between them will do, and none of the three where any amount will do.
- **Your listings only**: `channelProductListings` holds how your channel shows the product, if that is configured. What \
is sold on other channels only is not listed, and neither are their names.
- **`channelName`** in the query is your channel's own name, if it is given at all; any other name finds nothing.
- **How fresh it is**: while `X-Catalogue-Stale` is `false`, the age stays within seconds. Otherwise the operator has put \
a catalogue in place that cannot be used, and this is the last good one.";
