/*
 * teams.h - vaults in temporary folders that make up a team, for tests of sync/.
 */
#ifndef SAKSI_TESTS_TEAMS_H
#define SAKSI_TESTS_TEAMS_H

#include <fcntl.h>
#include <sys/stat.h>

#include <saksi/sync/exchange.h>

#include "vaults.h"

struct peer {
	char dir[64]; /* holds vault/ and whatever the test puts there */
	struct saksi_vault *v;
	struct saksi_team *t;
};

/* How often a long test repeats: fewer times where everything is slow. */
static inline int rounds(int usual)
{
	const char *s = getenv("SAKSI_ROUNDS");

	return s != NULL && atoi(s) > 0 && atoi(s) < usual ? atoi(s) : usual;
}

static inline void peer_open(struct peer *p)
{
	struct secret *pass = passphrase("a long enough passphrase");
	char path[80];

	snprintf(path, sizeof(path), "%s/vault", p->dir);
	OK(saksi_vault_open(&p->v, path, g_schema, pass, 0, &g_err));
	secret_free(&pass);
	OK(saksi_team_load(&p->t, p->v, &g_err));
}

static inline void peer_close(struct peer *p)
{
	saksi_team_free(&p->t);
	saksi_vault_close(&p->v);
}

/* A vault with a team of its own, as `init` leaves it. */
static inline void peer_make(struct peer *p, const char *person, const char *label)
{
	static const struct crypto_kdf_cost weak = {1, 8u << 20};
	struct secret *pass = passphrase("a long enough passphrase");
	char path[80];

	memset(p, 0, sizeof(*p));
	keyring_test_allow_weak_kdf();
	snprintf(p->dir, sizeof(p->dir), "saksi-team-XXXXXX");
	assert_non_null(mkdtemp(p->dir));
	snprintf(path, sizeof(path), "%s/vault", p->dir);
	OK(saksi_vault_create(&p->v, path, g_schema, pass, &weak, &g_err));
	secret_free(&pass);
	OK(saksi_team_found(p->v, person, label, NULL, NULL, &g_err));
	OK(saksi_team_load(&p->t, p->v, &g_err));
}

static inline void peer_end(struct peer *p)
{
	char cmd[100];

	peer_close(p);
	snprintf(cmd, sizeof(cmd), "rm -rf '%.63s'", p->dir);
	assert_int_equal(system(cmd), 0);
}

/* The whole ceremony: ${p} joins the team of ${admin}. */
static inline void peer_join(struct peer *p, struct peer *admin, enum team_role role,
    const char *person, const char *label)
{
	struct buf request = BUF_INIT, welcome = BUF_INIT;
	char words[TEAM_WORDS_TEXT];
	struct join_info at_admin, at_new;

	OK(saksi_join_request(p->v, person, label, &request, words, &g_err));
	OK(saksi_join_inspect(admin->t, request.p, request.len, &at_admin, &g_err));
	assert_string_equal(words, at_admin.words);
	OK(saksi_join_admit(admin->t, request.p, request.len, role, &welcome, &at_admin,
	    &g_err));
	OK(saksi_join_open(p->v, welcome.p, welcome.len, &at_new, &g_err));
	assert_string_equal(at_new.welcome_words, at_admin.welcome_words);
	assert_int_equal(at_new.role, role);
	saksi_team_free(&p->t);
	OK(saksi_join_accept(p->v, welcome.p, welcome.len, &g_err));
	OK(saksi_team_load(&p->t, p->v, &g_err));
	buf_free(&request);
	buf_free(&welcome);
}

/* ---- what a summary says ------------------------------------------------------------ */

/* Some text or reason in ${list} of the details has ${words} in it. */
static inline bool told(const struct sync_summary *s, const char *list, const char *words)
{
	json_t *all = json_object_get(s->detail, list), *one;
	size_t i;

	json_array_foreach (all, i, one) {
		const char *text = json_is_string(one)
		    ? json_string_value(one)
		    : json_string_value(json_object_get(one, "reason"));

		if (strstr(text, words) != NULL)
			return true;
	}
	return false;
}

static inline bool warned(const struct sync_summary *s, const char *words)
{
	return told(s, "warnings", words);
}

static inline bool refused_for(const struct sync_summary *s, const char *words)
{
	return told(s, "refused", words);
}

/* ---- records ------------------------------------------------------------------------ */

/* Letters that do not compress well. */
static inline void random_text(char *out, size_t n)
{
	crypto_random(out, n);
	for (size_t i = 0; i + 1 < n; i++)
		out[i] = (char)('!' + (unsigned char)out[i] % 90);
	out[n - 1] = '\0';
}

