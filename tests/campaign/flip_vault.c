/*
 * flip_vault.c - one bit wrong, anywhere in a vault's files.
 *
 *   flip_vault [--every N] [--seed S] [--jobs J] [--records R]
 *
 * Makes a vault with the first R sample records (default 12), then flips one
 * random bit of every (N-th) byte of data.mdb and of keys, one at a time, and
 * each time opens the vault, reads all of it and verifies it.  Either all is
 * read as before, or the damage is reported.  A changed value, a wrong
 * passphrase where it is right, or a signal ends it with status 1.
 *
 * Children do the reading.  For data.mdb the key is derived once.
 */
#include "vaults.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "vault_impl.h"

struct plan {
	unsigned every;
	unsigned seed;
	unsigned jobs;
	unsigned records;
};

/* Everything that can be read, in one hash. */
struct contents {
	struct saksi_hash digest;
	struct saksi_hash raw;
};

enum verdict { SAME, SAME_BUT_TOLD, REPORTED, WRONG };

struct tally {
	size_t of[4];
};

static const char *const words[] = {"read the same, nothing told", "read the same, told",
    "reading refused, told"};

/* ---- reading ---------------------------------------------------------------------- */

static enum saksi_err add_value(void *ctx, uint64_t n, const uint8_t *p, size_t len,
    struct saksi_error *err)
{
	uint8_t head[16];

	(void)err;
	le64_put(head, n);
	le64_put(head + 8, len);
	crypto_hash_add(ctx, head, sizeof(head));
	crypto_hash_add(ctx, p, len);
	return SAKSI_OK;
}

static enum saksi_err read_all(struct contents *c, struct saksi_vault *v,
    struct saksi_error *err)
{
	struct crypto_hash_state st;
	struct saksi_txn *t = NULL;
	enum saksi_err rc;
	unsigned table;

	crypto_hash_init(&st, "flip-vault");
	if ((rc = saksi_txn_begin(&t, v, false, err)) != SAKSI_OK)
		return rc;
	for (table = 1; rc == SAKSI_OK && table < KV_TABLE_END; table++)
		rc = kv_scan(t->kv, (enum kv_table)table, 0, add_value, &st, err);
	if (rc == SAKSI_OK)
		rc = saksi_state_digest(t, &c->digest, err);
	crypto_hash_final(&st, &c->raw);
	saksi_txn_abort(&t);
	return rc;
}

static void count_fault(void *ctx, const char *what)
{
	unsigned *faults = ctx;

	(void)what;
	++*faults;
}

static bool is_report(enum saksi_err rc)
{
	return rc == SAKSI_EDAMAGED || rc == SAKSI_EAUTH;
}

/* What an open vault shows, compared with what it should. */
static enum verdict judge(struct saksi_vault *v, const struct contents *want)
{
	struct contents got;
	enum saksi_err read = read_all(&got, v, &g_err);
	enum saksi_err told;
	unsigned faults = 0;

	if (read != SAKSI_OK && !is_report(read))
		return WRONG;
	if (read == SAKSI_OK && memcmp(&got, want, sizeof(got)) != 0) {
		snprintf(g_err.msg, sizeof(g_err.msg), "a value changed");
		return WRONG;
	}
	told = saksi_vault_verify(v, true, NULL, NULL, count_fault, &faults, &g_err);
	if (told != SAKSI_OK && (!is_report(told) || faults == 0))
		return WRONG;
	if (read != SAKSI_OK)
		return told == SAKSI_OK ? WRONG : REPORTED;
	return told == SAKSI_OK ? SAME : SAME_BUT_TOLD;
}

/* data.mdb: the parent's vault with its key, opened anew here. */
static enum verdict try_data(struct saksi_vault *v, const struct contents *want)
{
	enum verdict verdict;
	enum saksi_err rc;

	catalog_reset(&v->catalog);
	rc = kv_open(&v->kv, v->dir, keyring_vault_id(v->keys), v->key, 0, &g_err);
	if (rc != SAKSI_OK)
		return is_report(rc) ? REPORTED : WRONG;
	verdict = judge(v, want);
	kv_close(&v->kv);
	return verdict;
}

