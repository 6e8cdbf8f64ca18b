/*
 * measure.h - options, clocks, medians and result lines of the bench programs.
 *
 * A result line is METRIC tab SYSTEM tab VALUE tab UNIT, appended to --out;
 * table.awk makes the table of them.
 */
#ifndef SAKSI_TESTS_BENCH_MEASURE_H
#define SAKSI_TESTS_BENCH_MEASURE_H

#include <stdio.h>

#include <jansson.h>

#include "gen.h"

struct bench {
	const char *what;    /* first argument: which part to run */
	const char *dir;     /* --dir: where the store is */
	const char *out;     /* --out: result file; NULL: standard output */
	const char *system;  /* --system: column of the table */
	const char *pass;    /* --passphrase: file; NULL: the vault is unlocked */
	const char *schema;  /* --schema: directory */
	const char *journal; /* --journal: WAL or DELETE, of the peer */
	size_t records, gets, edits, batch;
	size_t slice;	/* --slice: records of one import */
	long cache_mib; /* --cache: 0 is the peer's default */
	double budget;	/* --budget: seconds that one query may take up in all */
	uint64_t seed;
	struct gen *gen;
};

/** bench_args: Read the options, make the generator; ends the program on nonsense. */
void bench_args(struct bench *b, int argc, char **argv);
void bench_end(struct bench *b);
/** die: Words on standard error, exit 2. */
_Noreturn void die(const char *fmt, ...) SAKSI_PRINTF(1, 2);
void result(const struct bench *b, const char *metric, double value, const char *unit);
/** result_rss: VmHWM of this process as METRIC in MiB. */
void result_rss(const struct bench *b, const char *metric);
/** file_size: Bytes of ${dir}/${name}; 0 if it is not there. */
double file_size(const char *dir, const char *name);

double now_us(void);
/** cpu_us: Processor time of this process; steadier than a clock on a shared machine. */
double cpu_us(void);

struct samples {
	double *us;
	size_t n, cap;
};
void samples_add(struct samples *s, double us);
/** samples_at: The value below which a part ${q} lies; sorts. */
double samples_at(struct samples *s, double q);
void samples_free(struct samples *s);
/** samples_result: ${metric} p50 and ${metric} p99. */
void samples_result(const struct bench *b, const char *metric, struct samples *s);

/** record_of: Record i as JSON; the caller's. */
json_t *record_of(const struct bench *b, size_t i);

/* What is searched for, in each system's words; its truth by the generator. */
struct bench_query {
	const char *name, *saksi, *fts5; /* fts5 NULL: the peer has nothing like it */
	unsigned all, any;
	bool counted; /* the generator knows the number */
};
extern const struct bench_query bench_queries[];
extern const size_t bench_n_queries;
/** query_check: Did ${hits} come out?  Complains and counts if not. */
void query_check(const struct bench *b, const struct bench_query *q, size_t hits);
/** bench_faults: Complaints so far. */
extern int bench_faults;

#endif
