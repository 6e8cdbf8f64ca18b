/*
 * Errors, buffers, secrets, ids and words.
 */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#ifdef __GLIBC__
#include <malloc.h>
#endif

#include <saksi/base/buf.h>
#include <saksi/base/give_back.h>
#include <saksi/base/id.h>
#include <saksi/base/secret.h>
#include <saksi/base/text.h>

#include "test.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* ---- errors --------------------------------------------------------------- */

static void test_error(void **state)
{
	struct saksi_error err;

	(void)state;
	assert_int_equal(saksi_fail(NULL, SAKSI_EBUSY, "%s", "x"), SAKSI_EBUSY);
	assert_int_equal(saksi_fail(&err, SAKSI_EBUSY, "a %d", 7), SAKSI_EBUSY);
	assert_int_equal(err.code, SAKSI_EBUSY);
	assert_int_equal(err.sys, 0);
	assert_string_equal(err.msg, "a 7");
	errno = ENOSPC;
	assert_int_equal(saksi_fail_sys(&err, "disk"), SAKSI_EIO);
	assert_int_equal(err.sys, ENOSPC);
	assert_int_equal(errno, ENOSPC);
	assert_memory_equal(err.msg, "disk: ", 6);
	assert_true(strlen(err.msg) > 10);
	errno = ENOENT;
	assert_int_equal(saksi_fail_sys(NULL, "x"), SAKSI_ENOTFOUND);
	errno = ENOMEM;
	assert_int_equal(saksi_fail_sys(&err, "x"), SAKSI_ENOMEM);
	assert_int_equal(saksi_fail_nomem(&err), SAKSI_ENOMEM);
	assert_int_equal(err.code, SAKSI_ENOMEM);
}

/* A file's name may hold anything; a message is one line of UTF-8. */
static void test_error_one_line(void **state)
{
	struct saksi_error err;

	(void)state;
	(void)saksi_fail(&err, SAKSI_EIO, "%s",
	    "a\nb\x1b[31m\xff\xe1\x9e z \xe1\x9e\x80\x7f");
	assert_string_equal(err.msg, "a?b?[31m??? z \xe1\x9e\x80?");
}

static void test_error_too_long(void **state)
{
	struct saksi_error err;
	char text[700];

	(void)state;
	for (size_t shift = 0; shift < 4; shift++) {
		size_t n = shift;

		memset(text, 'x', shift);
		for (; n + 3 < sizeof(text); n += 3)
			memcpy(text + n, "\xe1\x9e\x80", 3);
		text[n] = '\0';
		(void)saksi_fail(&err, SAKSI_EIO, "%s", text);
		assert_true(utf8_valid(err.msg, strlen(err.msg)));
		assert_true(strlen(err.msg) >= sizeof(err.msg) - 4);
		assert_memory_equal(err.msg, text, strlen(err.msg));
		errno = EIO;
		(void)saksi_fail_sys(&err, "%s", text);
		assert_true(utf8_valid(err.msg, strlen(err.msg)));
	}
}

static void test_error_names(void **state)
{
	(void)state;
	for (int a = SAKSI_OK; a <= SAKSI_ELOCKED; a++) {
		const char *name = saksi_err_name((enum saksi_err)a);

		assert_memory_equal(name, "SAKSI_", 6);
		for (int b = SAKSI_OK; b < a; b++)
			assert_string_not_equal(name, saksi_err_name((enum saksi_err)b));
	}
	assert_string_equal(saksi_err_name((enum saksi_err)99), "unknown");
}

/* ---- buffers -------------------------------------------------------------- */

