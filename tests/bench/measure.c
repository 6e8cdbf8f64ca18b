/* measure.c - options, clocks, medians and result lines of the bench programs. */
#include "measure.h"

#include <getopt.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include <saksi/base/mpjson.h>

int bench_faults;

const struct bench_query bench_queries[] = {
    {"rare term", GEN_RARE, GEN_RARE, PLANT_RARE, 0, true},
    {"mid term", GEN_MID, GEN_MID, PLANT_MID, 0, true},
    {"common term", GEN_COMMON_A, GEN_COMMON_A, PLANT_COMMON_A, 0, true},
    {"huge term", GEN_HUGE, GEN_HUGE, PLANT_HUGE, 0, true},
    {"common AND common", GEN_COMMON_A " " GEN_COMMON_B,
	GEN_COMMON_A " AND " GEN_COMMON_B, PLANT_COMMON_A | PLANT_COMMON_B, 0, true},
    {"prefix", GEN_PREFIX "*", GEN_PREFIX "*", PLANT_PREFIX, 0, true},
    {"phrase", "\"" GEN_PHRASE_1 " " GEN_PHRASE_2 "\"",
	"\"" GEN_PHRASE_1 " " GEN_PHRASE_2 "\"", PLANT_PHRASE, 0, true},
    {"name~", "name~raiya", NULL, 0, 0, false},
};
const size_t bench_n_queries = sizeof(bench_queries) / sizeof(bench_queries[0]);

void die(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	(void)fputs("bench: ", stderr);
	(void)vfprintf(stderr, fmt, ap);
	(void)fputc('\n', stderr);
	va_end(ap);
	exit(2);
}

static size_t number(const char *text)
{
	char *end;
	unsigned long long v = strtoull(text, &end, 10);

	if (end == text || *end != '\0')
		die("%s: a number is expected", text);
	return (size_t)v;
}

static void take(struct bench *b, int c)
{
	switch (c) {
	case 'd':
		b->dir = optarg;
		break;
	case 'o':
		b->out = optarg;
		break;
	case 's':
		b->system = optarg;
		break;
	case 'p':
		b->pass = optarg;
		break;
	case 'S':
		b->schema = optarg;
		break;
	case 'j':
		b->journal = optarg;
		break;
	case 'n':
		b->records = number(optarg);
		break;
	case 'g':
		b->gets = number(optarg);
		break;
	case 'e':
		b->edits = number(optarg);
		break;
	case 'b':
		b->batch = number(optarg);
		break;
	case 'l':
		b->slice = number(optarg);
		break;
	case 'c':
		b->cache_mib = (long)number(optarg);
		break;
	case 't':
		b->budget = (double)number(optarg);
		break;
	case 'r':
		b->seed = number(optarg);
		break;
	default:
		die("see README.md for the options");
	}
}

void bench_args(struct bench *b, int argc, char **argv)
{
	static const struct option options[] = {{"dir", 1, NULL, 'd'},
	    {"out", 1, NULL, 'o'}, {"system", 1, NULL, 's'}, {"passphrase", 1, NULL, 'p'},
	    {"schema", 1, NULL, 'S'}, {"journal", 1, NULL, 'j'},
	    {"records", 1, NULL, 'n'}, {"gets", 1, NULL, 'g'}, {"edits", 1, NULL, 'e'},
	    {"batch", 1, NULL, 'b'}, {"cache", 1, NULL, 'c'}, {"budget", 1, NULL, 't'},
	    {"seed", 1, NULL, 'r'}, {"slice", 1, NULL, 'l'}, {NULL, 0, NULL, 0}};
	int c;

	*b = (struct bench){.system = "saksi",
	    .journal = "WAL",
	    .records = 2000,
	    .gets = 20000,
	    .edits = 300,
	    .batch = 500,
	    .slice = 5000,
	    .budget = 10,
	    .seed = 1};
	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1)
		take(b, c);
	if (optind + 1 != argc || b->dir == NULL || b->records == 0 || b->batch == 0 ||
	    b->slice == 0)
		die("usage: %s PART --dir DIR --records N [...]; see README.md", argv[0]);
	b->what = argv[optind];
	if ((b->gen = gen_new(b->seed, b->records)) == NULL)
		die("no memory");
}

