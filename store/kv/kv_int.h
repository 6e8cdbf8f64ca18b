/*
 * kv_int.h - what the parts of kv share.
 *
 *   kv_open.c      open and close                kv_guard.c  signals
 *   kv_env.c       growth, words for errors      kv_zstd.c   compression
 *   kv_map.c       mapped pages
 *   kv_txn.c       begin, commit, abort          kv_page.c   bounded page reader
 *   kv_snapshot.c  the tree of one transaction, checked against both meta pages
 *   kv_meta.c      the sealed meta record        kv_seal.c   keys, frames, set hash
 *   kv_versions.c  which version is current      kv_db.c     calls into LMDB
 *   kv_check.c     pages that LMDB may write to  kv_walk.c   every page of a tree
 *   kv_read.c      reading pages, copied         kv_verify.c everything
 *   kv.c           get, put, del, scan           kv_old.c    older formats
 *   kv_ahead.c     a long scan, with a thread that opens values ahead
 *   kv_head.c      the two heads: the older one, kept while a commit may fail
 *   kv_salvage.c and the others of that name: what a damaged file still holds; see
 *                  kv_salvage.h
 */
#ifndef SAKSI_STORE_KV_INT_H
#define SAKSI_STORE_KV_INT_H

#include <sys/types.h>

#include <saksi/keys/crypto.h>

#include "kv_page.h"
#include <saksi/kv/kv.h>

struct MDB_env;
struct MDB_txn;
struct kv_chunk;
struct kv_pages;
struct kv_zstd;

/* LMDB sub-databases are named by one digit: a table's number, and these. */
#define KV_DB_META 0u
#define KV_DB_VERSIONS 9u
#define KV_DBS 10u
#define KV_SEALED_MAX (KV_VALUE_MAX + 8192u)
#define KV_BATCH_MAX ((size_t)64 << 20)
#define KV_NUMBER_MAX (UINT64_C(1) << 40)
#define KV_FILE_NAME KV_DATA_FILE

/** kv_db_used(db): There is a sub-database of this number. */
bool kv_db_used(unsigned db);
/** kv_is_append_only(table): Without gaps, and a value never changes. */
bool kv_is_append_only(unsigned table);

/* ---- state ---------------------------------------------------------------- */

#define KV_HASH 32u

struct kv_table_state {
	uint64_t count;
	uint64_t first;
	uint64_t next;
	uint8_t set[KV_HASH];
	uint32_t root;	/* version of the top chunk, 0: no chunk */
	uint8_t height; /* levels of chunks */
};

struct kv_meta {
	uint64_t txn;
	struct kv_table_state t[KV_TABLE_END];
};

/* What transaction ${txn} committed. */
struct kv_snapshot {
	bool valid;
	uint64_t txn;
	uint64_t last; /* page number */
	struct tree free;
	struct tree main;
	struct tree db[KV_DBS];
	struct kv_meta meta;
};

struct kv {
	struct MDB_env *env; /* NULL: read-only, without LMDB */
	int fd;		     /* data file, for reading */
	dev_t dev;
	ino_t ino;
	struct kv *other; /* list of those open in this process */
	unsigned fork_generation;
	bool creating;
	bool dead; /* a guard was sprung: the environment is not touched again */

	const uint8_t *map;
	size_t map_len;
	const uint8_t *env_map; /* LMDB's own; NULL: not known where it lies */
	size_t env_map_len;
	struct page_file file;

	uint32_t format; /* 0: not known before the first meta record is read */
	uint8_t vault_id[VAULT_ID];
	struct secret *keys[KV_DBS];
	struct secret *set_key;
	struct kv_zstd *zstd;

	struct buf sealed; /* scratch: set-hash prefix and a sealed value */
	struct buf older;  /* scratch: the value that is replaced */
	struct buf plain;  /* scratch: a frame */

	struct kv_snapshot snap; /* the latest one seen */
	uint64_t other_txn;	 /* the second head that was checked */
	uint64_t other_root;
	/* kv_rest(): looks since it asked, faults when it let go last, and how often it did. */
	unsigned looked;
	long faults;
	uint64_t let_go;
	uint64_t sound_txn; /* all pages of this one are known to be sound */

	struct {
		struct kv_chunk **buckets;
		size_t clean;
		struct kv_chunk *newest;
		struct kv_chunk *oldest;
		struct kv_chunk *dirty;
	} cache;

	struct kv_txn *writer;
	uint64_t begun; /* transactions, to check for dead readers now and then */
};

#define KV_WRITTEN 8192u /* 2^16 bits */

