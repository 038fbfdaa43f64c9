"""The settings of a peer: the addresses of Telegram and its database."""

import os

API_URL = os.environ.get("BENCH_API_URL", "")
TOKEN = os.environ.get("BENCH_TOKEN", "")
DATABASE = os.environ.get("BENCH_DATABASE", "")
