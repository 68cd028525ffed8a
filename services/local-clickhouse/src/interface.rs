//! ClickHouse's HTTP interface: requests in, answers out.

use std::convert::Infallible;
use std::fmt::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::Router;
use axum::body::{Body, BodyDataStream};
use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get};
use bytes::{Bytes, BytesMut};
use futures_util::StreamExt;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot};
use tokio_stream::wrappers::ReceiverStream;

use crate::exception::{Exception, code};
use crate::ffi::Summary;
use crate::joint::Joint;
use crate::request::Request;
use crate::statement::{self, Statement};
use crate::work::{Answer, Block, Piece, Workshop};

/// Rows that are taken in before a place among the running queries is asked for: most inserts
/// are then complete, and a slow client holds no place.
const ROWS_AHEAD: usize = 1 << 20;
/// The longest statement without rows. The engine's own limit, `max_query_size`, is smaller
/// unless it is raised.
const MAXIMUM_STATEMENT: usize = 16 << 20;
/// What is read and dropped of the rows of an INSERT that failed, so that the client gets to
/// the answer.
const MAXIMUM_WASTE: usize = 256 << 20;

/// Everything that a request needs.
pub struct Interface {
    pub workshop: Workshop,
    /// Places for running queries.
    pub places: Arc<Semaphore>,
    /// The engine's version, as exceptions name it.
    pub version: String,
    pub query_numbers: AtomicU64,
    /// Tells this process's query ids from those of another one.
    pub started_nanoseconds: u64,
}

/// `/` and `/ping`.
pub fn router(interface: Arc<Interface>) -> Router {
    Router::new()
        .route("/ping", get(|| async { "Ok.\n" }))
        .route("/", any(answer))
        .with_state(interface)
}

async fn answer(
    State(interface): State<Arc<Interface>>,
    request: axum::extract::Request,
) -> Response {
    let (parts, body) = request.into_parts();
    let mut query_id = interface.next_query_id();
    let result = async {
        let mut request = Request::parse(&parts)?;
        if let Some(id) = &request.query_id {
            query_id.clone_from(id);
        }
        let mut text = Text::new(&request.query, body);
        let content_type = parts.headers.get(header::CONTENT_TYPE);
        if let Some(form) = content_type.and_then(|value| value.to_str().ok())
            && form.starts_with("multipart/form-data")
        {
            let body = text.whole().await?;
            request.query.clear();
            request.add_form(form, &body)?;
            text = Text::new(&request.query, Body::empty());
        }
        interface.execute(request, text).await
    }
    .await;
    let mut response = result.unwrap_or_else(|exception| interface.failure(&exception));
    let headers = response.headers_mut();
    if let Ok(id) = HeaderValue::from_str(&query_id) {
        headers.insert("x-clickhouse-query-id", id);
    }
    headers.insert(
        "x-clickhouse-server-display-name",
        HeaderValue::from_static("mimamori-dev local-clickhouse"),
    );
    response
}

impl Interface {
    async fn execute(&self, request: Request, mut text: Text) -> Result<Response, Exception> {
        let statement = text.statement().await?;
        if text.start.trim_ascii().is_empty() {
            // What a server tells someone who only looks whether it is there.
            return Ok("Ok.\n".into_response());
        }
        match statement {
            Statement::Insert { head, format, rows } => {
                self.insert(request, text, (head, format, rows)).await
            }
            Statement::Select { format } => {
                let format = format.unwrap_or_else(|| request.default_format.clone());
                match Joint::of(&format) {
                    Some(joint) => self.select(request, text, &format, joint).await,
                    None => self.run(request, text, &format).await,
                }
            }
            Statement::Other { format } => {
                let format = format.unwrap_or_else(|| request.default_format.clone());
                self.run(request, text, &format).await
            }
            Statement::Several => Err(Exception::new(
                code::SYNTAX_ERROR,
                "SYNTAX_ERROR",
                "Multi-statements are not allowed; send one statement a request",
            )),
        }
    }

    async fn run(&self, request: Request, text: Text, format: &str) -> Result<Response, Exception> {
        let workshop = self.workshop.clone();
        let answer = self.at_a_place(move || workshop.run(&request, &text.start)).await??;
        Ok(success(answer, format, Body::empty()))
    }

