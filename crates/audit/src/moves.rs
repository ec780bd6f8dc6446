//! Moves: where the rules ask a coalition, and what it may answer.
//!
//! Law: every point is asked as soon as it is there; `windows` says which of them wait.
//! Known shortcoming: bytes are asked for by nobody.
//! Not here: what an honest party does (`honest`).

use earnest_protocol::{
    AccountId, Amount, Command, Digest, Factor, Role,
    command::{
        AcceptJob, Auction, Challenge, CommitVerdict, OpenSeed, Pause, PauseLane, Redelegate,
        ReportCopy, RevealVerdict, SealReport, Unbond, Undelegate,
    },
    market::{BidState, Phase},
    seal,
    verification::{Dispute, SeatState, Turn},
};

use crate::{
    cast::{CHALLENGER, Cast, Member, PROVIDER, REQUESTER, address},
    honest,
    points::{Act, Edge, Late, Point},
    truth, votes,
    world::{JOB, World},
};

/// What a coalition is asked.
#[derive(Clone, Debug)]
pub(crate) struct Question {
    pub(crate) point: Point,
    /// Which seat or turn.
    pub(crate) subject: u32,
    pub(crate) acts: Vec<Act>,
}

/// The next question of this block that was not asked yet, and is not at the point that waits.
pub(crate) fn question(world: &World<'_>, waits: Option<Point>) -> Option<Question> {
    let asked = |point, subject| world.asked.contains(&(point, subject));
    let ask = |point, subject, acts: &[Act]| {
        (!asked(point, subject) && waits != Some(point)).then(|| Question {
            point,
            subject,
            acts: acts.to_vec(),
        })
    };
    if let Some(question) = behind(world).or_else(|| guardian(world)) {
        return Some(question);
    }
    let (cast, case) = (world.cast, world.state.case(JOB));
    let provides = cast.has(Member::Provider);
    let yes_or_no = &[Act::Do, Act::Leave];
    match world.phase() {
        Phase::Bidding if provides => {
            // Under second price a lone bid is paid the ceiling, whatever it asks.
            let prices: &[Act] = match cast.kind.auction {
                Auction::SecondPrice => &[Act::Ceiling, Act::Leave],
                Auction::FirstPrice => &[Act::Ceiling, Act::Half, Act::Nothing, Act::Leave],
            };
            ask(Point::Bid, 0, prices)
        }
        Phase::RevealingBids if provides => {
            let bids = &world.state.job(JOB)?.bids;
            let sealed = bids.iter().any(|bid| bid.state == BidState::Sealed);
            ask(Point::OpenBid, 0, yes_or_no).filter(|_| sealed)
        }
        Phase::Offered if provides => ask(Point::Accept, 0, yes_or_no),
        Phase::Executing if provides => {
            ask(Point::Result, 0, &[Act::Right, Act::Wrong, Act::Silent])
        }
        Phase::Committed => {
            let seed = case?.seed;
            let next = world.state.height().count() + 1;
            let due = seed.due.is_some_and(|due| due.count() == next);
            if due && cast.has(Member::Operator) {
                return ask(Point::Beacon, 0, yes_or_no);
            }
            let known = seed.beacon.is_some() && seed.preimage.is_none();
            ask(Point::Seed, 0, yes_or_no).filter(|_| known && cast.has(Member::Requester))
        }
        Phase::Auditing | Phase::AuditingOpen => {
            let tells = provides && cast.has(Member::Challenger);
            let report = ask(Point::Report, 0, yes_or_no).filter(|_| tells);
            report.or_else(|| verdict(world).filter(|verdict| waits != Some(verdict.point)))
        }
        Phase::Revealing => {
            let opens = case?.claim().is_none();
            let own = ask(Point::OpenResult, 0, yes_or_no).filter(|_| provides && opens);
            own.or_else(|| {
                let sealed = seats(world, |state| matches!(state, SeatState::Committed(_)));
                sealed.into_iter().find_map(|(seat, _)| ask(Point::OpenVerdict, seat, yes_or_no))
            })
        }
        Phase::Challengeable => challenge(world, waits),
        Phase::Closed if provides && cast.kind.appeals => {
            ask(Point::Appeal, 0, yes_or_no).filter(|_| votes::waiting(world).is_some())
        }
        _ => None,
    }
}

