"""The process in which a model's file is served: `python -m qa.models.local_server`, told what in one line of JSON.

It says in one line the server's address and how many tokens the model reads, or ends with the library's log. Then it
waits for the end of its input, which comes when the process that started it ends, however that ends.
"""

import http.client
import json
import os
import signal
import sys
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

PIECE_TOKENS = 256  # of a question are read at a time: between two pieces it says how far it is, and can be stopped
CONNECTIONS = 64  # an idle one keeps a thread for 5 s, and each chatbot of a page has its own


def main() -> None:
    """Serve the file until the input ends."""
    told = json.loads(sys.stdin.readline())
    server = _server(told["path"], key=told["key"], context_tokens=told["context_tokens"], threads=told["threads"])
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C is for whoever asks, and reaches all that a terminal runs
    address = server.listening_address
    with closing(http.client.HTTPConnection(urlsplit(address).netloc)) as connection:
        connection.request("GET", "/props", headers={"Authorization": f"Bearer {told['key']}"})
        # As many tokens as were asked for, or the model's own limit when that is lower.
        window = int(json.load(connection.getresponse())["default_generation_settings"]["n_ctx"])
    print(json.dumps({"address": address, "window": window}), flush=True)
    with Path(os.devnull).open("wb") as nowhere:
        os.dup2(nowhere.fileno(), 2)  # nobody reads the log from here on
    sys.stdin.read()
    os._exit(0)  # xllamacpp 2026.10 waits for itself for ever, one time in three, when it ends soon after it began


def _server(path: str, *, key: str, context_tokens: int, threads: int) -> Any:  # of a library without types
    """The server of a model's file, ready to answer. Raises: RuntimeError when the file cannot be read."""
    import xllamacpp

    params = xllamacpp.CommonParams()
    params.model.path = path
    params.hostnames, params.port, params.api_keys, params.ui = ["127.0.0.1"], 0, [key], False
    params.n_ctx, params.n_parallel = context_tokens, 1
    params.n_batch = params.n_ubatch = PIECE_TOKENS
    params.cache_prompt, params.cache_ram_mib = False, 0  # what was read before would change the last digits
    params.n_threads_http = CONNECTIONS
    params.verbosity = 1  # errors
    for processors in (params.cpuparams, params.cpuparams_batch):
        processors.n_threads, processors.poll = threads, 0
    return xllamacpp.Server(params)


if __name__ == "__main__":
    main()
