//! The C interface of libchdb, and all the unsafe code there is: the library is loaded at run
//! time, its functions are called, and what they return is owned and freed here. Everything above
//! this module is safe.
//!
//! What the library demands and this module keeps: one statement at a time for a connection
//! (methods take `&mut self`, streams borrow the session); results, streams and sessions are freed
//! before the engine stops (by `Drop`, in that order); the library itself is never unloaded.

use std::ffi::{CStr, CString, c_char, c_int, c_void};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::ptr::NonNull;
use std::sync::Arc;

use bytes::Bytes;
use libloading::Library;

use crate::exception::Exception;

/// Why the engine could not be started.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// The library is missing or is no library for this machine.
    #[error(
        "cannot load the ClickHouse engine {path}: {source}; run `make setup` to fetch it, or name another libchdb.so with --library or MIMAMORI_LIBCHDB"
    )]
    Load {
        /// The library's path.
        path: PathBuf,
        /// What the loader says.
        source: libloading::Error,
    },
    /// A function is not in the library.
    #[error(
        "{path} is not the libchdb that is needed ({source}); run `make setup` to fetch the right one"
    )]
    Version {
        /// The library's path.
        path: PathBuf,
        /// What the loader says.
        source: libloading::Error,
    },
    /// The engine refused the data folder; it says why on standard error.
    #[error(
        "the ClickHouse engine cannot open {path}; its reason stands above. Is the folder writable, and of this engine's version?"
    )]
    Open {
        /// The data folder.
        path: PathBuf,
    },
}

type Connection = *mut c_void;
type QueryResult = *mut c_void;
type InsertStream = *mut c_void;
type Text = *const c_char;
/// What starts a statement: connection, statement, format, parameters' names and values.
type Start = unsafe extern "C" fn(
    Connection,
    Text,
    usize,
    Text,
    usize,
    *const Text,
    *const usize,
    *const Text,
    *const usize,
    usize,
) -> *mut c_void;

/// Declares the functions that are used, and how they are found in the library.
macro_rules! calls {
    ($($name:ident($($argument:ty),*) $(-> $result:ty)?;)*) => {
        struct Calls {
            $($name: unsafe extern "C" fn($($argument),*) $(-> $result)?,)*
        }

        impl Calls {
            /// # Safety
            /// The library is libchdb, whose functions have these signatures.
            unsafe fn find(library: &Library) -> Result<Self, libloading::Error> {
                // SAFETY: the caller vouches for the signatures.
                unsafe { Ok(Self { $($name: *library.get(concat!(stringify!($name), "\0").as_bytes())?,)* }) }
            }
        }
    };
}

calls! {
    chdb_set_signal_handlers_enabled(c_int);
    chdb_connect(c_int, *mut *mut c_char) -> *mut Connection;
    chdb_close_conn(*mut Connection);
    chdb_shutdown() -> c_int;
    chdb_query_with_params_n(Connection, Text, usize, Text, usize, *const Text, *const usize, *const Text, *const usize, usize) -> QueryResult;
    chdb_stream_query_with_params_n(Connection, Text, usize, Text, usize, *const Text, *const usize, *const Text, *const usize, usize) -> QueryResult;
    chdb_stream_fetch_result(Connection, QueryResult) -> QueryResult;
    chdb_stream_cancel_query(Connection, QueryResult);
    chdb_stream_insert_with_params_n(Connection, Text, usize, Text, usize, *const Text, *const usize, *const Text, *const usize, usize) -> InsertStream;
    chdb_stream_insert_error(InsertStream) -> Text;
    chdb_stream_append(InsertStream, *const c_void, usize) -> c_int;
    chdb_stream_done(InsertStream) -> QueryResult;
    chdb_stream_cancel_insert(InsertStream);
    chdb_destroy_insert_stream(InsertStream);
    chdb_destroy_query_result(QueryResult);
    chdb_result_buffer(QueryResult) -> *mut c_char;
    chdb_result_length(QueryResult) -> usize;
    chdb_result_error(QueryResult) -> Text;
    chdb_result_elapsed(QueryResult) -> f64;
    chdb_result_storage_rows_read(QueryResult) -> u64;
    chdb_result_storage_bytes_read(QueryResult) -> u64;
    chdb_result_rows_written(QueryResult) -> u64;
    chdb_result_bytes_written(QueryResult) -> u64;
}

/// The loaded library.
#[derive(Clone)]
pub struct Engine {
    calls: Arc<Calls>,
}

/// Values for `{name:Type}` placeholders, in the escaped form of the TabSeparated format.
pub type Parameters = [(String, String)];

/// What a statement read and wrote.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Summary {
    pub read_rows: u64,
    pub read_bytes: u64,
    pub written_rows: u64,
    pub written_bytes: u64,
    pub elapsed_seconds: f64,
}

