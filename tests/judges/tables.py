"""The data: stock sqlite3 repeats every table and every check on the packaged database; the CSV files are RFC 4180."""

import csv
import json
import shutil
from collections import Counter
from pathlib import Path

from common import Package, Refused, Test, must, refuse_if, run, said

Row = dict[str, object]

GAP = "evidence is missing: "
"""How the reason begins of a row that the engine added because evidence is missing; no SQL yields it."""


def sqlite(database: Path, script: str, *options: str) -> str:
    """The sqlite3 of the system on a script; the first error ends it."""
    done = run("sqlite3", "-batch", "-bail", *options, database, text=script)
    if done.returncode != 0 or done.stderr.strip():
        raise Refused(f"sqlite3: {said(done)}")
    return done.stdout


def rows(database: Path, sql: str) -> list[Row]:
    """What one query yields."""
    answer = sqlite(database, f".mode json\n{sql}\n;\n", "-readonly")
    return json.loads(answer) if answer.strip() else []


def integrity(package: Package) -> None:
    """SQLite itself finds the file whole."""
    answer = rows(package.database, "PRAGMA integrity_check")
    if answer != [{"integrity_check": "ok"}]:
        raise Refused(str(answer)[:300])


def expected(package: Package) -> dict[str, Counter[tuple[object, object]]]:
    """The packaged results of each check that come from its SQL: resource and the SQL's own verdict."""
    found: dict[str, Counter[tuple[object, object]]] = {}
    for row in rows(package.database, "SELECT check_id, resource, sql_verdict, reason FROM result"):
        checks = found.setdefault(str(row["check_id"]), Counter())
        if not (row["sql_verdict"] == "not evidenced" and str(row["reason"]).startswith(GAP)):
            checks[row["resource"], row["sql_verdict"]] += 1
    return found


def checks_repeat(package: Package) -> None:
    """Each check's SQL yields the packaged rows: the same resources with the same verdicts, no more and no fewer."""
    packaged = expected(package)
    checks = rows(package.database, "SELECT check_id, sql FROM check_sql")
    if len(checks) < 45:
        raise Refused(f"{len(checks)} checks are packaged")
    faults = [f"{check_id} has results but no SQL" for check_id in packaged.keys() - {str(c["check_id"]) for c in checks}]
    for check in checks:
        now = Counter((row["resource"], row["verdict"]) for row in rows(package.database, str(check["sql"])))
        then = packaged.get(str(check["check_id"]), Counter())
        if now != then:
            faults.append(f"{check['check_id']}: new {list((now - then).items())[:2]}, gone {list((then - now).items())[:2]}")
    refuse_if(faults)


def verdicts_never_better(package: Package) -> None:
    """What the engine makes of a row is the SQL's verdict, `not evidenced`, or an accepted `not met`: never a better one."""
    odd = rows(
        package.database,
        "SELECT check_id, resource, verdict, sql_verdict FROM result WHERE NOT"
        " (verdict = sql_verdict OR verdict = 'not evidenced' OR (verdict = 'accepted' AND sql_verdict = 'not met'))",
    )
    refuse_if(f"{r['check_id']} {r['resource']}: {r['sql_verdict']} became {r['verdict']}" for r in odd)


def dumped(database: Path, names: list[str]) -> dict[str, list[str]]:
    """The rows of each table as literals, sorted, so that type and value count and order does not."""
    script = ".mode quote\n" + "".join(f".print #table {name}\nSELECT * FROM \"{name}\";\n" for name in names)
    found: dict[str, list[str]] = {}
    for part in sqlite(database, script, "-readonly").split("#table ")[1:]:
        name, _, body = part.partition("\n")
        found[name] = sorted(body.split("\n"))
    return found


def tables_repeat(package: Package) -> None:
    """Each table is dropped and built again by its own SQL from the evidence and the tables before it; the rows are the same. What the
    program works out of the rows of a SELECT stays as it is; that SELECT runs."""
    copy = package.folder() / "copy.sqlite"
    shutil.copyfile(package.database, copy)
    reckoned = rows(package.database, "SELECT name, sql FROM table_sql WHERE reckons <> '' ORDER BY position")
    for table in reckoned:
        rows(package.database, f"SELECT count(*) AS n FROM ({table['sql']})")
    tables = rows(package.database, "SELECT name, sql FROM table_sql WHERE reckons = '' ORDER BY position")
    names = [str(t["name"]) for t in tables]
    drop = "".join(f'DROP TABLE "{name}";\n' for name in names)
    build = "".join(f'CREATE TABLE "{t["name"]}" AS {t["sql"]}\n;\n' for t in tables)
    sqlite(copy, f"BEGIN;\n{drop}{build}COMMIT;\n")
    before, after = dumped(package.database, names), dumped(copy, names)
    if len(names) < 45 or before.keys() != set(names):
        raise Refused(f"{len(names)} tables, {len(before)} read")
    refuse_if(f"{name} differs" for name in names if before[name] != after[name])


