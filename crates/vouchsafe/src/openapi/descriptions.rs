//! What each operation does, for a channel's developer, in the little Markdown that the page understands.

pub(super) const PROVISION: &str = "\
Asks a service provider for a voucher and hands over its code.

- **Once**: each id is sold at most once. A second request with the same id is answered with `DUPLICATE_RECORD`, whatever \
became of the first, however close together they come.
- **Durable**: the request is on disk before the provider sees it, and the voucher before you do.
- **Hanging up changes nothing**: the sale goes on to its end.
- **Which provider**: `settlementEntity.id` decides; without it the product, then `receiver.id`, then your channel's \
default.
- **Which amount**: a product with a fixed price needs no `amounts`; for any other send `amounts.requestAmount`. Product, \
amounts and voucher may all be left out if your provider knows what to sell.

Other methods on this path are answered with 405 and an `ErrorDetail`; a slash at the end of the path makes no difference.";

pub(super) const PRODUCTS: &str = "\
Lists the products of the switch's catalogue that your channel may sell, from memory. No provider is asked.

- **What it costs**: `amount` with `isFixedValue` where the price is fixed, `minAmount` and `maxAmount` where any amount \
between them will do, and none of the three where any amount will do.
- **Your listings only**: `channelProductListings` holds how your channel shows the product, if that is configured. What \
is sold on other channels only is not listed, and neither are their names.
- **`channelName`** in the query is your channel's own name, if it is given at all; any other name finds nothing.
- **How fresh it is**: while `X-Catalogue-Stale` is `false`, the age stays within seconds. Otherwise the operator has put \
a catalogue in place that cannot be used, and this is the last good one.";

pub(super) const RETRY: &str = "\
Repeats a request that got no answer, body and all; only `time` may differ. Nothing is sold a second time, however often \
you retry: the switch answers from its journal and never asks the provider twice.

- **Sold**: the same voucher, in the same words.
- **Declined**: the same refusal.
- **Under way**: waits for the outcome until this request's own time is up.
- **Never seen**: processed as a first request.
- **Not supported**: where the provider knows no retries, each is answered with 404 and `FUNCTION_NOT_SUPPORTED`, whatever \
became of the first request. That tells you nothing of it: reverse it.

Where the outcome is unknown and retries are supported, the switch has chosen the reversal, and the retry is answered with `VOUCHER_ALREADY_REVERSED`.";

pub(super) const REVERSAL: &str = "\
States that the request `requestId` must not stand: there was no answer, or the voucher cannot be handed over. It is on disk \
before it is acknowledged, and repeats have no second effect. A request that is still under way is reversed once its outcome \
is known, and is then answered with `VOUCHER_ALREADY_REVERSED`. The answer waits a few seconds for the first delivery, so that it \
normally means that the provider has it. Use a new `id` for the advice, and the same one for each \
repeat of it.";
