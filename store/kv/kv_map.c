/*
 * kv_map.c - pages of the file that this process has mapped.
 *
 * There are two maps: our own, and LMDB's, through which it reads while it writes.
 * What was looked at in them counts as memory of this process until it is let go
 * of, and a step that looks everywhere would come to count as large as the file.
 */
#include <lmdb.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kv_guard.h"
#include "kv_int.h"

#define VIEW_FIRST ((size_t)64 << 20)

/* So often the system is asked how much it had to map. */
#define LOOKS_EVERY 16u
/* With each page that is looked at first it maps up to 64 KiB around it. */
#define FAULTS_MAX 64

/* ---- letting go --------------------------------------------------------------------- */

/* Nothing is lost by it: nobody writes through a map. */
static void let_go(const void *map, size_t len)
{
	if (map != NULL)
		(void)madvise((void *)(uintptr_t)map, len, MADV_DONTNEED);
}

/* Else one look can map two megabytes, where the system keeps a file in such pieces. */
static void small_pages(const void *map, size_t len)
{
#ifdef MADV_NOHUGEPAGE
	(void)madvise((void *)(uintptr_t)map, len, MADV_NOHUGEPAGE);
#else
	(void)map;
	(void)len;
#endif
}

/* Those of memory that was asked for count, too: then it is done too often. */
static long faults(void)
{
	struct rusage u;

	return getrusage(RUSAGE_SELF, &u) == 0 ? u.ru_minflt + u.ru_majflt : 0;
}

void kv_rest(struct kv *kv)
{
	long now;

	if (++kv->looked < LOOKS_EVERY)
		return;
	kv->looked = 0;
	now = faults();
	if (now - kv->faults < FAULTS_MAX)
		return;
	kv->faults = now;
	kv->let_go++;
	let_go(kv->map, kv->map_len);
	let_go(kv->env_map, kv->env_map_len);
}

/* ---- our own map -------------------------------------------------------------------- */

enum saksi_err kv_map_refresh(struct kv *kv, struct saksi_error *err)
{
	struct stat st;
	size_t len;
	void *p;

	if (fstat(kv->fd, &st) != 0)
		return saksi_fail_sys(err, KV_FILE_NAME ": it cannot be measured");
	if ((uint64_t)st.st_size < 2 * (uint64_t)kv->file.size)
		return saksi_fail(err, SAKSI_EDAMAGED,
		    KV_FILE_NAME
		    ": it is cut off (%lld bytes are left); go back to a copy, or to a device of the team",
		    (long long)st.st_size);
	if ((size_t)st.st_size > kv->map_len) {
		len = VIEW_FIRST;
		while (len < 2 * (size_t)st.st_size)
			len *= 2;
		p = mmap(NULL, len, PROT_READ, MAP_SHARED, kv->fd, 0);
		if (p == MAP_FAILED)
			return saksi_fail_sys(err, KV_FILE_NAME ": it cannot be mapped");
		if (kv->map != NULL)
			(void)munmap((void *)(uintptr_t)kv->map, kv->map_len);
		kv->map = p;
		kv->map_len = len;
		kv->file.map = kv->map;
		small_pages(p, len);
	}
	kv->file.pages = (uint64_t)st.st_size / kv->file.size;
	return SAKSI_OK;
}

/* ---- LMDB's ------------------------------------------------------------------------- */

struct locate {
	MDB_env *env;
	MDB_txn *txn;
	MDB_dbi dbi;
	const struct page_file *file;
	const struct tree *tree;
	uintptr_t at; /* where its map begins; 0: not found */
	size_t len;
};

/* Where the value lies in the file our own map tells, and LMDB where in its own. */
static void call_locate(void *arg)
{
	struct locate *l = arg;
	struct tree_key number = {.n = 0, .name = NULL};
	uint64_t n = 0;
	MDB_val key = {sizeof(n), &n};
	MDB_val val;
	MDB_envinfo info;
	struct page_fault fault;
	struct node node;
	const uint8_t *data;
	size_t offset;
	bool found;

	if (!tree_find(&node, &found, l->file, l->tree, &number, NULL, &fault) || !found)
		return;
	data = node.data;
	if ((node.flags & NODE_BIG) != 0 &&
	    !overflow_open(&data, NULL, l->file, &node, &fault))
		return;
	offset = (size_t)(data - l->file->map);
	if (mdb_get(l->txn, l->dbi, &key, &val) != 0 ||
	    mdb_env_info(l->env, &info) != 0 || val.mv_size != node.len ||
	    memcmp(val.mv_data, data, node.len) != 0 || offset >= info.me_mapsize)
		return;
	l->at = (uintptr_t)val.mv_data - offset;
	l->len = info.me_mapsize;
}

enum saksi_err kv_map_locate(struct kv_txn *txn, unsigned dbi, struct saksi_error *err)
{
	struct kv *kv = txn->kv;
	struct locate l = {.env = kv->env,
	    .txn = txn->mdb,
	    .dbi = dbi,
	    .file = &kv->file,
	    .tree = &txn->base.db[KV_DB_META]};
	long page = sysconf(_SC_PAGESIZE);

	if (!guard_run(call_locate, &l))
		return kv_give_up(kv, err);
	if (l.at == 0 || page <= 0 || l.at % (uintptr_t)page != 0)
		return SAKSI_OK;
	kv->env_map = (const uint8_t *)l.at;
	kv->env_map_len = l.len;
	small_pages(kv->env_map, kv->env_map_len);
	return SAKSI_OK;
}
