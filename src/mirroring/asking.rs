//! [`Asker`]: asks the mirror whether it has images, for the checks of a run.

use crate::error::{Error, ErrorKind};
use crate::fetching::nearest;
use crate::holdings::{Answer, Holds, Question, Version};
use crate::registry::{self, Client, Digest, Kind, Options, Repository, Watch};
use crate::runtime::{cannot_start, runtime};
use futures_util::StreamExt as _;
use futures_util::future::join_all;
use futures_util::stream::poll_fn;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::mpsc::{Sender, channel};
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};
use tokio::sync::{OnceCell, Semaphore};

/// How many questions are asked at a time.
const AT_A_TIME: usize = 8;

/// Asks the mirror, on a thread of its own: the checks of a run, in parallel, wait for it.
///
/// Each question is asked once. When a host turns out not to answer at all, it is left alone for the rest of the run.
pub(crate) struct Asker {
    asked: UnboundedSender<Asked>,
}

/// Questions, and who wants the answers.
struct Asked {
    questions: Vec<Question>,
    answers: Sender<Vec<Answer>>,
}

impl Asker {
    /// Starts the thread. Waits are told to `watch`.
    ///
    /// # Errors
    /// A certificate or a key cannot be used, or there is no thread.
    pub(crate) fn start(options: Options, watch: impl Watch + Send + 'static) -> Result<Self, Error> {
        let runtime = runtime()?;
        let (asked, mut questions) = unbounded_channel::<Asked>();
        let (ready, is_ready) = channel();
        std::thread::Builder::new()
            .spawn(move || {
                runtime.block_on(async {
                    let client = match Client::new(options, &watch) {
                        Ok(client) => client,
                        Err(error) => return drop(ready.send(Err(Error::input(error.to_string())))),
                    };
                    // Whoever started it may be gone already.
                    let _ = ready.send(Ok(()));
                    let holdings = Holdings::new(&client);
                    let questions = poll_fn(|context| questions.poll_recv(context));
                    let answered = questions.for_each_concurrent(None, async |asked: Asked| {
                        let answers = join_all(asked.questions.iter().map(|question| holdings.answer(question))).await;
                        let _ = asked.answers.send(answers);
                    });
                    answered.await;
                });
            })
            .map_err(|error| cannot_start(&error))?;
        is_ready.recv().unwrap_or_else(|_| Err(lost()))?;
        Ok(Self { asked })
    }
}

fn lost() -> Error {
    Error::new(ErrorKind::Resources, LOST)
}

const LOST: &str = "the check of the mirror broke off: this is a bug in airtight";

impl Holds for Asker {
    fn answers(&self, questions: &[Question]) -> Vec<Answer> {
        let (answers, arriving) = channel();
        // If the thread is gone, no answer arrives either.
        let _ = self.asked.send(Asked { questions: questions.to_vec(), answers });
        arriving.recv().unwrap_or_else(|_| vec![Answer::NotKnown(LOST.to_owned()); questions.len()])
    }
}

/// What is known of the mirror so far.
struct Holdings<'c> {
    client: &'c Client<'c>,
    answers: RefCell<BTreeMap<Question, Rc<OnceCell<Answer>>>>,
    /// The hosts that do not answer at all, and how that was found.
    silent: RefCell<BTreeMap<String, String>>,
    turns: Semaphore,
}

impl<'c> Holdings<'c> {
    fn new(client: &'c Client<'c>) -> Self {
        Self { client, answers: RefCell::default(), silent: RefCell::default(), turns: Semaphore::new(AT_A_TIME) }
    }

    async fn answer(&self, question: &Question) -> Answer {
        let known = self.answers.borrow_mut().entry(question.clone()).or_default().clone();
        let answer = known.get_or_init(async || {
            // It is never closed.
            let _turn = self.turns.acquire().await;
            if let Some(why) = self.silent.borrow().get(&question.registry) {
                return Answer::NotKnown(why.clone());
            }
            self.asked(question).await.unwrap_or_else(|error| self.not_known(question, &error))
        });
        answer.await.clone()
    }

