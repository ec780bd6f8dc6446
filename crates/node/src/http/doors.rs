//! Who is in, and who has to leave when another comes to a full house.
//!
//! Key terms: a *guest* is a connection, or a stream of events; it *waits* while its client owes it
//! something, such as the head of a request, and *works* while the node answers.
//!
//! Laws: no more guests are in than the limit; one that comes to a full house takes the place of
//! the one that has waited longest, else of the one that came first, longer ago than the
//! patience, so that whoever holds places without using them keeps nobody out. Nobody is sent away
//! within its *turn*, the time to ask for something, so that a crowd that comes faster than the
//! node reads pushes nobody out unheard: who comes meanwhile waits outside.
//! Not here: limits by client (`peers`); what a guest does.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use tokio::sync::{Notify, watch};

/// The places of one kind of guests.
#[derive(Debug)]
pub(super) struct Doors {
    limit: usize,
    turn: Duration,
    patience: Duration,
    inside: Mutex<Inside>,
    /// Told when somebody left or was answered.
    moved: Notify,
}

/// Why nobody gets in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Full {
    /// Everybody inside works, and none has for too long.
    Working,
    /// Somebody inside has its turn for this long yet.
    Turns(Duration),
}

#[derive(Debug, Default)]
struct Inside {
    next: u64,
    guests: BTreeMap<u64, Guest>,
}

#[derive(Debug)]
struct Guest {
    works: bool,
    /// It has asked for something.
    has_asked: bool,
    /// When it came in; while it waits, since when.
    since: Instant,
    came: Instant,
    /// When the node first listened to it: until then it owes nothing.
    heard: Option<Instant>,
    /// Dropped with the guest: whoever holds the other end then hears of it.
    _stays: watch::Sender<()>,
}

/// A place; given back when dropped.
#[derive(Debug)]
pub(super) struct Pass {
    doors: Arc<Doors>,
    id: u64,
    stays: watch::Receiver<()>,
}

impl Doors {
    pub(super) fn new(limit: usize, turn: Duration, patience: Duration) -> Arc<Doors> {
        let (inside, moved) = (Mutex::default(), Notify::new());
        Arc::new(Doors { limit, turn, patience, inside, moved })
    }

    /// A place, waiting.
    pub(super) fn enter(self: &Arc<Self>) -> Result<Pass, Full> {
        let mut inside = self.inside();
        if self.limit <= inside.guests.len() {
            let id = self.leaving(&inside)?;
            inside.guests.remove(&id);
        }
        let (id, (leave, stays)) = (inside.next, watch::channel(()));
        inside.next = id.wrapping_add(1);
        let now = Instant::now();
        let guest = Guest {
            works: false,
            has_asked: false,
            since: now,
            came: now,
            heard: None,
            _stays: leave,
        };
        inside.guests.insert(id, guest);
        Ok(Pass { doors: Arc::clone(self), id, stays })
    }

    /// Who has to leave a full house.
    fn leaving(&self, inside: &Inside) -> Result<u64, Full> {
        let turn = |guest: &Guest| {
            let waited = guest.heard.map_or(Duration::ZERO, |heard| heard.elapsed());
            let left = self.turn.saturating_sub(waited);
            Some(left).filter(|left| !guest.works && !guest.has_asked && !left.is_zero())
        };
        let is_overdue = |guest: &Guest| {
            let may_work = guest.works && guest.came.elapsed() < self.patience;
            !may_work && turn(guest).is_none()
        };
        let overdue = inside.guests.iter().filter(|(_, guest)| is_overdue(guest));
        let leaving = overdue.min_by_key(|(_, guest)| (guest.works, guest.since));
        let first_turn = || inside.guests.values().filter_map(turn).min();
        leaving.map(|(id, _)| *id).ok_or_else(|| first_turn().map_or(Full::Working, Full::Turns))
    }

    /// Returns when somebody left or was answered, and after `turn` in any case.
    pub(super) async fn moved(&self, turn: Duration) {
        // Whether it was told or the time is over: who waits looks again.
        let _ = tokio::time::timeout(turn, self.moved.notified()).await;
    }