impl Engine {
    /// Loads the library and keeps its hands off this process's signals.
    pub fn load(path: &Path) -> Result<Self, EngineError> {
        // SAFETY: loading runs the library's initialisers, which are the engine's own; its
        // functions have the signatures declared above, as its public header says.
        let calls = unsafe {
            let library = Library::new(path)
                .map_err(|source| EngineError::Load { path: path.to_owned(), source })?;
            let calls = Calls::find(&library)
                .map_err(|source| EngineError::Version { path: path.to_owned(), source })?;
            // Its threads run as long as the process does: it must never be unmapped.
            std::mem::forget(library);
            (calls.chdb_set_signal_handlers_enabled)(0);
            calls
        };
        Ok(Self { calls: Arc::new(calls) })
    }

    /// Opens a session. The first one starts the engine on the folder; when the last is closed,
    /// the engine lets go of it. All sessions of a process have the same folder.
    pub fn open(&self, data: &Path) -> Result<Session, EngineError> {
        let refused = || EngineError::Open { path: data.to_owned() };
        let mut path = b"--path=".to_vec();
        path.extend_from_slice(data.as_os_str().as_bytes());
        let path = CString::new(path).map_err(|_| refused())?;
        let mut arguments =
            [c"clickhouse".as_ptr().cast_mut(), path.as_ptr().cast_mut(), std::ptr::null_mut()];
        // SAFETY: two arguments that live through the call, which reads and copies them.
        let handle = unsafe { (self.calls.chdb_connect)(2, arguments.as_mut_ptr()) };
        Ok(Session {
            calls: Arc::clone(&self.calls),
            handle: NonNull::new(handle).ok_or_else(refused)?,
        })
    }

    /// Joins the engine's threads; every session has to be closed. Says whether all of them
    /// ended. No session can be opened afterwards.
    pub fn stop(&self) -> bool {
        // SAFETY: no preconditions; with an open session it does nothing.
        unsafe { (self.calls.chdb_shutdown)() == 0 }
    }
}

/// A connection to the engine: current database, settings, one statement at a time.
pub struct Session {
    calls: Arc<Calls>,
    handle: NonNull<Connection>,
}

// SAFETY: the engine ties a connection to no thread; it only wants one call at a time, which
// exclusive access gives.
unsafe impl Send for Session {}

impl Drop for Session {
    fn drop(&mut self) {
        // SAFETY: the handle is open, and nothing borrows the session any more.
        unsafe { (self.calls.chdb_close_conn)(self.handle.as_ptr()) }
    }
}

impl Session {
    /// Runs any statement and returns its whole output.
    pub fn run(
        &mut self,
        sql: &[u8],
        format: &str,
        parameters: &Parameters,
    ) -> Result<(Bytes, Summary), Exception> {
        let result = self.start(self.calls.chdb_query_with_params_n, sql, format, parameters);
        let output = Output::new(&self.calls, result)?;
        Ok((output.bytes(), output.summary()))
    }

    /// Starts a SELECT whose output is fetched block by block.
    pub fn select(
        &mut self,
        sql: &[u8],
        format: &str,
        parameters: &Parameters,
    ) -> Result<Selection<'_>, Exception> {
        let result =
            self.start(self.calls.chdb_stream_query_with_params_n, sql, format, parameters);
        let stream = Output::new(&self.calls, result)?;
        Ok(Selection { session: self, stream, ended: false })
    }

    /// Starts an INSERT whose rows follow; `head` is the statement without FORMAT and rows.
    pub fn insert(
        &mut self,
        head: &[u8],
        format: &str,
        parameters: &Parameters,
    ) -> Result<Insertion<'_>, Exception> {
        let stream =
            self.start(self.calls.chdb_stream_insert_with_params_n, head, format, parameters);
        let stream = NonNull::new(stream)
            .ok_or_else(|| Exception::other("the engine gave no insert stream"))?;
        let insertion = Insertion { session: self, stream };
        // SAFETY: the stream is alive; the text, if any, belongs to it.
        match unsafe { text((insertion.session.calls.chdb_stream_insert_error)(stream.as_ptr())) } {
            Some(message) => Err(Exception::parse(&message)),
            None => Ok(insertion),
        }
    }

    fn start(
        &mut self,
        start: Start,
        sql: &[u8],
        format: &str,
        parameters: &Parameters,
    ) -> *mut c_void {
        let bound = Bound::new(parameters);
        // SAFETY: the connection is open and exclusively ours; texts are given with their lengths
        // and copied, the arrays live through the call.
        unsafe {
            start(
                self.connection(),
                sql.as_ptr().cast(),
                sql.len(),
                format.as_ptr().cast(),
                format.len(),
                bound.names.as_ptr(),
                bound.name_lengths.as_ptr(),
                bound.values.as_ptr(),
                bound.value_lengths.as_ptr(),
                parameters.len(),
            )
        }
    }

    fn connection(&self) -> Connection {
        // SAFETY: an open handle points to its connection.
        unsafe { *self.handle.as_ptr() }
    }
}

/// The rest of a SELECT's output. Dropped early, the query is cancelled.
pub struct Selection<'session> {
    session: &'session mut Session,
    stream: Output,
    ended: bool,
}

