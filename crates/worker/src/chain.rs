//! The chain: the ledger as a daemon sees it, and the blobs that jobs are made of.
//!
//! Law: bytes from a node are checked against the digest they were asked for before anybody
//! believes them.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use earnest_api::{Client, ClientError, JobFilter, JobStage, JobView, PageQuery, Receipt, Session};
use earnest_compute::{
    Input,
    paged::{chunks::CHUNK_BYTES, task::Input as PagedInput},
};
use earnest_protocol::{
    AccountId, Address, Command, Digest, JobId,
    command::{ProgramForm, Task},
};

use crate::material::Material;

/// How long a command may take to be in a block.
const WAIT: Duration = Duration::from_secs(20);

/// One account's view of a network.
#[derive(Debug)]
pub struct Chain {
    session: Session,
    /// The account's number.
    pub me: AccountId,
}

/// Why the chain did not give what was asked.
#[derive(Debug, thiserror::Error)]
pub enum ChainError {
    /// The node did not answer, or answered with a problem.
    #[error(transparent)]
    Node(#[from] ClientError),
    /// The rules refused a command.
    #[error("{0}")]
    Refused(Box<earnest_api::Refusal>),
    /// Bytes are not what their name says.
    #[error("the node's bytes are not {digest}")]
    Forged {
        /// What they were asked for as.
        digest: Digest,
    },
    /// Nobody stored the output, or not its list.
    #[error("the node has no list of the output {root}")]
    OutputMissing {
        /// Its root.
        root: Digest,
    },
    /// A file of ours cannot be written or read.
    #[error("a file failed: {0}")]
    File(std::io::Error),
    /// The key may not act for the account.
    #[error("{account} has not authorised the key {key}, or not any longer")]
    KeyNotAuthorised {
        /// Who signs.
        key: Address,
        /// For whom.
        account: Address,
    },
    /// A submitted command is in no block yet.
    #[error("the command is in no block yet")]
    Pending,
}

impl Chain {
    /// Learns who this account is on the node's network.
    ///
    /// # Errors
    /// If the node does not answer or has no such account, or that has not authorised the key.
    pub fn open(session: Session) -> Result<Chain, ChainError> {
        let account = session.client().account(&session.address())?;
        let key = session.signer().address();
        if session.on_behalf_of().is_some() && !account.keys.iter().any(|row| row.key == key) {
            return Err(ChainError::KeyNotAuthorised { key, account: account.address });
        }
        Ok(Chain { session, me: account.id })
    }

    /// The node.
    pub fn client(&self) -> &Client {
        self.session.client()
    }

    /// Who signs, and for which network.
    pub fn session(&self) -> &Session {
        &self.session
    }

    /// Sends a command and waits until a block holds it.
    ///
    /// # Errors
    /// If it was refused, or is in no block in time.
    pub fn send(&mut self, command: Command) -> Result<Receipt, ChainError> {
        let receipt = self.session.send_and_wait(command, WAIT)?;
        match receipt.refusal {
            Some(refusal) => Err(ChainError::Refused(Box::new(refusal))),
            None if receipt.height.is_none() => Err(ChainError::Pending),
            None => Ok(receipt),
        }
    }

    /// Sends commands one after the other and waits until a block holds each.
    ///
    /// # Errors
    /// As for [`send`](Chain::send); those before it are in a block then.
    pub fn send_all(&mut self, commands: impl Iterator<Item = Command>) -> Result<(), ChainError> {
        let sent: Result<Vec<Digest>, ChainError> =
            commands.map(|command| self.submit(command)).collect();
        let began = Instant::now();
        for hash in sent? {
            loop {
                let receipt = self.client().transaction(&hash)?;
                if let Some(refusal) = receipt.refusal {
                    return Err(ChainError::Refused(Box::new(refusal)));
                }
                if receipt.height.is_some() {
                    break;
                }
                if began.elapsed() > WAIT {
                    return Err(ChainError::Pending);
                }
                std::thread::sleep(Duration::from_millis(50));
            }
        }
        Ok(())
    }

    /// Sends a command and returns its name without waiting for a block.
    ///
    /// # Errors
    /// If the node does not take it.
    pub(crate) fn submit(&mut self, command: Command) -> Result<Digest, ChainError> {
        Ok(self.session.send(command)?.hash)
    }

    /// Forgets what was sent: the next nonce is asked for again.
    pub(crate) fn resync(&mut self) {
        self.session.resync();
    }