    /// Nothing panics while it holds the lock, so a poisoned one is whole.
    fn inside(&self) -> std::sync::MutexGuard<'_, Inside> {
        self.inside.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Pass {
    /// From now on the node listens: the turn begins.
    pub(super) fn listen(&self) {
        if let Some(guest) = self.doors.inside().guests.get_mut(&self.id) {
            guest.heard = Some(Instant::now());
        }
    }

    /// From now on the node answers.
    pub(super) fn work(&self) {
        self.set(true);
    }

    /// From now on the client owes something.
    pub(super) fn wait(&self) {
        self.set(false);
    }

    /// Returns when the place was given to somebody else.
    pub(super) async fn left(&self) {
        let mut stays = self.stays.clone();
        while stays.changed().await.is_ok() {}
    }

    /// True if it was.
    pub(super) fn has_left(&self) -> bool {
        self.stays.has_changed().is_err()
    }

    /// Gives the place up, before the pass is dropped.
    pub(super) fn leave(&self) {
        self.doors.inside().guests.remove(&self.id);
        self.doors.moved.notify_one();
    }

    fn set(&self, works: bool) {
        if let Some(guest) = self.doors.inside().guests.get_mut(&self.id) {
            // Whoever asks again and again has been in since it came.
            guest.since = if works { guest.came } else { Instant::now() };
            guest.has_asked |= works;
            guest.works = works;
        }
        if !works {
            self.doors.moved.notify_one();
        }
    }
}

impl Drop for Pass {
    fn drop(&mut self) {
        self.leave();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LONG: Duration = Duration::from_secs(3_600);

    fn told(pass: &Pass) -> bool {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build();
        let wait =
            async { tokio::time::timeout(Duration::from_millis(20), pass.left()).await.is_ok() };
        runtime.expect("a runtime").block_on(wait)
    }

    #[test]
    fn who_waits_longest_leaves_for_who_comes() {
        let doors = Doors::new(3, Duration::ZERO, LONG);
        let [first, second, third] = std::array::from_fn(|_| doors.enter().expect("room"));
        first.work();
        let fourth = doors.enter().expect("the second waits longest");
        assert_eq!([&first, &second, &third, &fourth].map(told), [false, true, false, false]);
        // It asks for something and waits again: now the third has waited longest.
        fourth.work();
        fourth.wait();
        let fifth = doors.enter().expect("the third does");
        assert_eq!([&first, &third, &fourth, &fifth].map(told), [false, true, false, false]);
        fourth.work();
        fifth.work();
        assert_eq!(doors.enter().err(), Some(Full::Working));
        drop(first);
        assert!(doors.enter().is_ok(), "one went by itself");
    }

    #[test]
    fn nobody_is_sent_away_before_it_could_ask() {
        let doors = Doors::new(2, LONG, LONG);
        let [first, second] = std::array::from_fn(|_| doors.enter().expect("room"));
        assert_eq!(doors.enter().err(), Some(Full::Turns(LONG)), "nobody was listened to");
        first.listen();
        assert!(matches!(doors.enter(), Err(Full::Turns(left)) if left <= LONG));
        first.work();
        assert!(matches!(doors.enter(), Err(Full::Turns(_))), "the second has its turn");
        // Once it was answered, it waits like any other.
        first.wait();
        let third = doors.enter().expect("the first had its turn");
        assert_eq!([&first, &second, &third].map(Pass::has_left), [true, false, false]);
        second.work();
        third.work();
        assert_eq!(doors.enter().err(), Some(Full::Working));
    }

    #[test]
    fn a_turn_ends_by_itself() {
        let doors = Doors::new(1, Duration::from_millis(1), LONG);
        let silent = doors.enter().expect("room");
        silent.listen();
        std::thread::sleep(Duration::from_millis(5));
        let _next = doors.enter().expect("it said nothing");
        assert!(silent.has_left());
    }

    #[test]
    fn who_waits_outside_hears_of_a_place() {
        let doors = Doors::new(1, LONG, LONG);
        let only = doors.enter().expect("room");
        let waits = async {
            let hears = tokio::time::timeout(Duration::from_secs(60), doors.moved(LONG));
            let (heard, ()) = tokio::join!(hears, async { drop(only) });
            heard.is_ok()
        };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build();
        assert!(runtime.expect("a runtime").block_on(waits));
        assert!(doors.enter().is_ok());
    }

    #[test]
    fn who_gives_its_place_up_hears_of_it_like_any_other() {
        let doors = Doors::new(2, Duration::ZERO, LONG);
        let [first, second] = std::array::from_fn(|_| doors.enter().expect("room"));
        first.leave();
        assert_eq!([&first, &second].map(Pass::has_left), [true, false]);
        assert!(told(&first) && !told(&second));
        assert!(doors.enter().is_ok(), "its place is free");
    }

    #[test]
    fn who_works_for_too_long_leaves_last() {
        let doors = Doors::new(2, Duration::ZERO, Duration::from_millis(1));
        let [old, idle] = std::array::from_fn(|_| doors.enter().expect("room"));
        old.work();
        std::thread::sleep(Duration::from_millis(5));
        let third = doors.enter().expect("the idle one goes first");
        assert_eq!([&old, &idle].map(told), [false, true]);
        third.work();
        let _fourth = doors.enter().expect("the old one has worked for too long");
        assert_eq!([&old, &third].map(told), [true, false]);
        // Those who were told and are still leaving hold no place.
        drop(old);
        drop(idle);
        assert_eq!(doors.inside().guests.len(), 2);
    }
}