    async fn select(
        &self,
        request: Request,
        text: Text,
        format: &str,
        joint: Joint,
    ) -> Result<Response, Exception> {
        let (answer, begun) = oneshot::channel();
        let (blocks, rest) = mpsc::channel(4);
        let workshop = self.workshop.clone();
        let place = self.place().await?;
        let work = tokio::task::spawn_blocking(move || {
            workshop.select(&request, &text.start, joint, answer, &blocks);
            drop(place);
        });
        let Ok(answer) = begun.await else {
            // The thread is gone without an answer: it panicked, and says where on stderr.
            return Err(work.await.err().map_or_else(
                || Exception::other("no answer"),
                |error| Exception::other(&error.to_string()),
            ));
        };
        let answer = answer?;
        let tag = self.next_query_id().replace('-', "")[16..].to_owned();
        let version = self.version.clone();
        let marker = tag.clone();
        let rest = ReceiverStream::new(rest).map(move |block| {
            Ok::<_, Infallible>(match block {
                Block::Output(output) => output,
                Block::Failed(exception) => late_failure(&exception.text(&version), &marker),
            })
        });
        let mut response = success(answer, format, Body::from_stream(rest));
        if let Ok(tag) = HeaderValue::from_str(&tag) {
            response.headers_mut().insert("x-clickhouse-exception-tag", tag);
        }
        Ok(response)
    }

    async fn insert(
        &self,
        request: Request,
        mut text: Text,
        (head, format, rows): (std::ops::Range<usize>, String, usize),
    ) -> Result<Response, Exception> {
        text.read_up_to(ROWS_AHEAD).await?;
        let head = Bytes::copy_from_slice(&text.start[head]);
        let mut first = std::mem::take(&mut text.start).freeze();
        let first = first.split_off(rows.min(first.len()));
        let (pieces, taken) = mpsc::channel(4);
        let workshop = self.workshop.clone();
        let work = self.at_a_place(move || workshop.insert(&request, &head, &format, taken));
        let (answer, fed) = tokio::join!(work, feed(text, first, pieces));
        let answer = answer??;
        fed?;
        Ok(success(answer, "Null", Body::empty()))
    }

    /// Waits for a place among the running queries and does the work there.
    async fn at_a_place<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Exception> {
        let place = self.place().await?;
        tokio::task::spawn_blocking(move || {
            let result = work();
            drop(place);
            result
        })
        .await
        .map_err(|error| Exception::other(&error.to_string()))
    }

    async fn place(&self) -> Result<OwnedSemaphorePermit, Exception> {
        Arc::clone(&self.places)
            .acquire_owned()
            .await
            .map_err(|_| Exception::new(code::ABORTED, "ABORTED", "This process is stopping"))
    }

    fn next_query_id(&self) -> String {
        let number = self.query_numbers.fetch_add(1, Ordering::Relaxed);
        let hex = format!("{:016x}{number:016x}", self.started_nanoseconds);
        let (a, b, c) = (&hex[..8], &hex[8..12], &hex[12..16]);
        format!("{a}-{b}-{c}-{}-{}", &hex[16..20], &hex[20..])
    }

    fn failure(&self, exception: &Exception) -> Response {
        let mut response =
            (exception.status(), format!("{}\n", exception.text(&self.version))).into_response();
        response.headers_mut().insert("x-clickhouse-exception-code", exception.code().into());
        response
    }
}

fn success(answer: Answer, format: &str, rest: Body) -> Response {
    let (body, summary) = match answer {
        Answer::Whole(output, summary) => (Body::from(output), Some(summary)),
        Answer::Begun(first) => {
            let first = futures_util::stream::iter([Ok::<_, axum::Error>(first)]);
            (Body::from_stream(first.chain(rest.into_data_stream())), None)
        }
    };
    let mut response = (StatusCode::OK, body).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, content_type(format));
    if let Ok(format) = HeaderValue::from_str(format) {
        headers.insert("x-clickhouse-format", format);
    }
    if let Some(summary) = summary.and_then(|summary| HeaderValue::from_str(&json(&summary)).ok()) {
        headers.insert("x-clickhouse-summary", summary);
    }
    response
}