fn seats(world: &World<'_>, is: impl Fn(SeatState) -> bool) -> Vec<(u32, AccountId)> {
    let Some(case) = world.state.case(JOB) else { return Vec::new() };
    let of = |(place, seat): (usize, &earnest_protocol::verification::Seat)| {
        let account = seat.account.filter(|account| world.cast.is_one_of(*account))?;
        Some((u32::try_from(place).ok()?, account)).filter(|_| is(seat.state))
    };
    case.seats.iter().enumerate().filter_map(of).collect()
}

/// Asks whoever has stake behind the provider that could leave whether it stays, once while the job
/// is done and once while it is judged.
fn behind(world: &World<'_>) -> Option<Question> {
    let point = match world.phase() {
        Phase::Executing => Point::WhileExecuted,
        Phase::Challengeable => Point::WhileDisputed,
        _ => return None,
    };
    let cast = world.cast;
    let delegates = cast.has(Member::Delegator) && cast.kind.delegated != Factor::ZERO;
    let acts = match delegates {
        true => vec![Act::Stay, Act::Undelegate, Act::Redelegate],
        false => vec![Act::Stay, Act::Unbond],
    };
    let is_behind = delegates || cast.has(Member::Provider) && cast.kind.spare != Factor::ZERO;
    let has_left = world.history.iter().any(|(_, act)| *act != Act::Stay && acts.contains(act));
    let fresh = is_behind && !has_left && !world.asked.contains(&(point, 0));
    fresh.then_some(Question { point, subject: 0, acts })
}

/// Asks the guardian, once in each phase, until it has paused.
fn guardian(world: &World<'_>) -> Option<Question> {
    let subject = match world.phase() {
        Phase::Bidding => 0,
        Phase::Executing => 1,
        Phase::Committed => 2,
        Phase::Auditing | Phase::AuditingOpen => 3,
        Phase::Revealing => 4,
        Phase::Challengeable => 5,
        _ => return None,
    };
    let asked = world.asked.contains(&(Point::Pause, subject));
    let fresh = world.cast.has(Member::Guardian) && !asked;
    let fresh = fresh && !world.history.contains(&(Point::Pause, Act::Do));
    fresh.then(|| Question { point: Point::Pause, subject, acts: vec![Act::Do, Act::Leave] })
}

/// Both pauses, for as long as may be.
fn pauses(world: &World<'_>) -> [(AccountId, Command); 2] {
    let blocks = world.state.params().governance().pause_blocks_max;
    [PauseLane::Jobs, PauseLane::Delegations]
        .map(|lane| (world.cast.guardian(), Command::Pause(Pause { lane, blocks })))
}

/// Seats of one draw are alike: answers of later ones begin where those of earlier ones ended.
fn verdict(world: &World<'_>) -> Option<Question> {
    let round = u32::from(world.state.case(JOB)?.round);
    let drawn = seats(world, |state| state == SeatState::Drawn);
    let key = |seat: u32| round * 100 + seat;
    let (seat, _) =
        *drawn.iter().find(|(seat, _)| !world.asked.contains(&(Point::Verdict, key(*seat))))?;
    let this_round = |entry: &&(Point, u32)| entry.0 == Point::Verdict && entry.1 / 100 == round;
    let before = world.asked.iter().filter(this_round).count();
    let verdicts = world.history.iter().rev().filter(|(point, _)| *point == Point::Verdict);
    let least = verdicts.take(before).map(|(_, act)| *act).max();
    let acts = [Act::Right, Act::Wrong, Act::Silent];
    let acts = acts.into_iter().filter(|act| least.is_none_or(|least| least <= *act)).collect();
    Some(Question { point: Point::Verdict, subject: key(seat), acts })
}

