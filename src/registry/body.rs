//! [`Piped`]: the body of a request whose bytes come from a stream.

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use std::pin::Pin;
use std::task::{Context, Poll};
use tokio::sync::mpsc::Receiver;

/// A body of a known size, whose bytes arrive through a channel. It ends early with an error if the sender does, so that the
/// server never takes a part for the whole.
pub(super) struct Piped {
    chunks: Receiver<Bytes>,
    left: u64,
}

/// The sender ended before all bytes were sent.
#[derive(Debug)]
pub(super) struct Broken;

impl Piped {
    pub(super) fn new(chunks: Receiver<Bytes>, size: u64) -> Self {
        Self { chunks, left: size }
    }
}

impl Body for Piped {
    type Data = Bytes;
    type Error = Broken;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Broken>>> {
        if self.left == 0 {
            return Poll::Ready(None);
        }
        match self.chunks.poll_recv(context) {
            Poll::Pending => Poll::Pending,
            Poll::Ready(Some(chunk)) if chunk.len() as u64 <= self.left => {
                self.left -= chunk.len() as u64;
                Poll::Ready(Some(Ok(Frame::data(chunk))))
            }
            Poll::Ready(_) => Poll::Ready(Some(Err(Broken))),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.left == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left)
    }
}

impl std::fmt::Display for Broken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the source ended early")
    }
}

impl std::error::Error for Broken {}
