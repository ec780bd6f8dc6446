//! Views: what a node shows of its state.
//!
//! Law: names are those of the rules; amounts are decimal strings of base units, ratios parts per
//! billion, heights and identifiers numbers; every account comes with its address.
//! Not here: how a view is made (`views`).

use earnest_protocol::{
    AccountId, Address, Amount, Asset, AssignmentId, Blocks, DelegationId, Digest, Ending, Epoch,
    ExitId, Factor, Gas, Height, JobId, MoveId, OperatorId, ParamsVersion, Ratio, RawParams, Role,
    SlashId, UnbondingId,
    access::Tier,
    command::{DataItem, Node, PauseLane, PostJob, ResourceClass, Scope},
    insurance::CoverQuote,
    ledger::{Assets, AssignmentPot, JobPot},
    market::{BidState, CloseReason, Closed, JobCounts, Outcome, Phase},
    slashing::{Claims, Offence, SlashState},
    staking::{ActiveSet, SetPlace, Standing},
    verification::{BoundTerms, Ended, Quote, SealedResult, SeatState, Seating, Seed, Turn},
};
use serde::{Deserialize, Serialize};

use crate::{GrantView, TxHash};

/// An account by both its names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountRef {
    /// Its number.
    pub id: AccountId,
    /// Who signs for it.
    pub address: Address,
}

/// One account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountView {
    /// Its number.
    pub id: AccountId,
    /// Who signs for it.
    pub address: Address,
    /// What it has at its disposal of the asset that pays.
    pub free: Amount,
    /// What it has at its disposal of the asset that is bonded, where that is another.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub free_stake: Option<Amount>,
    /// Credits that it earned by work and may redeem, where that bounds it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub earned: Option<Amount>,
    /// What the genesis granted it, if it did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grant: Option<GrantView>,
    /// Transactions in blocks: the nonce of the next, if none is pending.
    pub nonce: u64,
    /// The nonce to sign next, after what is pending at this node.
    pub next_nonce: u64,
    /// Its provider bond, if it has one.
    pub provider: Option<OperatorId>,
    /// Its validator bond, if it has one.
    pub validator: Option<OperatorId>,
    /// Its replica bond, if it has one.
    pub replica: Option<OperatorId>,
    /// Its access stake, if it has any.
    pub access: Option<OperatorId>,
    /// What a job that it posted now would have of that, where the network has tiers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tier: Option<TierView>,
    /// Keys that may act on its behalf.
    #[serde(default)]
    pub keys: Vec<KeyView>,
}

/// What an account's access stake gives a job that it posts now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TierView {
    /// Its tier; 0 if it has none.
    pub tier: u8,
    /// What of each take comes back, of the part that does not burn.
    pub discount: Ratio,
    /// The tier above, and what it asks for, if there is one.
    pub next: Option<Tier>,
}

/// A key that may act on an account's behalf.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyView {
    /// Who signs.
    pub key: Address,
    /// What it may ask.
    pub scope: Scope,
    /// The last height at which it may ask anything.
    pub expires: Height,
    /// The most that it may take from the account's free money, fees included.
    pub spend_max: Amount,
    /// What it has taken of that.
    pub spent: Amount,
    /// The nonce of its next transaction, if none is pending.
    pub nonce: u64,
    /// The nonce to sign next, after what is pending at this node.
    pub next_nonce: u64,
}

