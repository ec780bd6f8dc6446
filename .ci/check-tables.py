"""Reads the tables of a sweep with the tools that people have, as docs/simulation.md shows it."""

import glob
import json
import sys

import duckdb
import pandas
import polars

folder = sys.argv[1]
with open(f"{folder}/manifest.json", encoding="utf-8") as file:
    manifest = json.load(file)
columns = {table["name"]: [c["name"] for c in table["columns"]] for table in manifest["tables"]}
expected = manifest["runs"] * len(manifest["settings"])

rows = duckdb.sql(
    f"""SELECT settings, count(*), avg(profit / members) / 1e9
        FROM '{folder}/runs/*.parquet' JOIN '{folder}/run_groups/*.parquet' USING (point, run)
        WHERE "group" = 'providers.liars' GROUP BY settings ORDER BY settings"""
).fetchall()
assert [row[0] for row in rows] == sorted(";".join(point) for point in manifest["settings"]), rows
assert all(row[1] == manifest["runs"] for row in rows), rows

runs = polars.scan_parquet(f"{folder}/runs/*.parquet").collect()
assert runs.columns == columns["runs"], runs.columns
assert runs.height == expected and (runs["status"] == "ok").all()
assert (runs["purses"] + runs["burnt"] + runs["insurance"] + runs["treasury"] == 0).all()
groups = polars.scan_parquet(f"{folder}/run_groups/*.parquet").filter(polars.col("lies") > 0).collect()
assert set(groups["group"]) == {"providers.liars"}, set(groups["group"])

frames = [pandas.read_parquet(path) for path in sorted(glob.glob(f"{folder}/run_groups/*.parquet"))]
frame = pandas.concat(frames)
assert list(frame.columns) == columns["run_groups"]
mean = frame[frame["group"] == "providers.liars"]["profit"].mean()
assert abs(mean / 10 / 1e9 - sum(row[2] for row in rows) / len(rows)) < 1e-6
print(f"duckdb, polars and pandas read {expected} runs alike")