static void test_buf(void **state)
{
	struct buf b = BUF_INIT;

	(void)state;
	buf_free(NULL);
	buf_free(&b);
	buf_reset(&b);
	assert_string_equal(buf_cstr(&b), "");
	assert_int_equal(b.len, 0);
	for (int i = 0; i < 1000; i++)
		buf_printf(&b, "%d,", i);
	assert_int_equal(b.len, 10 * 2 + 90 * 3 + 900 * 4);
	assert_int_equal(strlen(buf_cstr(&b)), b.len);
	buf_add(&b, NULL, 0);
	buf_add_str(&b, "");
	buf_add_byte(&b, 0);
	assert_int_equal(b.p[b.len - 1], 0);
	buf_reset(&b);
	assert_int_equal(b.len, 0);
	for (size_t i = 0; i < b.cap; i++)
		assert_int_equal(b.p[i], 0);
	buf_le32(&b, 0x03040506);
	buf_le64(&b, UINT64_C(0x0708090a0b0c0d0e));
	assert_int_equal(b.len, 12);
	assert_memory_equal(b.p, "\x06\x05\x04\x03\x0e\x0d\x0c\x0b\x0a\x09\x08\x07", 12);
	assert_int_equal(le16_get(b.p), 0x0506);
	assert_int_equal(le32_get(b.p), 0x03040506);
	assert_true(le64_get(b.p + 4) == UINT64_C(0x0708090a0b0c0d0e));
	assert_int_equal(buf_ok(&b, NULL), SAKSI_OK);
	buf_free(&b);
	assert_null(b.p);
}

static void test_buf_sticky(void **state)
{
	struct buf b = BUF_INIT;
	struct saksi_error err;

	(void)state;
	buf_add_str(&b, "before");
	assert_null(buf_reserve(&b, SIZE_MAX));
	assert_true(b.failed);
	buf_add_str(&b, "after");
	buf_printf(&b, "%d", 1);
	assert_int_equal(b.len, 6);
	assert_null(buf_reserve(&b, 0));
	assert_string_equal(buf_cstr(&b), "");
	assert_int_equal(buf_ok(&b, &err), SAKSI_ENOMEM);
	buf_reset(&b);
	assert_int_equal(buf_ok(&b, &err), SAKSI_OK);
	assert_null(buf_reserve(&b, SIZE_MAX / 2 + 2));
	buf_free(&b);
	assert_false(b.failed);
}

static void test_hex(void **state)
{
	static const char *const bad[] = {"", "0", "00", "000", "0g", "g0", "00 1",
	    "00000", "0x00"};
	uint8_t two[2];
	char text[5];

	(void)state;
	hex_encode(text, (const uint8_t *)"\x0f\xa0", 2);
	assert_string_equal(text, "0fa0");
	assert_true(hex_decode(two, 2, "0Fa0"));
	assert_memory_equal(two, "\x0f\xa0", 2);
	for (size_t i = 0; i < COUNT(bad); i++)
		assert_false(hex_decode(two, 2, bad[i]));
	assert_true(hex_decode(two, 0, ""));
}

/* ---- secrets -------------------------------------------------------------- */

static void test_secret(void **state)
{
	struct secret *s = NULL;
	struct secret *big = NULL;

	(void)state;
	assert_int_equal(secret_live(), 0);
	secret_free(NULL);
	secret_free(&s);
	assert_int_equal(secret_new(&s, 0, NULL), SAKSI_EINVAL);
	assert_null(s);
	assert_int_equal(secret_new(&s, 65537, NULL), SAKSI_EINVAL);
	assert_int_equal(secret_new(&big, 65536, NULL), SAKSI_OK);
	assert_int_equal(secret_view(big)[65535], 0);
	assert_int_equal(secret_copy(&s, "passphrase", 10, NULL), SAKSI_OK);
	assert_int_equal(secret_live(), 2);
	assert_int_equal(secret_len(s), 10);
	assert_memory_equal(secret_view(s), "passphrase", 10);
	secret_truncate(s, 20);
	assert_int_equal(secret_len(s), 10);
	secret_truncate(s, 4);
	assert_int_equal(secret_len(s), 4);
	assert_memory_equal(secret_bytes(s), "pass\0\0\0\0\0\0", 10);
	secret_free(&s);
	assert_null(s);
	secret_free(&big);
	assert_int_equal(secret_live(), 0);
}

