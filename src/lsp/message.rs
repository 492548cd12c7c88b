//! [`Incoming`]: a message of the client, and the messages that the server sends.

use gen_lsp_types::json_rpc::{Error, Id, RequestObject, ResponseObject};
use gen_lsp_types::{ErrorCodes, Notification, Request};
use serde::Serialize;
use serde_json::Value;

/// A message of the client.
#[derive(Debug)]
pub(super) enum Incoming {
    /// A request, which must be answered.
    Request { id: Id, method: String, params: Value },
    /// A notification.
    Notification { method: String, params: Value },
    /// An answer to a request of ours.
    Response,
    /// No message: what to answer.
    Wrong(Outgoing),
}

/// A message to the client, as JSON.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Outgoing(String);

impl Incoming {
    /// Reads the content of a message.
    pub(super) fn of(content: &[u8]) -> Self {
        let value: Value = match serde_json::from_slice(content) {
            Ok(value) => value,
            Err(error) => {
                return Self::Wrong(Outgoing::error(Id::Null, ErrorCodes::ParseError, &format!("no JSON: {error}")));
            }
        };
        let is_answer =
            value.get("method").is_none() && (value.get("result").is_some() || value.get("error").is_some());
        if is_answer {
            return Self::Response;
        }
        let id = value.get("id").and_then(|id| serde_json::from_value(id.clone()).ok()).unwrap_or(Id::Null);
        let wrong = |why: &str| Self::Wrong(Outgoing::error(id.clone(), ErrorCodes::InvalidRequest, why));
        if value.get("method").is_none() {
            return wrong("a message is an object with a method");
        }
        match serde_json::from_value::<RequestObject>(value) {
            Err(error) => wrong(&format!("no request of JSON-RPC 2.0: {error}")),
            Ok(request) => {
                let (method, id, params) = request.into_parts();
                let params = params.unwrap_or(Value::Null);
                match id {
                    Some(id) => Self::Request { id, method, params },
                    None => Self::Notification { method, params },
                }
            }
        }
    }

    /// Whether nothing follows.
    pub(super) fn is_exit(&self) -> bool {
        matches!(self, Self::Notification { method, .. } if method == "exit")
    }
}

impl Outgoing {
    /// The JSON.
    pub(super) fn content(&self) -> &str {
        &self.0
    }

    /// The answer to a request.
    pub(super) fn answer<R: Request>(id: Id, result: R::Result) -> Self {
        Self::of(&ResponseObject::from_success::<R>(id, result))
    }

    /// The answer that a request failed.
    pub(super) fn error(id: Id, code: ErrorCodes, why: &str) -> Self {
        Self::of(&ResponseObject::from_error(id, Error { code, message: why.to_owned(), data: None }))
    }

    /// A notification.
    pub(super) fn notification<N: Notification>(params: N::Params) -> Self {
        Self::of(&RequestObject::from_notification::<N>(params))
    }

    /// A request to the client.
    pub(super) fn request<R: Request>(id: &str, params: R::Params) -> Self {
        Self::of(&RequestObject::from_request::<R>(Id::String(id.to_owned()), params))
    }

    fn of(message: &impl Serialize) -> Self {
        // Our own types have no map with other keys than texts.
        Self(serde_json::to_string(message).unwrap_or_default())
    }
}
