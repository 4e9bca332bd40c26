"""Asks DuckDB for the twelve segments and the class that the example `census` counted from profiles,
holds the counts against each other, and tells the seconds of processor time that each took, the best of
this and of earlier turns."""

import json
import pathlib
import sys
import time

import duckdb

ROUNDS = 5
HOUR = 3_600_000
DAY = 24 * HOUR

# One pass over the events, in which each customer becomes one row, as one who knows the database would
# write it.
QUERY = """
WITH per AS (
  SELECT customer,
    max(happened) FILTER (kind = 'order') AS last_order,
    max(happened) FILTER (kind = 'cart') AS last_cart,
    count(*) AS signs,
    count(*) FILTER (happened > $now - 60 * $day::BIGINT) AS signs_60,
    bool_or(kind = 'consent') AS consents,
    count(*) FILTER (kind = 'order' AND happened > $now - 7 * $day::BIGINT) AS orders_7,
    count(*) FILTER (kind = 'order' AND happened > $now - 14 * $day::BIGINT) AS orders_14,
    count(*) FILTER (kind = 'order' AND happened > $now - 30 * $day::BIGINT) AS orders_30,
    count(*) FILTER (kind = 'order' AND happened > $now - 90 * $day::BIGINT) AS orders_90,
    count(*) FILTER (kind = 'order' AND happened > $now - 120 * $day::BIGINT) AS orders_120,
    count(*) FILTER (kind = 'order' AND happened > $now - 365 * $day::BIGINT) AS orders_365,
    coalesce(sum(cents) FILTER (kind = 'order' AND happened > $now - 180 * $day::BIGINT), 0) AS cents_180,
    coalesce(sum(cents) FILTER (kind = 'order' AND happened > $now - 365 * $day::BIGINT), 0) AS cents_365,
    count(*) FILTER (kind = 'view' AND happened > $now - 7 * $day::BIGINT) AS views_7,
    count(*) FILTER (kind = 'open' AND happened > $now - 14 * $day::BIGINT) AS opens_14,
    count(*) FILTER (kind = 'open' AND happened > $now - 30 * $day::BIGINT) AS opens_30,
    count(*) FILTER (kind = 'click' AND happened > $now - 30 * $day::BIGINT) AS clicks_30
  FROM events GROUP BY customer
),
known AS (SELECT * FROM customers LEFT JOIN per USING (customer)),
segments AS (
  SELECT
    count(*) FILTER (orders_90 >= 3 AND orders_30 = 0) AS "drifting",
    count(*) FILTER (last_cart IS NOT NULL AND coalesce(last_order < last_cart, true)
      AND $now - last_cart >= $hour::BIGINT AND $now - last_cart < 7 * $day::BIGINT) AS "cart-waiting",
    count(*) FILTER (month = local_month AND day = local_day) AS "birthday",
    count(*) FILTER ($now - last_order < $recent_hours * $hour::BIGINT AND orders_365 >= $orders
      AND cents_365 >= $revenue_cents) AS "champions",
    count(*) FILTER ($now - last_order >= $long_ago_hours * $hour::BIGINT AND orders_365 >= $orders)
      AS "cannot-lose",
    count(*) FILTER (cents_180 >= 50000) AS "big-spenders",
    count(*) FILTER (opens_30 >= 3 OR clicks_30 >= 1) AS "engaged",
    count(*) FILTER (signs > 0 AND signs_60 = 0) AS "dormant",
    count(*) FILTER (consents AND $now - signed_up < 7 * $day::BIGINT AND country IN ('US', 'GB', 'DE'))
      AS "welcome",
    count(*) FILTER (views_7 >= 5 AND orders_7 = 0) AS "browsing",
    count(*) FILTER (consents AND orders_365 >= 5 AND orders_120 = 0) AS "win-back",
    count(*) FILTER (country = 'US' AND consents AND last_order IS NOT NULL AND opens_14 >= 1
      AND orders_14 = 0) AS "reads-not-buys"
  FROM known
),
ranked AS (SELECT cents_365 AS amount, orders_365 AS frequency FROM per WHERE orders_365 > 0),
-- A quarter ends at the value of the (n - 1) * i / 4-th, counted from 0, and who has it is below.
cuts AS (
  SELECT list_sort(list(amount)) AS amounts, list_sort(list(frequency)) AS frequencies,
    count(*) - 1 AS last FROM ranked
),
banded AS (
  SELECT
    (amount > amounts[1 + last // 4])::INT + (amount > amounts[1 + last * 2 // 4])::INT
      + (amount > amounts[1 + last * 3 // 4])::INT AS a,
    (frequency > frequencies[1 + last // 4])::INT + (frequency > frequencies[1 + last * 2 // 4])::INT
      + (frequency > frequencies[1 + last * 3 // 4])::INT AS f
  FROM ranked, cuts
),
cells AS (SELECT a * 4 + f AS cell, count(*) AS customers FROM banded GROUP BY ALL)
SELECT (SELECT segments FROM segments), (SELECT map(list(cell), list(customers)) FROM cells)
"""


def main(folder: pathlib.Path) -> int:
    told = json.loads((folder / "told.json").read_text())
    base = duckdb.connect(config={"threads": 2})
    base.execute(
        f"CREATE TABLE customers AS FROM read_csv('{folder}/customers.csv');"
        "CREATE TYPE kind AS ENUM ('order', 'cart', 'view', 'open', 'click', 'consent');"
        f"CREATE TABLE events AS SELECT customer, happened, kind::kind AS kind, cents"
        f" FROM read_csv('{folder}/events.csv')"
    )
    rows = base.execute("SELECT count(*) FROM events").fetchall()[0][0]
    names = ("recent_hours", "long_ago_hours", "orders", "revenue_cents")
    values = {name: told[name] for name in names}
    values |= {"now": told["at"], "hour": HOUR, "day": DAY}
    seconds = []
    for _ in range(ROUNDS):
        begun = time.process_time()
        segments, cells = base.execute(QUERY, values).fetchall()[0]
        seconds.append(time.process_time() - begun)
    ours = dict(told["segments"])
    theirs = {name: segments[name] for name in ours}
    bands = [cells.get(cell, 0) for cell in range(told["bands"] ** 2)]
    for name in ours:
        print(f"{name:<16} {ours[name]:>9,} {theirs[name]:>9,}")
    print("value            ", " ".join(str(count) for count in told["cells"]))
    if ours != theirs or told["cells"] != bands:
        print("the counts differ:", theirs, bands, file=sys.stderr)
        return 1
    took = {"DuckDB": min(seconds)} | dict(told["seconds"])
    kept = folder / "best.json"
    before = json.loads(kept.read_text()) if kept.exists() else took
    took = {what: min(best, before[what]) for what, best in took.items()}
    kept.write_text(json.dumps(took))
    duck = took.pop("DuckDB")
    print(f"\n{told['customers']:,} customers, {rows:,} events, the same counts")
    print(f"DuckDB {duckdb.__version__}, from its table of events: {duck:.3f} s of processor time")
    for what, mine in took.items():
        print(f"Attune, from {what}: {mine:.3f} s, {duck / mine:.1f} times less")
    return 0


if __name__ == "__main__":
    sys.exit(main(pathlib.Path(sys.argv[1])))