/* How a child ends that reads one byte past its secret, or a freed one. */
static int end_of_child(bool freed)
{
	int status = 0;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		const struct rlimit none = {0, 0};
		struct secret *s = NULL;
		const volatile uint8_t *p;

		(void)setrlimit(RLIMIT_CORE, &none);
		(void)signal(SIGSEGV, SIG_DFL);
		if (secret_new(&s, 32, NULL) != SAKSI_OK)
			_exit(1);
		p = secret_view(s);
		if (freed)
			secret_free(&s);
		_exit(p[freed ? 0 : 32] == 0 ? 2 : 3);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

static void test_secret_guarded(void **state)
{
	(void)state;
	assert_int_equal(end_of_child(false), SIGSEGV);
	assert_int_equal(end_of_child(true), SIGSEGV);
}

static void test_wipe(void **state)
{
	char text[8] = "secret";

	(void)state;
	wipe(NULL, 0);
	wipe(text, 3);
	assert_memory_equal(text, "\0\0\0ret", 6);
}

static void test_harden(void **state)
{
	struct rlimit core;

	(void)state;
	assert_int_equal(process_harden(NULL), SAKSI_OK);
	assert_int_equal(process_harden(NULL), SAKSI_OK);
	assert_int_equal(getrlimit(RLIMIT_CORE, &core), 0);
	assert_true(core.rlim_cur == 0 && core.rlim_max == 0);
#ifdef SAKSI_SANITIZED
	assert_int_equal(prctl(PR_GET_DUMPABLE), 1);
#else
	assert_int_equal(prctl(PR_GET_DUMPABLE), 0);
#endif
}

/* Blocks that stand apart from the heap; 0 where the allocator is not the system's. */
static size_t apart(void)
{
#if defined(__GLIBC__) && __GLIBC_PREREQ(2, 33)
	return mallinfo2().hblks;
#else
	return 0;
#endif
}

static void test_give_back(void **state)
{
	size_t before = apart();
	void *volatile p = malloc((size_t)16 << 20); /* else nobody would need it */
	bool tells = p != NULL && apart() > before;

	(void)state;
	free(p);
	process_give_back();
	if (!tells)
		skip();
	/* By itself it would keep what is smaller than what was freed once. */
	p = malloc((size_t)2 << 20);
	assert_non_null(p);
	assert_true(apart() > before);
	free(p);
	assert_int_equal(apart(), before);
}

/* ---- ids ------------------------------------------------------------------ */

static void test_id_text(void **state)
{
	static const struct {
		const char *hex;
		const char *text;
	} known[] = {{"00000000000000000000000000000000", "00000000000000000000000000"},
	    {"ffffffffffffffffffffffffffffffff", "7zzzzzzzzzzzzzzzzzzzzzzzzz"},
	    {"80000000000000000000000000000000", "40000000000000000000000000"},
	    {"00000000000000000000000000000001", "00000000000000000000000001"},
	    {"20000000000000000000000000000020", "10000000000000000000000010"},
	    {"0123456789abcdeffedcba9876543210", "014d2pf2dbsqqzxq5tk1v58cgg"}};

	(void)state;
	for (size_t i = 0; i < COUNT(known); i++) {
		struct saksi_id id;
		struct saksi_id again;
		char text[ID_TEXT_LEN + 1];

		assert_true(hex_decode(id.b, 16, known[i].hex));
		id_text(text, &id);
		assert_string_equal(text, known[i].text);
		assert_true(id_parse(&again, text));
		assert_int_equal(id_cmp(&id, &again), 0);
	}
}

static void test_id_round(void **state)
{
	struct saksi_id last = {{0}};

	(void)state;
	for (int i = 0; i < 10000; i++) {
		struct saksi_id id;
		struct saksi_id again;
		char text[ID_TEXT_LEN + 1];
		char before[ID_TEXT_LEN + 1];

		id_random(&id);
		assert_int_not_equal(id_cmp(&id, &last), 0);
		id_text(before, &last);
		id_text(text, &id);
		/* Text sorts as the bytes do. */
		assert_int_equal(id_cmp(&id, &last) > 0, strcmp(text, before) > 0);
		assert_true(id_parse(&again, text));
		assert_int_equal(id_cmp(&id, &again), 0);
		for (size_t n = ID_TEXT_LEN; n > 0; n--) {
			text[n] = '\0';
			assert_int_equal(id_prefix_match(&id, text), n >= 4);
		}
		last = id;
	}
}

static void test_id_refused(void **state)
{
	static const char *const bad[] = {"", "0", "0000000000000000000000000",
	    "000000000000000000000000000", "80000000000000000000000000",
	    "z0000000000000000000000000", "0000000000000000000000000u",
	    "0000000000000000000000000U", "0000000000000000000000000-",
	    "0000000000000000000000000 ", " 0000000000000000000000000",
	    "\xc3\xa9zzzzzzzzzzzzzzzzzzzzzzzz", "0000000000000000000000000*"};
	struct saksi_id id;
	struct saksi_id one;

	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++)
		if (id_parse(&id, bad[i]))
			fail_msg("%s was taken", bad[i]);
	assert_true(id_parse(&one, "0oO00000000000000000000001"));
	assert_true(id_parse(&id, "0000000000000000000000000L"));
	assert_int_equal(id_cmp(&one, &id), 0);
	assert_true(id_parse(&id, "oooooooooooooooooooooooooI"));
	assert_int_equal(id_cmp(&one, &id), 0);
	assert_true(id_parse(&id, "7ZZZZZZZZZZZZZZZZZZZZZZZZZ"));
	assert_true(id_prefix_match(&id, "7ZzZ"));
	assert_false(id_prefix_match(&id, "7zz"));
	assert_false(id_prefix_match(&id, "7zzy"));
	assert_false(id_prefix_match(&id, "7zzzzzzzzzzzzzzzzzzzzzzzzzz"));
	assert_false(id_prefix_match(&id, ""));
	assert_true(id_prefix_match(&one, "oO0o"));
}