    fn not_known(&self, question: &Question, error: &registry::Error) -> Answer {
        let is_of_host = matches!(
            error.kind(),
            Kind::Certificate
                | Kind::NoSuchHost
                | Kind::Unreachable
                | Kind::Timeout
                | Kind::TooManyRequests
                | Kind::Unavailable
        );
        let why = error.to_string();
        if !is_of_host {
            return Answer::NotKnown(why);
        }
        // One reason for all of its images, whichever failed first.
        let own = format!("{}/{}: cannot ", question.registry, question.repository);
        let why = why.strip_prefix(&own).and_then(|rest| Some(rest.split_once(": ")?.1)).unwrap_or(&why).to_owned();
        Answer::NotKnown(self.silent.borrow_mut().entry(question.registry.clone()).or_insert(why).clone())
    }

    async fn asked(&self, question: &Question) -> Result<Answer, registry::Error> {
        let repository = Repository { host: question.registry.clone(), path: question.repository.clone() };
        match &question.version {
            Version::Any => {
                let tags = self.client.tags(&repository).await?.unwrap_or_default();
                Ok(if tags.is_empty() { Answer::Missing { tagged: None, others: None } } else { Answer::There })
            }
            Version::Tag(tag) => Ok(match self.tagged(&repository, tag).await? {
                Some(_) => Answer::There,
                None => Answer::Missing { tagged: None, others: self.others(&repository, tag).await },
            }),
            Version::Digest { digest, tag } => self.digest(&repository, digest, tag.as_deref()).await,
        }
    }

    /// What a tag names; the inner `None` if the registry does not say.
    async fn tagged(&self, repository: &Repository, tag: &str) -> Result<Option<Option<Digest>>, registry::Error> {
        if let Some(head) = self.client.head_manifest(repository, tag).await? {
            return Ok(Some(head.digest));
        }
        // Some registries have no answer to HEAD, and some fetch what they do not have when it is read.
        Ok(self.client.manifest(repository, tag).await?.map(|manifest| Some(manifest.digest)))
    }

    async fn digest(
        &self,
        repository: &Repository,
        digest: &str,
        tag: Option<&str>,
    ) -> Result<Answer, registry::Error> {
        let wanted = Digest::parse(digest);
        let head = self.client.head_manifest(repository, digest).await?;
        let is_confirmed = head.is_some_and(|head| head.digest.is_some() && head.digest == wanted);
        // Only the bytes are certain if the registry names no digest, or another one.
        let is_there = is_confirmed
            || match self.client.manifest(repository, digest).await {
                Ok(manifest) => manifest.is_some(),
                Err(error) if error.kind() == Kind::WrongDigest => return Ok(Answer::Damaged(error.to_string())),
                Err(error) => return Err(error),
            };
        let tagged = match tag {
            // The digest decides what is pulled.
            Some(tag) => self.tagged(repository, tag).await.unwrap_or(Some(None)),
            None => None,
        };
        Ok(match (is_there, tag, tagged) {
            (true, Some(_), None) => Answer::ThereWithoutTag(None),
            (true, Some(_), Some(Some(other))) if Some(&other) != wanted.as_ref() => {
                Answer::ThereWithoutTag(Some(other.to_string()))
            }
            (true, ..) => Answer::There,
            (false, _, Some(Some(other))) => Answer::Missing { tagged: Some(other.to_string()), others: None },
            (false, ..) => {
                Answer::Missing { tagged: None, others: self.others(repository, tag.unwrap_or_default()).await }
            }
        })
    }

    /// The versions that the mirror has, for a message only.
    async fn others(&self, repository: &Repository, wanted: &str) -> Option<String> {
        let tags = self.client.tags(repository).await.ok().flatten()?;
        nearest(wanted, tags.iter().map(String::as_str))
    }
}
