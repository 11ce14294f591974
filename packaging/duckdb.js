#!/usr/bin/env node
// Does what the recipes of docs ask of DuckDB's command line, duckdb -csv -c SQL, by its library from
// npm: Debian has neither.
const { createRequire } = require("node:module");
const { homedir } = require("node:os");
const path = require("node:path");

const cache = path.join(process.env.XDG_CACHE_HOME || path.join(homedir(), ".cache"), "tcpwatch-test");
const { DuckDBInstance } = createRequire(path.join(cache, "package.json"))("@duckdb/node-api");

const [csv, c, sql, ...more] = process.argv.slice(2);
if (csv !== "-csv" || c !== "-c" || !sql || more.length) {
  console.error("usage: duckdb -csv -c SQL");
  process.exit(2);
}
(async () => {
  const connection = await (await DuckDBInstance.create(":memory:")).connect();
  const result = await connection.runAndReadAll(sql);
  for (const row of [result.columnNames(), ...result.getRows()]) console.log(row.map(String).join(","));
})().catch((e) => {
  console.error(e.message);
  process.exit(1);
});
