/*
 * migrate.h - a vault of an older format; store/ only.
 *
 * Beside data.mdb a folder `migration` holds, while one is under way,
 *   data.mdb   the new file, as far as it is written, with its lock.mdb
 *   old.mdb    the old file, from just before the switch until it is overwritten
 * What is left of it after a stop is removed by the next that opens the vault.
 */
#ifndef SAKSI_STORE_MIGRATE_H
#define SAKSI_STORE_MIGRATE_H

#include "vault_impl.h"

#define MIGRATION_DIR "migration"
#define MIGRATION_OLD "old.mdb"
#define LOCK_FILE "lock.mdb"

/**
 * migrate_opened(v, err):
 * After kv_open(): refuse an older format, unless it is to be migrated, and
 * remove what a migration that was stopped left behind.
 */
SAKSI_MUST_CHECK enum saksi_err migrate_opened(struct saksi_vault *v,
    struct saksi_error *err);
/** migrate_clean(dirfd, err): Remove the folder; nothing if there is none. */
SAKSI_MUST_CHECK enum saksi_err migrate_clean(int dirfd, struct saksi_error *err);
/** migrate_lock(fd, dirfd, err): Nobody else has the vault open, or can open it. */
SAKSI_MUST_CHECK enum saksi_err migrate_lock(int *fd, int dirfd, struct saksi_error *err);
/** migrate_lock_again: After lock.mdb was opened and closed in this process. */
SAKSI_MUST_CHECK enum saksi_err migrate_lock_again(int fd, struct saksi_error *err);
/**
 * migrate_lock_blank(fd, err):
 * What lock.mdb says is of the old file, and to go by it in the new one would read
 * and write from an older head.  Blank it: LMDB begins it anew for whoever comes
 * alone, and turns away those that waited together, who try again (kv_open.c).
 */
SAKSI_MUST_CHECK enum saksi_err migrate_lock_blank(int fd, struct saksi_error *err);
/**
 * migrate_switch: The new file into place, durably; the old one stays as old.mdb.
 * *done: it is there, also when its folder could not be synced after that.
 */
SAKSI_MUST_CHECK enum saksi_err migrate_switch(int dirfd, const char *dir, bool *done,
    struct saksi_error *err);

#endif