/// Hands rows on as they arrive. When they break off, `pieces` goes without its end, and the
/// insert is cancelled.
async fn feed(mut text: Text, first: Bytes, pieces: mpsc::Sender<Piece>) -> Result<(), Exception> {
    let mut wanted = pieces.send(Piece::Rows(first)).await.is_ok();
    let mut wasted = 0;
    while let Some(rows) = text.next().await? {
        if wanted {
            wanted = pieces.send(Piece::Rows(rows)).await.is_ok();
        } else {
            wasted += rows.len();
            if wasted > MAXIMUM_WASTE {
                break;
            }
        }
    }
    let _ = pieces.send(Piece::End).await;
    Ok(())
}

/// A server writes its numbers as texts.
fn json(summary: &Summary) -> String {
    serde_json::json!({
        "read_rows": summary.read_rows.to_string(),
        "read_bytes": summary.read_bytes.to_string(),
        "written_rows": summary.written_rows.to_string(),
        "written_bytes": summary.written_bytes.to_string(),
        "elapsed_ns": format!("{:.0}", summary.elapsed_seconds * 1e9),
    })
    .to_string()
}

fn content_type(format: &str) -> HeaderValue {
    HeaderValue::from_static(match format {
        "JSONEachRow" | "JSONLines" | "NDJSON" | "JSONCompactEachRow" => {
            "application/x-ndjson; charset=UTF-8"
        }
        format if format.starts_with("JSON") => "application/json; charset=UTF-8",
        format if format.starts_with("CSV") => "text/csv; charset=UTF-8",
        format if format.starts_with("Tab") || format.starts_with("TSV") => {
            "text/tab-separated-values; charset=UTF-8"
        }
        format if format.starts_with("RowBinary") => "application/octet-stream",
        "Native" | "Parquet" | "Arrow" | "ArrowStream" | "ORC" => "application/octet-stream",
        _ => "text/plain; charset=UTF-8",
    })
}

/// An exception behind output that is on its way already, in the frame that clients look for.
fn late_failure(text: &str, tag: &str) -> Bytes {
    let message = format!("{text}\n");
    let mut frame = format!("\r\n__exception__\r\n{tag}\r\n{message}");
    let _ = write!(frame, "{} {tag}\r\n__exception__\r\n", message.len());
    frame.into()
}

/// The text of a request as it arrives: `query=`, then the body.
struct Text {
    start: BytesMut,
    body: BodyDataStream,
    complete: bool,
}

impl Text {
    fn new(query: &str, body: Body) -> Self {
        Self {
            start: BytesMut::from(query.as_bytes()),
            body: body.into_data_stream(),
            complete: false,
        }
    }

    /// Reads until it is clear what the statement is.
    async fn statement(&mut self) -> Result<Statement, Exception> {
        let mut separated = self.start.is_empty();
        loop {
            if let Some(statement) = statement::look(&self.start, self.complete) {
                return Ok(statement);
            }
            if self.start.len() > MAXIMUM_STATEMENT {
                return Err(too_large());
            }
            if let Some(piece) = self.next().await? {
                if !separated && !piece.is_empty() {
                    self.start.extend_from_slice(b"\n");
                    separated = true;
                }
                self.start.extend_from_slice(&piece);
            }
        }
    }

    async fn read_up_to(&mut self, length: usize) -> Result<(), Exception> {
        while self.start.len() < length
            && let Some(piece) = self.next().await?
        {
            self.start.extend_from_slice(&piece);
        }
        Ok(())
    }

    async fn whole(&mut self) -> Result<Bytes, Exception> {
        let mut body = BytesMut::new();
        while let Some(piece) = self.next().await? {
            body.extend_from_slice(&piece);
            if body.len() > MAXIMUM_STATEMENT {
                return Err(too_large());
            }
        }
        Ok(body.freeze())
    }

    async fn next(&mut self) -> Result<Option<Bytes>, Exception> {
        match self.body.next().await {
            Some(Ok(piece)) => Ok(Some(piece)),
            None => {
                self.complete = true;
                Ok(None)
            }
            Some(Err(error)) => Err(Exception::new(
                code::ABORTED,
                "ABORTED",
                &format!("The request broke off: {error}"),
            )),
        }
    }
}

fn too_large() -> Exception {
    let message = format!("A statement without its rows may have {MAXIMUM_STATEMENT} bytes");
    Exception::new(code::QUERY_IS_TOO_LARGE, "QUERY_IS_TOO_LARGE", &message)
}
