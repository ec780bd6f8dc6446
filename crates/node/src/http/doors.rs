//! Who is in, and who has to leave when another comes to a full house.
//!
//! Key terms: a *guest* is a connection, or a stream of events; it *waits* while its client owes it
//! something, such as the head of a request, and *works* while the node answers.
//!
//! Laws: no more guests are in than the limit; one that comes to a full house takes the place of
//! the one that has waited longest, else of the one that came first, longer ago than the
//! patience, so that whoever holds places without using them keeps nobody out.
//! Not here: limits by client (`peers`); what a guest does.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use tokio::sync::watch;

/// The places of one kind of guests.
#[derive(Debug)]
pub(super) struct Doors {
    limit: usize,
    patience: Duration,
    inside: Mutex<Inside>,
}

#[derive(Debug, Default)]
struct Inside {
    next: u64,
    guests: BTreeMap<u64, Guest>,
}

#[derive(Debug)]
struct Guest {
    works: bool,
    /// When it came in; while it waits, since when.
    since: Instant,
    came: Instant,
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
    pub(super) fn new(limit: usize, patience: Duration) -> Arc<Doors> {
        Arc::new(Doors { limit, patience, inside: Mutex::default() })
    }

    /// A place, waiting; `None` if everybody inside works and none has for too long.
    pub(super) fn enter(self: &Arc<Self>) -> Option<Pass> {
        let mut inside = self.inside();
        if self.limit <= inside.guests.len() {
            let overdue = |guest: &Guest| !guest.works || self.patience <= guest.came.elapsed();
            let leaving = inside.guests.iter().filter(|(_, guest)| overdue(guest));
            let leaving = leaving.min_by_key(|(_, guest)| (guest.works, guest.since));
            let id = leaving.map(|(id, _)| *id)?;
            inside.guests.remove(&id)?;
        }
        let (id, (leave, stays)) = (inside.next, watch::channel(()));
        inside.next = id.wrapping_add(1);
        let now = Instant::now();
        let guest = Guest { works: false, since: now, came: now, _stays: leave };
        inside.guests.insert(id, guest);
        Some(Pass { doors: Arc::clone(self), id, stays })
    }

    /// Nothing panics while it holds the lock, so a poisoned one is whole.
    fn inside(&self) -> std::sync::MutexGuard<'_, Inside> {
        self.inside.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Pass {
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
    }

    fn set(&self, works: bool) {
        if let Some(guest) = self.doors.inside().guests.get_mut(&self.id) {
            // Whoever asks again and again has been in since it came.
            guest.since = if works { guest.came } else { Instant::now() };
            guest.works = works;
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

    fn told(pass: &Pass) -> bool {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build();
        let wait =
            async { tokio::time::timeout(Duration::from_millis(20), pass.left()).await.is_ok() };
        runtime.expect("a runtime").block_on(wait)
    }

    #[test]
    fn who_waits_longest_leaves_for_who_comes() {
        let doors = Doors::new(3, Duration::from_secs(3_600));
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
        assert!(doors.enter().is_none(), "everybody works");
        drop(first);
        assert!(doors.enter().is_some(), "one went by itself");
    }

    #[test]
    fn who_gives_its_place_up_hears_of_it_like_any_other() {
        let doors = Doors::new(2, Duration::from_secs(3_600));
        let [first, second] = std::array::from_fn(|_| doors.enter().expect("room"));
        first.leave();
        assert_eq!([&first, &second].map(Pass::has_left), [true, false]);
        assert!(told(&first) && !told(&second));
        assert!(doors.enter().is_some(), "its place is free");
    }

    #[test]
    fn who_works_for_too_long_leaves_last() {
        let doors = Doors::new(2, Duration::from_millis(1));
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
