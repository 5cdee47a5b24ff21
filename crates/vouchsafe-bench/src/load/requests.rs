//! What a load generator asks for, and what an answer to it must hold.

use std::fs;
use std::path::PathBuf;

use bytes::Bytes;
use http::{Method, Request, Uri};
use http_body_util::Full;
use serde::{Deserialize, Serialize};

use crate::audit;
use crate::fault::Fault;
use crate::ids::{IdKind, spelled};
use crate::load::connection::Answer;
use crate::message::{PRODUCTS, PROVISION, Template, has_code, id, retry};

/// What is asked for.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) enum Asked {
    /// Vouchers.
    Sales {
        /// The settlement entity that is named, where requests are to be routed by that.
        to: Option<String>,
        /// How ids follow one another.
        ids: IdKind,
    },
    /// The vouchers of another load once more, in the order in which they were sold, again and again.
    Retries {
        /// The answers that the other load has written down.
        of: PathBuf,
    },
    /// The products that may be sold.
    Lookups {
        /// What every answer must be, to the byte.
        shelf: PathBuf,
    },
}

/// The id of a request.
pub(super) type Id = [u8; 36];

/// Makes the requests of a load, one after the other.
pub(super) enum Requests {
    Sales { template: Template, ids: IdKind },
    Retries { template: Template, sold: Vec<(Id, Uri)>, next: usize },
    Lookups { shelf: Vec<u8> },
}

/// A request, and about which sale it is, if it is about one.
pub(super) struct Numbered {
    pub(super) id: Option<Id>,
    pub(super) request: Request<Full<Bytes>>,
}

/// What an answer turned out to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// What was asked for.
    Given,
    /// A refusal.
    Refused,
    /// Something that belongs to another request: another sale's answer, another voucher, other products.
    MixedUp,
}

impl Requests {
    pub(super) fn new(asked: &Asked) -> Result<Self, Fault> {
        match asked {
            Asked::Sales { to, ids } => Ok(Self::Sales { template: Template::request(to.as_deref()), ids: *ids }),
            Asked::Retries { of } => {
                let sold = audit::answers(of)?.into_iter().filter(|answer| answer.status == 201);
                let sold: Vec<_> = sold.filter_map(|answer| Some((answer.id, retry(&answer.id)?))).collect();
                let wrong = || "nothing was sold that could be asked for again".to_owned();
                let nothing = || Fault::Nonsense { process: "the load generator".to_owned(), wrong: wrong() };
                sold.first().ok_or_else(nothing)?;
                Ok(Self::Retries { template: Template::request(None), sold, next: 0 })
            }
            Asked::Lookups { shelf } => {
                let shelf = fs::read(shelf).map_err(Fault::machine("read what products are expected"))?;
                Ok(Self::Lookups { shelf })
            }
        }
    }

    /// The next request.
    pub(super) fn next(&mut self) -> Numbered {
        match self {
            Self::Sales { template, ids } => {
                let id = spelled(ids.next());
                Numbered { id: Some(id), request: post(Uri::from_static(PROVISION), template.fill(&id)) }
            }
            Self::Retries { template, sold, next } => {
                let (id, path) = &sold[*next];
                *next = (*next + 1) % sold.len();
                Numbered { id: Some(*id), request: post(path.clone(), template.fill(id)) }
            }
            Self::Lookups { .. } => {
                let mut request = Request::new(Full::default());
                *request.uri_mut() = Uri::from_static(PRODUCTS);
                Numbered { id: None, request }
            }
        }
    }

    /// What an answer is to the request about a sale, or to one about none.
    pub(super) fn judge(&self, asked: Option<&Id>, answer: &Answer) -> Verdict {
        let (success, is_right) = match self {
            Self::Sales { .. } | Self::Retries { .. } => (201, is_voucher(asked, &answer.body)),
            Self::Lookups { shelf } => (200, answer.body == *shelf),
        };
        match (answer.status == success, is_right) {
            (true, true) => Verdict::Given,
            (true, false) => Verdict::MixedUp,
            (false, _) => Verdict::Refused,
        }
    }
}

/// Whether an answer is about this sale and holds the voucher that the provider sold for it, and no other.
fn is_voucher(asked: Option<&Id>, answer: &[u8]) -> bool {
    asked.is_some_and(|asked| id(answer) == Some(asked) && has_code(answer, asked))
}

fn post(path: Uri, body: Vec<u8>) -> Request<Full<Bytes>> {
    let mut request = Request::new(Full::from(body));
    *request.method_mut() = Method::POST;
    *request.uri_mut() = path;
    request
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: &Id = b"a1b2c3d4-e5f6-4a0b-8c0d-0e0f10111213";
    const OTHER: &Id = b"a1b2c3d4-e5f6-4a0b-8c0d-0e0f10111214";

    #[test]
    fn an_answer_is_what_was_asked_for_or_a_refusal_or_somebody_elses() {
        let answer = Template::answer();
        let folder = tempfile::tempdir().unwrap();
        let (shelf, sold) = (folder.path().join("shelf"), folder.path().join("sold"));
        fs::write(&shelf, "products").unwrap();
        fs::write(&sold, [ONE.as_slice(), &201_u16.to_le_bytes()].concat()).unwrap();
        let check = |asked: &Asked, id: Option<&Id>, status: u16, body: &[u8], expect: Verdict| {
            let body = Bytes::copy_from_slice(body);
            let found = Requests::new(asked).unwrap().judge(id, &Answer { status, body });
            assert_eq!(found, expect, "{asked:?} {status}");
        };
        let other_code = {
            let mut text = answer.fill(OTHER);
            let at = text.windows(36).position(|id| id == OTHER).unwrap();
            text[at..at + 36].copy_from_slice(ONE);
            text
        };
        for asked in [Asked::Sales { to: None, ids: IdKind::Random }, Asked::Retries { of: sold.clone() }] {
            check(&asked, Some(ONE), 201, &answer.fill(ONE), Verdict::Given);
            check(&asked, Some(ONE), 201, &answer.fill(OTHER), Verdict::MixedUp);
            check(&asked, Some(ONE), 201, &other_code, Verdict::MixedUp);
            check(&asked, Some(ONE), 503, b"{}", Verdict::Refused);
        }
        let lookups = Asked::Lookups { shelf };
        check(&lookups, None, 200, b"products", Verdict::Given);
        check(&lookups, None, 200, b"product", Verdict::MixedUp);
        check(&lookups, None, 501, b"products", Verdict::Refused);
    }

    #[test]
    fn what_was_sold_is_asked_for_again_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let sold = folder.path().join("sold");
        let answered = |id: &Id, status: u16| [id.as_slice(), &status.to_le_bytes()].concat();
        fs::write(&sold, answered(ONE, 503)).unwrap();
        assert!(Requests::new(&Asked::Retries { of: sold.clone() }).is_err(), "nothing was sold");
        fs::write(&sold, [answered(ONE, 201), answered(b"00000000-0000-0000-0000-000000000000", 503)].concat())
            .unwrap();
        let mut requests = Requests::new(&Asked::Retries { of: sold }).unwrap();
        for _ in 0..2 {
            let Numbered { id, request } = requests.next();
            assert_eq!((id.as_ref(), request.method()), (Some(ONE), &Method::POST));
            assert_eq!(request.uri().path(), "/suv/v1/vouchers/a1b2c3d4-e5f6-4a0b-8c0d-0e0f10111213/retry");
        }
    }
}