struct kv_txn {
	struct kv *kv;
	struct MDB_txn *mdb;
	bool write;
	bool changed;
	bool broken; /* a change failed half-way: cannot be committed */
	uint64_t number;
	struct kv_snapshot base; /* committed state read, or built upon */
	struct kv_meta meta;	 /* as it stands now */
	size_t dirty;
	struct tree_hint hint[KV_DBS];
	struct kv_pages *pages;	  /* of what was committed: those that were copied */
	uint64_t top[KV_DBS];	  /* numbers from here on are above all that is there */
	unsigned dbi[KV_DBS];	  /* LMDB's handle, 0: not yet opened here */
	bool sound;		  /* all pages were checked */
	uint8_t *seen;		  /* else: bitmap of those that were */
	uint64_t seen_pages;	  /* bits in it */
	uint8_t head[META_BYTES]; /* write: the older head, which the commit replaces */
	/* Write: a bit for each value that is not as it was committed, and for some others: these
	 * are read through LMDB, which is only slower. */
	uint8_t written[KV_WRITTEN];
};

/* ---- kv_open.c ------------------------------------------------------------ */

/** kv_usable(kv, err): Not dead, and not in a forked child. */
SAKSI_MUST_CHECK enum saksi_err kv_usable(const struct kv *kv, struct saksi_error *err);
/** kv_abandon(what): Memory of LMDB's that nothing may touch any more. */
void kv_abandon(const void *what);
/** kv_test_map_size(bytes): For tests: the first map's size (0: the usual). */
void kv_test_map_size(size_t bytes);

/* ---- kv_env.c ------------------------------------------------------------- */

/** kv_give_up(kv, err): After guard_run() was cut short. Returns SAKSI_EDAMAGED. */
enum saksi_err kv_give_up(struct kv *kv, struct saksi_error *err);
/** kv_fault(err, fault): SAKSI_EDAMAGED in words. */
enum saksi_err kv_fault(struct saksi_error *err, const struct page_fault *fault);
/** kv_lmdb(err, rc, doing): An LMDB error code in words. */
enum saksi_err kv_lmdb(struct kv *kv, struct saksi_error *err, int rc, const char *doing);
/** kv_env_begin(out, kv, write, err): mdb_txn_begin(), growing as needed. */
SAKSI_MUST_CHECK enum saksi_err kv_env_begin(struct MDB_txn **out, struct kv *kv,
    bool write, struct saksi_error *err);

/* ---- kv_map.c ------------------------------------------------------------- */

/** kv_map_refresh(kv, err): Follow the file's length. */
SAKSI_MUST_CHECK enum saksi_err kv_map_refresh(struct kv *kv, struct saksi_error *err);
/**
 * kv_map_locate(txn, dbi, err):
 * Find out where LMDB's own map lies, which it does not say, from where it has the
 * meta record, whose table is open as ${dbi}.  Before anything was written only.
 */
SAKSI_MUST_CHECK enum saksi_err kv_map_locate(struct kv_txn *txn, unsigned dbi,
    struct saksi_error *err);

/* ---- kv_snapshot.c -------------------------------------------------------- */

enum kv_fit { KV_FIT, KV_FIT_PASSED /* begin again */, KV_FIT_BAD };
/**
 * kv_snapshot_load(fit, out, kv, number, write, err):
 * The state that transaction ${number} committed, checked against both meta
 * pages.  KV_FIT_PASSED: two commits went by meanwhile, nothing was loaded.
 */
SAKSI_MUST_CHECK enum saksi_err kv_snapshot_load(enum kv_fit *fit,
    struct kv_snapshot *out, struct kv *kv, uint64_t number, bool write,
    struct saksi_error *err);
/** kv_metas(a, kv, err): Both meta pages, parsed. */
SAKSI_MUST_CHECK enum saksi_err kv_metas(struct meta_page m[2], struct kv *kv,
    struct saksi_error *err);
/** kv_head_save / kv_head_restore: The older head, before and after a failed commit. */
SAKSI_MUST_CHECK enum saksi_err kv_head_save(struct kv_txn *txn, struct saksi_error *err);
void kv_head_restore(const struct kv_txn *txn);
/* ---- kv_read.c ------------------------------------------------------------ */

/** kv_pages_read(out, found, ...): Append a value's sealed bytes, as it was committed. */
SAKSI_MUST_CHECK enum saksi_err kv_pages_read(struct buf *out, bool *found,
    struct kv_txn *txn, unsigned db, uint64_t n, struct saksi_error *err);
void kv_pages_free(struct kv_pages **pp);

/* ---- kv_db.c: LMDB's own calls, in a write transaction --------------------- */

