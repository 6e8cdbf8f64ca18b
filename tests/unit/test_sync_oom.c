/*
 * test_sync_oom.c - memory that runs out while devices meet: each allocation
 * fails once, in turn.  The call says so or does without, leaves no secret
 * behind, and the vault goes on as if it had not been called.  Linked with
 * --wrap, so that the tree's allocations come here.
 */
#include "craft.h"
#include "short_memory.h"

/* A copy of a closed peer's vault, open. */
static void fresh(struct peer *p, const struct peer *of)
{
	char cmd[400];

	memset(p, 0, sizeof(*p));
	snprintf(p->dir, sizeof(p->dir), "%.40s/copy", of->dir);
	snprintf(cmd, sizeof(cmd),
	    "rm -rf '%s' && mkdir '%s' && cp -r '%s/vault' '%s/vault'", p->dir, p->dir,
	    of->dir, p->dir);
	assert_int_equal(system(cmd), 0);
	peer_open(p);
}

struct scene {
	struct peer a, base; /* base: closed; what each run starts from */
	struct buf in;	     /* bundle, request or welcome */
	char dir[100];
	size_t done; /* runs that went through */
};

typedef enum saksi_err action(struct scene *s, struct peer *p);
typedef void aftermath(struct scene *s, struct peer *p);

/* Each allocation fails in turn, until none was left to fail. */
static void starve(struct scene *s, action *act, aftermath *after)
{
	int step = rounds(1000) < 1000 ? 29 : 1;
	bool failed = true;

	for (long n = 0; failed; n += step) {
		struct peer p;
		size_t live;
		enum saksi_err rc;

		fresh(&p, &s->base);
		live = secret_live();
		refuse_once = n % 2 == 0; /* or that one and all after it */
		refused = false;
		budget = n;
		rc = act(s, &p);
		failed = refused;
		budget = -1;
		if (rc != SAKSI_OK && rc != SAKSI_ENOMEM)
			fail_msg("allocation %ld: %s: %s", n, saksi_err_name(rc),
			    g_err.msg);
		assert_true(failed || rc == SAKSI_OK);
		assert_true(secret_live() <= live);
		/* the same vault, opened again, works and ends as it should */
		peer_close(&p);
		peer_open(&p);
		after(s, &p);
		peer_close(&p);
		s->done++;
		assert_true(n < 100000);
	}
	assert_true(s->done > (step == 1 ? 20 : 1));
}

static void scene_make(struct scene *s)
{
	struct sync_summary sum;

	memset(s, 0, sizeof(*s));
	peer_make(&s->a, "Channary", "laptop");
	peer_make(&s->base, "Dara", "old");
	peer_join(&s->base, &s->a, ROLE_EDITOR, "Dara", "phone");
	peer_create(&s->a, "x", "Arrests");
	bundle_write(&s->a, NULL, &s->in, &sum);
	sync_summary_free(&sum);
	snprintf(s->dir, sizeof(s->dir), "%s/shared", s->a.dir);
	assert_int_equal(mkdir(s->dir, 0700), 0);
	peer_close(&s->base);
}

static void scene_end(struct scene *s)
{
	buf_free(&s->in);
	peer_open(&s->base);
	peer_end(&s->base);
	peer_end(&s->a);
}

static enum saksi_err read_bundle(struct scene *s, struct peer *p)
{
	struct sync_summary sum;
	int fd = temp_fd();
	enum saksi_err rc;

	if (write(fd, s->in.p, s->in.len) != (ssize_t)s->in.len ||
	    lseek(fd, 0, SEEK_SET) != 0)
		fail();
	sync_summary_init(&sum);
	rc = saksi_bundle_read(p->t, fd, NULL, &sum, &g_err);
	sync_summary_free(&sum);
	close(fd);
	return rc;
}

static void completes(struct scene *s, struct peer *p)
{
	OK(read_bundle(s, p));
	assert_same_state(&s->a, p);
}

static void reading_a_bundle(void **state)
{
	struct scene s;

	(void)state;
	scene_make(&s);
	starve(&s, read_bundle, completes);
	scene_end(&s);
}

static enum saksi_err write_bundle(struct scene *s, struct peer *p)
{
	struct sync_summary sum;
	int fd = temp_fd();
	enum saksi_err rc;

	(void)s;
	sync_summary_init(&sum);
	rc = saksi_bundle_write(p->t, fd, NULL, NULL, &sum, &g_err);
	sync_summary_free(&sum);
	close(fd);
	return rc;
}

static void writes(struct scene *s, struct peer *p)
{
	OK(write_bundle(s, p));
}

static void writing_a_bundle(void **state)
{
	struct scene s;

	(void)state;
	scene_make(&s);
	starve(&s, write_bundle, writes);
	scene_end(&s);
}

static enum saksi_err sync_dir(struct scene *s, struct peer *p)
{
	struct sync_summary sum;
	enum saksi_err rc;

