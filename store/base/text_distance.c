#include <stdlib.h>
#include <string.h>

#include <saksi/base/err.h>
#include <saksi/base/secret.h>
#include <saksi/base/text.h>

#include "utf8.h"

struct points {
	uint32_t *p;
	size_t n;
};

/* Code points; a malformed byte counts as one that equals only itself. */
static bool decode(struct points *out, const char *s)
{
	const size_t len = strlen(s);

	out->n = 0;
	out->p = calloc(len + 1, sizeof(*out->p));
	if (out->p == NULL) {
		memory_ran_out();
		return false;
	}
	for (size_t i = 0; i < len;) {
		uint32_t cp;
		size_t used = utf8_decode(&cp, s + i, len - i);

		if (used == 0) {
			cp = 0x110000u + (unsigned char)s[i];
			used = 1;
		}
		out->p[out->n++] = cp;
		i += used;
	}
	return true;
}

static unsigned least(unsigned a, unsigned b, unsigned c)
{
	unsigned m = a < b ? a : b;

	return m < c ? m : c;
}

/*
 * Levenshtein's distance by rows; only cells within ${max} of the diagonal can
 * stay below the cap, so no others are computed.  ${row} has b->n + 1 cells.
 */
static unsigned banded(const struct points *a, const struct points *b, unsigned max,
    unsigned *row)
{
	const unsigned far = max + 1;

	for (size_t j = 0; j <= b->n; j++)
		row[j] = j <= max ? (unsigned)j : far;
	for (size_t i = 1; i <= a->n; i++) {
		const size_t from = i > max ? i - max : 1;
		const size_t to = b->n - i > max && b->n > i ? i + max : b->n;
		unsigned corner = row[from - 1]; /* the cell above and before */
		unsigned best = far;

		row[from - 1] = from == 1 && i <= max ? (unsigned)i : far;
		if (from == 1)
			best = row[0];
		for (size_t j = from; j <= to; j++) {
			const unsigned above = row[j];
			const unsigned same =
			    corner + (a->p[i - 1] == b->p[j - 1] ? 0 : 1);
			unsigned v = least(above + 1, row[j - 1] + 1, same);

			corner = above;
			row[j] = v < far ? v : far;
			if (row[j] < best)
				best = row[j];
		}
		if (best >= far)
			return far;
	}
	return row[b->n];
}

static void points_free(struct points *x)
{
	if (x->p != NULL)
		wipe(x->p, x->n * sizeof(*x->p));
	free(x->p);
}

unsigned text_distance(const char *a, const char *b, unsigned max)
{
	struct points pa = {NULL, 0};
	struct points pb = {NULL, 0};
	unsigned *row = NULL;
	unsigned d;

	if (max > INT32_MAX)
		max = INT32_MAX;
	d = max + 1;
	if (!decode(&pa, a) || !decode(&pb, b))
		goto out;
	if ((pa.n > pb.n ? pa.n - pb.n : pb.n - pa.n) > max)
		goto out;
	row = calloc(pb.n + 1, sizeof(*row));
	if (row != NULL)
		d = banded(&pa, &pb, max, row);
	else
		memory_ran_out();
out:
	free(row);
	points_free(&pa);
	points_free(&pb);
	return d;
}