/// One role of one account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OperatorView {
    /// Its number.
    pub id: OperatorId,
    /// Whose it is.
    pub account: AccountRef,
    /// What its bond is for.
    pub role: Role,
    /// May it take new work?
    pub standing: Standing,
    /// True if it may: fit, and in its active set.
    pub may_work: bool,
    /// True if its standing and its stake let it work: then it may do what it took on, in its
    /// active set or not.
    pub is_fit: bool,
    /// Where it stands towards its active set.
    pub place: SetPlace,
    /// That set: those of its role and class with the largest own stakes, if the network limits
    /// them.
    pub active_set: ActiveSet,
    /// All it has at risk: free bond and locks.
    pub stake: Amount,
    /// The part that backs nothing right now.
    pub free_bond: Amount,
    /// The part that backs open jobs.
    pub locked: Amount,
    /// The part that may leave: the free bond, less what the leading replica's backs of the audits
    /// that a withheld beacon would ask for, and at most what its lock leaves of the stake.
    pub unbondable: Amount,
    /// What its owner locked, if it did.
    pub lock: Option<LockView>,
    /// What its own stake would weigh in a vote that began now, with what its lock adds; 0 if it
    /// would have no say.
    pub vote_weight: Amount,
    /// The least stake with which it may take new work.
    pub stake_min: Amount,
    /// The stake that draws and shares count: 0 while it may not work.
    pub weight: Amount,
    /// What auctions see, in parts per billion.
    pub score: Ratio,
    /// Were its results right? In parts per billion.
    pub correctness: Ratio,
    /// Were they in time? In parts per billion.
    pub timeliness: Ratio,
    /// Was it there when it had to be? In parts per billion; a whole where silence counts as
    /// lateness. The score is the product of the three and of what ratings leave.
    pub availability: Ratio,
    /// What bad ratings left of its score: a whole without any, or where none count.
    pub ratings: Ratio,
    /// The score without ratings, which collateral follows.
    pub proven: Ratio,
    /// What it was paid for and has not lost by a conviction, faded.
    pub carried: Amount,
    /// The most that a job posted now may be worth for it to bid: ceiling and outside gain
    /// together; none if it may bid on any.
    pub job_value_max: Option<Amount>,
    /// Count of offences as of `strikes_at`, in parts per billion of one.
    pub strikes: Factor,
    /// When `strikes` was last faded.
    pub strikes_at: Epoch,
    /// Shares of slashes that it may collect, as a validator.
    pub judge_accrued: Amount,
    /// What it earned by emission and has not collected.
    pub rewards: RewardsView,
    /// Its queue of withdrawals, oldest first.
    pub unbondings: Vec<UnbondingView>,
    /// When what is unbonded now is paid out at the earliest.
    pub unbond_matures: Epoch,
    /// When all that may leave would be, if it were unbonded now; later where exits queue.
    pub unbond_all_matures: Epoch,
    /// What others delegated to it, and on which terms they do.
    pub delegations: DelegationTerms,
}

/// What of its stake an operator's owner promised not to take out before an epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LockView {
    /// So much; a slash may have left less.
    pub amount: Amount,
    /// What of it is there.
    pub there: Amount,
    /// The epoch whose opening ends it.
    pub until: Epoch,
}

/// What an operator earned by emission and has not collected, as it stands now.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RewardsView {
    /// The most that its work of this epoch attracts; paid for once the epoch is over.
    pub claim: Amount,
    /// What it may collect, its delegators' part included.
    pub ready: Amount,
    /// What has not vested: a slash takes it first.
    pub unvested: Amount,
    /// Piece by piece, when.
    pub vesting: Vec<VestingView>,
}

/// What vests evenly from one epoch to another; at once, if they are one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VestingView {
    /// Nothing of it may be collected before.
    pub begins: Epoch,
    /// All of it may be collected then.
    pub ends: Epoch,
    /// What has not vested yet.
    pub amount: Amount,
}

/// What one account delegated to one operator.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DelegationView {
    /// Its number.
    pub id: DelegationId,
    /// Whose it is.
    pub delegator: AccountRef,
    /// To whom it is delegated.
    pub operator: OperatorId,
    /// Whose operator that is.
    pub account: AccountRef,
    /// Of which role.
    pub role: Role,
    /// What is in the operator's pool, in base units, rounded down.
    pub delegated: Amount,
    /// What it earned and was not paid, in base units of the asset that pays, rounded down.
    pub earned: Amount,
    /// What leaves or has matured, oldest first.
    pub leaving: Vec<LeavingView>,
    /// What moved here and answers for another operator, too, oldest first.
    pub moved: Vec<MovedView>,
}