/** kv_db_locate: kv_map_locate(), unless it is known; what LMDB follows is checked first. */
SAKSI_MUST_CHECK enum saksi_err kv_db_locate(struct kv_txn *txn, struct saksi_error *err);
SAKSI_MUST_CHECK enum saksi_err kv_db_create(struct kv_txn *txn, struct saksi_error *err);
SAKSI_MUST_CHECK enum saksi_err kv_db_write(struct kv_txn *txn, unsigned db, uint64_t n,
    const uint8_t *p, size_t len, struct saksi_error *err);
SAKSI_MUST_CHECK enum saksi_err kv_db_remove(struct kv_txn *txn, unsigned db, uint64_t n,
    struct saksi_error *err);
SAKSI_MUST_CHECK enum saksi_err kv_db_empty(struct kv_txn *txn, unsigned db,
    struct saksi_error *err);
SAKSI_MUST_CHECK enum saksi_err kv_db_commit(struct kv_txn *txn, struct saksi_error *err);
void kv_db_abort(struct kv_txn *txn);
/** kv_read_sealed: From the snapshot, or from LMDB what this transaction wrote; appends. */
SAKSI_MUST_CHECK enum saksi_err kv_read_sealed(struct buf *out, bool *found,
    struct kv_txn *txn, unsigned db, uint64_t n, struct saksi_error *err);

/* ---- kv_seal.c ------------------------------------------------------------ */

/* Before a sealed value in a scratch buffer stands what its set hash begins with. */
#define KV_SET_HEAD 9u

SAKSI_MUST_CHECK enum saksi_err kv_keys_make(struct kv *kv,
    const struct secret *vault_key, struct saksi_error *err);
void kv_keys_drop(struct kv *kv);
/** kv_seal_raw(kv, db, n, version, plain, len, err): kv->sealed = head || sealed. */
SAKSI_MUST_CHECK enum saksi_err kv_seal_raw(struct kv *kv, unsigned db, uint64_t n,
    uint64_t version, const void *plain, size_t len, struct saksi_error *err);
/** kv_unseal_raw(out, ...): Append the plain bytes to ${out}. */
SAKSI_MUST_CHECK enum saksi_err kv_unseal_raw(struct buf *out, const struct kv *kv,
    unsigned db, uint64_t n, uint64_t version, const uint8_t *p, size_t len,
    struct saksi_error *err);
/**
 * kv_unbind(kv, db, known, n, version, p, len):
 * Which version (not ${known}: and which number) an intact sealed value was
 * bound to, computed back from its tag.  For salvaging only: it says that the
 * value is genuine, not that it is the current one.
 */
bool kv_unbind(struct kv *kv, unsigned db, bool known, uint64_t *n, uint64_t *version,
    const uint8_t *p, size_t len);
/** kv_seal_value / kv_unseal_value: With frame, compression and padding. */
SAKSI_MUST_CHECK enum saksi_err kv_seal_value(struct kv *kv, unsigned db, uint64_t n,
    uint64_t version, const void *plain, size_t len, struct saksi_error *err);
SAKSI_MUST_CHECK enum saksi_err kv_unseal_value(struct buf *out, struct kv *kv,
    unsigned db, uint64_t n, uint64_t version, const uint8_t *p, size_t len,
    struct saksi_error *err);
/**
 * kv_unseal_apart(out, kv, own, frame, ...):
 * The same, with a compressor and a scratch buffer of the caller's: changes
 * nothing in ${kv}, so another thread may do it.
 */
SAKSI_MUST_CHECK enum saksi_err kv_unseal_apart(struct buf *out, const struct kv *kv,
    struct kv_zstd *own, struct buf *frame, unsigned db, uint64_t n, uint64_t version,
    const uint8_t *p, size_t len, struct saksi_error *err);
/** kv_scratch(b): Wipe what it holds, also after memory ran out in it. */
void kv_scratch(struct buf *b);
/** kv_set_head(b, db, n): Reset ${b} and write the head. */
void kv_set_head(struct buf *b, unsigned db, uint64_t n);
/** kv_set_add / kv_set_sub: ${headed} = head and sealed value. */
void kv_set_add(struct kv *kv, uint8_t set[KV_HASH], const struct buf *headed);
void kv_set_sub(struct kv *kv, uint8_t set[KV_HASH], const struct buf *headed);
/** kv_frame_len(len): Padded length of a frame that holds ${len} bytes. */
size_t kv_frame_len(size_t len);

/* ---- kv.c, kv_ahead.c ----------------------------------------------------- */

