/*
 * flip_bundle.c - one bit wrong, anywhere in a bundle.
 *
 *   flip_bundle [--every N] [--seed S] [--jobs J] [--records R]
 *
 * A team of two; one imports the first R sample records (default 8) and writes
 * a bundle.  Then one random bit of every (N-th) byte of it is flipped, one at
 * a time, and the other reads it.  Each time it must be reported as altered;
 * what is merged all the same must be just what the frames before the flip
 * hold, and the whole bundle must complete it.  A signal, a changed value or
 * anything left waiting ends it with status 1.
 *
 * Children do the reading; each starts from copies of one vault.
 */
#include "teams.h"

#include <sys/wait.h>

#define FRAMES_MAX 512u

struct plan {
	unsigned every;
	unsigned seed;
	unsigned jobs;
	unsigned records;
};

struct target {
	struct peer *reader;
	struct buf bundle;
	struct saksi_hash prefix[FRAMES_MAX]; /* state after the first n frames */
	struct saksi_hash whole;
	size_t frames;
};

struct tally {
	size_t kept_out, prefix_merged;
};

static uint64_t next_random(uint64_t *seed)
{
	uint64_t z = (*seed += UINT64_C(0x9e3779b97f4a7c15));

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

/* A vault that has joined and holds no records yet. */
static void fresh_copy(struct peer *p, const struct peer *of, unsigned job)
{
	char cmd[400];

	if (p->v != NULL)
		peer_close(p);
	memset(p, 0, sizeof(*p));
	snprintf(p->dir, sizeof(p->dir), "%.40s/job%u", of->dir, job);
	snprintf(cmd, sizeof(cmd),
	    "rm -rf '%s' && mkdir '%s' && cp -r '%s/vault' '%s/vault'", p->dir, p->dir,
	    of->dir, p->dir);
	assert_int_equal(system(cmd), 0);
	peer_open(p);
}

static bool complain(size_t at, const char *what)
{
	fprintf(stderr, "byte %zu: %s\n", at, what);
	return false;
}

static bool nothing_held(const struct sync_summary *s)
{
	return s->refused + s->pending + s->quarantined + s->missing == 0;
}

/* True: reported, and nothing changed but by what stands before the flip. */
static bool try_flip(struct target *g, struct peer *p, unsigned job, size_t at,
    unsigned bit, struct tally *sum)
{
	struct sync_summary s;
	struct saksi_hash got;
	size_t frame = at < 80 ? 0 : (at - 80) / 4096, received;
	enum saksi_err rc;
	bool held;

	g->bundle.p[at] ^= (uint8_t)(1u << bit);
	rc = bundle_try_read(p, g->bundle.p, g->bundle.len, &s);
	g->bundle.p[at] ^= (uint8_t)(1u << bit);
	received = s.received;
	held = !nothing_held(&s);
	sync_summary_free(&s);
	if (rc != SAKSI_EAUTH)
		return complain(at, "not reported as altered");
	if (held)
		return complain(at, "something is left over");
	got = peer_digest(p);
	if (hash_cmp(&got, &g->prefix[frame]) != 0)
		return complain(at, "not the state of what stands before the flip");
	if (received == 0) {
		sum->kept_out++;
		return true;
	}
	sum->prefix_merged++;
	rc = bundle_try_read(p, g->bundle.p, g->bundle.len, &s);
	held = !nothing_held(&s);
	sync_summary_free(&s);
	got = peer_digest(p);
	if (rc != SAKSI_OK || held || hash_cmp(&got, &g->whole) != 0)
		return complain(at, "the whole bundle does not complete it");
	fresh_copy(p, g->reader, job);
	return true;
}

static void flip_some(struct target *g, const struct plan *p, unsigned job, int to)
{
	struct tally sum = {0, 0};
	struct peer own = {.v = NULL};
	uint64_t seed = p->seed + job;
	size_t n = 0;

	fresh_copy(&own, g->reader, job);
	for (size_t at = p->seed % p->every; at < g->bundle.len; at += p->every) {
		unsigned bit = (unsigned)(next_random(&seed) % 8);

		if (n++ % p->jobs == job && !try_flip(g, &own, job, at, bit, &sum))
			_exit(1);
	}
	peer_close(&own);
	_exit(write(to, &sum, sizeof(sum)) == sizeof(sum) ? 0 : 2);
}

/* What each number of whole frames gives, by cutting the bundle there. */
static void learn_prefixes(struct target *g)
{
	struct peer p = {.v = NULL};
	struct sync_summary s;

	g->frames = (g->bundle.len - 80) / 4096;
	assert_true(g->frames < FRAMES_MAX);
	for (size_t n = 0; n < g->frames; n++) {
		fresh_copy(&p, g->reader, 99);
		assert_int_equal(bundle_try_read(&p, g->bundle.p, 80 + n * 4096, &s),
		    SAKSI_EPARTIAL);
		sync_summary_free(&s);
		g->prefix[n] = peer_digest(&p);
	}
	OK(bundle_try_read(&p, g->bundle.p, g->bundle.len, &s));
	sync_summary_free(&s);
	g->whole = peer_digest(&p);
	peer_close(&p);
}

static void import_records(struct peer *p, unsigned records)
{
	struct import_options opt = {.allow_dangling = true};
	struct import_report rep;
	struct buf b = BUF_INIT;
	const char *src = getenv("SAKSI_SRC"), *text, *end;
	char path[600];

	snprintf(path, sizeof(path), "%s/data/samples/cambodia.ndjson",
	    src == NULL ? "." : src);
	OK(fs_read_file(&b, path, 16u << 20, &g_err));
	text = buf_cstr(&b);
	for (unsigned n = 0; n < records && *text != '\0'; n++) {
		end = strchr(text, '\n');
		end = end == NULL ? text + strlen(text) : end + 1;
		/* one changeset each, so that a cut may fall between them */
		OK(saksi_import(p->v, text, (size_t)(end - text), &opt, &rep, &g_err));
		import_report_free(&rep);
		text = end;
	}
	buf_free(&b);
}

static bool flip_all(struct target *g, const struct plan *p)
{
	pid_t pid[16];
	int from[16];
	struct tally sum = {0, 0}, one;
	bool good = true;

	for (unsigned i = 0; i < p->jobs; i++) {
		int ends[2];

		assert_int_equal(pipe(ends), 0);
		fflush(NULL);
		pid[i] = fork();
		assert_true(pid[i] >= 0);
		if (pid[i] == 0) {
			close(ends[0]);
			flip_some(g, p, i, ends[1]);
		}
		close(ends[1]);
		from[i] = ends[0];
	}
	for (unsigned i = 0; i < p->jobs; i++) {
		int status;

		if (read(from[i], &one, sizeof(one)) == sizeof(one)) {
			sum.kept_out += one.kept_out;
			sum.prefix_merged += one.prefix_merged;
		}
		close(from[i]);
		assert_int_equal(waitpid(pid[i], &status, 0), pid[i]);
		if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
			good = false;
		if (WIFSIGNALED(status))
			fprintf(stderr, "job %u: signal %d\n", i, WTERMSIG(status));
	}
	printf("%zu bytes, %zu frames: %zu flips reported\n", g->bundle.len, g->frames,
	    sum.kept_out + sum.prefix_merged);
	printf("  %8zu nothing merged\n  %8zu only what stands before the flip\n",
	    sum.kept_out, sum.prefix_merged);
	return good && sum.kept_out > 0 && (g->frames < 2 || sum.prefix_merged > 0);
}

static bool run(const struct plan *p)
{
	struct peer a, b;
	static struct target g;
	struct sync_summary s;
	bool good;

	g.reader = &b;
	g_schema = load_schema();
	peer_make(&a, "Channary", "laptop");
	peer_make(&b, "Dara", "old");
	peer_join(&b, &a, ROLE_EDITOR, "Dara", "phone");
	peer_close(&b);
	import_records(&a, p->records);
	bundle_write(&a, NULL, &g.bundle, &s);
	sync_summary_free(&s);
	peer_end(&a);
	learn_prefixes(&g);
	good = flip_all(&g, p);
	buf_free(&g.bundle);
	peer_open(&b);
	peer_end(&b);
	schema_free(&g_schema);
	return good;
}

static unsigned number(const char *s, unsigned most)
{
	char *end;
	unsigned long v = strtoul(s, &end, 10);

	if (*s == '\0' || *end != '\0' || v == 0 || v > most) {
		fprintf(stderr, "flip_bundle: %s: not a number from 1 to %u\n", s, most);
		exit(2);
	}
	return (unsigned)v;
}

int main(int argc, char **argv)
{
	struct plan p = {.every = 1, .seed = 1, .jobs = 1, .records = 8};
	int i;

	for (i = 1; i + 1 < argc; i += 2) {
		if (strcmp(argv[i], "--every") == 0)
			p.every = number(argv[i + 1], 100000);
		else if (strcmp(argv[i], "--seed") == 0)
			p.seed = number(argv[i + 1], UINT32_MAX);
		else if (strcmp(argv[i], "--jobs") == 0)
			p.jobs = number(argv[i + 1], 16);
		else if (strcmp(argv[i], "--records") == 0)
			p.records = number(argv[i + 1], 359);
		else
			break;
	}
	if (i != argc) {
		fprintf(stderr,
		    "flip_bundle [--every N] [--seed S] [--jobs J] [--records R]\n");
		return 2;
	}
	if (process_harden(NULL) != SAKSI_OK)
		return 2;
	return run(&p) ? 0 : 1;
}
