/*
 * Memory that runs out: each allocation of each call fails once, in turn.  The
 * call must say so, leave nothing behind and work when it is tried again.
 *
 * Linked with --wrap, so that the layer's own allocations come here; jansson's
 * and ICU's come through the layer by their own hooks.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <saksi/base/fsio.h>
#include <saksi/base/mpjson.h>
#include <saksi/base/secret.h>
#include <saksi/base/text.h>

#include "short_memory.h"
#include "test.h"

/* ---- the calls ------------------------------------------------------------ */

static const char khmer[] = "ខ្ញុំទៅសាលារៀននៅភ្នំពេញ é";

static enum saksi_err try_secret(void)
{
	struct secret *s = NULL;
	enum saksi_err rc = secret_copy(&s, "x", 1, NULL);

	assert_int_equal(s != NULL, rc == SAKSI_OK);
	secret_free(&s);
	return rc;
}

static enum saksi_err try_json(void)
{
	static const char line[] = "{\"b\":[1,2.5,\"x\"],\"a\":{\"k\":null,\"j\":true}}";
	struct buf b = BUF_INIT;
	struct buf text = BUF_INIT;
	struct mp_reader r;
	json_t *v = NULL;
	json_t *w = NULL;
	enum saksi_err rc = json_parse_line(&v, line, strlen(line), "x", NULL);

	if (rc != SAKSI_OK)
		goto out;
	mpjson_write(&b, v);
	rc = buf_ok(&b, NULL);
	if (rc != SAKSI_OK)
		goto out;
	mp_read_init(&r, b.p, b.len);
	rc = mpjson_read(&w, &r, NULL);
	if (rc != SAKSI_OK)
		goto out;
	json_text(&text, w);
	rc = buf_ok(&text, NULL);
	if (rc == SAKSI_OK)
		assert_string_equal(buf_cstr(&text),
		    "{\"a\":{\"j\":true,\"k\":null},\"b\":[1,2.5,\"x\"]}");
out:
	json_decref(v);
	json_decref(w);
	buf_free(&b);
	buf_free(&text);
	return rc;
}

static enum saksi_err try_text(
    enum saksi_err (*fn)(struct buf *, const char *, size_t, struct saksi_error *))
{
	struct buf b = BUF_INIT;
	enum saksi_err rc = fn(&b, khmer, strlen(khmer), NULL);

	buf_free(&b);
	return rc;
}

static enum saksi_err try_nfc(void)
{
	return try_text(text_nfc);
}

static enum saksi_err try_fold(void)
{
	return try_text(text_fold);
}

static enum saksi_err try_skeleton(void)
{
	return try_text(text_skeleton);
}

/* What ICU writes in Latin letters. */
static enum saksi_err try_latin(void)
{
	static const char name[] = "محمد 李";
	struct buf b = BUF_INIT;
	enum saksi_err rc = text_skeleton(&b, name, strlen(name), NULL);

	buf_free(&b);
	text_end_thread();
	return rc;
}

static bool count(void *ctx, const char *word, size_t len)
{
	(void)word;
	*(size_t *)ctx += len > 0 ? 1 : 0;
	return true;
}

static enum saksi_err try_words(void)
{
	size_t n = 0;
	enum saksi_err rc = text_words(khmer, strlen(khmer), count, &n, NULL);

	if (rc == SAKSI_OK)
		assert_int_equal(n, 6);
	text_end_thread();
	return rc;
}

static enum saksi_err try_passphrase(void)
{
	struct secret *in = NULL;
	struct secret *out = NULL;
	enum saksi_err rc = secret_copy(&in, khmer, strlen(khmer), NULL);

	if (rc == SAKSI_OK)
		rc = text_passphrase(&out, in, NULL);
	assert_int_equal(out != NULL, rc == SAKSI_OK);
	secret_free(&in);
	secret_free(&out);
	return rc;
}

/* Has no way to say it: too far apart is the safe answer. */
static enum saksi_err try_distance(void)
{
	unsigned d = text_distance("abc", "abd", 5);

	assert_true(d == 1 || d == 6);
	return d == 1 ? SAKSI_OK : SAKSI_ENOMEM;
}

static enum saksi_err try_file(void)
{
	char path[64];
	struct fs_out o = FS_OUT_INIT;
	struct buf b = BUF_INIT;
	enum saksi_err rc;

	(void)snprintf(path, sizeof(path), "/tmp/saksi-oom-%ld", (long)getpid());
	rc = fs_mkdirs("/tmp", NULL);
	if (rc != SAKSI_OK)
		goto out;
	rc = fs_out_open(&o, path, true, NULL);
	if (rc != SAKSI_OK)
		goto out;
	rc = fs_out_commit(&o, NULL);
	if (rc != SAKSI_OK)
		goto out;
	rc = fs_read_file(&b, path, 10, NULL);
out:
	fs_out_abort(&o);
	buf_free(&b);
	(void)unlink(path);
	return rc;
}

/* ---- one after the other -------------------------------------------------- */

static void starve(enum saksi_err (*call)(void))
{
	long n = 0;

	for (;; n++) {
		enum saksi_err rc;

		assert_true(n < 20000);
		refused = false;
		budget = n;
		rc = call();
		budget = -1;
		if (!refused) {
			assert_int_equal(rc, SAKSI_OK);
			break;
		}
		/* A library may get over a refusal; it may not hide one. */
		if (rc != SAKSI_OK)
			assert_int_equal(rc, SAKSI_ENOMEM);
		assert_int_equal(secret_live(), 0);
		assert_int_equal(call(), SAKSI_OK);
	}
	assert_true(n > 0);
}

static void test_each(void **state)
{
	(void)state;
	starve(try_secret);
	starve(try_json);
	starve(try_nfc);
	starve(try_fold);
	starve(try_skeleton);
	starve(try_words);
	starve(try_passphrase);
	starve(try_distance);
	starve(try_file);
}

/*
 * ICU 72 follows null pointers or goes round for ever when it is refused memory.
 * All of its first transliteration comes from the reserve here, and goes back.
 */
static void test_reserve(void **state)
{
	(void)state;
	for (long n = 0; n < 50; n++) {
		enum saksi_err rc;

		budget = n;
		rc = try_latin();
		budget = -1;
		assert_int_equal(rc, SAKSI_ENOMEM);
	}
	assert_int_equal(try_latin(), SAKSI_OK);
	assert_int_equal(try_words(), SAKSI_OK);
	assert_int_equal(secret_live(), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_each),
	    cmocka_unit_test(test_reserve),
	};

	text_wiping_alloc();
	json_wiping_alloc();
	return RUN_TESTS(tests, NULL, NULL);
}