/** kv_read_current: Append the sealed bytes of a value that ${entry} says is there. */
SAKSI_MUST_CHECK enum saksi_err kv_read_current(struct buf *out, struct kv_txn *txn,
    unsigned t, uint64_t n, uint32_t entry, struct saksi_error *err);
/**
 * kv_ahead(begun, txn, t, from, fn, ctx, met, err):
 * The rest of a scan from ${from} on, ${*met} growing.  Not ${*begun}: it does not
 * pay, or there is no second thread, and nothing was done.
 */
SAKSI_MUST_CHECK enum saksi_err kv_ahead(bool *begun, struct kv_txn *txn, unsigned t,
    uint64_t from, kv_scan_fn *fn, void *ctx, uint64_t *met, struct saksi_error *err);
/** kv_ahead_after: So many values are read before the rest may be worth it. */
uint64_t kv_ahead_after(void);
/** kv_test_ahead(after, least): For tests: that, and how many must be left (0, 0: the usual). */
void kv_test_ahead(uint64_t after, uint64_t least);
/** kv_test_ahead_opened: For tests: how many values a second thread has opened. */
uint64_t kv_test_ahead_opened(void);

/* ---- kv_zstd.c ------------------------------------------------------------ */

SAKSI_MUST_CHECK enum saksi_err kv_zstd_new(struct kv_zstd **out, struct saksi_error *err);
void kv_zstd_free(struct kv_zstd **z);
/** kv_zstd_pack(z, out, cap, p, n): Bytes written, 0 if it does not fit ${cap}. */
size_t kv_zstd_pack(struct kv_zstd *z, uint8_t *out, size_t cap, const void *p, size_t n);
/** kv_zstd_unpack(z, out, len, p, n): Exactly ${len} bytes, or false. */
bool kv_zstd_unpack(struct kv_zstd *z, uint8_t *out, size_t len, const void *p, size_t n);
/*
 * The same with the dictionary, for values of up to KV_DICT_MAX bytes.  To unpack,
 * four bytes before what was packed belong to ${p} and are written to.
 */
#define KV_DICT_MAX 16384u
extern const uint8_t kv_dictionary_1[];
extern const size_t kv_dictionary_1_len;
size_t kv_zstd_pack_short(struct kv_zstd *z, uint8_t *out, size_t cap, const void *p,
    size_t n);
bool kv_zstd_unpack_short(struct kv_zstd *z, uint8_t *out, size_t len, uint8_t *p,
    size_t n);
/** kv_zstd_ready: Before it; false when out of memory. */
bool kv_zstd_ready(struct kv_zstd *z);

/* ---- kv_meta.c ------------------------------------------------------------ */

void kv_meta_init(struct kv_meta *m);
/** kv_meta_read(m, kv, number, p, len, err): Open the sealed record of ${number}. */
SAKSI_MUST_CHECK enum saksi_err kv_meta_read(struct kv_meta *m, struct kv *kv,
    uint64_t number, const uint8_t *p, size_t len, struct saksi_error *err);
/** kv_meta_write(txn, err): Seal and put the record of txn->number. */
SAKSI_MUST_CHECK enum saksi_err kv_meta_write(struct kv_txn *txn, struct saksi_error *err);

/* ---- kv_old.c ------------------------------------------------------------- */

/** kv_tables(format): How many tables a file of this format has; 0: no such format. */
unsigned kv_tables(uint32_t format);
/** kv_newest: The format that is written: KV_FORMAT, unless a test chose another. */
uint32_t kv_newest(void);
/** kv_test_newest(format): For tests: write, and know, up to this one (0: the usual). */
void kv_test_newest(uint32_t format);
/** kv_has(kv, db): The file has this sub-database. */
bool kv_has(const struct kv *kv, unsigned db);

/* ---- kv_versions.c -------------------------------------------------------- */

/* An entry: the version last used, and whether the value is gone since. */
#define VERSION_GONE 0x80000000u
#define VERSION_MAX 0x7fffffffu
#define CHUNK_ENTRIES 1000u

/**
 * kv_version_new(old):
 * A random version, not 0 and not ${old}'s.  Random and not the next one: what
 * a transaction sealed that never came to its commit must not open as what
 * a later one wrote in the same place.
 */
uint32_t kv_version_new(uint32_t old);
static inline bool version_there(uint32_t entry)
{
	return entry != 0 && (entry & VERSION_GONE) == 0;
}

SAKSI_MUST_CHECK enum saksi_err kv_version_get(struct kv_txn *txn, unsigned table,
    uint64_t n, uint32_t *entry, struct saksi_error *err);
