//! Data: bytes that somebody must be able to produce, asked for and answered on the ledger.
//!
//! Before acceptance the requester answers for program and input, afterwards the provider, who
//! accepted by saying that it has them (M6); the provider answers for the output (M8).

use crate::{
    command::{ConfirmReceipt, DataItem, RequestData, ServeData},
    event::{Event, Journal},
    ids::{AccountId, JobId, Role},
    ledger::{JobPot, Pot, Reason},
    market::{CloseReason, ConfirmReceiptRejected, Job, Outcome, Phase},
    num::{Amount, Blocks},
    params::Params,
    referee::Referee,
    slashing::Offence,
    state::{State, Timer},
    verification::{DataRequest, RequestDataRejected, ServeDataRejected},
};

use super::job_in_phase;

/// Kibibytes that an item may take on the ledger, its proof included.
const fn kibibytes_max(item: DataItem) -> u64 {
    match item {
        DataItem::Program => 64,
        DataItem::Input(_) => 260,
        DataItem::Output => 1_024,
    }
}

impl State {
    pub(super) fn request_data(
        &mut self,
        signer: AccountId,
        command: &RequestData,
        journal: &mut Journal,
    ) -> Result<(), RequestDataRejected> {
        let RequestData { job: id, item } = *command;
        let job = job_in_phase!(
            self,
            id,
            RequestDataRejected,
            Offered | Auditing | AuditingOpen | Challengeable
        );
        let params = self.pinned(id);
        self.check_request(signer, id, job, item)?;
        let case = self.verification.case(id);
        let mut same = case.requests.iter().filter(|request| request.item == item);
        if same.any(|request| !request.served) {
            return Err(RequestDataRejected::AlreadyRequested);
        }
        let limit = params.data_requests_max;
        let made = case.requests.iter().filter(|request| request.asker == signer).count();
        if u64::try_from(made).unwrap_or(u64::MAX) >= u64::from(limit) {
            return Err(RequestDataRejected::RequestsAtLimit { limit });
        }
        let index = case.requests.len();
        let slot =
            u8::try_from(index).map_err(|_| RequestDataRejected::RequestsAtLimit { limit })?;
        let wanted = params.data_fee_per_kib.checked_times(kibibytes_max(item));
        let (wanted, free) = (wanted.unwrap_or(Amount::MAX), self.free(signer));
        if wanted > free {
            return Err(RequestDataRejected::ExceedsFree { wanted, free });
        }
        // From here on the command must succeed.
        let (phase, phase_until, answerable) = (job.phase, job.until, job.answerable());
        let until = self.now().after(params.availability_blocks);
        let (from, to) = (Pot::Free(signer), Pot::Job(id, JobPot::DataFee(slot)));
        self.ledger.transfer(from, to, wanted, Reason::DataFee, journal);
        let request = DataRequest { asker: signer, item, answerable, until, served: false };
        self.case_mut(id).requests.push(request);
        let index = u32::try_from(index).expect("at most 256 requests");
        self.timers.set(until.after(Blocks::new(1)), Timer::Data(id, index));
        if phase != Phase::Challengeable {
            // Whoever waits for these bytes gets the time back that it waits (M7).
            self.enter_phase(id, phase, phase_until.after(params.availability_blocks));
        }
        journal.push(Event::DataRequested { job: id, asker: signer, item, until });
        Ok(())
    }

    fn check_request(
        &self,
        signer: AccountId,
        id: JobId,
        job: &Job,
        item: DataItem,
    ) -> Result<(), RequestDataRejected> {
        let case = self.verification.case(id);
        let entitled = match job.phase {
            Phase::Offered => {
                let slot = *job.ranks.first().expect("a job on offer has a best bid");
                job.bid(slot).account == signer
            }
            Phase::Auditing | Phase::AuditingOpen => {
                let operator = self.operator_id(signer, Role::Validator);
                operator.is_some_and(|operator| case.seat_of(operator).is_some())
            }
            _ => job.requester == signer || case.dispute_of(signer).is_some(),
        };
        if !entitled {
            return Err(RequestDataRejected::NotEntitled);
        }
        let exists = match item {
            DataItem::Program => job.phase != Phase::Challengeable,
            DataItem::Input(chunk) => {
                job.phase != Phase::Challengeable && chunk < job.terms.task.chunk_count
            }
            // What cannot be paid need not be delivered.
            DataItem::Output => {
                job.phase == Phase::Challengeable
                    && self.now() <= job.until
                    && !case.lacks_verdicts()
            }
        };
        if !exists {
            return Err(RequestDataRejected::NoSuchItem);
        }
        if item == DataItem::Output && case.receipt {
            return Err(RequestDataRejected::AlreadyConfirmed);
        }
        Ok(())
    }

