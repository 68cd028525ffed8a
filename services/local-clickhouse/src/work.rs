//! The blocking half of a request: a session of its own, prepared, used once and closed, on a
//! thread that may wait.

use std::path::PathBuf;

use bytes::Bytes;
use chassis::Shutdown;
use tokio::runtime::Handle;
use tokio::sync::{mpsc, oneshot};

use crate::exception::{Exception, code};
use crate::ffi::{Engine, Selection, Session, Summary};
use crate::joint::Joint;
use crate::request::Request;

/// What opens sessions, and when to give up.
#[derive(Clone)]
pub struct Workshop {
    pub engine: Engine,
    pub data: PathBuf,
    /// Requested when the time for draining is nearly over: streams are cut, because the engine
    /// cannot be left with one open.
    pub cut: Shutdown,
}

/// A piece of the rows of an INSERT.
pub enum Piece {
    Rows(Bytes),
    /// All rows are there. Without it the client broke off, and nothing is stored.
    End,
}

/// How an answer begins.
pub enum Answer {
    /// All of it.
    Whole(Bytes, Summary),
    /// The first block; more come through the channel.
    Begun(Bytes),
}

/// What follows the first block.
pub enum Block {
    Output(Bytes),
    Failed(Exception),
}

impl Workshop {
    fn session(&self, request: &Request) -> Result<Session, Exception> {
        let mut session =
            self.engine.open(&self.data).map_err(|error| Exception::other(&error.to_string()))?;
        for statement in request.preparation()? {
            session.run(statement.as_bytes(), "Null", &[])?;
        }
        Ok(session)
    }

    /// Runs a statement whose output is small.
    pub fn run(&self, request: &Request, sql: &[u8]) -> Result<Answer, Exception> {
        let mut session = self.session(request)?;
        let (output, summary) = session.run(sql, &request.default_format, &request.parameters)?;
        Ok(Answer::Whole(output, summary))
    }

    /// Runs a SELECT. The answer begins when its first block is there, so that an error before
    /// it has a status of its own. Nobody may be listening any more: then the query ends.
    pub fn select(
        &self,
        request: &Request,
        sql: &[u8],
        joint: Joint,
        answer: oneshot::Sender<Result<Answer, Exception>>,
        blocks: &mpsc::Sender<Block>,
    ) {
        let (format, parameters) = (&request.default_format, &request.parameters);
        let mut session = match self.session(request) {
            Ok(session) => session,
            Err(exception) => {
                let _ = answer.send(Err(exception));
                return;
            }
        };
        match session.select(sql, format, parameters) {
            Ok(selection) => return self.stream(selection, joint, answer, blocks),
            Err(exception) if exception.is_about_streaming() => {}
            Err(exception) => {
                let _ = answer.send(Err(exception));
                return;
            }
        }
        let whole = session.run(sql, format, parameters);
        let _ = answer.send(whole.map(|(output, summary)| Answer::Whole(output, summary)));
    }

    fn stream(
        &self,
        mut selection: Selection<'_>,
        joint: Joint,
        answer: oneshot::Sender<Result<Answer, Exception>>,
        blocks: &mpsc::Sender<Block>,
    ) {
        let first = selection.next();
        let failed = first.is_err();
        let begun = first.map(|output| Answer::Begun(output.unwrap_or_default()));
        if answer.send(begun).is_err() || failed {
            return;
        }
        loop {
            let block = match selection.next() {
                Ok(None) => return,
                Ok(Some(output)) => match joint.join(output) {
                    Some(output) => Block::Output(output),
                    None => Block::Failed(Exception::other("a block without its header")),
                },
                Err(exception) => Block::Failed(exception),
            };
            let failed = matches!(block, Block::Failed(_));
            if !self.send(blocks, block) || failed {
                return;
            }
        }
    }

    /// Stores the rows of an INSERT as they come.
    pub fn insert(
        &self,
        request: &Request,
        head: &[u8],
        format: &str,
        mut pieces: mpsc::Receiver<Piece>,
    ) -> Result<Answer, Exception> {
        let mut session = self.session(request)?;
        let mut insertion = session.insert(head, format, &request.parameters)?;
        loop {
            match self.receive(&mut pieces) {
                Some(Piece::Rows(rows)) => {
                    if !insertion.append(&rows) {
                        break;
                    }
                }
                Some(Piece::End) => break,
                None => {
                    return Err(Exception::new(
                        code::ABORTED,
                        "ABORTED",
                        "The rows broke off before their end; nothing of the last block is stored",
                    ));
                }
            }
        }
        let summary = insertion.finish()?;
        Ok(Answer::Whole(Bytes::new(), summary))
    }

    fn send(&self, blocks: &mpsc::Sender<Block>, block: Block) -> bool {
        Handle::current().block_on(async {
            tokio::select! {
                sent = blocks.send(block) => sent.is_ok(),
                () = self.cut.requested() => false,
            }
        })
    }

    fn receive(&self, pieces: &mut mpsc::Receiver<Piece>) -> Option<Piece> {
        Handle::current().block_on(async {
            tokio::select! {
                piece = pieces.recv() => piece,
                () = self.cut.requested() => None,
            }
        })
    }
}
