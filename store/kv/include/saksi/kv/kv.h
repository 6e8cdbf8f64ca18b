/*
 * kv.h - sealed tables in LMDB: the only includer of lmdb.h.
 *
 * A table maps a growing 64-bit number to bytes.  Each value is sealed under
 * the table's own key with associated data (purpose, format, vault id,
 * table, number, version), so a value moved, swapped or put back does not
 * open.  Numbers are handed out by kv_next() and never used twice.
 *
 * Freshness (FORMAT.md section 4).  A tree of sealed version arrays, rooted
 * in the meta record, says for every number which version is the current one
 * (0: none), and each get checks it.  Versions are random, so that what was
 * sealed and never committed does not pass either.  The meta record carries
 * the number of the LMDB transaction that wrote it and is compared with the
 * transaction read and with both LMDB meta pages, so an older tree is not
 * taken for the current one.  Per table it also holds count, first and next
 * number, and a keyed set hash: the sum modulo 2^256 of BLAKE2b(table key;
 * table, number, sealed bytes).  KV_LOG is append-only: no gaps, and a value
 * never changes.
 *
 * LMDB trusts its pages and dies on damaged ones.  What only reads does not
 * need it: values are taken from pages that kv_page.h has looked at.  Every
 * call into LMDB, and every copy out of a map, runs under a guard that turns
 * SIGSEGV, SIGBUS and its own assertion failures into SAKSI_EDAMAGED; from then
 * on the environment is not touched again and every call returns SAKSI_EDAMAGED.
 *
 * One struct kv per process and vault; not thread-safe.  A long kv_scan() has
 * a thread of its own, which ends with it; who is called back does not meet it.
 * Transactions stay under 64 MiB of dirty pages (the caller batches); the map
 * is grown before a write begins, so that MDB_MAP_FULL means a full batch, not
 * a full map.
 */
#ifndef SAKSI_KV_KV_H
#define SAKSI_KV_KV_H

#include <stdbool.h>
#include <stdint.h>

#include <saksi/base/buf.h>
#include <saksi/base/err.h>
#include <saksi/base/secret.h>
#include <saksi/keys/keyring.h>

#define KV_FORMAT 2u
#define KV_FORMAT_OLDEST 1u /* that is still read */
#define KV_DATA_FILE "data.mdb"
#define KV_VALUE_MAX (16u << 20) /* plain bytes of one value */

enum kv_table {
	KV_RECORDS = 1, /* record number -> record */
	KV_LOG = 2,	/* arrival number -> changeset, append-only */
	KV_HELD = 3,	/* number -> changeset that is not merged */
	KV_LOCAL = 4,	/* enum local_slot -> this device's own affairs */
	KV_INDEX = 5,	/* block of the search index; never compressed */
	KV_TAIL = 6,	/* number -> what one transaction added to the index */
	KV_BRANCH = 7,	/* branch + 1 -> its log, device and newest entry */
	KV_TABLE_END
};

struct kv;
struct kv_txn;

#define KV_CREATE 1u
#define KV_READ_ONLY 2u /* read-only medium: no lock file, no writer anywhere */

/** kv_open: ${dir} is the vault directory. Refuses network file systems. */
SAKSI_MUST_CHECK enum saksi_err kv_open(struct kv **out, const char *dir,
    const uint8_t vault_id[VAULT_ID], const struct secret *vault_key, unsigned flags,
    struct saksi_error *err);
void kv_close(struct kv **kv);
/**
 * kv_format(kv): KV_FORMAT, or that of an older file; its tables can be read
 * (those it does not have are empty), and are written to another file only.
 */
uint32_t kv_format(const struct kv *kv);

SAKSI_MUST_CHECK enum saksi_err kv_begin(struct kv_txn **out, struct kv *kv, bool write,
    struct saksi_error *err);
