"""Sends a large body again and again and prints the status of each answer, as a vendor's program in
Python sees it. Arguments: address, token, bytes, attempts, "announced" or "chunked"."""

import http.client
import sys
import urllib.parse


def parts(body):
    for start in range(0, len(body), 65536):
        yield body[start : start + 65536]


def main(address, token, size, attempts, way):
    url = urllib.parse.urlsplit(address)
    body = b" " * int(size)
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    for _ in range(int(attempts)):
        connection = http.client.HTTPConnection(url.hostname, url.port, timeout=60)
        try:
            if way == "chunked":
                chunked = {**headers, "Transfer-Encoding": "chunked"}
                connection.request("POST", url.path, parts(body), chunked, encode_chunked=True)
            else:
                connection.request("POST", url.path, body, headers)
            answer = connection.getresponse()
            answer.read()
            print(answer.status)
        except (OSError, http.client.HTTPException) as failed:
            print(f"no status: {failed!r}")
        finally:
            connection.close()


main(*sys.argv[1:])
