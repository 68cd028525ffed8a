//! How many connections there may be, of one peer and of all together, and which one gives way.

use std::collections::HashMap;
use std::fmt::{self, Display};
use std::net::{IpAddr, Ipv6Addr};
use std::str::FromStr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use prometheus::{IntCounterVec, IntGauge};
use tokio::sync::Notify;

use super::progress::Progress;
use crate::metrics::{Metrics, Registered};

/// How many connections a server takes.
#[derive(Debug, Clone, clap::Args)]
pub struct ConnectionArgs {
    /// Connections at a time. Beyond it the one gives way that has waited longest without a request;
    /// the process needs as many file descriptors and a hundred more
    #[arg(
        long,
        env = "MIMAMORI_CONNECTIONS",
        value_name = "COUNT",
        default_value_t = 900,
        value_parser = clap::builder::RangedU64ValueParser::<usize>::new().range(1..)
    )]
    pub connections: usize,

    /// Connections of one peer at a time: an IPv4 address, or the first 64 bits of an IPv6 address
    #[arg(
        long,
        env = "MIMAMORI_CONNECTIONS_PER_PEER",
        value_name = "COUNT",
        default_value_t = 256,
        value_parser = clap::builder::RangedU64ValueParser::<usize>::new().range(1..)
    )]
    pub connections_per_peer: usize,

    /// Proxies through which many peers come, so that only --connections bounds them: addresses or
    /// networks (10.0.0.0/8), comma separated
    #[arg(long, env = "MIMAMORI_TRUSTED_PROXIES", value_name = "NETWORKS", value_delimiter = ',')]
    pub trusted_proxies: Vec<Network>,
}

impl Default for ConnectionArgs {
    fn default() -> Self {
        Self { connections: 900, connections_per_peer: 256, trusted_proxies: Vec::new() }
    }
}

/// A network of addresses, or one address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Network {
    address: IpAddr,
    /// How many bits of the address all addresses have in common.
    prefix: u8,
}

/// A text is no network.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0} is not written as an address or a network, such as 10.1.2.3, 10.0.0.0/8 or fd00::/8")]
pub struct NoNetwork(String);

impl FromStr for Network {
    type Err = NoNetwork;

    fn from_str(text: &str) -> Result<Self, NoNetwork> {
        let refused = || NoNetwork(text.to_owned());
        let (address, prefix) = match text.trim().split_once('/') {
            Some((address, prefix)) => (address, Some(prefix)),
            None => (text.trim(), None),
        };
        let address: IpAddr = address.parse().map_err(|_| refused())?;
        let longest = if address.is_ipv4() { 32 } else { 128 };
        let prefix = match prefix {
            Some(prefix) => prefix.parse().ok().filter(|bits| *bits <= longest),
            None => Some(longest),
        };
        Ok(Self { address, prefix: prefix.ok_or_else(refused)? })
    }
}

impl Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.prefix)
    }
}

impl Network {
    fn contains(&self, address: IpAddr) -> bool {
        let differing = match (self.address, address) {
            (IpAddr::V4(own), IpAddr::V4(other)) => {
                (own.to_bits() ^ other.to_bits()).leading_zeros()
            }
            (IpAddr::V6(own), IpAddr::V6(other)) => {
                (own.to_bits() ^ other.to_bits()).leading_zeros()
            }
            _ => return false,
        };
        differing >= u32::from(self.prefix)
    }
}

/// Who counts as one peer: an IPv6 customer has a network of 64 bits.
fn peer_of(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() >> 64 << 64)),
        IpAddr::V4(_) => address,
    }
}

/// The connections of a server, counted. Clones share them.
#[derive(Debug, Clone)]
pub struct Connections(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    args: ConnectionArgs,
    open: Mutex<Open>,
    ended: Notify,
    metrics: Option<ConnectionMetrics>,
}

#[derive(Debug, Default)]
struct Open {
    next: u64,
    all: HashMap<u64, Entry>,
    peers: HashMap<IpAddr, usize>,
}

#[derive(Debug)]
struct Entry {
    /// None behind a trusted proxy.
    peer: Option<IpAddr>,
    progress: Arc<Progress>,
}

#[derive(Debug, Clone)]
struct ConnectionMetrics {
    open: IntGauge,
    ended: IntCounterVec,
}

/// What became of a new connection.
#[derive(Debug)]
pub(super) enum Admission {
    /// It is served, until this is dropped.
    Admitted(Place),
    /// Its peer has as many in work as it may have.
    PeerHasTooMany,
    /// There are as many in work as there may be.
    Full,
}

