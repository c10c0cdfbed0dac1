# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""tokens THREADS DRAWS: so many threads take so many tokens each from Python's secrets."""

import platform
import secrets
import sys
import threading

TOKEN_LEN = 16


def main():
    if len(sys.argv) != 3:
        sys.exit("usage: tokens THREADS DRAWS")
    threads, draws = int(sys.argv[1]), int(sys.argv[2])
    tokens = [[] for _ in range(threads)]

    def take(own):
        for _ in range(draws):
            own.append(secrets.token_bytes(TOKEN_LEN))

    running = [threading.Thread(target=take, args=(own,)) for own in tokens]
    for thread in running:
        thread.start()
    for thread in running:
        thread.join()

    taken = {token for own in tokens for token in own}
    if len(taken) != threads * draws or bytes(TOKEN_LEN) in taken:
        sys.exit("a token came twice, or nothing was drawn")
    print(f"{len(taken)} tokens from {threads} threads, Python {platform.python_version()}")


main()
