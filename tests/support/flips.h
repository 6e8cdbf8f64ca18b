/*
 * flips.h - the frame of the campaigns that flip one bit at a time: options,
 * records to damage, child processes that share the work, and the sum of what
 * they saw.
 *
 *   PROGRAM [--every N] [--seed S] [--jobs J] [--records R]
 *
 * One random bit of every (N-th) byte; the same seed chooses the same bits.
 */
#ifndef SAKSI_TESTS_FLIPS_H
#define SAKSI_TESTS_FLIPS_H

#include <sys/wait.h>

#include "vaults.h"

#define FLIPS_JOBS 16u
#define FLIPS_VERDICTS 3u
#define FLIPS_WRONG (-1)

struct plan {
	unsigned every;
	unsigned seed;
	unsigned jobs;
	unsigned records;
};

/* What is flipped.  Both calls are made in a child, on copies of its own. */
struct flips {
	const char *name;
	size_t size;
	void *ctx;
	void (*begin)(void *ctx, unsigned job);
	/* a verdict below FLIPS_VERDICTS; or FLIPS_WRONG, with the reason in g_err */
	int (*flip)(void *ctx, size_t at, unsigned bit);
};

struct flips_tally {
	size_t of[FLIPS_VERDICTS];
};

struct flips_job {
	pid_t pid;
	int from;
	size_t at; /* the byte it is at, for when it ends by a signal */
};

static inline uint32_t flips_mix(uint32_t x)
{
	x ^= x >> 16;
	x *= 0x7feb352dU;
	x ^= x >> 15;
	x *= 0x846ca68bU;
	return x ^ x >> 16;
}

static inline void flips_tell(int to, const void *p, size_t n)
{
	if (write(to, p, n) != (ssize_t)n)
		_exit(2);
}

/* Child ${job}: bytes job, job + jobs, ... of those chosen; results into ${to}. */
static inline void flips_child(const struct flips *f, const struct plan *p, unsigned job,
    int to)
{
	struct flips_tally tally = {{0}};
	size_t at = flips_mix(p->seed) % p->every + (size_t)job * p->every;

	f->begin(f->ctx, job);
	for (; at < f->size; at += (size_t)p->every * p->jobs) {
		unsigned bit = flips_mix(p->seed ^ (uint32_t)at) % 8;
		int verdict;

		flips_tell(to, &at, sizeof(at));
		verdict = f->flip(f->ctx, at, bit);
		if (verdict == FLIPS_WRONG) {
			fprintf(stderr, "%s, byte %zu, bit %u: %s\n", f->name, at, bit,
			    g_err.msg);
			_exit(1);
		}
		tally.of[verdict]++;
	}
	at = SIZE_MAX;
	flips_tell(to, &at, sizeof(at));
	flips_tell(to, &tally, sizeof(tally));
	_exit(0);
}

static inline void flips_start(struct flips_job *j, const struct flips *f,
    const struct plan *p, unsigned job)
{
	int ends[2];

	assert_int_equal(pipe(ends), 0);
	fflush(NULL);
	j->pid = fork();
	assert_true(j->pid >= 0);
	if (j->pid == 0) {
		close(ends[0]);
		flips_child(f, p, job, ends[1]);
	}
	close(ends[1]);
	j->from = ends[0];
}

static inline bool flips_end(struct flips_job *j, const struct flips *f,
    struct flips_tally *sum)
{
	struct flips_tally t;
	bool whole = false;
	size_t at;
	int status;

	while (!whole && read(j->from, &at, sizeof(at)) == sizeof(at)) {
		if (at == SIZE_MAX)
			whole = read(j->from, &t, sizeof(t)) == sizeof(t);
		else
			j->at = at;
	}
	close(j->from);
	assert_int_equal(waitpid(j->pid, &status, 0), j->pid);
	if (WIFSIGNALED(status)) {
		fprintf(stderr, "%s, byte %zu: signal %d\n", f->name, j->at,
		    WTERMSIG(status));
		return false;
	}
	if (!whole || WEXITSTATUS(status) != 0)
		return false;
	for (unsigned i = 0; i < FLIPS_VERDICTS; i++)
		sum->of[i] += t.of[i];
	return true;
}

/** flips_run: Flip, print the sum with ${words} for each verdict; false if one was wrong. */
static inline bool flips_run(const struct flips *f, const struct plan *p,
    const char *const words[FLIPS_VERDICTS], struct flips_tally *sum)
{
	struct flips_job jobs[FLIPS_JOBS] = {{0}};
	size_t n = 0;
	bool good = true;

	memset(sum, 0, sizeof(*sum));
	for (unsigned i = 0; i < p->jobs; i++)
		flips_start(&jobs[i], f, p, i);
	for (unsigned i = 0; i < p->jobs; i++)
		good = flips_end(&jobs[i], f, sum) && good;
	for (unsigned i = 0; i < FLIPS_VERDICTS; i++)
		n += sum->of[i];
	printf("%s: %zu bytes of %zu flipped\n", f->name, n, f->size);
	for (unsigned i = 0; i < FLIPS_VERDICTS; i++)
		if (words[i] != NULL)
			printf("  %8zu %s\n", sum->of[i], words[i]);
	return good;
}

/** flips_import(v, records, at_once): The first sample records, so many to a changeset. */
static inline void flips_import(struct saksi_vault *v, unsigned records, unsigned at_once)
{
	struct import_options opt = {.allow_dangling = true};
	struct import_report rep;
	struct buf b = BUF_INIT;
	const char *src = getenv("SAKSI_SRC"), *text, *end;
	char path[600];

	snprintf(path, sizeof(path), "%s/data/samples/cambodia.ndjson",
	    src == NULL ? "." : src);
	OK(fs_read_file(&b, path, 16u << 20, &g_err));
	end = text = buf_cstr(&b);
	for (unsigned n = 1; n <= records; n++) {
		end += strcspn(end, "\n");
		end += *end == '\n';
		if (n % at_once != 0 && n < records)
			continue;
		OK(saksi_import(v, text, (size_t)(end - text), &opt, &rep, &g_err));
		import_report_free(&rep);
		text = end;
	}
	buf_free(&b);
}

static inline unsigned flips_number(const char *s, unsigned most)
{
	char *end;
	unsigned long v = strtoul(s, &end, 10);

	if (*s == '\0' || *end != '\0' || v == 0 || v > most) {
		fprintf(stderr, "%s: not a number from 1 to %u\n", s, most);
		exit(2);
	}
	return (unsigned)v;
}

/** flips_main(argc, argv, records, run): A main(); ${records} if no option says how many. */
static inline int flips_main(int argc, char **argv, unsigned records,
    bool (*run)(const struct plan *p))
{
	struct plan p = {.every = 1, .seed = 1, .jobs = 1, .records = records};
	const struct {
		const char *name;
		unsigned *to, most;
	} options[] = {{"--every", &p.every, 100000}, {"--seed", &p.seed, UINT32_MAX},
	    {"--jobs", &p.jobs, FLIPS_JOBS}, {"--records", &p.records, 359}};

	for (int i = 1; i < argc; i += 2) {
		size_t o = 0;

		while (o < 4 && strcmp(argv[i], options[o].name) != 0)
			o++;
		if (o == 4 || i + 1 == argc) {
			fprintf(stderr,
			    "%s [--every N] [--seed S] [--jobs J] [--records R]\n",
			    argv[0]);
			return 2;
		}
		*options[o].to = flips_number(argv[i + 1], options[o].most);
	}
	if (process_harden(NULL) != SAKSI_OK)
		return 2;
	return run(&p) ? 0 : 1;
}

#endif