impl Default for Connections {
    fn default() -> Self {
        Self::new(ConnectionArgs::default(), None)
    }
}

impl Connections {
    /// Within the limits of the arguments, counted in the service's metrics.
    ///
    /// # Errors
    /// When the metrics' names are taken.
    pub fn with_metrics(args: &ConnectionArgs, metrics: &Metrics) -> Registered<Self> {
        let metrics = ConnectionMetrics {
            open: metrics.gauge("connections_count", "Connections that are open")?,
            ended: metrics.counters(
                "connections_ended_total",
                "Connections that were ended, refused or had to wait, by what their peer owed or was beyond",
                &["reason"],
            )?,
        };
        Ok(Self::new(args.clone(), Some(metrics)))
    }

    /// Within the limits of the arguments.
    pub fn within(args: &ConnectionArgs) -> Self {
        Self::new(args.clone(), None)
    }

    fn new(args: ConnectionArgs, metrics: Option<ConnectionMetrics>) -> Self {
        Self(Arc::new(Inner { args, open: Mutex::default(), ended: Notify::new(), metrics }))
    }

    fn open(&self) -> MutexGuard<'_, Open> {
        self.0.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A connection was ended, refused, or has to wait for its place, for a reason.
    pub(super) fn count(&self, reason: &str) {
        if let Some(metrics) = &self.0.metrics {
            metrics.ended.with_label_values(&[reason]).inc();
        }
    }

    /// Waits until a connection ends.
    pub(super) async fn one_ended(&self) {
        self.0.ended.notified().await;
    }

    /// Takes a new connection, for which another one gives way where there are too many: of the
    /// same peer, or of all.
    pub(super) fn admit(&self, address: IpAddr, progress: Arc<Progress>) -> Admission {
        let address = address.to_canonical();
        let is_proxy = self.0.args.trusted_proxies.iter().any(|proxy| proxy.contains(address));
        let peer = (!is_proxy).then(|| peer_of(address));
        let mut open = self.open();
        if let Some(peer) = peer
            && open.of_peer(peer) >= self.0.args.connections_per_peer
        {
            if !open.one_gives_way(Some(peer)) {
                self.count("peer_limit");
                return Admission::PeerHasTooMany;
            }
            self.count("evicted");
        }
        if open.all.len() >= self.0.args.connections {
            if !open.one_gives_way(None) {
                return Admission::Full;
            }
            self.count("evicted");
        }
        let number = open.next;
        open.next += 1;
        if let Some(peer) = peer {
            *open.peers.entry(peer).or_default() += 1;
        }
        open.all.insert(number, Entry { peer, progress });
        if let Some(metrics) = &self.0.metrics {
            metrics.open.inc();
        }
        Admission::Admitted(Place { connections: self.clone(), number })
    }
}

impl Open {
    fn of_peer(&self, peer: IpAddr) -> usize {
        self.peers.get(&peer).copied().unwrap_or_default()
    }

    /// Ends the connection that has waited longest without a request: first among those that never
    /// brought one, last among those of which the rest is only thrown away. It counts no longer, so
    /// that the new one has its place at once.
    fn one_gives_way(&mut self, peer: Option<IpAddr>) -> bool {
        let waiting = self.all.iter().filter(|(_, entry)| peer.is_none() || entry.peer == peer);
        let longest = waiting
            .filter_map(|(number, entry)| Some((entry.progress.without_work()?, *number)))
            .min()
            .map(|(_, number)| number);
        let Some(entry) = longest.and_then(|number| self.remove(number)) else { return false };
        entry.progress.give_way();
        true
    }

    fn remove(&mut self, number: u64) -> Option<Entry> {
        let entry = self.all.remove(&number)?;
        if let Some(peer) = entry.peer
            && let Some(count) = self.peers.get_mut(&peer)
        {
            *count -= 1;
            if *count == 0 {
                self.peers.remove(&peer);
            }
        }
        Some(entry)
    }
}

/// The place of one connection among all; given back when it is dropped.
#[derive(Debug)]
pub(super) struct Place {
    connections: Connections,
    number: u64,
}

