//! Where documents begin in a body, and in which line and column a byte is.

use super::problem::{WarningRule, Warnings};

/// What programs end and fill their buffers with: zeros, DOS's end of file, erased flash memory.
pub(crate) fn is_padding(byte: u8) -> bool {
    matches!(byte, 0 | 0x1a | 0xff)
}

/// What may stand before a document in its line: white space, and padding.
fn stands_before_documents(byte: &u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\r') || is_padding(*byte) || BYTE_ORDER_MARK.contains(byte)
}

/// The byte order mark of UTF-8.
const BYTE_ORDER_MARK: &[u8] = &[0xef, 0xbb, 0xbf];

/// A place in a body, which only goes forward: a body with many faults is not counted through again
/// for each.
pub(super) struct Places<'b> {
    body: &'b [u8],
    /// The byte that is next.
    pub(super) at: usize,
    /// Its line, from 1.
    line: usize,
    /// The first byte of that line.
    line_start: usize,
}

impl<'b> Places<'b> {
    pub(super) fn of(body: &'b [u8]) -> Self {
        Self { body, at: 0, line: 1, line_start: 0 }
    }

    /// What is still to be read.
    pub(super) fn rest(&self) -> &'b [u8] {
        &self.body[self.at..]
    }

    /// The line, from 1.
    pub(super) fn line(&self) -> usize {
        self.line
    }

    /// Line and column (both from 1) of a byte that is not before this place.
    pub(super) fn line_and_column(&self, byte: usize) -> (usize, usize) {
        let mut there = Self { ..*self };
        there.go_to(byte);
        (there.line, there.at - there.line_start + 1)
    }

    pub(super) fn go_to(&mut self, byte: usize) {
        for (place, passed) in self.body[..byte].iter().enumerate().skip(self.at) {
            if *passed == b'\n' {
                self.line += 1;
                self.line_start = place + 1;
            }
        }
        self.at = byte;
    }

    /// Goes over what may stand between documents: white space, and with a warning byte order marks
    /// and [padding](is_padding), which is named of the document that it stands behind.
    pub(super) fn go_between(&mut self, document: usize, warnings: &mut Warnings) {
        loop {
            match self.rest() {
                [b' ' | b'\t' | b'\n' | b'\r', ..] => self.go_to(self.at + 1),
                [first, ..] if is_padding(*first) => {
                    let padding = self.rest().iter().take_while(|byte| is_padding(**byte)).count();
                    let before = document.saturating_sub(1);
                    warnings.add(before, WarningRule::TrailingBytes, String::new);
                    self.go_to(self.at + padding);
                }
                rest if rest.starts_with(BYTE_ORDER_MARK) => {
                    warnings.add(document, WarningRule::ByteOrderMark, String::new);
                    self.go_to(self.at + BYTE_ORDER_MARK.len());
                }
                _ => return,
            }
        }
    }

    /// Goes to the next line that begins as documents do, or as the one here has begun: lines that a
    /// program indents or pads are all indented alike. To the end where there is none.
    pub(super) fn go_to_next_document(&mut self) {
        let before = &self.body[self.line_start..self.at];
        let before = if before.iter().all(stands_before_documents) { before } else { &[] };
        let mut at = self.at;
        while let Some(end) = self.body[at..].iter().position(|byte| *byte == b'\n') {
            at += end + 1;
            let line = &self.body[at..];
            let begins =
                |with: &[u8]| line.strip_prefix(with).is_some_and(|it| it.starts_with(b"{"));
            if begins(&[]) || begins(BYTE_ORDER_MARK) || begins(before) {
                return self.go_to(at);
            }
        }
        self.go_to(self.body.len());
    }
}
