//! Server-sent events: from bytes in any pieces to messages.
//!
//! Law: what comes out depends on the bytes alone, not on where they were cut; nothing is kept
//! beyond one bounded message.

/// Most bytes of one message.
const MESSAGE_BYTES_MAX: usize = 1024 * 1024;

/// One message of a stream.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SseMessage {
    /// The last `id` the stream gave.
    pub id: Option<String>,
    /// What kind of message, if the stream says so.
    pub event: Option<String>,
    /// Its lines of data.
    pub data: String,
}

/// Why a stream was given up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SseRejected {
    /// One message has more bytes than any of ours.
    #[error("a message of the event stream exceeds {max} bytes")]
    MessageTooLarge {
        /// The most that are kept.
        max: usize,
    },
    /// A line is not UTF-8.
    #[error("the event stream is not UTF-8")]
    NotUtf8,
}

/// Reads a stream piece by piece.
#[derive(Clone, Debug, Default)]
pub struct SseParser {
    line: Vec<u8>,
    /// The last byte was a carriage return: a line feed after it ends nothing.
    after_return: bool,
    message: SseMessage,
    has_data: bool,
}

impl SseParser {
    /// At the beginning of a stream.
    pub fn new() -> SseParser {
        SseParser::default()
    }

    /// The last `id` that the stream gave, with a message or without one: where to resume.
    pub fn last_id(&self) -> Option<&str> {
        self.message.id.as_deref()
    }

    /// Takes the next bytes and returns the messages they complete.
    ///
    /// # Errors
    /// Why the stream cannot be read; it must then be opened anew.
    pub fn push(&mut self, bytes: &[u8]) -> Result<Vec<SseMessage>, SseRejected> {
        let mut messages = Vec::new();
        for &byte in bytes {
            let after_return = core::mem::replace(&mut self.after_return, byte == b'\r');
            match byte {
                b'\n' if after_return => {}
                b'\n' | b'\r' => messages.extend(self.end_line()?),
                byte => {
                    let size = self.line.len().saturating_add(self.message.data.len());
                    if size >= MESSAGE_BYTES_MAX {
                        return Err(SseRejected::MessageTooLarge { max: MESSAGE_BYTES_MAX });
                    }
                    self.line.push(byte);
                }
            }
        }
        Ok(messages)
    }

    fn end_line(&mut self) -> Result<Option<SseMessage>, SseRejected> {
        let line = core::mem::take(&mut self.line);
        if line.is_empty() {
            return Ok(self.dispatch());
        }
        let line = String::from_utf8(line).map_err(|_| SseRejected::NotUtf8)?;
        let (name, value) = line.split_once(':').unwrap_or((&line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match name {
            "data" => {
                if self.has_data {
                    self.message.data.push('\n');
                }
                self.has_data = true;
                self.message.data.push_str(value);
            }
            "id" if !value.contains('\0') => self.message.id = Some(value.to_owned()),
            "event" => self.message.event = Some(value.to_owned()),
            // Comments, `retry` and what later servers may add.
            _ => {}
        }
        Ok(None)
    }

    /// An empty line ends a message; one without data is none.
    fn dispatch(&mut self) -> Option<SseMessage> {
        let id = self.message.id.clone();
        let message =
            core::mem::replace(&mut self.message, SseMessage { id, ..Default::default() });
        core::mem::take(&mut self.has_data).then_some(message)
    }
}