impl Drop for Place {
    fn drop(&mut self) {
        self.connections.open().remove(self.number);
        if let Some(metrics) = &self.connections.0.metrics {
            metrics.open.dec();
        }
        self.connections.0.ended.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::*;

    fn connections(total: usize, per_peer: usize, proxies: &[&str]) -> Connections {
        let trusted_proxies = proxies.iter().map(|text| text.parse().unwrap()).collect();
        let args =
            ConnectionArgs { connections: total, connections_per_peer: per_peer, trusted_proxies };
        Connections::within(&args)
    }

    fn admit(connections: &Connections, address: &str, age: u64) -> (Admission, Arc<Progress>) {
        let progress = Arc::new(Progress::new(Instant::now() - Duration::from_secs(age)));
        (connections.admit(address.parse().unwrap(), progress.clone()), progress)
    }

    fn has_to_give_way(progress: &Progress) -> bool {
        let mut waiting = std::pin::pin!(progress.has_to_give_way());
        let waker = std::task::Waker::noop();
        waiting.as_mut().poll(&mut std::task::Context::from_waker(waker)).is_ready()
    }

    #[test]
    fn who_waits_longest_gives_way_and_who_never_asked_before_who_did() {
        let connections = connections(3, 3, &[]);
        let (_one, asked) = admit(&connections, "192.0.2.1", 9);
        asked.asked();
        asked.answered();
        let (_two, older) = admit(&connections, "192.0.2.1", 5);
        let (_three, newer) = admit(&connections, "192.0.2.1", 1);
        let (fourth, _) = admit(&connections, "192.0.2.1", 0);
        assert!(matches!(fourth, Admission::Admitted(_)));
        assert!(has_to_give_way(&older));
        assert!(!has_to_give_way(&newer));
        assert!(!has_to_give_way(&asked));
    }

    #[test]
    fn who_is_only_read_to_the_end_gives_way_after_who_is_idle_and_before_who_is_at_work() {
        let connections = connections(3, 3, &[]);
        let (_one, draining) = admit(&connections, "192.0.2.1", 9);
        draining.asked();
        draining.drains(true);
        let (_two, working) = admit(&connections, "192.0.2.1", 5);
        working.asked();
        let (_three, idle) = admit(&connections, "192.0.2.1", 1);
        idle.asked();
        idle.answered();
        let (_four, next) = admit(&connections, "192.0.2.2", 0);
        assert!(has_to_give_way(&idle));
        assert!(!has_to_give_way(&draining));
        next.asked();
        let (fifth, last) = admit(&connections, "192.0.2.2", 0);
        assert!(matches!(fifth, Admission::Admitted(_)));
        assert!(has_to_give_way(&draining));
        last.asked();
        assert!(matches!(admit(&connections, "192.0.2.3", 0).0, Admission::Full));
        assert!(!has_to_give_way(&working));
    }

    #[test]
    fn a_peer_has_its_own_bound_and_takes_no_place_from_others() {
        let connections = connections(4, 2, &[]);
        let mut places = Vec::new();
        for _ in 0..2 {
            let (place, progress) = admit(&connections, "2001:db8:0:1::1", 0);
            progress.asked();
            places.push((place, progress));
        }
        let (more, _) = admit(&connections, "2001:db8:0:1:ffff::2", 0);
        assert!(matches!(more, Admission::PeerHasTooMany), "of the same network");
        for address in ["2001:db8:0:2::1", "::ffff:192.0.2.1"] {
            let (place, progress) = admit(&connections, address, 0);
            assert!(matches!(place, Admission::Admitted(_)));
            progress.asked();
            places.push((place, progress));
        }
        assert!(matches!(admit(&connections, "192.0.2.9", 0).0, Admission::Full));
        places.clear();
        assert!(matches!(admit(&connections, "192.0.2.9", 0).0, Admission::Admitted(_)));
        assert!(connections.open().peers.is_empty());
    }

    #[test]
    fn a_trusted_proxy_is_bounded_by_the_total_only() {
        let connections = connections(3, 1, &["10.0.0.0/8", "fd00::/8", "192.0.2.7"]);
        let mut places = Vec::new();
        for address in ["10.1.2.3", "10.1.2.3", "fd00::1"] {
            let (place, progress) = admit(&connections, address, 0);
            assert!(matches!(place, Admission::Admitted(_)), "{address}");
            progress.asked();
            places.push(place);
        }
        assert!(matches!(admit(&connections, "192.0.2.7", 0).0, Admission::Full));
    }

    #[test]
    fn a_network_is_read_and_another_text_named() {
        let network: Network = " 172.16.0.0/12".parse().unwrap();
        assert!(network.contains("172.31.255.255".parse().unwrap()));
        assert!(!network.contains("172.32.0.0".parse().unwrap()));
        assert!(!network.contains("::1".parse().unwrap()));
        assert!("0.0.0.0/0".parse::<Network>().unwrap().contains("8.8.8.8".parse().unwrap()));
        for text in ["10.0.0.0/33", "proxy", "10.0.0.0/x", "::/129", ""] {
            assert!(text.parse::<Network>().is_err(), "{text}");
        }
    }
}