impl Selection<'_> {
    /// The next block of output, none at the end.
    pub fn next(&mut self) -> Result<Option<Bytes>, Exception> {
        if self.ended {
            return Ok(None);
        }
        // SAFETY: stream and connection belong together and are alive.
        let block = unsafe {
            (self.session.calls.chdb_stream_fetch_result)(
                self.session.connection(),
                self.stream.result.as_ptr(),
            )
        };
        let block = Output::new(&self.session.calls, block).inspect_err(|_| self.ended = true)?;
        let bytes = block.bytes();
        self.ended = bytes.is_empty();
        Ok((!self.ended).then_some(bytes))
    }
}

impl Drop for Selection<'_> {
    fn drop(&mut self) {
        if !self.ended {
            // SAFETY: as in `next`. The stream itself is freed after this, as a field.
            unsafe {
                (self.session.calls.chdb_stream_cancel_query)(
                    self.session.connection(),
                    self.stream.result.as_ptr(),
                );
            }
        }
    }
}

/// An INSERT that takes rows. Dropped without [`Insertion::finish`], it is cancelled.
pub struct Insertion<'session> {
    session: &'session mut Session,
    stream: NonNull<c_void>,
}

impl Insertion<'_> {
    /// Gives the engine a piece of the rows, cut anywhere, and waits while it has enough. False:
    /// the engine wants no more, and `finish` says why.
    #[must_use]
    pub fn append(&mut self, piece: &[u8]) -> bool {
        // SAFETY: the stream is alive; the piece is copied before the call returns.
        unsafe {
            (self.session.calls.chdb_stream_append)(
                self.stream.as_ptr(),
                piece.as_ptr().cast(),
                piece.len(),
            ) == 0
        }
    }

    /// Ends the rows and waits until they are stored.
    pub fn finish(self) -> Result<Summary, Exception> {
        // SAFETY: the stream is alive. Cancelling it afterwards, as `Drop` does, changes nothing.
        let result = unsafe { (self.session.calls.chdb_stream_done)(self.stream.as_ptr()) };
        Output::new(&self.session.calls, result).map(|output| output.summary())
    }
}

impl Drop for Insertion<'_> {
    fn drop(&mut self) {
        // SAFETY: the stream is alive, and this is its end.
        unsafe {
            (self.session.calls.chdb_stream_cancel_insert)(self.stream.as_ptr());
            (self.session.calls.chdb_destroy_insert_stream)(self.stream.as_ptr());
        }
    }
}

/// A result of the engine, freed when dropped.
struct Output {
    calls: Arc<Calls>,
    result: NonNull<c_void>,
}

impl Output {
    fn new(calls: &Arc<Calls>, result: QueryResult) -> Result<Self, Exception> {
        let output = Self {
            calls: Arc::clone(calls),
            result: NonNull::new(result)
                .ok_or_else(|| Exception::other("the engine gave no result"))?,
        };
        // SAFETY: the result is alive; the text, if any, belongs to it.
        match unsafe { text((calls.chdb_result_error)(result)) } {
            Some(message) => Err(Exception::parse(&message)),
            None => Ok(output),
        }
    }

    fn bytes(&self) -> Bytes {
        // SAFETY: the buffer belongs to the result, which is alive, and has that length.
        unsafe {
            let start = (self.calls.chdb_result_buffer)(self.result.as_ptr());
            let length = (self.calls.chdb_result_length)(self.result.as_ptr());
            if start.is_null() || length == 0 {
                Bytes::new()
            } else {
                Bytes::copy_from_slice(std::slice::from_raw_parts(start.cast::<u8>(), length))
            }
        }
    }

    fn summary(&self) -> Summary {
        let result = self.result.as_ptr();
        // SAFETY: the result is alive.
        unsafe {
            Summary {
                read_rows: (self.calls.chdb_result_storage_rows_read)(result),
                read_bytes: (self.calls.chdb_result_storage_bytes_read)(result),
                written_rows: (self.calls.chdb_result_rows_written)(result),
                written_bytes: (self.calls.chdb_result_bytes_written)(result),
                elapsed_seconds: (self.calls.chdb_result_elapsed)(result),
            }
        }
    }
}

impl Drop for Output {
    fn drop(&mut self) {
        // SAFETY: the result is alive, and this is its end.
        unsafe { (self.calls.chdb_destroy_query_result)(self.result.as_ptr()) }
    }
}

/// Parameters as the arrays of the C interface; they borrow, and live as long as the call.
struct Bound {
    names: Vec<Text>,
    name_lengths: Vec<usize>,
    values: Vec<Text>,
    value_lengths: Vec<usize>,
}

impl Bound {
    fn new(parameters: &Parameters) -> Self {
        Self {
            names: parameters.iter().map(|(name, _)| name.as_ptr().cast()).collect(),
            name_lengths: parameters.iter().map(|(name, _)| name.len()).collect(),
            values: parameters.iter().map(|(_, value)| value.as_ptr().cast()).collect(),
            value_lengths: parameters.iter().map(|(_, value)| value.len()).collect(),
        }
    }
}

/// # Safety
/// The pointer is null or points to a text that ends in zero and lives through the call.
unsafe fn text(pointer: Text) -> Option<String> {
    // SAFETY: as above.
    (!pointer.is_null()).then(|| unsafe { CStr::from_ptr(pointer) }.to_string_lossy().into_owned())
}