/// A part of a delegation that moved here from another operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MovedView {
    /// The parcel that it shares.
    pub parcel: MoveId,
    /// What is left of it, in base units, rounded down.
    pub amount: Amount,
    /// Whom it left.
    pub source: OperatorId,
    /// From this epoch on it is free; until then it moves no further and cannot leave.
    pub matures: Epoch,
}

/// A part of a delegation that leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeavingView {
    /// The exit that it shares.
    pub exit: ExitId,
    /// What is left of it, in base units, rounded down.
    pub amount: Amount,
    /// From this epoch on it may be withdrawn; until then a slash may reach it.
    pub matures: Epoch,
}

/// On which terms an operator takes delegations, and what it has of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DelegationTerms {
    /// All that others delegated to it and that is not leaving, what moves to it included.
    pub delegated: Amount,
    /// What of theirs leaves and has not matured.
    pub leaving: Amount,
    /// The most that may be delegated; who would exceed it cannot join.
    pub max: Amount,
    /// What they earned and were not paid.
    pub earned: Amount,
    /// What the operator keeps of its pay before they share in it, in parts per billion; while that
    /// is everything, nothing joins.
    pub commission: Ratio,
    /// The most that it ever will, in parts per billion.
    pub commission_ceiling: Ratio,
    /// The most that it can be after its next change, in parts per billion.
    pub commission_next_max: Ratio,
    /// The epoch from which on it may change.
    pub commission_changeable: Epoch,
    /// The largest share of what is delegated that one offence would take now, in parts per
    /// billion, were nothing left of the operator's own free bond. Jobs that are open follow the
    /// parameters that they began with.
    pub loss_max: Ratio,
    /// Slashes of the operator that may still be undone; while there are any, nothing joins.
    pub slashes_waiting: u32,
    /// When what begins to leave now may be withdrawn at the earliest.
    pub matures: Epoch,
    /// When all that is delegated might be, if it began to leave now; later where exits queue.
    pub all_matures: Epoch,
}

/// One entry of the unbonding queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnbondingView {
    /// Its number.
    pub id: UnbondingId,
    /// What will be paid out, unless it is slashed.
    pub amount: Amount,
    /// When it was queued.
    pub queued_at: Height,
    /// When it is paid out.
    pub matures: Epoch,
}

/// A job as lists show it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobSummary {
    /// Its number.
    pub id: JobId,
    /// Who pays.
    pub requester: AccountRef,
    /// When it was posted.
    pub posted_at: Height,
    /// Where it stands.
    pub phase: Phase,
    /// The last height of this phase.
    pub until: Height,
    /// Hash of the program.
    pub program: Digest,
    /// How many steps are asked for.
    pub steps: u64,
    /// Most gas of all steps together.
    pub gas_bound: Gas,
    /// On which hardware.
    pub class: ResourceClass,
    /// The most the requester pays.
    pub price_max: Amount,
    /// What a provider locks at no discount.
    pub collateral: Amount,
    /// The chance that a wrong result is convicted.
    pub detection: Ratio,
    /// Offers so far; 0 once one is taken up, or closed.
    pub bid_count: u32,
    /// Who does it, and for how much.
    pub provider: Option<AccountRef>,
    /// What the provider is paid for all steps in time.
    pub price: Option<Amount>,
    /// Disputes that have not ended.
    pub open_disputes: u32,
    /// What became of it.
    pub outcome: Option<Outcome>,
    /// Why.
    pub reason: Option<CloseReason>,
    /// The result's last state, if there is a result: a mark, if the program stopped by itself.
    pub output: Option<Digest>,
    /// How an ordinary program ended, once its result is open.
    pub ending: Option<Ending>,
}