fn challenge(world: &World<'_>, waits: Option<Point>) -> Option<Question> {
    let cast = world.cast;
    let asks = waits != Some(Point::Challenge) && !world.asked.contains(&(Point::Challenge, 0));
    if cast.has(Member::Challenger) && asks {
        let acts = vec![Act::Do, Act::Leave];
        return Some(Question { point: Point::Challenge, subject: 0, acts });
    }
    let wrong = is_wrong(world)?;
    let disputes = world.state.docket(JOB)?.disputes.iter().enumerate();
    disputes.filter(|(_, dispute)| dispute.ended.is_none()).find_map(|(place, dispute)| {
        let subject = u32::try_from(place).ok()? * 100 + dispute.moves;
        let (point, acts) = match dispute.turn {
            Turn::Accused if cast.has(Member::Provider) => {
                (Point::Defend, vec![Act::Do, Act::Silent])
            }
            Turn::Challenger if cast.is_one_of(dispute.challenger) && wrong => {
                (Point::Pursue, vec![Act::Right, Act::Wrong, Act::Silent])
            }
            Turn::Challenger if cast.is_one_of(dispute.challenger) => {
                (Point::Pursue, vec![Act::Wrong, Act::Silent])
            }
            _ => return None,
        };
        let fresh = waits != Some(point) && !world.asked.contains(&(point, subject));
        fresh.then_some(Question { point, subject, acts })
    })
}

fn is_wrong(world: &World<'_>) -> Option<bool> {
    Some(world.state.case(JOB)?.claim()?.root() == truth::WRONG)
}

/// The coalition answers.
pub(crate) fn answer(world: &mut World<'_>, question: &Question, act: Act) {
    let Question { point, subject, .. } = *question;
    world.asked.insert((point, subject));
    world.history.push((point, act));
    if point == Point::Beacon {
        world.withholds = act == Act::Leave;
    }
    if act == Act::Right && matches!(point, Point::Result | Point::Verdict) {
        world.worked = true;
    }
    if (point, act) == (Point::Pause, Act::Do) {
        pauses(world).into_iter().for_each(|(account, one)| take(world, account, one));
    }
    let Some((account, command)) = command(world, point, subject, act) else { return };
    if let Command::CommitResult(_) | Command::CommitVerdict(_) = command {
        let root = if act == Act::Right { truth::RIGHT } else { truth::WRONG };
        world.sealed.insert(account, root);
    }
    let is_late = |late: Late| late.point == point && late.edge == Edge::After;
    if world.cast.late.is_some_and(is_late) {
        world.overdue = Some((account, command));
        return;
    }
    take(world, account, command);
}

fn take(world: &mut World<'_>, account: AccountId, command: Command) {
    let sealed = matches!(command, Command::SealReport(_));
    // A refusal is an outcome: its fee is booked, and the game goes on.
    let _refused = world.apply(account, command);
    world.reports = sealed;
}

/// What was prepared a block ago and is due now.
pub(crate) fn follow_up(world: &mut World<'_>) {
    if let Some((account, command)) = world.overdue.take() {
        return take(world, account, command);
    }
    if std::mem::take(&mut world.reports) {
        let root = world.sealed.get(&PROVIDER).copied().unwrap_or(truth::RIGHT);
        let opening = world.opening(root);
        let report = ReportCopy { job: JOB, accused: PROVIDER, opening };
        let _refused = world.apply(CHALLENGER, Command::ReportCopy(report));
    }
}

