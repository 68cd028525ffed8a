// Sends a large body again and again and prints the status of each answer, as a vendor's program in
// Node sees it. Arguments: address, token, bytes, attempts, "announced" or "chunked".

const [address, token, size, attempts, way] = process.argv.slice(2);
const whole = Buffer.alloc(Number(size), " ");

function* parts() {
  for (let start = 0; start < whole.length; start += 65536) {
    yield whole.subarray(start, start + 65536);
  }
}

for (let attempt = 0; attempt < Number(attempts); attempt++) {
  const body = way === "chunked" ? ReadableStream.from(parts()) : whole;
  try {
    const answer = await fetch(address, {
      method: "POST",
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
      body,
      duplex: "half",
      signal: AbortSignal.timeout(60_000),
    });
    await answer.text();
    console.log(answer.status);
  } catch (failed) {
    console.log(`no status: ${failed} ${failed.cause ?? ""}`);
  }
}
