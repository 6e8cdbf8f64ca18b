/*
 * index_int.h - what the parts of the index share.
 *
 *   block.c chunk.c term.c  bytes
 *   cursor.c  a place in one run                  writer.c  a new segment
 *   run.c     a run in memory                      merge.c   many runs to one stream
 *   gather.c gather_sort.c  what was put, sorted into a run; term_sort.c
 *   merge_steps.c  tiers, bounded work            super.c   the state record
 *   hits.c    the documents of a term             walk.c    the terms of a range
 *   id_guess.c  what ids probably name             cache.c   blocks read lately
 *   id_filter.c  which ids a segment holds        docs.c    and which documents
 *   index.c   in step with the vault, flush       rebuild.c made anew while it is used
 */
#ifndef SAKSI_INDEX_INT_H
#define SAKSI_INDEX_INT_H

#include "block.h"

#define SUPER_NUMBER UINT64_C(1) /* of the state record, in KV_INDEX */
#define HEIGHT_MAX 5u
#define FANOUT 8u	  /* runs of a level that are merged to one of the next */
#define LEVELS 12u	  /* 64 x 8^12 documents */
#define TAIL_RUNS 64u	  /* then they become a segment */
#define TAIL_BYTES 98304u /* the same */
#define SMALL_DOCS 8u	  /* so many in one transaction go to the tail */
#define SMALL_BYTES 16384u
#define STATE_TERMS 4u	   /* a run notes so many that it has not */
#define STATE_TERM_MAX 15u /* and of no longer ones */

/* ---- sets of documents -------------------------------------------------------- */

struct doc_set {
	uint64_t *list;	 /* ascending; or NULL and bits */
	uint8_t *bits;	 /* from ${min} on */
	uint8_t *length; /* length class, by place in the list, or from ${min} on */
	uint64_t min, max;
	size_t n;
};
bool doc_set_has(const struct doc_set *s, uint64_t doc);
/** doc_set_length: The length class of a document that it has. */
uint8_t doc_set_length(const struct doc_set *s, uint64_t doc);
void doc_set_free(struct doc_set *s);

/* ---- ids of a segment: id_filter.c --------------------------------------------------- */

struct id_filter {
	uint8_t *bits;	/* NULL: not made yet */
	size_t len;	/* bytes */
	uint64_t asked; /* how often, without it */
	bool given_up;	/* a block of its ids could not be read */
};
void id_filter_free(struct id_filter *f);

/* ---- runs ---------------------------------------------------------------------- */

struct mem_entry { /* of a run in memory, by (term, first document) */
	const uint8_t *term, *chunk;
	uint32_t term_len, chunk_len;
};
struct run {
	uint64_t id; /* grows: younger runs have greater ones */
	unsigned level;
	/* a segment */
	uint64_t root;
	unsigned height; /* levels of blocks; 0: in memory */
	uint64_t blocks;
	uint64_t min_doc, max_doc; /* of the records in it; min > max: none */
	uint64_t docs, words;
	bool merging; /* input of a merge under way */
	/* in memory: a value of the tail, or what was put */
	struct buf bytes;
	struct mem_entry *entries;
	size_t n_entries;
	/* read when it is needed */
	struct doc_set set;
	bool has_set;
	struct run_lacks { /* terms of IX_STATE that it has not */
		uint8_t b[STATE_TERMS][STATE_TERM_MAX];
		uint8_t len[STATE_TERMS]; /* 0: none more */
	} lacks;
	struct id_filter id_filter;
};
void run_free(struct run *r);
/** run_parse(r, err): Fill entries from bytes. */
SAKSI_MUST_CHECK enum saksi_err run_parse(struct run *r, struct saksi_error *err);
/**
 * run_lacks / run_note_lack:
 * Each search asks for terms of IX_STATE that hardly a record has, so a run, which
 * never changes, notes which ones it has not.  No other family is noted.
 */
bool run_lacks(const struct run *r, const struct index_term *t);
void run_note_lack(struct run *r, const struct index_term *t);
/**
 * run_may_have_id(x, txn, r, t):
 * false: segment ${r} has no ${t}, a term of family IX_ID.  Its ids are read when that
 * has been asked often; what cannot be read is left to the look-up that meets it.
 */
bool run_may_have_id(struct index *x, struct kv_txn *txn, struct run *r,
    const struct index_term *t);
void run_write_entry(struct buf *out, const uint8_t *term, size_t n, const uint8_t *chunk,
    size_t chunk_len);

/* ---- a place in one run -------------------------------------------------------- */

