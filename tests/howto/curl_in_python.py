"""Stands in for curl where there is none: the options that our pages use, no others."""

import argparse
import sys
import urllib.error
import urllib.request


def main(arguments: list[str]) -> int:
    """Send a request as curl would and print the answer; 22 is a refusal."""
    options = argparse.ArgumentParser(prog="curl", allow_abbrev=False)
    options.add_argument("-s", "--silent", action="store_true")
    options.add_argument("-S", "--show-error", action="store_true")
    options.add_argument("-i", "--include", action="store_true")
    options.add_argument("--fail-with-body", action="store_true")
    options.add_argument("-X", "--request")
    options.add_argument("-H", "--header", action="append", default=[])
    options.add_argument("-d", "--data", "--data-binary")
    options.add_argument("-o", "--output")
    options.add_argument("-w", "--write-out", default="")
    options.add_argument("url")
    asked = options.parse_args(arguments)
    data = None
    if asked.data is not None:
        data = asked.data.encode()
        if asked.data == "@-":
            data = sys.stdin.buffer.read()
        elif asked.data.startswith("@"):
            with open(asked.data[1:], "rb") as file:
                data = file.read()
    request = urllib.request.Request(
        asked.url,
        data=data,
        headers=dict(header.split(": ", 1) for header in asked.header),
        method=asked.request or ("GET" if data is None else "POST"),
    )
    try:
        answer = urllib.request.urlopen(request)
    except urllib.error.HTTPError as error:
        answer = error
    body = answer.read()
    if asked.include:
        head = [f"HTTP/1.1 {answer.status} {answer.reason}"]
        head += [f"{name.lower()}: {value}" for name, value in answer.headers.items()]
        body = ("\r\n".join(head) + "\r\n\r\n").encode() + body
    if asked.output:
        with open(asked.output, "wb") as file:
            file.write(body)
    else:
        sys.stdout.buffer.write(body)
    told = asked.write_out.replace("%{http_code}", str(answer.status))
    sys.stdout.write(told.replace("\\n", "\n"))
    return 22 if asked.fail_with_body and answer.status >= 400 else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
