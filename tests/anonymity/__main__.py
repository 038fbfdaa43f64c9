"""``python -m tests.anonymity [--respondents 200] [--seeds 20] [--only sqlite]``: the linkage table in full."""

import argparse
import sys

from tests.anonymity import campaign
from tests.anonymity.test_views import tried

DATABASES = ["sqlite", "postgresql"]


def main() -> int:
    given = argparse.ArgumentParser(prog="tests.anonymity", description=__doc__)
    given.add_argument("--respondents", type=int, default=200)
    given.add_argument("--seeds", type=int, default=20)
    given.add_argument("--only", choices=DATABASES, action="append")
    given.add_argument("--views", type=int, default=200, help="how many sequences of views to try")
    wanted = given.parse_args()
    print(tried(wanted.views))
    table = campaign.main(wanted.respondents, wanted.seeds, wanted.only or DATABASES)
    table.told()
    for line in table.failed():
        print(f"LINKED beyond chance: {line}")
    for line in table.unproved():
        print(f"proves nothing, because it links nothing where answers are kept carelessly: {line}")
    return 1 if [*table.failed(), *table.unproved()] else 0


if __name__ == "__main__":
    sys.exit(main())
