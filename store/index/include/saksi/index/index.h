/*
 * index.h - one encrypted inverted index for everything that is looked up.
 *
 * A term is a family (one byte) and some bytes; under each term stand
 * postings: ascending document numbers, each with a payload whose form the
 * family decides.  A document is a record (its row in KV_RECORDS) or, in the
 * families of the log, a changeset (its arrival number).
 *
 * Layout (FORMAT.md section 9).  Postings lie in runs: immutable sequences
 * sorted by term and document.  What a small transaction adds is a run of one
 * sealed value (the tail); many of them, or one large transaction, become a
 * segment, a B-tree of sealed blocks of one size with growing numbers.
 * Terms stand inside sealed blocks only: the keys tell how many blocks there
 * are and nothing of what they hold.  Segments are merged in tiers (O'Neil et
 * al., The log-structured merge-tree, 1996), a bounded number of blocks with
 * each write.
 *
 * A record that changes is put whole into the newest run, and its postings in
 * older runs no longer count: each run holds the set of its documents.
 * Changesets never change.
 *
 * Everything is written in the transaction that changes the records, so a
 * record that is in is found.  Not thread-safe; one struct index per kv.
 */
#ifndef SAKSI_INDEX_INDEX_H
#define SAKSI_INDEX_INDEX_H

#include <saksi/base/buf.h>
#include <saksi/base/err.h>
#include <saksi/kv/kv.h>

/* Longest term, family included; index_term() shortens what is longer. */
#define INDEX_TERM_MAX 200u
/* Longest payload of one posting. */
#define INDEX_PAYLOAD_MAX 1024u

/*
 * Families.  * is looked up by whole terms, and has a filter.  "byte": each posting has a payload of one byte; "bytes": any
 * length up to INDEX_PAYLOAD_MAX; else none.  Terms within a family are in
 * byte order, so numbers are big-endian and ranges and prefixes are runs of
 * neighbours.
 */
enum index_family {
	IX_DOCS = 0x01, /* the run's documents; byte: length class of the text */

	IX_ID = 0x10,	     /* * record id, 16 bytes */
	IX_REF = 0x11,	     /* * the record's `ref`, as written */
	IX_CHANGESET = 0x18, /* * changeset id, 32 bytes -> arrival number */
	IX_ARRIVAL = 0x19,   /* * arrival number (8); bytes: what catalog.c keeps of it */
	IX_SEQ = 0x1a,	     /* branch (4), seq (8) -> arrival number */

	IX_TYPE = 0x20,	 /* record type */
	IX_CLASS = 0x21, /* one letter */
	IX_STATE = 0x22, /* "deleted", "conflict" */
	IX_LINK = 0x23,	 /* id of the record that is referred to (16) */
	IX_DATE = 0x24,	 /* width class (1), first day (4), last day (4) */
	IX_FIELD = 0x28, /* path, 00, folded value: a field's whole value */
	IX_SORT = 0x29,	 /* path, 00, sort key: the first value of a field */

	IX_WORD = 0x40,	    /* folded word; byte: index_impact() */
	IX_POSITION = 0x41, /* folded word; bytes: positions, see index_doc_word() */
	IX_NAME = 0x48,	    /* how many letters (1), a word of a folded name */
	IX_SKELETON = 0x49  /* text_skeleton() of a name */
};

/* An index of one vault, as far as this process has read it. */
struct index;

SAKSI_MUST_CHECK enum saksi_err index_new(struct index **out, struct saksi_error *err);
void index_free(struct index **x);
/** index_create(x, txn, err): In a new vault, or after index_clear(). */
SAKSI_MUST_CHECK enum saksi_err index_create(struct index *x, struct kv_txn *txn,
    struct saksi_error *err);
/**
 * index_sync(x, txn, err):
 * Bring ${x} in step with what ${txn} sees; cheap when nothing changed.  Before
 * anything else in a transaction.
 */
SAKSI_MUST_CHECK enum saksi_err index_sync(struct index *x, struct kv_txn *txn,
    struct saksi_error *err);
