//! A mail server for demo and tests that delivers nothing: it keeps what it is given.

use std::io::{self, BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::Context;

/// A mail as it was given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CaughtMail {
    /// To whom, as the envelope says.
    pub to: Vec<String>,
    /// Headers and body.
    pub text: String,
}

impl CaughtMail {
    /// The value of a header, of one line.
    pub fn header(&self, name: &str) -> Option<&str> {
        let head = self.text.split("\r\n\r\n").next()?;
        head.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
    }
}

/// The catcher: it listens as long as the process runs.
#[derive(Debug, Clone)]
pub struct MailCatcher {
    port: u16,
    mails: Arc<Mutex<Vec<CaughtMail>>>,
}

/// A connection on which nothing comes for so long is closed.
const SILENCE: Duration = Duration::from_secs(60);
/// No mail of ours is longer.
const LONGEST: usize = 4 << 20;

impl MailCatcher {
    /// Listens; each mail is given to `keep` before it is taken.
    ///
    /// # Errors
    /// When the address is taken.
    pub fn start(
        address: SocketAddr,
        keep: impl Fn(&CaughtMail) -> io::Result<()> + Send + Sync + 'static,
    ) -> io::Result<Self> {
        let listener = TcpListener::bind(address)?;
        let catcher = Self { port: listener.local_addr()?.port(), mails: Arc::default() };
        let (mails, keep) = (Arc::clone(&catcher.mails), Arc::new(keep));
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (mails, keep) = (Arc::clone(&mails), Arc::clone(&keep));
                std::thread::spawn(move || {
                    // Who goes away in the middle has given nothing.
                    let _ = converse(&stream, |mail| {
                        keep(&mail)?;
                        mails.lock().unwrap_or_else(PoisonError::into_inner).push(mail);
                        Ok(())
                    });
                });
            }
        });
        Ok(catcher)
    }

    /// Where it listens.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// What it was given, the oldest first.
    pub fn mails(&self) -> Vec<CaughtMail> {
        self.mails.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

fn converse(
    stream: &TcpStream,
    mut keep: impl FnMut(CaughtMail) -> io::Result<()>,
) -> io::Result<()> {
    stream.set_read_timeout(Some(SILENCE))?;
    let (mut reader, mut writer) = (BufReader::new(stream), stream);
    let mut to = Vec::new();
    write!(writer, "220 mail catcher\r\n")?;
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 {
            return Ok(());
        }
        let command = line.trim_end();
        let word = command.get(..4).unwrap_or(command).to_ascii_uppercase();
        match &*word {
            "EHLO" => write!(writer, "250-mail catcher\r\n250 8BITMIME\r\n")?,
            "RCPT" => {
                let address = command.split(['<', '>']).nth(1).unwrap_or_default();
                to.push(address.to_owned());
                write!(writer, "250 ok\r\n")?;
            }
            "DATA" => {
                write!(writer, "354 go on\r\n")?;
                let text = text(&mut reader)?;
                match keep(CaughtMail { to: std::mem::take(&mut to), text }) {
                    Ok(()) => write!(writer, "250 kept\r\n")?,
                    Err(_) => write!(writer, "452 it cannot be kept\r\n")?,
                }
            }
            "QUIT" => {
                write!(writer, "221 bye\r\n")?;
                return Ok(());
            }
            "HELO" | "MAIL" | "RSET" | "NOOP" => write!(writer, "250 ok\r\n")?,
            _ => write!(writer, "502 not here\r\n")?,
        }
    }
}

/// Up to a line with nothing but a point; a point that begins a line was doubled on the way.
fn text(reader: &mut impl BufRead) -> io::Result<String> {
    let mut text = String::new();
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 || text.len() > LONGEST {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        if line == ".\r\n" {
            return Ok(text);
        }
        text += line.strip_prefix('.').unwrap_or(&line);
    }
}

/// Arguments of `mimamori-dev mail-catcher`.
#[derive(Debug, Clone, clap::Args)]
pub struct MailCatcherArgs {
    /// Where it listens
    #[arg(long, env = "MIMAMORI_MAIL_CATCHER_LISTEN", default_value = "127.0.0.1:2525")]
    pub listen: SocketAddr,
    /// Folder in which each mail becomes a file
    #[arg(long, env = "MIMAMORI_MAIL_CATCHER_FOLDER")]
    pub folder: PathBuf,
}

/// Keeps each mail as a file that mail programs open.
fn keep_in(folder: &Path, mail: &CaughtMail) -> io::Result<()> {
    let number = std::fs::read_dir(folder)?.count();
    let to = mail.to.join(",").replace(|c: char| !(c.is_ascii_alphanumeric() || c == '.'), "_");
    std::fs::write(folder.join(format!("{number:06}-{to}.eml")), &mail.text)
}

/// Catches mails into a folder, as long as the process runs.
pub(crate) fn start_in(listen: SocketAddr, folder: PathBuf) -> anyhow::Result<MailCatcher> {
    std::fs::create_dir_all(&folder)
        .with_context(|| format!("{} cannot be made", folder.display()))?;
    // One after the other: each file has a number.
    let turn = Mutex::new(());
    MailCatcher::start(listen, move |mail| {
        let _turn = turn.lock().unwrap_or_else(PoisonError::into_inner);
        keep_in(&folder, mail)
    })
    .with_context(|| format!("{listen} is taken"))
}

pub(crate) async fn run(args: MailCatcherArgs) -> anyhow::Result<()> {
    let MailCatcherArgs { listen, folder } = args;
    println!("mails to {listen} become files in {}", folder.display());
    start_in(listen, folder)?;
    chassis::Shutdown::on_signals()?.requested().await;
    Ok(())
}
