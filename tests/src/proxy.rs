//! What may stand between the services and ClickHouse: a connection that breaks in every way.

use std::collections::HashMap;
use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

/// How a proxy treats what goes through it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Weather {
    /// Passes everything on.
    Fair,
    /// Nobody listens; what was connected is cut off.
    Refusing,
    /// Every piece of a question or an answer waits for so long.
    Slow(Duration),
    /// Takes what is said, passes nothing on and never answers.
    Silent,
    /// Passes questions on and swallows the answers: what was asked for is done.
    Swallowing,
}

/// A TCP proxy on loopback, on threads of its own.
pub struct Proxy {
    port: u16,
    shared: Arc<Shared>,
    listening: Mutex<Option<JoinHandle<()>>>,
}

struct Shared {
    weather: Mutex<Weather>,
    behind: SocketAddr,
    /// Both ends of every connection, to cut them off.
    connections: Mutex<HashMap<u64, [TcpStream; 2]>>,
    ended: AtomicBool,
}

const PIECE: usize = 64 * 1024;

impl Proxy {
    /// Listens on a port of loopback and passes on to an address.
    pub fn start(port: u16, behind: SocketAddr) -> Self {
        let shared = Arc::new(Shared {
            weather: Mutex::new(Weather::Fair),
            behind,
            connections: Mutex::default(),
            ended: AtomicBool::new(false),
        });
        let listening = Mutex::new(Some(listen(port, Arc::clone(&shared))));
        Self { port, shared, listening }
    }

    /// Its URL.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Changes the weather, for the connections that are open too. A connection of which anything
    /// was swallowed stays mute for as long as it lives.
    pub fn set(&self, weather: Weather) {
        *self.shared.weather() = weather;
        let mut listening = self.listening.lock().unwrap_or_else(PoisonError::into_inner);
        if weather != Weather::Refusing {
            listening.get_or_insert_with(|| listen(self.port, Arc::clone(&self.shared)));
        } else if let Some(listener) = listening.take() {
            // Wakes the listener, which then ends.
            let _ = TcpStream::connect(("127.0.0.1", self.port));
            let _ = listener.join();
            self.shared.cut_off();
        }
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.shared.ended.store(true, Ordering::Release);
        let _ = TcpStream::connect(("127.0.0.1", self.port));
        self.shared.cut_off();
    }
}

impl Shared {
    fn weather(&self) -> std::sync::MutexGuard<'_, Weather> {
        self.weather.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn connections(&self) -> std::sync::MutexGuard<'_, HashMap<u64, [TcpStream; 2]>> {
        self.connections.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn cut_off(&self) {
        for (_, ends) in self.connections().drain() {
            for end in ends {
                let _ = end.shutdown(Shutdown::Both);
            }
        }
    }

    fn is_over(&self) -> bool {
        self.ended.load(Ordering::Acquire) || *self.weather() == Weather::Refusing
    }
}

fn listen(port: u16, shared: Arc<Shared>) -> JoinHandle<()> {
    let listener = TcpListener::bind(("127.0.0.1", port)).unwrap();
    std::thread::spawn(move || {
        static NUMBER: AtomicU64 = AtomicU64::new(0);
        for client in listener.incoming() {
            if shared.is_over() {
                return;
            }
            let Ok(client) = client else { continue };
            // Nobody behind it: the client is refused, a moment late.
            let Ok(server) = TcpStream::connect(shared.behind) else { continue };
            let number = NUMBER.fetch_add(1, Ordering::Relaxed);
            let both =
                |a: &TcpStream, b: &TcpStream| Some([a.try_clone().ok()?, b.try_clone().ok()?]);
            let (Some(ends), Some(up), Some(down)) =
                (both(&client, &server), both(&client, &server), both(&server, &client))
            else {
                continue;
            };
            shared.connections().insert(number, ends);
            let muted = Arc::new(AtomicBool::new(false));
            for (direction, ends) in [(Direction::Question, up), (Direction::Answer, down)] {
                let (shared, muted) = (Arc::clone(&shared), Arc::clone(&muted));
                std::thread::spawn(move || {
                    pass(&shared, direction, ends, &muted);
                    shared.connections().remove(&number);
                });
            }
        }
    })
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Direction {
    Question,
    Answer,
}

fn pass(
    shared: &Shared,
    direction: Direction,
    [mut from, mut to]: [TcpStream; 2],
    muted: &AtomicBool,
) {
    let mut piece = vec![0; PIECE];
    while let Ok(length @ 1..) = from.read(&mut piece) {
        let weather = *shared.weather();
        match weather {
            Weather::Slow(pause) => std::thread::sleep(pause),
            Weather::Silent => muted.store(true, Ordering::Release),
            Weather::Swallowing if direction == Direction::Answer => {
                muted.store(true, Ordering::Release);
            }
            _ => {}
        }
        // A question behind a swallowed answer must not be answered in its place.
        if !muted.load(Ordering::Acquire) && to.write_all(&piece[..length]).is_err() {
            break;
        }
    }
    if direction == Direction::Question || !muted.load(Ordering::Acquire) {
        let _ = from.shutdown(Shutdown::Both);
        let _ = to.shutdown(Shutdown::Both);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::free_port;

    /// A server that counts what it is asked and answers each byte with the same byte.
    fn echo() -> (SocketAddr, Arc<AtomicU64>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let asked = Arc::new(AtomicU64::new(0));
        let count = Arc::clone(&asked);
        std::thread::spawn(move || {
            for mut client in listener.incoming().flatten() {
                let count = Arc::clone(&count);
                std::thread::spawn(move || {
                    let mut byte = [0];
                    while client.read_exact(&mut byte).is_ok() {
                        count.fetch_add(1, Ordering::AcqRel);
                        if client.write_all(&byte).is_err() {
                            return;
                        }
                    }
                });
            }
        });
        (address, asked)
    }

    fn ask(client: &mut TcpStream) -> bool {
        client.set_read_timeout(Some(Duration::from_millis(300))).unwrap();
        let mut byte = [0];
        client.write_all(b"?").is_ok() && client.read_exact(&mut byte).is_ok()
    }

    #[test]
    fn answers_are_passed_swallowed_after_the_deed_or_never_come_as_the_weather_says() {
        let (behind, asked) = echo();
        let proxy = Proxy::start(free_port(), behind);
        let connect = || TcpStream::connect(("127.0.0.1", proxy.port));
        let asked = || asked.load(Ordering::Acquire);
        let mut open = connect().unwrap();
        assert!(ask(&mut open));
        assert_eq!(asked(), 1);

        proxy.set(Weather::Swallowing);
        assert!(!ask(&mut open));
        assert_eq!(asked(), 2, "it was done");

        proxy.set(Weather::Silent);
        let mut hanging = connect().unwrap();
        assert!(!ask(&mut hanging));
        assert_eq!(asked(), 2, "it was not done");

        proxy.set(Weather::Refusing);
        assert!(connect().is_err());
        assert!(hanging.write_all(b"?").is_err() || !ask(&mut hanging));

        proxy.set(Weather::Fair);
        assert!(!ask(&mut open), "a mute connection stays mute");
        assert!(ask(&mut connect().unwrap()));
        proxy.set(Weather::Slow(Duration::from_millis(50)));
        let begun = std::time::Instant::now();
        assert!(ask(&mut connect().unwrap()));
        assert!(begun.elapsed() >= Duration::from_millis(100));
    }
}