	sync_summary_init(&sum);
	rc = saksi_sync_dir(p->t, s->dir, NULL, &sum, &g_err);
	sync_summary_free(&sum);
	return rc;
}

/* What a starved sync left in the directory is whole: others read it. */
static void meets(struct scene *s, struct peer *p)
{
	char cmd[200];

	OK(sync_dir(s, p));
	OK(sync_dir(s, &s->a));
	OK(sync_dir(s, p));
	assert_same_state(&s->a, p);
	snprintf(cmd, sizeof(cmd), "find '%s' -name '*.part' | grep -q .", s->dir);
	assert_int_not_equal(system(cmd), 0);
	snprintf(cmd, sizeof(cmd), "rm -f '%s'/*", s->dir);
	assert_int_equal(system(cmd), 0);
	OK(sync_dir(s, &s->a));
}

static void syncing_a_directory(void **state)
{
	struct scene s;

	(void)state;
	scene_make(&s);
	OK(sync_dir(&s, &s.a));
	starve(&s, sync_dir, meets);
	scene_end(&s);
}

/* ---- joining ------------------------------------------------------------------------ */

static enum saksi_err join(struct scene *s, struct peer *p)
{
	struct join_info info;
	enum saksi_err rc = saksi_join_open(p->v, s->in.p, s->in.len, &info, &g_err);

	return rc == SAKSI_OK ? saksi_join_accept(p->v, s->in.p, s->in.len, &g_err) : rc;
}

static void joins(struct scene *s, struct peer *p)
{
	const uint8_t *ours = saksi_team_space(s->a.t)->b;

	/* either nothing happened, or all of it */
	if (memcmp(saksi_team_space(p->t)->b, ours, 32) != 0)
		OK(join(s, p));
	saksi_team_free(&p->t);
	OK(saksi_team_load(&p->t, p->v, &g_err));
	assert_memory_equal(saksi_team_space(p->t)->b, ours, 32);
	assert_non_null(saksi_team_self(p->t));
}

static void accepting_a_welcome(void **state)
{
	struct scene s;
	struct buf request = BUF_INIT;
	struct join_info info;
	char words[TEAM_WORDS_TEXT];

	(void)state;
	scene_make(&s);
	peer_open(&s.base);
	peer_end(&s.base);
	peer_make(&s.base, "Eve", "old");
	OK(saksi_join_request(s.base.v, "Eve", "tablet", &request, words, &g_err));
	buf_reset(&s.in);
	OK(saksi_join_admit(s.a.t, request.p, request.len, ROLE_EDITOR, &s.in, &info,
	    &g_err));
	buf_free(&request);
	peer_close(&s.base);
	starve(&s, join, joins);
	scene_end(&s);
}

static enum saksi_err ask(struct scene *s, struct peer *p)
{
	struct buf out = BUF_INIT;
	char words[TEAM_WORDS_TEXT];
	enum saksi_err rc =
	    saksi_join_request(p->v, "Eve", "tablet", &out, words, &g_err);

	(void)s;
	buf_free(&out);
	return rc;
}

static void asks(struct scene *s, struct peer *p)
{
	OK(ask(s, p));
}

static void asking_to_join(void **state)
{
	struct scene s;

	(void)state;
	scene_make(&s);
	peer_open(&s.base);
	peer_end(&s.base);
	peer_make(&s.base, "Eve", "old");
	peer_close(&s.base);
	starve(&s, ask, asks);
	scene_end(&s);
}

static enum saksi_err admit(struct scene *s, struct peer *p)
{
	struct buf welcome = BUF_INIT;
	struct join_info info;
	enum saksi_err rc = saksi_join_admit(p->t, s->in.p, s->in.len, ROLE_EDITOR,
	    &welcome, &info, &g_err);

	if (rc != SAKSI_OK)
		assert_int_equal(welcome.len, 0);
	buf_free(&welcome);
	return rc;
}

static void admits(struct scene *s, struct peer *p)
{
	size_t n;

	(void)saksi_team_devices(p->t, &n);
	assert_true(n == 1 || n == 2);
	if (n == 1)
		OK(admit(s, p));
}

static void admitting_a_device(void **state)
{
	struct scene s;
	struct peer c;
	char words[TEAM_WORDS_TEXT];

	(void)state;
	scene_make(&s);
	peer_open(&s.base);
	peer_end(&s.base);
	peer_make(&s.base, "Channary", "desk");
	peer_close(&s.base);
	peer_make(&c, "Eve", "old");
	buf_reset(&s.in);
	OK(saksi_join_request(c.v, "Eve", "tablet", &s.in, words, &g_err));
	starve(&s, admit, admits);
	peer_end(&c);
	scene_end(&s);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(reading_a_bundle),
    cmocka_unit_test(writing_a_bundle),
    cmocka_unit_test(syncing_a_directory),
    cmocka_unit_test(accepting_a_welcome),
    cmocka_unit_test(asking_to_join),
    cmocka_unit_test(admitting_a_device),
};

TEST_MAIN(tests, vaults_setup, vaults_teardown)