/** index_committed(x, number): Transaction ${number} is committed, with what was flushed. */
void index_committed(struct index *x, uint64_t number);
/** index_forget(x): After an aborted or failed write: what was added never was. */
void index_forget(struct index *x);
/** index_clear(x, txn, err): Empty it. */
SAKSI_MUST_CHECK enum saksi_err index_clear(struct index *x, struct kv_txn *txn,
    struct saksi_error *err);

/* ---- terms ---------------------------------------------------------------------- */

struct index_term {
	uint8_t b[INDEX_TERM_MAX];
	size_t n;
};
/**
 * index_term(t, family, p, n):
 * A term; more than INDEX_TERM_MAX - 1 bytes are cut, and BLAKE2b-128 of all
 * of them takes the place of the last 16, so that equal is still equal.
 */
void index_term(struct index_term *t, enum index_family family, const void *p, size_t n);
/** index_term_keyed: ${key}, 00, ${p}: for IX_FIELD and IX_SORT. */
void index_term_keyed(struct index_term *t, enum index_family family, const char *key,
    const void *p, size_t n);

/* ---- writing -------------------------------------------------------------------- */

/* What one document says: a list of occurrences, in any order. */
struct index_doc {
	struct buf list;
	uint32_t words; /* how many occurrences of words */
};
#define INDEX_DOC_INIT      \
	{                   \
		BUF_INIT, 0 \
	}
void index_doc_term(struct index_doc *d, const struct index_term *t);
/**
 * index_doc_word(d, word, n, position, weight):
 * An occurrence of a folded word: position within the document (texts are
 * told apart by a gap, so that no phrase spans two), weight 0 (label), 1
 * (body) or 2 (name, title).
 */
void index_doc_word(struct index_doc *d, const char *word, size_t n, uint32_t position,
    unsigned weight);
void index_doc_reset(struct index_doc *d);
void index_doc_free(struct index_doc *d);

/**
 * index_put(x, doc, d, err):
 * Record ${doc} now says ${d}, whatever it said before.  ${d} is emptied.
 * Kept in memory up to index_flush().
 */
SAKSI_MUST_CHECK enum saksi_err index_put(struct index *x, uint64_t doc,
    struct index_doc *d, struct saksi_error *err);
/*
 * Many documents, sorted before they are put: by another thread, which needs
 * neither index nor transaction for it, under the numbers that they will
 * probably get.
 */
struct index_sorted;
struct index_sort_doc {
	uint64_t doc;
	const struct index_doc *says; /* borrowed */
};
/** index_sort(out, docs, n, err): Numbers ascending, ${n} at least 1. */
SAKSI_MUST_CHECK enum saksi_err index_sort(struct index_sorted **out,
    const struct index_sort_doc *docs, size_t n, struct saksi_error *err);
void index_sorted_free(struct index_sorted **s);
/**
 * index_put_sorted(x, s, doc, d, err):
 * index_put() of a document that ${s} has under this number, saying this.  When
 * all of ${s} were put so, the flush need not sort them again; else they count
 * for nothing.  ${s} (NULL: as index_put()) must outlive the flush.
 */
SAKSI_MUST_CHECK enum saksi_err index_put_sorted(struct index *x, struct index_sorted *s,
    uint64_t doc, struct index_doc *d, struct saksi_error *err);
/** index_put_log: A changeset's terms; never put twice. ${payload} of IX_ARRIVAL. */
SAKSI_MUST_CHECK enum saksi_err index_put_log(struct index *x, uint64_t n,
    const struct index_term *terms, size_t n_terms, const void *payload,
    size_t payload_len, struct saksi_error *err);
/** index_pending: Bytes of what was put and not flushed. */
size_t index_pending(const struct index *x);
/**
 * index_flush(x, txn, err):
 * Write what was put, and carry merges on.  Before the commit, and before
 * hits are asked for what this transaction put (index_find_one() sees it at
 * once).
 */
SAKSI_MUST_CHECK enum saksi_err index_flush(struct index *x, struct kv_txn *txn,
    struct saksi_error *err);

/* ---- reading -------------------------------------------------------------------- */

/**
 * index_find_one(x, txn, t, doc, payload, found, err):
 * The first document of a term of family IX_ID, IX_CHANGESET, IX_ARRIVAL or IX_SEQ;
 * sees what was put and not yet flushed.  ${payload} may be NULL, else appended to.
 */
