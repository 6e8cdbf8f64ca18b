/* pairs_quick.c - every name in as few bytes as possible. */
#include <stdlib.h>
#include <string.h>

#include <saksi/base/text.h>

#include "pairs_int.h"
#include "search_int.h"
#include "vault_impl.h"

#define EDITS 2u
#define NAMES_BYTES 200u /* of one record; one with more may always be near */

/* ---- reading -------------------------------------------------------------------------- */

/* Folded and squeezed names, each ended by NUL, and another NUL. */
static bool add_names(struct buf *out, const json_t *record)
{
	const json_t *names = json_object_get(record, "names");
	size_t i;
	const json_t *e;

	json_array_foreach (names, i, e) {
		const json_t *plain = value_plain(e);
		const char *text = json_is_string(plain)
		    ? json_string_value(plain)
		    : json_string_value(json_object_get(plain, "text"));
		struct buf folded = BUF_INIT;

		if (text == NULL || i >= PAIR_NAMES_MAX)
			continue;
		if (text_fold(&folded, text, strlen(text), NULL) == SAKSI_OK &&
		    buf_cstr(&folded)[0] != '\0') {
			pair_squeeze((char *)folded.p);
			buf_add(out, folded.p, strlen((char *)folded.p) + 1);
		}
		out->failed = out->failed || folded.failed;
		buf_free(&folded);
	}
	buf_add_byte(out, 0);
	return !out->failed;
}

static enum saksi_err load_one(struct pairing *p, uint64_t number, struct buf *out,
    struct saksi_error *err)
{
	struct buf names = BUF_INIT;
	json_t *record = NULL;
	enum saksi_err rc = txn_record_json(p->t, number, &record, err);

	if (rc == SAKSI_OK && !add_names(&names, record))
		rc = saksi_fail_nomem(err);
	if (rc == SAKSI_OK) {
		size_t n = names.len <= NAMES_BYTES ? names.len : 0;

		buf_add_byte(out, (uint8_t)n);
		buf_add(out, names.p, n);
		rc = buf_ok(out, err);
	}
	buf_free(&names);
	json_decref(record);
	return rc;
}

/* Those of QUICK_EACH numbers from ${first} on. */
static enum saksi_err load_some(struct pairing *p, uint64_t first, struct buf *names,
    struct saksi_error *err)
{
	struct quick_names *q = &p->quick;
	uint8_t *room;
	enum saksi_err rc = SAKSI_OK;

	for (uint64_t i = first; i < first + QUICK_EACH && rc == SAKSI_OK; i++) {
		if (!bits_has(&p->docs, i))
			continue;
		rc = load_one(p, i, names, err);
		pairing_step(p);
	}
	if (rc != SAKSI_OK || names->len == 0)
		return rc;
	room = pair_pool_room(&q->pool, names->len, &q->at[first / QUICK_EACH]);
	if (room == NULL)
		return saksi_fail_nomem(err);
	memcpy(room, names->p, names->len);
	return SAKSI_OK;
}

enum saksi_err quick_load(struct pairing *p, struct saksi_error *err)
{
	struct quick_names *q = &p->quick;
	uint64_t n = p->docs.n < QUICK_DOCS ? p->docs.n : QUICK_DOCS;
	struct buf names = BUF_INIT;
	enum saksi_err rc = SAKSI_OK;

	q->docs = &p->docs;
	if (n == 0)
		return SAKSI_OK;
	if ((q->at = calloc((size_t)n / QUICK_EACH + 1, sizeof(*q->at))) == NULL)
		return saksi_fail_nomem(err);
	while (q->n < n && rc == SAKSI_OK &&
	    pair_pool_has_room(&q->pool, QUICK_EACH * (1 + NAMES_BYTES), QUICK_PIECES)) {
		rc = load_some(p, q->n, &names, err);
		q->n += QUICK_EACH;
		buf_reset(&names);
	}
	buf_free(&names);
	return rc;
}

/* ---- comparing -------------------------------------------------------------------------- */

static size_t spaces(const char *s)
{
	size_t n = 0;

	for (; *s != '\0'; s++)
		n += *s == ' ';
	return n;
}

/* Is the first word of the one a word of the other?  Enough to look again. */
static bool may_be_part(const char *a, const char *b)
{
	size_t n = strcspn(a, " ");

	for (const char *s = b; *s != '\0'; s += *s == ' ') {
		size_t k = strcspn(s, " ");

		if (k == n && memcmp(a, s, n) == 0)
			return true;
		s += k;
	}
	return false;
}

/* The same words in another order have the same letters. */
static bool same_letters(const char *a, const char *b)
{
	int count[256] = {0};

	for (; *a != '\0'; a++)
		count[(uint8_t)*a]++;
	for (; *b != '\0'; b++)
		count[(uint8_t)*b]--;
	for (size_t i = 0; i < 256; i++)
		if (count[i] != 0)
			return false;
	return true;
}

static bool near_texts(const char *a, const char *b)
{
	size_t n = strlen(a), m = strlen(b);
	size_t x, y;

	if ((n < m ? m - n : n - m) <= EDITS && text_distance(a, b, EDITS) <= EDITS)
		return true;
	if (n == m && same_letters(a, b))
		return true;
	x = spaces(a);
	y = spaces(b);
	return (x < y && may_be_part(a, b)) || (y < x && may_be_part(b, a));
}

/* With a letter or two changed and the words in another order too. */
static bool has_order(const char *a, const char *b)
{
	const char *x = strchr(a, ' '), *y = strchr(b, ' ');
	size_t n = x != NULL ? (size_t)(x - a) : 0, m = strlen(b);

	if (x == NULL || y == NULL || n > 40 || m > 100)
		return false;
	char turned[160];
	size_t rest = strlen(x + 1);

	if (rest > 100)
		return false;
	memcpy(turned, x + 1, rest);
	turned[rest] = ' ';
	memcpy(turned + rest + 1, a, n);
	turned[rest + 1 + n] = '\0';
	return text_distance(turned, b, EDITS) <= EDITS;
}

/* Two scripts are compared by sound. */
static bool is_ascii(const char *s)
{
	for (; *s != '\0'; s++)
		if ((uint8_t)*s >= 0x80)
			return false;
	return true;
}

static const char *names_of(const struct quick_names *q, uint64_t number)
{
	const uint8_t *at;

	if (number >= q->n || !bits_has(q->docs, number))
		return NULL;
	at = pair_pool_at(&q->pool, q->at[number / QUICK_EACH]);
	for (uint64_t i = number - number % QUICK_EACH; i < number; i++)
		if (bits_has(q->docs, i))
			at += 1 + *at;
	return *at > 0 ? (const char *)at + 1 : NULL;
}

bool quick_near(const struct quick_names *q, uint64_t a, uint64_t b)
{
	const char *x = names_of(q, a), *y = names_of(q, b);

	if (x == NULL || y == NULL)
		return true;
	for (const char *s = x; *s != '\0'; s += strlen(s) + 1)
		for (const char *t = y; *t != '\0'; t += strlen(t) + 1)
			if (is_ascii(s) != is_ascii(t) || near_texts(s, t) ||
			    has_order(s, t))
				return true;
	return false;
}
