//! Asking a node for the past.

use earnest_protocol::{Address, Epoch};

use super::{Client, ClientError};
use crate::{FlowsView, HistoryQuery, HistoryView, TransactionView, TxHash, routes};

/// Reading the past.
///
/// # Errors
/// Each method returns [`ClientError`]: nobody answers, the node says no, or the reply is not
/// what this API promises.
impl Client {
    /// Where money came from and went in an epoch; in the present one, if none is named.
    pub fn flows(&self, epoch: Option<Epoch>) -> Result<FlowsView, ClientError> {
        let asked = epoch.map_or_else(String::new, |epoch| format!("?epoch={epoch}"));
        self.get(&format!("{}{asked}", routes::FLOWS))
    }

    /// What one account went through, newest first, as far as the node can tell.
    pub fn account_history(
        &self,
        address: &Address,
        query: &HistoryQuery,
    ) -> Result<HistoryView, ClientError> {
        let HistoryQuery { cursor, limit, kinds } = query;
        let asked = [
            cursor.map(|cursor| format!("cursor={cursor}")),
            limit.map(|limit| format!("limit={limit}")),
            (!kinds.is_empty()).then(|| format!("kinds={}", kinds.join(","))),
        ];
        let asked: Vec<String> = asked.into_iter().flatten().collect();
        let mark = if asked.is_empty() { "" } else { "?" };
        self.get(&format!("{}{mark}{}", routes::account_history(address), asked.join("&")))
    }

    /// What a transaction in a block asked, and all that became of it. The node reads it from its
    /// log: to wait for a block, ask for the receipt.
    pub fn transaction_content(&self, hash: &TxHash) -> Result<TransactionView, ClientError> {
        self.get(&routes::transaction_content(hash))
    }
}
