//! A request for a voucher, or that one be redeemed or refunded: done, refused or left without an answer.

use axum::response::Response;
use http::StatusCode;
use jiff::Timestamp;
use vouchsafe_core::error_detail::{ErrorDetail, ErrorType};
use vouchsafe_core::id::MessageId;
use vouchsafe_core::message::Request;
use vouchsafe_core::money::LedgerAmount;
use vouchsafe_core::sheet::Messaging;
use vouchsafe_core::text::FreeText;
use vouchsafe_core::transaction::Kind;

use crate::simulator::draw::Draw;
use crate::simulator::ledger::{Books, Entry, Event, Fate, Heard, Key, Names, Standing, VoucherMark};
use crate::simulator::magic::{Answer, Behaviour, Refusal, Silence};
use crate::simulator::plays::Play;
use crate::simulator::presented::{self, Naming};
use crate::simulator::router::unauthorised;
use crate::simulator::sale::Sale;
use crate::simulator::{Desk, Simulator, header, magic, reply, unwritable};

/// Where a redirected request would come in again.
const BACK_HERE: &str = "/suv/v1/vouchers/";

/// A request, and what it would come to.
struct Asked<'a> {
    request: &'a Request,
    /// The voucher it would get, where it asks for one.
    sale: Option<Sale>,
    /// Which voucher it is about.
    names: Names,
    draw: Draw<'a>,
    now: Timestamp,
}

/// What becomes of a request.
enum Decision {
    Done(Answer, Deed),
    Refused(Refusal),
    Dropped(Silence),
}

/// What was done.
struct Deed {
    voucher: VoucherMark,
    /// The voucher's serial number, where it was issued before.
    serial_number: Option<Box<str>>,
    /// What was put on the voucher, taken from it or given back.
    amount: Option<LedgerAmount>,
}

impl Desk {
    pub(super) async fn ask(&self, request: &Request) -> Response {
        let Simulator { institution, seed, plays, ledger, clock, .. } = &self.simulator;
        let header = request.header();
        let key = Key { client: header.client.id.as_str().into(), kind: request.kind(), id: header.id };
        let draw = Draw::about(&key, *seed, institution.id.as_str());
        let naming = Naming { seed: *seed, institution: institution.id.as_str() };
        let (sale, names) = match request {
            Request::Provision(request) => {
                let sale = Sale::of(request, &draw);
                let names = Names { mark: Some(naming.mark(&sale.code)), ..Names::default() };
                (Some(sale), names)
            }
            Request::Redemption(_) | Request::Refund(_) => (None, naming.in_request(request)),
        };
        let asked = Asked { request, sale, names, draw, now: clock() };
        let (decision, written) = ledger.record(key.clone(), |books, fate| {
            let decision = self.decide(&asked, books, fate);
            let event = match &decision {
                _ if fate.requests > 0 && plays.contains(&Play::NoRetries) => {
                    Event::Breach { heard: Heard::Request, advice_id: None }
                }
                Decision::Done(answer, deed) => asked.done(deed, self.counts_as_confirmed(*answer)),
                Decision::Refused(refusal) => refused(*refusal, request.kind()),
                Decision::Dropped(_) => Event::Dropped,
            };
            let entry = asked.entry(event, &decision, books);
            (decision, entry)
        });
        if written.await.is_err() {
            return unwritable(key.id);
        }
        match decision {
            Decision::Refused(refusal) => refuse(refusal, request.kind(), key.id),
            Decision::Dropped(silence) => self.say_nothing(silence).await,
            Decision::Done(answer, Deed { serial_number, amount, .. }) => {
                let header = header::answered(header, institution, &asked.draw, asked.now);
                match (request, asked.sale) {
                    (Request::Provision(request), Some(sale)) => {
                        self.succeed(answer, sale.response(request, header, amount)).await
                    }
                    (Request::Redemption(request), _) => {
                        self.succeed(answer, presented::redeemed(request, header, serial_number, amount)).await
                    }
                    (Request::Refund(request), _) => {
                        self.succeed(answer, presented::given_back(request, header, serial_number, amount)).await
                    }
                    (Request::Provision(_), None) => unreachable!("every provision is prepared as a sale above"),
                }
            }
        }
    }

    /// What becomes of a request that has met this fate before. Chance and magic say how well it goes; what the
    /// voucher forbids is not done, and that is said however the rest would have gone.
    fn decide(&self, asked: &Asked<'_>, books: &Books, fate: &Fate) -> Decision {
        match fate.standing {
            Standing::Unheard => {}
            Standing::Forestalled => return Decision::Refused(Refusal::Forestalled),
            Standing::Dropped | Standing::Refused | Standing::Done | Standing::Reversed | Standing::Confirmed => {
                return Decision::Refused(Refusal::Duplicate);
            }
        }
        let magic = asked.product(books).and_then(|product| match asked.request {
            Request::Provision(_) => magic::behaviour(product),
            Request::Redemption(_) | Request::Refund(_) => magic::behaviour_in_use(product, asked.request.kind()),
        });
        match magic.unwrap_or_else(|| self.simulator.faults.behaviour(&asked.draw)) {
            Behaviour::Refuses(refusal) => Decision::Refused(refusal),
            Behaviour::Drops(silence) => Decision::Dropped(silence),
            Behaviour::Does(answer) => match asked.allowed(books) {
                Ok(deed) => Decision::Done(answer, deed),
                Err(error_type) => Decision::Refused(Refusal::Forbidden(error_type)),
            },
        }
    }