void bench_end(struct bench *b)
{
	gen_free(&b->gen);
}

void result(const struct bench *b, const char *metric, double value, const char *unit)
{
	FILE *f = b->out == NULL ? stdout : fopen(b->out, "a");

	if (f == NULL)
		die("%s: cannot be written", b->out);
	(void)fprintf(f, "%s\t%s\t%.6g\t%s\n", metric, b->system, value, unit);
	if (f != stdout && fclose(f) != 0)
		die("%s: cannot be written", b->out);
}

void result_rss(const struct bench *b, const char *metric)
{
	char line[256];
	unsigned long kib = 0;
	FILE *f = fopen("/proc/self/status", "r");

	if (f == NULL)
		return;
	while (fgets(line, sizeof(line), f) != NULL)
		if (strncmp(line, "VmHWM:", 6) == 0)
			kib = strtoul(line + 6, NULL, 10);
	(void)fclose(f);
	result(b, metric, (double)kib / 1024, "MiB");
}

double file_size(const char *dir, const char *name)
{
	char path[4096];
	struct stat st;

	(void)snprintf(path, sizeof(path), "%s/%s", dir, name);
	return stat(path, &st) == 0 ? (double)st.st_size : 0;
}

static double clock_us(clockid_t clock)
{
	struct timespec t;

	(void)clock_gettime(clock, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

double now_us(void)
{
	return clock_us(CLOCK_MONOTONIC);
}

double cpu_us(void)
{
	return clock_us(CLOCK_PROCESS_CPUTIME_ID);
}

/* ---- samples ------------------------------------------------------------------------------- */

void samples_add(struct samples *s, double us)
{
	if (s->n == s->cap) {
		s->cap = s->cap == 0 ? 1024 : 2 * s->cap;
		if ((s->us = reallocarray(s->us, s->cap, sizeof(*s->us))) == NULL)
			die("no memory");
	}
	s->us[s->n++] = us;
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

double samples_at(struct samples *s, double q)
{
	if (s->n == 0)
		return 0;
	qsort(s->us, s->n, sizeof(*s->us), by_value);
	return s->us[(size_t)(q * (double)(s->n - 1) + 0.5)];
}

void samples_free(struct samples *s)
{
	free(s->us);
	*s = (struct samples){NULL, 0, 0};
}

void samples_result(const struct bench *b, const char *metric, struct samples *s)
{
	char name[80];

	(void)snprintf(name, sizeof(name), "%s p50", metric);
	result(b, name, samples_at(s, 0.5), "us");
	(void)snprintf(name, sizeof(name), "%s p99", metric);
	result(b, name, samples_at(s, 0.99), "us");
}

/* ---- records and counts -------------------------------------------------------------------- */

json_t *record_of(const struct bench *b, size_t i)
{
	struct buf text = BUF_INIT;
	struct saksi_error err;
	json_t *json = NULL;

	gen_record(b->gen, i, &text);
	if (text.failed ||
	    json_parse_line(&json, (const char *)text.p, text.len, "record", &err) !=
		SAKSI_OK)
		die("record %zu cannot be made", i);
	buf_free(&text);
	return json;
}

void query_check(const struct bench *b, const struct bench_query *q, size_t hits)
{
	size_t truth = q->counted ? gen_truth(b->gen, q->all, q->any) : hits;
	char name[80];

	(void)snprintf(name, sizeof(name), "hits: %s", q->name);
	result(b, name, (double)hits, "");
	if (truth == hits)
		return;
	bench_faults++;
	(void)fprintf(stderr, "bench: %s: %s found %zu records, %zu hold it\n", b->system,
	    q->name, hits, truth);
}