SAKSI_MUST_CHECK enum saksi_err index_find_one(struct index *x, struct kv_txn *txn,
    const struct index_term *t, uint64_t *doc, struct buf *payload, bool *found,
    struct saksi_error *err);

/**
 * index_guess(x, t):
 * The document that a term of family IX_ID probably names, if that is known
 * without reading; 0: it is not.  It may be another one: compare the id of the row.
 * From the first call on, what index_find_one() meets on its way is noted for it, in
 * at most 8 MiB; forgotten by index_forget(), and when another process has written.
 * Without memory it is 0.
 */
uint64_t index_guess(struct index *x, const struct index_term *t);

/* The documents of one term, ascending. */
struct index_hits;
/** index_hits_open: ${x} and ${txn} must outlive it, without writes in between. */
SAKSI_MUST_CHECK enum saksi_err index_hits_open(struct index_hits **out, struct index *x,
    struct kv_txn *txn, const struct index_term *t, struct saksi_error *err);
/**
 * index_hits_next(h, from, doc, found, err):
 * The first document >= ${from} (each call's not below the last one's result).
 */
SAKSI_MUST_CHECK enum saksi_err index_hits_next(struct index_hits *h, uint64_t from,
    uint64_t *doc, bool *found, struct saksi_error *err);
/**
 * index_hits_ahead(h, docs): How many documents, the one last returned first, come
 * next for certain; ${*docs} is valid until the next call.
 */
size_t index_hits_ahead(const struct index_hits *h, const uint64_t **docs);
/** index_hits_payload: Of the document last returned; valid until the next call. */
const uint8_t *index_hits_payload(const struct index_hits *h, size_t *n);
/** index_each: Call ${fn} for each document of a term; SAKSI_OK to go on. */
typedef enum saksi_err index_each_fn(void *ctx, uint64_t doc, struct saksi_error *err);
SAKSI_MUST_CHECK enum saksi_err index_each(struct index *x, struct kv_txn *txn,
    const struct index_term *t, index_each_fn *fn, void *ctx, struct saksi_error *err);
/** index_has: Does the term, of no family of the log, name this document? */
SAKSI_MUST_CHECK enum saksi_err index_has(struct index *x, struct kv_txn *txn,
    const struct index_term *t, uint64_t doc, bool *has, struct saksi_error *err);
/** index_hits_estimate: How many documents there may be; for choosing an order. */
uint64_t index_hits_estimate(const struct index_hits *h);
void index_hits_close(struct index_hits **h);

/* The terms that begin with some bytes, in order: prefixes, ranges, sorting. */
struct index_walk;
/**
 * index_walk_open(out, x, txn, prefix, from, err):
 * Terms beginning with ${prefix}, from ${from} on (NULL: all).
 */
SAKSI_MUST_CHECK enum saksi_err index_walk_open(struct index_walk **out, struct index *x,
    struct kv_txn *txn, const struct index_term *prefix, const struct index_term *from,
    struct saksi_error *err);
/**
 * index_walk_next: The next term; false at the end.  All its documents may
 * have come to say something else since: index_hits_open() tells.
 */
SAKSI_MUST_CHECK enum saksi_err index_walk_next(struct index_walk *w,
    struct index_term *t, bool *found, struct saksi_error *err);
/**
 * index_walk_docs(w, t, want, fn, ctx, found, err):
 * The same, and tell ${fn} each of its documents, in no order; far cheaper than
 * hits of many terms that are rare.  ${want} (NULL: all) is asked first, when
 * ${t} is filled.  ${fn} returns false when out of memory.
 * Not in the families of the log.
 */
typedef bool index_want_fn(void *ctx);
typedef bool index_doc_fn(void *ctx, uint64_t doc, const uint8_t *payload, size_t n);
SAKSI_MUST_CHECK enum saksi_err index_walk_docs(struct index_walk *w,
    struct index_term *t, index_want_fn *want, index_doc_fn *fn, void *ctx, bool *found,
    struct saksi_error *err);
void index_walk_close(struct index_walk **w);

