/*
 * test_freed.c - record text is wiped before it is freed, by us and by libraries
 * that work for us: each block is looked at when it is given back.
 */
#include "test.h"

#include <dlfcn.h>
#include <malloc.h>

#include <saksi/base/mpjson.h>
#include <saksi/base/secret.h>
#include <saksi/base/text.h>

#include "items.h"
#include "pairs_int.h"

#define NAME "Qvortzimba Zuchterolli"

#if defined(__SANITIZE_ADDRESS__)
#define WATCHED false
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define WATCHED false
#endif
#endif
#ifndef WATCHED
#define WATCHED true
#endif

/* A compiler knows what free() does, and that it looks at none of these. */
static volatile bool g_watching;
static volatile size_t g_found;

#if WATCHED
static void look(const void *p)
{
	static const char *const marks[] = {"Qvortzimba", "qvortzimba", "qvrtzmb"};
	size_t n = malloc_usable_size((void *)(uintptr_t)p);

	for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++)
		g_found += memmem(p, n, marks[i], strlen(marks[i])) != NULL;
}

/* In the place of the C library's, for libraries too. */
__attribute__((visibility("default"))) void free(void *p)
{
	static void (*real)(void *);

	if (real == NULL)
		*(void **)&real = dlsym(RTLD_NEXT, "free");
	if (g_watching && p != NULL)
		look(p);
	real(p);
}
#endif

static void watch(void)
{
	g_found = 0;
	g_watching = WATCHED;
}

static void watched(void)
{
	g_watching = false;
	assert_int_equal(g_found, 0);
}

static void the_watch_sees(void **state)
{
	char *volatile p;

	(void)state;
	if (!WATCHED)
		skip();
	watch();
	p = strdup(NAME);
	free(p);
	g_watching = false;
	assert_int_equal(g_found, 1);
}

static void changesets_are_packed(void **state)
{
	struct buf plain = BUF_INIT, item = BUF_INIT, back = BUF_INIT;

	(void)state;
	watch();
	for (size_t i = 0; i < 3000; i++)
		buf_printf(&plain, "%zu " NAME " %zu;", i * 7919 % 1000, i);
	assert_int_equal(change_write(&item, plain.p, plain.len, NULL), SAKSI_OK);
	assert_true(item.len < plain.len / 2);
	assert_int_equal(change_read(&back, item.p, item.len, NULL), SAKSI_OK);
	assert_int_equal(back.len, plain.len);
	assert_memory_equal(back.p, plain.p, plain.len);
	buf_free(&plain);
	buf_free(&item);
	buf_free(&back);
	watched();
}

static json_t *person(const char *name)
{
	json_t *o = json_pack("{s:[s,s]}", "names", name, "Qvortzimba (QVRTZMB)");

	assert_non_null(o);
	return o;
}

static void names_are_compared(void **state)
{
	struct pair_names a, b;
	struct name_match m;
	json_t *x = person(NAME), *y = person("Zuchterolli Qvortzimba Aa");

	(void)state;
	watch();
	assert_int_equal(pair_names_read(&a, x, NULL), SAKSI_OK);
	assert_int_equal(pair_names_read(&b, y, NULL), SAKSI_OK);
	pair_names_match(&m, &a, &b, false);
	assert_true(m.rank > NAME_FAR);
	pair_names_free(&a);
	pair_names_free(&b);
	watched();
	json_decref(x);
	json_decref(y);
}

static void skeletons_are_made(void **state)
{
	struct buf b = BUF_INIT;

	(void)state;
	watch();
	assert_int_equal(text_skeleton(&b, NAME " \xd0\x98", strlen(NAME) + 3, NULL),
	    SAKSI_OK);
	assert_non_null(strstr(buf_cstr(&b), "qvrtzmb"));
	buf_free(&b);
	watched();
}

static void no_secret_is_left(void **state)
{
	(void)state;
	text_end_thread();
	assert_int_equal(secret_live(), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_watch_sees),
	    cmocka_unit_test(changesets_are_packed),
	    cmocka_unit_test(names_are_compared),
	    cmocka_unit_test(skeletons_are_made),
	    cmocka_unit_test(no_secret_is_left),
	};

	text_wiping_alloc();
	json_wiping_alloc();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
