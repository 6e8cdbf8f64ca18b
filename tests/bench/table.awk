# table.awk - result lines of one size as a Markdown table.
#
#   awk -f table.awk RESULTS
#
# In: METRIC tab SYSTEM tab VALUE tab UNIT.  The ratio says how many times
# better saksi is than the better of the two SQLCiphers; of sizes it is
# saksi's share of theirs.
BEGIN {
	FS = "\t"
	n = 0
	row("bulk insert", "more", "at least 20,000 /s and 2x")
	row("bulk insert, last slice", "more", "")
	row("bulk insert, CPU per record", "less", "")
	row("get by id p50", "less", "at most 10 us and 2x")
	row("get by id p99", "less", "")
	row("open", "", "")
	row("first get after open", "", "")
	row("full scan, decoded", "more", "at least 300,000 /s")
	row("full scan, raw", "more", "")
	row("single durable edit p50", "less", "at most 1 ms")
	row("single durable edit p99", "less", "at most 10 ms")
	row("single durable edit, CPU", "less", "")
	row("syncs per edit", "", "at most 2")
	row("query: rare term", "less", "at most 100 us")
	row("query: mid term", "less", "")
	row("query: common term", "less", "")
	row("query: huge term", "less", "")
	row("query: common AND common", "less", "at least 5x")
	row("query: prefix", "less", "")
	row("query: phrase", "less", "")
	row("query: name~", "less", "at most 20 ms")
	row("file", "size", "at most 1.2x")
	row("file without log", "size", "at most 0.8x")
	row("command: show ID", "", "at most 15 ms")
	row("command: find rare", "", "")
	row("command: list --limit 20", "", "")
	row("command: list --sort date --limit 20", "", "")
	row("command: status", "", "")
	row("command: list", "", "")
	row("command: list --json --sort label", "", "")
	row("command: find --json, all", "", "")
	row("command: export ndjson", "", "")
	row("rss: bulk insert", "", "")
	row("rss: get", "", "")
	row("rss: scan", "", "")
	row("rss: query", "", "")
	row("rss: edit", "", "")
	row("rss: show ID", "", "under 64 MiB")
	row("rss: find rare", "", "under 64 MiB")
	row("rss: list --limit 20", "", "under 64 MiB")
	row("rss: list --sort date --limit 20", "", "under 64 MiB")
	row("rss: status", "", "under 64 MiB")
	row("rss: list", "", "under 64 MiB")
	row("rss: list --json --sort label", "", "under 64 MiB")
	row("rss: find --json, all", "", "under 64 MiB")
	row("rss: export ndjson", "", "under 64 MiB")
	row("rss: all parts", "", "")
}

# Once if the systems agree, as they must.
function count_hits(q, n, by) {
	if (q in found && found[q] == n)
		return
	hits = hits (hits == "" ? "" : "; ") q " " n (q in found ? " by " by : "")
	found[q] = n
}

function row(metric, better, target) {
	rows[++n] = metric
	kind[metric] = better
	goal[metric] = target
}

# 1234567.8 -> 1,234,568
function thousands(v,   s, out) {
	s = sprintf("%.0f", v)
	out = ""
	while (length(s) > 3) {
		out = "," substr(s, length(s) - 2) out
		s = substr(s, 1, length(s) - 3)
	}
	return s out
}

function plain(v) {
	return v >= 1000 ? thousands(v) : sprintf(v >= 100 ? "%.0f" : v >= 10 ? "%.1f" : "%.2f", v)
}

function shown(v, u) {
	if (v == "")
		return "-"
	if (u == "us" && v >= 1e6)
		return plain(v / 1e6) " s"
	if (u == "us" && v >= 1e3)
		return plain(v / 1e3) " ms"
	if (u == "B" && v >= 1e6)
		return plain(v / 1e6) " MB"
	if (u == "B" && v >= 1e4)
		return plain(v / 1e3) " kB"
	return u == "" ? plain(v) : plain(v) " " u
}

function ratio(m, k,   a, b, c) {
	a = value[m, "saksi"]
	b = value[m, "sqlcipher"]
	c = value[m, "sqlcipher-256"]
	if (b == "" || (c != "" && (k == "more" ? c + 0 > b + 0 : c + 0 < b + 0)))
		b = c
	if (a == "" || b == "" || k == "" || a + 0 == 0 || b + 0 == 0)
		return "-"
	if (k == "more" || k == "size")
		return plain(a / b) "x"
	return plain(b / a) "x"
}

{
	value[$1, $2] = $3
	unit[$1] = $4
	seen[$1] = 1
	if (substr($1, 1, 6) == "hits: ")
		count_hits(substr($1, 7), $3, $2)
}

END {
	print "| | saksi | SQLCipher, default cache | SQLCipher, 256 MiB cache | LMDB | ratio | target |"
	print "|---|---|---|---|---|---|---|"
	for (i = 1; i <= n; i++) {
		m = rows[i]
		if (!seen[m])
			continue
		u = unit[m]
		print "| " m " | " shown(value[m, "saksi"], u) " | " shown(value[m, "sqlcipher"], u) " | " \
			shown(value[m, "sqlcipher-256"], u) " | " shown(value[m, "lmdb"], u) " | " \
			ratio(m, kind[m]) " | " (goal[m] == "" ? "-" : goal[m]) " |"
	}
	print ""
	print "A record: " shown(value["msgpack per record", "lmdb"], "B") " as msgpack, " \
		shown(value["input per record", "saksi"], "B") " as JSON on average. " \
		"One page to the device and back (pwrite, fdatasync): " \
		shown(value["device", "lmdb"], "us") ". Hits: " hits "."
	line = ""
	for (t = 0; t <= 9; t++)
		if (seen["table " t])
			line = line (line == "" ? "" : ", ") t ": " shown(value["table " t, "saksi"], "B")
	if (line != "")
		print "\nTables of the vault after the load: " line "."
}
