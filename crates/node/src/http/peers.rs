//! What one peer may hold and send: connections, streams, transactions.
//!
//! Key terms: a *peer* is an IPv4 address, or the first 64 bits of an IPv6 address, which one
//! customer has as a whole; its *bucket* holds as many transactions as it may send at once, and
//! fills up again at the rate that it may send for long.
//!
//! Laws: memory is bounded: peers without a connection are forgotten when too many are remembered,
//! and begin anew with a full bucket. Who comes from this machine is not limited, unless asked for.
//! Known shortcomings: behind a proxy on this machine everybody is local, and the proxy has to
//! limit; no header says who is meant, since anybody may write one.
//! Not here: who has to leave a full house (`doors`).

use std::{
    collections::BTreeMap,
    net::{IpAddr, Ipv4Addr},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use crate::config::{Local, PeerLimits};

/// Where connections come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Peer {
    V4(Ipv4Addr),
    V6([u16; 4]),
}

impl Peer {
    fn of(address: IpAddr) -> Peer {
        match address.to_canonical() {
            IpAddr::V4(address) => Peer::V4(address),
            IpAddr::V6(address) => {
                let [a, b, c, d, ..] = address.segments();
                Peer::V6([a, b, c, d])
            }
        }
    }
}

/// All peers.
#[derive(Debug)]
pub(super) struct Peers {
    limits: PeerLimits,
    known: Mutex<BTreeMap<Peer, Known>>,
}

#[derive(Debug)]
struct Known {
    connections: usize,
    streams: usize,
    /// Time's worth of transactions in the bucket.
    saved: Duration,
    filled: Instant,
}

/// One connection of a peer; given back when dropped.
#[derive(Debug)]
pub(super) struct Guest {
    peers: Arc<Peers>,
    /// None of one that is not limited.
    peer: Option<Peer>,
}

/// One stream of a peer; given back when dropped.
#[derive(Debug)]
pub(super) struct Listening {
    guest: Arc<Guest>,
}

impl Peers {
    pub(super) fn new(limits: PeerLimits) -> Arc<Peers> {
        Arc::new(Peers { limits, known: Mutex::default() })
    }

    /// One connection more; none if the peer has as many as it may.
    pub(super) fn enter(self: &Arc<Self>, address: IpAddr) -> Option<Guest> {
        if self.limits.local == Local::Unlimited && address.to_canonical().is_loopback() {
            return Some(Guest { peers: Arc::clone(self), peer: None });
        }
        let peer = Peer::of(address);
        let mut all = self.known();
        if self.limits.remembered_max <= all.len() && !all.contains_key(&peer) {
            all.retain(|_, known| 0 < known.connections);
        }
        let filled = Instant::now();
        let saved = self.limits.transaction_time.saturating_mul(self.limits.burst);
        let new = || Known { connections: 0, streams: 0, saved, filled };
        let known = all.entry(peer).or_insert_with(new);
        known.connections = Some(known.connections.saturating_add(1))
            .filter(|count| *count <= self.limits.connections_max)?;
        Some(Guest { peers: Arc::clone(self), peer: Some(peer) })
    }

    /// Nothing panics while it holds the lock, so a poisoned one is whole.
    fn known(&self) -> MutexGuard<'_, BTreeMap<Peer, Known>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Guest {
    /// One stream more; none if the peer has as many as it may.
    pub(super) fn listen(self: &Arc<Self>) -> Option<Listening> {
        let max = self.peers.limits.streams_max;
        self.with(|known| {
            known.streams = Some(known.streams.saturating_add(1)).filter(|count| *count <= max)?;
            Some(())
        })
        .unwrap_or(Some(()))
        .map(|()| Listening { guest: Arc::clone(self) })
    }

    /// Takes one transaction out of the bucket; false if it is empty.
    pub(super) fn may_send(&self) -> bool {
        let PeerLimits { transaction_time, burst, .. } = self.peers.limits;
        let sent = self.with(|known| {
            let full = transaction_time.saturating_mul(burst);
            let saved = known.saved.saturating_add(known.filled.elapsed()).min(full);
            known.filled = Instant::now();
            let left = saved.checked_sub(transaction_time);
            known.saved = left.unwrap_or(saved);
            left.is_some()
        });
        sent.unwrap_or(true)
    }

    /// What is known of this peer; none of one that is not limited.
    fn with<T>(&self, look: impl FnOnce(&mut Known) -> T) -> Option<T> {
        self.peers.known().get_mut(&self.peer?).map(look)
    }
}

impl Drop for Guest {
    fn drop(&mut self) {
        self.with(|known| known.connections = known.connections.saturating_sub(1));
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        self.guest.with(|known| known.streams = known.streams.saturating_sub(1));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn peers(remembered_max: usize) -> Arc<Peers> {
        Peers::new(PeerLimits {
            connections_max: 2,
            streams_max: 1,
            transaction_time: Duration::from_secs(3_600),
            burst: 3,
            remembered_max,
            local: Local::Unlimited,
        })
    }

    fn from(address: &str) -> IpAddr {
        address.parse().unwrap()
    }

    #[test]
    fn a_peer_has_its_connections_streams_and_transactions_and_another_has_its_own() {
        let peers = peers(10);
        let first = Arc::new(peers.enter(from("192.0.2.1")).unwrap());
        let second = peers.enter(from("::ffff:192.0.2.1")).expect("the same, written otherwise");
        assert!(peers.enter(from("192.0.2.1")).is_none());
        let stream = first.listen().unwrap();
        assert!(first.listen().is_none());
        assert_eq!([(); 4].map(|()| second.may_send()), [true, true, true, false]);
        assert!(peers.enter(from("192.0.2.2")).unwrap().may_send());
        drop((second, stream));
        assert!(first.listen().is_some());
        let again = peers.enter(from("192.0.2.1")).expect("one left");
        assert!(!again.may_send(), "the bucket is the peer's, not the connection's");
    }

    #[test]
    fn one_network_of_64_bits_is_one_peer() {
        let peers = peers(10);
        let held = ["2001:db8::1", "2001:db8::ffff:2"].map(|of| peers.enter(from(of)));
        assert!(held.iter().all(Option::is_some));
        assert!(peers.enter(from("2001:db8::3")).is_none());
        assert!(peers.enter(from("2001:db8:0:1::3")).is_some());
    }

    #[test]
    fn this_machine_is_not_limited() {
        let peers = peers(10);
        let held = ["127.0.0.1", "127.0.0.1", "127.0.0.1", "::1"].map(|of| peers.enter(from(of)));
        assert!(held.iter().flatten().all(Guest::may_send) && held.iter().all(Option::is_some));
        assert!(peers.known().is_empty());
    }

    #[test]
    fn no_more_are_remembered_than_may_be() {
        let peers = peers(3);
        let held = peers.enter(from("192.0.2.1")).unwrap();
        for host in 2..=200 {
            drop(peers.enter(IpAddr::V4(Ipv4Addr::new(192, 0, 2, host))));
            assert!(peers.known().len() <= 3);
        }
        assert!(peers.known().contains_key(&Peer::of(from("192.0.2.1"))));
        drop(held);
    }
}
