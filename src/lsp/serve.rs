//! [`serve`]: the threads of the server. One reads, one checks, one answers questions, and the caller's writes, so that it answers
//! while a check runs.

use super::found::Found;
use super::message::Incoming;
use super::session::{End, Question, Session};
use super::wire::{self, Broken};
use super::{Analyst, Asked, HoverText};
use crate::stack;
use gen_lsp_types::MessageType;
use std::fmt;
use std::io::{self, BufReader, Read, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::Duration;

/// How long nothing arrives before a check begins: somebody who types is not done yet.
const PAUSE: Duration = Duration::from_millis(150);

/// Why the server stopped without being asked to.
#[derive(Debug)]
pub(crate) enum Stopped {
    /// Nothing more can be read.
    Input(String),
    /// Nothing can be written, or no thread can be made.
    System(io::Error),
}

impl fmt::Display for Stopped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Input(why) => f.write_str(why),
            Self::System(error) => error.fmt(f),
        }
    }
}

impl From<io::Error> for Stopped {
    fn from(error: io::Error) -> Self {
        Self::System(error)
    }
}

/// What the server waits for.
enum Event {
    Message(Incoming),
    /// The end of the stream.
    End,
    Broken(Broken),
    /// The result of the check with this number; `None` if it broke off.
    Checked(u64, Option<Found>),
    /// The answer to a question; an error if it broke off.
    Answered(u64, Option<HoverText>, bool),
}

/// Serves one client until it says `exit`, or its stream ends.
///
/// # Errors
/// The stream is not that of a client, or cannot be written.
pub(crate) fn serve<A: Analyst>(
    analyst: &A,
    input: &mut (dyn Read + Send),
    out: &mut dyn Write,
) -> Result<End, Stopped> {
    let (events, inbox) = channel::<Event>();
    let (checks, to_check) = channel::<(u64, Asked)>();
    let (questions, to_answer) = channel::<Question>();
    // The number of the check that somebody waits for.
    let newest = &AtomicU64::new(0);
    // It owns what the threads wait for, so that they end with it.
    std::thread::scope(move |scope| {
        let (of_reader, of_checker) = (events.clone(), events.clone());
        stack::builder().spawn_scoped(scope, move || check(analyst, to_check, of_checker, newest))?;
        stack::builder().spawn_scoped(scope, move || answer(analyst, to_answer, events))?;
        std::thread::Builder::new().spawn_scoped(scope, move || listen(input, &of_reader))?;
        let end = work(analyst, &inbox, &checks, &questions, newest, out);
        // A check that runs is given up.
        newest.store(u64::MAX, Ordering::Relaxed);
        end
    })
}

/// Takes events, one after the other.
fn work<A: Analyst>(
    analyst: &A,
    inbox: &Receiver<Event>,
    checks: &Sender<(u64, Asked)>,
    questions: &Sender<Question>,
    newest: &AtomicU64,
    out: &mut dyn Write,
) -> Result<End, Stopped> {
    let mut session = Session::default();
    let mut number = 0;
    loop {
        let event = match session.is_due() {
            true => match inbox.recv_timeout(PAUSE) {
                Ok(event) => Some(event),
                Err(RecvTimeoutError::Timeout) => None,
                Err(RecvTimeoutError::Disconnected) => return Ok(End::Abrupt),
            },
            false => match inbox.recv() {
                Ok(event) => Some(event),
                Err(_) => return Ok(End::Abrupt),
            },
        };
        let mut end = None;
        match event {
            None => {
                number += 1;
                newest.store(number, Ordering::Relaxed);
                // The thread ends only after this one.
                let _ = checks.send((number, session.begin()));
            }
            Some(Event::Message(message)) => {
                end = session.receive(message);
                if session.is_due() {
                    // A check that runs is given up at once.
                    newest.store(number + 1, Ordering::Relaxed);
                }
            }
            Some(Event::End) => return Ok(End::Abrupt),
            Some(Event::Broken(broken)) => return Err(Stopped::Input(broken.to_string())),
            Some(Event::Checked(_, None)) => session.log(MessageType::Error, broke_off("the check")),
            Some(Event::Checked(of, Some(found))) => {
                if of == number {
                    session.checked(found);
                }
            }
            Some(Event::Answered(of, answer, is_whole)) => {
                if !is_whole {
                    session.log(MessageType::Error, broke_off("an answer"));
                }
                session.answered(of, answer);
            }
        }
        if let Some(folder) = session.enters.take() {
            analyst.enter(&folder);
        }
        for question in session.questions.drain(..) {
            let _ = questions.send(question);
        }
        for message in session.out.drain(..) {
            wire::write(out, message.content())?;
        }
        if let Some(end) = end {
            return Ok(end);
        }
    }
}

fn broke_off(what: &str) -> String {
    format!("{what} broke off: this is a bug in airtight")
}

/// Reads until the client says that nothing follows: then nobody waits for this thread, which cannot be interrupted.
fn listen(input: &mut (dyn Read + Send), events: &Sender<Event>) {
    let mut input = BufReader::new(input);
    loop {
        let event = match wire::read(&mut input) {
            Ok(Some(content)) => Event::Message(Incoming::of(&content)),
            Ok(None) => Event::End,
            Err(broken) => Event::Broken(broken),
        };
        let is_last = match &event {
            Event::Message(message) => message.is_exit(),
            _ => true,
        };
        if events.send(event).is_err() || is_last {
            return;
        }
    }
}

/// Checks what is asked, and nothing that is asked again in the meantime.
fn check<A: Analyst>(analyst: &A, asked: Receiver<(u64, Asked)>, events: Sender<Event>, newest: &AtomicU64) {
    let mut kept = A::Kept::default();
    while let Ok((mut number, mut next)) = asked.recv() {
        while let Ok(newer) = asked.try_recv() {
            (number, next) = newer;
        }
        let is_stale = || newest.load(Ordering::Relaxed) != number;
        let found = catch_unwind(AssertUnwindSafe(|| analyst.check(&next, &mut kept, &is_stale)));
        let event = match found {
            Ok(None) => continue,
            Ok(Some(found)) => Event::Checked(number, Some(found)),
            Err(_) => {
                kept = A::Kept::default();
                Event::Checked(number, None)
            }
        };
        if events.send(event).is_err() {
            return;
        }
    }
}

/// Answers questions in their order.
fn answer<A: Analyst>(analyst: &A, asked: Receiver<Question>, events: Sender<Event>) {
    while let Ok(Question { number, open, path, at }) = asked.recv() {
        let answer = catch_unwind(AssertUnwindSafe(|| analyst.hover(&open, &path, at)));
        let is_whole = answer.is_ok();
        if events.send(Event::Answered(number, answer.unwrap_or_default(), is_whole)).is_err() {
            return;
        }
    }
}
