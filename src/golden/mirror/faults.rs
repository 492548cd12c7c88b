//! [`Fault`]: what a test registry does instead of answering as it should.

use crate::golden::http::{Answer, Request};
use serde::{Deserialize, Serialize};

/// What a test registry does instead of answering as it should.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Fault {
    /// `source`, `mirror` or `other`.
    pub(super) at: String,
    /// The method, and a part of the path: `GET /blobs/`.
    on: String,
    /// How many requests it passes over first.
    #[serde(default, skip_serializing_if = "is_zero")]
    skip: usize,
    /// How many requests it changes; 0 for all.
    #[serde(default = "one")]
    times: usize,
    /// What is done.
    does: Does,
}

/// What is done with a request.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) enum Does {
    /// Another answer, with headers and a body.
    Answer(u16, Vec<String>, String),
    /// The connection is closed without an answer.
    Drop,
    /// The request is done, and the connection closed without an answer.
    Lose,
    /// The answer says its whole length, and the connection is closed after so many bytes of it.
    Cut(usize),
    /// The answer has so many bytes, and says so.
    Short(usize),
    /// The answer has so many more bytes than it should, and says so.
    Long(usize),
    /// The answer never ends.
    Endless,
    /// Nothing more is sent after so many bytes of the answer.
    Stall(usize),
    /// The request is read and never answered.
    Silent,
    /// The body of the request is never read.
    Unread,
    /// A byte of the answer, or of the body of the request, is another one.
    Flip,
    /// The answer names another digest.
    OtherDigest,
    /// Other bytes are stored, and confirmed.
    StoreOther,
    /// The answer says that it is there.
    Exists,
    /// The answer leads elsewhere: a status and an address.
    Redirect(u16, String),
    /// The upload continues elsewhere.
    Location(String),
    /// All tokens end.
    Expire,
    /// A range is answered with another one.
    OtherRange,
    /// Nothing: it is counted.
    Nothing,
}

fn one() -> usize {
    1
}

fn is_zero(number: &usize) -> bool {
    *number == 0
}

/// A fault that is used up.
#[derive(Debug)]
pub(super) struct Pending {
    fault: Fault,
    seen: usize,
}

impl Pending {
    pub(super) fn new(fault: Fault) -> Self {
        Self { fault, seen: 0 }
    }

    /// What is done with a request; `None` if it is not meant.
    pub(super) fn take(&mut self, request: &Request) -> Option<Does> {
        let (method, part) = self.fault.on.split_once(' ').unwrap_or((&self.fault.on, ""));
        let is_method = method == "*" || method == request.method;
        if !is_method || !request.path.contains(part) {
            return None;
        }
        self.seen += 1;
        let number = self.seen.checked_sub(self.fault.skip + 1)?;
        (self.fault.times == 0 || number < self.fault.times).then(|| self.fault.does.clone())
    }

    /// Whether it was used.
    pub(super) fn is_used(&self) -> bool {
        self.seen > self.fault.skip
    }

    pub(super) fn name(&self) -> String {
        format!("{} {:?}", self.fault.on, self.fault.does)
    }
}

impl Fault {
    /// Faults of all kinds that pass, each for one request of so many.
    pub(super) fn rotating(at: &str, every: usize) -> Vec<Self> {
        let answer = |status: u16| Does::Answer(status, Vec::new(), "<html>".to_owned());
        let busy = Does::Answer(429, vec!["Retry-After: 1".to_owned()], String::new());
        let kinds = [
            Does::Drop,
            answer(500),
            Does::Cut(20),
            busy,
            Does::Lose,
            answer(503),
            Does::Flip,
            Does::Expire,
            Does::Short(5),
            answer(408),
        ];
        let fault = |number: usize| Self {
            at: at.to_owned(),
            on: "* /v2/".to_owned(),
            // Every fault counts the requests that those before it let pass.
            skip: (number + 1) * (every - 1),
            times: 1,
            does: kinds[number % kinds.len()].clone(),
        };
        (0..12).map(fault).collect()
    }

    /// Whether a client notices it only by waiting.
    pub(super) fn is_silence(&self) -> bool {
        matches!(self.does, Does::Stall(_) | Does::Silent | Does::Unread)
    }
}

impl Does {
    /// The answer in place of another one, if it does not depend on it.
    pub(super) fn answer(&self, names: &dyn Fn(&str) -> String) -> Option<Answer> {
        match self {
            Self::Answer(status, headers, body) => {
                let mut answer = Answer::new(*status);
                for header in headers {
                    let (name, value) = header.split_once(": ").expect("a header");
                    answer = answer.with(name, names(value));
                }
                answer.body = body.clone().into_bytes();
                Some(answer)
            }
            Self::Redirect(status, to) => Some(Answer::new(*status).with("Location", names(to))),
            _ => None,
        }
    }

    /// Changes an answer.
    pub(super) fn change(&self, answer: &mut Answer, names: &dyn Fn(&str) -> String) {
        let other = || format!("sha256:{}", "0".repeat(64));
        let mut set = |name: &str, value: String| {
            answer.headers.retain(|(known, _)| !known.eq_ignore_ascii_case(name));
            answer.headers.push((name.to_owned(), value));
        };
        match self {
            Self::Short(length) => {
                answer.body.truncate(*length);
            }
            Self::Long(more) => answer.body.extend(vec![b'x'; *more]),
            Self::Flip => {
                if let Some(byte) = answer.body.last_mut() {
                    *byte ^= 1;
                }
            }
            Self::OtherDigest | Self::StoreOther => set("Docker-Content-Digest", other()),
            Self::Location(to) => set("Location", names(to)),
            Self::OtherRange => set("Content-Range", format!("bytes 0-1/{}", answer.body.len())),
            _ => {}
        }
    }
}