fn command(
    world: &World<'_>,
    point: Point,
    subject: u32,
    act: Act,
) -> Option<(AccountId, Command)> {
    let by_provider = |command: Option<Command>| Some((PROVIDER, command?));
    let root = |account| world.sealed.get(&account).copied().unwrap_or(truth::RIGHT);
    if matches!(act, Act::Leave | Act::Silent) {
        return None;
    }
    match point {
        Point::Bid => by_provider(honest::bid(world, price(world, act))),
        Point::OpenBid => {
            let (_, asked) = world.history.iter().find(|(point, _)| *point == Point::Bid)?;
            by_provider(honest::open_bid(world, price(world, *asked)))
        }
        Point::Accept => by_provider(Some(Command::AcceptJob(AcceptJob { job: JOB }))),
        Point::Result => {
            let root = if act == Act::Right { truth::RIGHT } else { truth::WRONG };
            by_provider(Some(honest::deliver(world, root)))
        }
        Point::Beacon | Point::Pause => None,
        Point::Seed => {
            let preimage = Cast::preimage(world.luck);
            Some((REQUESTER, Command::OpenSeed(OpenSeed { job: JOB, preimage })))
        }
        Point::Report => {
            let root = root(PROVIDER);
            let sealed = world.seal_result(PROVIDER, root);
            let (network, finder) = (world.state.network(), address(CHALLENGER));
            let seal = seal::report(&network, JOB, &finder, &sealed, &world.opening(root));
            Some((CHALLENGER, Command::SealReport(SealReport { seal })))
        }
        Point::Verdict => {
            let account = seat_account(world, subject % 100)?;
            let root: Digest = if act == Act::Right { truth::RIGHT } else { truth::WRONG };
            let seal = world.seal_result(account, root);
            Some((account, Command::CommitVerdict(CommitVerdict { job: JOB, seal })))
        }
        Point::OpenResult => by_provider(honest::open_result(world, root(PROVIDER))),
        Point::OpenVerdict => {
            let account = seat_account(world, subject)?;
            let opening = world.opening(root(account));
            Some((account, Command::RevealVerdict(RevealVerdict { job: JOB, opening })))
        }
        Point::Challenge => Some((CHALLENGER, Command::Challenge(Challenge { job: JOB }))),
        Point::Defend => by_provider(honest::defend(world)),
        Point::WhileExecuted | Point::WhileDisputed if act == Act::Unbond => {
            let operator = world.state.operator_id(PROVIDER, Role::Provider)?;
            let amount = world.state.unbondable(operator);
            by_provider(Some(Command::Unbond(Unbond { role: Role::Provider, amount })))
        }
        Point::WhileExecuted | Point::WhileDisputed => leaves(world, act),
        Point::Appeal => by_provider(votes::appeal(world)),
        Point::Pursue => {
            let dispute: &Dispute =
                world.state.docket(JOB)?.disputes.get(usize::try_from(subject / 100).ok()?)?;
            let leaf = if act == Act::Right { truth::WRONG_LEAF } else { 1 };
            Some((dispute.challenger, honest::reject(world, dispute, leaf)?))
        }
    }
}

/// All that the delegator has behind the provider leaves or moves.
fn leaves(world: &World<'_>, act: Act) -> Option<(AccountId, Command)> {
    let (cast, state) = (world.cast, &world.state);
    let operator = state.operator_id(PROVIDER, Role::Provider)?;
    let amount = state.delegated(state.delegation(cast.delegator(), operator)?);
    let command = match act {
        Act::Undelegate => {
            Command::Undelegate(Undelegate { operator: PROVIDER, role: Role::Provider, amount })
        }
        Act::Redelegate => {
            let (source, target) = (PROVIDER, cast.rival());
            Command::Redelegate(Redelegate { source, target, role: Role::Provider, amount })
        }
        _ => return None,
    };
    Some((cast.delegator(), command))
}

fn seat_account(world: &World<'_>, seat: u32) -> Option<AccountId> {
    world.state.case(JOB)?.seats.get(usize::try_from(seat).ok()?)?.account
}

fn price(world: &World<'_>, act: Act) -> Amount {
    let ceiling = world.cast.kind.price_max;
    match act {
        Act::Half => ceiling.share_floor(1, 2).unwrap_or(ceiling),
        Act::Nothing => Amount::ZERO,
        _ => ceiling,
    }
}
