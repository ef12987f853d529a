"""One run of Autobahn's cases, in either direction, with a report as JSON and as HTML.

    fuzz.py server REPORT CASES MESSAGES PARALLEL URL    tests the server at URL
    fuzz.py client REPORT CASES MESSAGES        tests the client that connects to the address which it prints, behind
                                                the ids of the cases in their order

CASES is a list of case ids, separated by commas, in which * stands for anything. MESSAGES is how many each case of 12 and 13 sends,
1000 as Autobahn has them. The exit code tells nothing about the verdicts.
"""

import asyncio
import fnmatch
import sys

import kosoku
from kosoku._report import write_reports
from kosoku.cases import CASES


def hash_bytes(case):
    """Cases 12 and 13 hash what they get, and get a str where a message came uncompressed: hashlib has no hash of that."""
    on_message = case.onMessage

    def on_message_as_bytes(self, message, binary):
        if isinstance(message, str):
            message = message.encode("latin-1" if binary else "utf-8")
        on_message(self, message, binary)

    case.onMessage = on_message_as_bytes


async def test_server(cases, parallel, url):
    return await kosoku.run_fuzzingclient(url, cases, concurrency=int(parallel))


async def test_client(cases):
    async with kosoku.run_fuzzingserver(cases, port=0) as server:
        for case_id in CASES:
            if any(fnmatch.fnmatch(case_id, pattern) for pattern in cases):
                print(f"case {case_id}")
        print(f"listening on ws://{server.address}:{server.port}", flush=True)
        return await server.get_result()


def send_only(case, messages):
    case.DESCRIPTION = case.DESCRIPTION.replace(f"Send {case.COUNT} ", f"Send {messages} ")
    case.COUNT = messages


def main(side, report, cases, messages, *rest):
    for case_id, case in CASES.items():
        if case_id.startswith(("12.", "13.")):
            hash_bytes(case)
            send_only(case, int(messages))
    test = test_server if side == "server" else test_client
    try:
        results = asyncio.run(test(cases.split(","), *rest))
    except kosoku.FailureError as failure:
        results = failure.results
    write_reports(results, report)


main(*sys.argv[1:])
