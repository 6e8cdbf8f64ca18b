/* test_order.c - many texts put in order, in as much memory as a few of them take. */
#include "unnamed.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <saksi/store/order.h>

#include "keep.h"
#include "vault_impl.h"

#define MANY 40000u
#define PREFIX 230 /* of each text */
#define ROOM ((size_t)1 << 20)

struct line {
	char text[24], second[16];
	uint32_t number;
};

static struct line lines[MANY];

static void make_lines(void)
{
	uint32_t x = 1;

	for (uint32_t i = 0; i < MANY; i++) {
		x = x * 1664525u + 1013904223u;
		/* Most texts are there several times, one of them is empty. */
		if (i % 1000 == 7)
			lines[i].text[0] = '\0';
		else
			(void)snprintf(lines[i].text, sizeof(lines[i].text), "text %u",
			    (unsigned)(x >> 8) % 5000);
		(void)snprintf(lines[i].second, sizeof(lines[i].second), "%08x",
		    (unsigned)(x ^ i * 2654435761u));
		lines[i].number = i;
	}
}

static int by_both(const void *a, const void *b)
{
	const struct line *x = a, *y = b;
	int d = strcmp(x->text, y->text);

	return d != 0 ? d : strcmp(x->second, y->second);
}

struct checking {
	const struct line *sorted;
	bool descending;
	size_t n;
};

static enum saksi_err check(void *ctx, const void *what, size_t n, struct saksi_error *err)
{
	struct checking *c = ctx;
	size_t at = c->descending ? MANY - 1 - c->n : c->n;
	uint32_t number;

	(void)err;
	assert_int_equal(n, sizeof(number));
	memcpy(&number, what, n);
	assert_int_equal(number, c->sorted[at].number);
	c->n++;
	return SAKSI_OK;
}

/* ${held}: what was in memory at the most. */
static size_t order_all(const char *dir, int dirfd, bool descending, size_t *held)
{
	struct line *sorted = malloc(sizeof(lines));
	struct checking c = {sorted, descending, 0};
	struct saksi_vault v = {.dirfd = dirfd};
	struct saksi_order *o = NULL;
	struct saksi_error err;
	size_t sealed;

	assert_non_null(sorted);
	memcpy(sorted, lines, sizeof(lines));
	qsort(sorted, MANY, sizeof(*sorted), by_both);
	assert_int_equal(saksi_order_new(&o, &v, descending, &err), SAKSI_OK);
	for (size_t i = 0; i < MANY; i++) {
		char text[PREFIX + 30];

		(void)snprintf(text, sizeof(text), "%*s", PREFIX, "");
		(void)strcat(text, lines[i].text);
		assert_int_equal(saksi_order_add(o, text, lines[i].second,
				     &lines[i].number, sizeof(lines[i].number), &err),
		    SAKSI_OK);
	}
	sealed = unnamed_bytes(dir, "text ");
	assert_int_equal(saksi_order_each(o, check, &c, &err), SAKSI_OK);
	assert_int_equal(c.n, MANY);
	*held = saksi_order_held(o);
	saksi_order_free(&o);
	free(sorted);
	return sealed;
}

static int open_folder(char path[64])
{
	int fd;

	(void)snprintf(path, 64, "/tmp/order.XXXXXX");
	assert_non_null(mkdtemp(path));
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(fd >= 0);
	return fd;
}

static void test_all_at_once(void **state)
{
	char path[64];
	int fd = open_folder(path);
	size_t held;

	(void)state;
	order_test_room(0);
	(void)order_all(path, fd, false, &held);
	(void)order_all(path, fd, true, &held);
	(void)close(fd);
	assert_int_equal(rmdir(path), 0); /* and no file is left */
}

/* What is sorted at a time, then a page of each part: less than half of all texts. */
static void test_in_parts(void **state)
{
	char path[64];
	int fd = open_folder(path);
	size_t held;

	(void)state;
	order_test_room(ROOM);
	/* Without /proc nobody can look. */
	assert_true(
	    order_all(path, fd, false, &held) > 0 || access("/proc/self/fd", R_OK) != 0);
	assert_in_range(held, ROOM, MANY * PREFIX / 2);
	(void)order_all(path, fd, true, &held);
	assert_in_range(held, ROOM, MANY * PREFIX / 2);
	(void)close(fd);
	assert_int_equal(rmdir(path), 0);
	order_test_room(0);
}

/* On a medium that is only read no file can be made. */
static void test_without_a_file(void **state)
{
	size_t held;

	(void)state;
	order_test_room(ROOM);
	(void)order_all("/tmp/order.", -1, false, &held);
	(void)order_all("/tmp/order.", -1, true, &held);
	order_test_room(0);
}

static void test_none_and_too_much(void **state)
{
	struct saksi_vault v = {.dirfd = -1};
	struct checking c = {lines, false, 0};
	struct saksi_order *o = NULL;
	uint8_t long_one[65] = {0};
	struct saksi_error err;

	(void)state;
	assert_int_equal(saksi_order_new(&o, &v, false, &err), SAKSI_OK);
	assert_int_equal(saksi_order_each(o, check, &c, &err), SAKSI_OK);
	assert_int_equal(c.n, 0);
	assert_int_equal(saksi_order_add(o, "a", "b", long_one, sizeof(long_one), &err),
	    SAKSI_EINVAL);
	saksi_order_free(&o);
	assert_null(o);
	saksi_order_free(&o);
}

static int setup(void **state)
{
	make_lines();
	return setup_hardened(state);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_all_at_once),
    cmocka_unit_test(test_in_parts),
    cmocka_unit_test(test_without_a_file),
    cmocka_unit_test(test_none_and_too_much),
};

TEST_MAIN(tests, setup, NULL)