    /// Every job that is not closed.
    ///
    /// # Errors
    /// If the node does not answer.
    pub fn open_jobs(&self) -> Result<Vec<JobId>, ChainError> {
        let filter = JobFilter { stage: Some(JobStage::Open), ..JobFilter::default() };
        let mut jobs = Vec::new();
        let mut page = PageQuery { limit: Some(500), ..PageQuery::default() };
        // Twenty pages bound one pass; the next pass sees what changed.
        for _ in 0..20 {
            let piece = self.client().jobs(filter, &page)?;
            jobs.extend(piece.items.iter().map(|job| job.id));
            match piece.next_cursor {
                Some(cursor) => page.cursor = Some(cursor),
                None => break,
            }
        }
        jobs.sort_unstable();
        Ok(jobs)
    }

    /// One job.
    ///
    /// # Errors
    /// If the node does not answer.
    pub fn job(&self, id: JobId) -> Result<JobView, ChainError> {
        Ok(self.client().job(id)?)
    }

    /// A blob, checked.
    ///
    /// # Errors
    /// If it is not there, or not what its name says.
    pub fn blob(&self, digest: &Digest) -> Result<Vec<u8>, ChainError> {
        let bytes = self.client().blob(digest)?;
        if blake3::hash(&bytes).as_bytes() != &digest.0 {
            return Err(ChainError::Forged { digest: *digest });
        }
        Ok(bytes)
    }

    /// The program and input of a task, every byte checked.
    ///
    /// # Errors
    /// If something is not there, or not what its name says.
    pub(crate) fn material(&self, task: &Task) -> Result<Material, ChainError> {
        match task.form {
            ProgramForm::Stepwise => {
                let (program, input) = self.stepwise(task)?;
                Ok(Material::Steps { program, input: Arc::new(input) })
            }
            ProgramForm::Paged(_) => {
                let (module, input) = (self.published(&task.program)?, self.pages(task)?);
                Ok(Material::Paged { module, input })
            }
        }
    }

    fn stepwise(&self, task: &Task) -> Result<(Vec<u8>, Input), ChainError> {
        let program = self.blob(&task.program)?;
        let forged = || ChainError::Forged { digest: task.input_root };
        let mut chunks = Vec::new();
        if task.chunk_count > 0 {
            let digests = self.client().input(&task.input_root)?.chunks;
            for digest in &digests {
                chunks.push(self.blob(digest)?);
            }
        }
        let input = Input::new(chunks).map_err(|_| forged())?;
        if input.root().0 != task.input_root.0 || input.count() != task.chunk_count {
            return Err(forged());
        }
        Ok((program, input))
    }

    /// A program that the ledger itself holds, checked.
    ///
    /// # Errors
    /// If it is not there, or not what its name says.
    pub fn published(&self, program: &Digest) -> Result<Vec<u8>, ChainError> {
        let code = self.client().program_code(program)?;
        if blake3::hash(&code).as_bytes() != &program.0 {
            return Err(ChainError::Forged { digest: *program });
        }
        Ok(code)
    }

    /// What an ordinary program was prepared from, as the task's seed names it, checked; none if
    /// nobody keeps it.
    pub(crate) fn source(&self, task: &Task) -> Result<Option<Vec<u8>>, ChainError> {
        let missing = |error: ClientError| match error.is_not_found() {
            true => Ok(None),
            false => Err(ChainError::from(error)),
        };
        let names = match self.client().input(&task.seed) {
            Ok(list) => list.chunks,
            Err(error) => return missing(error),
        };
        let mut chunks = Vec::new();
        for name in &names {
            match self.client().blob(name) {
                Ok(chunk) => chunks.push(chunk),
                Err(error) => return missing(error),
            }
        }
        let forged = || ChainError::Forged { digest: task.seed };
        let input = Input::new(chunks).map_err(|_| forged())?;
        if input.root().0 != task.seed.0 {
            return Err(forged());
        }
        Ok(Some(input.chunks().concat()))
    }

    /// The input of an ordinary program's job, with the zeros behind it.
    fn pages(&self, task: &Task) -> Result<Vec<u8>, ChainError> {
        let forged = || ChainError::Forged { digest: task.input_root };
        let mut bytes = Vec::new();
        if task.chunk_count > 0 {
            let chunks = self.client().input(&task.input_root)?.chunks;
            if chunks.len() != usize::try_from(task.chunk_count).unwrap_or(usize::MAX) {
                return Err(forged());
            }
            for name in &chunks {
                let mut chunk = self.client().blob(name)?;
                if CHUNK_BYTES < chunk.len() {
                    return Err(forged());
                }
                // Zeros at its end are not kept.
                chunk.resize(CHUNK_BYTES, 0);
                bytes.append(&mut chunk);
            }
        }
        let input = PagedInput::new(bytes).ok_or_else(forged)?;
        if input.tree().root().0 != task.input_root.0 {
            return Err(forged());
        }
        Ok(input.bytes().to_vec())
    }
}