    pub(super) fn serve_data(
        &mut self,
        signer: AccountId,
        command: &ServeData,
        referee: &dyn Referee,
        journal: &mut Journal,
    ) -> Result<(), ServeDataRejected> {
        let ServeData { job: id, item, ref bytes } = *command;
        let job = job_in_phase!(
            self,
            id,
            ServeDataRejected,
            Offered | Executing | Auditing | AuditingOpen | Revealing | Challengeable
        );
        let case = self.verification.case(id);
        let open = |request: &DataRequest| request.item == item && !request.served;
        let index = case.requests.iter().position(open).ok_or(ServeDataRejected::NotRequested)?;
        let output = case.opening().map(|opening| opening.output);
        if !referee.serves(&job.terms.task, item, output.as_ref(), bytes) {
            return Err(ServeDataRejected::BytesMismatch);
        }
        // From here on the command must succeed.
        let slot = u8::try_from(index).expect("at most 256 requests");
        let request = self.case_mut(id).requests.get_mut(index).expect("just found");
        request.served = true;
        let (from, to) = (Pot::Job(id, JobPot::DataFee(slot)), Pot::Free(signer));
        self.ledger.transfer_all(from, to, Reason::DataFee, journal);
        journal.push(Event::DataServed { job: id, item });
        self.finish_if_settled(id, journal);
        Ok(())
    }

    /// Requested bytes are overdue: whoever answers for them pays.
    pub(crate) fn lapse_data(&mut self, id: JobId, index: u32, journal: &mut Journal) {
        if self.market.job_mut(id).phase == Phase::Closed {
            return;
        }
        let index = usize::try_from(index).expect("at most 256 requests");
        let request = self.verification.case(id).requests.get(index);
        let request = request.expect("requests stay until the job closes").clone();
        if request.served {
            return;
        }
        let (item, account) = (request.item, request.answerable);
        journal.push(Event::DataWithheld { job: id, item, account });
        let job = self.market.job_mut(id);
        if account == job.requester {
            let deposit = Pot::Job(id, JobPot::Deposit);
            self.burn_deposit(id, (Offence::InputWithholding, account), deposit, journal);
            return self.close_job(id, Outcome::Expired, CloseReason::InputMissing, journal);
        }
        self.convict(id, CloseReason::DataWithheld, journal);
    }

    /// Accepting says that every byte is there: what the winner still waited for is moot, else it
    /// could accept, seal at once and let the requester's answer come too late (M6).
    pub(super) fn withdraw_requests(&mut self, id: JobId, journal: &mut Journal) {
        for request in &mut self.case_mut(id).requests {
            request.served = true;
        }
        self.return_data_fees(id, journal);
    }

    /// Returns the prepaid price of requests that nobody answered.
    pub(super) fn return_data_fees(&mut self, id: JobId, journal: &mut Journal) {
        let askers: alloc::vec::Vec<AccountId> =
            self.verification.case(id).requests.iter().map(|request| request.asker).collect();
        for (slot, asker) in (0u8..).zip(askers) {
            let (from, to) = (Pot::Job(id, JobPot::DataFee(slot)), Pot::Free(asker));
            self.ledger.transfer_all(from, to, Reason::DataFeeReturned, journal);
        }
    }

    pub(super) fn confirm_receipt(
        &mut self,
        signer: AccountId,
        command: &ConfirmReceipt,
        journal: &mut Journal,
    ) -> Result<(), ConfirmReceiptRejected> {
        let id = command.job;
        let job = job_in_phase!(self, id, ConfirmReceiptRejected, Challengeable);
        if job.requester != signer {
            return Err(ConfirmReceiptRejected::NotTheRequester);
        }
        if self.verification.case(id).receipt {
            return Err(ConfirmReceiptRejected::AlreadyConfirmed);
        }
        // From here on the command must succeed.
        self.case_mut(id).receipt = true;
        journal.push(Event::ReceiptConfirmed { job: id });
        Ok(())
    }

    /// The price share left after being late: 1, down to `late_price_min` at the end of grace.
    pub(super) fn late_share(late: Blocks, params: &Params) -> crate::num::Ratio {
        let way = crate::num::Ratio::of_ceil(late.count(), params.grace_blocks.count().max(1));
        let way = if late == Blocks::ZERO { crate::num::Ratio::ZERO } else { way };
        params.late_price_min.complement().times_ceil(way).complement()
    }
}
