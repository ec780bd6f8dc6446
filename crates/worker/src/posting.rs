//! Posting: a validator says each epoch what stake is worth, as its source says.
//!
//! ```text
//!   epoch E: ask the source ──► write the price down ──► seal it     epoch E + 1: open it
//! ```
//!
//! Laws: a price is on the disk before it is sealed, and what is there is what is sealed and
//! opened, whatever the source says later; the salt follows from the key; so a restart makes the
//! same seal and opens it. What the source does not say clearly is not posted, and why is told once
//! an epoch. Nothing is sealed that the rules would refuse as far as that can be seen, since a
//! refusal costs a fee. A person may post as well: who was first counts.
//! Known shortcoming: what was sealed by hand can be opened by hand only.
//! Not here: where a price comes from (`source`), which count (the rules).

use std::{
    path::Path,
    time::{Duration, Instant},
};

use earnest_api::{PricePostView, PriceRoundView, PricesView, Session, decimal};
use earnest_protocol::{
    Command, Digest, Epoch, Factor,
    command::{OpenPrice, SealPrice},
    seal,
};
use tracing::{info, warn};

use crate::{
    chain::{Chain, ChainError},
    daemon::Work,
    journal::{PriceDecision, PriceJournal},
    source::{Asked, Source, SourceError},
};

/// How long a source that gave no price is left alone, unless an epoch begins.
const ASK_AGAIN: Duration = Duration::from_secs(30);
/// How often a command may be refused, an epoch; one that is lost is sent again, and costs nothing.
const REFUSALS_MAX: u32 = 3;

/// What a validator says of the price of stake.
#[derive(Clone, Debug)]
pub struct PriceOptions {
    /// Who tells it.
    pub source: Source,
    /// The most times by which a price may be more, or less, than what validators said last.
    pub move_max: Factor,
}

/// The salt of a seal of an account's price of an epoch: the same on any machine that has the key.
pub fn price_salt(session: &Session, epoch: Epoch) -> Digest {
    let (network, address) = (session.network().0, session.address().0);
    let epoch = epoch.count().to_le_bytes();
    session.signer().derive("price", &[network.as_slice(), &epoch, &address])
}

/// What a validator has said, and is about to say.
pub(crate) struct Posting {
    options: PriceOptions,
    journal: PriceJournal,
    /// In which epoch this was last.
    epoch: Option<Epoch>,
    asked: Option<Asked>,
    /// Not before then, in this epoch.
    ask_at: Option<Instant>,
    /// True if the source did not answer, so that it is not asked again in this epoch.
    is_silent: bool,
    /// What became of the seal and the opening in this epoch.
    sends: [Sends; 2],
    /// What was said of this epoch last, so that it is said once.
    told: Option<String>,
}

/// What became of a command.
#[derive(Clone, Copy, Debug, Default)]
struct Sends {
    /// True from when it is sent until it is known to be refused.
    is_sent: bool,
    refusals: u32,
}

/// Which command, as a place in [`Posting::sends`].
#[derive(Clone, Copy)]
enum Verb {
    Seal,
    Open,
}

impl Posting {
    pub(crate) fn new(options: PriceOptions, data: &Path) -> std::io::Result<Posting> {
        let journal = PriceJournal::open(data)?;
        let (epoch, asked, ask_at, told) = (None, None, None, None);
        let (is_silent, sends) = (false, [Sends::default(); 2]);
        Ok(Posting { options, journal, epoch, asked, ask_at, is_silent, sends, told })
    }

    /// Makes the next due move.
    pub(crate) fn round(&mut self, work: &mut Work) -> Result<(), ChainError> {
        let view = work.chain.client().prices()?;
        if !view.is_on {
            self.tell("this network has no price feed now: no price is posted".to_owned());
            return Ok(());
        }
        if self.epoch != Some(view.epoch) {
            self.epoch = Some(view.epoch);
            (self.ask_at, self.is_silent, self.told) = (None, false, None);
            self.sends = [Sends::default(); 2];
        }
        self.open(work, &view)?;
        self.seal(work, &view)
    }

