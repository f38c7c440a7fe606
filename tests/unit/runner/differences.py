"""Where our answers differ from those of fal's own server on purpose, and why: all of it.

What no header shows: a `health()` that is no coroutine runs in a thread and blocks nobody; an
error that nobody catches is logged once, not twice; a stream that fails half way breaks the
connection, where fal's server ends it as if it were whole; X-Forwarded-For is not
believed, since nothing comes from 127.0.0.1; a client that goes away cancels its request; beyond
`max_multiplexing` requests wait, which on fal they do before they reach the server; an answer that
ends a connection arrives whole, also where the endpoint never looked at the body (test_unread.py).
"""

HEADERS = {
    "x-fal-request-id": "fal's gateway adds it; here is none, and callers need it for the logs",
    "x-fal-served-from": "likewise: which runner it was",
    "x-fal-stop-runner": "fal's gateway takes it out, having acted on it: so do we",
    "date": "the time of day",
}
