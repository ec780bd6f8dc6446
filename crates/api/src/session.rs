//! A session: one account, or a key that acts for it, that sends commands to one node.
//!
//! Law: a command is sent at most once per nonce; when the node disagrees about the nonce, the
//! session asks, and first whether the command did arrive.

use std::time::Duration;

use earnest_keys::Signer;
use earnest_protocol::{Address, Blocks, Command, Digest, Transaction};

use crate::{Client, ClientError, Problem, Receipt, SignedTransaction, Simulation, sign};

/// Blocks that a transaction stays valid.
const VALID_BLOCKS: Blocks = Blocks::new(100);
/// Tries with a fresh nonce before giving up.
const TRIES: u32 = 4;

/// One account, or a key that acts for it, that sends commands to one node.
#[derive(Debug)]
pub struct Session {
    client: Client,
    signer: Signer,
    network: Digest,
    /// Whose key the signer is, if it acts for another account than its own.
    on_behalf_of: Option<Address>,
    /// None when it must be asked for.
    next_nonce: Option<u64>,
}

impl Session {
    /// Learns the node's network and begins.
    ///
    /// # Errors
    /// If the node does not answer.
    pub fn open(client: Client, signer: Signer) -> Result<Session, ClientError> {
        let network = client.head()?.network;
        Ok(Session { client, signer, network, on_behalf_of: None, next_nonce: None })
    }

    /// The same for a key that acts on behalf of `account`; its own account if that is its address.
    ///
    /// # Errors
    /// If the node does not answer. Whether the key is authorised shows when it sends.
    pub fn open_for(
        client: Client,
        signer: Signer,
        account: Option<Address>,
    ) -> Result<Session, ClientError> {
        let on_behalf_of = account.filter(|account| *account != signer.address());
        Ok(Session { on_behalf_of, ..Session::open(client, signer)? })
    }

    /// The node.
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// Who signs.
    pub fn signer(&self) -> &Signer {
        &self.signer
    }

    /// The address of the account that commands are of: the signer's, or the one it acts for.
    pub fn address(&self) -> Address {
        self.on_behalf_of.unwrap_or_else(|| self.signer.address())
    }

    /// The account that the signer acts for, if that is not its own.
    pub fn on_behalf_of(&self) -> Option<Address> {
        self.on_behalf_of
    }

    /// What `command` would do if this session sent it now.
    ///
    /// # Errors
    /// If the node does not answer.
    pub fn simulate(&self, command: Command) -> Result<Simulation, ClientError> {
        self.client.simulate(self.signer.address(), self.on_behalf_of, command)
    }

    /// The network that signatures bind.
    pub fn network(&self) -> &Digest {
        &self.network
    }

    /// Forgets the nonce, to ask again before the next command.
    pub fn resync(&mut self) {
        self.next_nonce = None;
    }

    /// Signs and submits a command.
    ///
    /// # Errors
    /// If the node does not answer or refuses the transaction. After an error without a problem
    /// it is not known whether the command arrived.
    pub fn send(&mut self, command: Command) -> Result<Receipt, ClientError> {
        let mut command = Some(command);
        let mut refused = None;
        for _ in 0..TRIES {
            let Some(asked) = command.take() else { break };
            let signed = self.sign(asked)?;
            match self.client.submit(&signed) {
                Ok(receipt) => {
                    self.next_nonce = signed.transaction.nonce.checked_add(1);
                    return Ok(receipt);
                }
                Err(error) => {
                    self.next_nonce = None;
                    if error.problem().is_none_or(|problem| problem.status != 409) {
                        return Err(error);
                    }
                    // Perhaps the first of two tries did arrive and took the nonce itself.
                    if let Ok(receipt) =
                        self.client.transaction(&signed.hash(&self.network, &self.signer.address()))
                    {
                        return Ok(receipt);
                    }
                    refused = Some(error);
                    command = Some(signed.transaction.command);
                }
            }
        }
        Err(refused.expect("the loop ends early only with a result, and runs at least once"))
    }

    /// Signs and submits a command and waits until it is final.
    ///
    /// # Errors
    /// As for [`send`](Session::send); `TimedOut` if it is not final after `deadline`.
    pub fn send_and_wait(
        &mut self,
        command: Command,
        deadline: Duration,
    ) -> Result<Receipt, ClientError> {
        let receipt = self.send(command)?;
        self.client.wait(receipt, deadline)
    }

    fn sign(&mut self, command: Command) -> Result<SignedTransaction, ClientError> {
        let head = self.client.head()?;
        if head.network != self.network {
            let detail = format!("This node now serves {}, not {}", head.network, self.network);
            let hint = "The network was reset or the node replaced: open a new session.";
            return Err(Problem::new(409, "session/network-changed", detail, hint).into());
        }
        let nonce = match self.next_nonce {
            Some(nonce) => nonce,
            None => self.nonce()?,
        };
        let valid_until = head.height.after(VALID_BLOCKS);
        let on_behalf_of = self.on_behalf_of;
        let transaction = Transaction { nonce, valid_until, command, on_behalf_of };
        Ok(sign(&self.signer, &self.network, transaction))
    }

    /// The nonce to sign next, as the node sees it; 0 for an address without an account, and for a
    /// key that is not authorised: the node says what is wrong when it is used.
    ///
    /// # Errors
    /// If the node does not answer.
    pub fn nonce(&self) -> Result<u64, ClientError> {
        match self.client.account(&self.address()) {
            Ok(account) if self.on_behalf_of.is_none() => Ok(account.next_nonce),
            Ok(account) => {
                let signer = self.signer.address();
                let row = account.keys.iter().find(|row| row.key == signer);
                Ok(row.map_or(0, |row| row.next_nonce))
            }
            Err(error) if error.is_not_found() => Ok(0),
            Err(error) => Err(error),
        }
    }
}
