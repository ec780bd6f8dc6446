//! What travels between a node and everybody else: signed commands in, views and events out.
//!
//! Key terms: a [`SignedTransaction`] is a command with the signature of its account; a *view* is
//! what a node shows of its state; a [`Refusal`] is a rule's "no" in words; a [`Session`] sends
//! the commands of one account.
//!
//! Laws: the identity of a transaction is the hash of its message, never of its signature; every
//! size is bounded before it is believed; a view is a pure function of the state.
//! Not here: rules (`earnest-protocol`), keys (`earnest-keys`), routing and storage
//! (`earnest-node`).
#![cfg_attr(test, allow(clippy::unwrap_used))]

pub mod catalogue;
mod client;
pub mod credits;
mod decimal;
mod event;
mod explain;
pub mod flows;
pub mod grants;
mod health;
mod hex_bytes;
pub mod openapi;
mod page;
mod past;
pub mod prices;
mod problem;
pub mod programs;
mod refusal;
pub mod routes;
pub mod schema;
mod session;
mod signing;
mod sse;
mod typed_data;
mod view;
pub mod views;
pub mod votes;
mod wire;
pub mod words;

pub use client::{Client, ClientError, Events, JobFilter, JobStage};
pub use credits::{Conversion, CreditEpoch, CreditFlows, CreditsView};
pub use decimal::{decimal, is_decimal, scaled};
pub use event::{EVENT_KINDS, EventId, EventRecord, InvalidEventId, kind_of};
pub use flows::{AssetFlowsView, FlowsView, MoveView, PlaceFlowsView, SumView};
pub use grants::{GrantView, GrantsView, ListView, ListedView};
pub use health::{BlockRetention, BlockRoom, HealthView, StorageView};
pub use page::{Order, Page, PageQuery, PageRejected, limit_of};
pub use past::{HistoryQuery, HistoryView, TransactionView};
pub use prices::{PricePostView, PriceRoundView, PricesView};
pub use problem::{CONTENT_TYPE as PROBLEM_CONTENT_TYPE, Problem};
pub use programs::{ProgramRoomView, ProgramView};
pub use refusal::Refusal;
pub use session::Session;
pub use signing::{
    DecodeRejected, SignedTransaction, TRANSACTION_BYTES_MAX, TxHash, identity, recover, sign,
    signing_hash,
};
pub use sse::{SseMessage, SseParser, SseRejected};
pub use typed_data::wallet_request;
pub use view::*;
pub use votes::{
    AppealView, BallotView, ChangeView, CouncilBallotView, ProposalView, SpendView,
    TreasuryPotView, TreasuryView,
};
pub use wire::{
    BlobReceipt, InputChunks, InputReceipt, KeepView, OutputChunks, OutputReceipt, QuoteRequest,
    Receipt, RoomView, SimulateRequest, Simulation, TxStatus,
};
