"""What a pod runs to ask without a pause: python3 - URL CONNECTIONS SECONDS.

A request is sent once, whatever comes of it. Half of the connections are kept as long as the server
keeps them, the others are made anew for each request; two in five ask for /slow. It ends when
/tmp/stop is there, with one line of JSON. Standard library alone: it runs on the base image.
"""

import collections
import http.client
import json
import pathlib
import socket
import sys
import threading
import time
import urllib.parse

STOP = pathlib.Path("/tmp/stop")  # noqa: S108 - in a pod of its own


class Tally:
    """What came of all requests."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.sent = 0
        self.statuses: collections.Counter[int] = collections.Counter()
        self.runners: collections.Counter[str] = collections.Counter()
        self.errors: list[str] = []

    def add(
        self, began: float, number: int, status: int = 0, runner: str = "", error: str = ""
    ) -> None:
        """Count one request, sent at ``began`` on a connection, with its answer or its error."""
        with self.lock:
            self.sent += 1
            if error:
                said = f"{error} after {time.time() - began:.3f} s on connection {number}"
                self.errors.append(f"{began:.3f} {said}")
            else:
                self.statuses[status] += 1
                self.runners[runner] += 1


def ask(number: int, address: tuple[str, int], host: str, deadline: float, tally: Tally) -> None:
    """Ask on one connection, or on one after another, until the end."""
    connection = http.client.HTTPConnection(address[0], address[1], timeout=60)
    path = "/slow" if number % 5 < 2 else "/"
    headers = {"Host": host, "Content-Type": "application/json"}
    while time.monotonic() < deadline and not STOP.exists():
        began = time.time()
        try:
            connection.request("POST", path, b"{}", headers)
            with connection.getresponse() as answer:
                answer.read()
                runner = answer.getheader("x-fal-served-from", "")
                tally.add(began, number, answer.status, runner)
        except (OSError, http.client.HTTPException) as error:
            tally.add(began, number, error=f"{type(error).__name__}: {error}")
            connection.close()
            time.sleep(0.1)
        if number % 2:
            connection.close()
    connection.close()


def main(url: str, connections: str, seconds: str) -> None:
    """Ask on as many connections at once for so long, and say what came of it."""
    found = urllib.parse.urlsplit(url)
    host = found.hostname or ""
    # once: what a name server does under load is not what is asked here
    address = (socket.gethostbyname(host), found.port or 80)
    tally, deadline = Tally(), time.monotonic() + float(seconds)
    numbers = range(int(connections))
    given = (address, host, deadline, tally)
    threads = [threading.Thread(target=ask, args=(n, *given)) for n in numbers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    told = {"sent": tally.sent, "statuses": tally.statuses, "runners": tally.runners}
    print(json.dumps({**told, "lost": len(tally.errors), "errors": tally.errors[:20]}))


if __name__ == "__main__":
    main(*sys.argv[1:])
