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
#include "flips.h"
#include "teams.h"

#define FRAMES_MAX 512u

enum verdict { KEPT_OUT, PREFIX_MERGED };

static const char *const words[FLIPS_VERDICTS] = {"nothing merged",
    "only what stands before the flip"};

struct target {
	struct peer *reader;
	struct buf bundle;
	struct saksi_hash prefix[FRAMES_MAX]; /* state after the first n frames */
	struct saksi_hash whole;
	size_t frames;
	struct peer own; /* a child's copy of the reader */
	unsigned job;
};

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

static int wrong(const char *what)
{
	snprintf(g_err.msg, sizeof(g_err.msg), "%s", what);
	return FLIPS_WRONG;
}

static bool nothing_held(const struct sync_summary *s)
{
	return s->refused + s->pending + s->quarantined + s->missing == 0;
}

/* Reported, and nothing changed but by what stands before the flip. */
static int try_flip(void *ctx, size_t at, unsigned bit)
{
	struct target *g = ctx;
	struct peer *p = &g->own;
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
		return wrong("not reported as altered");
	if (held)
		return wrong("something is left over");
	got = peer_digest(p);
	if (hash_cmp(&got, &g->prefix[frame]) != 0)
		return wrong("not the state of what stands before the flip");
	if (received == 0)
		return KEPT_OUT;
	rc = bundle_try_read(p, g->bundle.p, g->bundle.len, &s);
	held = !nothing_held(&s);
	sync_summary_free(&s);
	got = peer_digest(p);
	if (rc != SAKSI_OK || held || hash_cmp(&got, &g->whole) != 0)
		return wrong("the whole bundle does not complete it");
	fresh_copy(p, g->reader, g->job);
	return PREFIX_MERGED;
}

static void begin_copy(void *ctx, unsigned job)
{
	struct target *g = ctx;

	g->job = job;
	fresh_copy(&g->own, g->reader, job);
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

static bool flip_all(struct target *g, const struct plan *p)
{
	const struct flips f = {"bundle", g->bundle.len, g, begin_copy, try_flip};
	struct flips_tally sum;
	bool good = flips_run(&f, p, words, &sum);

	return good && sum.of[KEPT_OUT] > 0 &&
	    (g->frames < 2 || sum.of[PREFIX_MERGED] > 0);
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
	flips_import(a.v, p->records, 1); /* so that a cut may fall between them */
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

int main(int argc, char **argv)
{
	return flips_main(argc, argv, 8, run);
}