/* keys: from the passphrase on.  A wrong passphrase is no report. */
static enum verdict try_keys(struct saksi_vault *v, const struct contents *want)
{
	struct secret *pass = passphrase("a long enough passphrase");
	struct saksi_vault *again = NULL;
	enum verdict verdict;
	enum saksi_err rc;

	rc = saksi_vault_open(&again, v->dir, v->schema, pass, 0, &g_err);
	secret_free(&pass);
	if (rc != SAKSI_OK)
		return rc == SAKSI_EDAMAGED ? REPORTED : WRONG;
	verdict = judge(again, want);
	saksi_vault_close(&again);
	return verdict;
}

/* ---- flipping ----------------------------------------------------------------------- */

struct target {
	const char *name;
	enum verdict (*try)(struct saksi_vault *v, const struct contents *want);
	struct saksi_vault *v;
	const struct contents *want;
	size_t size;
};

static uint32_t mix(uint32_t x)
{
	x ^= x >> 16;
	x *= 0x7feb352dU;
	x ^= x >> 15;
	x *= 0x846ca68bU;
	return x ^ x >> 16;
}

/* Child ${job}: bytes job, job + jobs, ... of those chosen; results into ${to}. */
static void flip_some(const struct target *g, const struct plan *p, unsigned job, int to)
{
	struct tally tally = {{0}};
	enum verdict verdict;
	uint8_t byte;
	uint8_t bad;
	size_t at;
	unsigned bit;
	int fd = openat(g->v->dirfd, g->name, O_RDWR | O_CLOEXEC);

	if (fd < 0)
		_exit(2);
	at = mix(p->seed) % p->every + (size_t)job * p->every;
	for (; at < g->size; at += (size_t)p->every * p->jobs) {
		bit = mix(p->seed ^ (uint32_t)at) % 8;
		if (pread(fd, &byte, 1, (off_t)at) != 1)
			_exit(2);
		bad = (uint8_t)(byte ^ 1u << bit);
		if (pwrite(fd, &bad, 1, (off_t)at) != 1)
			_exit(2);
		if (write(to, &at, sizeof(at)) != sizeof(at))
			_exit(2);
		verdict = g->try(g->v, g->want);
		if (pwrite(fd, &byte, 1, (off_t)at) != 1)
			_exit(2);
		if (verdict == WRONG) {
			fprintf(stderr, "%s, byte %zu, bit %u: %s\n", g->name, at, bit,
			    g_err.msg);
			_exit(1);
		}
		tally.of[verdict]++;
	}
	at = SIZE_MAX;
	if (write(to, &at, sizeof(at)) != sizeof(at) ||
	    write(to, &tally, sizeof(tally)) != sizeof(tally))
		_exit(2);
	_exit(0);
}

/* Each job works on a copy of the vault: they would see each other's flips. */
static void copy_vault(const char *from, const char *to)
{
	char cmd[300];

	snprintf(cmd, sizeof(cmd), "cp -r '%s' '%s'", from, to);
	assert_int_equal(system(cmd), 0);
}

struct job {
	pid_t pid;
	int from;
	size_t at;
};

static void start_job(struct job *j, const struct target *g, const struct plan *p,
    unsigned n)
{
	struct target own = *g;
	char dir[200];
	int ends[2];

	snprintf(dir, sizeof(dir), "%s.%u", g->v->dir, n);
	copy_vault(g->v->dir, dir);
	assert_int_equal(pipe(ends), 0);
	fflush(NULL);
	j->pid = fork();
	assert_true(j->pid >= 0);
	if (j->pid == 0) {
		close(ends[0]);
		close(own.v->dirfd);
		own.v->dirfd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		free(own.v->dir);
		own.v->dir = strdup(dir);
		flip_some(&own, p, n, ends[1]);
	}
	close(ends[1]);
	j->from = ends[0];
}

static bool end_job(struct job *j, const struct target *g, struct tally *sum)
{
	struct tally t;
	bool whole = false;
	size_t at;
	int status;
	unsigned i;

	while (!whole && read(j->from, &at, sizeof(at)) == sizeof(at)) {
		if (at == SIZE_MAX)
			whole = read(j->from, &t, sizeof(t)) == sizeof(t);
		else
			j->at = at;
	}
	close(j->from);
	assert_int_equal(waitpid(j->pid, &status, 0), j->pid);
	if (WIFSIGNALED(status)) {
		fprintf(stderr, "%s, byte %zu: signal %d\n", g->name, j->at,
		    WTERMSIG(status));
		return false;
	}
	if (!whole || WEXITSTATUS(status) != 0)
		return false;
	for (i = 0; i < 4; i++)
		sum->of[i] += t.of[i];
	return true;
}