def same_in_json(package: Package) -> None:
    """assessment.json and the database count the same rows of each verdict."""
    controls = json.loads((package.top / "data/assessment.json").read_text(encoding="utf-8"))["controls"]
    told: Counter[str] = Counter()
    for control in controls:
        told.update({name.replace("_", " "): n for name, n in control["counts"].items() if n})
    held = {str(r["verdict"]): r["n"] for r in rows(package.database, "SELECT verdict, count(*) AS n FROM result WHERE NOT excluded GROUP BY 1")}
    if dict(told) != held:
        raise Refused(f"assessment.json {dict(told)}, database {held}")


def parsed(path: Path) -> list[list[str]]:
    """A CSV file as RFC 4180 has it: UTF-8, lines end in CRLF, every record as long as the header."""
    data = path.read_bytes()
    if not data.endswith(b"\r\n") or b"\0" in data:
        raise Refused(f"{path.name} does not end in CRLF, or holds a NUL")
    with path.open(encoding="utf-8", newline="") as file:
        records = list(csv.reader(file, strict=True))
    if data.count(b"\r\n") < len(records):
        raise Refused(f"{path.name}: lines that do not end in CRLF")
    width = len(records[0])
    refuse_if(f"{path.name}: record {n} has {len(r)} fields, the header {width}" for n, r in enumerate(records, 1) if len(r) != width)
    return records


def csv_files(package: Package) -> list[Path]:
    return sorted((package.top / "data/tables").glob("*.csv"))


def csv_parse(package: Package) -> None:
    """Each file parses; those of a table have its columns and as many records as it has rows. A verdict leaves the database with
    its time beside it: result.csv alone has one column more, `as_of`, and there every row repeats what the database says of itself."""
    found = csv_files(package)
    missing = {"result.csv", "coverage.csv", "artifact.csv"} - {p.name for p in found}
    if missing:
        raise Refused(f"no {sorted(missing)}")
    tables = {str(r["name"]) for r in rows(package.database, "SELECT name FROM sqlite_master WHERE type = 'table'")}
    as_of = [str(r["value"]) for r in rows(package.database, "SELECT value FROM about WHERE name = 'as of'")]
    for path in found:
        header, *records = parsed(path)
        if path.stem == "result":
            if header[-1:] != ["as_of"] or {record.pop() for record in records} != set(as_of):
                raise Refused(f"result.csv: its last column is not as_of, or a row's is not {as_of}")
            header.pop()
        if path.stem in tables:
            columns = {str(r["name"]) for r in rows(package.database, f"SELECT name FROM pragma_table_info('{path.stem}')")}
            count = rows(package.database, f'SELECT count(*) AS n FROM "{path.stem}"')[0]["n"]
            if not set(header) <= columns or len(records) != count:
                raise Refused(f"{path.name}: {len(records)} records of {count}, columns {sorted(set(header) - columns)} unknown")


def risks_in_csv(package: Package) -> None:
    """The risk register as CSV has every row of the register in the reports."""
    path = package.top / "data/tables/risk.csv"
    if not path.is_file():
        raise Refused("no risk.csv")
    told = json.loads((package.top / "data/dossier.json").read_text(encoding="utf-8"))["risks"]["rows"]
    if len(parsed(path)) - 1 != len(told):
        raise Refused(f"{len(parsed(path)) - 1} records, {len(told)} rows in the reports")


def no_formulas(package: Package) -> None:
    """No cell begins as a formula that a spreadsheet would run; numbers may begin with a sign."""
    refuse_if(
        f"{path.name}: {cell[:40]!r}"
        for path in csv_files(package)
        for record in parsed(path)
        for cell in record
        if cell[:1] in ("=", "+", "-", "@", "\t", "\r") and not number(cell)
    )


def number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def version() -> str:
    return must("sqlite3", "--version").split()[0]


def tests(_: Package) -> list[Test]:
    stock = f"sqlite3 {version()}"
    return [
        (f"{stock}: the database is whole", integrity),
        (f"{stock}: every check's SQL yields the packaged rows", checks_repeat),
        (f"{stock}: every table is built again the same", tables_repeat),
        (f"{stock}: no verdict is better than its SQL's", verdicts_never_better),
        (f"{stock}: assessment.json counts the same", same_in_json),
        ("CSV: RFC 4180, with the columns and rows of the database", csv_parse),
        ("CSV: the risk register is whole", risks_in_csv),
        ("CSV: no cell is a formula", no_formulas),
    ]