/// Everything about one job.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobView {
    /// Its number.
    pub id: JobId,
    /// Who pays.
    pub requester: AccountRef,
    /// The version of the parameters it is judged by.
    pub params: ParamsVersion,
    /// The tier of access that it was posted with; 0 if none.
    #[serde(default)]
    pub tier: u8,
    /// When it was posted.
    pub posted_at: Height,
    /// What was asked.
    pub terms: PostJob,
    /// Where it stands.
    pub phase: Phase,
    /// The last height of this phase.
    pub until: Height,
    /// Offers, by slot in order of arrival; emptied when one is taken up, or the job closes.
    pub bids: Vec<BidView>,
    /// Slots of the opened bids that may still win, best first.
    pub ranks: Vec<u8>,
    /// To whom the job is offered now, while it is.
    pub offered_to: Option<AccountRef>,
    /// The winner's obligation, once accepted.
    pub assignment: Option<AssignmentView>,
    /// The winner.
    pub provider: Option<AccountRef>,
    /// How it ended.
    pub closed: Option<Closed>,
    /// What its pots hold; nothing once closed.
    pub pots: Vec<PotView>,
    /// What the quote was computed from.
    pub bound: BoundTerms,
    /// What was quoted when it was posted.
    pub quote: Quote,
    /// What insuring it comes to, while it may be.
    pub cover: Option<CoverQuote>,
    /// Blocks that auditors have for their verdicts.
    pub audit_blocks: Blocks,
    /// What an auditor's seat locks.
    pub audit_lock: Amount,
    /// What stands behind a challenge of its result, in base units.
    pub challenge_deposit: Amount,
    /// The provider's result.
    pub result: Option<SealedResult>,
    /// The seed of the draw of auditors.
    pub seed: Seed,
    /// How often silent seats were drawn again.
    pub round: u8,
    /// The auditors.
    pub seats: Vec<SeatView>,
    /// Nodes that the provider disclosed; emptied when the job closes.
    pub opened: Vec<OpenedNode>,
    /// Every dispute, open or ended.
    pub disputes: Vec<DisputeView>,
    /// Every request for bytes; emptied when the job closes.
    pub requests: Vec<DataRequestView>,
    /// The requester has the output.
    pub receipt: bool,
}

/// One operator's obligation to do a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AssignmentView {
    /// Its number.
    pub id: AssignmentId,
    /// The bid that won.
    pub slot: u8,
    /// Which bond is behind it.
    pub operator: OperatorId,
    /// Whose it is.
    pub account: AccountId,
    /// What is paid for all steps in time.
    pub price: Amount,
    /// What abandoning costs.
    pub exit_cost: Amount,
    /// When it was accepted.
    pub accepted_at: Height,
    /// The deadline; a result after it is late.
    pub due: Height,
}

/// One offer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BidView {
    /// Its place.
    pub slot: u8,
    /// Which bond is behind it.
    pub operator: OperatorId,
    /// Whose it is.
    pub account: AccountRef,
    /// What was sealed.
    pub seal: Digest,
    /// What became of it.
    pub state: BidState,
}

/// A pot of a job, or of the one assignment of it that may hold anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum AnyPot {
    /// Of the job.
    Job(JobPot),
    /// Of its assignment.
    Assignment(AssignmentPot),
}

/// What one pot of a job or of its assignment holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PotView {
    /// Which pot.
    pub pot: AnyPot,
    /// What it holds.
    pub amount: Amount,
}

/// One auditor's place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SeatView {
    /// Its place.
    pub seat: u8,
    /// Which bond is behind it; none while vacant.
    pub operator: Option<OperatorId>,
    /// Who sits there.
    pub account: Option<AccountRef>,
    /// How it came to sit there.
    pub seating: Seating,
    /// What it is paid.
    pub pay: Amount,
    /// What it has done.
    pub state: SeatState,
}

/// A node of the commitment tree that the provider disclosed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenedNode {
    /// Which node.
    pub node: Node,
    /// Its children, left to right.
    pub children: Vec<Digest>,
}

/// One challenger's game.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DisputeView {
    /// Who says that the result is wrong.
    pub challenger: AccountRef,
    /// The pot of the money behind that: the lock of the seat whose verdict dissents, or a deposit.
    pub lock: AssignmentPot,
    /// The node in dispute; at the tree's depth, the leaf.
    pub node: Node,
    /// The disputed leaf, once the game is there.
    pub leaf: Option<u64>,
    /// Whose move it is.
    pub turn: Turn,
    /// The last height at which that side may move.
    pub until: Height,
    /// What is left of the accused's clock.
    pub accused_left: Blocks,
    /// What is left of the challenger's clock.
    pub challenger_left: Blocks,
    /// Moves made by both.
    pub moves: u32,
    /// How it ended.
    pub ended: Option<Ended>,
}

