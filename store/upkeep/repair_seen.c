/* repair_seen.c - which records of the fresh vault are settled by their rows. */
#include <stdlib.h>
#include <string.h>

#include <saksi/base/bits.h>
#include <saksi/base/list.h>

#include "repair.h"

static enum saksi_err note_row(struct repair_seen *s, uint64_t n, struct saksi_error *err)
{
	size_t at = (size_t)(n / 8), bytes = s->bytes == 0 ? 1024 : s->bytes;
	uint8_t *p;

	while (bytes <= at)
		bytes *= 2;
	if (bytes > s->bytes) {
		if ((p = realloc(s->rows, bytes)) == NULL)
			return saksi_fail_nomem(err);
		memset(p + s->bytes, 0, bytes - s->bytes);
		s->rows = p;
		s->bytes = bytes;
	}
	bit_set(s->rows, n);
	return SAKSI_OK;
}

static enum saksi_err note_id(struct saksi_id **ids, size_t *n, size_t *cap,
    const struct saksi_id *id, struct saksi_error *err)
{
	struct saksi_id *list = list_room(*ids, *n, cap, sizeof(*list));

	if (list == NULL)
		return saksi_fail_nomem(err);
	*ids = list;
	list[(*n)++] = *id;
	return SAKSI_OK;
}

enum saksi_err repair_seen_note(struct saksi_repair *r, const struct saksi_id *id,
    struct saksi_error *err)
{
	struct repair_seen *s = &r->seen;
	uint64_t n;
	enum saksi_err rc = catalog_number(r->t, id, &n, err);

	if (rc != SAKSI_OK)
		return rc;
	if (n != 0)
		return note_row(s, n, err);
	return note_id(&s->drafted, &s->n_drafted, &s->cap_drafted, id, err);
}

enum saksi_err repair_seen_written(struct saksi_repair *r, struct saksi_error *err)
{
	struct repair_seen *s = &r->seen;
	enum saksi_err rc = SAKSI_OK;
	uint64_t n;

	for (size_t i = 0; i < s->n_drafted && rc == SAKSI_OK; i++) {
		rc = catalog_number(r->t, &s->drafted[i], &n, err);
		if (rc == SAKSI_OK && n != 0)
			rc = note_row(s, n, err);
		else if (rc == SAKSI_OK)
			rc = note_id(&s->rowless, &s->n_rowless, &s->cap_rowless,
			    &s->drafted[i], err);
	}
	s->n_drafted = 0;
	s->in_order = false;
	return rc;
}

bool repair_seen_row(const struct saksi_repair *r, uint64_t n)
{
	const struct repair_seen *s = &r->seen;

	return n / 8 < s->bytes && bit_get(s->rows, n);
}

static int compare_ids(const void *a, const void *b)
{
	return id_cmp(a, b);
}

static bool is_rowless(struct repair_seen *s, const struct saksi_id *id)
{
	if (s->n_rowless == 0)
		return false;
	if (!s->in_order)
		qsort(s->rowless, s->n_rowless, sizeof(*id), compare_ids);
	s->in_order = true;
	return bsearch(id, s->rowless, s->n_rowless, sizeof(*id), compare_ids) != NULL;
}

enum saksi_err repair_seen_record(struct saksi_repair *r, const struct saksi_id *id,
    bool *seen, struct saksi_error *err)
{
	uint64_t n;
	enum saksi_err rc = catalog_number(r->t, id, &n, err);

	*seen =
	    rc == SAKSI_OK && (n != 0 ? repair_seen_row(r, n) : is_rowless(&r->seen, id));
	return rc;
}

void repair_seen_free(struct repair_seen *s)
{
	free(s->rows);
	free(s->drafted);
	free(s->rowless);
	memset(s, 0, sizeof(*s));
}
