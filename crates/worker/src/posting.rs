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
    source::{Asked, Source},
};

/// How long a source that gave no price is left alone, unless an epoch begins.
const ASK_AGAIN: Duration = Duration::from_secs(30);
/// How often a command is sent at most, an epoch.
const SENDS_MAX: u32 = 3;

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
    /// How often a seal and an opening were sent in this epoch.
    sends: [u32; 2],
    /// What was said of this epoch last, so that it is said once.
    told: Option<String>,
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
        Ok(Posting { options, journal, epoch, asked, ask_at, sends: [0; 2], told })
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
            (self.ask_at, self.sends, self.told) = (None, [0; 2], None);
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
        let decision = self.journal.decision(epoch).map_err(ChainError::File)?;
        let own = (*session.network(), session.address());
        let decision = decision.filter(|was| (was.network, was.account) == own);
        Ok(decision.map(|decision| decision.price))
    }

    /// What the source says, once it has, written down; none if that is no price to post.
    fn learn(&mut self, chain: &Chain, view: &PricesView) -> Result<Option<Factor>, ChainError> {
        let Some(asked) = &self.asked else {
            let is_early = self.ask_at.is_some_and(|at| Instant::now() < at);
            if !is_early {
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
                self.tell(format!("no price of epoch {epoch}: {error}"));
                return Ok(None);
            }
        };
        if let Some(said) = view.said.filter(|said| is_far(price, *said, self.options.move_max)) {
            self.tell(format!(
                "no price of epoch {epoch}: {} is more than {} times from {}, what validators \
                 said last; if it is right, allow it with --price-move-max, or seal it by hand",
                shown(price),
                shown(self.options.move_max),
                shown(said)
            ));
            return Ok(None);
        }
        let (network, account) = (*chain.session().network(), chain.session().address());
        let decision = PriceDecision { network, account, price };
        self.journal.decide(epoch, decision).map_err(ChainError::File)?;
        Ok(Some(price))
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

    fn send(&mut self, work: &mut Work, verb: Verb, command: Command) -> Result<bool, ChainError> {
        let [seals, opens] = &mut self.sends;
        let sends = match verb {
            Verb::Seal => seals,
            Verb::Open => opens,
        };
        if SENDS_MAX <= *sends || !work.send_if_first(command)? {
            return Ok(false);
        }
        *sends = sends.saturating_add(1);
        Ok(true)
    }

    fn tell(&mut self, what: String) {
        if self.told.as_ref() != Some(&what) {
            warn!("{what}");
            self.told = Some(what);
        }
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
}
