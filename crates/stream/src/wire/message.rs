//! The words of Kafka's messages: big-endian numbers, texts and lists with their length, and in the
//! flexible form lengths plus one as variable-length numbers, and tagged fields, of which none is
//! written and all are skipped.

use super::WireError;

/// A message that is being written.
#[derive(Debug, Default)]
pub(crate) struct Writer(Vec<u8>);

impl Writer {
    pub(crate) fn i16(&mut self, value: i16) {
        self.0.extend(value.to_be_bytes());
    }

    pub(crate) fn i32(&mut self, value: i32) {
        self.0.extend(value.to_be_bytes());
    }

    pub(crate) fn i64(&mut self, value: i64) {
        self.0.extend(value.to_be_bytes());
    }

    pub(crate) fn flag(&mut self, value: bool) {
        self.0.push(value.into());
    }

    fn unsigned(&mut self, mut value: u32) {
        while value >= 0x80 {
            self.0.push(value as u8 | 0x80);
            value >>= 7;
        }
        self.0.push(value as u8);
    }

    /// A text of the older form.
    pub(crate) fn text(&mut self, text: &str) {
        self.i16(text.len() as i16);
        self.0.extend(text.as_bytes());
    }

    /// Bytes of the older form.
    pub(crate) fn bytes(&mut self, bytes: &[u8]) {
        self.i32(bytes.len() as i32);
        self.0.extend(bytes);
    }

    /// A text of the flexible form.
    pub(crate) fn compact_text(&mut self, text: &str) {
        self.compact_length(text.len());
        self.0.extend(text.as_bytes());
    }

    /// The length of a text or list of the flexible form.
    pub(crate) fn compact_length(&mut self, length: usize) {
        self.unsigned(length as u32 + 1);
    }

    /// The end of a structure of the flexible form.
    pub(crate) fn no_tags(&mut self) {
        self.unsigned(0);
    }

    pub(crate) fn append(&mut self, other: Self) {
        self.0.extend(other.0);
    }

    pub(crate) fn into_bytes(self) -> Vec<u8> {
        self.0
    }
}

/// A message that is being read.
#[derive(Debug)]
pub(crate) struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    pub(crate) fn rest(&self) -> &'a [u8] {
        self.0
    }

    fn take(&mut self, length: usize) -> Result<&'a [u8], WireError> {
        let (taken, rest) = self.0.split_at_checked(length).ok_or(WireError::Unreadable)?;
        self.0 = rest;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], WireError> {
        self.take(N)?.try_into().map_err(|_| WireError::Unreadable)
    }

    pub(crate) fn i16(&mut self) -> Result<i16, WireError> {
        Ok(i16::from_be_bytes(self.array()?))
    }

    pub(crate) fn i32(&mut self) -> Result<i32, WireError> {
        Ok(i32::from_be_bytes(self.array()?))
    }

    pub(crate) fn i64(&mut self) -> Result<i64, WireError> {
        Ok(i64::from_be_bytes(self.array()?))
    }

    fn unsigned(&mut self) -> Result<u32, WireError> {
        let mut value = 0;
        for shift in (0..35).step_by(7) {
            let [byte] = self.array()?;
            value |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return u32::try_from(value).map_err(|_| WireError::Unreadable);
            }
        }
        Err(WireError::Unreadable)
    }

    /// A length of the flexible form; none and empty are the same.
    pub(crate) fn compact_length(&mut self) -> Result<usize, WireError> {
        Ok(self.unsigned()?.saturating_sub(1) as usize)
    }

    /// A text of the flexible form.
    pub(crate) fn compact_text(&mut self) -> Result<String, WireError> {
        let length = self.compact_length()?;
        String::from_utf8(self.take(length)?.to_vec()).map_err(|_| WireError::Unreadable)
    }

    /// A list of the flexible form.
    pub(crate) fn compact_list<T>(
        &mut self,
        mut read: impl FnMut(&mut Self) -> Result<T, WireError>,
    ) -> Result<Vec<T>, WireError> {
        // Not made for a length that somebody claims.
        let mut list = Vec::new();
        for _ in 0..self.compact_length()? {
            list.push(read(self)?);
        }
        Ok(list)
    }

    /// Skips tagged fields.
    pub(crate) fn tags(&mut self) -> Result<(), WireError> {
        for _ in 0..self.unsigned()? {
            self.unsigned()?;
            let length = self.unsigned()?;
            self.take(length as usize)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let mut writer = Writer::default();
        let long = "x".repeat(300);
        writer.i16(-1);
        writer.i64(i64::MAX);
        writer.compact_text(&long);
        writer.compact_length(2);
        writer.i32(7);
        writer.i32(8);
        writer.no_tags();
        let bytes = writer.into_bytes();
        let mut reader = Reader::new(&bytes);
        assert_eq!(reader.i16().unwrap(), -1);
        assert_eq!(reader.i64().unwrap(), i64::MAX);
        assert_eq!(reader.compact_text().unwrap(), long);
        assert_eq!(reader.compact_list(Reader::i32).unwrap(), [7, 8]);
        reader.tags().unwrap();
        assert!(reader.rest().is_empty());
    }

    #[test]
    fn a_message_that_ends_early_or_claims_too_much_is_refused() {
        for bytes in [&[][..], &[0xff; 9], &[0xff, 0xff, 0xff, 0xff, 0x0f, 1]] {
            assert!(Reader::new(bytes).compact_list(Reader::i64).is_err(), "{bytes:?}");
            assert!(Reader::new(bytes).compact_text().is_err(), "{bytes:?}");
        }
    }

    #[test]
    fn tagged_fields_are_skipped() {
        let bytes = [2, 0, 1, 9, 5, 2, 8, 8, 42];
        let mut reader = Reader::new(&bytes);
        reader.tags().unwrap();
        assert_eq!(reader.rest(), [42]);
    }
}