static inline struct saksi_txn *peer_begin(struct peer *p, bool write)
{
	struct saksi_txn *t = NULL;

	OK(saksi_txn_begin(&t, p->v, write, &g_err));
	return t;
}

static inline struct saksi_id peer_create(struct peer *p, const char *ref,
    const char *title)
{
	struct saksi_txn *t = peer_begin(p, true);
	struct saksi_draft *d = NULL;
	struct saksi_id id;
	json_t *v = text_value(title);

	OK(saksi_draft_new(&d, t, &g_err));
	OK(saksi_draft_create(d, &id, "event", ref, "C", &g_err));
	OK(saksi_draft_set(d, &id, "title", v, &g_err));
	OK(saksi_draft_commit(d, NULL, &g_err));
	OK(saksi_txn_commit(&t, &g_err));
	saksi_draft_free(&d);
	json_decref(v);
	return id;
}

static inline enum saksi_err peer_try_edit(struct peer *p, const struct saksi_id *id,
    const char *field, const char *value)
{
	struct saksi_txn *t = peer_begin(p, true);
	struct saksi_draft *d = NULL;
	json_t *v = text_value(value);
	enum saksi_err rc;

	OK(saksi_draft_new(&d, t, &g_err));
	OK(saksi_draft_set(d, id, field, v, &g_err));
	rc = saksi_draft_commit(d, NULL, &g_err);
	if (rc == SAKSI_OK)
		OK(saksi_txn_commit(&t, &g_err));
	saksi_txn_abort(&t);
	saksi_draft_free(&d);
	json_decref(v);
	return rc;
}

static inline void peer_edit(struct peer *p, const struct saksi_id *id, const char *field,
    const char *value)
{
	OK(peer_try_edit(p, id, field, value));
}

static inline struct saksi_hash peer_digest(struct peer *p)
{
	struct saksi_txn *t = peer_begin(p, false);
	struct saksi_hash h = digest_of(t);

	saksi_txn_abort(&t);
	return h;
}

static inline void assert_same_state(struct peer *a, struct peer *b)
{
	struct saksi_hash x = peer_digest(a), y = peer_digest(b);

	assert_memory_equal(x.b, y.b, sizeof(x.b));
}

static inline bool same_state(struct peer *a, struct peer *b)
{
	struct saksi_hash x = peer_digest(a), y = peer_digest(b);

	return hash_cmp(&x, &y) == 0;
}

/* ---- bundles ------------------------------------------------------------------------ */

static inline int temp_fd(void)
{
	int fd = open(".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	return fd;
}

static inline void bundle_write(struct peer *p, const struct team_device *since,
    struct buf *out, struct sync_summary *sum)
{
	int fd = temp_fd();

	sync_summary_init(sum);
	OK(saksi_bundle_write(p->t, fd, since, NULL, sum, &g_err));
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	buf_reset(out);
	OK(fs_read_fd(out, fd, (size_t)1 << 30, &g_err));
	close(fd);
}

static inline enum saksi_err bundle_try_read(struct peer *p, const void *bytes, size_t n,
    struct sync_summary *sum)
{
	int fd = temp_fd();
	enum saksi_err rc;

	OK(fs_write_all(fd, bytes, n, "bundle", &g_err));
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	sync_summary_init(sum);
	rc = saksi_bundle_read(p->t, fd, NULL, sum, &g_err);
	close(fd);
	return rc;
}

static inline void bundle_pass(struct peer *from, struct peer *to)
{
	struct buf b = BUF_INIT;
	struct sync_summary sum;

	bundle_write(from, NULL, &b, &sum);
	sync_summary_free(&sum);
	OK(bundle_try_read(to, b.p, b.len, &sum));
	sync_summary_free(&sum);
	buf_free(&b);
}

/* ---- teams -------------------------------------------------------------------------- */

/* ${a} founds a team; ${b} joins it as an editor. */
static inline void team_of_two(struct peer *a, struct peer *b)
{
	peer_make(a, "Channary", "laptop");
	peer_make(b, "Dara", "old");
	peer_join(b, a, ROLE_EDITOR, "Dara", "phone");
}

/* ${b} and ${c} join the team of ${a}, and all know of all. */
static inline void team_of_three(struct peer *a, struct peer *b, enum team_role of_b,
    struct peer *c, enum team_role of_c)
{
	peer_make(a, "Channary", "laptop");
	peer_make(b, "Dara", "old");
	peer_make(c, "Mallory", "old");
	peer_join(b, a, of_b, "Dara", "phone");
	peer_join(c, a, of_c, "Mallory", "tablet");
	bundle_pass(a, b);
	bundle_pass(a, c);
}

static inline void peers_end(struct peer *a, struct peer *b, struct peer *c)
{
	peer_end(a);
	peer_end(b);
	peer_end(c);
}

#endif
