//! A body as one piece, within a bound: of whoever may send it to us, none is trusted to be brief.

use bytes::Bytes;
use http_body_util::BodyExt as _;
use hyper::body::Body;

/// Why a body is not there as a whole.
#[derive(Debug)]
pub enum Unread<E> {
    /// It is larger than that, and nobody read the rest.
    TooLarge,
    /// It broke off.
    BrokeOff(E),
}

/// Reads all of a body that has at most so many bytes.
///
/// Its pieces are put together as they come. Kept one by one, as ready-made collectors do, each byte of a body that comes
/// byte by byte would cost forty, and a bound in bytes would bound nothing. So adapters read answers, and the service's own
/// door requests.
///
/// # Errors
/// [`Unread`] says which; what was read until then is given up.
pub async fn whole<B: Body<Data = Bytes> + Unpin>(mut body: B, most: usize) -> Result<Bytes, Unread<B::Error>> {
    let mut read = Vec::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(Unread::BrokeOff)?;
        // What is no data is the trailer, of which nothing is wanted.
        let Some(data) = frame.data_ref() else { continue };
        if data.len() > most - read.len() {
            return Err(Unread::TooLarge);
        }
        read.extend_from_slice(data);
    }
    Ok(read.into())
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;
    use std::pin::Pin;
    use std::sync::Arc;
    use std::task::{Context, Poll};

    use hyper::body::Frame;

    use super::*;

    /// A body that comes byte by byte, and sees how many of them are kept in the form in which they came.
    struct ByteByByte {
        left: &'static [u8],
        kept: Arc<()>,
        most_kept: usize,
    }

    struct Piece {
        byte: u8,
        _kept: Arc<()>,
    }

    impl AsRef<[u8]> for Piece {
        fn as_ref(&self) -> &[u8] {
            std::slice::from_ref(&self.byte)
        }
    }

    impl Body for ByteByByte {
        type Data = Bytes;
        type Error = Infallible;

        fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
            self.most_kept = self.most_kept.max(Arc::strong_count(&self.kept) - 1);
            let Some((first, rest)) = self.left.split_first() else { return Poll::Ready(None) };
            self.left = rest;
            let piece = Piece { byte: *first, _kept: Arc::clone(&self.kept) };
            Poll::Ready(Some(Ok(Frame::data(Bytes::from_owner(piece)))))
        }
    }

    #[tokio::test]
    async fn a_body_costs_its_bytes_however_it_comes() {
        for (most, expect) in [(9, Some("voucher")), (7, Some("voucher")), (6, None), (0, None)] {
            let mut body = ByteByByte { left: b"voucher", kept: Arc::default(), most_kept: 0 };
            let read = whole(&mut body, most).await;
            match (&read, expect) {
                (Ok(read), Some(expect)) => assert_eq!(read, expect, "{most}"),
                (Err(Unread::TooLarge), None) => {}
                other => panic!("{other:?} within {most} bytes"),
            }
            assert_eq!(body.most_kept, 0, "{most}");
        }
    }
}