static void test_hash(void **state)
{
	struct saksi_hash a = {{0}};
	struct saksi_hash b = {{0}};
	char text[17];

	(void)state;
	b.b[31] = 1;
	assert_true(hash_cmp(&a, &b) < 0);
	assert_int_equal(hash_cmp(&a, &a), 0);
	b.b[0] = 0xab;
	hash_short(text, &b);
	assert_string_equal(text, "ab00000000000000");
}

/* The examples of the proposal are IPv4 addresses. */
static void test_words(void **state)
{
	static const struct {
		const char *bytes;
		const char *words;
	} known[] = {{"\x7f\x00\x00\x01", "lusab babad"},
	    {"\x3f\x54\xdc\xc1", "gutih tugad"}, {"\x3f\x76\x07\x23", "gutuk bisog"},
	    {"\x8c\x62\xc1\x8d", "mudof sakat"}, {"\xc6\x51\x81\x88", "sinid makam"},
	    {"\x0c\x6e\x6e\xcc", "budov kuras"}};
	uint8_t all[32];
	char out[96];

	(void)state;
	for (size_t i = 0; i < COUNT(known); i++) {
		words_text(out, (const uint8_t *)known[i].bytes, 4);
		assert_string_equal(out, known[i].words);
	}
	memset(all, 0xff, sizeof(all));
	words_text(out, all, sizeof(all));
	assert_int_equal(strlen(out), 95);
	words_text(out, all, 2);
	assert_string_equal(out, "zuzuz");
	words_text(out, all, 0);
	assert_string_equal(out, "");
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_error),
    cmocka_unit_test(test_error_one_line),
    cmocka_unit_test(test_error_too_long),
    cmocka_unit_test(test_error_names),
    cmocka_unit_test(test_buf),
    cmocka_unit_test(test_buf_sticky),
    cmocka_unit_test(test_hex),
    cmocka_unit_test(test_secret),
    cmocka_unit_test(test_secret_guarded),
    cmocka_unit_test(test_wipe),
    cmocka_unit_test(test_harden),
    cmocka_unit_test(test_give_back),
    cmocka_unit_test(test_id_text),
    cmocka_unit_test(test_id_round),
    cmocka_unit_test(test_id_refused),
    cmocka_unit_test(test_hash),
    cmocka_unit_test(test_words),
};

TEST_MAIN(tests, NULL, NULL)