/// A request for bytes on the ledger.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DataRequestView {
    /// Who asked.
    pub asker: AccountRef,
    /// For what.
    pub item: DataItem,
    /// Who must produce it.
    pub answerable: AccountRef,
    /// By when.
    pub until: Height,
    /// It was produced.
    pub served: bool,
}

/// Stake taken from one operator for one offence.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SlashView {
    /// Its number.
    pub id: SlashId,
    /// What for.
    pub offence: Offence,
    /// From which bond.
    pub operator: OperatorId,
    /// From whom.
    pub account: AccountRef,
    /// In which role.
    pub role: Role,
    /// About which job.
    pub job: JobId,
    /// What was taken and is not yet paid out; 0 once executed.
    pub pending: Amount,
    /// When it is paid out.
    pub state: SlashState,
    /// Who was injured, by how much at most, and who reported it.
    pub claims: Claims,
}

/// One block.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BlockView {
    /// Its place.
    pub height: Height,
    /// Its hash.
    pub hash: Digest,
    /// The hash of the block before.
    pub parent: Digest,
    /// Its time, in milliseconds since the Unix epoch.
    pub time_ms: u64,
    /// Its epoch.
    pub epoch: Epoch,
    /// What the leading replica showed; none if withheld.
    pub beacon: Option<Digest>,
    /// The root of the state after it.
    pub state_root: Digest,
    /// What a unit of weight of an ordinary transaction cost in it; a transfer weighs 1.
    pub base_fee: Amount,
    /// Its transactions, in order.
    pub transactions: Vec<TxHash>,
    /// How many events it has.
    pub event_count: u32,
    /// True if it stays.
    pub is_final: bool,
}

/// Where the chain is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeadView {
    /// The digest of the genesis: what signatures and seals bind.
    pub network: Digest,
    /// The last block.
    pub height: Height,
    /// The last block that stays.
    pub final_height: Height,
    /// Its epoch.
    pub epoch: Epoch,
    /// Its time, in milliseconds since the Unix epoch.
    pub time_ms: u64,
    /// What a unit of weight of an ordinary transaction costs; a transfer weighs 1.
    pub base_fee: Amount,
}

/// Everything about the network as a whole.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NetworkView {
    /// A name for people.
    pub name: String,
    /// The digest of the genesis: what signatures and seals bind.
    pub network: Digest,
    /// The last block.
    pub height: Height,
    /// Its epoch.
    pub epoch: Epoch,
    /// The first block of that epoch.
    pub epoch_first: Height,
    /// Its time, in milliseconds since the Unix epoch.
    pub time_ms: u64,
    /// What a unit of weight of an ordinary transaction costs; a transfer weighs 1.
    pub base_fee: Amount,
    /// The root of the state after it.
    pub state_root: Digest,
    /// The parameters in force.
    pub params: RawParams,
    /// Which assets there are.
    pub assets: Assets,
    /// Where all money is; of two assets, that which is bonded.
    pub supply: SupplyView,
    /// The same of the asset that pays, where that is another.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub supply_payment: Option<SupplyView>,
    /// What it emits.
    pub emission: EmissionView,
    /// Who guards it until its stake does alone.
    #[serde(default)]
    pub guard: GuardView,
    /// The providers that may take new work, and what takes a place among them.
    #[serde(default)]
    pub provider_set: ActiveSet,
    /// The validators that may be drawn, and what takes a place among them.
    #[serde(default)]
    pub validator_set: ActiveSet,
    /// How many there are of what.
    pub counts: CountsView,
    /// Does the money add up?
    pub conservation: ConservationView,
}

