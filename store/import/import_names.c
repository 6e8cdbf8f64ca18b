/* import_names.c - what the lines of a file are called, in little room. */
#include <stdlib.h>
#include <string.h>

#include <saksi/base/list.h>

#include "import_int.h"

#define NAMES_MAX 0xfffff0u
/* In place of a place among the ids: */
#define ID_WRITTEN 0xfffffeu /* the name is the id */
#define ID_DERIVED 0xffffffu

void import_names_init(struct import_names *nm)
{
	memset(nm, 0, sizeof(*nm));
	crypto_random(nm->key, sizeof(nm->key));
}

void import_names_free(struct import_names *nm)
{
	free(nm->list);
	free(nm->slots);
	free(nm->ids);
	wipe(nm, sizeof(*nm));
}

static void print_of(uint32_t print[3], const struct import_names *nm, const char *text)
{
	uint8_t h[16];

	crypto_prf(h, sizeof(h), nm->key, "import-name", text, strlen(text));
	for (size_t i = 0; i < 3; i++)
		print[i] = le32_get(h + 4 * i);
}

/* The slot that holds ${print}, or the free one where it would stand. */
static uint32_t *slot_of(const struct import_names *nm, const uint32_t print[3])
{
	size_t mask = nm->n_slots - 1;

	for (size_t i = print[0] & mask;; i = (i + 1) & mask) {
		uint32_t *slot = &nm->slots[i];

		if (*slot == 0 ||
		    memcmp(nm->list[*slot - 1].print, print, sizeof(nm->list[0].print)) ==
			0)
			return slot;
	}
}

static enum saksi_err more_slots(struct import_names *nm, struct saksi_error *err)
{
	size_t n = nm->n_slots == 0 ? 1024 : 2 * nm->n_slots;

	if (4 * nm->n < 3 * nm->n_slots)
		return SAKSI_OK;
	free(nm->slots);
	nm->n_slots = 0;
	if ((nm->slots = calloc(n, sizeof(*nm->slots))) == NULL)
		return saksi_fail_nomem(err);
	nm->n_slots = n;
	for (size_t i = 0; i < nm->n; i++)
		*slot_of(nm, nm->list[i].print) = (uint32_t)i + 1;
	return SAKSI_OK;
}

/* Where the id is found: most need no room of their own. */
static enum saksi_err place_id(struct import_names *nm, const char *text,
    const struct named *what, uint32_t *place, struct saksi_error *err)
{
	struct saksi_id *ids, id;

	*place = ID_DERIVED;
	if (what->derived)
		return SAKSI_OK;
	*place = ID_WRITTEN;
	if (id_parse(&id, text) && id_cmp(&id, &what->id) == 0)
		return SAKSI_OK;
	ids = list_room(nm->ids, nm->n_ids, &nm->cap_ids, sizeof(*ids));
	if (ids == NULL)
		return saksi_fail_nomem(err);
	nm->ids = ids;
	*place = (uint32_t)nm->n_ids;
	nm->ids[nm->n_ids++] = what->id;
	return SAKSI_OK;
}

enum saksi_err import_names_add(struct import_names *nm, const char *text,
    const struct named *what, uint32_t *earlier, struct saksi_error *err)
{
	struct name_entry e = {.line = what->line}, *list;
	uint32_t *slot, place;
	enum saksi_err rc;

	*earlier = 0;
	print_of(e.print, nm, text);
	if ((rc = more_slots(nm, err)) != SAKSI_OK)
		return rc;
	slot = slot_of(nm, e.print);
	if (*slot != 0) {
		*earlier = nm->list[*slot - 1].line;
		nm->list[*slot - 1].line = what->line;
		return SAKSI_OK;
	}
	if (nm->n >= NAMES_MAX || what->type > 0xff)
		return saksi_fail(err, SAKSI_ELIMIT,
		    "import: more than %u names of records; divide the file", NAMES_MAX);
	if ((rc = place_id(nm, text, what, &place, err)) != SAKSI_OK)
		return rc;
	e.type = what->type << 24 | place;
	if ((list = list_room(nm->list, nm->n, &nm->cap, sizeof(*list))) == NULL)
		return saksi_fail_nomem(err);
	nm->list = list;
	nm->list[nm->n++] = e;
	*slot = (uint32_t)nm->n;
	return SAKSI_OK;
}

bool import_names_find(const struct import_names *nm, const char *text, struct named *out)
{
	const struct name_entry *e;
	uint32_t print[3], place, slot;

	if (nm->n_slots == 0)
		return false;
	print_of(print, nm, text);
	if ((slot = *slot_of(nm, print)) == 0)
		return false;
	e = &nm->list[slot - 1];
	memset(out, 0, sizeof(*out));
	out->line = e->line;
	out->type = e->type >> 24;
	place = e->type & 0xffffff;
	out->derived = place == ID_DERIVED;
	if (place < nm->n_ids)
		out->id = nm->ids[place];
	else if (place == ID_WRITTEN && !id_parse(&out->id, text))
		return false;
	return true;
}