struct cursor {
	struct index *x;
	struct kv_txn *txn;
	const struct run *run;
	/* Nobody will ask for its blocks again: those that it loads are not cached, only
	 * fences that a seek passes. */
	bool once;
	/* a segment: one block and place in it for each level, root first */
	struct cursor_level {
		struct buf bytes;
		struct block_iter it;
		uint64_t number;
	} * level;
	bool fences_placed; /* the levels above the leaf stand where it is, too */
	size_t at;	    /* in memory: which entry */
	bool valid;
	/* the entry it stands on */
	const uint8_t *term;
	size_t term_len;
	uint64_t doc; /* first in the chunk */
	const uint8_t *chunk;
	size_t chunk_len;
};
SAKSI_MUST_CHECK enum saksi_err cursor_open(struct cursor *c, struct index *x,
    struct kv_txn *txn, const struct run *run, struct saksi_error *err);
void cursor_close(struct cursor *c);
/**
 * cursor_seek(c, term, n, doc, err):
 * To the entry of this term whose chunk may hold ${doc} (the last one that
 * begins at or before it), else to the first entry after (term, doc).
 * ${valid} false: at the end.
 */
SAKSI_MUST_CHECK enum saksi_err cursor_seek(struct cursor *c, const uint8_t *term,
    size_t n, uint64_t doc, struct saksi_error *err);
SAKSI_MUST_CHECK enum saksi_err cursor_next(struct cursor *c, struct saksi_error *err);
/** cursor_probe: Is there the whole term ${t}? By the filters, where it has one. */
SAKSI_MUST_CHECK enum saksi_err cursor_probe(struct cursor *c, const struct index_term *t,
    bool *found, struct saksi_error *err);

/**
 * segment_leaf(x, txn, r, t, number, may, err):
 * The leaf in which ${t} ends, if the segment has it; ${*may} false: its
 * filter says that it has not.
 */
SAKSI_MUST_CHECK enum saksi_err segment_leaf(struct index *x, struct kv_txn *txn,
    const struct run *r, const struct index_term *t, uint64_t *number, bool *may,
    struct saksi_error *err);

/* ---- a new segment --------------------------------------------------------------- */

struct writer {
	struct index *x;
	struct kv_txn *txn;
	struct block_build *level[HEIGHT_MAX]; /* 0: the leaf */
	uint64_t first_doc[HEIGHT_MAX];	       /* of the block's first entry */
	uint8_t first_term[HEIGHT_MAX][INDEX_TERM_MAX];
	size_t first_len[HEIGHT_MAX];
	uint64_t *hashes; /* of the leaf's terms that have a filter */
	size_t n_hashes;
	struct chunk_build chunk; /* of the term that is being written */
	uint8_t term[INDEX_TERM_MAX];
	size_t term_len;
	size_t room; /* for it in the leaf, while the chunk is not empty */
	struct buf scratch;
	uint64_t blocks;
	uint64_t written; /* blocks since writer_open() */
	/* what it holds so far */
	uint64_t docs, words, min_doc, max_doc;
};
SAKSI_MUST_CHECK enum saksi_err writer_open(struct writer *w, struct index *x,
    struct kv_txn *txn, struct saksi_error *err);
/** writer_add: Postings in order of (term, document). */
SAKSI_MUST_CHECK enum saksi_err writer_add(struct writer *w, const uint8_t *term,
    size_t n, uint64_t doc, const uint8_t *p, size_t len, struct saksi_error *err);
/**
 * writer_add_all(w, term, n, c, all, err):
 * The postings of a whole chunk, if it fits in where the last one went; ${*all}
 * false: it doesn't, so add them one by one.
 */
SAKSI_MUST_CHECK enum saksi_err writer_add_all(struct writer *w, const uint8_t *term,
    size_t n, const struct chunk_parts *c, bool *all, struct saksi_error *err);
/** writer_finish: Write what is open; fill in root, height and counts of ${r}. */
SAKSI_MUST_CHECK enum saksi_err writer_finish(struct writer *w, struct run *r,
    struct saksi_error *err);
/** writer_pause / writer_resume: Put by in a state record, and go on later. */
SAKSI_MUST_CHECK enum saksi_err writer_pause(struct writer *w, struct buf *out,
    struct saksi_error *err);
SAKSI_MUST_CHECK enum saksi_err writer_resume(struct writer *w, const uint8_t *p,
    size_t n, struct saksi_error *err);
void writer_close(struct writer *w);

/* ---- many runs to one stream of postings --------------------------------------------- */