static bool flip_file(struct target *g, const struct plan *p)
{
	struct job jobs[16] = {{0}};
	struct tally sum = {{0}};
	struct stat st;
	bool good = true;
	unsigned i;

	assert_int_equal(fstatat(g->v->dirfd, g->name, &st, 0), 0);
	g->size = (size_t)st.st_size;
	for (i = 0; i < p->jobs; i++)
		start_job(&jobs[i], g, p, i);
	for (i = 0; i < p->jobs; i++)
		good = end_job(&jobs[i], g, &sum) && good;
	for (i = 0; i < p->jobs; i++) {
		char cmd[300];

		snprintf(cmd, sizeof(cmd), "rm -rf '%s.%u'", g->v->dir, i);
		assert_int_equal(system(cmd), 0);
	}
	printf("%s: %zu bytes of %zu flipped\n", g->name,
	    sum.of[0] + sum.of[1] + sum.of[2], g->size);
	for (i = 0; i < 3; i++)
		printf("  %8zu %s\n", sum.of[i], words[i]);
	/* Flips that touch nothing, and none that are noticed, would be no test. */
	return good && sum.of[SAME_BUT_TOLD] + sum.of[REPORTED] > 0;
}

/* ---- the vault ------------------------------------------------------------------------ */

static size_t line_end(const char *text, size_t from)
{
	const char *end = strchr(text + from, '\n');

	return end == NULL ? strlen(text) : (size_t)(end - text) + 1;
}

/* A few records at a time, so that old pages and a free list come about. */
static void fill(struct device *d, unsigned records)
{
	struct import_options opt = {.allow_dangling = true};
	struct import_report rep;
	struct buf b = BUF_INIT;
	const char *text;
	char path[600];
	size_t from = 0;
	size_t to = 0;
	unsigned n;

	snprintf(path, sizeof(path), "%s/data/samples/cambodia.ndjson",
	    getenv("SAKSI_SRC") == NULL ? "." : getenv("SAKSI_SRC"));
	OK(fs_read_file(&b, path, 16u << 20, &g_err));
	text = buf_cstr(&b);
	for (n = 1; n <= records; n++) {
		to = line_end(text, to);
		if (n % 3 != 0 && n < records)
			continue;
		OK(saksi_import(d->v, text + from, to - from, &opt, &rep, &g_err));
		import_report_free(&rep);
		from = to;
	}
	buf_free(&b);
}

static bool run(const struct plan *p)
{
	struct schema *schema = load_schema();
	struct target target;
	struct contents want;
	struct device d;
	bool good;

	device_make(&d, schema);
	fill(&d, p->records);
	OK(read_all(&want, d.v, &g_err));
	OK(saksi_vault_verify(d.v, true, NULL, NULL, NULL, NULL, &g_err));
	kv_close(&d.v->kv);
	catalog_reset(&d.v->catalog);
	target = (struct target){KV_DATA_FILE, try_data, d.v, &want, 0};
	good = flip_file(&target, p);
	target = (struct target){KEYRING_FILE, try_keys, d.v, &want, 0};
	good = flip_file(&target, p) && good;
	device_end(&d);
	schema_free(&schema);
	return good;
}

static unsigned number(const char *s, unsigned most)
{
	char *end;
	unsigned long v = strtoul(s, &end, 10);

	if (*s == '\0' || *end != '\0' || v == 0 || v > most) {
		fprintf(stderr, "flip_vault: %s: not a number from 1 to %u\n", s, most);
		exit(2);
	}
	return (unsigned)v;
}

int main(int argc, char **argv)
{
	struct plan p = {.every = 1, .seed = 1, .jobs = 1, .records = 12};
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
		    "flip_vault [--every N] [--seed S] [--jobs J] [--records R]\n");
		return 2;
	}
	if (process_harden(NULL) != SAKSI_OK)
		return 2;
	return run(&p) ? 0 : 1;
}