    /// Opens what was sealed in the epoch before.
    fn open(&mut self, work: &mut Work, view: &PricesView) -> Result<(), ChainError> {
        let Some(round) = &view.opening else { return Ok(()) };
        let epoch = round.epoch;
        let Some(post) = own_post(round, &work.chain).filter(|post| post.price.is_none()) else {
            return Ok(());
        };
        let session = work.chain.session();
        let salt = price_salt(session, epoch);
        let sealed = self.decided(session, epoch)?;
        let sealed = sealed.filter(|price| seal_of(session, epoch, *price) == post.seal);
        let Some(price) = sealed else {
            self.tell(format!(
                "what is sealed of epoch {epoch} was not sealed by this daemon with this key and \
                 folder; open it by hand: `earnest validator price open PRICE`"
            ));
            return Ok(());
        };
        let command = Command::OpenPrice(OpenPrice { epoch, price, salt });
        if self.send(work, Verb::Open, command)? {
            info!("price of epoch {epoch}: {} opened", shown(price));
        }
        Ok(())
    }

    /// Seals a price of this epoch.
    fn seal(&mut self, work: &mut Work, view: &PricesView) -> Result<(), ChainError> {
        let is_now = |round: &&PriceRoundView| round.epoch == view.epoch;
        let Some(round) = view.sealing.as_ref().filter(is_now) else { return Ok(()) };
        let epoch = round.epoch;
        if own_post(round, &work.chain).is_some() {
            self.asked = None;
            return Ok(());
        }
        let price = match self.decided(work.chain.session(), epoch)? {
            Some(price) => price,
            None => match self.learn(&work.chain, view)? {
                Some(price) => price,
                None => return Ok(()),
            },
        };
        let seal = seal_of(work.chain.session(), epoch, price);
        if self.send(work, Verb::Seal, Command::SealPrice(SealPrice { epoch, seal }))? {
            info!("price of epoch {epoch}: {} sealed", shown(price));
        }
        Ok(())
    }

    /// What was decided about an epoch, by this account and on this network.
    fn decided(&self, session: &Session, epoch: Epoch) -> Result<Option<Factor>, ChainError> {
        let own = (*session.network(), session.address());
        let decision = self.journal.decision(epoch, own).map_err(ChainError::File)?;
        Ok(decision.map(|decision| decision.price))
    }

    /// What the source says, once it has, written down; none if that is no price to post.
    fn learn(&mut self, chain: &Chain, view: &PricesView) -> Result<Option<Factor>, ChainError> {
        let Some(asked) = &self.asked else {
            let is_early = self.ask_at.is_some_and(|at| Instant::now() < at);
            if !is_early && !self.is_silent {
                self.ask_at = Instant::now().checked_add(ASK_AGAIN);
                if self.may_post(chain)? {
                    self.asked = Some(self.options.source.ask());
                }
            }
            return Ok(None);
        };
        let Some(answer) = asked.answer() else { return Ok(None) };
        self.asked = None;
        self.ask_at = Instant::now().checked_add(ASK_AGAIN);
        let epoch = view.epoch;
        let price = match answer {
            Ok(price) => price,
            Err(error) => {
                self.is_silent = matches!(error, SourceError::Silent { .. });
                self.tell(format!("no price of epoch {epoch}: {error}"));
                return Ok(None);
            }
        };
        // What counts until validators have said something bounds the first price.
        let (last, what) = match view.said {
            Some(said) => (said, "what validators said last"),
            None => (chain.client().params()?.chain.stake_price, "the network's chain.stake_price"),
        };
        if is_far(price, last, self.options.move_max) {
            self.tell(format!(
                "no price of epoch {epoch}: {} is more than {} times from {}, {what}; if it is \
                 right, allow it with --price-move-max, or seal it by hand",
                shown(price),
                shown(self.options.move_max),
                shown(last)
            ));
            return Ok(None);
        }
        let (network, account) = (*chain.session().network(), chain.session().address());
        let decision = PriceDecision { network, account, price };
        let stands = self.journal.decide(epoch, decision).map_err(ChainError::File)?;
        Ok(Some(stands.price))
    }

    /// Has the account a validator whose word counts? As far as that is to be seen: it counts by
    /// what it had at stake when the epoch opened.
    fn may_post(&mut self, chain: &Chain) -> Result<bool, ChainError> {
        let account = chain.client().account(&chain.session().address())?;
        let validator = account.validator.map(|id| chain.client().operator(id)).transpose()?;
        let is_fit = validator.is_some_and(|validator| validator.is_fit);
        if !is_fit {
            self.tell("no price is posted: the account has no validator that may work".to_owned());
        }
        Ok(is_fit)
    }