struct merger {
	struct index *x;
	struct kv_txn *txn;
	struct merge_input *in; /* oldest first */
	size_t n;
	/* the posting it stands on */
	bool valid;
	size_t at;	 /* whose it is */
	size_t n_active; /* inputs that stand on the term */
	uint8_t term[INDEX_TERM_MAX];
	size_t term_len;
	uint64_t doc;
	const uint8_t *pay;
	size_t pay_len;
};
/**
 * merger_open(m, x, txn, runs, n, err):
 * Postings of ${runs}, oldest first, in order; those of a record that stands in
 * a younger one of them too are left out.
 */
SAKSI_MUST_CHECK enum saksi_err merger_open(struct merger *m, struct index *x,
    struct kv_txn *txn, struct run *const *runs, size_t n, struct saksi_error *err);
/** merger_start(m, term, n, doc, err): To the first posting after (term, doc); n 0: the first of all. */
SAKSI_MUST_CHECK enum saksi_err merger_start(struct merger *m, const uint8_t *term,
    size_t n, uint64_t doc, struct saksi_error *err);
SAKSI_MUST_CHECK enum saksi_err merger_next(struct merger *m, struct saksi_error *err);
/** merger_copy: All from here on into ${w}, until it has written ${budget} blocks. */
SAKSI_MUST_CHECK enum saksi_err merger_copy(struct merger *m, struct writer *w,
    uint64_t budget, struct saksi_error *err);
void merger_close(struct merger *m);

/* ---- state ------------------------------------------------------------------------- */

struct merge { /* under way */
	unsigned level;
	uint64_t out_id;
	uint64_t in[FANOUT];
	unsigned n_in;
	bool started;
	uint8_t term[INDEX_TERM_MAX]; /* the last posting that was written */
	size_t term_len;
	uint64_t doc;
	struct buf writer; /* writer_pause() */
};
struct drop { /* a merged segment whose blocks are being removed */
	uint64_t root;
	unsigned height;
	uint64_t place[HEIGHT_MAX]; /* children already gone, per level */
};
struct super {
	uint64_t next_id, tail_first;
	struct rebuild { /* under way: what is older than it is left alone */
		enum index_rebuild_phase phase;
		bool blank;
		uint64_t run_id; /* runs from here on are new */
		uint64_t block;	 /* blocks from here on are new */
		uint64_t swept;	 /* older ones below it are gone */
		uint64_t log, log_end, row, row_end;
	} rebuild;
	struct run **runs; /* segments, oldest first */
	size_t n_runs, cap_runs;
	struct merge *merges[LEVELS];
	struct drop *drops;
	size_t n_drops, cap_drops;
};
void merge_free(struct merge *m);
void super_free(struct super *s);
SAKSI_MUST_CHECK enum saksi_err super_read(struct super *s, const uint8_t *p, size_t n,
    struct saksi_error *err);
SAKSI_MUST_CHECK enum saksi_err super_write(const struct super *s, struct kv_txn *txn,
    struct saksi_error *err);
/** super_add_run: Takes ${r} over, at position ${at}. */
SAKSI_MUST_CHECK enum saksi_err super_add_run(struct super *s, struct run *r, size_t at,
    struct saksi_error *err);

/* ---- what was put ------------------------------------------------------------------- */

struct gather;
SAKSI_MUST_CHECK enum saksi_err gather_new(struct gather **out, struct saksi_error *err);
void gather_free(struct gather **g);
bool gather_empty(const struct gather *g);
size_t gather_bytes(const struct gather *g);
SAKSI_MUST_CHECK enum saksi_err gather_put(struct gather *g, uint64_t doc,
    struct index_doc *d, struct saksi_error *err);
SAKSI_MUST_CHECK enum saksi_err gather_put_log(struct gather *g, uint64_t n,
    const struct index_term *terms, size_t n_terms, const void *payload,
    size_t payload_len, struct saksi_error *err);
/** gather_find: A term of index_find_one(). */
bool gather_find(const struct gather *g, const struct index_term *t, uint64_t *doc,
    const uint8_t **payload, size_t *n);
/** gather_is_sorted: What was put last of ${doc} is in ${s}, which is borrowed, too. */
void gather_is_sorted(struct gather *g, uint64_t doc, struct index_sorted *s);
/**
 * gather_take_sorted: The run of what was sorted beforehand, if all of that was
 * put and nothing else since of the same; it is in ${g} no more.  Else NULL.
 */
