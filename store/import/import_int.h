/*
 * import_int.h - the parts of an import; for import*.c only.
 *
 * The input is read once, a window of lines at a time.  What is right is kept
 * as the operations that it comes to (keep.h), what names a line that
 * was not met yet is kept as it was written and looked at when all are known.
 * Only when everything is right is the first of it written to the vault.
 */
#ifndef SAKSI_STORE_IMPORT_INT_H
#define SAKSI_STORE_IMPORT_INT_H

#include <saksi/base/helper.h>

#include "draft.h"
#include "keep.h"
#include "vault_impl.h"

/* ---- names of lines: import_names.c --------------------------------------------- */

struct name_entry {
	uint32_t print[3]; /* keyed: nobody can make two names look alike */
	uint32_t line;
	uint32_t type; /* number of its type << 24 | where its id is */
};
struct import_names {
	uint8_t key[CRYPTO_KEY];
	struct name_entry *list;
	size_t n, cap;
	uint32_t *slots; /* place in list + 1, found by print */
	size_t n_slots;	 /* a power of two */
	struct saksi_id *ids;
	size_t n_ids, cap_ids;
};
struct named {
	struct saksi_id id;
	uint32_t line, type;
	bool derived; /* id is not set: it follows from type and name */
};
/** import_names_init: The list of no names. */
void import_names_init(struct import_names *nm);
void import_names_free(struct import_names *nm);
/**
 * import_names_add(nm, text, what, earlier, err):
 * Line ${what} is called ${text} (with a whole id in its usual spelling).
 * *earlier: a line that was called so already, or 0.
 */
SAKSI_MUST_CHECK enum saksi_err import_names_add(struct import_names *nm,
    const char *text, const struct named *what, uint32_t *earlier,
    struct saksi_error *err);
bool import_names_find(const struct import_names *nm, const char *text, struct named *out);

/* ---- lines: import_lines.c --------------------------------------------------------- */

#define IMPORT_LINE_MAX (4u << 20)

struct lines {
	const struct import_source *from;
	struct buf in; /* read, and from ${at} on not yet given out */
	size_t at;
	size_t searched; /* how much of the rest holds no line end */
	size_t number;	 /* of the line given out last, from 1 */
	bool ended;
};
/**
 * lines_next(s, p, n, more, err):
 * The next line, without its end; it stays until the next call.  *p NULL: it is longer
 * than may be.  *more false: there was none.
 */
SAKSI_MUST_CHECK enum saksi_err lines_next(struct lines *s, const char **p, size_t *n,
    bool *more, struct saksi_error *err);
void lines_free(struct lines *s);

/* ---- records that are right: import_write.c ------------------------------------------ */

/*
 * What is kept of one: this, the length of each operation (4 bytes), and the
 * operations, those of its head first: type, then ref and class, if there are such.
 */
struct ready {
	struct saksi_id id;
	uint32_t n_head, n_ops;
	bool fresh; /* the vault had no such id when it was looked at */
};
struct importing {
	struct saksi_vault *v;
	struct saksi_txn *t;
	const struct import_options *opt;
	struct import_report *report;
	struct import_names names;
	struct keep ready;    /* struct ready ... */
	struct keep later;    /* lines that speak of later ones */
	struct helper helper; /* called when there is much to do */
	uint64_t base;	      /* the commit that lines were checked against */
	bool derives;	      /* an id of the file follows from a reference */
};
/* Some of them, which are written together: items of struct ready, each after its length. */
struct batch {
	struct buf items;
	size_t n;
	const struct schema *schema;
	uint64_t first;		 /* row of the first one, if all goes as expected */
	struct cat_ahead *ahead; /* NULL: their terms are made when they are written */
	size_t n_ahead;
	struct index_sorted *sorted;
};
void batch_free(struct batch *b);
/** batch_prepare: Of a struct batch: make terms of all.  Asks no vault. */
void batch_prepare(void *ctx);

/** import_write(im, err): All that is ready. */
SAKSI_MUST_CHECK enum saksi_err import_write(struct importing *im,
    struct saksi_error *err);

/* ---- import_check.c ------------------------------------------------------------------- */

/** import_check(im, from, err): Read all; what is wrong is in the report. */
SAKSI_MUST_CHECK enum saksi_err import_check(struct importing *im,
    const struct import_source *from, struct saksi_error *err);

#endif
