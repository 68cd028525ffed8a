//! What clients of the local ClickHouse send.

use axum::http::request::Builder;
use local_clickhouse::exception::Exception;
use local_clickhouse::request::Request;
use local_clickhouse::statement::{Statement, look};

use crate::packed::{pack, unpack};
use crate::target::{Form, Target, promise};

const SQL: &[&str] = &[
    "INSERT INTO ",
    "SELECT ",
    "FORMAT ",
    "VALUES",
    " FORMAT RowBinary\n",
    ";",
    "--",
    "/*",
    "*/",
    "'",
    "`",
    "\"",
    "\\",
    "(",
    ")",
    "{x:UInt8}",
    "WITH ",
    "SETTINGS ",
    "#",
    "$",
    "FROM INFILE ",
    "\n",
    "?query=",
    "&param_x=",
    "&database=",
    "&readonly=0",
    "multipart/form-data; boundary=X",
    "--X",
    "\r\n",
    "Content-Disposition: form-data; name=\"query\"",
    "%60",
    "%27",
    "%5C",
];

pub(super) fn targets() -> Vec<Target> {
    let texts = |texts: &[&str]| texts.iter().map(|text| text.as_bytes().to_vec()).collect();
    let statements = [
        "INSERT INTO t FORMAT CSV\n1,2\n",
        "insert into t(a, b) format RowBinary \n\n\u{1}",
        "INSERT INTO `a b`.`FORMAT` (\"values\") SETTINGS async_insert=0 FORMAT TSV x",
        "INSERT INTO TABLE FUNCTION null('a FORMAT CSV') VALUES (1), (2)",
        "INSERT INTO t SELECT 1",
        "SELECT 1 FORMAT JSON; -- done",
        "WITH 1 AS x SELECT 'it''s', x FROM t /* c */ FORMAT CSV SETTINGS max_threads = 1",
        "DROP TABLE a; SELECT ';'",
    ];
    let form = "--X\r\nContent-Disposition: form-data; name=\"query\"\r\n\r\nSELECT {a:Int8}\r\n--X\r\n\
                content-disposition: form-data; name=\"param_a\"\r\n\r\n1\r\n--X--\r\n";
    let address =
        "/?query=SELECT+%7Bx:UInt8%7D&database=d%60&param_x=1&max_threads=2&log_comment='%5C";
    let requests = [
        ["POST", address, "", "", "multipart/form-data; boundary=X", form],
        ["GET", "/?query=SELECT+1&readonly=0", "JSON", "base", "", ""],
        ["POST", "/?session_id=a", "", "", "multipart/form-data", "--X--"],
    ];
    let exceptions = [
        "Code: 60. DB::Exception: Table default.x does not exist. (UNKNOWN_TABLE) (version 26.7)",
        "Code: 4294967296. DB::Exception",
    ];
    vec![
        Target::new("clickhouse_statement", Form::Text(SQL), texts(&statements), looked_at)
            .often(2),
        Target::new(
            "clickhouse_request",
            Form::Packed(6, &Form::Text(SQL)),
            requests.iter().map(pack).collect(),
            request_read,
        )
        .often(2),
        Target::new(
            "clickhouse_exception",
            Form::Text(&["Code: ", "("]),
            texts(&exceptions),
            |input| {
                let exception = Exception::parse(&String::from_utf8_lossy(input));
                Ok((exception.code() > 0).to_string())
            },
        ),
    ]
}

/// However a statement arrives, it is never taken for something else at first.
fn looked_at(input: &[u8]) -> Result<String, String> {
    let Some(whole) = look(input, true) else {
        return Err("nothing more will come, and it is not known what it is".to_owned());
    };
    if let Statement::Insert { rows, .. } = &whole {
        promise(*rows <= input.len(), || format!("rows begin at {rows}"))?;
    }
    let steps = input.len().div_ceil(64).max(1);
    for length in (0..=input.len()).step_by(steps) {
        if let Some(early) = look(&input[..length], false) {
            // What is known early is an INSERT, or settled.
            promise(early == whole, || {
                format!("{early:?} of the first {length} bytes, then {whole:?}")
            })?;
        }
    }
    let whole = format!("{whole:?}");
    Ok(whole.split([' ', '(']).next().unwrap_or_default().to_owned())
}

fn request_read(input: &[u8]) -> Result<String, String> {
    let parts = unpack(input);
    let [method, address, format, database, content_type, form] = parts[..] else {
        return Ok("no request".to_owned());
    };
    let (Ok(method), Ok(address)) = (std::str::from_utf8(method), std::str::from_utf8(address))
    else {
        return Ok("no address".to_owned());
    };
    let headers = [("x-clickhouse-format", format), ("x-clickhouse-database", database)];
    let content_type = String::from_utf8_lossy(content_type);
    let form = (!content_type.is_empty()).then_some((&*content_type, form));
    let builder = Builder::new().method(method).uri(address);
    let builder = headers.into_iter().fold(builder, |all, (name, value)| all.header(name, value));
    let Ok(request) = builder.body(()) else { return Ok("no HTTP".to_owned()) };
    let Ok(mut request) = Request::parse(&request.into_parts().0) else {
        return Ok("refused".to_owned());
    };
    let is_refused = form.is_some_and(|(kind, form)| request.add_form(kind, form).is_err());
    let Some(statements) = request.preparation().ok().filter(|_| !is_refused) else {
        return Ok("refused".to_owned());
    };
    for prepared in &statements {
        // Names and values stay in their quotes: each is one statement.
        let looked = look(prepared.as_bytes(), true);
        let is_one = matches!(looked, Some(Statement::Other { .. }));
        promise(is_one, || format!("{prepared:?} is {looked:?}"))?;
    }
    Ok(format!("{} statements before", statements.len()))
}