/// Who guards a network until its stake does alone.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct GuardView {
    /// Who decides: 0 the council proposes and may veto, and decides appeals; 1 it may veto; 2
    /// stake alone.
    pub phase: u8,
    /// The council's members; none without one.
    pub council: Vec<AccountRef>,
    /// How many of them speak for it.
    pub threshold: u8,
    /// Who may pause lanes, if somebody may.
    pub guardian: Option<GuardianView>,
    /// What is paused.
    pub paused: Vec<PausedView>,
}

/// Who may pause lanes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GuardianView {
    /// Whose account.
    pub account: AccountRef,
    /// The height from which it may not.
    pub sunset: Height,
}

/// A lane that is paused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PausedView {
    /// What is stopped.
    pub lane: PauseLane,
    /// The first block that is not.
    pub until: Height,
}

/// What a network emits; its schedule is among the parameters, in `rewards`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct EmissionView {
    /// All that was ever emitted.
    pub emitted: Amount,
    /// The rate of the last epoch, a share of the supply a year, as a decimal number; none if the
    /// schedule has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate: Option<String>,
    /// How many epochs of its goal are reached, as a decimal number; none if the schedule has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reached: Option<String>,
    /// What is left of the schedule after its cut, as a decimal number; none if none is made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kept: Option<String>,
    /// What paid work of this epoch may attract at most, all together.
    pub claims: Amount,
}

/// Where all money of one asset is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SupplyView {
    /// All money ever issued.
    pub issued: Amount,
    /// All money ever burnt.
    pub burnt: Amount,
    /// The difference: all there is.
    pub total: Amount,
    /// At risk in bonds and locks.
    pub stake: Amount,
    /// The network's own.
    pub treasury: Amount,
    /// What insures requesters, and is not promised to any.
    pub insurance: Amount,
    /// What is promised to requesters, of open jobs and of slashes that wait.
    pub covers: Amount,
    /// Shares of slashes that belong to the validators, who judge.
    pub judges: Amount,
    /// What operators earned by emission and have not collected.
    pub rewards: Amount,
    /// What the genesis granted and listed, and nobody has claimed.
    #[serde(default)]
    pub granted: Amount,
}

/// How many there are of what.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CountsView {
    /// Accounts.
    pub accounts: u64,
    /// Providers, whatever their standing.
    pub providers: u64,
    /// Providers that may take new work.
    pub providers_active: u64,
    /// Validators, whatever their standing.
    pub validators: u64,
    /// Validators that may take new work.
    pub validators_active: u64,
    /// Slashes ever; those paid out some time ago have left the state.
    pub slashes: u64,
    /// Jobs, by what became of them.
    pub jobs: JobCounts,
}

/// Does the money add up?
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConservationView {
    /// The asset whose sums these are: the one that does not add up, if one does not.
    pub asset: Asset,
    /// True if all pots sum to `expected`, for every asset.
    pub holds: bool,
    /// All pots added up; none if that exceeds any possible supply.
    pub pots: Option<Amount>,
    /// What was issued less what was burnt.
    pub expected: Option<Amount>,
}

/// What posting a job takes and gives.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct QuoteView {
    /// Collateral, detection and what they follow from.
    pub quote: Quote,
    /// What the work costs at the class's tariff: a fair price, and what one auditor is paid.
    pub tariff: Amount,
    /// The price ceiling, into escrow; what the price leaves of it comes back.
    pub price_max: Amount,
    /// For the auditors, as much as their seats may come to after every refill; what is not paid
    /// comes back.
    pub audit_fees: Amount,
    /// Comes back unless the requester withholds its part.
    pub deposit: Amount,
    /// The three together.
    pub total: Amount,
    /// What the transaction itself costs now.
    pub fee: Amount,
    /// What a unit of its weight costs now.
    pub base_fee: Amount,
    /// What one provider's bid locks besides its collateral.
    pub bid_deposit: Amount,
    /// What comes back of the take on a price of the ceiling, by the signer's tier of access.
    #[serde(default)]
    pub discount: Amount,
    /// Blocks that auditors would have.
    pub audit_blocks: Blocks,
}