    /// Sends a command unless it is on its way, or was refused too often; true if it was sent now.
    fn send(&mut self, work: &mut Work, verb: Verb, command: Command) -> Result<bool, ChainError> {
        let [seal, open] = &mut self.sends;
        let (sends, by_hand) = match verb {
            Verb::Seal => (seal, "`earnest validator price seal PRICE`"),
            Verb::Open => (open, "`earnest validator price open PRICE`"),
        };
        if REFUSALS_MAX <= sends.refusals {
            return Ok(false);
        }
        if work.send_if_first(command.clone())? {
            sends.is_sent = true;
            return Ok(true);
        }
        // Neither sent now nor on its way: it was refused since.
        if !work.is_sent(&command) && sends.count_refusal() {
            self.tell(format!(
                "the price is not posted in this epoch: it was refused {REFUSALS_MAX} times; post \
                 it by hand: {by_hand}"
            ));
        }
        Ok(false)
    }

    fn tell(&mut self, what: String) {
        if self.told.as_ref() != Some(&what) {
            warn!("{what}");
            self.told = Some(what);
        }
    }
}

/// Says once what a validator without a source leaves undone.
pub(crate) fn tell_of_silence(chain: &Chain) -> Result<(), ChainError> {
    let view = chain.client().prices()?;
    if !view.is_on {
        return Ok(());
    }
    warn!(
        "this network asks its validators what stake is worth, and this daemon has no source: no \
         price is posted. Start it with --price-file FILE or --price-program PROGRAM"
    );
    for epoch in sealed_by(&view, chain) {
        warn!(
            "a price of epoch {epoch} is sealed and not opened: a daemon with a source, this key \
             and this folder opens its own; what was sealed by hand is opened by hand in the epoch \
             after: `earnest validator price open PRICE`"
        );
    }
    Ok(())
}

/// The epochs of which the account has sealed a price and not opened it.
fn sealed_by(view: &PricesView, chain: &Chain) -> Vec<Epoch> {
    let rounds = view.opening.iter().chain(&view.sealing);
    let is_sealed =
        |round: &&PriceRoundView| own_post(round, chain).is_some_and(|post| post.price.is_none());
    rounds.filter(is_sealed).map(|round| round.epoch).collect()
}

impl Sends {
    /// Counts a refusal, once for each that was sent; true if it is the last that may be.
    fn count_refusal(&mut self) -> bool {
        if !std::mem::take(&mut self.is_sent) {
            return false;
        }
        self.refusals = self.refusals.saturating_add(1);
        self.refusals == REFUSALS_MAX
    }
}

fn own_post<'a>(round: &'a PriceRoundView, chain: &Chain) -> Option<&'a PricePostView> {
    let is_own =
        |post: &&PricePostView| post.account.as_ref().is_some_and(|who| who.id == chain.me);
    round.posts.iter().find(is_own)
}

fn seal_of(session: &Session, epoch: Epoch, price: Factor) -> Digest {
    let salt = price_salt(session, epoch);
    seal::price(session.network(), epoch, &session.address(), price, &salt)
}

/// True if one price is more than `times` the other.
fn is_far(price: Factor, said: Factor, times: Factor) -> bool {
    let [price, said, times] = [price, said, times].map(|factor| u128::from(factor.parts()));
    let one = u128::from(Factor::ONE.parts());
    // At most a million times each: 10^15 parts, squared.
    said.saturating_mul(times) < price.saturating_mul(one)
        || price.saturating_mul(times) < said.saturating_mul(one)
}

fn shown(price: Factor) -> String {
    decimal(price.parts(), 9)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_price_is_far_beyond_so_many_times_up_or_down() {
        let said = Factor::percent(100);
        for (percent, far) in [(1_000, false), (1_001, true), (10, false), (9, true), (100, false)]
        {
            assert_eq!(is_far(Factor::percent(percent), said, Factor::percent(1_000)), far);
        }
        assert!(!is_far(Factor::MAX, Factor::MAX, Factor::MAX), "no overflow");
    }

    #[test]
    fn a_refusal_counts_once_for_each_that_was_sent() {
        let mut sends = Sends::default();
        for refusal in 1..=REFUSALS_MAX {
            assert!(!sends.count_refusal(), "nothing was sent since");
            // Lost and sent again, as often as it may be.
            (0..10).for_each(|_| sends.is_sent = true);
            assert_eq!(sends.count_refusal(), refusal == REFUSALS_MAX);
            assert_eq!(sends.refusals, refusal);
        }
    }
}