/** kv_commit: Consumes ${*txn} even when it fails. Durable when it returns. */
SAKSI_MUST_CHECK enum saksi_err kv_commit(struct kv_txn **txn, struct saksi_error *err);
void kv_abort(struct kv_txn **txn);
/** kv_txn_number: The LMDB transaction number that this one sees (write: makes). */
uint64_t kv_txn_number(const struct kv_txn *txn);
/** kv_txn_changed: It writes, and its commit will be one: else no number is used. */
bool kv_txn_changed(const struct kv_txn *txn);
/** kv_newest_commit(number, kv, err): The newest commit of whichever process, at this moment. */
SAKSI_MUST_CHECK enum saksi_err kv_newest_commit(uint64_t *number, struct kv *kv,
    struct saksi_error *err);
/** kv_txn_base: The committed transaction that it reads, or builds upon. */
uint64_t kv_txn_base(const struct kv_txn *txn);
/** kv_txn_dirty: A rough count of bytes written so far, to end a batch in time. */
size_t kv_txn_dirty(const struct kv_txn *txn);
/** kv_txn_room: Pages that may still be written in this transaction, roughly. */
size_t kv_txn_room(const struct kv_txn *txn);

/** kv_get: Append the plain value. SAKSI_ENOTFOUND; SAKSI_EAUTH; SAKSI_EDAMAGED. */
SAKSI_MUST_CHECK enum saksi_err kv_get(struct kv_txn *txn, enum kv_table t, uint64_t n,
    struct buf *out, struct saksi_error *err);
SAKSI_MUST_CHECK enum saksi_err kv_put(struct kv_txn *txn, enum kv_table t, uint64_t n,
    const void *plain, size_t len, struct saksi_error *err);
SAKSI_MUST_CHECK enum saksi_err kv_del(struct kv_txn *txn, enum kv_table t, uint64_t n,
    struct saksi_error *err);
/** kv_next: A number never used before in this table (write transactions). */
SAKSI_MUST_CHECK enum saksi_err kv_next(struct kv_txn *txn, enum kv_table t, uint64_t *n,
    struct saksi_error *err);
/** kv_range: Numbers in use lie in [first, next); ${count} values are there. */
void kv_range(struct kv_txn *txn, enum kv_table t, uint64_t *first, uint64_t *next,
    uint64_t *count);
/** kv_clear: Remove every value; first becomes next. */
SAKSI_MUST_CHECK enum saksi_err kv_clear(struct kv_txn *txn, enum kv_table t,
    struct saksi_error *err);
/**
 * kv_number_from(txn, t, first, next, err):
 * For a copy: numbers of this table begin at ${first}, and ${next} is the next
 * to hand out.  Both before (with ${first} twice) and after it is filled.
 */
SAKSI_MUST_CHECK enum saksi_err kv_number_from(struct kv_txn *txn, enum kv_table t,
    uint64_t first, uint64_t next, struct saksi_error *err);
/**
 * kv_scan(txn, t, from, fn, ctx, err):
 * Call ${fn} for each value from number ${from} on, ascending.  A value that
 * should be there and is not, or that should not be there, is
 * SAKSI_EDAMAGED.  ${fn} returns SAKSI_OK to go on; anything else stops and
 * is returned.
 */
typedef enum saksi_err kv_scan_fn(void *ctx, uint64_t n, const uint8_t *p, size_t len,
    struct saksi_error *err);
SAKSI_MUST_CHECK enum saksi_err kv_scan(struct kv_txn *txn, enum kv_table t,
    uint64_t from, kv_scan_fn *fn, void *ctx, struct saksi_error *err);

/**
 * kv_verify(kv, fault, ctx, err):
 * Check every page header LMDB reaches, every value, version, count and set
 * hash; call ${fault} with words for each fault.  SAKSI_OK if none,
 * SAKSI_EDAMAGED if any.
 */
SAKSI_MUST_CHECK enum saksi_err kv_verify(struct kv *kv,
    void (*fault)(void *ctx, const char *words), void *ctx, struct saksi_error *err);

/**
 * kv_rest(kv):
 * For who goes through all of a vault, after each step.  Now and then the pages of
 * the file are let go of: they are the system's to keep, and are not to count as
 * memory of this process.
 */
void kv_rest(struct kv *kv);
/** kv_txn_rest: The same, of the vault that a transaction reads. */
void kv_txn_rest(struct kv_txn *txn);
/** kv_file_size: Bytes of the data file. */
uint64_t kv_file_size(const struct kv *kv);

#endif
