"""``python -m tests.anonymity [--respondents 200] [--seeds 20] [--only sqlite]``: prints the whole linkage table."""

import argparse
import sys

from tests.anonymity import campaign
from tests.anonymity.test_views import try_sequences

DATABASES = ["sqlite", "postgresql"]


def main() -> int:
    given = argparse.ArgumentParser(prog="tests.anonymity", description=__doc__)
    given.add_argument("--respondents", type=int, default=200)
    given.add_argument("--seeds", type=int, default=20)
    given.add_argument("--only", choices=DATABASES, action="append")
    given.add_argument("--views", type=int, default=200, help="how many sequences of views to try")
    wanted = given.parse_args()
    print(try_sequences(wanted.views))
    table = campaign.main(wanted.respondents, wanted.seeds, wanted.only or DATABASES)
    table.print_lines()
    for line in table.failed():
        print(f"LINKED beyond chance: {line}")
    for line in table.unproved():
        print(f"proves nothing, because it links nothing where answers are kept carelessly: {line}")
    return 1 if [*table.failed(), *table.unproved()] else 0


if __name__ == "__main__":
    sys.exit(main())