/** index_doc_length: About how many words record ${doc} has; 0: it is not there. */
SAKSI_MUST_CHECK enum saksi_err index_doc_length(struct index *x, struct kv_txn *txn,
    uint64_t doc, uint32_t *words, struct saksi_error *err);

struct index_counts {
	uint64_t docs;	/* of the records; those put again are counted once or more */
	uint64_t words; /* occurrences of words in them */
	uint64_t runs, blocks;
};
void index_count(const struct index *x, struct index_counts *c);

/** index_impact(weight, times) and its parts: weight 0 to 2, occurrences 1 to 60. */
uint8_t index_impact(unsigned weight, uint32_t times);
unsigned index_impact_weight(uint8_t impact);
uint32_t index_impact_times(uint8_t impact);
/**
 * index_position_next(p, end, position):
 * One more place of an IX_POSITION payload, ascending; ${*position} 0 before the
 * first.  They count from 1.  None at all: there are too many to keep.
 */
bool index_position_next(const uint8_t **p, const uint8_t *end, uint32_t *position);
/** index_length_class / index_length: Words in a document to a byte, and back (about). */
uint8_t index_length_class(uint32_t words);
uint32_t index_length(uint8_t cls);

/* ---- made anew -------------------------------------------------------------------
 *
 * Every document is put once more, in as many transactions as it takes, while
 * others read and write; then what is older goes.  The state record says how
 * far it came, so that it goes on after a stop.
 */
enum index_rebuild_phase {
	INDEX_REBUILD_NONE,
	INDEX_REBUILD_PUT,  /* documents are put */
	INDEX_REBUILD_SWEEP /* blocks of what is older are removed */
};
struct index_rebuild {
	enum index_rebuild_phase phase;
	/* Changesets and rows from log and row up to the ends are still to be put. */
	uint64_t log, log_end, row, row_end;
};
/** index_sound: SAKSI_OK when each block and tail value opens and the state record is read. */
SAKSI_MUST_CHECK enum saksi_err index_sound(struct kv_txn *txn, struct saksi_error *err);
/**
 * index_rebuild_use(x, on):
 * index_sync() takes an index that was begun anew from nothing, too; others
 * are refused until it is whole.
 */
void index_rebuild_use(struct index *x, bool on);
/**
 * index_rebuild_begin(x, txn, blank, log_end, row_end, err):
 * Of changesets and rows below these numbers.  ${blank}: from nothing, for an
 * index that cannot be read; ${x} need not be in step then.
 */
SAKSI_MUST_CHECK enum saksi_err index_rebuild_begin(struct index *x, struct kv_txn *txn,
    bool blank, uint64_t log_end, uint64_t row_end, struct saksi_error *err);
/** index_rebuild_at: How far it is; phase INDEX_REBUILD_NONE: none is under way. */
void index_rebuild_at(const struct index *x, struct index_rebuild *at);
/**
 * index_rebuild_put(x, txn, log, row, err):
 * Documents below these are put and flushed; with all of them, what is older
 * counts no more.
 */
SAKSI_MUST_CHECK enum saksi_err index_rebuild_put(struct index *x, struct kv_txn *txn,
    uint64_t log, uint64_t row, struct saksi_error *err);
/** index_rebuild_sweep: Remove a part of what is older; the last part ends it all. */
SAKSI_MUST_CHECK enum saksi_err index_rebuild_sweep(struct index *x, struct kv_txn *txn,
    struct saksi_error *err);

/* ---- checking ------------------------------------------------------------------- */

/* Sums by document number modulo this, so that a fault is narrowed down. */
#define INDEX_SUMS 4096u
/**
 * index_digest(x, txn, sums, err):
 * Add up all postings of records that count, the same however runs are cut.
 */
SAKSI_MUST_CHECK enum saksi_err index_digest(struct index *x, struct kv_txn *txn,
    uint64_t sums[INDEX_SUMS], struct saksi_error *err);
/** index_doc_digest: The share of a record that says ${d}, which is emptied. */
SAKSI_MUST_CHECK enum saksi_err index_doc_digest(uint64_t doc, struct index_doc *d,
    uint64_t sums[INDEX_SUMS], struct saksi_error *err);

#endif
