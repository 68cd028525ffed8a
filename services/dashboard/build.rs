//! Makes sure that there is something to embed: before the pages are built, one page that says so.

use std::path::Path;
use std::{fs, io};

const NOT_BUILT: &str = "<!doctype html>
<html lang=\"en\">
  <head><meta charset=\"utf-8\" /><title>Mimamori</title></head>
  <body>
    <h1>Mimamori</h1>
    <p>The pages are not built into this binary. Run <code>make web</code>, then build it again.</p>
    <p>The API is complete: <a href=\"/api/v1/openapi.json\">/api/v1/openapi.json</a></p>
  </body>
</html>
";

fn main() -> io::Result<()> {
    println!("cargo:rerun-if-changed=web/dist");
    println!("cargo:rerun-if-changed=build.rs");
    let index = Path::new("web/dist/index.html");
    if !index.exists() {
        fs::create_dir_all("web/dist")?;
        fs::write(index, NOT_BUILT)?;
    }
    Ok(())
}