SAKSI_MUST_CHECK enum saksi_err kv_version_set(struct kv_txn *txn, unsigned table,
    uint64_t n, uint32_t entry, struct saksi_error *err);
/** kv_version_next: The first number >= ${*n} that is there, and its entry; false: none. */
SAKSI_MUST_CHECK enum saksi_err kv_version_next(struct kv_txn *txn, unsigned table,
    uint64_t *n, uint32_t *entry, bool *found, struct saksi_error *err);
/** kv_versions_gone: Mark every number as gone. */
SAKSI_MUST_CHECK enum saksi_err kv_versions_gone(struct kv_txn *txn, unsigned table,
    struct saksi_error *err);
/** kv_versions_flush: Put the changed chunks (before the meta record). */
SAKSI_MUST_CHECK enum saksi_err kv_versions_flush(struct kv_txn *txn,
    struct saksi_error *err);
/** kv_versions_settle(kv, keep): After the commit: changed chunks are clean, or gone. */
void kv_versions_settle(struct kv *kv, bool keep);
void kv_versions_free(struct kv *kv);
/** kv_chunk_version: For verify: what the tree says of chunk (level, index). */
SAKSI_MUST_CHECK enum saksi_err kv_chunk_version(struct kv_txn *txn, unsigned table,
    unsigned level, uint64_t index, uint32_t *version, struct saksi_error *err);
/** kv_chunks_count: For verify: how many chunks the tree names. */
SAKSI_MUST_CHECK enum saksi_err kv_chunks_count(struct kv_txn *txn, unsigned table,
    uint64_t *count, struct saksi_error *err);
/** kv_chunk_key / kv_chunk_split: Number of a chunk in its sub-database. */
uint64_t kv_chunk_key(unsigned table, unsigned level, uint64_t index);
void kv_chunk_split(uint64_t key, unsigned *table, unsigned *level, uint64_t *index);

/* ---- kv_walk.c ------------------------------------------------------------ */

enum walk_kind { WALK_FREE, WALK_NAMES, WALK_NUMBERS };

struct kv_walk {
	struct kv *kv;
	const struct kv_snapshot *snap;
	uint8_t *seen; /* one bit per page of the file */
	/* Told of each fault; returns false to stop. */
	bool (*fault)(void *ctx, const char *where, const struct page_fault *f);
	void *ctx;
	bool stopped;
	const char *where; /* the tree that is walked */
	uint64_t entries;  /* met in that tree */
};

/* Called outside the guard; ${n} points into a copy of the page. */
typedef bool kv_walk_node(void *ctx, struct kv_walk *w, const struct node *n);

SAKSI_MUST_CHECK enum saksi_err kv_walk_init(struct kv_walk *w, struct kv *kv,
    const struct kv_snapshot *snap, struct saksi_error *err);
void kv_walk_done(struct kv_walk *w);
/** kv_walk_tree: SAKSI_OK also with faults; only memory and signals are errors. */
SAKSI_MUST_CHECK enum saksi_err kv_walk_tree(struct kv_walk *w, const struct tree *t,
    enum walk_kind kind, const char *where, kv_walk_node *fn, void *ctx,
    struct saksi_error *err);
/** kv_walk_free: The list of free pages, against all that were seen before. */
SAKSI_MUST_CHECK enum saksi_err kv_walk_free(struct kv_walk *w, struct saksi_error *err);
/** kv_walk_value: Append the value of a node. false: a fault was reported. */
SAKSI_MUST_CHECK enum saksi_err kv_walk_value(struct buf *out, bool *sound,
    struct kv_walk *w, const struct node *n, struct saksi_error *err);
/** kv_walk_all: Every tree and the free list, values aside. */
SAKSI_MUST_CHECK enum saksi_err kv_walk_all(struct kv_walk *w, struct saksi_error *err);

/* ---- kv_check.c ----------------------------------------------------------- */

/** kv_check_begin: Before the first LMDB call of a write transaction. */
SAKSI_MUST_CHECK enum saksi_err kv_check_begin(struct kv_txn *txn,
    struct saksi_error *err);
/** kv_check_path: The committed pages that a change of number ${n} can touch. */
SAKSI_MUST_CHECK enum saksi_err kv_check_path(struct kv_txn *txn, unsigned db, uint64_t n,
    struct saksi_error *err);
/** kv_test_check_whole(pages): For tests: the largest file that is checked whole. */
void kv_test_check_whole(uint64_t pages);
/** kv_check_all: The whole file, before a table is emptied. */
SAKSI_MUST_CHECK enum saksi_err kv_check_all(struct kv_txn *txn, struct saksi_error *err);

#endif