    /// Whether nobody has to confirm what was answered so: in single messaging, and where no advices are taken at all.
    /// Only a good answer stands for a confirmation, for only after that one the other side holds what it was given.
    fn counts_as_confirmed(&self, answer: Answer) -> bool {
        let Simulator { messaging, plays, .. } = &self.simulator;
        let is_held = matches!(answer, Answer::Usable | Answer::Late(_));
        is_held && (*messaging == Messaging::Single || plays.contains(&Play::NoAdvices))
    }
}

impl Asked<'_> {
    /// The product that is asked for, or whose voucher is presented.
    fn product<'b>(&'b self, books: &'b Books) -> Option<&'b str> {
        match self.request {
            Request::Provision(request) => request.product.as_ref().map(|product| product.product_id.as_str()),
            Request::Redemption(_) | Request::Refund(_) => books.voucher(&self.names)?.product.as_deref(),
        }
    }

    /// What may be done, or why nothing may.
    fn allowed(&self, books: &Books) -> Result<Deed, ErrorType> {
        let (voucher, amount) = (books.voucher(&self.names), self.request.asked());
        let (voucher, amount) = match self.request {
            Request::Provision(_) => {
                return match (voucher, self.names.mark) {
                    (None, Some(voucher)) => Ok(Deed { voucher, serial_number: None, amount }),
                    // Two vouchers of one code would both be worth nothing.
                    _ => Err(ErrorType::VoucherAlreadyProvisioned),
                };
            }
            Request::Redemption(_) => {
                let voucher = voucher.ok_or(ErrorType::VoucherNotRedeemable)?;
                (voucher, voucher.redeem(amount, self.now)?)
            }
            Request::Refund(_) => {
                let voucher = voucher.ok_or(ErrorType::VoucherNotRedeemed)?;
                (voucher, voucher.refund(presented::refunded(self.request).as_ref(), amount)?)
            }
        };
        Ok(Deed { voucher: voucher.mark, serial_number: Some(voucher.serial_number.clone()), amount })
    }

    /// What was done, as the books show it.
    fn done(&self, deed: &Deed, counts_as_confirmed: bool) -> Event {
        let voucher = deed.voucher;
        match (&self.sale, self.request.kind()) {
            (Some(sale), _) => sale.event(voucher, counts_as_confirmed),
            (None, Kind::Refund) => Event::Refunded { voucher, counts_as_confirmed },
            (None, Kind::Redemption | Kind::Provision) => Event::Redeemed { voucher, counts_as_confirmed },
        }
    }

    /// A line of the books.
    fn entry(&self, event: Event, decision: &Decision, books: &Books) -> Entry {
        let amount = match decision {
            Decision::Done(_, deed) => deed.amount,
            Decision::Refused(_) | Decision::Dropped(_) => self.request.asked(),
        };
        let header = self.request.header();
        Entry {
            at: self.now,
            event,
            kind: self.request.kind(),
            id: header.id.to_string(),
            client: header.client.id.as_str().to_owned(),
            product: self.product(books).map(str::to_owned),
            amount: amount.map(|amount| amount.amount),
            currency: amount.map(|amount| amount.currency.to_string()),
        }
    }
}

/// What a refusal says: its status and, where it has a body, the error type and message in it.
fn said(refusal: Refusal, kind: Kind) -> (StatusCode, Option<(ErrorType, &'static str)>) {
    match refusal {
        Refusal::Decline(error_type) => {
            let status = if kind == Kind::Provision { StatusCode::NOT_FOUND } else { StatusCode::BAD_REQUEST };
            (status, Some((error_type, "declined by request of its product id")))
        }
        Refusal::Forbidden(error_type) => {
            (StatusCode::BAD_REQUEST, Some((error_type, "the voucher's state or worth does not allow it")))
        }
        Refusal::Duplicate => (StatusCode::BAD_REQUEST, Some((ErrorType::DuplicateRecord, "this id was used before"))),
        Refusal::Forestalled => {
            (StatusCode::BAD_REQUEST, Some((already_reversed(kind), "its reversal came before it")))
        }
        Refusal::Busy => {
            (StatusCode::SERVICE_UNAVAILABLE, Some((ErrorType::UpstreamUnavailable, "too busy, try later")))
        }
        Refusal::Credentials => (StatusCode::UNAUTHORIZED, Some((ErrorType::AuthenticationError, "wrong credentials"))),
        Refusal::Redirect => (StatusCode::TEMPORARY_REDIRECT, None),
    }
}

/// What is said of a request that is reversed already.
pub(super) const fn already_reversed(kind: Kind) -> ErrorType {
    match kind {
        Kind::Provision => ErrorType::VoucherAlreadyReversed,
        Kind::Redemption => ErrorType::RedemptionAlreadyReversed,
        Kind::Refund => ErrorType::RefundAlreadyReversed,
    }
}

fn refused(refusal: Refusal, kind: Kind) -> Event {
    let (status, words) = said(refusal, kind);
    Event::Refused { status: status.as_u16(), error_type: words.map(|(error_type, _)| error_type.name().to_owned()) }
}

fn refuse(refusal: Refusal, kind: Kind, id: MessageId) -> Response {
    let (status, words) = said(refusal, kind);
    let Some((error_type, message)) = words else { return reply::redirect(status, BACK_HERE) };
    let mut detail = ErrorDetail::new(error_type, message).about(id);
    match refusal {
        Refusal::Credentials => return unauthorised(&detail),
        Refusal::Decline(_) => detail.provider_error_code = FreeText::new("SIM-1").ok(),
        Refusal::Forbidden(_) | Refusal::Duplicate | Refusal::Forestalled | Refusal::Busy | Refusal::Redirect => {}
    }
    reply::json(status, &detail)
}