struct run *gather_take_sorted(struct gather *g);
/** gather_run: All of it as a run in memory; ${g} is empty afterwards. */
SAKSI_MUST_CHECK enum saksi_err gather_run(struct gather *g, struct run **out,
    struct saksi_error *err);

/* ---- sorting terms: term_sort.c ------------------------------------------------------ */

struct term_place {
	uint64_t part; /* for the sorting: eight bytes of the term */
	const uint8_t *term;
	uint32_t n, which;
};
/** term_sort(list, n): In the order of term_cmp().  No two may be equal. */
void term_sort(struct term_place *list, size_t n);

/* ---- blocks -------------------------------------------------------------------------- */

#define CACHE_SLOTS 2048u /* 4 MiB of fences, as much of leaves */
#define SPARES 16u	  /* buffers of 2 KiB: the leaves of two words over eight runs */

struct guesses;
struct index {
	bool valid;
	bool rebuilding; /* by this process: it may use what is not whole yet */
	uint64_t txn;	 /* the committed transaction it agrees with */
	struct super super;
	struct run **tail; /* oldest first; id: number in KV_TAIL */
	size_t n_tail, cap_tail;
	size_t tail_bytes;
	struct gather *gather;
	struct cache_slot {
		uint64_t number;
		struct buf bytes;
	} * fences,
	    *leaves; /* CACHE_SLOTS each, by number; apart, since leaves are many */
	struct guesses *guesses; /* NULL: none yet */
	/* Wiped, for the blocks of cursors, of which each needs one for a while. */
	struct buf spare[SPARES];
	unsigned n_spare;
};
/** blocks_forget / blocks_free: What is cached; and the spare ones too. */
void blocks_forget(struct index *x);
void blocks_free(struct index *x);
/** block_room_take / block_room_give: An empty buffer for a block; it is wiped and taken back. */
struct buf block_room_take(struct index *x);
void block_room_give(struct index *x, struct buf *b);
/** block_is_cached: block_cached() would read nothing. */
bool block_is_cached(const struct index *x, uint64_t n, bool fence);
/** block_cached: Into a cache; valid until the next call. */
SAKSI_MUST_CHECK enum saksi_err block_cached(struct index *x, struct kv_txn *txn,
    uint64_t n, bool fence, const uint8_t **p, size_t *len, struct saksi_error *err);
/** block_load(x, txn, n, fence, out, err): Append block ${n}. */
SAKSI_MUST_CHECK enum saksi_err block_load(struct index *x, struct kv_txn *txn,
    uint64_t n, bool fence, struct buf *out, struct saksi_error *err);
/** block_read(txn, n, out, err): The same past the caches, for what is read only once. */
SAKSI_MUST_CHECK enum saksi_err block_read(struct kv_txn *txn, uint64_t n,
    struct buf *out, struct saksi_error *err);
/** guesses_learn(x, leaf, n): Note what the ids in a leaf name, once index_guess() was asked. */
void guesses_learn(struct index *x, const uint8_t *leaf, size_t n);
void guesses_free(struct guesses **guesses);
/** run_set: The documents of a run, read once. */
SAKSI_MUST_CHECK enum saksi_err run_set(struct index *x, struct kv_txn *txn,
    struct run *r, struct saksi_error *err);
/** run_shadowed: Some younger run may hold the same records as run ${at}; their sets are read. */
SAKSI_MUST_CHECK enum saksi_err run_shadowed(struct index *x, struct kv_txn *txn,
    size_t at, bool *out, struct saksi_error *err);
/** run_hides: A run younger than ${at} holds ${doc}; after run_shadowed(). */
bool run_hides(struct index *x, size_t at, uint64_t doc);
/** run_at(x, i): Run ${i} of run_count(), oldest first: segments, then the tail. */
static inline size_t run_count(const struct index *x)
{
	return x->super.n_runs + x->n_tail;
}
static inline struct run *run_at(const struct index *x, size_t i)
{
	return i < x->super.n_runs ? x->super.runs[i] : x->tail[i - x->super.n_runs];
}

/** flush_to_segment: The tail and ${r}, which is taken over, become one segment. */
SAKSI_MUST_CHECK enum saksi_err flush_to_segment(struct index *x, struct kv_txn *txn,
    struct run *r, struct saksi_error *err);

/* ---- merge_steps.c ---------------------------------------------------------------------- */

/** merge_carry_on: At most about ${budget} blocks; ${*busy}: there is more to do. */
SAKSI_MUST_CHECK enum saksi_err merge_carry_on(struct index *x, struct kv_txn *txn,
    uint64_t budget, bool *busy, struct saksi_error *err);

#endif
